//! The sentences of letters in English: plain words, you and we, no sentence above 22 words.

mod terms;

use self::terms::means;
use super::say::{Saying, Says};
use super::{Behaviour, Concerns, Considered, Lasting, Opening, Outcome, Part, Reasons, Said};
use crate::domain::capital::name_as_words;
use crate::domain::case::letter::LetterKind;
use crate::domain::notice::phrases::{Phrases, joined};
use crate::domain::notice::{Line, NoticePart, Policy};
use crate::domain::profile::Deadline;

pub(super) struct English;

impl Says for English {
    fn title(&self, kind: LetterKind, concerns: Concerns) -> &'static str {
        match (kind, concerns) {
            (LetterKind::Warning, _) => "A warning about your behaviour",
            (LetterKind::Restriction, Concerns::Contact) => "How you can contact us: our decision",
            (LetterKind::Restriction, Concerns::Meeting) => "How we will meet you: our decision",
            (LetterKind::Variation, Concerns::Contact) => "A change to how you can contact us",
            (LetterKind::Variation, Concerns::Meeting) => "A change to how we will meet you",
            (LetterKind::Lifted, Concerns::Contact) => "The limit on your contact has ended",
            (LetterKind::Lifted, Concerns::Meeting) => "Our decision on visits has ended",
            (LetterKind::UpcomingReview, _) => "We will soon look at our decision again",
            (LetterKind::ReviewOutcome, _) => "We have looked at our decision again",
            (LetterKind::AppealAcknowledged, _) => "We have your appeal",
            (LetterKind::AppealOutcome, _) => "Our decision on your appeal",
            (LetterKind::ContactEnded, _) => "Our decision to end contact with you",
            (LetterKind::NoNotificationRecord, _) => "Record of a decision that was not sent",
        }
    }

    fn heading(&self, part: Part, kind: LetterKind) -> &'static str {
        match part {
            Part::Opening => "Why we are writing",
            Part::Outcome => match kind {
                LetterKind::UpcomingReview => "What will happen",
                LetterKind::AppealAcknowledged => "What happens now",
                LetterKind::NoNotificationRecord => "Why we did not notify the person",
                _ => "What we decided",
            },
            Part::Restrictions => match kind {
                LetterKind::AppealAcknowledged | LetterKind::UpcomingReview => "The decision",
                LetterKind::ReviewOutcome | LetterKind::AppealOutcome => "What applies now",
                LetterKind::NoNotificationRecord => "What a letter would say",
                _ => "What we decided, and what it means for you",
            },
            Part::Duration => "How long this lasts",
            Part::Behaviour => "What happened",
            Part::MustChange => "What needs to change",
            Part::Consequences => "What may happen next",
            Part::Reasons => "Why we decided this",
            Part::Considered => "What we thought about",
            Part::Monitoring => "How we keep track of this",
            Part::HowToReach => "How to reach us",
            Part::AlwaysOpen => "What you can always contact us about",
            Part::HowToAppeal => "How to appeal",
            Part::Ombudsman => "The ombudsman",
            Part::PolicyCopy => "Our policy",
        }
    }

    fn dear(&self, name: &str) -> String {
        match name {
            "" => "Dear customer".to_owned(),
            name => format!("Dear {name}"),
        }
    }

    fn closing(&self) -> &'static str {
        "Yours sincerely"
    }

    fn our_reference(&self, reference: &str) -> String {
        format!("Your reference: {reference}")
    }

    fn signing(&self, role: &str) -> String {
        name_as_words(role)
    }

    fn say(&self, said: &Said, kind: LetterKind, to: &mut Saying) {
        match said {
            Said::Opening(opening) => to.p(opens(opening, to.say)),
            Said::Outcome { outcome } => came_of_it(outcome, to),
            Said::Restrictions { terms } => means(terms, to),
            Said::Duration(lasting) => lasts(lasting, to),
            Said::Behaviour(behaviour) => happened(behaviour, to),
            Said::MustChange { what } => to.own(what),
            Said::Consequences { what: Some(what) } => to.own(what),
            Said::Consequences { what: None } => {
                to.p("If this goes on, we may limit how you can contact us.");
            }
            Said::Reasons(reasons) => because(reasons, kind, to),
            Said::Considered(considered) => weighed(considered, to),
            Said::Monitoring { every_months } => {
                to.p("We keep a note of this decision, so that our staff know about it. We will \
                      also note how things go.");
                if let Some(months) = every_months {
                    let every = months_in_words(*months);
                    to.p(format!("We look at each decision like this at least every {every}."));
                }
            }
            Said::HowToReach { ways, others } => {
                if let Some(ways) = ways {
                    to.notice(ways);
                }
                if *others {
                    to.p("We wrote to you about another decision before. It still applies.");
                }
                to.p("Please tell us if you need our letters in large print, in another language \
                      or in another way.");
            }
            Said::AlwaysOpen { emergency } => {
                to.notice(emergency);
                to.notice(&NoticePart::AlwaysOpen);
            }
            Said::HowToAppeal(right) => {
                to.notice(&right.right);
                let mut lines = Vec::new();
                if let Some(day) = right.last_day {
                    lines.push(Line::words(format!(
                        "The last day to appeal is {}.",
                        to.say.date(day)
                    )));
                }
                if let Some(length) = right.answer {
                    let within = to.say.within(Deadline { length, from: None });
                    lines.push(Line::words(format!(
                        "We will answer {within} of getting your appeal."
                    )));
                }
                lines.push(Line::words(match right.holds_during {
                    Some(true) => "Our decision applies while we look at your appeal.",
                    Some(false) => "Our decision does not apply while we look at your appeal.",
                    None => {
                        "We will tell you if our decision applies while we look at your appeal."
                    }
                }));
                to.lines(lines);
            }
            Said::Ombudsman { named } => to.notice(named),
            Said::PolicyCopy { policy, enclosed } => to.line(copy(policy, *enclosed)),
            Said::Own { .. } => {}
        }
    }
}

fn opens(opening: &Opening, say: &dyn Phrases) -> String {
    let explains = "This letter tells you what we decided, why, and how you can appeal.";
    let about = |concerns: &Concerns| match concerns {
        Concerns::Contact => "how you can contact us",
        Concerns::Meeting => "how we will meet you",
    };
    match opening {
        Opening::Warning { formal: true } => {
            "We are writing about how you have behaved towards us. This letter is a formal warning. \
             We want to sort this out with you, so that we need not do more."
                .to_owned()
        }
        Opening::Warning { formal: false } => {
            "We are writing about how you have behaved towards us. We want to sort this out with \
             you, so that we need not do more."
                .to_owned()
        }
        Opening::Restriction { concerns: Concerns::Contact } => {
            format!("We have decided to limit how you can contact us. {explains}")
        }
        Opening::Restriction { concerns: Concerns::Meeting } => {
            format!("We have made a decision about how we will meet you. {explains}")
        }
        Opening::Variation { concerns } => {
            format!("We have changed our decision about {}. {explains}", about(concerns))
        }
        Opening::Lifted { concerns } => {
            format!("We have ended our decision about {}.", about(concerns))
        }
        Opening::UpcomingReview { concerns } => {
            format!("We will soon look again at our decision about {}.", about(concerns))
        }
        Opening::ReviewOutcome { concerns } => {
            format!("We have looked again at our decision about {}.", about(concerns))
        }
        Opening::AppealAcknowledged { received, channel } => format!(
            "Thank you for your appeal. We got it {} on {}.",
            say.by(*channel),
            say.date(*received)
        ),
        Opening::AppealOutcome { received, channel } => format!(
            "We got your appeal {} on {}. We have now decided on it.",
            say.by(*channel),
            say.date(*received)
        ),
        Opening::ContactEnded => {
            format!("We have decided to end contact with you. {explains}")
        }
        Opening::NoNotificationRecord => {
            "This is a record for our own files. It is not a letter, and nobody sends it.".to_owned()
        }
    }
}

fn came_of_it(outcome: &Outcome, to: &mut Saying) {
    let again = |next: &Option<chrono::NaiveDate>, say: &dyn Phrases| match next {
        Some(next) => format!(" We will look at it again by {}.", say.date(*next)),
        None => String::new(),
    };
    match outcome {
        Outcome::Lifted { on, why } => {
            match on {
                Some(day) => to.p(format!("It ended on {}.", to.say.date(*day))),
                None => to.p("It no longer applies."),
            }
            if let Some(why) = why {
                to.own(why);
            }
        }
        Outcome::Upcoming { by } => {
            match by {
                Some(day) => to.p(format!("We will do this by {}.", to.say.date(*day))),
                None => to.p("You can ask us for the date."),
            }
            to.p("Please tell us before then how things have gone for you. Tell us as well if our \
                  decision causes you problems.");
        }
        Outcome::Kept { why, next } => {
            to.p(format!("Our decision stays in place.{}", again(next, to.say)));
            to.own(why);
        }
        Outcome::Eased { why, next } => {
            to.p(format!("We have made our decision less strict.{}", again(next, to.say)));
            to.own(why);
        }
        Outcome::EndedByReview { why } => {
            to.p("We have ended it. It no longer applies.");
            to.own(why);
        }
        Outcome::Acknowledged { .. } => acknowledged(outcome, to),
        Outcome::Upheld => to.p("We found that our decision was right. It stays in place."),
        Outcome::Varied => to.p("We have made our decision less strict."),
        Outcome::Quashed => to.p(
            "We found that our decision was wrong. It has ended. We will look again at messages from \
             you that we kept back because of it.",
        ),
        Outcome::Open => to.p("We have not decided yet."),
        Outcome::NotTold { why, signed_by, review } => {
            if let Some(why) = why {
                to.own(why);
            }
            if let Some(role) = signed_by {
                to.p(format!("This was signed off by {}.", to.say.role(&role.0)));
            }
            if let Some(day) = review {
                let day = to.say.date(*day);
                to.p(format!("By {day} we will ask again if we can notify the person."));
            }
        }
    }
}

fn acknowledged(outcome: &Outcome, to: &mut Saying) {
    let Outcome::Acknowledged { heard_by, answer_by, holds, late } = outcome else { return };
    if *late {
        to.p("Your appeal came after the last day for appeals. We will tell you if we can \
              still look at it.");
    }
    if let Some(role) = heard_by {
        to.p(format!("Your appeal goes to {}.", to.say.role(&role.0)));
    }
    if let Some(day) = answer_by {
        to.p(format!("We will answer you by {}.", to.say.date(*day)));
    }
    to.p(if *holds {
        "Until then, our decision applies."
    } else {
        "Until then, our decision does not apply."
    });
}

fn lasts(lasting: &Lasting, to: &mut Saying) {
    let say = to.say;
    let mut lines = Vec::new();
    if let Some(from) = lasting.from {
        lines.push(Line::words(format!("This starts on {}.", say.date(from.day))));
    }
    lines.extend(lasting.until.iter().map(|until| say.until(*until)));
    if lasting.lapses {
        lines.push(Line::words("If we have not done so by then, it ends."));
    }
    if lasting.earlier {
        lines.push(Line::words("If things go well, we may look at it sooner."));
    }
    to.lines(lines);
}

fn happened(behaviour: &Behaviour, to: &mut Saying) {
    if let Some(own) = &behaviour.own {
        to.own(own);
    }
    if !behaviour.events.is_empty() {
        to.p(if behaviour.own.is_some() { "It happened on:" } else { "This is what happened:" });
    }
    for event in &behaviour.events {
        let when = format!("{}, {}", to.say.date(event.day), to.say.by(event.channel));
        match &event.what {
            Some(what) => to.own_item(when, what),
            None => to.item(Line::words(when)),
        }
    }
    let grounds: Vec<String> = behaviour.grounds.iter().map(|one| ground(one)).collect();
    match grounds.as_slice() {
        [] => {}
        [_] | [_, _] => to.p(format!("Our policy does not allow {}.", joined(&grounds, "or"))),
        // In one sentence they would be too many words.
        several => {
            to.p("Our policy does not allow:");
            several.iter().for_each(|one| to.item(Line::words(one.as_str())));
        }
    }
}

/// A ground of a policy in everyday words. One that only the organisation knows keeps its name.
fn ground(name: &str) -> String {
    match name {
        "demands" => "asking for more than we can do",
        "persistence" => "contacting us too often",
        "refusal_to_cooperate" => "refusing to work with us",
        "violence" => "violence",
        "threats" => "threats",
        "abuse" => "abuse",
        "harassment" => "harassment",
        "discrimination" => "hate or discrimination",
        "complaints_process" => "using our complaints process unfairly",
        "other" => "behaviour like this",
        own => return own.replace('_', " "),
    }
    .to_owned()
}

fn because(reasons: &Reasons, kind: LetterKind, to: &mut Saying) {
    if let Some(why) = &reasons.why {
        to.own(why);
    }
    if kind == LetterKind::AppealOutcome {
        return;
    }
    if reasons.why.is_none() {
        let policy = to.say.under(&reasons.policy, reasons.clause.as_deref());
        to.line(Line::words("We made this decision because of what happened. ").and(policy));
    } else {
        to.line(to.say.under(&reasons.policy, reasons.clause.as_deref()));
    }
    if !reasons.warned.is_empty() {
        let days: Vec<String> = reasons.warned.iter().map(|day| to.say.date(*day)).collect();
        to.p(format!("We warned you on {}.", joined(&days, "and")));
    }
    if let Some(aim) = &reasons.aim {
        to.p("This is what we want to achieve:");
        to.own(aim);
    }
}

fn weighed(considered: &Considered, to: &mut Saying) {
    to.p("We thought about what you need, and about any help that you need because of a \
          disability.");
    if let Some(adjustments) = &considered.adjustments {
        to.own(adjustments);
    }
    if let Some(lesser) = &considered.why_no_lesser {
        to.p("We also thought about doing less than this:");
        to.own(lesser);
    }
}

fn copy(policy: &Policy, enclosed: bool) -> Line {
    let title = policy.title.as_deref().unwrap_or("policy");
    let line = match (enclosed, &policy.url) {
        (true, _) => Line::words(format!("A copy of our {title} comes with this letter.")),
        (false, Some(_)) => Line::words(format!("We follow our {title}.")),
        (false, None) => {
            Line::words(format!("We follow our {title}. Please ask us if you want a copy."))
        }
    };
    match &policy.url {
        Some(url) => line.then(" You can read it at ").link(url).then("."),
        None => line,
    }
}

fn months_in_words(months: u32) -> String {
    match months {
        1 => "month".to_owned(),
        12 => "year".to_owned(),
        months => format!("{months} months"),
    }
}
