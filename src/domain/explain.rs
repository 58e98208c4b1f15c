//! One decision, three explanations: a line for staff, a text for the customer in plain words
//! ([`notice`](super::notice)), and the auditor's rows (`audit::AuditRow`). All come from one trace.

use super::calendar::{Per, QuotaWindow};
use super::channel::Channel;
use super::decision::Reason;
use super::doubt::Doubt;
use super::lane::Lane;
use super::profile::Profile;
use super::reason_code::ReasonCode;
use super::restriction::{Kind, Quota, Restriction};
use super::safeguard::{FoundBy, Hit};

/// How a line ends if its restriction is only observed.
pub const OBSERVED: &str = " [observed only]";

/// Who had a contact, if nobody's name is known.
pub const THE_POINT_OF_CONTACT: &str = "the point of contact";

/// Who takes over where there is no deputy, if the policy does not name the team.
pub const THE_TEAM: &str = "the team";

/// A reason of a decision, with the facts that explain it.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub code: &'a ReasonCode,
    pub restriction: Option<&'a Restriction>,
    pub clause: Option<String>,
    /// The safeguard that was found.
    pub hit: Option<&'a Hit>,
    pub channel: Channel,
    pub observed: bool,
}

/// A clause to put after the rule that it supports: ` (clause 8.4)`. Empty without a clause.
pub fn cited(clause: Option<&str>) -> String {
    clause.map(|clause| format!(" (clause {clause})")).unwrap_or_default()
}

/// Why a contact was passed on: the point of contact did not take it up in time.
pub fn unanswered(from: Option<&str>, hours: u32, to: &str) -> String {
    let from = from.unwrap_or(THE_POINT_OF_CONTACT);
    format!("{from} did not answer within {hours} working hours: {to} takes over.")
}

/// The reason as recorded in a decision.
pub fn reason(profile: &Profile, facts: Facts<'_>) -> Reason {
    Reason {
        text: staff_line(profile, &facts),
        code: facts.code.clone(),
        restriction: facts.restriction.map(|restriction| restriction.id.clone()),
        clause: facts.clause,
    }
}

/// Why the contact is where it is, in one line for staff.
fn staff_line(profile: &Profile, facts: &Facts<'_>) -> String {
    let what = match facts.restriction {
        Some(restriction) => of_restriction(facts, restriction),
        None => of_contact(facts),
    };
    let mut line = what;
    if let Some(clause) = &facts.clause {
        line.push_str(&format!(" ({}, clause {clause})", profile.name));
    }
    if facts.observed {
        line.push_str(OBSERVED);
    }
    line
}

fn of_contact(facts: &Facts<'_>) -> String {
    match facts.code {
        ReasonCode::Safeguard(lane) => return of_safeguard(*lane, facts.hit),
        ReasonCode::Unrestricted => "No restriction is in force for this sender",
        ReasonCode::SenderUnknown => "The sender matches nobody on record",
        ReasonCode::WithinLimits => "Within the limits that are in force",
        ReasonCode::Representative => "From a representative who may contact us for this person",
        ReasonCode::Invited => "We invited this contact, or it answers a message of ours",
        ReasonCode::Automatic => "An automatic message: not counted and not answered",
        ReasonCode::Identity(doubt) => match doubt {
            Doubt::Shared => "Others use this address or number too, so nothing is enforced",
            Doubt::Ambiguous => "It is not clear which person this is, so nothing is enforced",
            Doubt::Unproven => "Who sent this is not proven enough here, so nothing is enforced",
            Doubt::Refuted => "There is evidence that somebody else sent this; nothing is enforced",
        },
        other => return format!("Decided by {other}"),
    }
    .to_owned()
}

fn of_safeguard(lane: Lane, hit: Option<&Hit>) -> String {
    let says = lane.says();
    let Some(hit) = hit.filter(|hit| !hit.by.is_empty()) else { return says.to_owned() };
    let by = &hit.by;
    match hit.part {
        FoundBy::Example => format!("{says}: it is like “{by}”"),
        FoundBy::Wording => format!("{says}: its wording suggests so (“{by}”)"),
        FoundBy::Helper => format!("{says}: found “helper: {by}”"),
        FoundBy::Words | FoundBy::Gaps | FoundBy::Concept | FoundBy::Address | FoundBy::Choice => {
            format!("{says}: found “{by}”")
        }
    }
}

fn of_restriction(facts: &Facts<'_>, restriction: &Restriction) -> String {
    match (&restriction.kind, facts.code) {
        (Kind::SinglePointOfContact(point), ReasonCode::PointOfContactDeputy) => {
            format!("{} is away: a deputy takes this person's contacts", point.contact.name)
        }
        (Kind::SinglePointOfContact(point), ReasonCode::PointOfContactTeam) => {
            format!("{} and every deputy are away: the team takes it", point.contact.name)
        }
        (Kind::SinglePointOfContact(point), _) => {
            format!("{} is this person's point of contact", point.contact.name)
        }
        (Kind::ChannelsOnly { .. }, _) => {
            format!("This person may not contact us {}", facts.channel.by())
        }
        (Kind::HoursOnly(_), _) => "Outside the hours agreed with this person".to_owned(),
        (Kind::ContactQuota { quota, .. }, _) => {
            format!("The limit of {} is used up", quota_in_words(*quota, "contact", "contacts"))
        }
        (Kind::IssueQuota(quota), _) => {
            format!("The limit of {} is used up", quota_in_words(*quota, "issue", "issues"))
        }
        (
            Kind::IssueClosed(_) | Kind::ComplaintClosed(_),
            ReasonCode::IssueClosedNewEvidence | ReasonCode::ComplaintClosedNewEvidence,
        ) => "On a closed matter, and may hold new evidence: somebody must look".to_owned(),
        (Kind::IssueClosed(_), _) => {
            "Repeats what was answered on a closed issue: filed, no reply is due".to_owned()
        }
        (Kind::ComplaintClosed(_), _) => {
            "Repeats a complaint that has ended: filed, no reply is due".to_owned()
        }
        (Kind::RepresentativeOnly { .. }, _) => {
            "This person contacts us through a representative only".to_owned()
        }
        (Kind::ReadAndFile { .. }, ReasonCode::ReadAndFileNewIssue) => {
            "Read and file, but this may be a new issue: somebody must look".to_owned()
        }
        (Kind::ReadAndFile { .. }, ReasonCode::ReadAndFileNewEvidence) => {
            "Read and file, but this may hold new evidence: somebody must look".to_owned()
        }
        (Kind::ReadAndFile { .. }, _) => {
            "Read and file: somebody must mark it read; no reply is due".to_owned()
        }
        (Kind::ContactEnded, ReasonCode::ContactEndedNewIssue) => {
            "Contact has ended, but this may be a new issue: decide whether to engage".to_owned()
        }
        (Kind::ContactEnded, _) => "Contact has ended: filed, no reply is due".to_owned(),
        (Kind::CallLength { minutes }, _) => format!("Calls last {minutes} minutes at most"),
        (Kind::VisitsInPairs, _) => "Visits are made in pairs".to_owned(),
        (Kind::AppointmentOnly, _) => "Seen by appointment only".to_owned(),
        (Kind::DocumentsReturned { instruction }, _) => {
            format!("Documents: {}", instruction.name())
        }
    }
}

/// "2 contacts a week (from Monday)".
fn quota_in_words(quota: Quota, one: &str, many: &str) -> String {
    let what = if quota.limit == 1 { one } else { many };
    let period = match (quota.per, quota.window) {
        (Per::Day, QuotaWindow::Calendar) => "a day",
        (Per::Week, QuotaWindow::Calendar) => "a week (Monday to Sunday)",
        (Per::Month, QuotaWindow::Calendar) => "a calendar month",
        (Per::Day, QuotaWindow::Rolling) => "in any 24 hours",
        (Per::Week, QuotaWindow::Rolling) => "in any 7 days",
        (Per::Month, QuotaWindow::Rolling) => "in any 30 days",
    };
    format!("{} {what} {period}", quota.limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nation::Nation;

    #[test]
    fn a_quota_is_said_with_its_number_and_its_window() {
        let said = |limit, per, window| {
            quota_in_words(Quota { limit, per, window }, "contact", "contacts")
        };
        for (limit, per, window, expected) in [
            (1, Per::Day, QuotaWindow::Calendar, "1 contact a day"),
            (2, Per::Week, QuotaWindow::Calendar, "2 contacts a week (Monday to Sunday)"),
            (1, Per::Month, QuotaWindow::Calendar, "1 contact a calendar month"),
            (3, Per::Day, QuotaWindow::Rolling, "3 contacts in any 24 hours"),
            (1, Per::Week, QuotaWindow::Rolling, "1 contact in any 7 days"),
            (2, Per::Month, QuotaWindow::Rolling, "2 contacts in any 30 days"),
        ] {
            assert_eq!(said(limit, per, window), expected);
        }
    }

    fn facts<'a>(code: &'a ReasonCode, restriction: Option<&'a Restriction>) -> Facts<'a> {
        Facts {
            code,
            restriction,
            clause: None,
            hit: None,
            channel: Channel::Email,
            observed: false,
        }
    }

    #[test]
    fn a_contact_that_no_restriction_decided_is_explained_by_its_code() {
        let profile = Profile::silent("Bare Homes", Nation::Wales);
        for (code, text) in [
            (ReasonCode::Unrestricted, "No restriction is in force for this sender"),
            (ReasonCode::SenderUnknown, "The sender matches nobody on record"),
            (ReasonCode::WithinLimits, "Within the limits that are in force"),
            (
                ReasonCode::Representative,
                "From a representative who may contact us for this person",
            ),
            (ReasonCode::Invited, "We invited this contact, or it answers a message of ours"),
            (ReasonCode::Automatic, "An automatic message: not counted and not answered"),
            (
                ReasonCode::Identity(Doubt::Shared),
                "Others use this address or number too, so nothing is enforced",
            ),
            (
                ReasonCode::Identity(Doubt::Ambiguous),
                "It is not clear which person this is, so nothing is enforced",
            ),
            (
                ReasonCode::Identity(Doubt::Unproven),
                "Who sent this is not proven enough here, so nothing is enforced",
            ),
            (
                ReasonCode::Identity(Doubt::Refuted),
                "There is evidence that somebody else sent this; nothing is enforced",
            ),
            (ReasonCode::DeciderFailed, "Decided by decider_failed"),
            (ReasonCode::Other("later".to_owned()), "Decided by later"),
            (ReasonCode::Safeguard(Lane::Legal), "It may be about legal proceedings"),
        ] {
            let said = reason(&profile, facts(&code, None));
            let expected = Reason { text: text.to_owned(), code, restriction: None, clause: None };
            assert_eq!(said, expected);
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table: a row for each kind and outcome")]
    fn a_restriction_is_explained_by_its_kind_and_what_came_of_it() {
        let named = r#""contact":{"name":"Sam Reed"}"#;
        for (kind, code, text) in [
            (
                "single_point_of_contact",
                ReasonCode::PointOfContactRouted,
                "Sam Reed is this person's point of contact",
            ),
            (
                "single_point_of_contact",
                ReasonCode::PointOfContactDeputy,
                "Sam Reed is away: a deputy takes this person's contacts",
            ),
            (
                "single_point_of_contact",
                ReasonCode::PointOfContactTeam,
                "Sam Reed and every deputy are away: the team takes it",
            ),
            (
                "channels_only",
                ReasonCode::ChannelsOnlyClosed,
                "This person may not contact us by e-mail",
            ),
            (
                "contact_quota",
                ReasonCode::ContactQuotaOver,
                "The limit of 2 contacts a week (Monday to Sunday) is used up",
            ),
            (
                "issue_quota",
                ReasonCode::IssueQuotaOver,
                "The limit of 2 issues a week (Monday to Sunday) is used up",
            ),
            (
                "issue_closed",
                ReasonCode::IssueClosedNewEvidence,
                "On a closed matter, and may hold new evidence: somebody must look",
            ),
            (
                "complaint_closed",
                ReasonCode::ComplaintClosedNewEvidence,
                "On a closed matter, and may hold new evidence: somebody must look",
            ),
            (
                "issue_closed",
                ReasonCode::IssueClosedRepeat,
                "Repeats what was answered on a closed issue: filed, no reply is due",
            ),
            (
                "complaint_closed",
                ReasonCode::ComplaintClosedRepeat,
                "Repeats a complaint that has ended: filed, no reply is due",
            ),
            (
                "representative_only",
                ReasonCode::RepresentativeOnlyDirect,
                "This person contacts us through a representative only",
            ),
            (
                "read_and_file",
                ReasonCode::ReadAndFileNewIssue,
                "Read and file, but this may be a new issue: somebody must look",
            ),
            (
                "read_and_file",
                ReasonCode::ReadAndFileNewEvidence,
                "Read and file, but this may hold new evidence: somebody must look",
            ),
            (
                "read_and_file",
                ReasonCode::ReadAndFileFiled,
                "Read and file: somebody must mark it read; no reply is due",
            ),
            (
                "contact_ended",
                ReasonCode::ContactEndedNewIssue,
                "Contact has ended, but this may be a new issue: decide whether to engage",
            ),
            (
                "contact_ended",
                ReasonCode::ContactEndedFiled,
                "Contact has ended: filed, no reply is due",
            ),
            ("call_length", ReasonCode::WithinLimits, "Calls last 7 minutes at most"),
            ("visits_in_pairs", ReasonCode::WithinLimits, "Visits are made in pairs"),
            ("appointment_only", ReasonCode::WithinLimits, "Seen by appointment only"),
            ("documents_returned", ReasonCode::WithinLimits, "Documents: destroy"),
        ] {
            let terms = match kind {
                "single_point_of_contact" => named,
                "channels_only" => r#""channels":["letter"]"#,
                "contact_quota" | "issue_quota" => r#""limit":2,"per":"week""#,
                "issue_closed" | "complaint_closed" => r#""issues":["4711"]"#,
                "call_length" => r#""minutes":7"#,
                "documents_returned" => r#""instruction":"destroy""#,
                _ => r#""mode":"enforce""#,
            };
            let json = format!(r#"{{"id":"R","kind":"{kind}",{terms}}}"#);
            let restriction: Restriction = serde_json::from_str(&json).unwrap();
            assert_eq!(of_restriction(&facts(&code, Some(&restriction)), &restriction), text);
        }
    }

    #[test]
    fn a_line_ends_with_the_clause_and_whether_it_was_only_observed() {
        let profile = Profile::silent("Bare Homes", Nation::Wales);
        let restriction: Restriction =
            serde_json::from_str(r#"{"id":"R","kind":"visits_in_pairs"}"#).unwrap();
        let code = ReasonCode::WithinLimits;
        let clause = Some("8.4".to_owned());
        let with =
            Facts { clause: clause.clone(), observed: true, ..facts(&code, Some(&restriction)) };
        let text = "Visits are made in pairs (Bare Homes, clause 8.4) [observed only]".to_owned();
        let restriction = Some("R".to_owned());
        assert_eq!(reason(&profile, with), Reason { text, code, restriction, clause });
        assert_eq!((cited(Some("8.4")).as_str(), cited(None).as_str()), (" (clause 8.4)", ""));
    }

    #[test]
    fn a_safeguard_is_explained_by_what_was_found() {
        use crate::domain::safeguard::Spelling;
        for (part, by, text) in [
            (FoundBy::Example, "help me", "Somebody may be at risk: it is like “help me”"),
            (FoundBy::Wording, "help", "Somebody may be at risk: its wording suggests so (“help”)"),
            (FoundBy::Helper, "tone", "Somebody may be at risk: found “helper: tone”"),
            (FoundBy::Words, "help", "Somebody may be at risk: found “help”"),
            (FoundBy::Choice, "", "Somebody may be at risk"),
        ] {
            let by = by.to_owned();
            let hit = Hit { lane: Lane::Safeguarding, by, part, spelling: Spelling::Written };
            let code = ReasonCode::Safeguard(Lane::Safeguarding);
            let facts = Facts { hit: Some(&hit), ..facts(&code, None) };
            assert_eq!(of_contact(&facts), text);
        }
    }
}
