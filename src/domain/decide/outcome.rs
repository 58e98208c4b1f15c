//! What a settled decision amounts to: the route, the notice, the queue item, the record.

use chrono::{DateTime, Duration, Utc};

use super::super::audit::{AuditRow, DecidedEntry};
use super::super::calendar::{Counting, OVERTAKING_MINUTES_MAX, rolling_length};
use super::super::channel::Channel;
use super::super::contact::Contact;
use super::super::decision::{Decision, Notice};
use super::super::flag::Flag;
use super::super::ledger::{Additions, Received, Told};
use super::super::organisation::Organisation;
use super::super::queue::{self, ItemState, QueueItem};
use super::super::reason_code::ReasonCode;
use super::super::row::DecisionRow;
use super::super::sender::{Sender, Standing};
use super::super::{explain, notice};
use super::facts::facts;
use super::issues::{Matter, claims_unknown, named_matter};
use super::limits::next_admission;
use super::walk::{Walk, bare_id};
use super::{Verdict, audit_rows};
use crate::domain::disposition::Disposition;

/// How long a notice with a reason without its own period is not repeated.
const TOLD_AGAIN_AFTER: Duration = Duration::days(7);

/// Row 0: the recorded decision again.
pub(super) fn repeated(
    organisation: &Organisation,
    sender: &Sender,
    recorded: &Decision,
    contact: &Contact,
) -> Verdict {
    let audit = entry(
        organisation,
        sender,
        contact,
        recorded,
        vec![row(DecisionRow::Recorded, ReasonCode::Recorded)],
    );
    Verdict { decision: recorded.clone(), additions: Additions::default(), item: None, audit }
}

/// Row 1: delivered, and nothing looked at further.
pub(super) fn unrestricted(
    organisation: &Organisation,
    sender: &Sender,
    contact: &Contact,
) -> Verdict {
    let code = match sender.candidates.is_empty() {
        true => ReasonCode::SenderUnknown,
        false => ReasonCode::Unrestricted,
    };
    let facts = explain::Facts {
        code: &code,
        restriction: None,
        clause: None,
        hit: None,
        channel: contact.channel,
        observed: false,
    };
    let decision = Decision {
        contact: contact.id.clone(),
        person: sender.person().map(|person| person.id.clone()),
        disposition: Disposition::Deliver,
        mode: organisation.mode,
        route: None,
        reasons: vec![explain::reason(&organisation.profile, facts)],
        // Nothing else is looked at; the member of staff who takes the contact learns what could not be read.
        flags: doubts(sender, contact).collect(),
        quotas: Vec::new(),
        notice: None,
        would: None,
        stale: false,
    };
    let audit =
        entry(organisation, sender, contact, &decision, vec![row(DecisionRow::Unrestricted, code)]);
    Verdict { decision, additions: Additions::default(), item: None, audit }
}

/// A row that ends the search before any restriction is looked at.
const fn row(row: DecisionRow, code: ReasonCode) -> AuditRow {
    AuditRow { row, code, restriction: None, clause: None, observed: false, settled: true }
}

/// Completes the decision of a walk with everything that goes with it.
pub(super) fn verdict(mut walk: Walk<'_>, mut decision: Decision) -> Verdict {
    decision.notice = told(&mut walk, &decision);
    if decision.notice.is_some() && walk.contact.unanswerable {
        decision.flags.push(Flag::NoticeNotSent);
    }
    walk.additions.received = received(&walk, &decision);
    let item = item(&walk, &decision);
    let rows = audit_rows(&walk);
    let sender = walk.dossier.sender;
    let audit = DecidedEntry {
        facts: Some(Box::new(facts(&walk))),
        ..entry(walk.organisation, sender, walk.contact, &decision, rows)
    };
    Verdict { decision, additions: walk.additions, item, audit }
}

/// The flags of what could not be settled or read, each once.
pub(super) fn doubts(sender: &Sender, contact: &Contact) -> impl Iterator<Item = Flag> {
    let of_identifiers = (sender.unread && !contact.unread).then_some(Flag::Unread);
    contact.doubts().chain(of_identifiers)
}

fn entry(
    organisation: &Organisation,
    sender: &Sender,
    contact: &Contact,
    decision: &Decision,
    rows: Vec<AuditRow>,
) -> DecidedEntry {
    DecidedEntry {
        contact: contact.id.clone(),
        person: decision.person.clone(),
        channel: contact.channel,
        contact_at: contact.at,
        disposition: decision.disposition,
        mode: decision.mode,
        would: decision.would,
        stale: decision.stale,
        profile_version: organisation.profile.version.clone(),
        rows,
        flags: decision.flags.clone(),
        in_doubt: sender.in_doubt(&organisation.profile, contact.at),
        facts: None,
    }
}

/// The notice to a limited sender; once per period if it is sent afterwards. A representative who
/// is not named gets none: the restriction is somebody else's. A sender who can't be answered
/// by this contact is notified by a later one.
fn told(walk: &mut Walk<'_>, decision: &Decision) -> Option<Notice> {
    if decision.disposition != Disposition::Limit {
        return None;
    }
    let Standing::Own(_) = walk.dossier.sender.standing else { return None };
    let (_, primary) = walk.findings.iter().find(|(_, finding)| !finding.observed)?;
    let code = primary.code.to_string();
    if !walk.contact.channel.tells_at_once() || walk.contact.notified_apart {
        match told_before(walk, &code) {
            Before::Not => {}
            Before::Told => return None,
            // No second notice; and not none for as long as the clock was ahead.
            Before::Ahead => {
                walk.additions.told = Some(Told { code: ahead(&code), at: walk.at });
                return None;
            }
        }
        if !walk.contact.unanswerable {
            walk.additions.told = Some(Told { code, at: walk.at });
        }
    }
    let next_slot = next_admission(walk);
    let limits: Vec<notice::Limiting<'_>> = walk
        .findings
        .iter()
        .filter(|(_, finding)| !finding.observed)
        .map(|(_, finding)| super::walk::finding_facts(walk, finding))
        .filter_map(|facts| {
            let restriction = facts.restriction?;
            Some(notice::Limiting { restriction, clause: facts.clause })
        })
        .collect();
    let facts = notice::NoticeFacts {
        organisation: walk.organisation,
        contact: walk.contact,
        at: walk.at,
        limits: &limits,
        in_force: &walk.in_force(),
        next_slot,
    };
    let parts = notice::compose(&facts);
    let languages = notice::languages(walk.organisation, walk.person());
    // A notice that is mailed apart is whole, whatever the contact came by.
    let channel = match walk.contact.notified_apart {
        true => Channel::Email,
        false => walk.contact.channel,
    };
    let text = notice::in_languages(&parts, channel, &languages);
    Some(Notice { text, welsh: None, languages, parts, next_slot })
}

/// Whether the person was notified of this in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Not,
    Told,
    /// At an instant that has not come yet, by a clock that was ahead. When the clock went back, what it was
    /// before is not known: the notice counts as given now.
    Ahead,
}

/// The code under which it is remembered since when a notice counts as given that a clock ahead gave.
fn ahead(code: &str) -> String {
    format!("{code}:ahead")
}

fn told_before(walk: &Walk<'_>, code: &str) -> Before {
    let (at, zone) = (walk.at, walk.profile().timezone);
    let quota = walk
        .findings
        .iter()
        .filter(|(_, finding)| finding.code.as_str() == code)
        .filter_map(|(_, finding)| finding.restriction.as_deref())
        .find_map(|id| walk.in_force().into_iter().find(|one| one.id == id)?.kind.quota());
    let told_at = |code: &str| {
        let told = walk.ledger().into_iter().flat_map(|ledger| &ledger.told);
        told.filter(|told| told.code == code).map(|told| told.at).max()
    };
    // Two messages at once: the one that came first may be decided last.
    let has_come = |told: DateTime<Utc>| told <= at + Duration::minutes(OVERTAKING_MINUTES_MAX);
    let Some(told) = told_at(code) else { return Before::Not };
    if has_come(told) {
        let is_in_period = told > at
            || match quota {
                Some(quota) => Counting::at(quota.per, quota.window, at, zone).has(told),
                None => at < told + TOLD_AGAIN_AFTER,
            };
        return if is_in_period { Before::Told } else { Before::Not };
    }
    let period = quota.map_or(TOLD_AGAIN_AFTER, |quota| rolling_length(quota.per));
    match told_at(&ahead(code)).filter(|since| has_come(*since)) {
        Some(since) if at < since + period => Before::Told,
        Some(since) if at < since + period * 2 => Before::Not,
        // Of an earlier time that the clock was ahead.
        Some(_) | None => Before::Ahead,
    }
}

/// The traces of a contact that was received: admitted, filed or sent to somebody to look at. A limited contact was not
/// received; what came by a safeguard lane or from a doubtful sender leaves no trace that could ever count against the
/// person.
fn received(walk: &Walk<'_>, decision: &Decision) -> Option<Received> {
    let settled_early = walk
        .findings
        .iter()
        .any(|(row, finding)| *row <= DecisionRow::Identity && !finding.observed);
    let skipped = decision.disposition == Disposition::Limit
        || settled_early
        || !walk.dossier.sender.is_believed();
    if skipped {
        return None;
    }
    let contact = walk.contact;
    let thread =
        contact.thread.iter().chain(&contact.message_id).map(|id| bare_id(id).to_owned()).collect();
    Some(Received {
        contact: contact.id.clone(),
        at: walk.at,
        issue: match named_matter(walk) {
            Matter::Issue(issue) => Some(issue),
            Matter::Thread | Matter::Unknown => None,
        },
        // An issue that is only claimed does not become known by being filed.
        makes_issue_known: walk.admitted
            || (decision.disposition == Disposition::File && !claims_unknown(walk)),
        thread,
        attachments: contact
            .attachments
            .iter()
            .map(|attachment| attachment.sha256.to_ascii_lowercase())
            .collect(),
        text: walk.reading().fingerprints.clone(),
    })
}

fn item(walk: &Walk<'_>, decision: &Decision) -> Option<QueueItem> {
    let queue = match decision.disposition {
        Disposition::Deliver => return None,
        Disposition::Route => decision.route.as_ref()?.queue.clone(),
        Disposition::Limit => queue::LIMITED.to_owned(),
        Disposition::File => queue::FILED.to_owned(),
    };
    let contact = walk.contact;
    let lane_used = walk.additions.lane.as_ref().map(|lane| {
        let before = walk
            .ledger()
            .and_then(|ledger| ledger.lanes_used.iter().find(|(used, _)| used == lane))
            .map_or(0, |(_, times)| *times);
        before + 1
    });
    let is_kept = matches!(decision.disposition, Disposition::Limit | Disposition::File);
    let profile = walk.profile();
    let read_by = match (is_kept, walk.routed_to) {
        (true, _) => Some(profile.unread_from(decision.disposition, walk.at)),
        (false, Some(member)) => profile.unanswered_from(member, contact.channel, walk.had_from),
        (false, None) => None,
    };
    let resembles = match is_kept {
        true => walk.reading().resembles.iter().map(ToString::to_string).collect(),
        false => Vec::new(),
    };
    Some(QueueItem {
        id: contact.id.clone(),
        queue,
        contact: contact.id.clone(),
        person: decision.person.clone(),
        channel: contact.channel,
        at: contact.at,
        disposition: decision.disposition,
        reasons: decision.reasons.clone(),
        flags: decision.flags.clone(),
        subject: contact.subject.clone(),
        original_to: contact.to.clone(),
        sent_by: None,
        issue: contact.issue.clone(),
        thread: contact.message_id.iter().chain(&contact.thread).cloned().collect(),
        attachments: contact.attachments.iter().map(|one| one.sha256.clone()).collect(),
        new: walk.news.clone(),
        lane_used,
        filed_from: None,
        routed_to: walk.routed_to.map(|member| member.name.clone()),
        read_by,
        overdue: false,
        resembles,
        archived: None,
        text: contact.text.clone(),
        state: ItemState::Open,
        claimed_by: None,
        claimed_at: None,
        done_by: None,
        done_at: None,
        notes: Vec::new(),
        attached: Vec::new(),
    })
}
