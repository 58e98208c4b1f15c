//! What was proposed, decided, appealed against, reviewed and written.

use super::{Card, Maker, Tone};
use crate::domain::case::appeal::Appeal;
use crate::domain::case::letter::CaseLetter;
use crate::domain::case::proposal::{Proposal, ProposalState};
use crate::domain::case::restraint::Review;
use crate::domain::restriction::{Kind, Mode, Restriction, Status};
use crate::staff::console::case::ask;
use crate::staff::console::case::describe::two;
use crate::staff::console::case::offered::{self, StepLink};
use crate::staff::console::form::quoted;
use crate::staff::console::person::moment;
use crate::staff::console::say;

pub(in crate::staff::console::case) fn proposal(make: Maker<'_>, one: &Proposal) -> Card {
    let (w, language) = (make.w, make.visit.language());
    let profile = &make.visit.organisation.profile;
    let mut card = make.card(&one.id, say::terms(&one.restriction.kind, profile, language));
    let tone = match one.state {
        ProposalState::Waiting => Tone::Held,
        ProposalState::SentBack => Tone::Late,
        ProposalState::Signed => Tone::On,
        ProposalState::Draft | ProposalState::Done | ProposalState::Withdrawn => Tone::Plain,
    };
    card.tag(tone, say::proposal(one.state, language));
    if one.restriction.mode == Mode::Observe {
        card.tag(Tone::Plain, w.observe);
    }
    if let Some(why) = &one.sent_back {
        card.row(w.sent_back, why.clone());
    }
    card.row(w.proposed_by, make.by_at(&one.by, one.at));
    let signed = one.signature.as_ref().map(|it| make.by_at(&it.name, it.at));
    card.row(w.signed, signed.unwrap_or_else(|| w.not_signed.to_owned()));
    for asked in &one.exceptions {
        let signed = asked
            .signature
            .as_ref()
            .map_or(w.not_signed.to_owned(), |it| format!("{} {}", say::lower(w.signed), it.name));
        let name = ask::exception(asked.exception, language);
        card.row(w.exception, format!("{name}: {} ({signed})", asked.justification));
    }
    if one.is_open() {
        let href = proposal_href(&make.desktop.read.person.id, &one.id);
        card.steps.push(StepLink { href, text: w.open_proposal.to_owned() });
        card.more.extend(make.open("withdraw_proposal", &one.id));
    }
    card
}

/// The page on which a proposal is checked.
pub(in crate::staff::console) fn proposal_href(person: &str, id: &str) -> String {
    format!("/people/{}/proposals/{}", quoted(person), quoted(id))
}

/// The rows that say on what a restriction rests and how long it lasts.
pub(in crate::staff::console::case) fn lasting(
    make: Maker<'_>,
    one: &Restriction,
) -> Vec<(&'static str, String)> {
    let w = make.w;
    let profile = &make.visit.organisation.profile;
    let mut rows = Vec::new();
    let mut put = |name, value: Option<String>| rows.extend(value.map(|value| (name, value)));
    put(w.grounds, one.grounds.as_deref().map(say::grounds));
    let clause = one.clause.as_deref().or_else(|| profile.clause_for(one.kind.name()));
    put(w.clause, clause.map(str::to_owned));
    put(w.starts, one.starts.map(|at| moment(make.visit, at)));
    put(w.review, one.review_due.map(|at| moment(make.visit, at)));
    put(w.ends, one.ends.map(|at| moment(make.visit, at)));
    rows
}

pub(in crate::staff::console::case) fn restriction(make: Maker<'_>, one: &Restriction) -> Card {
    let (w, language) = (make.w, make.visit.language());
    let profile = &make.visit.organisation.profile;
    let file = &make.desktop.read.file;
    let mut card = make.card(&one.id, say::terms(&one.kind, profile, language));
    let in_force = one.is_in_force(make.visit.now(), profile);
    card.strong = in_force;
    if in_force {
        card.tag(Tone::On, w.in_force);
    } else if one.status == Status::Active {
        card.tag(Tone::Plain, w.not_in_force);
    }
    if one.status != Status::Active {
        card.tag(
            if one.status == Status::UnderAppeal { Tone::Held } else { Tone::Plain },
            say::status(one.status, language),
        );
    }
    if one.mode == Mode::Observe {
        card.tag(Tone::Plain, w.observe);
    }
    let overdue = one.review_due.is_some_and(|due| due.end(profile.timezone) <= make.visit.now());
    if in_force && overdue {
        card.tag(Tone::Late, format!("{}: {}", w.review, w.overdue));
    }
    card.rows = lasting(make, one);
    let is_from_elsewhere = file.restraint(&one.id).is_some_and(|known| known.decided_elsewhere);
    let by = if is_from_elsewhere { w.decided_by } else { w.proposed_by };
    card.maybe(by, one.decided_by.clone());
    card.maybe(w.signed, one.signed_off_by.clone());
    if let Some(known) = file.restraint(&one.id) {
        if known.decided_elsewhere {
            card.row(w.decided, w.decided_elsewhere);
        } else {
            card.row(w.decided, say::day(known.decided, language));
            let letter = known.letter_sent.map(|day| say::day(day, language));
            card.row(w.letter_went, letter.unwrap_or_else(|| w.no_letter.to_owned()));
        }
        for change in &known.variations {
            card.row(w.changed, format!("{}: {}", make.by_at(&change.by, change.at), change.why));
        }
        if let Some(end) = &known.ended {
            card.row(w.ended, format!("{}: {}", make.by_at(&end.by, end.at), end.why));
        }
    }
    let missing = file.missing(&make.desktop.read.person);
    let missing = missing.iter().filter(|it| it.restriction == one.id);
    let missing: Vec<&str> = missing.map(|it| say::not_on_record(it.what, language)).collect();
    card.maybe(w.missing, Some(missing.join(", ")));
    let holds = matches!(one.status, Status::Active | Status::UnderAppeal);
    if holds && !one.has_run_out(make.visit.now(), profile) {
        steps_of_restriction(make, one, &mut card);
    } else {
        card.more.extend(make.open("receive_appeal", &one.id));
    }
    card
}

fn steps_of_restriction(make: Maker<'_>, one: &Restriction, card: &mut Card) {
    let id = one.id.as_str();
    for act in ["review", "receive_appeal"] {
        card.steps.extend(make.open(act, id));
    }
    for act in ["vary", "lift"] {
        card.more.extend(make.open(act, id));
    }
    if matches!(one.kind, Kind::SinglePointOfContact(_)) {
        card.more.extend(make.open("record_absence", id));
    }
    if make.open("propose", "").is_some() {
        let person = &make.desktop.read.person.id;
        let href = format!("{}{}", offered::step_href(person, "propose", ""), quoted(id));
        card.more.push(StepLink { href, text: make.w.heavier.to_owned() });
    }
    let letters = [
        (
            "lifted",
            two("Draft the letter that it is lifted", "Drafftio'r llythyr ei fod wedi'i godi"),
        ),
        (
            "variation",
            two("Draft the letter that it changes", "Drafftio'r llythyr ei fod yn newid"),
        ),
        (
            "upcoming_review",
            two(
                "Draft the letter that a review is coming",
                "Drafftio'r llythyr fod adolygiad ar ddod",
            ),
        ),
        (
            "review_outcome",
            two("Draft the letter about a review", "Drafftio'r llythyr am adolygiad"),
        ),
    ];
    for (kind, text) in letters {
        card.more.extend(offered::letter(make.visit, make.desktop, kind, id, text));
    }
}

pub(in crate::staff::console::case) fn appeal(make: Maker<'_>, one: &Appeal) -> Card {
    let (w, language) = (make.w, make.visit.language());
    let title = format!("{} {}", w.against, say::lower(&make.about(&one.restriction)));
    let mut card = make.card(&one.id, title);
    card.strong = one.is_open();
    card.tag(if one.is_open() { Tone::Held } else { Tone::Plain }, say::appeal(one, language));
    if one.out_of_time {
        card.tag(Tone::Late, w.late);
    }
    card.text = one.received.text.clone();
    let how = |it: &crate::domain::case::appeal::Received| {
        format!("{}, {}", say::channel(it.channel, language), make.by_at(&it.recorded_by, it.at))
    };
    card.row(w.received, how(&one.received));
    let named: Vec<String> = one.received.grounds.iter().map(|it| say::capitalised(it)).collect();
    card.maybe(w.grounds, Some(named.join(", ")));
    for more in &one.joined {
        let text = more.text.clone().unwrap_or_default();
        card.row(w.also_received, format!("{}. {text}", how(more)));
    }
    let hearer = one.hearer.as_ref();
    let hearer = hearer.map(|it| format!("{}, {}", it.name, say::role_name(&it.role, language)));
    card.row(w.hearer, hearer.unwrap_or_else(|| w.no_hearer.to_owned()));
    if let Some(decision) = &one.decision {
        let outcome = say::appeal_outcome(decision.outcome, language);
        card.row(w.outcome, format!("{outcome} ({})", make.by_at(&decision.by, decision.at)));
        card.row(w.why, decision.why.clone());
    }
    card.maybe(w.notified, one.notified_at.map(|at| make.when(at)));
    if one.is_open() {
        if one.hearer.is_some() {
            make.offer(&mut card, "decide_appeal", &one.id);
        }
        card.steps.extend(make.open("assign_hearer", &one.id));
        card.more.extend(make.open("withdraw_appeal", &one.id));
        let text =
            two("Draft the letter that it was received", "Drafftio'r llythyr iddi gael ei derbyn");
        let link = offered::letter(make.visit, make.desktop, "appeal_acknowledged", &one.id, text);
        card.more.extend(link);
    } else if one.decision.is_some() && one.notified_at.is_none() {
        let text = two("Draft the letter about the outcome", "Drafftio'r llythyr am y canlyniad");
        let drafted = make.desktop.read.file.letters.iter().any(|it| {
            it.about == one.id && it.kind == crate::domain::case::letter::LetterKind::AppealOutcome
        });
        if !drafted {
            let link = offered::letter(make.visit, make.desktop, "appeal_outcome", &one.id, text);
            card.steps.extend(link);
        }
        card.steps.extend(make.open("notify_appeal", &one.id));
    }
    card
}

pub(in crate::staff::console::case) fn review(make: Maker<'_>, one: &Review) -> Card {
    let (w, language) = (make.w, make.visit.language());
    let t = crate::staff::console::words::CaseTerms::of(language);
    let mut card = make.card(&one.id, format!("{}, {}", t.v_review, make.when(one.at)));
    card.tag(Tone::Plain, say::review(one.outcome, language));
    card.text = Some(one.why.clone());
    card.row(w.about, make.about(&one.restriction));
    card.row(w.by, one.by.clone());
    card.maybe(w.conduct, one.conduct.clone());
    card.maybe(w.next_due, one.next_due.map(|day| say::day(day, language)));
    card
}

pub(in crate::staff::console::case) fn letter(make: Maker<'_>, one: &CaseLetter) -> Card {
    let (w, language) = (make.w, make.visit.language());
    let mut card = make.card(&one.id, say::letter_kind(one.kind, language));
    let tone = if one.has_gone() { Tone::On } else { Tone::Held };
    card.tag(tone, say::letter(one, language));
    card.row(w.about, make.about(&one.about));
    card.row(w.language, one.language.own_name());
    card.row(w.format, say::format(one.format, language));
    card.row(w.drafted, make.by_at(&one.drafted_by, one.drafted_at));
    card.maybe(w.approved, one.approval.as_ref().map(|it| make.by_at(&it.by, it.at)));
    card.maybe(
        w.sent,
        one.sent
            .as_ref()
            .map(|it| format!("{}, {}", make.by_at(&it.by, it.at), say::means(it.means, language))),
    );
    if let Some(mail) = one.sent.as_ref().and_then(|sent| sent.mail.as_ref()) {
        let how_far = say::mail_state(mail.state, language);
        card.row(w.mailed, format!("{}: {how_far}, {}", mail.to, make.when(mail.at)));
        card.maybe(w.why, mail.why.clone());
    }
    let href = format!("{}/letters/{}", make.person_href(), quoted(&one.id));
    card.links.push((href, w.open_letter.to_owned()));
    card.more.extend(make.open("approve_letter", &one.id).filter(|_| !one.has_gone()));
    card.more.extend(make.open("send_letter", &one.id).filter(|_| one.approval.is_some()));
    card
}
