//! The sentences of a notice in English: plain words, you and we, no sentence above twenty words.

mod dates;

use chrono::{NaiveDate, NaiveDateTime};

use self::dates::{date, days, instant, long_day, spoken_instant, time_of_day};
use super::line::{Line, sentence};
use super::phrases::{Phrases, SectionKind, joined};
use super::{Day, Handling, Limit, NoticePart, OpenHours, Policy, QuotaWords, Until, Way};
use crate::domain::calendar::{Per, QuotaWindow};
use crate::domain::channel::Channel;
use crate::domain::profile::{Anchor, Deadline, Length};

/// Ways that one sentence names. More follow a colon.
const WAYS_IN_A_SENTENCE: usize = 4;

pub(super) struct English;

impl Phrases for English {
    fn heading(&self, kind: SectionKind) -> &'static str {
        match kind {
            SectionKind::Emergency => "In an emergency",
            SectionKind::WhatHappened => "What happened",
            SectionKind::Why => "Why",
            SectionKind::Limit => "What the limit is",
            SectionKind::HowToReach => "How you can contact us now",
            SectionKind::AlwaysOpen => "What you can always contact us about",
            SectionKind::HowAlways => "How to contact us about these",
            SectionKind::Appeal => "If you think this is wrong",
            SectionKind::Reference => "Reference",
        }
    }

    fn emergency(&self, number: Option<&str>) -> Line {
        let line = Line::words("If someone is in danger, call ").phone("999").then(". ");
        match number {
            Some(number) => line
                .then("For any other emergency, call us on ")
                .phone(number)
                .then(" at any time."),
            None => line.then("For any other emergency, contact us in any way, at any time."),
        }
    }

    fn what_happened(&self, channel: Channel, handling: Handling) -> Line {
        let not_needed = "You do not need to send it again.";
        Line::words(match handling {
            Handling::Kept => {
                let what = match channel {
                    Channel::Email => "email",
                    Channel::Letter => "letter",
                    Channel::Sms => "text message",
                    Channel::WebForm
                    | Channel::Telephone
                    | Channel::Whatsapp
                    | Channel::InPerson
                    | Channel::Social
                    | Channel::WebChat => "message",
                };
                format!("We have your {what}. We kept it, but did not pass it on. {not_needed}")
            }
            Handling::InYourName => format!(
                "We got a message from our web form with your name or address on it. We kept it, \
                 but did not pass it on. {not_needed} If you did not send it, please tell us."
            ),
            Handling::NotKept => {
                "We did not send your message, and we did not keep it. Please keep \
                                  a copy if you need one."
                    .to_owned()
            }
            Handling::NotConnected => match channel {
                Channel::InPerson => "We cannot see you at this visit.",
                Channel::WebChat => "We cannot carry on with this chat.",
                Channel::Telephone
                | Channel::Email
                | Channel::WebForm
                | Channel::Sms
                | Channel::Whatsapp
                | Channel::Letter
                | Channel::Social => "We cannot put your call through.",
            }
            .to_owned(),
        })
    }

    fn read_by(&self, _channel: Option<Channel>, day: NaiveDate) -> Line {
        Line::words(format!("One of our staff will read it by the end of {}.", long_day(day)))
    }

    fn why(&self, part: &NoticePart) -> Line {
        let NoticePart::Why { organisation, since, policy, clause, written } = part else {
            return Line::default();
        };
        let mut line =
            Line::words(format!("{organisation} made a decision about how you can contact us. "));
        if let Some(since) = since {
            line = line.then(&format!("It started on {}. ", date(*since)));
        }
        line = line.and(under(policy, clause.as_deref()));
        line.then(if *written { "We wrote to you about it." } else { "We told you about it." })
    }

    fn limit(&self, limit: &Limit) -> Line {
        Line::words(match limit {
            Limit::OnlyChannels { channels } => {
                let ways: Vec<&str> = channels.iter().map(|one| by(*one)).collect();
                // A long list is separate, so that the sentence stays short.
                let these = if ways.len() > WAYS_IN_A_SENTENCE { "in these ways: " } else { "" };
                format!("You can only contact us {these}{}.", joined(&ways, "or"))
            }
            Limit::OnlyHours { channel, hours } => {
                let hours: Vec<String> = hours.iter().map(|one| self.hours(one)).collect();
                format!(
                    "You can only contact us {} at these times: {}.",
                    by(*channel),
                    hours.join("; ")
                )
            }
            Limit::Contacts { quota, channels } => {
                let ways: Vec<&str> = channels.iter().map(|one| by(*one)).collect();
                let (often, week) = (times(*quota), week(*quota));
                match &*ways {
                    [] => format!("You can contact us {often}.{week}"),
                    [way] => format!("You can contact us {way} {often}.{week}"),
                    ways => format!(
                        "You can contact us {often}.{week} This counts contact {}.",
                        joined(ways, "or")
                    ),
                }
            }
            Limit::Issues { quota } => {
                let issues = if quota.limit == 1 { "issue" } else { "different issues" };
                format!(
                    "You can contact us about {} {issues} {}.{}",
                    quota.limit,
                    period(*quota),
                    week(*quota)
                )
            }
            Limit::OnlyRepresentative => "Your representative must contact us for you.".to_owned(),
            Limit::ComplaintEnded => "Our complaints process has ended.".to_owned(),
            Limit::Other => "There is a limit on how you can contact us.".to_owned(),
        })
    }

    fn until(&self, until: Until) -> Line {
        Line::words(match until {
            Until::Ends(Day { day, time: None }) => {
                format!("This lasts until the end of {}.", date(day))
            }
            Until::Ends(Day { day, time: Some(time) }) => {
                format!("This lasts until {} on {}.", time_of_day(time), date(day))
            }
            Until::ReviewedBy(Day { day, .. }) => {
                format!("We will look at this decision again by {}.", date(day))
            }
            Until::Reviewed => {
                "We will look at this decision again. You can ask us for the date.".to_owned()
            }
        })
    }

    fn next_slot(&self, channel: Channel, at: NaiveDateTime) -> Line {
        let again = match channel {
            Channel::Telephone => "call us again",
            Channel::Email => "email us again",
            Channel::Letter => "write to us again",
            Channel::InPerson => "visit us again",
            Channel::WebForm => "use this form again",
            Channel::Sms | Channel::Whatsapp => "message us again",
            Channel::Social => "contact us this way again",
            Channel::WebChat => "chat with us again",
        };
        Line::words(format!("You can {again} from {}.", instant(at)))
    }

    fn way(&self, way: &Way) -> Line {
        let name = match way.channel {
            Channel::Email => "Email",
            Channel::WebForm => "Web form",
            Channel::Telephone => "Phone",
            Channel::Sms => "Text message",
            Channel::Whatsapp => "WhatsApp",
            Channel::Letter => "Letter",
            Channel::InPerson => "In person",
            Channel::Social => "Social media",
            Channel::WebChat => "Web chat",
        };
        let mut line = Line::words(name);
        if let Some(detail) = &way.detail {
            line = line.then(": ").detail(detail);
        }
        if !way.hours.is_empty() {
            let hours: Vec<String> = way.hours.iter().map(|one| self.hours(one)).collect();
            line = line.then(&format!(" ({})", hours.join("; ")));
        }
        line
    }

    fn ways(&self, channels: &[Channel]) -> Line {
        let ways: Vec<&str> = channels.iter().map(|one| by(*one)).collect();
        Line::words(format!("You can contact us {}.", joined(&ways, "or")))
    }

    fn or(&self) -> &'static str {
        "or"
    }

    fn always(&self) -> &'static str {
        "You can always contact us, any way you like, to:"
    }

    fn always_list(&self) -> [&'static str; 5] {
        [
            "tell us about an emergency, or someone at risk of harm",
            "ask for the information we hold about you",
            "ask for help because of a disability",
            "send us court or legal papers",
            "appeal",
        ]
    }

    fn appeal(&self, part: &NoticePart) -> Vec<Line> {
        let NoticePart::Appeal { within, heard_by, uninvolved, to, how } = part else {
            return Vec::new();
        };
        let mut line = Line::words("You can appeal. ");
        line = match (how, to) {
            (Some(how), _) => line.then(&sentence(how)),
            (None, Some(to)) => line
                .then("Send your appeal to ")
                .detail(to)
                .then(", or tell us in any other way that you want to appeal."),
            (None, None) => line.then("Tell us in any way, by phone too, that you want to appeal."),
        };
        if let Some(within) = within {
            line = line.then(&format!(" Please do this {}.", english_within(*within)));
        }
        if let Some(role) = heard_by {
            line = line.then(&format!(" Your appeal goes to {}.", english_role(role)));
        }
        if *uninvolved {
            line = line.then(" They took no part in the decision.");
        }
        vec![line]
    }

    fn ombudsman(&self, part: &NoticePart) -> Line {
        let NoticePart::Ombudsman { name, website, phone, after_ours, .. } = part else {
            return Line::default();
        };
        let mut line = Line::words(if *after_ours {
            format!("If you are still not happy after that, you can ask the {name} for help.")
        } else {
            format!("You can also ask the {name} for help.")
        });
        line = match (website, phone) {
            (Some(website), Some(phone)) => {
                line.then(" Go to ").link(website).then(" or call ").detail(phone).then(".")
            }
            (Some(website), None) => line.then(" Go to ").link(website).then("."),
            (None, Some(phone)) => line.then(" Call ").detail(phone).then("."),
            (None, None) => line,
        };
        line
    }

    fn reference(&self, contact: &str) -> Line {
        Line::words(format!("Reference: {contact}"))
    }

    fn short_emergency(&self, number: Option<&str>) -> Line {
        let line = Line::words("In danger? Call ").phone("999").then(".");
        match number {
            Some(number) => line.then(" Other emergency: ").phone(number).then("."),
            None => line.then(" Other emergency: contact us in any way."),
        }
    }

    fn short_happened(&self) -> &'static str {
        "We have your message but did not pass it on. You do not need to send it again."
    }

    fn short_why(&self, organisation: &str) -> Line {
        Line::words(format!(
            "{organisation} made a decision about how you can contact us, and wrote to you."
        ))
    }

    fn short_always(&self) -> &'static str {
        "You can always contact us to ask for your information, or for help because of a disability."
    }

    fn short_appeal(&self) -> &'static str {
        "To appeal, reply with the word APPEAL."
    }

    fn not_connected(&self, organisation: &str) -> String {
        format!(
            "{organisation} cannot put your call through. We made a decision about how you \
             contact us."
        )
    }

    fn call_again(&self, at: NaiveDateTime) -> String {
        format!("You can call again from {}.", spoken_instant(at))
    }

    fn address_spoken(&self, address: &str) -> String {
        address.replace('@', " at ").replace('.', " dot ")
    }

    fn hours(&self, hours: &OpenHours) -> String {
        let from = time_of_day(hours.from);
        let to = hours.to.map_or_else(|| "midnight".to_owned(), time_of_day);
        format!("{}, {from} to {to}", days(&hours.days))
    }

    fn date(&self, day: NaiveDate) -> String {
        date(day)
    }

    fn by(&self, channel: Channel) -> &'static str {
        by(channel)
    }

    fn role(&self, role: &str) -> String {
        english_role(role)
    }

    fn within(&self, deadline: Deadline) -> String {
        english_within(deadline)
    }

    fn under(&self, policy: &Policy, clause: Option<&str>) -> Line {
        under(policy, clause)
    }
}

fn by(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "by email",
        Channel::WebForm => "by web form",
        Channel::Telephone => "by phone",
        Channel::Sms => "by text message",
        Channel::Whatsapp => "by WhatsApp",
        Channel::Letter => "by letter",
        Channel::InPerson => "in person",
        Channel::Social => "on social media",
        Channel::WebChat => "by web chat",
    }
}

/// "We made it under section 6.2 of our policy on …"
fn under(policy: &Policy, clause: Option<&str>) -> Line {
    let section = clause.map(|clause| format!("section {clause} of ")).unwrap_or_default();
    let line = match &policy.title {
        Some(title) => Line::words(format!("We made it under {section}our {title}. ")),
        None => Line::words(format!("We made it under {section}our published policy. ")),
    };
    match &policy.url {
        Some(url) => line.then("You can read the policy at ").link(url).then(". "),
        None => line,
    }
}

/// "once a week", "3 times a week".
fn times(quota: QuotaWords) -> String {
    let period = period(quota);
    match quota.limit {
        1 => format!("once {period}"),
        2 => format!("twice {period}"),
        many => format!("{many} times {period}"),
    }
}

fn period(quota: QuotaWords) -> &'static str {
    match (quota.per, quota.window) {
        (Per::Day, QuotaWindow::Calendar) => "a day",
        (Per::Week, QuotaWindow::Calendar) => "a week",
        (Per::Month, QuotaWindow::Calendar) => "a month",
        (Per::Day, QuotaWindow::Rolling) => "in any 24 hours",
        (Per::Week, QuotaWindow::Rolling) => "in any 7 days",
        (Per::Month, QuotaWindow::Rolling) => "in any 30 days",
    }
}

fn week(quota: QuotaWords) -> &'static str {
    match (quota.per, quota.window) {
        (Per::Week, QuotaWindow::Calendar) => " A week runs from Monday to Sunday.",
        (Per::Month, QuotaWindow::Calendar) => " A month starts on its first day.",
        (Per::Day, QuotaWindow::Calendar) | (_, QuotaWindow::Rolling) => "",
    }
}

fn english_within(deadline: Deadline) -> String {
    let length = match deadline.length {
        Length::WorkingDays(1) => "1 working day".to_owned(),
        Length::WorkingDays(days) => format!("{days} working days"),
        Length::Months(1) => "1 month".to_owned(),
        Length::Months(months) => format!("{months} months"),
    };
    let from = match deadline.from {
        Some(Anchor::Decision) => " of our decision",
        Some(Anchor::Letter) => " of our letter",
        Some(Anchor::Implementation) => " of the day it started",
        Some(Anchor::Receipt) => " of getting our letter",
        Some(Anchor::AppealDecision) => " of the decision on your appeal",
        None => "",
    };
    format!("within {length}{from}")
}

/// A role as the policy names it: `head_of_service`.
fn english_role(role: &str) -> String {
    let words = role.replace('_', " ");
    match role {
        "executive_team" | "customer_experience_team" => format!("our {words}"),
        _ if words.ends_with("team") || words.ends_with("board") => format!("our {words}"),
        _ if words.starts_with(['a', 'e', 'i', 'o']) => format!("an {words}"),
        _ => format!("a {words}"),
    }
}
