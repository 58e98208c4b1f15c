use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use utoipa::PartialSchema;

use crate::domain::case::act;

fn described<S: PartialSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(S::schema()).unwrap();
    let mut keys: BTreeSet<String> = schema["properties"]
        .as_object()
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default();
    keys.remove("id");
    keys
}

/// The keys that a step reads, without those that the path says and without second names.
fn read<T: DeserializeOwned>(without: &[&str]) -> BTreeSet<String> {
    let error = serde_json::from_str::<T>("{\"?\": 1}").err().unwrap().to_string();
    let (_, known) = error.split_once("expected ").unwrap();
    let known = known.split('`').skip(1).step_by(2).map(ToOwned::to_owned);
    known.filter(|key| !without.contains(&key.as_str())).collect()
}

#[test]
fn the_document_describes_the_fields_of_each_step() {
    assert_eq!(described::<super::RecordIncident>(), read::<act::RecordIncident>(&[]));
    assert_eq!(described::<super::CloseIncident>(), read::<act::CloseIncident>(&["incident"]));
    assert_eq!(described::<super::GiveWarning>(), read::<act::GiveWarning>(&[]));
    assert_eq!(described::<super::OfferAgreement>(), read::<act::OfferAgreement>(&[]));
    assert_eq!(described::<super::AnswerAgreement>(), read::<act::AnswerAgreement>(&["agreement"]));
    assert_eq!(described::<super::EndAgreement>(), read::<act::EndAgreement>(&["agreement"]));
    assert_eq!(described::<super::RecordMediation>(), read::<act::RecordMediation>(&[]));
    assert_eq!(described::<super::Propose>(), read::<act::Propose>(&[]));
    let aliases = ["kind", "name", "why"];
    assert_eq!(described::<super::AskException>(), read::<act::AskException>(&aliases));
    assert_eq!(described::<super::SignOff>(), read::<act::SignOff>(&["proposal"]));
    assert_eq!(described::<super::Why>(), read::<act::OfProposal>(&["proposal"]));
    assert_eq!(described::<super::DraftLetter>(), read::<act::DraftLetter>(&[]));
    assert_eq!(described::<super::Means>(), read::<act::OfLetter>(&["letter"]));
    assert_eq!(described::<super::Vary>(), read::<act::Vary>(&["restriction"]));
    assert_eq!(described::<super::Why>(), read::<act::Lift>(&["restriction"]));
    assert_eq!(described::<super::ReviewStep>(), read::<act::ReviewStep>(&["restriction"]));
    assert_eq!(described::<super::ReceiveAppeal>(), read::<act::ReceiveAppeal>(&[]));
    assert_eq!(described::<super::AssignHearer>(), read::<act::AssignHearer>(&["appeal"]));
    assert_eq!(described::<super::DecideAppeal>(), read::<act::DecideAppeal>(&["appeal"]));
    assert_eq!(described::<super::DecideEngagement>(), read::<act::DecideEngagement>(&[]));
    assert_eq!(described::<super::ReconcileAdjustment>(), read::<act::ReconcileAdjustment>(&[]));
    assert_eq!(described::<super::RecordStaffComplaint>(), read::<act::RecordStaffComplaint>(&[]));
    let closed = read::<act::CloseStaffComplaint>(&["complaint"]);
    assert_eq!(described::<super::CloseStaffComplaint>(), closed);
    assert_eq!(described::<super::RecordAdjustment>(), read::<act::RecordAdjustment>(&[]));
    assert_eq!(described::<super::RecordAbsence>(), read::<act::RecordAbsence>(&[]));
    assert_eq!(described::<super::MarkRead>(), read::<act::MarkRead>(&["contact"]));
    assert_eq!(described::<super::RecordAction>(), read::<act::RecordAction>(&["kind"]));
}
