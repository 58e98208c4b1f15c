//! The published flat JSON shape of a restriction, and its conversion by hand.

use chrono::{NaiveTime, Timelike, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    Absence, ChannelOrGroup, ChannelSet, ClosedIssue, DocumentInstruction, Hours, Kind, KindName,
    Mode, PointOfContact, Quota, Restriction, StaffContact, Status, Window, WindowEnd,
};
use crate::domain::calendar::{Per, QuotaWindow};
use crate::domain::channel::Channel;
use crate::domain::moment::Moment;

/// Every key that some kind has. Which of them belong to a kind is checked in the conversion.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlatRestriction {
    id: String,
    kind: KindName,
    #[serde(default = "active")]
    status: Status,
    #[serde(default = "enforce")]
    mode: Mode,
    #[serde(default)]
    grounds: Option<String>,
    #[serde(default)]
    clause: Option<String>,
    #[serde(default)]
    starts: Option<Moment>,
    #[serde(default)]
    review_due: Option<Moment>,
    #[serde(default)]
    ends: Option<Moment>,
    #[serde(default)]
    decided_by: Option<String>,
    #[serde(default)]
    signed_off_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile_version: Option<String>,

    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<StaffContact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deputies: Option<Vec<StaffContact>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    absences: Option<Vec<Absence>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channels: Option<ChannelSet>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    windows: Option<Vec<FlatWindow>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bank_holidays: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per: Option<Per>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<QuotaWindow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issues: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    threads: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attachments: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    representatives: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minutes: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instruction: Option<DocumentInstruction>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlatWindow {
    days: Vec<Day>,
    from: Clock,
    to: Clock,
}

fn active() -> Status {
    Status::Active
}

fn enforce() -> Mode {
    Mode::Enforce
}

/// The keys that belong to a kind.
const fn keys_of(kind: KindName) -> &'static [&'static str] {
    match kind {
        KindName::SinglePointOfContact => &["contact", "deputies", "absences"],
        KindName::ChannelsOnly => &["channels"],
        KindName::HoursOnly => &["windows", "channels", "bank_holidays"],
        KindName::ContactQuota => &["limit", "per", "window", "channels"],
        KindName::IssueClosed | KindName::ComplaintClosed => {
            &["issues", "threads", "answered", "attachments"]
        }
        KindName::IssueQuota => &["limit", "per", "window"],
        KindName::RepresentativeOnly => &["representatives"],
        KindName::ReadAndFile => &["issues"],
        KindName::ContactEnded | KindName::VisitsInPairs | KindName::AppointmentOnly => &[],
        KindName::CallLength => &["minutes"],
        KindName::DocumentsReturned => &["instruction"],
    }
}

impl FlatRestriction {
    fn parameters(&self) -> [(&'static str, bool); 16] {
        [
            ("contact", self.contact.is_some()),
            ("deputies", self.deputies.is_some()),
            ("absences", self.absences.is_some()),
            ("channels", self.channels.is_some()),
            ("windows", self.windows.is_some()),
            ("bank_holidays", self.bank_holidays.is_some()),
            ("limit", self.limit.is_some()),
            ("per", self.per.is_some()),
            ("window", self.window.is_some()),
            ("issues", self.issues.is_some()),
            ("threads", self.threads.is_some()),
            ("answered", self.answered.is_some()),
            ("attachments", self.attachments.is_some()),
            ("representatives", self.representatives.is_some()),
            ("minutes", self.minutes.is_some()),
            ("instruction", self.instruction.is_some()),
        ]
    }

    /// The first key that is given although the kind does not have it.
    fn foreign_key(&self) -> Option<&'static str> {
        let own = keys_of(self.kind);
        self.parameters()
            .into_iter()
            .find(|(key, given)| *given && !own.contains(key))
            .map(|(key, _)| key)
    }

    fn wants<T>(&self, key: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| {
            format!("restriction `{}`: a `{}` needs the key `{key}`", self.id, self.kind)
        })
    }

    fn quota(&self) -> Result<Quota, String> {
        let limit = self.wants("limit", self.limit)?;
        if limit == 0 {
            return Err(format!(
                "restriction `{}`: `limit` is 0; a quota admits at least 1",
                self.id
            ));
        }
        Ok(Quota {
            limit,
            per: self.wants("per", self.per)?,
            window: self.window.unwrap_or(QuotaWindow::Calendar),
        })
    }

    fn closed_issue(&mut self) -> Result<Box<ClosedIssue>, String> {
        let closed = ClosedIssue {
            issues: self.issues.take().unwrap_or_default(),
            threads: self.threads.take().unwrap_or_default(),
            answered: self.answered.take().unwrap_or_default(),
            attachments: self.attachments.take().unwrap_or_default(),
        };
        if closed.issues.is_empty() && closed.threads.is_empty() && closed.answered.is_empty() {
            return Err(format!(
                "restriction `{}`: a `{}` needs at least one of `issues`, `threads`, `answered`",
                self.id, self.kind
            ));
        }
        Ok(Box::new(closed))
    }

    fn hours(&mut self) -> Result<Hours, String> {
        let flat = self.windows.take();
        let flat = self.wants("windows", flat)?;
        let windows: Vec<Window> = flat
            .into_iter()
            .map(Window::try_from)
            .collect::<Result<_, _>>()
            .map_err(|fault| format!("restriction `{}`: {fault}", self.id))?;
        if windows.is_empty() {
            return Err(format!("restriction `{}`: `windows` is empty", self.id));
        }
        Ok(Hours {
            windows,
            channels: self.channels.take(),
            bank_holidays: self.bank_holidays.unwrap_or(false),
        })
    }

    fn point_of_contact(&mut self) -> Result<Box<PointOfContact>, String> {
        let contact = self.contact.take();
        Ok(Box::new(PointOfContact {
            contact: self.wants("contact", contact)?,
            deputies: self.deputies.take().unwrap_or_default(),
            absences: self.absences.take().unwrap_or_default(),
        }))
    }

    fn take_kind(&mut self) -> Result<Kind, String> {
        Ok(match self.kind {
            KindName::SinglePointOfContact => Kind::SinglePointOfContact(self.point_of_contact()?),
            KindName::ChannelsOnly => {
                let channels = self.channels.take();
                let channels = self.wants("channels", channels)?;
                if channels.0.is_empty() {
                    return Err(format!(
                        "restriction `{}`: `channels` is empty; one way in always stays open",
                        self.id
                    ));
                }
                Kind::ChannelsOnly { channels }
            }
            KindName::HoursOnly => Kind::HoursOnly(self.hours()?),
            KindName::ContactQuota => {
                Kind::ContactQuota { quota: self.quota()?, channels: self.channels.take() }
            }
            KindName::IssueClosed => Kind::IssueClosed(self.closed_issue()?),
            KindName::IssueQuota => Kind::IssueQuota(self.quota()?),
            KindName::RepresentativeOnly => {
                Kind::RepresentativeOnly { names: self.representatives.take() }
            }
            KindName::ReadAndFile => Kind::ReadAndFile { issues: self.issues.take() },
            KindName::ContactEnded => Kind::ContactEnded,
            KindName::ComplaintClosed => Kind::ComplaintClosed(self.closed_issue()?),
            KindName::CallLength => Kind::CallLength { minutes: self.minutes()? },
            KindName::VisitsInPairs => Kind::VisitsInPairs,
            KindName::AppointmentOnly => Kind::AppointmentOnly,
            KindName::DocumentsReturned => Kind::DocumentsReturned {
                instruction: self.wants("instruction", self.instruction)?,
            },
        })
    }

    fn minutes(&self) -> Result<u32, String> {
        match self.wants("minutes", self.minutes)? {
            0 => Err(format!("restriction `{}`: `minutes` is 0; a call has at least 1", self.id)),
            minutes => Ok(minutes),
        }
    }
}

impl TryFrom<FlatRestriction> for Restriction {
    type Error = String;

    fn try_from(mut flat: FlatRestriction) -> Result<Self, Self::Error> {
        if flat.id.is_empty() {
            return Err("a restriction's `id` is empty".to_owned());
        }
        if let Some(key) = flat.foreign_key() {
            let own = keys_of(flat.kind);
            let has = if own.is_empty() {
                "no keys of its own".to_owned()
            } else {
                format!("the keys {}", own.join(", "))
            };
            return Err(format!(
                "restriction `{}`: unknown key `{key}`: a `{}` has {has}",
                flat.id, flat.kind
            ));
        }
        let kind = flat.take_kind()?;
        Ok(Restriction {
            id: flat.id,
            kind,
            status: flat.status,
            mode: flat.mode,
            grounds: flat.grounds,
            clause: flat.clause,
            starts: flat.starts,
            review_due: flat.review_due,
            ends: flat.ends,
            decided_by: flat.decided_by,
            signed_off_by: flat.signed_off_by,
            profile_version: flat.profile_version,
        })
    }
}

impl From<Restriction> for FlatRestriction {
    fn from(restriction: Restriction) -> Self {
        let mut flat = FlatRestriction {
            id: restriction.id,
            kind: restriction.kind.name(),
            status: restriction.status,
            mode: restriction.mode,
            grounds: restriction.grounds,
            clause: restriction.clause,
            starts: restriction.starts,
            review_due: restriction.review_due,
            ends: restriction.ends,
            decided_by: restriction.decided_by,
            signed_off_by: restriction.signed_off_by,
            profile_version: restriction.profile_version,
            contact: None,
            deputies: None,
            absences: None,
            channels: None,
            windows: None,
            bank_holidays: None,
            limit: None,
            per: None,
            window: None,
            issues: None,
            threads: None,
            answered: None,
            attachments: None,
            representatives: None,
            minutes: None,
            instruction: None,
        };
        flat.put_kind(restriction.kind);
        flat
    }
}

impl FlatRestriction {
    fn put_kind(&mut self, kind: Kind) {
        match kind {
            Kind::SinglePointOfContact(point) => {
                self.contact = Some(point.contact);
                self.deputies = Some(point.deputies);
                self.absences = Some(point.absences);
            }
            Kind::ChannelsOnly { channels } => self.channels = Some(channels),
            Kind::HoursOnly(hours) => {
                self.windows = Some(hours.windows.into_iter().map(FlatWindow::from).collect());
                self.channels = hours.channels;
                self.bank_holidays = Some(hours.bank_holidays);
            }
            Kind::ContactQuota { quota, channels } => {
                self.put_quota(quota);
                self.channels = channels;
            }
            Kind::IssueClosed(closed) | Kind::ComplaintClosed(closed) => {
                self.issues = Some(closed.issues);
                self.threads = Some(closed.threads);
                self.answered = Some(closed.answered);
                self.attachments = Some(closed.attachments);
            }
            Kind::IssueQuota(quota) => self.put_quota(quota),
            Kind::RepresentativeOnly { names } => self.representatives = names,
            Kind::ReadAndFile { issues } => self.issues = issues,
            Kind::CallLength { minutes } => self.minutes = Some(minutes),
            Kind::DocumentsReturned { instruction } => self.instruction = Some(instruction),
            Kind::ContactEnded | Kind::VisitsInPairs | Kind::AppointmentOnly => {}
        }
    }

    fn put_quota(&mut self, quota: Quota) {
        self.limit = Some(quota.limit);
        self.per = Some(quota.per);
        self.window = Some(quota.window);
    }
}

impl TryFrom<FlatWindow> for Window {
    type Error = String;

    fn try_from(flat: FlatWindow) -> Result<Self, Self::Error> {
        if flat.days.is_empty() {
            return Err("a window has no `days`".to_owned());
        }
        let Clock(Some(from)) = flat.from else {
            return Err("a window's `from` is 24:00".to_owned());
        };
        let to = match flat.to {
            Clock(Some(to)) if to <= from => {
                return Err("a window's `to` is not after its `from`; \
                            write one that passes midnight as two"
                    .to_owned());
            }
            Clock(Some(to)) => WindowEnd::At(to),
            Clock(None) => WindowEnd::Midnight,
        };
        Ok(Window { days: flat.days.into_iter().map(|day| day.0).collect(), from, to })
    }
}

impl From<Window> for FlatWindow {
    fn from(window: Window) -> Self {
        FlatWindow {
            days: window.days.into_iter().map(Day).collect(),
            from: Clock(Some(window.from)),
            to: Clock(match window.to {
                WindowEnd::At(to) => Some(to),
                WindowEnd::Midnight => None,
            }),
        }
    }
}

/// A weekday as `mon` … `sun`.
#[derive(Clone, Copy)]
struct Day(Weekday);

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = DAYS.iter().find(|(_, day)| *day == self.0).map_or("mon", |(name, _)| name);
        serializer.serialize_str(name)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        DAYS.iter().find(|(name, _)| *name == written).map(|(_, day)| Day(*day)).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{written}` is not a day; use one of mon, tue, wed, thu, fri, sat, sun"
            ))
        })
    }
}

/// A wall-clock time `HH:MM`; `None` is 24:00.
#[derive(Clone, Copy)]
struct Clock(Option<NaiveTime>);

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(time) => {
                serializer.collect_str(&format_args!("{:02}:{:02}", time.hour(), time.minute()))
            }
            None => serializer.serialize_str("24:00"),
        }
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        if written == "24:00" {
            return Ok(Clock(None));
        }
        NaiveTime::parse_from_str(&written, "%H:%M").map(|time| Clock(Some(time))).map_err(|_| {
            serde::de::Error::custom(format!("`{written}` is not a time of day; write it as 09:30"))
        })
    }
}

impl Serialize for ChannelOrGroup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            ChannelOrGroup::Channel(channel) => channel.name(),
            ChannelOrGroup::Group(group) => group,
        })
    }
}

impl<'de> Deserialize<'de> for ChannelOrGroup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        Ok(match written.parse::<Channel>() {
            Ok(channel) => ChannelOrGroup::Channel(channel),
            Err(_) => ChannelOrGroup::Group(written),
        })
    }
}

#[cfg(test)]
mod tests;
