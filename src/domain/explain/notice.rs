//! The text that a limited sender is told: what, until when, which other ways there are, and how to
//! appeal. Plain words, no case detail, no name.

mod phrases;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::super::channel::Channel;
use super::super::contact::Contact;
use super::super::moment::Moment;
use super::super::organisation::Organisation;
use super::super::restriction::{Hours, Kind, Restriction, WindowEnd};
use super::Facts;
use phrases::{Counted, English, Phrases, Welsh};

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
    in_phrases(facts, &English)
}

/// The same in Welsh. What the profile says in its own words stays out, since that is English.
pub fn welsh_notice(facts: &NoticeFacts<'_>) -> String {
    in_phrases(facts, &Welsh)
}

fn in_phrases(facts: &NoticeFacts<'_>, say: &impl Phrases) -> String {
    let organisation = facts.organisation;
    let profile = &organisation.profile;
    let zone = profile.timezone;
    let mut lines = vec![say.opening(facts.contact.channel, &profile.name)];
    for limit in facts.limits {
        if let Some(restriction) = limit.restriction {
            lines.push(what_is_limited(facts, restriction, say));
            lines.push(until_when(restriction, zone, say));
        }
    }
    if let Some(next) = facts.next_slot {
        lines.push(say.next(next, zone));
    }
    let ways = other_ways(facts);
    let named_already = facts
        .limits
        .iter()
        .filter_map(|limit| limit.restriction)
        .any(|one| matches!(one.kind, Kind::ChannelsOnly { .. }));
    if !ways.is_empty() && !named_already {
        lines.push(say.ways(&ways));
    }
    lines.push(say.emergency(organisation.emergency.as_deref()));
    lines.push(say.always().to_owned());
    lines.push(say.appeal(profile.appeal.window, profile.letter.how_to_appeal.as_deref()));
    if let Some(ombudsman) = &profile.ombudsman {
        let web = ombudsman.website.as_deref().map(|web| format!(" ({web})")).unwrap_or_default();
        lines.push(say.ombudsman(&ombudsman.name, &web));
    }
    lines.push(say.reference(&facts.contact.id));
    lines.dedup();
    lines.join("\n")
}

fn what_is_limited(
    facts: &NoticeFacts<'_>,
    restriction: &Restriction,
    say: &impl Phrases,
) -> String {
    let profile = &facts.organisation.profile;
    match &restriction.kind {
        Kind::ChannelsOnly { .. } => say.only_ways(&open_channels(facts).collect::<Vec<_>>()),
        Kind::HoursOnly(hours) => say.hours(facts.contact.channel, &windows(hours)),
        Kind::ContactQuota { quota, .. } => say.quota(*quota, Counted::Contacts),
        Kind::IssueQuota(quota) => say.quota(*quota, Counted::Issues),
        Kind::RepresentativeOnly { .. } => say.representative().to_owned(),
        Kind::ComplaintClosed(_) => {
            say.procedure_ended(profile.ombudsman.as_ref().map(|one| one.name.as_str()))
        }
        Kind::SinglePointOfContact(_)
        | Kind::IssueClosed(_)
        | Kind::ReadAndFile { .. }
        | Kind::ContactEnded
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => say.limited().to_owned(),
    }
}

fn until_when(restriction: &Restriction, zone: Tz, say: &impl Phrases) -> String {
    match (restriction.ends, restriction.review_due) {
        (Some(ends), _) => say.lasts_until(ends, zone),
        (None, Some(review)) => say.reviewed_by(review, zone),
        (None, None) => say.reviewed().to_owned(),
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
fn other_ways(facts: &NoticeFacts<'_>) -> Vec<Channel> {
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
        .collect()
}

/// The windows of a week: days, and the times from and to.
fn windows(hours: &Hours) -> Vec<(Vec<chrono::Weekday>, String, String)> {
    hours
        .windows
        .iter()
        .map(|window| {
            let to = match window.to {
                WindowEnd::At(to) => to.format("%H:%M").to_string(),
                WindowEnd::Midnight => "24:00".to_owned(),
            };
            (window.days.to_vec(), window.from.format("%H:%M").to_string(), to)
        })
        .collect()
}

pub(super) const fn full_name(day: chrono::Weekday) -> &'static str {
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

pub(super) fn moment_in_words(moment: Moment, zone: Tz) -> String {
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
