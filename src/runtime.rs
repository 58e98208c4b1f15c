//! Plumbing that knows nothing of the domain: bounds, the HTTP listener, health, metrics, shutdown,
//! telemetry, tokens.

pub mod health;
pub mod http_client;
pub mod http_server;
pub mod json;
pub mod limits;
pub mod metrics;
pub mod shutdown;
pub mod telemetry;
pub mod tokens;
