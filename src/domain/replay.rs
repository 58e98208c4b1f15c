//! Coming to a recorded decision again: what its entry on the audit trail says of it, and the terms of the restrictions
//! that it names, are given to [`decide`], and the result is compared with the entry.

mod rebuilt;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::audit::facts::{Circumstance, DecisionFacts, RestrictionFact};
use super::audit::{DecidedEntry, Variation};
use super::decide::{Verdict, decide, decide_again};
use super::flag::Flag;
use super::ledger::Received;
use super::organisation::Organisation;
use super::restriction::{Kind, Mode, Restriction};
use super::row::DecisionRow;
use rebuilt::Rebuilt;

/// What is on record besides the entry.
#[derive(Debug, Clone, Default)]
pub struct OnRecord {
    /// By the digest of their terms: as they were for the decision, whatever has changed since.
    pub restrictions: BTreeMap<String, Restriction>,
    /// Earlier contacts with the person, in the order in which they came.
    pub received: Vec<Received>,
    /// `None`: what the contact said is not on record.
    pub said: Option<OnWhat>,
}

/// What a contact was about, and a trace of what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnWhat {
    pub issue: Option<String>,
    /// Message-ids.
    pub thread: Vec<String>,
    /// SHA-256 of each attachment, in hexadecimal.
    pub attachments: Vec<String>,
    /// Of the sender's own text.
    pub fingerprints: Vec<u64>,
}

/// Why a decision can't be made again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreplayable {
    #[error("recorded before facts were")]
    BeforeFacts,
    #[error("it was made under other rules than those configured now")]
    OtherRules,
    #[error("the list of bank holidays has another answer for the day than it had")]
    BankHolidays,
    #[error("the record of the person is gone")]
    PersonGone,
    #[error("the terms of restriction `{0}` are not on record as they were")]
    Terms(String),
    #[error("it was compared with {compared} earlier contacts, of which {kept} are on record")]
    EarlierContacts { compared: usize, kept: usize },
    #[error("what the contact said is not on record any more")]
    Said,
}

/// In what a decision made again differs from the recorded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffersIn {
    Disposition,
    Would,
    Mode,
    Rows,
    Flags,
}

impl DiffersIn {
    /// As in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            DiffersIn::Disposition => "disposition",
            DiffersIn::Would => "would",
            DiffersIn::Mode => "mode",
            DiffersIn::Rows => "rows",
            DiffersIn::Flags => "flags",
        }
    }
}

/// What a decision needs to be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayNeeds<'f> {
    /// The restrictions that these facts name, and where they say so the contacts before it.
    Facts(&'f DecisionFacts),
    /// Nothing: nobody with a restriction in force sent it, or nothing was decided.
    Nothing,
    /// What was not recorded.
    Unrecorded,
}

impl DecidedEntry {
    /// What it takes to come to this decision again.
    pub fn needs(&self) -> ReplayNeeds<'_> {
        match &self.facts {
            Some(facts) => ReplayNeeds::Facts(facts),
            None if self.rows.iter().all(|found| found.row <= DecisionRow::Unrestricted) => {
                ReplayNeeds::Nothing
            }
            None => ReplayNeeds::Unrecorded,
        }
    }
}

/// Decides again, by the production code, and says in what the result differs from the entry. Nothing: it is the same.
///
/// # Errors
/// What it takes is not there.
pub fn replay(
    organisation: &Organisation,
    decided: &DecidedEntry,
    facts: &DecisionFacts,
    record: &OnRecord,
) -> Result<Vec<DiffersIn>, Unreplayable> {
    if facts.rules != organisation.profile.rules() {
        return Err(Unreplayable::OtherRules);
    }
    let restrictions = restrictions(facts, record)?;
    same_day(organisation, decided, facts, &restrictions)?;
    if let Some(compared) = facts.compared {
        // While the store was away it was compared with nothing, whatever there was.
        let kept = if facts.has(Circumstance::StoreAway) { 0 } else { record.received.len() };
        if kept != compared {
            return Err(Unreplayable::EarlierContacts { compared, kept });
        }
        if record.said.is_none() {
            return Err(Unreplayable::Said);
        }
    }
    let is_observing = facts.has(Circumstance::Observing);
    let mode = if is_observing { Mode::Observe } else { Mode::Enforce };
    let organisation = Organisation { mode, ..organisation.clone() };
    let rebuilt = Rebuilt::new(&organisation, decided, facts, record, restrictions);
    let (dossier, contact) = (rebuilt.dossier(facts), &rebuilt.contact);
    let verdict = match decided.flags.contains(&Flag::DecidedAgain) {
        true => decide_again(&organisation, dossier, contact, contact.at),
        false => decide(&organisation, dossier, contact, contact.at),
    };
    Ok(differences(decided, facts, &verdict))
}

/// A restriction with the terms that a decision was made on, reached from what it is now by undoing its variations,
/// newest first. `None`: not on record.
pub fn with_terms<'v>(
    now: &Restriction,
    terms: &str,
    varied: impl IntoIterator<Item = &'v [Variation]>,
) -> Option<Restriction> {
    let mut varied = varied.into_iter();
    let mut fields = match serde_json::to_value(now) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => return None,
    };
    loop {
        let was = serde_json::from_value::<Restriction>(Value::Object(fields.clone())).ok();
        if let Some(was) = was.filter(|was| was.terms() == terms) {
            return Some(was);
        }
        undo(&mut fields, varied.next()?);
    }
}

fn undo(fields: &mut Map<String, Value>, changes: &[Variation]) {
    for change in changes {
        match (&change.from, &change.to) {
            (Some(from), _) => {
                fields.insert(change.what.clone(), from.clone());
            }
            (None, Some(_)) => {
                fields.remove(&change.what);
            }
            // The trail does not say what it was.
            (None, None) => {}
        }
    }
}

/// Those of the facts, as they were: first those in force, then the others.
fn restrictions(
    facts: &DecisionFacts,
    record: &OnRecord,
) -> Result<Vec<Restriction>, Unreplayable> {
    let as_it_was = |fact: &RestrictionFact| {
        let known = record.restrictions.get(&fact.terms);
        known.ok_or_else(|| Unreplayable::Terms(fact.restriction.clone()))
    };
    let in_force =
        facts.in_force.iter().map(|fact| as_it_was(fact).map(Restriction::always_in_force));
    let others =
        facts.not_in_force.iter().map(|fact| as_it_was(fact).map(Restriction::never_in_force));
    in_force.chain(others).collect()
}

/// Bank holidays are added to as they are announced: only the day itself matters.
fn same_day(
    organisation: &Organisation,
    decided: &DecidedEntry,
    facts: &DecisionFacts,
    restrictions: &[Restriction],
) -> Result<(), Unreplayable> {
    let by_hours = restrictions.iter().any(|one| matches!(one.kind, Kind::HoursOnly(_)));
    let is_holiday = organisation.profile.is_bank_holiday(decided.contact_at);
    match by_hours && is_holiday != facts.has(Circumstance::BankHoliday) {
        true => Err(Unreplayable::BankHolidays),
        false => Ok(()),
    }
}

fn differences(decided: &DecidedEntry, facts: &DecisionFacts, verdict: &Verdict) -> Vec<DiffersIn> {
    let again = &verdict.audit;
    let flags = |entry: &DecidedEntry| -> Vec<Flag> {
        entry.flags.iter().filter(|flag| !is_added_later(flag, facts)).cloned().collect()
    };
    let parts = [
        (DiffersIn::Disposition, again.disposition == decided.disposition),
        (DiffersIn::Would, again.would == decided.would),
        (DiffersIn::Mode, again.mode == decided.mode),
        (DiffersIn::Rows, again.rows == decided.rows),
        (DiffersIn::Flags, flags(again) == flags(decided)),
    ];
    parts.into_iter().filter(|(_, same)| !same).map(|(part, _)| part).collect()
}

/// Whether it says what became of the decision, and not what was decided.
fn is_added_later(flag: &Flag, facts: &DecisionFacts) -> bool {
    match flag {
        Flag::OriginalNotKept | Flag::StoreBehind => true,
        // The store was there when it was decided, and away when it was to be written.
        Flag::LimitsUnchecked => !facts.has(Circumstance::StoreAway),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::domain::contact::Contact;
    use crate::domain::decide::Dossier;
    use crate::domain::ledger::Ledger;
    use crate::domain::nation::Nation;
    use crate::domain::person::Person;
    use crate::domain::profile::Profile;
    use crate::domain::roster::Roster;
    use crate::domain::sender;

    fn organisation() -> Organisation {
        Organisation::new("o", Profile::silent("Bare Homes", Nation::England))
    }

    fn person() -> Person {
        serde_json::from_value(json!({
            "id": "P", "identifiers": [{"kind": "email", "value": "p@x.example"}],
            "restrictions": [
                {"id": "R-1", "kind": "issue_closed", "issues": ["C-1"]},
                {"id": "R-2", "kind": "hours_only", "channels": ["email"],
                 "windows": [{"days": ["sat"], "from": "08:00", "to": "20:00"}]}
            ]
        }))
        .unwrap()
    }

    /// The entry of a contact on the closed issue, and what else is on record of it.
    fn filed() -> (DecidedEntry, OnRecord) {
        filed_by(Some(&Ledger::default()))
    }

    /// The same; `None`: while the store was away.
    fn filed_by(ledger: Option<&Ledger>) -> (DecidedEntry, OnRecord) {
        let organisation = organisation();
        let contact: Contact = serde_json::from_value(json!({
            "id": "c", "channel": "email", "at": "2026-11-21T10:00:00Z", "issue": "C-1",
            "from": [{"kind": "email", "value": "p@x.example"}]
        }))
        .unwrap();
        let roster = Roster::new([Arc::new(person())], Nation::England);
        let sender = sender::resolve(&roster, &organisation.profile, &contact, contact.at);
        let dossier = Dossier { sender: &sender, ledger, reading: None };
        let decided = decide(&organisation, dossier, &contact, contact.at).audit;
        let said = OnWhat {
            issue: Some("C-1".to_owned()),
            thread: Vec::new(),
            attachments: Vec::new(),
            fingerprints: Vec::new(),
        };
        let restrictions = person().restrictions.into_iter();
        let restrictions = restrictions.map(|one| (one.terms(), one)).collect();
        (decided, OnRecord { restrictions, received: Vec::new(), said: Some(said) })
    }

    fn again(
        organisation: &Organisation,
        decided: &DecidedEntry,
        record: &OnRecord,
    ) -> Result<Vec<DiffersIn>, Unreplayable> {
        replay(organisation, decided, decided.facts.as_ref().unwrap(), record)
    }

    #[test]
    fn it_is_the_same_where_all_is_there_and_else_it_says_what_is_missing() {
        let (decided, record) = filed();
        let of = organisation();
        assert_eq!(decided.facts.as_ref().unwrap().compared, Some(0));
        assert_eq!(again(&of, &decided, &record), Ok(Vec::new()));
        let unsaid = OnRecord { said: None, ..record.clone() };
        assert_eq!(again(&of, &decided, &unsaid), Err(Unreplayable::Said));
        let fewer = OnRecord { restrictions: BTreeMap::new(), ..record.clone() };
        assert_eq!(again(&of, &decided, &fewer), Err(Unreplayable::Terms("R-1".to_owned())));
        let mut longer = decided.clone();
        longer.facts.as_mut().unwrap().compared = Some(2);
        let missing = Unreplayable::EarlierContacts { compared: 2, kept: 0 };
        assert_eq!(again(&of, &longer, &record), Err(missing));
        let mut holiday = decided.clone();
        holiday.facts.as_mut().unwrap().circumstances.push(Circumstance::BankHoliday);
        assert_eq!(again(&of, &holiday, &record), Err(Unreplayable::BankHolidays));
        let mut profile = Profile::silent("Bare Homes", Nation::England);
        profile.evidence.new_text_share = 0.9;
        let other = Organisation { profile: Arc::new(profile), ..of };
        assert_eq!(again(&other, &decided, &record), Err(Unreplayable::OtherRules));
    }

    #[test]
    fn while_the_store_was_away_it_was_compared_with_nothing() {
        let (decided, mut record) = filed_by(None);
        let facts = decided.facts.as_ref().unwrap();
        assert!(facts.has(Circumstance::StoreAway));
        assert_eq!(facts.compared, Some(0));
        record.received.push(Received {
            contact: "b".to_owned(),
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
            issue: Some("C-1".to_owned()),
            makes_issue_known: true,
            thread: Vec::new(),
            attachments: Vec::new(),
            text: Vec::new(),
        });
        assert_eq!(again(&organisation(), &decided, &record), Ok(Vec::new()));
    }

    #[test]
    fn an_entry_that_was_changed_differs_and_what_was_added_to_it_later_does_not() {
        let (mut decided, record) = filed();
        decided.flags.extend([Flag::OriginalNotKept, Flag::StoreBehind]);
        assert_eq!(again(&organisation(), &decided, &record), Ok(Vec::new()));
        decided.rows.clear();
        decided.flags.push(Flag::Automatic);
        let differs = again(&organisation(), &decided, &record);
        assert_eq!(differs, Ok(vec![DiffersIn::Rows, DiffersIn::Flags]));
        let (mut old, _) = filed();
        old.facts = None;
        assert_eq!(old.needs(), ReplayNeeds::Unrecorded);
        old.rows.retain(|row| row.row <= DecisionRow::Unrestricted);
        assert_eq!(old.needs(), ReplayNeeds::Nothing);
    }

    #[test]
    fn terms_are_reached_by_undoing_what_was_varied_since() {
        let quota = |limit: u32| -> Restriction {
            serde_json::from_value(json!({
                "id": "R", "kind": "contact_quota", "limit": limit, "per": "week"
            }))
            .unwrap()
        };
        let was = quota(2).terms();
        let ended = quota(5).never_in_force();
        let varied = |from: u32, to: u32| Variation {
            what: "limit".to_owned(),
            from: Some(json!(from)),
            to: Some(json!(to)),
        };
        let (last, first) = ([varied(3, 5)], [varied(2, 3)]);
        let found = with_terms(&ended, &was, [&last[..], &first[..]]);
        assert_eq!(found.map(|found| found.always_in_force()), Some(quota(2).always_in_force()));
        assert_eq!(with_terms(&ended, &was, [&last[..]]), None);
        let unsaid = [Variation { what: "limit".to_owned(), from: None, to: None }];
        assert_eq!(with_terms(&ended, &was, [&unsaid[..]]), None);
    }

    #[test]
    fn what_differs_is_named_as_it_is_written() {
        for part in [
            DiffersIn::Disposition,
            DiffersIn::Would,
            DiffersIn::Mode,
            DiffersIn::Rows,
            DiffersIn::Flags,
        ] {
            assert_eq!(json!(part), part.name());
        }
    }
}
