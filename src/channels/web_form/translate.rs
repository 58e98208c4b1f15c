//! From a form's fields to a contact.

use chrono::{DateTime, Utc};

use super::parse::{Fields, Parsed};
use super::settings::FormFields;
use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, SenderIdentifier};
use crate::domain::identifier::{Assurance, IdentifierKind, normalise};
use crate::domain::nation::Nation;

/// Who a submission says that it is from.
#[derive(Debug, Default, PartialEq)]
pub struct Sender {
    /// Each asserted: anybody can type an address into a form.
    pub identifiers: Vec<SenderIdentifier>,
    /// One field, two different values: which of them the handler takes is not known.
    pub ambiguous: bool,
}

/// The sender as the configured fields give it, in the body as in the query: handlers read either.
pub fn sender(fields: &Fields, query: &Fields, names: &FormFields, nation: Nation) -> Sender {
    let mut sender = Sender::default();
    let kinds = [
        (&names.email, IdentifierKind::Email),
        (&names.phone, IdentifierKind::Phone),
        (&names.account, IdentifierKind::Account),
    ];
    for (name, kind) in kinds {
        let Some(name) = name else { continue };
        let mut values = fields.values(name);
        values.extend(query.values(name));
        let values = different(values, kind, nation);
        sender.ambiguous |= values.len() > 1;
        sender.identifiers.extend(values.into_iter().map(|value| SenderIdentifier {
            kind,
            value: value.to_owned(),
            assurance: Assurance::Asserted,
        }));
    }
    sender.ambiguous |= fields.is_cut();
    sender
}

/// The values, each identity once, in its first spelling.
fn different(values: Vec<&str>, kind: IdentifierKind, nation: Nation) -> Vec<&str> {
    if values.len() < 2 {
        return values;
    }
    let mut seen: Vec<String> = Vec::new();
    let mut different = values;
    different.retain(|value| {
        let same = one_spelling(kind, value, nation);
        let new = !seen.contains(&same);
        if new {
            seen.push(same);
        }
        new
    });
    different
}

/// What two spellings of one identity have in common; a value that is not one remains as it is.
fn one_spelling(kind: IdentifierKind, value: &str, nation: Nation) -> String {
    normalise(kind, value, nation)
        .ok()
        .and_then(|keys| keys.exact.first().map(|key| key.as_str().to_owned()))
        .unwrap_or_else(|| value.to_owned())
}

/// The contact that a submission is.
///
/// `form` is the form's path, which becomes the contact's recipient.
pub fn contact(
    id: String,
    at: DateTime<Utc>,
    form: &str,
    parsed: &Parsed,
    sender: Sender,
    names: &FormFields,
) -> Contact {
    Contact {
        from: sender.identifiers,
        to: vec![form.to_owned()],
        subject: subject(&parsed.fields, names),
        text: text(&parsed.fields, names),
        issue: first(&parsed.fields, names.issue.as_deref()),
        attachments: parsed.files.clone(),
        ambiguous: sender.ambiguous,
        ..Contact::new(id, Channel::WebForm, at)
    }
}

/// The first value of a field that is configured.
fn first(fields: &Fields, name: Option<&str>) -> Option<String> {
    fields.values(name?).first().map(|value| (*value).to_owned())
}

/// The subject field.
pub fn subject(fields: &Fields, names: &FormFields) -> Option<String> {
    first(fields, names.subject.as_deref())
}

/// The text field, every time it occurs; without a configured one, all that says nothing of the
/// sender, so that a safeguard word is seen wherever it was typed.
pub fn text(fields: &Fields, names: &FormFields) -> Option<String> {
    let text = match &names.text {
        Some(name) => fields.values(name).join("\n"),
        None => fields.others().to_owned(),
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::found::Found;
    use super::*;

    fn names() -> FormFields {
        FormFields {
            email: Some("email".to_owned()),
            phone: Some("tel".to_owned()),
            text: Some("message".to_owned()),
            issue: Some("ref".to_owned()),
            ..FormFields::default()
        }
    }

    fn pairs(pairs: &[(&str, &str)], names: &FormFields) -> Fields {
        let asked = [&names.email, &names.phone, &names.text, &names.issue];
        let mut kept =
            Found::new(asked.into_iter().filter_map(Option::as_deref), names.text.is_none());
        pairs.iter().for_each(|(name, value)| kept.field(name, value));
        Fields::Read(kept)
    }

    #[test]
    fn two_spellings_are_one_identity_and_two_identities_are_ambiguous() {
        let same = pairs(
            &[("email", "A@X.example"), ("email", "a@x.example"), ("tel", "07700 900123")],
            &names(),
        );
        let nothing = pairs(&[], &names());
        let sender_of = |fields| sender(fields, &nothing, &names(), Nation::England);
        let one = sender_of(&same);
        assert_eq!(one.identifiers.len(), 2);
        assert!(!one.ambiguous);
        let two =
            sender_of(&pairs(&[("email", "a@x.example"), ("email", "b@x.example")], &names()));
        assert!(two.ambiguous);
    }

    #[test]
    fn a_field_is_found_as_handlers_find_it() {
        let nothing = pairs(&[], &names());
        for name in ["Email", " email ", "email[]", "EMAIL[0]", "email"] {
            let fields = pairs(&[("email", ""), (name, "jo@x.example")], &names());
            let found = sender(&fields, &nothing, &names(), Nation::England);
            assert_eq!(found.identifiers.len(), 1, "{name}");
            let found = sender(&nothing, &fields, &names(), Nation::England);
            assert_eq!(found.identifiers.len(), 1, "{name} in the query");
        }
        for other in ["email2", "e-mail", "email[x]", "emails"] {
            let fields = pairs(&[(other, "jo@x.example")], &names());
            assert!(sender(&fields, &nothing, &names(), Nation::England).identifiers.is_empty());
        }
    }

    #[test]
    fn a_contact_carries_text_issue_and_no_more_than_was_asked_for() {
        let sent = [("message", "one"), ("message", "two"), ("ref", "C-1"), ("csrf", "x")];
        let at = DateTime::UNIX_EPOCH;
        let made = |names: &FormFields| {
            let fields = pairs(&sent, names);
            let parsed = Parsed { fields, files: Vec::new(), content: [0; 32] };
            contact("c".to_owned(), at, "/f", &parsed, Sender::default(), names)
        };
        let contact = made(&names());
        assert_eq!(contact.text.as_deref(), Some("one\ntwo"));
        assert_eq!(contact.issue.as_deref(), Some("C-1"));
        let without = FormFields { text: None, ..names() };
        assert_eq!(made(&without).text.as_deref(), Some("one\ntwo\nx"));
    }
}
