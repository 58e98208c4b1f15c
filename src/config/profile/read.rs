//! A profile's tree becomes a [`Profile`].

mod casework;
mod policy;

pub(in crate::config) use self::casework::staffed_hours;

use std::collections::BTreeMap;

use chrono_tz::Tz;

use self::casework::{engagement, outbound_answers};
use self::policy::Policy;
use super::rights::safeguards;
use crate::config::bank_holidays::Calendars;
use crate::config::fault::Wrong;
use crate::config::node::{Node, Value};
use crate::config::reader::{Field, Reader, Section, brief};
use crate::domain::channel::Channel;
use crate::domain::identifier::Assurance;
use crate::domain::language::Language;
use crate::domain::nation::Nation;
use crate::domain::profile::{
    Anchor, Appeal, Deadline, Evidence, Exception, ExceptionRule, KindRule, LIMITED_READ_WITHIN,
    Length, LetterRules, Ombudsman, OnOverdue, Profile, Responsible, Review, Role, STAFF_ROLES,
    StoreAway, Team, WarnFirst,
};
use crate::domain::restriction::KindName;

/// The longest period of any kind that a policy may name, in months and in working days.
const MONTHS_MAX: u32 = 120;
const WORKING_DAYS_MAX: u32 = 1_000;
/// The longest, in working days, that something may wait for a person to read it.
const LIMITED_READ_WITHIN_MAX: u32 = 10;
/// The most hours that a point of contact may be given to answer: a working month.
const ANSWERED_WITHIN_MAX: u32 = 160;

const NATIONS: [(&str, Nation); 4] = [
    ("england", Nation::England),
    ("wales", Nation::Wales),
    ("scotland", Nation::Scotland),
    ("northern_ireland", Nation::NorthernIreland),
];

const ANCHORS: [(&str, Anchor); 5] = [
    ("decision", Anchor::Decision),
    ("letter", Anchor::Letter),
    ("implementation", Anchor::Implementation),
    ("receipt", Anchor::Receipt),
    ("appeal_decision", Anchor::AppealDecision),
];

const ON_OVERDUE: [(&str, OnOverdue); 3] =
    [("lapse", OnOverdue::Lapse), ("keep", OnOverdue::Keep), ("hard_cap", OnOverdue::HardCap)];

const ASSURANCES: [(&str, Assurance); 2] =
    [("proven", Assurance::Proven), ("asserted", Assurance::Asserted)];

const STORE_AWAY: [(&str, StoreAway); 2] =
    [("deliver", StoreAway::Deliver), ("defer", StoreAway::Defer)];

const MEDIA: [(&str, &str); 2] = [("verbal", "verbal"), ("written", "written")];

/// Reads a whole profile; `None` where something that every profile has is missing or wrong.
/// The faults are with the reader.
pub(in crate::config) fn read(
    reader: &Reader,
    root: &Node,
    calendars: &Calendars,
) -> Option<Profile> {
    let section = reader.section(root, "")?;
    let policy = Policy::new(&section);
    // Every part is read before anything is given up, so that all faults are found at once.
    let named = naming(&section);
    let safeguards = safeguards(reader, &section);
    let published = published(&section);
    let store_away =
        section.field("store_away").and_then(|f| f.choice("a way to go on", &STORE_AWAY));
    let mut profile = Profile {
        kinds: policy.kinds(&section),
        channel_groups: policy.channel_groups(&section),
        warn_first: policy.warn_first(&section),
        review: policy.review(&section),
        appeal: policy.appeal(&section),
        letter: policy.letter(&section),
        ombudsman: policy.ombudsman(&section),
        exceptions: policy.exceptions(&section),
        responsible: policy.responsible(&section),
        figures: policy.cited(&section, "figures", |f| policy.names(f)).unwrap_or_default(),
        grounds: policy.grounds(&section),
        staffed_hours: staffed_hours(&section),
        roles: policy.roles(&section),
        duties: policy.duties(&section),
        assurance: assurance(&section),
        evidence: evidence(&section),
        team: team(&section),
        store_away: store_away.unwrap_or_default(),
        outbound_answers: outbound_answers(&policy, &section),
        read_within_working_days: policy
            .cited(&section, "read_within_working_days", |f| f.whole(1, WORKING_DAYS_MAX)),
        limited_read_within: limited_read_within(&section),
        answered_within_hours: answered_within(&section),
        engagement_within_working_days: engagement(&policy, &section, WORKING_DAYS_MAX),
        policy: published.title,
        welsh_policy: published.welsh_title,
        languages: published.languages,
        ..Profile::silent("", Nation::England)
    };
    section.close();
    let (name, version, nation, timezone) = named?;
    profile.name = name;
    profile.version = version;
    profile.nation = nation;
    profile.timezone = timezone;
    profile.safeguards = safeguards?;
    profile.clauses = policy.into_clauses();
    profile.bank_holidays = calendars.of(nation);
    Some(profile)
}

/// What every profile has.
fn naming(section: &Section<'_>) -> Option<(String, String, Nation, Tz)> {
    let name = section.need("name", "the organisation's name").and_then(|f| f.words());
    let version =
        section.need("version", "the policy's own version or date").and_then(|f| f.words());
    let nation = section
        .need("nation", "the nation whose bank holidays count")
        .and_then(|f| f.choice("a nation", &NATIONS));
    let timezone = section.need("timezone", "\"Europe/London\"").and_then(|f| f.parsed(time_zone));
    Some((name?.to_owned(), version?.to_owned(), nation?, timezone?))
}

/// How the policy is called where it is published, and in which languages notices are written.
struct Published {
    title: Option<String>,
    welsh_title: Option<String>,
    languages: Vec<Language>,
}

fn published(section: &Section<'_>) -> Published {
    let title = |key| {
        let field = section.field(key).filter(|f| !f.node().is_unset())?;
        field.words().map(str::to_owned)
    };
    let languages = section.field("languages").filter(|f| !f.node().is_unset());
    let languages = languages.and_then(|f| crate::config::languages::languages(&f));
    Published {
        title: title("policy"),
        welsh_title: title("policy_cy"),
        languages: languages.unwrap_or_default(),
    }
}

fn time_zone(text: &str) -> Result<Tz, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new(
            format!("`{}` is not a time zone", brief(text)),
            "write a name of the IANA list, such as Europe/London",
        )
    })
}

/// The channels that a profile may name.
pub(super) fn channel(field: &Field<'_>) -> Option<Channel> {
    let names = Channel::ALL.map(|channel| (channel.name(), channel));
    field.choice("a channel", &names)
}

fn assurance(section: &Section<'_>) -> BTreeMap<Channel, Assurance> {
    let Some(asked) = section.field("assurance").and_then(|f| f.section()) else {
        return BTreeMap::new();
    };
    let found = Channel::ALL
        .into_iter()
        .filter_map(|channel| {
            let asked = asked.field(channel.name())?.choice("an assurance", &ASSURANCES)?;
            // Anything asked for anyway is not written down twice.
            (asked != Assurance::Asserted).then_some((channel, asked))
        })
        .collect();
    asked.close();
    found
}

fn evidence(section: &Section<'_>) -> Evidence {
    let mut evidence = Evidence::default();
    if let Some(section) = section.field("evidence").and_then(|f| f.section()) {
        if let Some(share) = section.field("new_text_share").and_then(|f| f.share()) {
            evidence.new_text_share = share;
        }
        section.close();
    }
    evidence
}

fn limited_read_within(section: &Section<'_>) -> u32 {
    let Some(within) = section.field("limited_read_within").and_then(|f| f.section()) else {
        return LIMITED_READ_WITHIN;
    };
    let days = within
        .need(
            "working_days",
            "the number of working days within which somebody reads limited or filed contacts",
        )
        .and_then(|f| f.whole(1, LIMITED_READ_WITHIN_MAX));
    within.close();
    days.unwrap_or(LIMITED_READ_WITHIN)
}

fn answered_within(section: &Section<'_>) -> Option<u32> {
    let within = section.field("answered_within").filter(|f| !f.node().is_unset())?.section()?;
    let hours = within
        .need(
            "working_hours",
            "the number of working hours within which a point of contact answers",
        )
        .and_then(|f| f.whole(1, ANSWERED_WITHIN_MAX));
    within.close();
    hours
}

fn team(section: &Section<'_>) -> Team {
    let Some(section) = section.field("team").and_then(|f| f.section()) else {
        return Team::default();
    };
    let text = |key| {
        let field = section.field(key).filter(|f| !f.node().is_unset())?;
        field.words().map(str::to_owned)
    };
    let team = Team { name: text("name"), email: text("email"), phone: text("phone") };
    section.close();
    team
}

impl Policy {
    fn kinds(&self, section: &Section<'_>) -> BTreeMap<KindName, KindRule> {
        let Some(kinds) = self.part(section, "kinds") else { return BTreeMap::new() };
        let found = KindName::ALL
            .into_iter()
            .filter_map(|kind| {
                let rule = self.rule(&kinds, kind.name())?;
                Some((kind, rule))
            })
            .collect();
        kinds.close();
        found
    }

    fn rule(&self, kinds: &Section<'_>, kind: &'static str) -> Option<KindRule> {
        let rule = self.cited_table(kinds, kind)?;
        let allowed = rule.need("allowed", "true or false").and_then(|f| f.boolean());
        let sign_off = self.optional_roles(&rule);
        let path = rule.path().to_owned();
        rule.close();
        Some(KindRule { allowed: allowed?, clause: self.taken(&path), sign_off })
    }

    fn channel_groups(&self, section: &Section<'_>) -> BTreeMap<String, Option<Vec<Channel>>> {
        let Some(groups) = self.part(section, "channel_groups") else { return BTreeMap::new() };
        groups
            .entries()
            .into_iter()
            .map(|(name, field)| {
                let channels = self.cited_field(&field, |f| {
                    let channels = f.list(channel)?;
                    if channels.is_empty() {
                        f.fault("is empty", "name the channels, or write \"unset\"");
                    }
                    Some(channels)
                });
                (name.to_owned(), channels)
            })
            .collect()
    }

    fn warn_first(&self, section: &Section<'_>) -> WarnFirst {
        let Some(part) = self.part(section, "warn_first") else { return WarnFirst::default() };
        let media = self.cited(&part, "media", |f| {
            f.list(|item| item.choice("a way to warn", &MEDIA).map(str::to_owned))
        });
        let (voluntary_agreement, agreement_grounds) = self.agreement(&part);
        let warn_first = WarnFirst {
            required: self.flag(&part, "required"),
            except_severe: self.flag(&part, "except_severe"),
            media: media.unwrap_or_default(),
            voluntary_agreement,
            agreement_grounds,
            must_say: self.warning_parts(&part),
            mediation: self.flag(&part, "mediation"),
        };
        part.close();
        warn_first
    }

    fn review(&self, section: &Section<'_>) -> Review {
        let Some(part) = self.part(section, "review") else { return Review::default() };
        let review = Review {
            every_months: self.cited(&part, "every_months", |f| f.whole(1, MONTHS_MAX)),
            longest_months: self.cited(&part, "longest_months", |f| f.whole(1, MONTHS_MAX)),
            extension: self.named(&part, "extension"),
            on_overdue: self.cited(&part, "on_overdue", |f| f.choice("an answer", &ON_OVERDUE)),
            anchor: self.cited(&part, "anchor", |f| f.choice("an anchor", &ANCHORS)),
            per_decision: self.flag(&part, "per_decision").unwrap_or(false),
            earlier: self.named(&part, "earlier"),
            good_conduct_months: part
                .field("good_conduct_months")
                .and_then(|f| self.cited_field(&f, |f| f.whole(1, MONTHS_MAX))),
            outcome_told: self.flag(&part, "outcome_told"),
        };
        if let (Some(every), Some(longest)) = (review.every_months, review.longest_months)
            && every > longest
        {
            part.fault(
                "longest_months",
                format!("is {longest}, less than the {every} months of `every_months`"),
                "a restriction lasts at least until its review",
            );
        }
        part.close();
        review
    }

    fn deadline(&self, section: &Section<'_>, key: &'static str) -> Option<Deadline> {
        let table = self.cited_table(section, key)?;
        let days = table.field("working_days").and_then(|f| f.whole(1, WORKING_DAYS_MAX));
        let months = table.field("months").and_then(|f| f.whole(1, MONTHS_MAX));
        let from = table
            .need("from", "the anchor, or \"unset\" where the policy is silent")
            .filter(|f| !f.node().is_unset())
            .and_then(|f| f.choice("an anchor", &ANCHORS));
        let length = match (days, months) {
            (Some(days), None) => Some(Length::WorkingDays(days)),
            (None, Some(months)) => Some(Length::Months(months)),
            (Some(_), Some(_)) => {
                table.fault(
                    "months",
                    "can't be combined with `working_days`",
                    "write one of the \
                    two",
                );
                None
            }
            (None, None) => {
                table.missing("working_days", "`working_days` or `months`");
                None
            }
        };
        table.close();
        Some(Deadline { length: length?, from })
    }

    fn appeal(&self, section: &Section<'_>) -> Appeal {
        let Some(part) = self.part(section, "appeal") else { return Appeal::default() };
        let appeal = Appeal {
            window: self.deadline(&part, "window"),
            answer: self.deadline(&part, "answer"),
            notify: self.deadline(&part, "notify"),
            heard_by: self.any_role(&part, "heard_by"),
            hearer_uninvolved: self.flag(&part, "hearer_uninvolved"),
            addressed_to: self.role(&part, "addressed_to"),
            verbal: self.flag(&part, "verbal"),
            grounds: self.cited(&part, "grounds", |f| self.names(f)).unwrap_or_default(),
            in_force_during: self.flag(&part, "in_force_during"),
        };
        part.close();
        appeal
    }

    fn letter(&self, section: &Section<'_>) -> LetterRules {
        let Some(part) = self.part(section, "letter") else { return LetterRules::default() };
        let letter = LetterRules {
            must_say: self.cited(&part, "must_say", |f| self.names(f)).unwrap_or_default(),
            written: self.flag(&part, "written"),
            within: self.deadline(&part, "within"),
            means_of_choice: self.flag(&part, "means_of_choice"),
            how_to_appeal: part
                .field("how_to_appeal")
                .filter(|f| !f.node().is_unset())
                .and_then(|f| f.words().map(str::to_owned)),
        };
        part.close();
        letter
    }

    fn ombudsman(&self, section: &Section<'_>) -> Option<Ombudsman> {
        let table = self.cited_table(section, "ombudsman")?;
        let text = |key| {
            let field = table.field(key).filter(|f| !f.node().is_unset())?;
            field.words().map(str::to_owned)
        };
        let name = table.need("name", "the ombudsman's name").and_then(|f| f.words());
        let welsh_name = text("name_cy");
        let (website, phone) = (text("website"), text("phone"));
        let when = table.field("when").filter(|f| !f.node().is_unset()).and_then(|f| self.name(&f));
        table.close();
        Some(Ombudsman { name: name?.to_owned(), welsh_name, website, phone, when })
    }

    fn exceptions(&self, section: &Section<'_>) -> BTreeMap<Exception, ExceptionRule> {
        let Some(part) = self.part(section, "exceptions") else { return BTreeMap::new() };
        let found = Exception::ALL
            .into_iter()
            .filter_map(|exception| {
                let rule = self.cited_table(&part, exception.name())?;
                let allowed = rule.need("allowed", "true or false").and_then(|f| f.boolean());
                let when =
                    rule.field("when").filter(|f| !f.node().is_unset()).and_then(|f| self.name(&f));
                let sign_off = self.optional_roles(&rule);
                let clause = self.taken(rule.path());
                rule.close();
                Some((exception, ExceptionRule { allowed: allowed?, when, clause, sign_off }))
            })
            .collect();
        part.close();
        found
    }

    fn responsible(&self, section: &Section<'_>) -> Responsible {
        let Some(part) = self.part(section, "responsible") else { return Responsible::default() };
        let roles = |key| {
            let names = self.cited(&part, key, |f| self.role_names(f)).unwrap_or_default();
            names.into_iter().map(Role).collect()
        };
        let responsible = Responsible {
            decides: self.any_role(&part, "decides"),
            told_of_breaches: self.role(&part, "told_of_breaches"),
            engages_after_end: roles("engages_after_end"),
            advises_on_requests: self.role(&part, "advises_on_requests"),
            reported_to: roles("reported_to"),
        };
        part.close();
        responsible
    }

    /// The roles of every organisation, then the policy's own, each once. A role of the policy is
    /// a name, or a table of a name and its clause.
    fn roles(&self, section: &Section<'_>) -> Vec<Role> {
        let own = section
            .need("roles", "the roles that the policy names, or []")
            .and_then(|f| {
                f.list(|item| match &item.node().value {
                    Value::Table(_) => self.role_with_clause(item),
                    Value::Unset
                    | Value::Text(_)
                    | Value::Integer(_)
                    | Value::Float(_)
                    | Value::Boolean(_)
                    | Value::Date(_)
                    | Value::List(_) => self.name(item),
                })
            })
            .unwrap_or_default();
        let mut roles: Vec<Role> = Vec::new();
        for name in STAFF_ROLES.map(str::to_owned).into_iter().chain(own) {
            if !roles.iter().any(|role| role.0 == name) {
                roles.push(Role(name));
            }
        }
        roles
    }

    fn role_with_clause(&self, item: &Field<'_>) -> Option<String> {
        let table = item.section()?;
        let name = table.need("name", "the role").and_then(|f| self.name(&f));
        let clause = table.field("clause");
        // Read with the duties of all roles.
        let _duties = table.field("duties");
        table.close();
        let name = name?;
        self.cite(&format!("roles.{name}"), clause);
        Some(name)
    }
}
