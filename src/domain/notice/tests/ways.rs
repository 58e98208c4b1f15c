//! Which ways a notice names, and what it takes from the organisation and the policy.

use std::sync::Arc;

use super::super::compose::{appeal, emergency, is_section, ombudsman, open_ways};
use super::super::{Limit, Limiting, NoticeFacts, NoticePart, compose, languages};
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::language::Language;
use crate::domain::nation::Nation;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::profile::{Ombudsman, Profile, Role, Roles};
use crate::domain::restriction::Restriction;

fn organisation() -> Organisation {
    Organisation::new("o", Profile::silent("Bare Homes", Nation::England))
}

/// An organisation with an e-mail address, a number, a postal address, and a web form without an address.
fn detailed() -> Organisation {
    let mut organisation = organisation();
    for (channel, detail) in [
        (Channel::Email, "us@x.example"),
        (Channel::Telephone, "+441914980123"),
        (Channel::Letter, "1 Street"),
    ] {
        organisation.reach.details.insert(channel, detail.to_owned());
    }
    let hours = r#"{"windows":[{"days":["mon"],"from":"09:00","to":"17:00"}]}"#;
    organisation.reach.staffed_hours.insert(Channel::WebForm, serde_json::from_str(hours).unwrap());
    organisation
}

fn restriction(json: &str) -> Restriction {
    serde_json::from_str(&format!(r#"{{"id":"R",{json}}}"#)).unwrap()
}

fn ways(organisation: &Organisation, restrictions: &[&str]) -> Vec<Channel> {
    let held: Vec<Restriction> = restrictions.iter().map(|json| restriction(json)).collect();
    let in_force: Vec<&Restriction> = held.iter().collect();
    open_ways(organisation, &in_force).iter().map(|way| way.channel).collect()
}

#[test]
fn open_ways_are_those_that_are_staffed_and_that_every_restriction_leaves_open() {
    use Channel::{Email, InPerson, Letter, Sms, Telephone, WebForm};
    let (bare, detailed) = (organisation(), detailed());
    let only = r#""kind":"channels_only","channels":["letter","email","sms"]"#;
    let other = r#""kind":"channels_only","channels":["sms","letter"]"#;
    let form = r#""kind":"channels_only","channels":["in_person"]"#;
    let representative = r#""kind":"representative_only""#;
    for (restrictions, without_details, with_details) in [
        (&[][..], vec![Email, Telephone, Letter], vec![Email, WebForm, Telephone, Letter]),
        (&[only], vec![Email, Sms, Letter], vec![Email, Letter]),
        (&[only, other], vec![Sms, Letter], vec![Letter]),
        (&[form], vec![InPerson], vec![InPerson]),
        (
            &[r#""kind":"visits_in_pairs""#],
            vec![Email, Telephone, Letter],
            vec![Email, WebForm, Telephone, Letter],
        ),
        (&[only, representative], vec![], vec![]),
    ] {
        assert_eq!(ways(&bare, restrictions), without_details, "{restrictions:?}");
        assert_eq!(ways(&detailed, restrictions), with_details, "{restrictions:?}");
    }
}

/// The limits and ways of a notice to somebody who wrote an e-mail.
fn notified(kinds: &[&str]) -> (Vec<Limit>, Vec<Channel>, bool) {
    let organisation = detailed();
    let at = "2026-11-21T10:00:00Z".parse().unwrap();
    let contact = Contact::new("c".into(), Channel::Email, at);
    let held: Vec<Restriction> = kinds.iter().map(|json| restriction(json)).collect();
    let limits: Vec<Limiting<'_>> =
        held.iter().map(|restriction| Limiting { restriction, clause: None }).collect();
    let in_force: Vec<&Restriction> = held.iter().collect();
    let facts = NoticeFacts {
        organisation: &organisation,
        contact: &contact,
        at,
        limits: &limits,
        in_force: &in_force,
        next_slot: None,
    };
    let parts = compose(&facts);
    let limits = parts.iter().filter_map(|part| match part {
        NoticePart::Limit { limit } => Some(limit.clone()),
        _ => None,
    });
    let ways = parts.iter().find_map(|part| match part {
        NoticePart::HowToReach { ways } => Some(ways.iter().map(|way| way.channel).collect()),
        _ => None,
    });
    let has_more = parts.iter().any(|part| matches!(part, NoticePart::HowAlways { .. }));
    (limits.collect(), ways.unwrap_or_default(), has_more)
}

#[test]
fn a_notice_names_other_ways_that_no_limit_covers() {
    use Channel::{Letter, Telephone, WebForm};
    let (limits, ways, has_more) = notified(&[r#""kind":"read_and_file""#]);
    assert_eq!(
        (limits, ways, has_more),
        (vec![Limit::Other], vec![WebForm, Telephone, Letter], true)
    );
    let email = r#""kind":"contact_quota","limit":1,"per":"day","channels":["email","letter"]"#;
    let (_, ways, _) = notified(&[email]);
    assert_eq!(ways, [WebForm, Telephone]);
    let every = r#""kind":"contact_quota","limit":1,"per":"day""#;
    assert_eq!(notified(&[every]).1, []);
    let hours = r#""kind":"hours_only","channels":["telephone"],
        "windows":[{"days":["mon"],"from":"09:00","to":"17:00"}]"#;
    assert_eq!(notified(&[hours]).1, [WebForm, Letter]);
    // A limit that occurs twice is named once.
    let twice = notified(&[r#""kind":"contact_ended""#, r#""kind":"contact_ended""#]);
    assert_eq!(twice.0.len(), 2, "each with how long it lasts");
    let only = notified(&[r#""kind":"channels_only","channels":["letter"]"#]);
    assert_eq!(only.0, [Limit::OnlyChannels { channels: vec![Letter] }]);
    assert_eq!(notified(&[r#""kind":"representative_only""#]).0, [Limit::OnlyRepresentative]);
    let closed = notified(&[r#""kind":"complaint_closed","issues":["4711"]"#]);
    assert_eq!(closed.0, [Limit::ComplaintEnded]);
}

#[test]
fn only_a_number_that_can_be_dialled_is_given_for_emergencies() {
    let mut organisation = organisation();
    for (line, number) in
        [(None, None), (Some("+441914980123"), Some("+441914980123")), (Some("sip:x@h"), None)]
    {
        organisation.emergency = line.map(str::to_owned);
        let number = number.map(str::to_owned);
        assert!(emergency(&organisation) == NoticePart::Emergency { number }, "{line:?}");
    }
}

#[test]
fn a_section_of_a_policy_begins_with_a_digit() {
    for (clause, section) in
        [("6.2", true), ("0", true), ("", false), ("A.1", false), ("section 6", false)]
    {
        assert_eq!(is_section(clause), section, "{clause}");
    }
}

#[test]
fn a_notice_is_in_the_persons_language_or_the_organisations_or_the_nations() {
    use Language::{English, Welsh};
    let person = |language: &str| -> Person {
        serde_json::from_str(&format!(r#"{{"id":"P"{language}}}"#)).unwrap()
    };
    let (own, none) = (person(r#","language":"cy""#), person(""));
    let mut organisation = organisation();
    assert_eq!(languages(&organisation, Some(&own)), [Welsh]);
    assert_eq!(languages(&organisation, Some(&none)), [English]);
    for nation in [Nation::Scotland, Nation::NorthernIreland, Nation::England, Nation::Wales] {
        organisation.profile = Arc::new(Profile::silent("x", nation));
        let both = if nation == Nation::Wales { vec![English, Welsh] } else { vec![English] };
        assert_eq!(languages(&organisation, None), both);
    }
    organisation.profile = Arc::new(Profile {
        languages: vec![Welsh, English],
        ..Profile::silent("x", Nation::England)
    });
    assert_eq!(languages(&organisation, None), [Welsh, English]);
    organisation.reach.languages = vec![English];
    assert_eq!(languages(&organisation, Some(&none)), [English]);
}

#[test]
fn an_appeal_goes_to_the_role_that_it_is_addressed_to_or_that_hears_it() {
    let role = |name: &str| Role(name.to_owned());
    let mut profile = Profile::silent("x", Nation::England);
    let of = |profile: &Profile| {
        let part = appeal(&Organisation::new("o", profile.clone()));
        let NoticePart::Appeal { within, heard_by, uninvolved, to, how } = part else { panic!() };
        assert_eq!((within, to, how), (None, None, None));
        (heard_by, uninvolved)
    };
    assert_eq!(of(&profile), (None, false));
    profile.appeal.heard_by = Roles::any_of(vec![role("director"), role("manager")]);
    profile.appeal.hearer_uninvolved = Some(true);
    assert_eq!(of(&profile), (Some("director".to_owned()), true));
    profile.appeal.addressed_to = Some(role("governance"));
    profile.appeal.hearer_uninvolved = Some(false);
    assert_eq!(of(&profile), (Some("governance".to_owned()), false));
    assert!(ombudsman(&profile).is_none());
    for (when, after) in [(None, false), (Some("any_time"), false), (Some("after_appeal"), true)] {
        profile.ombudsman = Some(Ombudsman {
            name: "Ombudsman".to_owned(),
            welsh_name: None,
            website: None,
            phone: Some("0300 111 3000".to_owned()),
            when: when.map(str::to_owned),
        });
        let expected = NoticePart::Ombudsman {
            name: "Ombudsman".to_owned(),
            welsh_name: None,
            website: None,
            phone: Some("0300 111 3000".to_owned()),
            after_ours: after,
        };
        assert!(ombudsman(&profile) == Some(expected), "{when:?}");
    }
}
