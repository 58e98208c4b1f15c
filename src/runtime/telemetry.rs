//! Logs. Messages are for people, dotted fields for queries; nothing personal in either.

use std::any::Any;
use std::fmt;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Writer, format};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::terminal::{self, Shown};
use super::trace::TraceSpan;

/// Whether logs are JSON: whatever else goes to stderr should be, too.
static JSON: AtomicBool = AtomicBool::new(false);

/// Whether this process logs JSON lines.
pub fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// Starts logging as `RUST_LOG` (default `info`) and `CONTACT_GATEWAY_LOG_FORMAT` (`json`, else plain lines) ask.
/// Panics of every thread are logged, too.
pub fn start_from_environment() {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let json = std::env::var("CONTACT_GATEWAY_LOG_FORMAT").is_ok_and(|format| format == "json");
    start(&filter, json);
    std::panic::set_hook(Box::new(log_panic));
}

/// Starts logging to stderr: plain lines, or JSON where `CONTACT_GATEWAY_LOG_FORMAT=json`.
/// `filter` is `RUST_LOG`'s syntax; a second call changes nothing.
pub fn start(filter: &str, json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    JSON.store(json, Ordering::Relaxed);
    // A test process starts more than one gateway; the first one's logging serves all.
    let _ = if json {
        let format = Traced { format: format().json(), json };
        let layer = tracing_subscriber::fmt::layer().json().event_format(format);
        registry.with(layer.with_writer(shown)).try_init()
    } else {
        registry
            .with(
                tracing_subscriber::fmt::layer()
                    // Colours are control characters: none are written, so that none pass.
                    .with_ansi(false)
                    .event_format(Traced { format: format().with_target(false), json })
                    .with_writer(shown),
            )
            .try_init()
    };
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let said = said_by(panic.payload());
    match panic.location() {
        Some(at) => tracing::error!("a thread panicked at {at}: {said}"),
        None => tracing::error!("a thread panicked: {said}"),
    }
}

/// A panic's message if it is a string literal. A formatted one may quote what was being read, such as the text of a
/// message, and is left out.
fn said_by(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("its message is not logged")
}

/// Adds the ids of the current trace and contact to log lines.
struct Traced<F> {
    format: F,
    json: bool,
}

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some((trace, contact)) = TraceSpan::current().ids() else {
            return self.format.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end();
        match line.strip_suffix('}').filter(|_| self.json) {
            Some(line) => {
                write!(writer, r#"{line},"trace_id":"{trace}""#)?;
                if let Some(contact) = contact {
                    // Providers choose some ids, which may contain any character.
                    let contact = serde_json::Value::String(contact);
                    write!(writer, r#","contact_id":{contact}"#)?;
                }
                writeln!(writer, "}}")
            }
            None => {
                write!(writer, "{line} trace_id={trace}")?;
                if let Some(contact) = contact {
                    write!(writer, " contact_id={}", terminal::line(&contact))?;
                }
                writeln!(writer)
            }
        }
    }
}

fn shown() -> Shown<std::io::Stderr> {
    Shown::new(std::io::stderr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_quotes_nothing_that_was_being_read() {
        let said = |panics: fn()| {
            let payload = std::panic::catch_unwind(panics).unwrap_err();
            said_by(&*payload)
        };
        assert_eq!(said(|| panic!("a literal")), "a literal");
        let within_a_character = || {
            let text = String::from("é: my name is Jo Doe");
            let _ = std::hint::black_box(&text[1..]);
        };
        assert_eq!(said(within_a_character), "its message is not logged");
    }
}
