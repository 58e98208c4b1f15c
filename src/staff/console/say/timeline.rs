//! An entry of the audit trail on the timeline of the person whom it is about: their restrictions by their terms, and
//! nobody's id.

use std::sync::Arc;

use super::lower;
use super::trail::entry;
use crate::domain::audit::AuditEvent;
use crate::domain::language::Language;
use crate::domain::person::Person;
use crate::domain::profile::Profile;

/// What happened, where these are the person's records.
pub(in crate::staff::console) fn entry_of_person(
    event: &AuditEvent,
    records: &[Arc<Person>],
    profile: &Profile,
    language: Language,
) -> String {
    let is_english = language == Language::English;
    let said =
        |english: &str, welsh: &str| if is_english { english.to_owned() } else { welsh.to_owned() };
    let terms = |id: &str| {
        let mut all = records.iter().flat_map(|one| &one.restrictions);
        let found = all.find(|one| one.id == id);
        let of =
            found.map(|one| format!(": {}", lower(&super::terms(&one.kind, profile, language))));
        of.unwrap_or_default()
    };
    match event {
        AuditEvent::RestrictionAdded { restriction, .. } => {
            said("Added a restriction", "Ychwanegodd gyfyngiad") + &terms(restriction)
        }
        AuditEvent::RestrictionVaried { restriction, .. } => {
            said("Changed a restriction", "Newidiodd gyfyngiad") + &terms(restriction)
        }
        AuditEvent::RestrictionLifted { restriction, .. } => {
            said("Ended a restriction", "Daeth â chyfyngiad i ben") + &terms(restriction)
        }
        AuditEvent::Step(step) => {
            let about = step.restriction.as_deref().or(step.about.as_deref());
            entry(event, language) + &about.map(terms).unwrap_or_default()
        }
        AuditEvent::Reminded { about, .. } => entry(event, language) + &terms(about),
        AuditEvent::RecordChanged { is_new: true, .. } => {
            said("Put this person on record", "Rhoddodd y person hwn ar gofnod")
        }
        AuditEvent::PersonChanged { .. } | AuditEvent::RecordChanged { .. } => {
            said("Changed this person's record", "Newidiodd gofnod y person hwn")
        }
        AuditEvent::Imported { .. } => {
            said("Loaded this person's record from a file", "Llwythodd gofnod y person hwn o ffeil")
        }
        AuditEvent::Merged { .. } => {
            said("Merged two records of this person", "Cyfunodd ddau gofnod y person hwn")
        }
        AuditEvent::Unmerged { .. } => {
            said("Parted the two records again", "Gwahanodd y ddau gofnod eto")
        }
        other => entry(other, language),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::nation::Nation;

    #[test]
    fn a_restriction_is_named_by_its_terms_and_nothing_by_its_id() {
        let person: Person = serde_json::from_value(json!({"id": "P-1", "restrictions": [{
            "id": "R-1", "kind": "contact_quota", "limit": 1, "per": "week", "window": "rolling",
            "starts": "2026-01-01", "status": "active",
        }]}))
        .unwrap();
        let records = [Arc::new(person)];
        let profile = Profile::silent("Bare Homes", Nation::Wales);
        let reminded = |about: &str| AuditEvent::Reminded {
            what: "review".to_owned(),
            about: about.to_owned(),
            person: Some("P-1".to_owned()),
            state: "due".to_owned(),
        };
        let lifted = AuditEvent::RestrictionLifted {
            person: "P-1".to_owned(),
            restriction: "R-1".to_owned(),
            status: None,
            reason: None,
        };
        let changed = AuditEvent::PersonChanged { person: "P-1".to_owned() };
        for language in [Language::English, Language::Welsh] {
            let terms = super::super::terms(&records[0].restrictions[0].kind, &profile, language);
            for event in [&lifted, &changed, &reminded("R-1"), &reminded("R-2")] {
                let said = entry_of_person(event, &records, &profile, language);
                assert!(!said.contains("R-") && !said.contains("P-1"), "{said}");
            }
            let said = entry_of_person(&lifted, &records, &profile, language);
            assert!(said.ends_with(&format!(": {terms}")), "{said}");
        }
    }
}
