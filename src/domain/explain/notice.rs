//! The text that a limited sender is told: what, until when, which other ways there are, and how to
//! appeal. Plain words, no case detail, no name.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::super::channel::Channel;
use super::super::contact::Contact;
use super::super::moment::Moment;
use super::super::organisation::Organisation;
use super::super::profile::{Anchor, Deadline, Length};
use super::super::restriction::{Hours, Kind, Restriction, WindowEnd};
use super::{Facts, quota_in_words};

/// What a notice is made of.
#[derive(Debug, Clone)]
pub struct NoticeFacts<'a> {
    pub organisation: &'a Organisation,
    pub contact: &'a Contact,
    /// What limited the contact.
    pub limits: &'a [Facts<'a>],
    /// Everything in force, to name the ways that are open.
    pub in_force: &'a [&'a Restriction],
    pub next_slot: Option<DateTime<Utc>>,
}

/// The notice's text, a paragraph a line.
pub fn notice(facts: &NoticeFacts<'_>) -> String {
    let organisation = facts.organisation;
    let profile = &organisation.profile;
    let zone = profile.timezone;
    let mut lines = vec![opening(facts.contact.channel, &profile.name)];
    for limit in facts.limits {
        if let Some(restriction) = limit.restriction {
            lines.push(what_is_limited(facts, restriction));
            lines.push(until_when(restriction, zone));
        }
    }
    if let Some(next) = facts.next_slot {
        lines.push(format!(
            "You can next contact us this way from {}.",
            instant_in_words(next, zone)
        ));
    }
    let ways = other_ways(facts);
    let named_already = facts
        .limits
        .iter()
        .filter_map(|limit| limit.restriction)
        .any(|one| matches!(one.kind, Kind::ChannelsOnly { .. }));
    if !ways.is_empty() && !named_already {
        lines.push(format!("You can contact us {}.", joined(&ways, "or")));
    }
    lines.push(match &organisation.emergency {
        Some(number) => format!(
            "In an emergency, or if somebody is in danger, call {number} at any time; call 999 if a \
             life is at risk."
        ),
        None => "In an emergency, contact us in any way, at any time; call 999 if a life is at risk."
            .to_owned(),
    });
    lines.push(
        "Requests for your personal data, other requests that the law gives you a right to, and \
         requests for an adjustment because of a disability are always accepted, in any way."
            .to_owned(),
    );
    lines.push(how_to_appeal(organisation));
    if let Some(ombudsman) = &profile.ombudsman {
        let web = ombudsman.website.as_deref().map(|web| format!(" ({web})")).unwrap_or_default();
        lines.push(format!("You can also turn to the {}{web}.", ombudsman.name));
    }
    lines.push(format!("Reference: {}", facts.contact.id));
    lines.dedup();
    lines.join("\n")
}

/// What became of the contact, and that an arrangement is why.
fn opening(channel: Channel, organisation: &str) -> String {
    let what = match channel {
        Channel::Telephone => "We can't connect this call",
        Channel::InPerson => "We can't see you at this visit",
        Channel::WebChat => "We can't go on with this chat",
        Channel::Email
        | Channel::WebForm
        | Channel::Sms
        | Channel::Whatsapp
        | Channel::Letter
        | Channel::Social => {
            return format!(
                "We received your message {} and have kept it. It has not been passed on, because \
                 an arrangement is in place on how you contact {organisation}.",
                channel.by()
            );
        }
    };
    format!("{what}, because an arrangement is in place on how you contact {organisation}.")
}

fn what_is_limited(facts: &NoticeFacts<'_>, restriction: &Restriction) -> String {
    let profile = &facts.organisation.profile;
    match &restriction.kind {
        Kind::ChannelsOnly { .. } => {
            let ways: Vec<String> = open_channels(facts).map(|one| one.by().to_owned()).collect();
            format!("You can contact us {} only.", joined(&ways, "or"))
        }
        Kind::HoursOnly(hours) => {
            format!(
                "You can contact us {} at these times: {}.",
                facts.contact.channel.by(),
                hours_in_words(hours)
            )
        }
        Kind::ContactQuota { quota, .. } => {
            format!("You can make {}.", quota_in_words(quota, "contact", "contacts"))
        }
        Kind::IssueQuota(quota) => {
            format!("We consider {}.", quota_in_words(quota, "issue", "issues"))
        }
        Kind::RepresentativeOnly { .. } => "You contact us through your representative.".to_owned(),
        Kind::ComplaintClosed(_) => match &profile.ombudsman {
            Some(ombudsman) => format!(
                "Our complaints procedure has ended; you can take the complaint to the {}.",
                ombudsman.name
            ),
            None => "Our complaints procedure has ended.".to_owned(),
        },
        Kind::SinglePointOfContact(_)
        | Kind::IssueClosed(_)
        | Kind::ReadAndFile { .. }
        | Kind::ContactEnded
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => "How you contact us is limited.".to_owned(),
    }
}

fn until_when(restriction: &Restriction, zone: Tz) -> String {
    match (restriction.ends, restriction.review_due) {
        (Some(ends), _) => format!("This lasts until {}.", moment_in_words(ends, zone)),
        (None, Some(review)) => {
            format!("This will be reviewed by {}.", moment_in_words(review, zone))
        }
        (None, None) => "This will be reviewed; ask us for the date.".to_owned(),
    }
}

/// The channels that no restriction in force closes.
fn open_channels<'a>(facts: &'a NoticeFacts<'_>) -> impl Iterator<Item = Channel> + use<'a> {
    let profile = &facts.organisation.profile;
    Channel::ALL.into_iter().filter(move |channel| {
        facts.in_force.iter().all(|restriction| {
            let Kind::ChannelsOnly { channels } = &restriction.kind else { return true };
            profile.set_contains(channels, *channel)
        })
    })
}

/// The ways that are open beside the one that was used.
fn other_ways(facts: &NoticeFacts<'_>) -> Vec<String> {
    let only_through_representative =
        facts.in_force.iter().any(|one| matches!(one.kind, Kind::RepresentativeOnly { .. }));
    if only_through_representative {
        return Vec::new();
    }
    let profile = &facts.organisation.profile;
    let limited_too = |channel: Channel| {
        facts.limits.iter().filter_map(|limit| limit.restriction).any(|restriction| {
            if let Kind::ContactQuota { channels: Some(channels), .. } = &restriction.kind {
                return profile.set_contains(channels, channel);
            }
            if let Kind::HoursOnly(hours) = &restriction.kind {
                return hours.covers(channel, profile);
            }
            restriction.kind.quota().is_some()
        })
    };
    open_channels(facts)
        .filter(|channel| *channel != facts.contact.channel && !limited_too(*channel))
        .map(|channel| channel.by().to_owned())
        .collect()
}

fn how_to_appeal(organisation: &Organisation) -> String {
    let profile = &organisation.profile;
    let how = profile
        .letter
        .how_to_appeal
        .clone()
        .unwrap_or_else(|| "tell us in any way, also by telephone, that you appeal".to_owned());
    let within = profile.appeal.window.map(|window| format!(" {}", within_in_words(window)));
    format!("If you think that this is wrong you can appeal{}: {how}.", within.unwrap_or_default())
}

fn within_in_words(deadline: Deadline) -> String {
    let length = match deadline.length {
        Length::WorkingDays(1) => "1 working day".to_owned(),
        Length::WorkingDays(days) => format!("{days} working days"),
        Length::Months(1) => "1 month".to_owned(),
        Length::Months(months) => format!("{months} months"),
    };
    let from = match deadline.from {
        Some(Anchor::Decision) => " of the decision",
        Some(Anchor::Letter) => " of our letter",
        Some(Anchor::Implementation) => " of its start",
        Some(Anchor::Receipt) => " of receiving it",
        Some(Anchor::AppealDecision) => " of the decision on the appeal",
        None => "",
    };
    format!("within {length}{from}")
}

fn hours_in_words(hours: &Hours) -> String {
    let windows: Vec<String> = hours
        .windows
        .iter()
        .map(|window| {
            let days: Vec<String> =
                window.days.iter().map(|day| full_name(*day).to_owned()).collect();
            let to = match window.to {
                WindowEnd::At(to) => to.format("%H:%M").to_string(),
                WindowEnd::Midnight => "24:00".to_owned(),
            };
            format!("{} {} to {to}", joined(&days, "and"), window.from.format("%H:%M"))
        })
        .collect();
    joined(&windows, "and")
}

const fn full_name(day: chrono::Weekday) -> &'static str {
    match day {
        chrono::Weekday::Mon => "Monday",
        chrono::Weekday::Tue => "Tuesday",
        chrono::Weekday::Wed => "Wednesday",
        chrono::Weekday::Thu => "Thursday",
        chrono::Weekday::Fri => "Friday",
        chrono::Weekday::Sat => "Saturday",
        chrono::Weekday::Sun => "Sunday",
    }
}

fn joined(parts: &[String], last: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

fn moment_in_words(moment: Moment, zone: Tz) -> String {
    match moment {
        Moment::Day(day) => date_in_words(day),
        Moment::Instant(instant) => instant_in_words(instant, zone),
    }
}

/// "9 November 2026".
pub fn date_in_words(day: chrono::NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// "Monday 9 November 2026 at 10:00", by the organisation's clock.
pub fn instant_in_words(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).format("%A %-d %B %Y at %H:%M").to_string()
}
