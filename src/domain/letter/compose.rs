//! From a case to the parts of a letter, in the order in which they are said.

use chrono::NaiveDate;

use super::terms::Terms;
use super::{
    AppealRight, Behaviour, Concerns, Considered, Event, Lasting, Letter, Opening, Outcome, Part,
    Reasons, Said,
};
use crate::domain::case::CaseFile;
use crate::domain::case::anchors::{day, decided_on, last_day, will_hold};
use crate::domain::case::appeal::{Appeal, AppealOutcome};
use crate::domain::case::conduct::{Warning, WarningKind};
use crate::domain::case::letter::{CaseLetter, LetterKind, parts_of};
use crate::domain::case::lighter::varied_by;
use crate::domain::case::proposal::Proposal;
use crate::domain::case::restraint::{Restraint, Review, ReviewOutcome};
use crate::domain::channel::Channel;
use crate::domain::moment::{Moment, midnight};
use crate::domain::notice::{
    Day, NoticePart, Until, appeal, emergency, is_section, ombudsman, open_ways, policy,
};
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::profile::{Anchor, Exception, OnOverdue, Profile, Role};
use crate::domain::restriction::{Kind, Restriction};

/// What a letter is written from.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    pub organisation: &'a Organisation,
    pub file: &'a CaseFile,
    pub person: &'a Person,
    pub letter: &'a CaseLetter,
    /// The day that the letter bears.
    pub day: NaiveDate,
}

/// The letter that a draft asks for.
pub fn compose(about: About<'_>) -> Letter {
    let subject = Subject::of(about);
    let mut said = parts(&subject);
    said.retain(|one| one.part().is_none_or(|part| !is_left_out(about, part)));
    for (name, text) in &about.letter.words {
        let own = Said::Own { name: name.clone(), text: text.clone() };
        let part = own.part();
        match said.iter_mut().find(|one| part.is_some() && one.part() == part) {
            Some(place) => *place = own,
            None => said.push(own),
        }
    }
    Letter {
        kind: about.letter.kind,
        language: about.letter.language,
        format: about.letter.format,
        organisation: about.organisation.profile.name.clone(),
        from: about
            .organisation
            .reach
            .details
            .get(&Channel::Letter)
            .map(|one| lines(one))
            .unwrap_or_default(),
        date: about.day,
        name: about.person.name.trim().to_owned(),
        address: about.person.address.as_deref().map(lines).unwrap_or_default(),
        reference: about.person.reference.clone(),
        said,
        signed_by: subject.signed_by(),
    }
}

/// An address as written on an envelope.
fn lines(address: &str) -> Vec<String> {
    let lines = address.split([',', '\n']).map(str::trim);
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Whether a part was left out in the draft.
fn is_left_out(about: About<'_>, part: Part) -> bool {
    let letter = about.letter;
    let asked = parts_of(&about.organisation.profile, letter.kind);
    let of_part = || asked.iter().filter(|name| Part::asked_for_as(name) == Some(part));
    of_part().next().is_some() && of_part().any(|name| !letter.parts.contains(name))
}

/// What the letter is about, found in the case.
struct Subject<'a> {
    about: About<'a>,
    warning: Option<&'a Warning>,
    appeal: Option<&'a Appeal>,
    review: Option<&'a Review>,
    proposal: Option<&'a Proposal>,
    known: Option<&'a Restraint>,
    /// As it is in force, or will be; with the new terms where they are written down.
    restriction: Option<Restriction>,
}

impl<'a> Subject<'a> {
    fn of(about: About<'a>) -> Self {
        let (file, person, id) = (about.file, about.person, about.letter.about.as_str());
        let appeal = file.appeal(id);
        let by_id = file.reviews.iter().find(|one| one.id == id);
        let restriction = appeal.map(|appeal| appeal.restriction.as_str());
        let restriction = restriction.or(by_id.map(|review| review.restriction.as_str()));
        let restriction = restriction.unwrap_or(id);
        let known = file.restraint(restriction);
        let from = known.and_then(|known| known.proposal.as_deref());
        let proposal = file.proposal(id).or_else(|| file.proposal(from?));
        let last = || file.reviews.iter().rev().find(|one| one.restriction == restriction);
        let review = by_id.or_else(last);
        let held = person.restrictions.iter().find(|one| one.id == restriction).cloned();
        let profile = &about.organisation.profile;
        let proposed = || proposal.map(|one| will_hold(profile, file, one, about.day));
        let restriction = match file.proposal(id) {
            Some(_) => proposed(),
            None => held.or_else(proposed),
        };
        let restriction = restriction.map(|before| changed(profile, before, about.letter));
        let warning = file.warning(id);
        Subject { about, warning, appeal, review, proposal, known, restriction }
    }

    fn profile(&self) -> &'a Profile {
        &self.about.organisation.profile
    }

    fn concerns(&self) -> Concerns {
        match self.restriction.as_ref().map(|one| &one.kind) {
            Some(Kind::VisitsInPairs | Kind::AppointmentOnly) => Concerns::Meeting,
            _ => Concerns::Contact,
        }
    }

    fn signed_by(&self) -> Option<Role> {
        let decides = || self.profile().responsible.decides.as_ref()?.as_slice().first().cloned();
        match self.about.letter.kind {
            LetterKind::Warning => None,
            LetterKind::AppealOutcome => {
                self.appeal?.hearer.as_ref().map(|hearer| hearer.role.clone())
            }
            _ => {
                let signed = self.proposal.and_then(|one| one.signature.as_ref());
                signed.map(|signature| signature.role.clone()).or_else(decides)
            }
        }
    }

    /// Whether another restriction applies, of which the person was notified before.
    fn others(&self) -> bool {
        let at = midnight(self.profile().timezone, self.about.day);
        let own = self.restriction.as_ref().map(|one| one.id.as_str());
        self.about.person.restrictions.iter().any(|one| {
            Some(one.id.as_str()) != own
                && one.is_in_force(at, self.profile())
                && !matches!(one.kind, Kind::VisitsInPairs | Kind::AppointmentOnly)
        })
    }
}

/// A restriction with the new terms that a draft writes down.
fn changed(profile: &Profile, before: Restriction, letter: &CaseLetter) -> Restriction {
    if letter.changes.is_empty() {
        return before;
    }
    varied_by(profile, &before, &letter.changes).unwrap_or(before)
}

fn parts(subject: &Subject<'_>) -> Vec<Said> {
    let organisation = subject.about.organisation;
    let kind = subject.about.letter.kind;
    let ended = match kind {
        LetterKind::Lifted => true,
        LetterKind::ReviewOutcome => {
            subject.review.is_some_and(|review| review.outcome == ReviewOutcome::Lift)
        }
        LetterKind::AppealOutcome => subject
            .appeal
            .and_then(|appeal| appeal.decision.as_ref())
            .is_some_and(|decision| decision.outcome == AppealOutcome::Quashed),
        _ => false,
    };
    let tells_terms = kind != LetterKind::Warning && !ended;
    let decides = kind.imposes() || kind == LetterKind::NoNotificationRecord;
    let mut said = vec![Said::Opening(opening(subject))];
    said.extend(outcome(subject).map(|outcome| Said::Outcome { outcome }));
    if tells_terms {
        said.extend(terms(subject).map(|terms| Said::Restrictions { terms }));
        said.extend(lasting(subject).map(Said::Duration));
    }
    if decides || kind == LetterKind::Warning {
        said.extend(behaviour(subject).map(Said::Behaviour));
    }
    if let Some(warning) = subject.warning {
        said.push(Said::MustChange { what: warning.must_change.clone() });
        said.push(Said::Consequences { what: warning.consequences.clone() });
    }
    if decides || kind == LetterKind::AppealOutcome {
        said.push(Said::Reasons(reasons(subject)));
    }
    if decides {
        said.extend(considered(subject).map(Said::Considered));
    }
    if kind == LetterKind::NoNotificationRecord {
        return said;
    }
    if kind.imposes() {
        let every_months = subject.profile().review.every_months;
        said.push(Said::Monitoring { every_months });
    }
    said.push(Said::HowToReach { ways: ways(subject, ended), others: subject.others() });
    said.push(Said::AlwaysOpen { emergency: emergency(organisation) });
    if kind.imposes() || (kind == LetterKind::ReviewOutcome && !ended) {
        said.push(Said::HowToAppeal(appeal_right(subject)));
    }
    if kind.names_ombudsman() || kind == LetterKind::ReviewOutcome {
        let named = ombudsman(subject.profile());
        said.extend(named.map(|named| Said::Ombudsman { named }));
    }
    if kind.imposes() || kind == LetterKind::Warning {
        let asked = parts_of(subject.profile(), kind);
        let enclosed = asked.iter().any(|name| name == Part::PolicyCopy.name());
        said.push(Said::PolicyCopy { policy: policy(organisation), enclosed });
    }
    said
}

fn opening(subject: &Subject<'_>) -> Opening {
    let concerns = subject.concerns();
    let received = || {
        let appeal = subject.appeal?;
        Some((day(subject.profile(), appeal.received.at), appeal.received.channel))
    };
    match subject.about.letter.kind {
        LetterKind::Warning => {
            let formal = subject.warning.is_some_and(|one| one.kind == WarningKind::Formal);
            Opening::Warning { formal }
        }
        LetterKind::Restriction => Opening::Restriction { concerns },
        LetterKind::Variation => Opening::Variation { concerns },
        LetterKind::Lifted => Opening::Lifted { concerns },
        LetterKind::UpcomingReview => Opening::UpcomingReview { concerns },
        LetterKind::ReviewOutcome => Opening::ReviewOutcome { concerns },
        LetterKind::ContactEnded => Opening::ContactEnded,
        LetterKind::NoNotificationRecord => Opening::NoNotificationRecord,
        LetterKind::AppealAcknowledged => match received() {
            Some((received, channel)) => Opening::AppealAcknowledged { received, channel },
            None => Opening::Restriction { concerns },
        },
        LetterKind::AppealOutcome => match received() {
            Some((received, channel)) => Opening::AppealOutcome { received, channel },
            None => Opening::Restriction { concerns },
        },
    }
}

fn outcome(subject: &Subject<'_>) -> Option<Outcome> {
    let profile = subject.profile();
    let letter = subject.about.letter;
    Some(match letter.kind {
        LetterKind::Warning
        | LetterKind::Restriction
        | LetterKind::Variation
        | LetterKind::ContactEnded => return None,
        LetterKind::Lifted => {
            let ending = subject.known.and_then(|known| known.ended.as_ref());
            Outcome::Lifted {
                on: ending.map(|ending| day(profile, ending.at)),
                why: letter.why.clone().or_else(|| ending.map(|ending| ending.why.clone())),
            }
        }
        LetterKind::UpcomingReview => Outcome::Upcoming {
            by: subject.restriction.as_ref().and_then(|one| day_of(one.review_due, profile)),
        },
        LetterKind::ReviewOutcome => match subject.review {
            None => Outcome::Open,
            Some(Review { outcome, why, next_due, .. }) => {
                let (why, next) = (why.clone(), *next_due);
                match outcome {
                    ReviewOutcome::Keep => Outcome::Kept { why, next },
                    ReviewOutcome::Vary => Outcome::Eased { why, next },
                    ReviewOutcome::Lift => Outcome::EndedByReview { why },
                }
            }
        },
        LetterKind::AppealAcknowledged => acknowledged(subject),
        LetterKind::AppealOutcome => {
            let decision = subject.appeal.and_then(|appeal| appeal.decision.as_ref());
            match decision.map(|decision| decision.outcome) {
                None => Outcome::Open,
                Some(AppealOutcome::Upheld) => Outcome::Upheld,
                Some(AppealOutcome::Varied) => Outcome::Varied,
                Some(AppealOutcome::Quashed) => Outcome::Quashed,
            }
        }
        LetterKind::NoNotificationRecord => {
            let asked = subject.proposal.and_then(|one| one.asked(Exception::NoNotification));
            let signature = asked.and_then(|asked| asked.signature.as_ref());
            Outcome::NotTold {
                why: asked.map(|asked| asked.justification.clone()),
                signed_by: signature.map(|signature| signature.role.clone()),
                review: asked.and_then(|asked| day_of(asked.review_due, profile)),
            }
        }
    })
}

fn acknowledged(subject: &Subject<'_>) -> Outcome {
    let profile = subject.profile();
    let received = subject.appeal.map(|appeal| day(profile, appeal.received.at));
    let answer = profile.appeal.answer.map(|answer| answer.length);
    let hearer = subject.appeal.and_then(|appeal| appeal.hearer.as_ref());
    let hears = || profile.appeal.heard_by.as_ref()?.as_slice().first().cloned();
    let suspends = subject.appeal.is_some_and(|appeal| appeal.suspends);
    Outcome::Acknowledged {
        heard_by: hearer.map(|hearer| hearer.role.clone()).or_else(hears),
        answer_by: received
            .zip(answer)
            .map(|(received, length)| last_day(profile, length, received)),
        holds: profile.kept_during_appeal() || !suspends,
        late: subject.appeal.is_some_and(|appeal| appeal.out_of_time),
    }
}

fn day_of(moment: Option<Moment>, profile: &Profile) -> Option<NaiveDate> {
    moment.map(|moment| moment.day(profile.timezone))
}

fn terms(subject: &Subject<'_>) -> Option<Terms> {
    let restriction = subject.restriction.as_ref()?;
    let letter = subject.about.letter;
    // A variation by a proposal has its terms there; one that comes after its letter needs them here.
    let untold = letter.kind == LetterKind::Variation
        && letter.changes.is_empty()
        && subject.about.file.proposal(&letter.about).is_none();
    Some(if untold {
        Terms::LessThanBefore
    } else {
        Terms::of(subject.about.organisation, restriction)
    })
}

fn lasting(subject: &Subject<'_>) -> Option<Lasting> {
    let restriction = subject.restriction.as_ref()?;
    let profile = subject.profile();
    let zone = profile.timezone;
    let kind = subject.about.letter.kind;
    let is_new = kind.imposes() || kind == LetterKind::NoNotificationRecord;
    // The review that a letter is about says its own next date.
    let reviewed = restriction
        .review_due
        .filter(|_| !matches!(kind, LetterKind::UpcomingReview | LetterKind::ReviewOutcome));
    let ends = restriction.ends.map(|ends| Until::Ends(Day::of(ends, zone)));
    let review = reviewed.map(|due| Until::ReviewedBy(Day::of(due, zone)));
    let mut until: Vec<Until> = ends.into_iter().chain(review).collect();
    if until.is_empty() && is_new {
        until.push(Until::Reviewed);
    }
    let lapses = profile.review.on_overdue == Some(OnOverdue::Lapse) && reviewed.is_some();
    let earlier = profile.review.earlier.as_deref() == Some("good_conduct") && is_new;
    let from = restriction.starts.filter(|_| is_new).map(|starts| Day::of(starts, zone));
    let nothing = from.is_none() && until.is_empty();
    (!nothing).then_some(Lasting { from, until, lapses, earlier })
}

fn behaviour(subject: &Subject<'_>) -> Option<Behaviour> {
    let (profile, file) = (subject.profile(), subject.about.file);
    let own = subject.warning.map(|warning| warning.behaviour.clone());
    let named = match (subject.warning, subject.proposal) {
        (Some(warning), _) => warning.incidents.as_slice(),
        (None, Some(proposal)) => proposal.incidents.as_slice(),
        (None, None) => &[],
    };
    let incidents: Vec<_> = named.iter().filter_map(|id| file.incident(id)).collect();
    let ground = subject.restriction.as_ref().and_then(|one| one.grounds.clone());
    let mut grounds: Vec<String> = match (ground, subject.warning) {
        (Some(ground), None) => vec![ground],
        _ => incidents.iter().map(|incident| incident.ground.clone()).collect(),
    };
    grounds.sort();
    grounds.dedup();
    let events: Vec<Event> = incidents
        .iter()
        .map(|incident| Event {
            day: day(profile, incident.happened_at),
            channel: incident.channel,
            what: own.is_none().then(|| incident.what.clone()),
        })
        .collect();
    let nothing = own.is_none() && grounds.is_empty() && events.is_empty();
    (!nothing).then_some(Behaviour { own, grounds, events })
}

fn reasons(subject: &Subject<'_>) -> Reasons {
    let profile = subject.profile();
    let clause = subject.restriction.as_ref().and_then(|restriction| {
        let own = restriction.clause.clone();
        own.or_else(|| profile.clause_for(restriction.kind.name()).map(str::to_owned))
    });
    let incidents = subject.proposal.map(|one| one.incidents.as_slice()).unwrap_or_default();
    let warned = subject
        .about
        .file
        .warnings
        .iter()
        .filter(|warning| warning.incidents.iter().any(|id| incidents.contains(id)))
        .map(|warning| day(profile, warning.at));
    let decision = subject.appeal.and_then(|appeal| appeal.decision.as_ref());
    let is_appeal = subject.about.letter.kind == LetterKind::AppealOutcome;
    Reasons {
        policy: policy(subject.about.organisation),
        clause: clause.filter(|clause| is_section(clause)),
        warned: if is_appeal { Vec::new() } else { warned.collect() },
        aim: subject.proposal.filter(|_| !is_appeal).and_then(|proposal| proposal.aim.clone()),
        why: match decision {
            Some(decision) if is_appeal => Some(decision.why.clone()),
            _ => subject.about.letter.why.clone(),
        },
    }
}

fn considered(subject: &Subject<'_>) -> Option<Considered> {
    let proposal = subject.proposal?;
    Some(Considered {
        adjustments: proposal.adjustments_considered.clone(),
        why_no_lesser: proposal.why_no_lesser.clone(),
    })
}

/// How to reach us, unless the terms themselves name the way.
fn ways(subject: &Subject<'_>, ended: bool) -> Option<NoticePart> {
    let organisation = subject.about.organisation;
    let restriction = subject.restriction.as_ref().filter(|_| !ended);
    if let Some(restriction) = restriction
        && Terms::of(organisation, restriction).names_the_way()
    {
        return None;
    }
    let own: Vec<&Restriction> = restriction.into_iter().collect();
    let at = midnight(subject.profile().timezone, subject.about.day);
    let held = subject.about.person.restrictions.iter().filter(|one| {
        subject.restriction.as_ref().is_none_or(|own| own.id != one.id)
            && one.is_in_force(at, subject.profile())
    });
    let together: Vec<&Restriction> = own.into_iter().chain(held).collect();
    let ways = open_ways(organisation, &together);
    (!ways.is_empty()).then_some(NoticePart::HowToReach { ways })
}

fn appeal_right(subject: &Subject<'_>) -> AppealRight {
    let profile = subject.profile();
    let window = profile.appeal.window;
    // A last day is said only where it can't turn out to be later than the policy gives.
    let anchor = window.and_then(|window| match window.from? {
        Anchor::Decision => {
            let known = subject.known.map(|known| known.decided);
            known.or_else(|| decided_on(profile, subject.proposal?))
        }
        Anchor::Implementation => subject.known.map(|known| known.implemented),
        Anchor::Letter | Anchor::Receipt | Anchor::AppealDecision => None,
    });
    AppealRight {
        right: appeal(subject.about.organisation),
        last_day: window
            .zip(anchor)
            .map(|(window, anchor)| last_day(profile, window.length, anchor)),
        holds_during: profile.appeal.in_force_during,
        answer: profile.appeal.answer.map(|answer| answer.length),
    }
}
