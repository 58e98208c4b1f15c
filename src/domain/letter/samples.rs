//! Letters that together say everything that a letter can say: to check a template, and for the person who approves a
//! language.

use chrono::{NaiveDate, NaiveTime, Weekday};

use super::{
    AppealRight, Behaviour, Concerns, Considered, Event, Lasting, Letter, Opening, Outcome,
    Reasons, Said, Terms,
};
use crate::domain::calendar::{Per, QuotaWindow};
use crate::domain::case::letter::{Format, LetterKind};
use crate::domain::channel::Channel;
use crate::domain::language::Language;
use crate::domain::notice::{Day, NoticePart, OpenHours, Policy, QuotaWords, Until, Way};
use crate::domain::profile::{Anchor, Deadline, Length, Role};

/// One letter of every kind, with every part that the kind has; of every term, outcome and opening.
pub fn samples(language: Language) -> Vec<Letter> {
    let mut letters = Vec::new();
    for formal in [true, false] {
        let said = vec![
            Said::Opening(Opening::Warning { formal }),
            Said::Behaviour(behaviour(Some("You shouted at our staff.".to_owned()))),
            Said::MustChange { what: "Please speak to us calmly.".to_owned() },
            Said::Consequences { what: None },
            reach(true),
            Said::AlwaysOpen { emergency: NoticePart::Emergency { number: None } },
            Said::PolicyCopy { policy: policy(), enclosed: false },
        ];
        letters.push(letter(LetterKind::Warning, language, said));
    }
    for (at, terms) in every_term().into_iter().enumerate() {
        let kind = match (&terms, at % 3) {
            (Terms::ContactEnded { .. }, _) => LetterKind::ContactEnded,
            (Terms::LessThanBefore, _) | (_, 2) => LetterKind::Variation,
            _ => LetterKind::Restriction,
        };
        letters.push(letter(kind, language, imposing(kind, terms)));
    }
    letters.extend(outcomes(language));
    letters
}

/// One of them, by its number from 1.
pub fn sample(language: Language, number: usize) -> Option<Letter> {
    samples(language).into_iter().nth(number.checked_sub(1)?)
}

fn letter(kind: LetterKind, language: Language, said: Vec<Said>) -> Letter {
    Letter {
        kind,
        language,
        format: Format::Standard,
        organisation: "Example Homes".to_owned(),
        from: vec!["1 Example Street".to_owned(), "Exampleton EX1 1AA".to_owned()],
        date: date(),
        name: "Jo Doe".to_owned(),
        address: vec!["2 Example Road".to_owned(), "Exampleton EX2 2BB".to_owned()],
        reference: Some("T-100".to_owned()),
        said,
        signed_by: Some(role("manager")),
    }
}

fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 9).unwrap_or_default()
}

fn day() -> Day {
    Day { day: date(), time: None }
}

fn role(name: &str) -> Role {
    Role(name.to_owned())
}

fn policy() -> Policy {
    Policy {
        title: Some("Unacceptable Behaviour Policy".to_owned()),
        welsh_title: Some("Polisi Ymddygiad Annerbyniol".to_owned()),
        url: Some("https://www.example.org/policy".to_owned()),
    }
}

fn behaviour(own: Option<String>) -> Behaviour {
    let what = own.is_none().then(|| "You called us 12 times in one day.".to_owned());
    let grounds = [
        "abuse",
        "complaints_process",
        "demands",
        "discrimination",
        "harassment",
        "persistence",
        "refusal_to_cooperate",
        "threats",
        "violence",
        "other",
    ];
    let at = if own.is_some() { 0..4 } else { 4..10 };
    Behaviour {
        own,
        grounds: grounds.iter().take(at.end).skip(at.start).map(|one| (*one).to_owned()).collect(),
        events: vec![Event { day: date(), channel: Channel::Telephone, what }],
    }
}

fn ways() -> Vec<Way> {
    let hours = vec![OpenHours {
        days: vec![Weekday::Mon, Weekday::Tue, Weekday::Wed],
        from: NaiveTime::MIN,
        to: NaiveTime::from_hms_opt(17, 30, 0),
    }];
    let way = |channel, detail: &str| Way {
        channel,
        detail: Some(detail.to_owned()),
        hours: hours.clone(),
    };
    vec![
        way(Channel::Email, "hello@example.org"),
        way(Channel::Telephone, "+441914980123"),
        way(Channel::WebForm, "https://www.example.org/contact"),
    ]
}

fn reach(others: bool) -> Said {
    Said::HowToReach { ways: Some(NoticePart::HowToReach { ways: ways() }), others }
}

fn every_term() -> Vec<Terms> {
    let hours = || ways().into_iter().flat_map(|way| way.hours).take(1).collect::<Vec<_>>();
    let cases = || vec!["REP-100".to_owned()];
    let quota = |limit, per, window| QuotaWords { limit, per, window };
    vec![
        Terms::PointOfContact {
            name: "Sam Reed".to_owned(),
            details: vec!["+441914980124".to_owned(), "sam@example.org".to_owned()],
            hours: hours(),
            deputies: vec!["Ali Khan".to_owned(), "Kim Lee".to_owned()],
        },
        Terms::OnlyChannels { ways: ways() },
        Terms::OnlyChannels { ways: ways().into_iter().take(1).collect() },
        Terms::OnlyHours {
            channels: vec![Channel::Telephone, Channel::InPerson],
            hours: hours(),
            bank_holidays: false,
        },
        Terms::OnlyHours {
            channels: vec![Channel::Telephone],
            hours: hours(),
            bank_holidays: true,
        },
        Terms::Contacts { quota: quota(2, Per::Week, QuotaWindow::Calendar), channels: Vec::new() },
        Terms::Contacts {
            quota: quota(1, Per::Day, QuotaWindow::Rolling),
            channels: vec![Channel::Telephone, Channel::Email],
        },
        Terms::Issues { quota: quota(3, Per::Month, QuotaWindow::Calendar) },
        Terms::IssueClosed { issues: cases() },
        Terms::ComplaintClosed { issues: cases() },
        Terms::ReadAndFile { issues: cases() },
        Terms::OnlyRepresentative { names: vec!["Pat Ward".to_owned()] },
        Terms::OnlyRepresentative { names: Vec::new() },
        Terms::ContactEnded { engages: vec![role("head_of_service"), role("director")] },
        Terms::ContactEnded { engages: Vec::new() },
        Terms::CallLength { minutes: 10 },
        Terms::VisitsInPairs,
        Terms::AppointmentOnly,
        Terms::DocumentsReturned { destroyed: false },
        Terms::DocumentsReturned { destroyed: true },
        Terms::LessThanBefore,
    ]
}

fn imposing(kind: LetterKind, terms: Terms) -> Vec<Said> {
    let concerns = match terms {
        Terms::VisitsInPairs | Terms::AppointmentOnly => Concerns::Meeting,
        _ => Concerns::Contact,
    };
    let opening = match kind {
        LetterKind::ContactEnded => Opening::ContactEnded,
        LetterKind::Variation => Opening::Variation { concerns },
        _ => Opening::Restriction { concerns },
    };
    let way = if terms.names_the_way() {
        Said::HowToReach { ways: None, others: false }
    } else {
        reach(false)
    };
    let lapses = terms.keeps_back();
    vec![
        Said::Opening(opening),
        Said::Restrictions { terms },
        Said::Duration(Lasting {
            from: Some(day()),
            until: vec![Until::Ends(day()), Until::ReviewedBy(day()), Until::Reviewed],
            lapses,
            earlier: true,
        }),
        Said::Behaviour(behaviour(None)),
        Said::Reasons(Reasons {
            policy: policy(),
            clause: Some("6.2".to_owned()),
            warned: vec![date()],
            aim: Some("We want to be able to help all our customers.".to_owned()),
            why: None,
        }),
        Said::Considered(Considered {
            adjustments: Some("You told us that you need letters in large print.".to_owned()),
            why_no_lesser: Some("We warned you and nothing changed.".to_owned()),
        }),
        Said::Monitoring { every_months: Some(6) },
        way,
        Said::AlwaysOpen {
            emergency: NoticePart::Emergency { number: Some("+441914980999".to_owned()) },
        },
        Said::HowToAppeal(appeal_right(lapses)),
        ombudsman(),
        Said::PolicyCopy { policy: policy(), enclosed: true },
    ]
}

fn appeal_right(holds: bool) -> AppealRight {
    AppealRight {
        right: NoticePart::Appeal {
            within: Some(Deadline { length: Length::WorkingDays(20), from: Some(Anchor::Letter) }),
            heard_by: Some("head_of_service".to_owned()),
            uninvolved: true,
            to: Some("appeals@example.org".to_owned()),
            how: None,
        },
        last_day: Some(date()),
        holds_during: Some(holds),
        answer: Some(Length::WorkingDays(10)),
    }
}

fn ombudsman() -> Said {
    Said::Ombudsman {
        named: NoticePart::Ombudsman {
            name: "Housing Ombudsman".to_owned(),
            welsh_name: Some("Ombwdsmon Tai".to_owned()),
            website: Some("https://www.housing-ombudsman.org.uk".to_owned()),
            phone: Some("0300 111 3000".to_owned()),
            after_ours: true,
        },
    }
}

/// Letters that tell what came of something.
fn outcomes(language: Language) -> Vec<Letter> {
    let why = || "You have kept to what we asked.".to_owned();
    let (received, channel) = (date(), Channel::Telephone);
    let next = Some(date());
    let mut letters = Vec::new();
    let mut add = |kind, opening, outcome, rest: Vec<Said>| {
        let mut said = vec![Said::Opening(opening), Said::Outcome { outcome }];
        said.extend(rest);
        letters.push(letter(kind, language, said));
    };
    for (concerns, on) in [(Concerns::Contact, next), (Concerns::Meeting, None)] {
        let outcome = Outcome::Lifted { on, why: Some(why()) };
        add(LetterKind::Lifted, Opening::Lifted { concerns }, outcome, vec![reach(false)]);
    }
    for by in [next, None] {
        let opening = Opening::UpcomingReview { concerns: Concerns::Contact };
        add(LetterKind::UpcomingReview, opening, Outcome::Upcoming { by }, vec![reach(false)]);
    }
    for outcome in [
        Outcome::Kept { why: why(), next },
        Outcome::Eased { why: why(), next },
        Outcome::EndedByReview { why: why() },
        Outcome::Open,
    ] {
        let opening = Opening::ReviewOutcome { concerns: Concerns::Contact };
        let right = AppealRight { holds_during: None, ..appeal_right(true) };
        let rest = vec![Said::HowToAppeal(right), ombudsman()];
        add(LetterKind::ReviewOutcome, opening, outcome, rest);
    }
    for (holds, late) in [(true, false), (false, true)] {
        let heard_by = Some(role("executive_team"));
        let outcome = Outcome::Acknowledged { heard_by, answer_by: next, holds, late };
        let opening = Opening::AppealAcknowledged { received, channel };
        add(LetterKind::AppealAcknowledged, opening, outcome, vec![reach(false)]);
    }
    for outcome in [Outcome::Upheld, Outcome::Varied, Outcome::Quashed] {
        let reasons = Reasons {
            policy: policy(),
            clause: None,
            warned: Vec::new(),
            aim: None,
            why: Some("The limit was needed.".to_owned()),
        };
        let rest = vec![Said::Reasons(reasons), ombudsman()];
        let opening = Opening::AppealOutcome { received, channel };
        add(LetterKind::AppealOutcome, opening, outcome, rest);
    }
    let outcome = Outcome::NotTold {
        why: Some("Telling the person could put our staff at risk.".to_owned()),
        signed_by: Some(role("head_of_service")),
        review: next,
    };
    let rest = vec![Said::Restrictions { terms: Terms::VisitsInPairs }];
    add(LetterKind::NoNotificationRecord, Opening::NoNotificationRecord, outcome, rest);
    letters
}
