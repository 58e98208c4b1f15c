//! What a form is configured with.

use std::time::Duration;

use hyper::Method;

use crate::channels::http::path;
use crate::domain::organisation::OrganisationId;

/// Methods that hand something in, unless a form says otherwise (RFC 9110 9.3.3, 9.3.4; RFC 5789). The
/// others pass untouched.
pub const SUBMITTING: [Method; 3] = [Method::POST, Method::PUT, Method::PATCH];

/// One `[[organisation.form]]`.
#[derive(Debug, Clone)]
pub struct FormSettings {
    pub organisation: OrganisationId,
    /// The path on the contacts listener; it and everything below it goes to the form.
    pub path: String,
    /// The form's own handler, to which `path` is mapped.
    pub upstream: hyper::Uri,
    pub fields: FormFields,
    /// The rest of the path, after `path`, of the step that submits the form, such as `/step/3`; `None`: every
    /// step does.
    pub submit: Option<String>,
    /// Of which methods a request is a submission.
    pub methods: Vec<Method>,
    /// Bytes. More: 413.
    pub body_limit: u64,
    pub timeout: Duration,
    pub reveal: Reveal,
}

/// Who sees the decision in the answer to a limited submission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reveal {
    /// To a session that was signed in to. Everybody else sees one neutral page, since anybody can
    /// type anybody's address into a form.
    #[default]
    Proven,
    /// To anybody who types the person's address: for a form behind its own sign-in.
    Asserted,
}

impl FormSettings {
    /// Whether a submission to a path below the form's is a contact: where the form's handler may take
    /// the path for that of the step which hands everything in.
    pub fn hands_in_at(&self, behind: &str) -> bool {
        self.submit.as_deref().is_none_or(|submit| path::may_be(behind, submit))
    }

    /// The prefix of the upstream's own paths for callers of the gateway's: `/karbon` of
    /// `/karbon/contact` in front of `/contact`.
    pub fn prefix(&self) -> Option<&str> {
        let path = self.path.trim_end_matches('/');
        let prefix = path.strip_suffix(self.upstream.path().trim_end_matches('/'))?;
        (!prefix.is_empty()).then_some(prefix)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn form(path: &str, upstream: &str, submit: Option<&str>) -> FormSettings {
        FormSettings {
            organisation: OrganisationId::new("karbon"),
            path: path.to_owned(),
            upstream: upstream.parse().unwrap(),
            fields: FormFields::default(),
            submit: submit.map(str::to_owned),
            methods: SUBMITTING.to_vec(),
            body_limit: 1,
            timeout: Duration::from_secs(1),
            reveal: Reveal::default(),
        }
    }

    #[test]
    fn the_prefix_is_what_the_upstream_does_not_know_of() {
        let prefix = |path, upstream| form(path, upstream, None).prefix().map(str::to_owned);
        assert_eq!(prefix("/karbon/contact", "http://x/contact").as_deref(), Some("/karbon"));
        assert_eq!(prefix("/karbon/contact", "http://x/").as_deref(), Some("/karbon/contact"));
        assert_eq!(prefix("/contact", "http://x/contact"), None);
        assert_eq!(prefix("/karbon/contact", "http://x/other"), None);
    }

    #[test]
    fn one_step_hands_in_where_one_is_named() {
        assert!(form("/f", "http://x/", None).hands_in_at("/any"));
        let last = form("/f", "http://x/", Some("/step/3"));
        assert!(last.hands_in_at("/step/3") && last.hands_in_at("/step/3/"));
        assert!(last.hands_in_at("//STEP/%33;x") && last.hands_in_at("/step/3%20"));
        assert!(!last.hands_in_at("/step/2") && !last.hands_in_at(""));
    }
}
