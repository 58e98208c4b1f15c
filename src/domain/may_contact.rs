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

#[cfg(test)]
mod tests {

    use serde_json::json;

    use super::*;
    use crate::domain::nation::Nation;

    /// Whether it may, the first reason's code, and who it goes through.
    type Shortly = (bool, Option<String>, Option<String>);

    fn asked(
        mut person: serde_json::Value,
        restriction: serde_json::Value,
        question: (Channel, Purpose, Option<&str>),
    ) -> Shortly {
        let profile = Profile::silent("Bare Homes", Nation::England);
        let organisation = Organisation::new("o", profile);
        let mut held = json!({"id": "R", "starts": "2026-01-01", "status": "active"});
        held.as_object_mut().unwrap().extend(restriction.as_object().unwrap().clone());
        person["id"] = json!("P");
        person["restrictions"] = json!([held]);
        let person: Person = serde_json::from_value(person).unwrap();
        let (channel, purpose, by) = question;
        let at = "2026-06-01T10:00:00Z".parse().unwrap();
        let answer = may_contact(&organisation, &person, &Question { channel, purpose, by, at });
        let through = answer.through.map(|through| through.name.or(through.queue).unwrap());
        (answer.may, answer.reasons.into_iter().next().map(|one| one.code.to_string()), through)
    }

    fn said(may: bool, code: &str, through: &str) -> Shortly {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        (may, some(code), some(through))
    }

    #[test]
    fn an_agreed_channel_is_open_and_others_are_not() {
        let letters = json!({"kind": "channels_only", "channels": ["letter"]});
        let needs_calls =
            json!({"adjustments": [{"kind": "needs_channel", "channel": "telephone"}]});
        for (person, channel, expected) in [
            (json!({}), Channel::Letter, said(true, "", "")),
            (json!({}), Channel::Email, said(false, "channels_only", "")),
            (needs_calls.clone(), Channel::Telephone, said(true, "", "")),
            (needs_calls.clone(), Channel::Email, said(false, "adjustment", "")),
            (needs_calls, Channel::Letter, said(true, "adjustment", "")),
        ] {
            let question = (channel, Purpose::Service, None);
            assert_eq!(asked(person.clone(), letters.clone(), question), expected, "{person}");
        }
    }

    #[test]
    fn where_contact_has_ended_only_answers_on_what_is_engaged_with_may_go() {
        let engaged = json!({"engaged": [{"issue": "C-1"}]});
        for (person, purpose, expected) in [
            (json!({}), Purpose::Service, said(false, "contact_ended", "")),
            (json!({}), Purpose::Reply, said(false, "contact_ended", "")),
            (json!({}), Purpose::Statutory, said(true, "statutory", "")),
            (engaged.clone(), Purpose::Reply, said(true, "contact_ended.engaged", "")),
            (engaged, Purpose::Survey, said(false, "contact_ended", "")),
        ] {
            let ended = json!({"kind": "contact_ended"});
            let question = (Channel::Email, purpose, None);
            assert_eq!(asked(person.clone(), ended, question), expected, "{person} {purpose:?}");
        }
        let filed = |purpose| {
            asked(json!({}), json!({"kind": "read_and_file"}), (Channel::Email, purpose, None))
        };
        assert_eq!(filed(Purpose::Reply), said(false, "read_and_file", ""));
        assert_eq!(filed(Purpose::Service), said(true, "", ""));
    }

    #[test]
    fn contact_goes_through_a_representative_in_date_and_named() {
        let people = json!({"representatives": [
            {"name": "Old Rep", "until": "2026-05-31"},
            {"name": "New Rep", "until": "2026-06-01"},
            {"name": "Third Rep"},
        ]});
        for (names, through) in [
            (json!(null), "New Rep"),
            (json!(["Third Rep"]), "Third Rep"),
            (json!(["Old Rep"]), ""),
        ] {
            let mut restriction = json!({"kind": "representative_only"});
            if !names.is_null() {
                restriction["representatives"] = names.clone();
            }
            let question = (Channel::Letter, Purpose::Service, None);
            let answer = asked(people.clone(), restriction, question);
            assert_eq!(answer, said(false, "representative_only", through), "{names}");
        }
    }

    #[test]
    fn others_than_the_point_of_contact_are_warned_and_campaigns_do_not_go() {
        let point = json!({
            "kind": "single_point_of_contact",
            "contact": {"name": "Ann Bell", "email": "ann@x.example"},
        });
        let other = "single_point_of_contact.other";
        for (purpose, by, expected) in [
            (Purpose::Service, Some("Ann Bell"), said(true, "", "")),
            (Purpose::Service, Some("Bo Carr"), said(true, other, "Ann Bell")),
            (Purpose::Reply, None, said(true, other, "Ann Bell")),
            (Purpose::Survey, None, said(false, other, "Ann Bell")),
            (Purpose::Campaign, Some("Bo Carr"), said(false, other, "Ann Bell")),
        ] {
            let question = (Channel::Email, purpose, by);
            assert_eq!(asked(json!({}), point.clone(), question), expected, "{purpose:?} {by:?}");
        }
    }

    #[test]
    fn visits_are_in_pairs_or_by_appointment_and_letters_go_as_ever() {
        for kind in ["visits_in_pairs", "appointment_only"] {
            let about = |channel| {
                asked(json!({}), json!({"kind": kind}), (channel, Purpose::Service, None))
            };
            assert_eq!(about(Channel::InPerson), said(true, kind, ""));
            assert_eq!(about(Channel::Letter), said(true, "", ""));
        }
    }

    fn answer(person: serde_json::Value, mode: Mode, at: &str) -> ContactAnswer {
        let mut organisation =
            Organisation::new("o", Profile::silent("Bare Homes", Nation::England));
        organisation.mode = mode;
        let person: Person = serde_json::from_value(person).unwrap();
        let at = at.parse().unwrap();
        let question = Question { channel: Channel::Email, purpose: Purpose::Reply, by: None, at };
        may_contact(&organisation, &person, &question)
    }

    const AT: &str = "2026-06-01T10:00:00Z";

    #[test]
    fn only_what_is_enforced_and_in_force_prevents_a_contact() {
        let ended = |mode: &str| {
            json!({"id": "P", "restrictions": [
                {"id": "R", "kind": "contact_ended", "starts": "2026-01-01", "mode": mode, "clause": "4.1"},
            ]})
        };
        let refused = ContactAnswer {
            may: false,
            through: None,
            reasons: vec![Reason {
                code: "contact_ended".into(),
                restriction: Some("R".to_owned()),
                clause: Some("4.1".to_owned()),
                text: "All contact has ended.".to_owned(),
            }],
        };
        let free = ContactAnswer { may: true, through: None, reasons: Vec::new() };
        assert_eq!(answer(ended("enforce"), Mode::Enforce, AT), refused);
        assert_eq!(answer(ended("observe"), Mode::Enforce, AT), free);
        assert_eq!(answer(ended("enforce"), Mode::Observe, AT), free);
        assert_eq!(answer(ended("enforce"), Mode::Enforce, "2025-12-31T10:00:00Z"), free);
    }

    #[test]
    fn an_adjustment_is_minded_where_it_asks_something_of_this_contact() {
        let needs = |channel: &str| json!({"kind": "needs_channel", "channel": channel});
        for (adjustment, expected) in [
            (needs("letter"), Some("The person needs to be contacted by letter.")),
            (needs("email"), None),
            (json!({"kind": "needs_channel"}), None),
            (json!({"kind": "large_print"}), Some("The person needs large print.")),
            (json!({"kind": "coloured_paper"}), Some("The person needs coloured paper.")),
            (json!({"kind": "easy_read"}), Some("The person needs Easy Read.")),
            (json!({"kind": "braille"}), Some("The person needs Braille.")),
            (json!({"kind": "audio"}), Some("The person needs audio.")),
            (json!({"kind": "translation"}), Some("The person needs a translation.")),
            (json!({"kind": "interpreter"}), Some("The person needs an interpreter.")),
            (json!({"kind": "representative"}), Some("The person is represented by somebody.")),
            (json!({"kind": "clear_warnings"}), None),
            (json!({"kind": "extra_time"}), None),
            (json!({"kind": "other"}), None),
        ] {
            let found = answer(json!({"id": "P", "adjustments": [adjustment]}), Mode::Enforce, AT);
            assert!(found.may && found.through.is_none());
            let texts: Vec<&str> = found.reasons.iter().map(|one| one.text.as_str()).collect();
            assert_eq!(texts, Vec::from_iter(expected), "{adjustment}");
        }
    }

    #[test]
    fn a_representative_acts_until_the_instant_that_is_said() {
        let represented = |until: &str| {
            json!({"id": "P", "representatives": [{"name": "Al", "until": until}],
            "restrictions": [{"id": "R", "kind": "representative_only"}]})
        };
        for (until, through) in
            [("2026-06-01T10:00:01Z", Some("Al")), (AT, None), ("2026-05-31", None)]
        {
            let found = answer(represented(until), Mode::Enforce, AT);
            let name = found.through.and_then(|through| through.name);
            assert_eq!(name.as_deref(), through, "{until}");
        }
    }

    #[test]
    fn contact_goes_through_whoever_takes_the_place_of_the_point_of_contact() {
        let away = |name: &str| json!({"contact": name, "from": "2026-06-01", "to": "2026-06-02"});
        let point = |absences: serde_json::Value| {
            json!({"id": "P", "restrictions": [{"id": "R", "kind": "single_point_of_contact",
                "contact": {"name": "Ann", "email": "ann@x.example", "phone": "1", "queue": "anns"},
                "deputies": [{"name": "Bo"}], "absences": absences}]})
        };
        for (absences, name, text) in [
            (
                json!([]),
                Some("Ann"),
                "Contact with this person goes through their point of contact.",
            ),
            (
                json!([away("Ann")]),
                Some("Bo"),
                "Contact goes through a deputy of the person's point of contact.",
            ),
            (
                json!([away("Ann"), away("Bo")]),
                None,
                "Contact goes through the team: the point of contact and the deputies are away.",
            ),
        ] {
            let found = answer(point(absences.clone()), Mode::Enforce, AT);
            let through = found.through.unwrap();
            assert_eq!(
                (through.name.as_deref(), found.reasons[0].text.as_str()),
                (name, text),
                "{absences}"
            );
            assert_eq!(through.queue.as_deref(), Some("anns"));
        }
    }

    #[test]
    fn a_purpose_has_its_name() {
        for purpose in Purpose::ALL {
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.name());
        }
    }
}
