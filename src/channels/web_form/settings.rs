//! What a form is configured with.

use std::time::Duration;

use crate::domain::organisation::OrganisationId;

/// One `[[organisation.form]]`.
#[derive(Debug, Clone)]
pub struct FormSettings {
    pub organisation: OrganisationId,
    /// The path on the contacts listener; it and everything below it goes to the form.
    pub path: String,
    /// The form's own handler, to which `path` is mapped.
    pub upstream: hyper::Uri,
    pub fields: FormFields,
    /// Bytes. More: 413.
    pub body_limit: u64,
    pub timeout: Duration,
}

/// Which fields of the form say who and what. A name is that of a form field; for JSON bodies it
/// may also be a pointer (`/customer/email`, RFC 6901).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormFields {
    pub email: Option<String>,
    pub phone: Option<String>,
    pub account: Option<String>,
    pub text: Option<String>,
    pub subject: Option<String>,
    pub issue: Option<String>,
}
