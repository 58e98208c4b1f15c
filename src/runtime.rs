//! Plumbing that knows nothing of the domain: bounds, the HTTP listener, health, metrics, shutdown,
//! telemetry, TLS, tokens.

pub mod accepting;
pub mod client;
pub mod descriptors;
pub mod hashed;
pub mod health;
pub mod html;
pub mod http_client;
pub mod http_server;
pub mod json;
pub mod limits;
pub mod metrics;
pub mod mime;
pub mod one_time_code;
pub mod pieces;
pub mod private;
pub mod room;
pub mod sealed;
pub mod service_manager;
pub mod shutdown;
pub mod telemetry;
pub mod terminal;
pub mod tls;
pub mod tokens;
pub mod trace;
pub mod whole_file;
