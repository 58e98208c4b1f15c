//! One decision, three explanations: a line for staff, a text for the customer in plain words
//! ([`notice`](super::notice)), and the auditor's rows (`audit::AuditRow`). All come from one trace.

use super::calendar::{Per, QuotaWindow};
use super::channel::Channel;
use super::decision::Reason;
use super::profile::Profile;
use super::reason_code::ReasonCode;
use super::restriction::{Kind, Quota, Restriction};

/// What is explained.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub code: &'a ReasonCode,
    pub restriction: Option<&'a Restriction>,
    pub clause: Option<String>,
    /// The words by which a safeguard was found.
    pub by: Option<&'a str>,
    pub channel: Channel,
    pub observed: bool,
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
        line.push_str(" [observed only]");
    }
    line
}

fn of_contact(facts: &Facts<'_>) -> String {
    if let Some(lane) = facts.code.lane() {
        let says = lane.says();
        let Some(by) = facts.by.filter(|by| !by.is_empty()) else { return says.to_owned() };
        // The finding is words, or an example that it is like, or its wording as a whole.
        return match (by.strip_prefix("resembles: "), by.strip_prefix("wording: ")) {
            (Some(example), _) => format!("{says}: it is like “{example}”"),
            (_, Some(words)) => format!("{says}: its wording suggests so (“{words}”)"),
            (None, None) => format!("{says}: found “{by}”"),
        };
    }
    match facts.code.as_str() {
        "unrestricted" => "No restriction is in force for this sender",
        "sender_unknown" => "The sender matches nobody on record",
        "within_limits" => "Within the limits that are in force",
        "representative" => "From a representative who may contact us for this person",
        "invited" => "We invited this contact, or it answers a message of ours",
        "automatic" => "An automatic message: not counted and not answered",
        "identity.shared" => "Others use this address or number too, so nothing is enforced",
        "identity.ambiguous" => "It is not clear which person this is, so nothing is enforced",
        "identity.unproven" => "Who sent this is not proven enough here, so nothing is enforced",
        "identity.refuted" => "There is evidence that somebody else sent this; nothing is enforced",
        other => return format!("Decided by {other}"),
    }
    .to_owned()
}

fn of_restriction(facts: &Facts<'_>, restriction: &Restriction) -> String {
    let why = facts.code.as_str().split_once('.').map_or("", |(_, why)| why);
    match (&restriction.kind, why) {
        (Kind::SinglePointOfContact(point), "deputy") => {
            format!("{} is away: a deputy takes this person's contacts", point.contact.name)
        }
        (Kind::SinglePointOfContact(point), "team") => {
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
        (Kind::IssueClosed(_) | Kind::ComplaintClosed(_), "new_evidence") => {
            "On a closed matter, and may hold new evidence: somebody must look".to_owned()
        }
        (Kind::IssueClosed(_), _) => {
            "Repeats what was answered on a closed issue: filed, no reply is due".to_owned()
        }
        (Kind::ComplaintClosed(_), _) => {
            "Repeats a complaint that has ended: filed, no reply is due".to_owned()
        }
        (Kind::RepresentativeOnly { .. }, _) => {
            "This person contacts us through a representative only".to_owned()
        }
        (Kind::ReadAndFile { .. }, "new_issue") => {
            "Read and file, but this may be a new issue: somebody must look".to_owned()
        }
        (Kind::ReadAndFile { .. }, "new_evidence") => {
            "Read and file, but this may hold new evidence: somebody must look".to_owned()
        }
        (Kind::ReadAndFile { .. }, _) => {
            "Read and file: somebody must mark it read; no reply is due".to_owned()
        }
        (Kind::ContactEnded, "new_issue") => {
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
