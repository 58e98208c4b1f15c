//! Names, references and other labels of a record: lines that pages, letters, mail and terminals can show.

use std::collections::BTreeSet;

use super::PersonFault;
use crate::domain::person::Person;
use crate::domain::restriction::Kind;
use crate::runtime::limits::{PERSON_ADDRESS_CHARS_MAX, PERSON_LABEL_CHARS_MAX};

/// What is wrong with the labels of a record, but for those that `before` has as they are: they keep nobody from
/// changing something else.
pub(super) fn faults(person: &Person, before: Option<&Person>) -> Vec<PersonFault> {
    let known: BTreeSet<&str> = before.into_iter().flat_map(labels).map(|(_, text)| text).collect();
    let wrong = |(path, text): (String, &str)| {
        let message = fault(&path, text).filter(|_| !known.contains(text))?;
        Some(PersonFault { path, message })
    };
    labels(person).into_iter().filter_map(wrong).collect()
}

fn fault(path: &str, text: &str) -> Option<String> {
    let (most, between) = match path {
        "address" => (PERSON_ADDRESS_CHARS_MAX, "\r\n\t"),
        _ => (PERSON_LABEL_CHARS_MAX, ""),
    };
    if let Some(wrong) = text.chars().find(|c| c.is_control() && !between.contains(*c)) {
        return Some(format!("has the control character U+{:04X}; leave it out", u32::from(wrong)));
    }
    let chars = text.chars().count();
    (chars > most).then(|| format!("has {chars} characters; {most} at most"))
}

/// Each label, with its path.
fn labels(person: &Person) -> Vec<(String, &str)> {
    let whole = [
        ("id", Some(&person.id)),
        ("name", Some(&person.name)),
        ("reference", person.reference.as_ref()),
        ("address", person.address.as_ref()),
    ];
    let whole = whole.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?.as_str())));
    let mut labels: Vec<(String, &str)> = whole.collect();
    for (index, one) in person.representatives.iter().enumerate() {
        labels.push((format!("representatives[{index}].name"), one.name.as_str()));
    }
    for (index, issue) in person.issues.iter().enumerate() {
        labels.push((format!("issues[{index}]"), issue.as_str()));
    }
    for (index, one) in person.restrictions.iter().enumerate() {
        let path = format!("restrictions[{index}]");
        let own = [
            ("id", Some(&one.id)),
            ("clause", one.clause.as_ref()),
            ("decided_by", one.decided_by.as_ref()),
            ("signed_off_by", one.signed_off_by.as_ref()),
        ];
        let own = own.into_iter().filter_map(|(key, text)| Some((key, text?.as_str())));
        labels.extend(own.map(|(key, text)| (format!("{path}.{key}"), text)));
        if let Kind::SinglePointOfContact(point) = &one.kind {
            labels.push((format!("{path}.contact.name"), point.contact.name.as_str()));
            for (inner, deputy) in point.deputies.iter().enumerate() {
                labels.push((format!("{path}.deputies[{inner}].name"), deputy.name.as_str()));
            }
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, clause: &str) -> Person {
        serde_json::from_value(serde_json::json!({
            "id": "P-1", "name": name, "address": "1 High Street\nTown",
            "representatives": [{"name": "A\u{9b}B"}],
            "restrictions": [{
                "id": "R-1", "clause": clause, "kind": "single_point_of_contact", "contact": {"name": "Kim\tPoint"},
                "deputies": [{"name": "D".repeat(201)}]
            }]
        }))
        .unwrap()
    }

    #[test]
    fn a_label_is_a_line_of_a_length_that_can_be_shown() {
        let long = "é".repeat(PERSON_LABEL_CHARS_MAX);
        let found = faults(&named(&format!("{long}x"), "6.2\u{7}"), None);
        let said: Vec<String> =
            found.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect();
        assert_eq!(
            said,
            [
                "name: has 201 characters; 200 at most",
                "representatives[0].name: has the control character U+009B; leave it out",
                "restrictions[0].clause: has the control character U+0007; leave it out",
                "restrictions[0].contact.name: has the control character U+0009; leave it out",
                "restrictions[0].deputies[0].name: has 201 characters; 200 at most",
            ]
        );
        assert!(faults(&named(&long, "6.2"), None).iter().all(|fault| fault.path != "name"));
    }

    #[test]
    fn what_is_on_record_already_keeps_nobody_from_changing_something_else() {
        let before = named("Jo\u{0}", "6.2");
        assert!(faults(&named("Jo\u{0}", "6.3"), Some(&before)).is_empty());
        let found = faults(&named("Jo\u{1}", "6.2"), Some(&before));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "name");
    }
}
