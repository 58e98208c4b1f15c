//! `[[organisation.form]]`.

use hyper::Method;

use super::context::Context;
use super::endpoint;
use super::fault::Wrong;
use super::reader::{Field, Section, brief};
use crate::channels::web_form::settings::{FormFields, FormSettings, Reveal, SUBMITTING};
use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::{
    FORM_BODY_BYTES_DEFAULT, FORM_BODY_BYTES_MAX, FORM_UPSTREAM_WAIT_DEFAULT,
    FORM_UPSTREAM_WAIT_MAX,
};

/// Paths of the contacts listener that are the gateway's own.
const OWN_PATHS: [&str; 1] = ["/decisions"];

const METHODS: [(&str, &Method); 5] = [
    ("GET", &Method::GET),
    ("POST", &Method::POST),
    ("PUT", &Method::PUT),
    ("PATCH", &Method::PATCH),
    ("DELETE", &Method::DELETE),
];

pub(super) const REVEALS: [(&str, Reveal); 2] =
    [("proven", Reveal::Proven), ("asserted", Reveal::Asserted)];

pub(super) fn read(
    context: &Context<'_>,
    section: Section<'_>,
    organisation: &OrganisationId,
) -> Option<FormSettings> {
    let path = path(context, &section);
    let upstream = section
        .need("upstream", "the form's own handler, such as \"http://127.0.0.1:9000/contact\"")
        .and_then(|f| f.parsed(endpoint::upstream));
    let fields = fields(&section);
    let submit = section.field("submit").and_then(|f| f.parsed(endpoint::listener_path));
    let methods = section.field("methods").map_or(Some(SUBMITTING.to_vec()), |f| methods(&f));
    let body_limit = section
        .field("body_limit")
        .and_then(|f| f.bytes(1, FORM_BODY_BYTES_MAX))
        .unwrap_or(FORM_BODY_BYTES_DEFAULT);
    let timeout = section
        .field("timeout")
        .and_then(|f| f.duration(FORM_UPSTREAM_WAIT_MAX))
        .unwrap_or(FORM_UPSTREAM_WAIT_DEFAULT);
    let reveal = section.field("reveal").map_or(Some(Reveal::Proven), |f| {
        f.choice("an assurance at which a limited submission's answer shows more", &REVEALS)
    });
    section.close();
    Some(FormSettings {
        organisation: organisation.clone(),
        path: path?,
        upstream: upstream?,
        fields: fields?,
        submit,
        methods: methods?,
        body_limit,
        timeout,
        reveal: reveal?,
    })
}

fn methods(field: &Field<'_>) -> Option<Vec<Method>> {
    let one = |f: &Field<'_>| f.choice("a method by which forms are submitted", &METHODS).cloned();
    let methods = field.list(one)?;
    if methods.is_empty() {
        field.fault("names no method", "as [\"POST\"]; without the key: POST, PUT and PATCH");
    }
    Some(methods)
}

/// A path of the contacts listener that nothing else has.
pub(super) fn path(context: &Context<'_>, section: &Section<'_>) -> Option<String> {
    let field =
        section.need("path", "the path on the contacts listener, such as \"/karbon/contact\"")?;
    let path = field.parsed(endpoint::listener_path)?;
    let is_own = OWN_PATHS.iter().any(|own| {
        path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if is_own {
        field.fault(
            "is a path of the gateway itself",
            "choose a path that does not begin like that",
        );
        return None;
    }
    context.once("the path", &path, &field, "give every form and webhook a path of its own");
    Some(path)
}

fn fields(section: &Section<'_>) -> Option<FormFields> {
    let example = "the fields that identify the sender and hold the message, such as { email = \"email\", text = \"message\" }";
    let fields = section.need("fields", example)?.section()?;
    let name = |field: Option<Field<'_>>| field.and_then(|f| f.parsed(field_name));
    let found = FormFields {
        email: name(fields.field("email")),
        phone: name(fields.field("phone")),
        account: name(fields.field("account")),
        text: name(fields.field("text")),
        subject: name(fields.field("subject")),
        issue: name(fields.field("issue")),
    };
    if ["email", "phone", "account"].iter().all(|key| fields.field(key).is_none()) {
        fields.missing("email", "at least one of email, phone, account, to identify the sender");
    }
    fields.close();
    Some(found)
}

/// The name of a form field, or a pointer into a JSON body (RFC 6901).
fn field_name(text: &str) -> Result<String, Wrong> {
    let mut after_tilde = text.split('~').skip(1);
    let is_escaped = after_tilde.all(|rest| rest.starts_with(['0', '1']));
    if text.starts_with('/') && !is_escaped {
        return Err(Wrong::new(
            format!("`{}` is not a JSON pointer", brief(text)),
            "write ~1 for a slash in a name, and ~0 for a tilde, such as \"/customer/tel~1no\""
                .to_owned(),
        ));
    }
    Ok(text.to_owned())
}
