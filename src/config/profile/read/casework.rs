//! What a profile says of casework: grounds, agreements, staffed hours, who has which duty.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;

use super::policy::Policy;
use crate::config::fault::Wrong;
use crate::config::reader::{Field, Section, brief};
use crate::domain::channel::Channel;
use crate::domain::duty::Duty;
use crate::domain::profile::{Ground, OutboundAnswers, Role, Roles};
use crate::domain::restriction::{WeeklyHours, Window, WindowEnd};

const WEEKDAYS: [(&str, chrono::Weekday); 7] = [
    ("mon", chrono::Weekday::Mon),
    ("tue", chrono::Weekday::Tue),
    ("wed", chrono::Weekday::Wed),
    ("thu", chrono::Weekday::Thu),
    ("fri", chrono::Weekday::Fri),
    ("sat", chrono::Weekday::Sat),
    ("sun", chrono::Weekday::Sun),
];

const WARNING_PARTS: [(&str, &str); 3] =
    [("behaviour", "behaviour"), ("must_change", "must_change"), ("consequences", "consequences")];

const OUTBOUND_ANSWERS: [(&str, OutboundAnswers); 3] = [
    ("deliver", OutboundAnswers::Deliver),
    ("warn", OutboundAnswers::Warn),
    ("hold", OutboundAnswers::Hold),
];

impl Policy {
    /// The policy's grounds; a profile without the key leaves them unset.
    pub(super) fn grounds(&self, section: &Section<'_>) -> Vec<Ground> {
        let Some(field) = set_field(section, "grounds") else { return Vec::new() };
        let found = field.list(|item| {
            let table = item.section()?;
            let name =
                table.need("name", "the ground, such as demands").and_then(|f| self.name(&f));
            let clause = set_field(&table, "clause").and_then(|f| f.words().map(str::to_owned));
            let severe = table.field("severe").and_then(|f| f.boolean()).unwrap_or(false);
            table.close();
            Some(Ground { name: name?, clause, severe })
        });
        let grounds = found.unwrap_or_default();
        let mut names = BTreeSet::new();
        if let Some(twice) = grounds.iter().find(|ground| !names.insert(ground.name.as_str())) {
            let wrong = format!("names the ground `{}` twice", twice.name);
            field.fault(wrong, "name each ground once");
        }
        grounds
    }

    /// Whether an agreement comes first, and for which grounds. The value by itself, or with its clause and the
    /// grounds.
    pub(super) fn agreement(&self, section: &Section<'_>) -> (Option<bool>, Vec<String>) {
        const KEY: &str = "voluntary_agreement";
        let Some(field) = section.field(KEY).filter(|f| f.has("grounds")) else {
            return (self.flag(section, KEY), Vec::new());
        };
        let Some(table) = field.section() else { return (None, Vec::new()) };
        let value = table.field("value").filter(|f| !f.node().is_unset());
        let value = value.map_or(Some(true), |f| f.boolean());
        self.cite(field.path(), table.field("clause"));
        let grounds = set_field(&table, "grounds").and_then(|f| self.names(&f));
        table.close();
        (value, grounds.unwrap_or_default())
    }

    pub(super) fn warning_parts(&self, section: &Section<'_>) -> Vec<String> {
        let Some(field) = section.field("must_say") else { return Vec::new() };
        let parts = self.cited_field(&field, |f| {
            f.list(|item| item.choice("a part of a warning", &WARNING_PARTS).map(str::to_owned))
        });
        parts.unwrap_or_default()
    }

    /// Roles of which any one may act: one by its name, or a list.
    pub(super) fn any_role(&self, section: &Section<'_>, key: &'static str) -> Option<Roles> {
        let names = self.cited(section, key, |f| self.one_role_or_more(f));
        Roles::any_of(names?.into_iter().map(Role).collect())
    }

    pub(super) fn one_role_or_more(&self, field: &Field<'_>) -> Option<Vec<String>> {
        if field.node().is_list() {
            self.role_names(field)
        } else {
            Some(vec![self.role_name(field)?])
        }
    }

    /// What each role may do, where the list of roles says so.
    pub(super) fn duties(&self, section: &Section<'_>) -> BTreeMap<Role, BTreeSet<Duty>> {
        let names = Duty::ALL.map(|duty| (duty.name(), duty));
        let mut all = BTreeMap::new();
        for item in section.field("roles").and_then(|f| f.items()).into_iter().flatten() {
            if !item.has("duties") {
                continue;
            }
            let Some(table) = item.section() else { continue };
            let name = table.field("name").and_then(|f| self.name(&f));
            let duties =
                table.field("duties").and_then(|f| f.list(|one| one.choice("a duty", &names)));
            if let (Some(name), Some(duties)) = (name, duties) {
                all.insert(Role(name), duties.into_iter().collect());
            }
        }
        all
    }
}

/// When each channel is staffed; `None`: unset.
pub(in crate::config) fn staffed_hours(
    section: &Section<'_>,
) -> Option<BTreeMap<Channel, WeeklyHours>> {
    let table = set_field(section, "staffed_hours")?.section()?;
    let names = Channel::ALL.map(Channel::name);
    let mut staffed = BTreeMap::new();
    for (name, field) in table.entries() {
        if !names.contains(&name) {
            field.fault(format!("`{}` is not a channel", brief(name)), names.join(", "));
            continue;
        }
        let Ok(channel) = name.parse::<Channel>() else { continue };
        if let Some(hours) = weekly_hours(&field) {
            staffed.insert(channel, hours);
        }
    }
    Some(staffed)
}

/// A list of windows, or a table of these and of what holds on bank holidays.
fn weekly_hours(field: &Field<'_>) -> Option<WeeklyHours> {
    if field.node().is_list() {
        return Some(WeeklyHours { windows: field.list(window)?, bank_holidays: false });
    }
    let table = field.section()?;
    let windows = table
        .need("windows", "[{ days = [\"mon\"], from = \"09:00\", to = \"17:00\" }]")
        .and_then(|f| f.list(window));
    let bank_holidays = table.field("bank_holidays").and_then(|f| f.boolean()).unwrap_or(false);
    table.close();
    Some(WeeklyHours { windows: windows?, bank_holidays })
}

fn window(field: &Field<'_>) -> Option<Window> {
    let table = field.section()?;
    let days = table
        .need("days", "[\"mon\", \"tue\"]")
        .and_then(|f| f.list(|day| day.choice("a day", &WEEKDAYS)));
    let from = table.need("from", "\"09:00\"").and_then(|f| f.parsed(time));
    let to = table.need("to", "\"17:00\"").and_then(|f| f.parsed(end));
    table.close();
    let (days, from, to) = (days?, from?, to?);
    if days.is_empty() || matches!(to, WindowEnd::At(to) if to <= from) {
        field.fault(
            "is a window that never opens",
            "name its days, and a `to` that is later than its `from`",
        );
        return None;
    }
    Some(Window { days, from, to })
}

fn time(text: &str) -> Result<NaiveTime, Wrong> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .map_err(|_| Wrong::new(format!("`{}` is not a time", brief(text)), "write 09:30"))
}

fn end(text: &str) -> Result<WindowEnd, Wrong> {
    if text == "24:00" { Ok(WindowEnd::Midnight) } else { time(text).map(WindowEnd::At) }
}

/// A field that is there and not unset.
fn set_field<'r>(section: &Section<'r>, key: &'static str) -> Option<Field<'r>> {
    section.field(key).filter(|field| !field.node().is_unset())
}

/// The treatment of answers past the point of contact; profiles without the key leave it unset.
pub(super) fn outbound_answers(policy: &Policy, section: &Section<'_>) -> Option<OutboundAnswers> {
    let field = section.field("outbound_answers")?;
    policy.cited_field(&field, |f| f.choice("a treatment of answers", &OUTBOUND_ANSWERS))
}

/// Days within which engagement is decided, of the optional table `contact_ended`.
pub(super) fn engagement(policy: &Policy, section: &Section<'_>, most: u32) -> Option<u32> {
    let table = set_field(section, "contact_ended")?.section()?;
    let days = policy.cited(&table, "decide_within_working_days", |f| f.whole(1, most));
    table.close();
    days
}
