//! The days from which the clocks of a restriction run, and the days that follow from them.

use chrono::{DateTime, NaiveDate, Utc};

use super::CaseFile;
use super::letter::CaseLetter;
use super::proposal::Proposal;
use super::restraint::Restraint;
use crate::domain::calendar::add_months;
use crate::domain::moment::Moment;
use crate::domain::profile::{Anchor, Deadline, Length, Profile};
use crate::domain::restriction::{Restriction, Status};

/// The local day on which an instant falls.
pub fn day(profile: &Profile, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&profile.timezone).date_naive()
}

/// The day of a restriction's anchor; a letter that never went is the day of the decision.
pub fn anchor_day(restraint: &Restraint, anchor: Anchor) -> NaiveDate {
    match anchor {
        Anchor::Decision | Anchor::Receipt | Anchor::AppealDecision => restraint.decided,
        Anchor::Letter => restraint.letter_sent.unwrap_or(restraint.decided),
        Anchor::Implementation => restraint.implemented,
    }
}

/// The last day of a deadline that runs from a day, which is its day 0.
pub fn last_day(profile: &Profile, length: Length, from: NaiveDate) -> NaiveDate {
    match length {
        Length::WorkingDays(days) => profile.bank_holidays.add_working_days(from, days),
        Length::Months(months) => add_months(from, months),
    }
}

/// The last day on which an appeal against a restriction is in time; `None`: there is no window.
pub fn appeal_window_ends(profile: &Profile, restraint: &Restraint) -> Option<NaiveDate> {
    let Deadline { length, from } = profile.appeal.window?;
    Some(last_day(profile, length, anchor_day(restraint, from?)))
}

/// The day on which the next review is due where nobody names one: `every_months` after the anchor.
pub fn review_from(profile: &Profile, anchor: NaiveDate) -> Option<NaiveDate> {
    profile.review.every_months.map(|months| add_months(anchor, months))
}

impl CaseFile {
    /// What is known of a restriction. One without a case file of its own was decided elsewhere:
    /// its start serves as decision, letter and implementation.
    pub fn known_or_elsewhere(
        &self,
        profile: &Profile,
        restriction: &Restriction,
        at: DateTime<Utc>,
    ) -> Restraint {
        if let Some(known) = self.restraint(&restriction.id) {
            return known.clone();
        }
        let start = restriction.starts.map(|starts| starts.day(profile.timezone));
        let start = start.unwrap_or_else(|| day(profile, at));
        let took_part = restriction.decided_by.iter().chain(&restriction.signed_off_by);
        Restraint {
            restriction: restriction.id.clone(),
            proposal: None,
            decided_elsewhere: true,
            decided: start,
            letter_sent: Some(start),
            implemented: start,
            first_implemented: None,
            took_part: took_part.cloned().collect(),
            variations: Vec::new(),
            ended: None,
        }
    }
}

/// The same of a file, on a day.
pub fn will_hold(
    profile: &Profile,
    file: &CaseFile,
    proposal: &Proposal,
    today: NaiveDate,
) -> Restriction {
    let zone = profile.timezone;
    let mut restriction = proposal.restriction.clone();
    restriction.status = Status::Active;
    let starts = *restriction.starts.get_or_insert(Moment::Day(today));
    let implemented = starts.day(zone).max(today);
    let anchor = match profile.review.anchor {
        Some(Anchor::Decision) => decided_on(profile, proposal).unwrap_or(today),
        Some(Anchor::Letter) => {
            let letter = imposing_letter(file, proposal).and_then(|one| one.sent.as_ref());
            letter.map_or(today, |sent| day(profile, sent.at))
        }
        _ => implemented,
    };
    if restriction.review_due.is_none() {
        let due = review_from(profile, anchor);
        let ends = restriction.ends.map(|ends| ends.day(zone));
        restriction.review_due =
            due.filter(|due| ends.is_none_or(|ends| *due <= ends)).map(Moment::Day);
    }
    if restriction.clause.is_none() {
        restriction.clause = profile.clause_for(restriction.kind.name()).map(str::to_owned);
    }
    restriction
}

/// The day of the signature that completed the decision.
pub fn decided_on(profile: &Profile, proposal: &Proposal) -> Option<NaiveDate> {
    proposal.signature.as_ref()?;
    let last = proposal.signers().map(|signature| signature.at).max()?;
    Some(day(profile, last))
}

/// The letter that tells the person of a proposal as it is: the last that went or, if none has gone, the last drafted.
/// One that went before the proposal was changed told them something else, and one about the restriction tells of what
/// holds.
pub(in crate::domain) fn imposing_letter<'f>(
    file: &'f CaseFile,
    proposal: &Proposal,
) -> Option<&'f CaseLetter> {
    let mut letters = file.letters.iter().rev().filter(|one| {
        let told_before = one.sent.as_ref().is_some_and(|sent| sent.at < proposal.terms_since());
        one.kind.imposes() && one.about == proposal.id && !told_before
    });
    let sent = letters.clone().find(|one| one.sent.is_some());
    sent.or_else(|| letters.next())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::calendar::BankHolidays;
    use crate::domain::case::tests::{file, letter, proposal, restraint, sent, signature, with};
    use crate::domain::nation::Nation;
    use crate::domain::restriction::KindName;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn profile() -> Profile {
        Profile::silent("Bare Homes", Nation::England)
    }

    fn known(more: &Value) -> Restraint {
        serde_json::from_value(restraint("R-1", more)).unwrap()
    }

    #[test]
    fn a_deadline_runs_from_its_anchor_in_the_organisations_days() {
        let mut profile = profile();
        profile.bank_holidays = BankHolidays::new([date("2026-01-08")], None);
        assert_eq!(day(&profile, at("2026-06-30T23:30:00Z")), date("2026-07-01"));
        let unsent = json!({"letter_sent": null});
        let nothing = json!({});
        let (working, months) = (Length::WorkingDays(3), Length::Months(1));
        for (more, length, from, expected) in [
            (&nothing, working, Some(Anchor::Decision), Some("2026-01-09")),
            (&nothing, months, Some(Anchor::Decision), Some("2026-02-05")),
            (&nothing, months, Some(Anchor::Receipt), Some("2026-02-05")),
            (&nothing, months, Some(Anchor::AppealDecision), Some("2026-02-05")),
            (&nothing, working, Some(Anchor::Letter), Some("2026-01-12")),
            (&nothing, months, Some(Anchor::Letter), Some("2026-02-06")),
            (&unsent, months, Some(Anchor::Letter), Some("2026-02-05")),
            (&nothing, months, Some(Anchor::Implementation), Some("2026-02-07")),
            (&nothing, months, None, None),
        ] {
            profile.appeal.window = Some(Deadline { length, from });
            let found = appeal_window_ends(&profile, &known(more));
            assert_eq!(found, expected.map(date), "{more} {length:?} {from:?}");
        }
        profile.appeal.window = None;
        assert_eq!(appeal_window_ends(&profile, &known(&nothing)), None);
        assert_eq!(review_from(&profile, date("2026-01-31")), None);
        profile.review.every_months = Some(1);
        assert_eq!(review_from(&profile, date("2026-01-31")), Some(date("2026-02-28")));
    }

    #[test]
    fn a_decision_made_elsewhere_counts_from_its_start_or_else_from_now() {
        let (profile, now) = (profile(), at("2026-06-30T23:30:00Z"));
        let file = file(json!({"restraints": [restraint("R-1", &json!({}))]}));
        let of = |more: Value| -> Restraint {
            let held = with(json!({"id": "R-2", "kind": "visits_in_pairs"}), &more);
            file.known_or_elsewhere(&profile, &serde_json::from_value(held).unwrap(), now)
        };
        assert_eq!(of(json!({"id": "R-1"})), file.restraints[0]);
        let by = json!({"decided_by": "Ann Bell", "signed_off_by": "Ed Fox"});
        let expected = |day: &str, took_part: Value| {
            let elsewhere = json!({"restriction": "R-2", "proposal": null, "decided_elsewhere": true, "decided": day,
                "letter_sent": day, "implemented": day, "took_part": took_part});
            known(&elsewhere)
        };
        let started = with(json!({"starts": "2026-02-01"}), &by);
        assert_eq!(of(started), expected("2026-02-01", json!(["Ann Bell", "Ed Fox"])));
        assert_eq!(of(json!({})), expected("2026-07-01", json!([])));
    }

    #[test]
    fn a_proposal_takes_effect_with_the_days_and_the_clause_of_the_policy() {
        let mut profile = profile();
        profile.review.every_months = Some(2);
        profile.kinds.insert(
            KindName::VisitsInPairs,
            crate::domain::profile::KindRule {
                allowed: true,
                clause: Some("4.1".to_owned()),
                sign_off: None,
            },
        );
        let letters = [letter("L-1", "restriction", "PR-1", &sent("2026-03-06T10:00:00Z"))];
        let (with_letter, bare) = (file(json!({"letters": letters})), file(json!({})));
        let signed = signature("Ed Fox", "2026-03-04T10:00:00Z");
        let today = date("2026-03-10");
        let effect = |profile: &Profile, file: &CaseFile, terms: &Value| {
            let held =
                with(json!({"id": "R-1", "kind": "visits_in_pairs", "status": "proposed"}), terms);
            let proposal = proposal("PR-1", &json!({"restriction": held, "signature": signed}));
            let proposal = serde_json::from_value(proposal).unwrap();
            let held = will_hold(profile, file, &proposal, today);
            assert_eq!(held.status, Status::Active);
            let said = |at: Option<Moment>| at.map(|at| at.to_string());
            (said(held.starts).unwrap(), said(held.review_due), held.clause)
        };
        let expected = |starts: &str, review: Option<&str>| {
            (starts.to_owned(), review.map(str::to_owned), Some("4.1".to_owned()))
        };
        let nothing = json!({});
        for (anchor, file, terms, starts, review) in [
            (None, &bare, &nothing, "2026-03-10", Some("2026-05-10")),
            (
                Some(Anchor::Implementation),
                &bare,
                &json!({"starts": "2026-03-20"}),
                "2026-03-20",
                Some("2026-05-20"),
            ),
            (None, &bare, &json!({"starts": "2026-03-01"}), "2026-03-01", Some("2026-05-10")),
            (Some(Anchor::Decision), &bare, &nothing, "2026-03-10", Some("2026-05-04")),
            (Some(Anchor::Letter), &with_letter, &nothing, "2026-03-10", Some("2026-05-06")),
            (Some(Anchor::Letter), &bare, &nothing, "2026-03-10", Some("2026-05-10")),
            // Dates that the proposal names stay, and no review is due after its end.
            (None, &bare, &json!({"review_due": "2026-04-01"}), "2026-03-10", Some("2026-04-01")),
            (None, &bare, &json!({"ends": "2026-05-10"}), "2026-03-10", Some("2026-05-10")),
            (None, &bare, &json!({"ends": "2026-05-09"}), "2026-03-10", None),
        ] {
            profile.review.anchor = anchor;
            assert_eq!(
                effect(&profile, file, terms),
                expected(starts, review),
                "{anchor:?} {terms}"
            );
        }
        let own = effect(&profile, &bare, &json!({"clause": "9"}));
        assert_eq!(own.2.as_deref(), Some("9"));
    }

    #[test]
    fn a_decision_is_complete_with_its_last_signature() {
        let later = json!([{"exception": "no_warning", "justification": "Severe.",
            "signature": signature("Flo Gray", "2026-03-04T10:00:00Z")}]);
        let own = signature("Ed Fox", "2026-03-03T23:30:00Z");
        for (more, expected) in [
            (json!({"exceptions": later}), None),
            (json!({"signature": own}), Some("2026-03-03")),
            (json!({"signature": own, "exceptions": later}), Some("2026-03-04")),
        ] {
            let proposal = serde_json::from_value(proposal("PR-1", &more)).unwrap();
            assert_eq!(decided_on(&profile(), &proposal), expected.map(date), "{more}");
        }
    }

    #[test]
    fn the_letter_of_a_proposal_is_the_last_that_went_with_its_present_terms_or_the_last_draft() {
        // The proposal is of 2026-03-02T10:00:00Z.
        let before = sent("2026-03-02T09:59:59Z");
        let (same, after) = (sent("2026-03-02T10:00:00Z"), sent("2026-03-03T10:00:00Z"));
        let draft = json!({});
        let of = |id: &str, more: &Value| letter(id, "restriction", "PR-1", more);
        let proposal: Proposal = serde_json::from_value(proposal("PR-1", &json!({}))).unwrap();
        for (letters, expected) in [
            (json!([]), None),
            (json!([of("L-1", &draft), of("L-2", &draft)]), Some("L-2")),
            (json!([of("L-1", &same), of("L-2", &draft)]), Some("L-1")),
            (json!([of("L-1", &same), of("L-2", &after), of("L-3", &draft)]), Some("L-2")),
            (json!([of("L-1", &before)]), None),
            (json!([of("L-1", &draft), of("L-2", &before)]), Some("L-1")),
            (json!([letter("L-1", "variation", "PR-1", &same)]), Some("L-1")),
            (json!([letter("L-1", "warning", "PR-1", &same)]), None),
            (json!([letter("L-1", "restriction", "R-1", &same)]), None),
        ] {
            let file = file(json!({"letters": letters}));
            let found = imposing_letter(&file, &proposal).map(|one| one.id.as_str());
            assert_eq!(found, expected, "{letters}");
        }
    }
}
