//! What a helper is configured with.

use std::time::Duration;

/// Where one organisation's service is, and how long it is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperSettings {
    pub url: hyper::Uri,
    pub wait: Duration,
}
