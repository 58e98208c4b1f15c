//! From a decision's facts to the parts of its notice, in the order in which they are said.

use chrono::{DateTime, Utc};

use super::{Day, Handling, Limit, NoticePart, OpenHours, Policy, Until, Way};
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::disposition::Disposition;
use crate::domain::language::Language;
use crate::domain::nation::Nation;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::profile::Profile;
use crate::domain::restriction::{Kind, Restriction, Window, WindowEnd};

/// A restriction that limited the contact, and the clause that a decision cites for it.
#[derive(Debug, Clone)]
pub struct Limiting<'a> {
    pub restriction: &'a Restriction,
    pub clause: Option<String>,
}

/// What a notice is made of.
#[derive(Debug, Clone)]
pub struct NoticeFacts<'a> {
    pub organisation: &'a Organisation,
    pub contact: &'a Contact,
    /// When it was decided, for the day by which somebody reads the message.
    pub at: DateTime<Utc>,
    pub limits: &'a [Limiting<'a>],
    /// Everything in force, to name the ways that are open.
    pub in_force: &'a [&'a Restriction],
    pub next_slot: Option<DateTime<Utc>>,
}

/// The parts of a notice, the emergency first.
pub fn compose(facts: &NoticeFacts<'_>) -> Vec<NoticePart> {
    let organisation = facts.organisation;
    let profile = &organisation.profile;
    let zone = profile.timezone;
    let channel = facts.contact.channel;
    let handling = match channel {
        Channel::Telephone | Channel::InPerson | Channel::WebChat => Handling::NotConnected,
        Channel::WebForm if facts.contact.notified_apart => Handling::InYourName,
        Channel::Email
        | Channel::WebForm
        | Channel::Sms
        | Channel::Whatsapp
        | Channel::Letter
        | Channel::Social => Handling::Kept,
    };
    let mut parts = vec![emergency(organisation), NoticePart::WhatHappened { channel, handling }];
    if handling != Handling::NotConnected {
        parts.push(NoticePart::ReadBy { day: profile.read_by(Disposition::Limit, facts.at) });
    }
    parts.push(why(facts));
    for limiting in facts.limits {
        let restriction = limiting.restriction;
        parts.push(NoticePart::Limit { limit: limit(facts, restriction) });
        parts.push(NoticePart::Until {
            until: match (restriction.ends, restriction.review_due) {
                (Some(ends), _) => Until::Ends(Day::of(ends, zone)),
                (None, Some(review)) => Until::ReviewedBy(Day::of(review, zone)),
                (None, None) => Until::Reviewed,
            },
        });
    }
    parts.dedup();
    if let Some(next) = facts.next_slot {
        let at = next.with_timezone(&zone).naive_local();
        parts.push(NoticePart::NextSlot { channel, at });
    }
    let ways = ways_now(facts);
    let detailed = detailed_ways(organisation);
    let has_more = detailed.iter().any(|way| !ways.contains(way));
    if !ways.is_empty() {
        parts.push(NoticePart::HowToReach { ways });
    }
    parts.push(NoticePart::AlwaysOpen);
    if has_more {
        parts.push(NoticePart::HowAlways { ways: detailed });
    }
    parts.push(appeal(organisation));
    parts.extend(ombudsman(profile));
    parts.push(NoticePart::Reference { contact: facts.contact.id.clone() });
    parts
}

/// What an answer may say that is the same for everybody: nothing of any restriction.
pub fn parts_for_everybody(organisation: &Organisation, at: DateTime<Utc>) -> Vec<NoticePart> {
    let ways = staffed(organisation).map(|one| way(organisation, one)).collect();
    vec![
        emergency(organisation),
        NoticePart::ReadBy { day: organisation.profile.read_by(Disposition::Limit, at) },
        NoticePart::HowToReach { ways },
        NoticePart::AlwaysOpen,
    ]
}

/// The languages of a notice: the person's own, else those that the organisation speaks.
pub fn languages(organisation: &Organisation, person: Option<&Person>) -> Vec<Language> {
    if let Some(own) = person.and_then(|person| person.language) {
        return vec![own];
    }
    if !organisation.reach.languages.is_empty() {
        return organisation.reach.languages.clone();
    }
    let profile = &organisation.profile;
    match (profile.languages.is_empty(), profile.nation) {
        (false, _) => profile.languages.clone(),
        (true, Nation::Wales) => vec![Language::English, Language::Welsh],
        (true, Nation::England | Nation::Scotland | Nation::NorthernIreland) => {
            vec![Language::English]
        }
    }
}

/// What to do in an emergency.
pub(in crate::domain) fn emergency(organisation: &Organisation) -> NoticePart {
    // A SIP address connects a call, and is nothing that a customer can dial.
    let number = organisation.emergency.clone().filter(|line| line.starts_with('+'));
    NoticePart::Emergency { number }
}

fn why(facts: &NoticeFacts<'_>) -> NoticePart {
    let profile = &facts.organisation.profile;
    let first = facts.limits.first();
    let clause = first.and_then(|limiting| limiting.clause.clone());
    NoticePart::Why {
        organisation: profile.name.clone(),
        since: first
            .and_then(|limiting| limiting.restriction.starts)
            .map(|starts| starts.day(profile.timezone)),
        policy: policy(facts.organisation),
        clause: clause.filter(|clause| is_section(clause)),
        written: profile.letter.written != Some(false),
    }
}

/// The policy as customers find it.
pub(in crate::domain) fn policy(organisation: &Organisation) -> Policy {
    Policy {
        title: organisation.profile.policy.clone(),
        welsh_title: organisation.profile.welsh_policy.clone(),
        url: organisation.reach.policy_url.clone(),
    }
}

/// Whether a customer could look a clause up: "Responsible Officer" is not a section.
pub(in crate::domain) fn is_section(clause: &str) -> bool {
    clause.starts_with(|c: char| c.is_ascii_digit())
}

fn limit(facts: &NoticeFacts<'_>, restriction: &Restriction) -> Limit {
    let profile = &facts.organisation.profile;
    match &restriction.kind {
        Kind::ChannelsOnly { .. } => {
            Limit::OnlyChannels { channels: named_ways(facts.organisation, facts.in_force) }
        }
        Kind::HoursOnly(hours) => {
            Limit::OnlyHours { channel: facts.contact.channel, hours: open_hours(&hours.windows) }
        }
        Kind::ContactQuota { quota, channels } => Limit::Contacts {
            quota: quota.into(),
            channels: channels.as_ref().map_or_else(Vec::new, |set| {
                Channel::ALL.into_iter().filter(|one| profile.set_contains(set, *one)).collect()
            }),
        },
        Kind::IssueQuota(quota) => Limit::Issues { quota: quota.into() },
        Kind::RepresentativeOnly { .. } => Limit::OnlyRepresentative,
        Kind::ComplaintClosed(_) => Limit::ComplaintEnded,
        Kind::SinglePointOfContact(_)
        | Kind::IssueClosed(_)
        | Kind::ReadAndFile { .. }
        | Kind::ContactEnded
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => Limit::Other,
    }
}

/// The channels that no restriction in force closes.
fn open_channels<'a>(
    profile: &'a Profile,
    in_force: &'a [&'a Restriction],
) -> impl Iterator<Item = Channel> + use<'a> {
    Channel::ALL.into_iter().filter(move |channel| {
        in_force.iter().all(|restriction| {
            let Kind::ChannelsOnly { channels } = &restriction.kind else { return true };
            profile.set_contains(channels, *channel)
        })
    })
}

/// The open channels of a restriction that names them. Those that nobody staffs stay out, unless
/// that would leave none: somebody decided on these by name.
fn named_ways(organisation: &Organisation, in_force: &[&Restriction]) -> Vec<Channel> {
    let named: Vec<Channel> = open_channels(&organisation.profile, in_force).collect();
    let reach = &organisation.reach;
    let knows = !reach.details.is_empty() || !reach.staffed_hours.is_empty();
    let staffed: Vec<Channel> =
        named.iter().copied().filter(|one| !knows || reach.is_staffed(*one)).collect();
    if staffed.is_empty() { named } else { staffed }
}

/// The ways that restrictions in force leave open, with how to use each.
pub(in crate::domain) fn open_ways(
    organisation: &Organisation,
    in_force: &[&Restriction],
) -> Vec<Way> {
    let closes = |kind: &Kind| matches!(kind, Kind::RepresentativeOnly { .. });
    if in_force.iter().any(|one| closes(&one.kind)) {
        return Vec::new();
    }
    let names = |kind: &Kind| matches!(kind, Kind::ChannelsOnly { .. });
    let offered: Vec<Channel> = if in_force.iter().any(|one| names(&one.kind)) {
        named_ways(organisation, in_force)
    } else {
        staffed(organisation).collect()
    };
    offered.into_iter().map(|channel| way(organisation, channel)).collect()
}

/// The channels on which somebody answers.
fn staffed(organisation: &Organisation) -> impl Iterator<Item = Channel> {
    Channel::ALL.into_iter().filter(|one| organisation.reach.is_staffed(*one))
}

/// The ways with an address, number or link, whatever restricts the person: what is always open comes in by any.
fn detailed_ways(organisation: &Organisation) -> Vec<Way> {
    let ways = staffed(organisation).map(|one| way(organisation, one));
    ways.filter(|way| way.detail.is_some()).collect()
}

/// The ways that are open now, but for the one that was just limited.
fn ways_now(facts: &NoticeFacts<'_>) -> Vec<Way> {
    let organisation = facts.organisation;
    let is_limited = |channel: Channel| {
        facts
            .limits
            .iter()
            .any(|limiting| covers(&limiting.restriction.kind, channel, &organisation.profile))
    };
    open_ways(organisation, facts.in_force)
        .into_iter()
        .filter(|way| way.channel != facts.contact.channel && !is_limited(way.channel))
        .collect()
}

/// Whether a limit that is reached holds on a channel as well.
fn covers(kind: &Kind, channel: Channel, profile: &Profile) -> bool {
    match kind {
        Kind::ContactQuota { channels: Some(channels), .. } => {
            profile.set_contains(channels, channel)
        }
        Kind::HoursOnly(hours) => hours.covers(channel, profile),
        other => other.quota().is_some(),
    }
}

fn way(organisation: &Organisation, channel: Channel) -> Way {
    let reach = &organisation.reach;
    Way {
        channel,
        detail: reach.details.get(&channel).cloned(),
        hours: reach
            .staffed_hours
            .get(&channel)
            .map_or_else(Vec::new, |hours| open_hours(&hours.windows)),
    }
}

pub(in crate::domain) fn open_hours(windows: &[Window]) -> Vec<OpenHours> {
    windows
        .iter()
        .map(|window| OpenHours {
            days: window.days.clone(),
            from: window.from,
            to: match window.to {
                WindowEnd::At(to) => Some(to),
                WindowEnd::Midnight => None,
            },
        })
        .collect()
}

/// How to appeal.
pub(in crate::domain) fn appeal(organisation: &Organisation) -> NoticePart {
    let profile = &organisation.profile;
    let hears = || profile.appeal.heard_by.as_ref().and_then(|roles| roles.as_slice().first());
    let role = profile.appeal.addressed_to.as_ref().or_else(hears);
    NoticePart::Appeal {
        within: profile.appeal.window,
        heard_by: role.map(|role| role.0.clone()),
        uninvolved: profile.appeal.hearer_uninvolved == Some(true),
        to: organisation.reach.appeal_to.clone(),
        how: profile.letter.how_to_appeal.clone(),
    }
}

/// The ombudsman, where the policy names one.
pub(in crate::domain) fn ombudsman(profile: &Profile) -> Option<NoticePart> {
    let ombudsman = profile.ombudsman.as_ref()?;
    Some(NoticePart::Ombudsman {
        name: ombudsman.name.clone(),
        welsh_name: ombudsman.welsh_name.clone(),
        website: ombudsman.website.clone(),
        phone: ombudsman.phone.clone(),
        after_ours: ombudsman.when.as_deref().is_some_and(|when| when.starts_with("after")),
    })
}
