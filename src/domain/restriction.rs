//! Restrictions: one limit on one person's contact, with its grounds, clause, dates and status.

mod shape;
mod terms;

use chrono::{NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

use super::calendar::{Per, QuotaWindow};
use super::channel::Channel;
use super::moment::Moment;

/// One limit on one person's contact. Read from and written to the published flat JSON shape, where
/// the kind's own parameters are next to the common keys; a key that the kind does not have is
/// refused by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "shape::FlatRestriction", into = "shape::FlatRestriction")]
pub struct Restriction {
    pub id: String,
    pub kind: Kind,
    pub status: Status,
    pub mode: Mode,
    pub grounds: Option<String>,
    /// The clause of the policy that allows it; absent: the profile's clause for the kind.
    pub clause: Option<String>,
    /// In force from; absent: from always.
    pub starts: Option<Moment>,
    pub review_due: Option<Moment>,
    /// In force until; absent: no end is set.
    pub ends: Option<Moment>,
    pub decided_by: Option<String>,
    pub signed_off_by: Option<String>,
    /// The version of the profile under which it was made.
    pub profile_version: Option<String>,
}

/// What is limited, with its parameters. Large ones are boxed: very many people are held in memory,
/// and most restrictions have few parameters.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    SinglePointOfContact(Box<PointOfContact>),
    ChannelsOnly {
        channels: ChannelSet,
    },
    HoursOnly(Hours),
    ContactQuota {
        quota: Quota,
        channels: Option<ChannelSet>,
    },
    IssueClosed(Box<ClosedIssue>),
    IssueQuota(Quota),
    /// `None`: every representative in date.
    RepresentativeOnly {
        names: Option<Vec<String>>,
    },
    /// `None`: every issue.
    ReadAndFile {
        issues: Option<Vec<String>>,
    },
    ContactEnded,
    ComplaintClosed(Box<ClosedIssue>),
    CallLength {
        minutes: u32,
    },
    VisitsInPairs,
    AppointmentOnly,
    DocumentsReturned {
        instruction: DocumentInstruction,
    },
}

/// The name of a kind, as in JSON, in a profile and before the dot of a reason code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindName {
    SinglePointOfContact,
    ChannelsOnly,
    HoursOnly,
    ContactQuota,
    IssueClosed,
    IssueQuota,
    RepresentativeOnly,
    ReadAndFile,
    ContactEnded,
    ComplaintClosed,
    CallLength,
    VisitsInPairs,
    AppointmentOnly,
    DocumentsReturned,
}

impl KindName {
    pub const ALL: [KindName; 14] = [
        KindName::SinglePointOfContact,
        KindName::ChannelsOnly,
        KindName::HoursOnly,
        KindName::ContactQuota,
        KindName::IssueClosed,
        KindName::IssueQuota,
        KindName::RepresentativeOnly,
        KindName::ReadAndFile,
        KindName::ContactEnded,
        KindName::ComplaintClosed,
        KindName::CallLength,
        KindName::VisitsInPairs,
        KindName::AppointmentOnly,
        KindName::DocumentsReturned,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            KindName::SinglePointOfContact => "single_point_of_contact",
            KindName::ChannelsOnly => "channels_only",
            KindName::HoursOnly => "hours_only",
            KindName::ContactQuota => "contact_quota",
            KindName::IssueClosed => "issue_closed",
            KindName::IssueQuota => "issue_quota",
            KindName::RepresentativeOnly => "representative_only",
            KindName::ReadAndFile => "read_and_file",
            KindName::ContactEnded => "contact_ended",
            KindName::ComplaintClosed => "complaint_closed",
            KindName::CallLength => "call_length",
            KindName::VisitsInPairs => "visits_in_pairs",
            KindName::AppointmentOnly => "appointment_only",
            KindName::DocumentsReturned => "documents_returned",
        }
    }
}

impl std::fmt::Display for KindName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A restriction's stage of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Proposed,
    Active,
    UnderAppeal,
    Varied,
    Lifted,
    Quashed,
    Expired,
    Ended,
}

/// Whether a restriction acts, or only records what it would have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Enforce,
    Observe,
}

/// A named member of staff who gets everything admitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffContact {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// A SIP URI of the contact's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip: Option<String>,
    /// When the contact is there to answer; absent: whenever the channel is staffed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<WeeklyHours>,
}

/// The contact, their deputies, and absences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointOfContact {
    pub contact: StaffContact,
    /// In the order in which they deputise.
    pub deputies: Vec<StaffContact>,
    pub absences: Vec<Absence>,
}

/// A named contact or deputy is away from `from` to `to`, that day included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    pub contact: String,
    pub from: Moment,
    pub to: Moment,
}

/// Channels and names of the profile's channel groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelSet(pub Vec<ChannelOrGroup>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelOrGroup {
    Channel(Channel),
    Group(String),
}

/// Weekly windows in which contact is admitted on the channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    pub windows: Vec<Window>,
    /// `None`: telephone, in person and web chat.
    pub channels: Option<ChannelSet>,
    /// `false`: no window on a bank holiday; `true`: the windows hold on those too.
    pub bank_holidays: bool,
}

/// When somebody is there to answer, by the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeeklyHours {
    pub windows: Vec<Window>,
    /// `false`: nobody is there on a bank holiday; `true`: the windows hold on those too.
    #[serde(default)]
    pub bank_holidays: bool,
}

/// A window of local time on some weekdays, `from` ≤ t < `to`; `to` 24:00 is the day's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "shape::FlatWindow", into = "shape::FlatWindow")]
pub struct Window {
    pub days: Vec<Weekday>,
    pub from: NaiveTime,
    pub to: WindowEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowEnd {
    At(NaiveTime),
    Midnight,
}

/// How often, within what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// At least 1.
    pub limit: u32,
    pub per: Per,
    pub window: QuotaWindow,
}

/// Issues on which nothing more is considered without new evidence, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedIssue {
    pub issues: Vec<String>,
    pub threads: Vec<String>,
    /// Texts of contacts already answered.
    pub answered: Vec<String>,
    /// Digests of attachments already considered.
    pub attachments: Vec<String>,
}

/// What staff do with filed documents. The gateway itself never destroys an original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentInstruction {
    Return,
    Destroy,
}

impl DocumentInstruction {
    pub const ALL: [DocumentInstruction; 2] =
        [DocumentInstruction::Return, DocumentInstruction::Destroy];

    pub const fn name(self) -> &'static str {
        match self {
            DocumentInstruction::Return => "return",
            DocumentInstruction::Destroy => "destroy",
        }
    }
}

impl Kind {
    pub const fn name(&self) -> KindName {
        match self {
            Kind::SinglePointOfContact(_) => KindName::SinglePointOfContact,
            Kind::ChannelsOnly { .. } => KindName::ChannelsOnly,
            Kind::HoursOnly(_) => KindName::HoursOnly,
            Kind::ContactQuota { .. } => KindName::ContactQuota,
            Kind::IssueClosed(_) => KindName::IssueClosed,
            Kind::IssueQuota(_) => KindName::IssueQuota,
            Kind::RepresentativeOnly { .. } => KindName::RepresentativeOnly,
            Kind::ReadAndFile { .. } => KindName::ReadAndFile,
            Kind::ContactEnded => KindName::ContactEnded,
            Kind::ComplaintClosed(_) => KindName::ComplaintClosed,
            Kind::CallLength { .. } => KindName::CallLength,
            Kind::VisitsInPairs => KindName::VisitsInPairs,
            Kind::AppointmentOnly => KindName::AppointmentOnly,
            Kind::DocumentsReturned { .. } => KindName::DocumentsReturned,
        }
    }
}

impl Kind {
    /// The issue or complaint that is closed, for the kinds that close one.
    pub fn closed(&self) -> Option<&ClosedIssue> {
        if let Kind::IssueClosed(closed) | Kind::ComplaintClosed(closed) = self {
            Some(closed)
        } else {
            None
        }
    }

    /// The quota, for the kinds that have one.
    pub const fn quota(&self) -> Option<&Quota> {
        if let Kind::ContactQuota { quota, .. } | Kind::IssueQuota(quota) = self {
            Some(quota)
        } else {
            None
        }
    }
}
