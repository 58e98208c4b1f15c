//! Rows 7 and 11: ended contact, closed issues, contact that is read and filed.
//!
//! The machine only separates repetition from something that a person should look at.

use super::super::contact::Contact;
use super::super::decision::Route;
use super::super::evidence::{News, Seen, TextNews, fingerprint, news};
use super::super::flag::Flag;
use super::super::ledger::Received;
use super::super::queue;
use super::super::reason_code::ReasonCode;
use super::super::restriction::{ClosedIssue, Kind, Mode, Restriction};
use super::super::row::DecisionRow;
use super::route::queue_route;
use super::walk::{Finding, Walk, bare_id};
use crate::domain::disposition::Disposition;
use crate::domain::issue::same_issue;

type Settled = Option<(Disposition, Option<Route>)>;

/// What a contact is about, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Matter {
    /// A case reference: the contact's own, or that of its thread.
    Issue(String),
    /// A known thread that has no case reference.
    Thread,
    Unknown,
}

fn names_issue(issues: &[String], issue: &str) -> bool {
    issues.iter().any(|one| same_issue(one, issue))
}

fn threads_meet(a: &[String], b: &[String]) -> bool {
    a.iter().any(|x| b.iter().any(|y| bare_id(x) == bare_id(y)))
}

/// The person's restrictions of every status: what any of them names is known.
fn restrictions<'a>(walk: &Walk<'a>) -> &'a [Restriction] {
    walk.person().map_or(&[], |person| &person.restrictions)
}

fn received<'a>(walk: &Walk<'a>) -> &'a [Received] {
    walk.ledger().map_or(&[], |ledger| &ledger.received)
}

/// The reference that the contact carries itself. The sender can write any: it is a claim.
fn claimed<'a>(walk: &Walk<'a>) -> Option<&'a str> {
    walk.contact.issue.as_deref().map(str::trim).filter(|issue| !issue.is_empty())
}

/// What the contact says that it is about: its own reference, else that of its thread. Counting follows this: each
/// reference of one's own making is an issue more.
pub(super) fn named_matter(walk: &Walk<'_>) -> Matter {
    match claimed(walk) {
        Some(issue) => Matter::Issue(issue.to_owned()),
        None => matter_of_thread(walk),
    }
}

/// What the contact is about, as far as the organisation knows. A reference that it does not know makes
/// no new issue: the contact is compared as one without.
pub(super) fn matter(walk: &Walk<'_>) -> Matter {
    match claimed(walk).filter(|issue| is_known(walk, issue)) {
        Some(issue) => Matter::Issue(issue.to_owned()),
        None => matter_of_thread(walk),
    }
}

/// Whether the contact claims a reference that the organisation does not know.
pub(super) fn claims_unknown(walk: &Walk<'_>) -> bool {
    claimed(walk).is_some_and(|issue| !is_known(walk, issue))
}

fn matter_of_thread(walk: &Walk<'_>) -> Matter {
    let contact = walk.contact;
    // Of several on one thread, the first by id that names an issue: whatever order they are listed in.
    let closed_on_thread = restrictions(walk)
        .iter()
        .filter_map(|restriction| Some((&restriction.id, restriction.kind.closed()?)))
        .filter(|(_, closed)| threads_meet(&closed.threads, &contact.thread))
        .min_by_key(|(id, closed)| (closed.issues.is_empty(), *id));
    if let Some((_, closed)) = closed_on_thread {
        return closed.issues.first().cloned().map_or(Matter::Thread, Matter::Issue);
    }
    let mut on_thread = received(walk)
        .iter()
        .rev()
        .filter(|earlier| threads_meet(&earlier.thread, &contact.thread))
        .peekable();
    if on_thread.peek().is_none() {
        return Matter::Unknown;
    }
    on_thread.find_map(|earlier| earlier.issue.clone()).map_or(Matter::Thread, Matter::Issue)
}

/// Whether an issue is known: a restriction of the person names it, the record lists it, or an
/// earlier contact that was admitted or filed carried it.
fn is_known(walk: &Walk<'_>, issue: &str) -> bool {
    let named = restrictions(walk).iter().any(|restriction| {
        let closed = restriction.kind.closed();
        let filed =
            if let Kind::ReadAndFile { issues } = &restriction.kind { issues } else { &None };
        closed.is_some_and(|closed| names_issue(&closed.issues, issue))
            || filed.as_deref().is_some_and(|issues| names_issue(issues, issue))
    });
    named
        || is_listed(walk, issue)
        || received(walk).iter().any(|earlier| {
            earlier.makes_issue_known
                && earlier.issue.as_deref().is_some_and(|known| same_issue(known, issue))
        })
}

/// Whether the person's record lists an issue.
fn is_listed(walk: &Walk<'_>, issue: &str) -> bool {
    walk.person().is_some_and(|person| {
        let mut engaged = person.engaged.iter().filter_map(|one| one.issue.as_deref());
        names_issue(&person.issues, issue) || engaged.any(|one| same_issue(one, issue))
    })
}

/// Whether the contact claims a reference that the person's record lists.
pub(super) fn claims_listed(walk: &Walk<'_>) -> bool {
    claimed(walk).is_some_and(|issue| is_listed(walk, issue))
}

/// What was seen before: texts of the earlier contacts and closed issues that `on` picks, and every
/// attachment of the person whatever it was about.
fn seen<'w>(
    walk: &Walk<'w>,
    on_contact: impl Fn(&Received) -> bool,
    on_closed: impl Fn(&ClosedIssue) -> bool,
) -> Seen<'w> {
    let mut seen = Seen::default();
    for earlier in received(walk) {
        seen.add_attachments(&earlier.attachments);
        if on_contact(earlier) {
            seen.add_text(earlier.text.as_slice());
        }
    }
    for closed in restrictions(walk).iter().filter_map(|one| one.kind.closed()) {
        seen.add_attachments(&closed.attachments);
        if on_closed(closed) {
            for text in &closed.answered {
                seen.add_text(fingerprint(text));
            }
        }
    }
    seen
}

fn news_overall(walk: &Walk<'_>) -> News {
    compare(walk, &seen(walk, |_| true, |_| true))
}

/// The new parts compared with the earlier contacts on a matter.
fn news_on(walk: &Walk<'_>, matter: &Matter) -> News {
    let contact = walk.contact;
    let on_issue = |issue: Option<&str>| match matter {
        Matter::Issue(wanted) => issue.is_some_and(|issue| same_issue(issue, wanted)),
        Matter::Thread | Matter::Unknown => false,
    };
    let seen = seen(
        walk,
        |earlier| {
            on_issue(earlier.issue.as_deref()) || threads_meet(&earlier.thread, &contact.thread)
        },
        |closed| {
            closed.issues.iter().any(|issue| on_issue(Some(issue)))
                || threads_meet(&closed.threads, &contact.thread)
        },
    );
    compare(walk, &seen)
}

fn compare(walk: &Walk<'_>, seen: &Seen<'_>) -> News {
    let prints = &walk.reading().fingerprints;
    news(walk.contact, prints, seen, walk.profile().evidence.new_text_share)
}

/// Row 7: contact has ended. A new issue, or an attachment not seen before, goes to the head of
/// service, to decide whether to engage; everything else is filed.
pub(super) fn contact_ended(walk: &mut Walk<'_>) -> Settled {
    let ended: Vec<&Restriction> = walk
        .in_force()
        .into_iter()
        .filter(|restriction| matches!(restriction.kind, Kind::ContactEnded))
        .collect();
    if ended.is_empty() || is_engaged(walk) {
        return None;
    }
    let news = news_overall(walk);
    let new_issue = match matter(walk) {
        Matter::Issue(_) | Matter::Thread => false,
        Matter::Unknown => news.is_possible(),
    };
    let goes_on = new_issue || !news.attachments.is_empty();
    let (code, disposition, route) = if goes_on {
        let route = queue_route(walk.organisation, queue::HEAD_OF_SERVICE);
        (ReasonCode::ContactEndedNewIssue, Disposition::Route, Some(route))
    } else {
        (ReasonCode::ContactEndedFiled, Disposition::File, None)
    };
    let found = ended.into_iter().map(|one| (one, Finding::of(one, code.clone()))).collect();
    let settled = walk.settle(DecisionRow::ContactEnded, found, disposition, route);
    if settled.is_some() && goes_on {
        walk.flag(Flag::PossibleNewIssue);
        walk.news = news.lines();
    }
    settled
}

/// Whether the contact is about a new issue that somebody decided to engage with.
pub(super) fn is_engaged(walk: &Walk<'_>) -> bool {
    let engaged = walk.person().map_or(&[][..], |person| &person.engaged);
    let about = matter(walk);
    engaged.iter().any(|one| {
        let same = matches!((&one.issue, &about), (Some(a), Matter::Issue(b)) if same_issue(a, b));
        same || threads_meet(&one.threads, &walk.contact.thread)
    })
}

/// What one restriction of row 11 makes of the contact.
struct Judged<'a> {
    restriction: &'a Restriction,
    finding: Finding,
    /// What is new, if somebody should look.
    review: Option<(News, Flag)>,
}

/// Row 11: closed issues and complaints, and what is read and filed. Where one restriction would
/// file and another sees something new, somebody looks.
pub(super) fn closed_or_filed(walk: &mut Walk<'_>) -> Settled {
    let judged: Vec<Judged<'_>> =
        walk.in_force().into_iter().filter_map(|one| judge(walk, one)).collect();
    let reviewed = |judged: &[&Judged<'_>]| judged.iter().any(|one| one.review.is_some());
    let enforced: Vec<&Judged<'_>> =
        judged.iter().filter(|one| walk.mode_of(one.restriction) == Mode::Enforce).collect();
    let everything: Vec<&Judged<'_>> = judged.iter().collect();
    if everything.len() > enforced.len() && !walk.observed_search_ended() {
        let would = if reviewed(&everything) { Disposition::Route } else { Disposition::File };
        for one in &everything {
            if walk.mode_of(one.restriction) == Mode::Observe {
                walk.observe(DecisionRow::ClosedOrFiled, would, one.finding.clone());
            }
        }
    }
    if enforced.is_empty() {
        return None;
    }
    let review = reviewed(&enforced);
    for one in enforced {
        if one.review.is_some() == review {
            walk.find(DecisionRow::ClosedOrFiled, one.finding.clone());
        }
        if let Some((news, flag)) = &one.review {
            walk.flag(flag.clone());
            for line in news.lines() {
                if !walk.news.contains(&line) {
                    walk.news.push(line);
                }
            }
        }
    }
    if review {
        let route = queue_route(walk.organisation, queue::REVIEW);
        return Some((Disposition::Route, Some(route)));
    }
    Some((Disposition::File, None))
}

fn judge<'a>(walk: &Walk<'a>, restriction: &'a Restriction) -> Option<Judged<'a>> {
    if let Kind::ReadAndFile { issues } = &restriction.kind {
        return judge_filed(walk, restriction, issues.as_deref());
    }
    judge_closed(walk, restriction, restriction.kind.closed()?)
}

fn judge_closed<'a>(
    walk: &Walk<'a>,
    restriction: &'a Restriction,
    closed: &ClosedIssue,
) -> Option<Judged<'a>> {
    let contact = walk.contact;
    let about = matter(walk);
    let earlier_on = |earlier: &Received| {
        earlier.issue.as_deref().is_some_and(|issue| names_issue(&closed.issues, issue))
            || threads_meet(&earlier.thread, &closed.threads)
    };
    let seen = seen(walk, earlier_on, |one| one == closed);
    let news = compare(walk, &seen);
    let on_issue = match &about {
        Matter::Issue(issue) => names_issue(&closed.issues, issue),
        Matter::Thread => {
            threads_meet(&closed.threads, &contact.thread)
                || received(walk).iter().any(|earlier| {
                    earlier_on(earlier) && threads_meet(&earlier.thread, &contact.thread)
                })
        }
        Matter::Unknown => {
            news.text == TextNews::Repeated || resends_attachments(walk, closed, &news, earlier_on)
        }
    };
    if !on_issue {
        return None;
    }
    let is_complaint = matches!(restriction.kind, Kind::ComplaintClosed(_));
    let is_new = news.is_possible();
    let code = match (is_complaint, is_new) {
        (true, true) => ReasonCode::ComplaintClosedNewEvidence,
        (true, false) => ReasonCode::ComplaintClosedRepeat,
        (false, true) => ReasonCode::IssueClosedNewEvidence,
        (false, false) => ReasonCode::IssueClosedRepeat,
    };
    Some(Judged {
        restriction,
        finding: Finding::of(restriction, code),
        review: is_new.then_some((news, Flag::PossibleNewEvidence)),
    })
}

/// No text of its own, and nothing but attachments already considered on the issue.
fn resends_attachments(
    walk: &Walk<'_>,
    closed: &ClosedIssue,
    news: &News,
    earlier_on: impl Fn(&Received) -> bool,
) -> bool {
    let contact: &Contact = walk.contact;
    let on_issue = |digest: &str| {
        closed.attachments.iter().any(|known| known.eq_ignore_ascii_case(digest))
            || received(walk).iter().filter(|earlier| earlier_on(earlier)).any(|earlier| {
                earlier.attachments.iter().any(|known| known.eq_ignore_ascii_case(digest))
            })
    };
    news.text == TextNews::NoText
        && !contact.attachments.is_empty()
        && contact.attachments.iter().all(|attachment| on_issue(&attachment.sha256))
}

fn judge_filed<'a>(
    walk: &Walk<'a>,
    restriction: &'a Restriction,
    issues: Option<&[String]>,
) -> Option<Judged<'a>> {
    let about = matter(walk);
    let (news, flag, code) = match (issues, &about) {
        (Some(listed), Matter::Issue(issue)) if !names_issue(listed, issue) => return None,
        (Some(listed), Matter::Thread | Matter::Unknown) => {
            // Only what repeats a listed issue belongs to it.
            let on_listed = |earlier: &Received| {
                earlier.issue.as_deref().is_some_and(|issue| names_issue(listed, issue))
            };
            let seen = seen(walk, on_listed, |closed| {
                closed.issues.iter().any(|issue| names_issue(listed, issue))
            });
            let news = compare(walk, &seen);
            if news.text != TextNews::Repeated {
                return None;
            }
            (news, Flag::PossibleNewEvidence, ReasonCode::ReadAndFileNewEvidence)
        }
        (_, Matter::Issue(_)) | (None, Matter::Thread) => {
            (news_on(walk, &about), Flag::PossibleNewEvidence, ReasonCode::ReadAndFileNewEvidence)
        }
        (None, Matter::Unknown) => {
            (news_overall(walk), Flag::PossibleNewIssue, ReasonCode::ReadAndFileNewIssue)
        }
    };
    Some(if news.is_possible() {
        Judged { restriction, finding: Finding::of(restriction, code), review: Some((news, flag)) }
    } else {
        Judged {
            restriction,
            finding: Finding::of(restriction, ReasonCode::ReadAndFileFiled),
            review: None,
        }
    })
}

/// Whether row 7 or 11 would end the search for this contact at a later instant, at which this
/// restriction of the person is in force: then waiting does not admit it.
pub(super) fn would_not_admit<'a>(walk: &Walk<'a>, restriction: &'a Restriction) -> bool {
    matches!(restriction.kind, Kind::ContactEnded) || judge(walk, restriction).is_some()
}
