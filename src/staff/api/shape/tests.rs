use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use utoipa::PartialSchema;

use crate::domain;
use crate::staff::api::contacts::ContactBody;

fn described<S: PartialSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(S::schema()).unwrap();
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

/// The keys that a type reads: it refuses an unknown one and lists what it knows.
fn read<T: DeserializeOwned>() -> BTreeSet<String> {
    let error = serde_json::from_str::<T>("{\"?\": 1}").err().unwrap().to_string();
    let (_, known) = error.split_once("expected ").unwrap();
    known.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

fn choices<S: PartialSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(S::schema()).unwrap();
    let choices = schema["enum"].as_array().unwrap();
    choices.iter().map(|choice| choice.as_str().unwrap().to_owned()).collect()
}

fn known_choices<T: DeserializeOwned>() -> BTreeSet<String> {
    let error = serde_json::from_str::<T>("\"?\"").err().unwrap().to_string();
    let (_, known) = error.split_once("expected ").unwrap();
    known.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

#[test]
fn the_document_describes_the_keys_that_are_read_and_written() {
    assert_eq!(described::<ContactBody>(), read::<domain::contact::Contact>());
    assert_eq!(described::<super::Attachment>(), read::<domain::contact::Attachment>());
    assert_eq!(described::<super::SenderIdentifier>(), read::<domain::contact::SenderIdentifier>());
    assert_eq!(described::<super::Decision>(), read::<domain::decision::Decision>());
    assert_eq!(described::<super::Route>(), read::<domain::decision::Route>());
    assert_eq!(described::<super::Fallback>(), read::<domain::decision::Fallback>());
    assert_eq!(described::<super::Reason>(), read::<domain::decision::Reason>());
    assert_eq!(described::<super::QuotaState>(), read::<domain::decision::QuotaState>());
    assert_eq!(described::<super::Notice>(), read::<domain::decision::Notice>());
    assert_eq!(described::<super::Person>(), read::<domain::person::Person>());
    assert_eq!(described::<super::ListedIdentifier>(), read::<domain::person::ListedIdentifier>());
    assert_eq!(described::<super::Representative>(), read::<domain::person::Representative>());
    assert_eq!(described::<super::Adjustment>(), read::<domain::person::Adjustment>());
    assert_eq!(described::<super::Invitation>(), read::<domain::person::Invitation>());
    assert_eq!(described::<super::Engaged>(), read::<domain::person::Engaged>());
    assert_eq!(described::<super::Restriction>(), read::<domain::restriction::Restriction>());
    assert_eq!(described::<super::StaffContact>(), read::<domain::restriction::StaffContact>());
    assert_eq!(described::<super::Absence>(), read::<domain::restriction::Absence>());
}

#[test]
fn the_document_describes_the_choices_that_there_are() {
    assert_eq!(choices::<super::Channel>(), known_choices::<domain::channel::Channel>());
    assert_eq!(
        choices::<super::IdentifierKind>(),
        known_choices::<domain::identifier::IdentifierKind>()
    );
    assert_eq!(choices::<super::Assurance>(), known_choices::<domain::identifier::Assurance>());
    assert_eq!(choices::<super::Disposition>(), known_choices::<domain::decision::Disposition>());
    assert_eq!(choices::<super::Mode>(), known_choices::<domain::restriction::Mode>());
    assert_eq!(choices::<super::Kind>(), known_choices::<domain::restriction::KindName>());
    assert_eq!(choices::<super::Status>(), known_choices::<domain::restriction::Status>());
    assert_eq!(choices::<super::ItemState>(), known_choices::<domain::queue::ItemState>());
    assert_eq!(
        choices::<super::AdjustmentKind>(),
        known_choices::<domain::person::AdjustmentKind>()
    );
}

#[test]
fn the_document_describes_an_item_as_it_is_written() {
    let item: domain::queue::QueueItem = serde_json::from_str(
        r#"{"id":"c","queue":"review","contact":"c","person":"P","channel":"email",
            "at":"2026-11-01T10:00:00Z","disposition":"route","reasons":[],"flags":[],
            "subject":"s","issue":"i","thread":["t"],"attachments":["x"],"original_to":["a@b.example"],"sent_by":"ann@b.example","new":["a.pdf"],"lane_used":1,"routed_to":"Kim",
            "read_by":"2026-11-03T00:00:00Z","overdue":true,"resembles":["r"],"archived":"x","text":"t","state":"claimed","claimed_by":"Sam","claimed_at":"2026-11-01T10:00:00Z",
            "done_by":"Sam","done_at":"2026-11-01T11:00:00Z","filed_from":"limited",
            "notes":[{"by":"Sam","at":"2026-11-01T10:00:00Z","text":"n","handed_to":"Kim"}]}"#,
    )
    .unwrap();
    let written = serde_json::to_value(&item).unwrap();
    let keys: BTreeSet<String> = written.as_object().unwrap().keys().cloned().collect();
    assert_eq!(described::<super::QueueItem>(), keys);
    let keys: BTreeSet<String> = written["notes"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(described::<super::Note>(), keys);
}
