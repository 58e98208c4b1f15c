//! Bounds of traces.

use std::time::Duration;

/// Spans that wait to be sent to the collector, some 1 KiB each. More are lost and counted: no contact waits for them.
pub const TRACE_SPANS_MAX: usize = 4_096;
/// Spans in one request to the collector.
pub const TRACE_BATCH_MAX: usize = 512;
/// How long spans are gathered before they are sent.
pub const TRACE_GATHER_WAIT: Duration = Duration::from_secs(1);
/// How long the collector may take to accept one request. Over: its spans are lost and counted.
pub const TRACE_EXPORT_WAIT: Duration = Duration::from_secs(5);
/// How long, at a stop, all that is left may take. Over: it is lost and counted.
pub const TRACE_END_WAIT: Duration = Duration::from_secs(5);
/// What is read of the collector's answer, in bytes. A longer one is not read.
pub const TRACE_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How often the log says that spans are lost.
pub const TRACE_LOST_SAID_EVERY: Duration = Duration::from_secs(60);
