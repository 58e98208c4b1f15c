//! Whether staff, or a system that sends, may contact a person: how, and through whom.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::decision::Reason;
use super::organisation::Organisation;
use super::person::{Adjustment, AdjustmentKind, Person};
use super::point_of_contact::{Routed, Taker};
use super::profile::Profile;
use super::restriction::{Kind, Mode, PointOfContact, Restriction};

/// Why somebody would be contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A notice that the law asks for: it always may go.
    Statutory,
    /// An answer to what the person wrote or said.
    Reply,
    /// A repair, a tenancy, a visit: the organisation's own business with the person.
    Service,
    Survey,
    Campaign,
}

impl Purpose {
    pub const ALL: [Purpose; 5] =
        [Purpose::Statutory, Purpose::Reply, Purpose::Service, Purpose::Survey, Purpose::Campaign];

    pub const fn name(self) -> &'static str {
        match self {
            Purpose::Statutory => "statutory",
            Purpose::Reply => "reply",
            Purpose::Service => "service",
            Purpose::Survey => "survey",
            Purpose::Campaign => "campaign",
        }
    }
}

/// The question whether somebody may be contacted.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    pub channel: Channel,
    pub purpose: Purpose,
    /// Who would make the contact; absent: a system.
    pub by: Option<&'a str>,
    pub at: DateTime<Utc>,
}

/// The person through whom the contact goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Through {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub queue: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactAnswer {
    pub may: bool,
    /// Those it goes through; null: anybody.
    pub through: Option<Through>,
    /// Why not, or what to mind.
    pub reasons: Vec<Reason>,
}

/// Whether a person may be contacted. A restriction that is only observed prevents nobody.
pub fn may_contact(
    organisation: &Organisation,
    person: &Person,
    question: &Question<'_>,
) -> ContactAnswer {
    let profile = &organisation.profile;
    let mut answer = ContactAnswer { may: true, through: None, reasons: Vec::new() };
    for adjustment in &person.adjustments {
        mind(adjustment, question, &mut answer);
    }
    if question.purpose == Purpose::Statutory {
        answer.reasons.push(reason("statutory", "Statutory notices may always be sent.", None));
        return answer;
    }
    let acts = |one: &&Restriction| {
        one.is_in_force(question.at, profile) && organisation.mode_of(one) == Mode::Enforce
    };
    for restriction in person.restrictions.iter().filter(acts) {
        restricted(profile, person, restriction, question, &mut answer);
    }
    answer
}

fn reason(code: &str, text: &str, restriction: Option<&Restriction>) -> Reason {
    Reason {
        code: code.into(),
        restriction: restriction.map(|one| one.id.clone()),
        clause: restriction.and_then(|one| one.clause.clone()),
        text: text.to_owned(),
    }
}

/// What an adjustment asks of the person who makes contact.
fn mind(adjustment: &Adjustment, question: &Question<'_>, answer: &mut ContactAnswer) {
    let text = match adjustment.kind {
        AdjustmentKind::NeedsChannel => {
            let Some(channel) = adjustment.channel.filter(|needed| *needed != question.channel)
            else {
                return;
            };
            format!("The person needs to be contacted by {}.", channel.name())
        }
        AdjustmentKind::LargePrint => "The person needs large print.".to_owned(),
        AdjustmentKind::ColouredPaper => "The person needs coloured paper.".to_owned(),
        AdjustmentKind::EasyRead => "The person needs Easy Read.".to_owned(),
        AdjustmentKind::Braille => "The person needs Braille.".to_owned(),
        AdjustmentKind::Audio => "The person needs audio.".to_owned(),
        AdjustmentKind::Translation => "The person needs a translation.".to_owned(),
        AdjustmentKind::Interpreter => "The person needs an interpreter.".to_owned(),
        AdjustmentKind::Representative => "The person is represented by somebody.".to_owned(),
        AdjustmentKind::ClearWarnings | AdjustmentKind::ExtraTime | AdjustmentKind::Other => return,
    };
    answer.reasons.push(reason("adjustment", &text, None));
}

fn restricted(
    profile: &Profile,
    person: &Person,
    restriction: &Restriction,
    question: &Question<'_>,
    answer: &mut ContactAnswer,
) {
    let mut refuse = |code: &str, text: &str| {
        answer.may = false;
        answer.reasons.push(reason(code, text, Some(restriction)));
    };
    match &restriction.kind {
        Kind::ContactEnded => {
            let engaged = question.purpose == Purpose::Reply && !person.engaged.is_empty();
            let text = match engaged {
                true => {
                    "All contact has ended; answer only on issues that somebody decided to \
                    engage with."
                }
                false => "All contact has ended.",
            };
            if engaged {
                answer.reasons.push(reason("contact_ended.engaged", text, Some(restriction)));
            } else {
                refuse("contact_ended", text);
            }
        }
        Kind::ReadAndFile { .. } if question.purpose != Purpose::Service => {
            refuse("read_and_file", "This person's messages are read and filed, and get no reply.");
        }
        Kind::RepresentativeOnly { names } => {
            let zone = profile.timezone;
            let fits = |name: &String| names.as_ref().is_none_or(|names| names.contains(name));
            let found = person.representatives.iter().find(|one| {
                fits(&one.name) && one.until.is_none_or(|until| question.at < until.end(zone))
            });
            refuse("representative_only", "Contact goes through the person's representative.");
            answer.through = found.map(|one| Through {
                name: Some(one.name.clone()),
                email: None,
                phone: None,
                queue: None,
            });
        }
        Kind::ChannelsOnly { channels }
            if !profile.set_contains(channels, question.channel)
                && !person.needs_channel(question.channel) =>
        {
            refuse("channels_only", "Another way of contact was agreed with this person.");
        }
        Kind::SinglePointOfContact(point) => {
            through_point(profile, restriction, point, question, answer);
        }
        Kind::VisitsInPairs if question.channel == Channel::InPerson => {
            answer.reasons.push(reason("visits_in_pairs", "Visit in pairs.", Some(restriction)));
        }
        Kind::AppointmentOnly if question.channel == Channel::InPerson => {
            let text = "Visit by appointment only.";
            answer.reasons.push(reason("appointment_only", text, Some(restriction)));
        }
        Kind::ReadAndFile { .. }
        | Kind::ChannelsOnly { .. }
        | Kind::HoursOnly(_)
        | Kind::ContactQuota { .. }
        | Kind::IssueClosed(_)
        | Kind::IssueQuota(_)
        | Kind::ComplaintClosed(_)
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => {}
    }
}

/// An answer by somebody else is warned of; surveys and campaigns are not sent past the point of contact.
fn through_point(
    profile: &Profile,
    restriction: &Restriction,
    point: &PointOfContact,
    question: &Question<'_>,
    answer: &mut ContactAnswer,
) {
    let Routed { taker, route, .. } = point.route(question.at, profile.timezone, &profile.team);
    let is_own = question.by.is_some() && route.name.as_deref() == question.by;
    if is_own {
        return;
    }
    answer.through = Some(Through {
        name: route.name,
        email: route.email,
        phone: route.phone,
        queue: Some(route.queue),
    });
    let text = match taker {
        Taker::Contact => "Contact with this person goes through their point of contact.",
        Taker::Deputy => "Contact goes through a deputy of the person's point of contact.",
        Taker::Team => {
            "Contact goes through the team: the point of contact and the deputies are \
            away."
        }
    };
    answer.may &= !matches!(question.purpose, Purpose::Survey | Purpose::Campaign);
    answer.reasons.push(reason("single_point_of_contact.other", text, Some(restriction)));
}
