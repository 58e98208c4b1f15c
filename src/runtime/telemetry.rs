//! Logs. Messages are for people, dotted fields for queries; nothing personal in either.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::terminal::Shown;

/// Whether logs are JSON: whatever else goes to stderr should be, too.
static JSON: AtomicBool = AtomicBool::new(false);

/// Whether this process logs JSON lines.
pub fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// Starts logging as `RUST_LOG` (default `info`) and `CONTACT_GATEWAY_LOG_FORMAT` (`json`, else
/// plain lines) ask.
pub fn start_from_environment() {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let json = std::env::var("CONTACT_GATEWAY_LOG_FORMAT").is_ok_and(|format| format == "json");
    start(&filter, json);
}

/// Starts logging to stderr: plain lines, or JSON where `CONTACT_GATEWAY_LOG_FORMAT=json`.
/// `filter` is `RUST_LOG`'s syntax; a second call changes nothing.
pub fn start(filter: &str, json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    JSON.store(json, Ordering::Relaxed);
    if json {
        std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    }
    // A test process starts more than one gateway; the first one's logging serves all.
    let _ = if json {
        registry.with(tracing_subscriber::fmt::layer().json().with_writer(shown)).try_init()
    } else {
        registry
            .with(
                tracing_subscriber::fmt::layer()
                    // Colours are control characters: none are written, so that none pass.
                    .with_ansi(false)
                    .with_target(false)
                    .with_writer(shown),
            )
            .try_init()
    };
}

fn shown() -> Shown<std::io::Stderr> {
    Shown::new(std::io::stderr())
}
