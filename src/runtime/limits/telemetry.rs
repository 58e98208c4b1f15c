//! Bounds of traces.

use std::time::Duration;

/// Spans waiting to be sent to the collector, about 1 KiB each. More are lost and counted, so that no contact waits.
pub const TRACE_SPANS_MAX: usize = 4_096;
/// Spans in one request to the collector.
pub const TRACE_BATCH_MAX: usize = 512;
/// How long spans are collected before a request is sent.
pub const TRACE_GATHER_WAIT: Duration = Duration::from_secs(1);
/// How long the collector may take to accept a request. Over: its spans are lost and counted.
pub const TRACE_EXPORT_WAIT: Duration = Duration::from_secs(5);
/// How long sending the remaining spans may take at a stop. Over: they are lost and counted.
pub const TRACE_END_WAIT: Duration = Duration::from_secs(5);
/// Bytes of the collector's answer. A longer one is not read.
pub const TRACE_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How often the log may report lost spans.
pub const TRACE_LOST_SAID_EVERY: Duration = Duration::from_secs(60);
