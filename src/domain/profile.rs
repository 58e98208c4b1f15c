//! A profile: one organisation's published rules as data.
//!
//! `None` is *unset*: the policy is silent, and the organisation must choose before anything that uses the value is
//! enforced. The product never guesses; if a decision still meets an unset value, it favours the sender.

mod rules;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::calendar::BankHolidays;
use super::channel::Channel;
use super::duty::Duty;
use super::identifier::Assurance;
use super::language::Language;
use super::nation::Nation;
use super::restriction::{ChannelOrGroup, ChannelSet, KindName, WeeklyHours};
use super::safeguard::Safeguards;

pub use rules::RulesDigest;

/// A role of the organisation, in snake case, by the policy's own name for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(pub String);

impl Role {
    /// Of somebody who has none yet: no profile names it, and it has no duty.
    pub const fn none() -> Self {
        Role(String::new())
    }

    pub const fn is_none(&self) -> bool {
        self.0.is_empty()
    }
}

/// Roles of which any one may act. A policy names one; an organisation may list several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// `None` where no role is named.
    pub fn any_of(roles: Vec<Role>) -> Option<Self> {
        (!roles.is_empty()).then_some(Roles(roles))
    }

    pub fn include(&self, role: &Role) -> bool {
        self.0.contains(role)
    }

    pub fn as_slice(&self) -> &[Role] {
        &self.0
    }
}

impl std::fmt::Display for Roles {
    /// "manager or head_of_service".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|role| role.0.as_str()).collect();
        f.write_str(&names.join(" or "))
    }
}

impl Serialize for Roles {
    /// One role as its name, several as a list.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

/// How figures name a ground that is not one of the policy's, and one that is not on record.
const OTHER_GROUND: &str = "other";
const UNKNOWN_GROUND: &str = "unknown";

/// A ground for restricting contact, as the policy lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ground {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Conduct on this ground may be severe, so that steps may be left out where the policy says so.
    pub severe: bool,
}

/// One organisation's published rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub name: String,
    /// The policy's own version; stored with every restriction made under it.
    pub version: String,
    pub nation: Nation,
    pub timezone: Tz,
    /// What the policy says of each kind; a kind that is not in the map is unset.
    pub kinds: BTreeMap<KindName, KindRule>,
    /// Named sets of channels; `None` where the policy uses the word and does not say what it means.
    pub channel_groups: BTreeMap<String, Option<Vec<Channel>>>,
    pub warn_first: WarnFirst,
    pub review: Review,
    pub appeal: Appeal,
    pub letter: LetterRules,
    pub ombudsman: Option<Ombudsman>,
    /// What may be done only with a justification; one that is not in the map is unset.
    pub exceptions: BTreeMap<Exception, ExceptionRule>,
    pub responsible: Responsible,
    pub safeguards: Safeguards,
    /// The policy's own list of grounds. Empty: unset.
    pub grounds: Vec<Ground>,
    /// When each channel is staffed; a channel that is not in the map is not staffed. `None`: unset.
    pub staffed_hours: Option<BTreeMap<Channel, WeeklyHours>>,
    /// The roles that every organisation has ([`STAFF_ROLES`]), then those that the policy names.
    pub roles: Vec<Role>,
    /// What each role may do. Empty: no role lists any, and [`super::duty`] follows the policy's own names.
    pub duties: BTreeMap<Role, BTreeSet<Duty>>,
    /// The figures that the policy says are kept.
    pub figures: Vec<String>,
    /// The least assurance at which a sender is held to be the person, by channel; a channel that
    /// is not in the map asks [`Assurance::Asserted`].
    pub assurance: BTreeMap<Channel, Assurance>,
    pub evidence: Evidence,
    pub team: Team,
    pub store_away: StoreAway,
    /// If unset, they are delivered and noted on the trail.
    pub outbound_answers: Option<OutboundAnswers>,
    /// Working days within which a filed contact must be marked read.
    pub read_within_working_days: Option<u32>,
    /// Working days within which a person reads limited or filed contacts: what its sender is promised.
    pub limited_read_within: u32,
    /// Working hours within which a point of contact must take up a routed contact before it is passed on. Unset:
    /// nothing is passed on.
    pub answered_within_hours: Option<u32>,
    /// Working days within which somebody decides whether to engage on a new issue after all contact
    /// was ended. Unset: the next working day.
    pub engagement_within_working_days: Option<u32>,
    /// The clause behind each value, by its dotted path (`review.every_months` → `8.4`).
    pub clauses: BTreeMap<String, String>,
    /// The title under which the policy is published, and the one of its Welsh edition.
    pub policy: Option<String>,
    pub welsh_policy: Option<String>,
    /// The languages of notices; empty: those of the nation.
    pub languages: Vec<Language>,
    pub bank_holidays: BankHolidays,
    /// Of what is above; see [`Profile::rules`].
    pub rules: RulesDigest,
}

/// Working days within which a person reads limited or filed contacts, unless set otherwise: by the
/// end of the next one.
pub const LIMITED_READ_WITHIN: u32 = 1;

/// What a policy says of one kind of restriction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindRule {
    pub allowed: bool,
    pub clause: Option<String>,
    /// Who signs it off, where the policy says.
    pub sign_off: Option<Roles>,
}

/// Roles that every organisation has, whatever its policy calls the people who hold them.
pub const STAFF_ROLES: [&str; 4] = ["agent", "manager", "head_of_service", "governance"];

/// Something out of the ordinary that a policy allows only with a justification on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exception {
    /// A restriction without a warning before it.
    NoWarning,
    /// A restriction without notice to the person.
    NoNotification,
    /// A restriction for longer than the longest period.
    LongerThanLongest,
    /// All contact ended.
    ContactEnded,
}

impl Exception {
    pub const ALL: [Exception; 4] = [
        Exception::NoWarning,
        Exception::NoNotification,
        Exception::LongerThanLongest,
        Exception::ContactEnded,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Exception::NoWarning => "no_warning",
            Exception::NoNotification => "no_notification",
            Exception::LongerThanLongest => "longer_than_longest",
            Exception::ContactEnded => "contact_ended",
        }
    }
}

/// What a policy says of one exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExceptionRule {
    pub allowed: bool,
    /// In what case, in a word of the policy ("severe", "exceptional").
    pub when: Option<String>,
    pub clause: Option<String>,
    /// Who signs it off, where the policy says.
    pub sign_off: Option<Roles>,
}

/// Who does what, where the policy names somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Responsible {
    /// Who decides on a restriction.
    pub decides: Option<Roles>,
    /// Who is notified of contact in breach of a restriction.
    pub told_of_breaches: Option<Role>,
    /// Who decides whether to engage on a new issue after all contact was ended.
    pub engages_after_end: Vec<Role>,
    /// Who is advised of what may be a subject access request.
    pub advises_on_requests: Option<Role>,
    /// The recipients of performance reports.
    pub reported_to: Vec<Role>,
}

/// What comes before a restriction. Each value may be unset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WarnFirst {
    pub required: Option<bool>,
    pub except_severe: Option<bool>,
    /// How a warning may be given: `verbal`, `written`. Empty: unset.
    pub media: Vec<String>,
    /// An agreement without formal action is tried first.
    pub voluntary_agreement: Option<bool>,
    /// The grounds for which an agreement comes first, in place of a warning. Empty: all.
    pub agreement_grounds: Vec<String>,
    /// The parts that the policy asks of a warning: `behaviour`, `must_change`, `consequences`.
    /// Empty: unset.
    pub must_say: Vec<String>,
    /// Mediation by a third party is offered where it fits.
    pub mediation: Option<bool>,
}

/// When restrictions are reviewed, and what happens at the date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    pub every_months: Option<u32>,
    pub longest_months: Option<u32>,
    /// In what case the longest period may be exceeded ("exceptional").
    pub extension: Option<String>,
    pub on_overdue: Option<OnOverdue>,
    pub anchor: Option<Anchor>,
    /// The policy gives every restriction a review or end date of its own, so that it needs no
    /// period for all.
    pub per_decision: bool,
    /// What brings a review forward ("good_conduct").
    pub earlier: Option<String>,
    /// So many months without an incident or a breach suggest an early review.
    pub good_conduct_months: Option<u32>,
    /// The person is notified of a review's outcome.
    pub outcome_told: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnOverdue {
    /// The restriction ends.
    Lapse,
    /// It stays until reviewed, and the overdue review is escalated.
    Keep,
    /// It stays until the longest period is over, then it ends.
    HardCap,
}

/// From what a deadline runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    Decision,
    Letter,
    Implementation,
    Receipt,
    AppealDecision,
}

/// A length of time as policies give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    WorkingDays(u32),
    Months(u32),
}

/// A deadline: so long, from an anchor that may be unset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    pub length: Length,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Anchor>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appeal {
    /// Within what a person may appeal.
    pub window: Option<Deadline>,
    /// Within what the appeal is answered.
    pub answer: Option<Deadline>,
    /// Deadline for notifying the person of the answer.
    pub notify: Option<Deadline>,
    pub heard_by: Option<Roles>,
    /// The hearer took no part in the decision.
    pub hearer_uninvolved: Option<bool>,
    /// The addressee of an appeal.
    pub addressed_to: Option<Role>,
    /// It may be made by telephone.
    pub verbal: Option<bool>,
    /// The grounds that the policy names, in snake case; others count as well.
    pub grounds: Vec<String>,
    /// Whether a restriction holds while its appeal is heard. Unset counts as no.
    pub in_force_during: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterRules {
    /// The parts that the letter must have, in snake case. Empty: unset.
    pub must_say: Vec<String>,
    /// The person is notified in writing.
    pub written: Option<bool>,
    /// Deadline for notifying the person of the restriction.
    pub within: Option<Deadline>,
    /// The person may ask to be notified by other means.
    pub means_of_choice: Option<bool>,
    /// Where and how to appeal, in the words of a notice; `None`: "reply and say that you appeal".
    pub how_to_appeal: Option<String>,
}

/// The ombudsman named by the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ombudsman {
    pub name: String,
    #[serde(rename = "name_cy", skip_serializing_if = "Option::is_none")]
    pub welsh_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// When the person may turn to it, in snake case (`any_time`, `after_appeal`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// How new evidence is distinguished from repetition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The share of a text, 0 to 1, above which it counts as mostly new.
    pub new_text_share: f64,
}

impl Default for Evidence {
    fn default() -> Self {
        Evidence { new_text_share: 0.5 }
    }
}

/// Who takes over where a point of contact and every deputy are away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Team {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// What an e-mail under a quota meets while the counters are away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreAway {
    /// Delivered, flagged `limits_unchecked`.
    #[default]
    Deliver,
    /// Deferred: the sending server tries again.
    Defer,
}

/// The treatment of an answer to a restricted person by somebody other than the point of contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboundAnswers {
    /// Delivered, without an entry.
    Deliver,
    /// Delivered, and its sender is notified.
    Warn,
    /// Kept, until somebody releases it.
    Hold,
}

impl Profile {
    /// A profile in which the policy states nothing: every value is unset or the product's default.
    pub fn silent(name: &str, nation: Nation) -> Self {
        Profile {
            name: name.to_owned(),
            version: "1".to_owned(),
            nation,
            timezone: Tz::Europe__London,
            kinds: BTreeMap::new(),
            channel_groups: BTreeMap::new(),
            warn_first: WarnFirst::default(),
            review: Review::default(),
            appeal: Appeal::default(),
            letter: LetterRules::default(),
            ombudsman: None,
            exceptions: BTreeMap::new(),
            responsible: Responsible::default(),
            safeguards: Safeguards::default(),
            grounds: Vec::new(),
            staffed_hours: None,
            roles: Vec::new(),
            duties: BTreeMap::new(),
            figures: Vec::new(),
            assurance: BTreeMap::new(),
            evidence: Evidence::default(),
            team: Team::default(),
            store_away: StoreAway::default(),
            outbound_answers: None,
            read_within_working_days: None,
            limited_read_within: LIMITED_READ_WITHIN,
            answered_within_hours: None,
            engagement_within_working_days: None,
            clauses: BTreeMap::new(),
            policy: None,
            welsh_policy: None,
            languages: Vec::new(),
            bank_holidays: BankHolidays::default(),
            rules: RulesDigest::default(),
        }
    }

    /// The least assurance that this channel asks of an identifier.
    pub fn assurance_asked(&self, channel: Channel) -> Assurance {
        self.assurance.get(&channel).copied().unwrap_or(Assurance::Asserted)
    }

    /// Whether restrictions hold while an appeal against them is heard; unset helps the sender.
    pub fn kept_during_appeal(&self) -> bool {
        self.appeal.in_force_during.unwrap_or(false)
    }

    /// Whether a set of channels and groups has a channel. A group that is unset, or that the
    /// profile does not know, is read as every written channel.
    pub fn set_contains(&self, set: &ChannelSet, channel: Channel) -> bool {
        set.0.iter().any(|entry| match entry {
            ChannelOrGroup::Channel(named) => *named == channel,
            ChannelOrGroup::Group(group) => match self.channel_groups.get(group) {
                Some(Some(channels)) => channels.contains(&channel),
                Some(None) | None => channel.is_written(),
            },
        })
    }

    /// The clause behind a value, or behind what it is part of.
    pub fn clause_of(&self, path: &str) -> Option<&str> {
        let mut path = path;
        loop {
            if let Some(clause) = self.clauses.get(path) {
                return Some(clause);
            }
            path = path.rsplit_once('.')?.0;
        }
    }

    /// A ground of the policy by its name.
    pub fn ground(&self, name: &str) -> Option<&Ground> {
        self.grounds.iter().find(|ground| ground.name == name)
    }

    /// A ground as figures for everybody print it. It is free text if a restriction was decided elsewhere, and may name
    /// people: only a ground of the policy is printed, and whatever else there is as `other`.
    pub fn published_ground(&self, given: Option<&str>) -> &str {
        let Some(given) = given else { return UNKNOWN_GROUND };
        let as_named =
            |name: &str| given.trim().replace([' ', '-'], "_").eq_ignore_ascii_case(name);
        let known = self.grounds.iter().find(|ground| as_named(&ground.name));
        known.map_or(OTHER_GROUND, |ground| ground.name.as_str())
    }

    /// Whether an instant is on a bank holiday in the organisation's nation.
    pub fn is_bank_holiday(&self, at: DateTime<Utc>) -> bool {
        self.bank_holidays.contains(at.with_timezone(&self.timezone).date_naive())
    }

    /// The clause that a decision cites for a kind.
    pub fn clause_for(&self, kind: KindName) -> Option<&str> {
        self.kinds.get(&kind).and_then(|rule| rule.clause.as_deref())
    }
}
