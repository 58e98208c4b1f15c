//! What a restriction means for the person, with its own parameters.

use serde::Serialize;

use crate::domain::channel::Channel;
use crate::domain::notice::{OpenHours, QuotaWords, Way, open_hours, open_ways};
use crate::domain::organisation::Organisation;
use crate::domain::profile::Role;
use crate::domain::restriction::{
    ChannelSet, DocumentInstruction, Hours, Kind, Restriction, StaffContact, WeeklyHours,
};

/// The terms of one restriction, as far as the person must know them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "terms", rename_all = "snake_case")]
pub enum Terms {
    PointOfContact {
        name: String,
        /// An e-mail address and a telephone number, where they are known.
        details: Vec<String>,
        hours: Vec<OpenHours>,
        deputies: Vec<String>,
    },
    OnlyChannels {
        ways: Vec<Way>,
    },
    OnlyHours {
        channels: Vec<Channel>,
        hours: Vec<OpenHours>,
        bank_holidays: bool,
    },
    Contacts {
        quota: QuotaWords,
        /// Empty: on every channel together.
        channels: Vec<Channel>,
    },
    IssueClosed {
        issues: Vec<String>,
    },
    Issues {
        quota: QuotaWords,
    },
    OnlyRepresentative {
        /// Empty: regardless of who is on record.
        names: Vec<String>,
    },
    ReadAndFile {
        /// Empty: whatever it is about.
        issues: Vec<String>,
    },
    ContactEnded {
        /// Who decides on a new issue.
        engages: Vec<Role>,
    },
    ComplaintClosed {
        issues: Vec<String>,
    },
    CallLength {
        minutes: u32,
    },
    VisitsInPairs,
    AppointmentOnly,
    DocumentsReturned {
        destroyed: bool,
    },
    /// A variation of which nobody wrote the new terms.
    LessThanBefore,
}

impl Terms {
    pub fn of(organisation: &Organisation, restriction: &Restriction) -> Self {
        let profile = &organisation.profile;
        let channels = |set: &Option<ChannelSet>| match set {
            Some(set) => {
                Channel::ALL.into_iter().filter(|one| profile.set_contains(set, *one)).collect()
            }
            None => Vec::new(),
        };
        match &restriction.kind {
            Kind::SinglePointOfContact(point) => {
                let StaffContact { name, email, phone, roster, .. } = &point.contact;
                Terms::PointOfContact {
                    name: name.clone(),
                    details: phone.iter().chain(email).cloned().collect(),
                    hours: roster.as_ref().map_or_else(Vec::new, weekly),
                    deputies: point.deputies.iter().map(|one| one.name.clone()).collect(),
                }
            }
            Kind::ChannelsOnly { .. } => {
                Terms::OnlyChannels { ways: open_ways(organisation, &[restriction]) }
            }
            Kind::HoursOnly(hours) => Terms::OnlyHours {
                channels: covered(hours, organisation),
                hours: open_hours(&hours.windows),
                bank_holidays: hours.bank_holidays,
            },
            Kind::ContactQuota { quota, channels: on } => {
                Terms::Contacts { quota: quota.into(), channels: channels(on) }
            }
            Kind::IssueClosed(closed) => Terms::IssueClosed { issues: closed.issues.clone() },
            Kind::IssueQuota(quota) => Terms::Issues { quota: quota.into() },
            Kind::RepresentativeOnly { names } => {
                Terms::OnlyRepresentative { names: names.clone().unwrap_or_default() }
            }
            Kind::ReadAndFile { issues } => {
                Terms::ReadAndFile { issues: issues.clone().unwrap_or_default() }
            }
            Kind::ContactEnded => {
                Terms::ContactEnded { engages: profile.responsible.engages_after_end.clone() }
            }
            Kind::ComplaintClosed(closed) => {
                Terms::ComplaintClosed { issues: closed.issues.clone() }
            }
            Kind::CallLength { minutes } => Terms::CallLength { minutes: *minutes },
            Kind::VisitsInPairs => Terms::VisitsInPairs,
            Kind::AppointmentOnly => Terms::AppointmentOnly,
            Kind::DocumentsReturned { instruction } => {
                Terms::DocumentsReturned { destroyed: *instruction == DocumentInstruction::Destroy }
            }
        }
    }

    /// Whether contact over the limit is kept back, so that the letter says what happens to it.
    pub const fn keeps_back(&self) -> bool {
        matches!(
            self,
            Terms::OnlyChannels { .. }
                | Terms::OnlyHours { .. }
                | Terms::Contacts { .. }
                | Terms::Issues { .. }
                | Terms::OnlyRepresentative { .. }
        )
    }

    /// Whether the person is left to other ways than those that everybody has.
    pub const fn names_the_way(&self) -> bool {
        matches!(
            self,
            Terms::PointOfContact { .. }
                | Terms::OnlyChannels { .. }
                | Terms::OnlyRepresentative { .. }
                | Terms::ContactEnded { .. }
        )
    }
}

fn weekly(hours: &WeeklyHours) -> Vec<OpenHours> {
    open_hours(&hours.windows)
}

/// The channels that hours hold on, in the order in which they are said.
fn covered(hours: &Hours, organisation: &Organisation) -> Vec<Channel> {
    let profile = &organisation.profile;
    Channel::ALL.into_iter().filter(|one| hours.covers(*one, profile)).collect()
}
