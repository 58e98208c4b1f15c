//! Every notice as it is written, texted and spoken, in English and Welsh: as snapshots to be read, and
//! measured for how easy it is to read.
//!
//! `UPDATE_SNAPSHOTS=1` writes the snapshots anew; then read them aloud.

pub mod readable;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contact_gateway::config;
use contact_gateway::domain::channel::Channel;
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::language::Language;
use contact_gateway::domain::notice::{
    Limiting, NoticeFacts, NoticePart, compose, in_languages, languages, parts_for_everybody,
    short, spoken, text,
};
use contact_gateway::domain::organisation::Organisation;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::Profile;
use contact_gateway::domain::reach::Reach;
use contact_gateway::domain::restriction::{Restriction, WeeklyHours};
use serde_json::json;

pub const PROFILES: [&str; 5] =
    ["karbon-homes", "tuntum", "calico-homes", "derby-homes", "united-welsh"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An organisation that says how it is reached, as `contact_details` and `staffed_hours` do.
pub fn organisation(profile: &str) -> Organisation {
    let file = root().join(format!("config/profiles/{profile}.toml"));
    let profile: Profile = config::profile::load(&file).unwrap();
    let weekly = json!({"windows": [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]});
    let weekly: WeeklyHours = serde_json::from_value(weekly).unwrap();
    let details = [
        (Channel::Email, "contact@landlord.example"),
        (Channel::WebForm, "https://www.landlord.example/contact"),
        (Channel::Telephone, "+441914980123"),
        (Channel::Letter, "1 High Street, Newtown, NE1 1AA"),
    ];
    Organisation {
        emergency: Some("+441914980999".to_owned()),
        reach: Reach {
            details: details.into_iter().map(|(one, detail)| (one, detail.to_owned())).collect(),
            staffed_hours: BTreeMap::from([(Channel::Telephone, weekly)]),
            policy_url: Some("https://www.landlord.example/policy".to_owned()),
            appeal_to: None,
            languages: Vec::new(),
            ..Reach::default()
        },
        ..Organisation::new("landlord", profile)
    }
}

/// A restriction of each kind that limits, by name, with when it lets the sender in again.
pub fn kinds() -> Vec<(&'static str, Restriction, Option<&'static str>)> {
    let one = |kind: serde_json::Value| {
        let mut whole = json!({"id": "R-1", "starts": "2026-11-01", "review_due": "2027-05-01"});
        for (key, value) in kind.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value::<Restriction>(whole).unwrap()
    };
    let windows = json!([{"days": ["mon", "wed"], "from": "10:00", "to": "12:00"}]);
    vec![
        (
            "channels_only",
            one(json!({"kind": "channels_only", "channels": ["letter"], "ends": "2027-01-31"})),
            None,
        ),
        (
            "hours_only",
            one(
                json!({"kind": "hours_only", "windows": windows, "channels": ["email", "web_form", "telephone", "sms"]}),
            ),
            Some("2026-11-23T10:00:00Z"),
        ),
        (
            "contact_quota",
            one(json!({"kind": "contact_quota", "limit": 2, "per": "week", "window": "calendar"})),
            Some("2026-11-23T00:00:00Z"),
        ),
        (
            "contact_quota by email",
            one(
                json!({"kind": "contact_quota", "limit": 1, "per": "month", "window": "rolling", "channels": ["email", "telephone", "sms", "web_form"]}),
            ),
            Some("2026-12-08T09:30:00Z"),
        ),
        (
            "issue_quota",
            one(json!({"kind": "issue_quota", "limit": 2, "per": "month", "window": "calendar"})),
            Some("2026-12-01T00:00:00Z"),
        ),
        (
            "representative_only",
            one(json!({"kind": "representative_only", "review_due": null})),
            None,
        ),
    ]
}

pub fn contact(channel: Channel) -> Contact {
    let json = json!({"id": "c-4f2a", "channel": channel.name(), "at": "2026-11-20T16:00:00Z"});
    serde_json::from_value(json).unwrap()
}

pub fn parts(
    organisation: &Organisation,
    restriction: &Restriction,
    channel: Channel,
    next: Option<&str>,
) -> Vec<NoticePart> {
    let contact = contact(channel);
    let clause = organisation.profile.clause_for(restriction.kind.name()).map(str::to_owned);
    compose(&NoticeFacts {
        organisation,
        contact: &contact,
        at: contact.at,
        limits: &[Limiting { restriction, clause }],
        in_force: &[restriction],
        next_slot: next.map(|next| next.parse().unwrap()),
    })
}

/// The notice of a public form that is mailed to the address on record.
pub fn mailed_apart(organisation: &Organisation) -> Vec<NoticePart> {
    let mut apart = contact(Channel::WebForm);
    apart.notified_apart = true;
    let (_, restriction, _) = kinds().remove(0);
    compose(&NoticeFacts {
        organisation,
        contact: &apart,
        at: apart.at,
        limits: &[Limiting { restriction: &restriction, clause: None }],
        in_force: &[&restriction],
        next_slot: None,
    })
}

/// The page of a public form, the same for everybody.
pub fn neutral(organisation: &Organisation) -> Vec<NoticePart> {
    parts_for_everybody(organisation, contact(Channel::WebForm).at)
}

/// Every notice of an organisation in a language: as a message, a text message, and a call.
fn all(profile: &str, language: Language) -> String {
    let organisation = organisation(profile);
    let mut written = String::new();
    let mut add = |title: &str, text: &str| {
        written.push_str(&format!("==== {title}\n\n{text}\n\n"));
    };
    for (kind, restriction, next) in kinds() {
        let of = |channel| parts(&organisation, &restriction, channel, next);
        add(&format!("{kind}, by e-mail"), &text(&of(Channel::Email), language));
        add(&format!("{kind}, by text message"), &short(&of(Channel::Sms), language));
        let call = spoken(&of(Channel::Telephone), language);
        let call: Vec<String> = std::iter::once(call.opening).chain(call.more).collect();
        add(&format!("{kind}, on the telephone, piece by piece"), &call.join("\n--\n"));
    }
    let mailed = mailed_apart(&organisation);
    add("of a public form, mailed to the address on record", &text(&mailed, language));
    let neutral = neutral(&organisation);
    add("the neutral page of a public form", &text(&neutral, language));
    written
}

#[test]
fn every_notice_is_as_it_was_when_it_was_last_read() {
    let mut changed = Vec::new();
    for profile in PROFILES {
        for language in Language::ALL {
            let file: PathBuf =
                root().join(format!("tests/notices/{profile}.{}.txt", language.tag()));
            let now = all(profile, language);
            if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(&file, &now).unwrap();
            }
            if std::fs::read_to_string(&file).unwrap_or_default() != now {
                changed.push(file.display().to_string());
            }
        }
    }
    assert!(
        changed.is_empty(),
        "changed (UPDATE_SNAPSHOTS=1 writes them anew; read them): {changed:#?}"
    );
}

#[test]
fn no_notice_names_anybody_or_mixes_languages() {
    for profile in PROFILES {
        let welsh = all(profile, Language::Welsh);
        for english in ["You can", "contact us", "We have", "Reference", "Monday", "November"] {
            assert!(!welsh.contains(english), "{profile}: {english}");
        }
        let english = all(profile, Language::English);
        for word in ["Gallwch", "Cyfeirnod", "dydd ", "Tachwedd"] {
            assert!(!english.contains(word), "{profile}: {word}");
        }
    }
}

/// A text message has no room for the risk of harm: there, 999 is for danger.
#[test]
fn every_notice_says_what_to_do_in_an_emergency_at_risk_and_to_appeal() {
    for profile in PROFILES {
        let organisation = organisation(profile);
        for (kind, restriction, next) in kinds() {
            for (language, [risk, appeal, word]) in [
                (Language::English, ["at risk of harm", "You can appeal.", "APPEAL"]),
                (Language::Welsh, ["mewn perygl", "Gallwch apelio.", "APELIO"]),
            ] {
                let of = |channel| parts(&organisation, &restriction, channel, next);
                let mail = text(&of(Channel::Email), language);
                let page = text(&of(Channel::WebForm), language);
                for notice in [&mail, &page] {
                    for part in ["999", "0191 498 0999", risk, appeal] {
                        assert!(notice.contains(part), "{profile}, {kind}: {part}: {notice}");
                    }
                }
                let message = short(&of(Channel::Sms), language);
                for part in ["999", "0191 498 0999", word] {
                    assert!(message.contains(part), "{profile}, {kind}: {part}: {message}");
                }
                let call = spoken(&of(Channel::Telephone), language).more.join(" ");
                for part in [risk, appeal] {
                    assert!(call.contains(part), "{profile}, {kind}: {part}: {call}");
                }
            }
        }
    }
}

#[test]
fn a_notice_is_in_the_persons_language_or_in_those_of_the_organisation() {
    let united_welsh = organisation("united-welsh");
    let person = |json| serde_json::from_value::<Person>(json).unwrap();
    let unknown = person(json!({"id": "P-1"}));
    let welsh = person(json!({"id": "P-1", "language": "cy"}));
    let (_, restriction, _) = kinds().remove(0);
    for (person, has_english) in [(None, true), (Some(&unknown), true), (Some(&welsh), false)] {
        let spoken_to = languages(&united_welsh, person);
        for channel in [Channel::Email, Channel::Sms] {
            let parts = parts(&united_welsh, &restriction, channel, None);
            let notice = in_languages(&parts, channel, &spoken_to);
            assert!(notice.contains("Dim ond drwy lythyr"), "{notice}");
            let english = notice.contains("You can only contact us by letter.");
            assert_eq!(english, has_english, "{notice}");
        }
    }
    assert_eq!(languages(&organisation("tuntum"), Some(&unknown)), [Language::English]);
}

#[test]
fn a_channel_that_nobody_staffs_is_never_offered() {
    let kind = json!({"id": "R-1", "starts": "2026-11-01", "review_due": "2027-05-01",
        "kind": "channels_only", "channels": ["telephone", "letter"]});
    let restriction: Restriction = serde_json::from_value(kind).unwrap();
    let mut organisation = organisation("karbon-homes");
    for is_staffed in [true, false] {
        if !is_staffed {
            let never = WeeklyHours { windows: Vec::new(), bank_holidays: false };
            organisation.reach.staffed_hours.insert(Channel::Telephone, never);
        }
        let limited = parts(&organisation, &restriction, Channel::Email, None);
        for parts in [limited, neutral(&organisation)] {
            let notice = text(&parts, Language::English);
            assert_eq!(notice.contains("- Phone: 0191 498 0123"), is_staffed, "{notice}");
            assert!(notice.contains("- Letter: 1 High Street"), "{notice}");
            // It gives no details of a channel for these.
            assert!(!notice.contains("Text message:"), "{notice}");
        }
    }
}

/// Whatever is limited: somebody who wants to appeal or needs help learns where to. A caller has keys for it.
#[test]
fn what_is_always_open_comes_with_addresses_and_numbers() {
    let mut organisation = organisation("karbon-homes");
    let headings = [
        (Language::English, "How to contact us about these\n"),
        (Language::Welsh, "Sut i gysylltu â ni am y rhain\n"),
    ];
    for gives_details in [true, false] {
        if !gives_details {
            organisation.reach.details.clear();
        }
        for (kind, restriction, next) in kinds() {
            for (language, heading) in headings {
                let of = |channel| parts(&organisation, &restriction, channel, next);
                let notice = text(&of(Channel::WebForm), language);
                let how = notice.split_once(heading).map(|(_, how)| how);
                assert_eq!(how.is_some(), gives_details, "{kind}: {notice}");
                for detail in ["contact@landlord.example", "0191 498 0123", "1 High Street"] {
                    assert!(
                        how.is_none_or(|how| how.contains(detail)),
                        "{kind}: {detail}: {notice}"
                    );
                }
                let call = spoken(&of(Channel::Telephone), language).more.join(" ");
                assert!(!call.contains("contact at landlord"), "{kind}: {call}");
            }
        }
    }
}

#[test]
fn a_text_message_fits_whole() {
    for profile in PROFILES {
        let organisation = organisation(profile);
        for (kind, restriction, next) in kinds() {
            for language in Language::ALL {
                let parts = parts(&organisation, &restriction, Channel::Sms, next);
                let chars = short(&parts, language).chars().count();
                // Twilio's and Plivo's bound of one message.
                assert!(chars <= 1_600, "{profile}, {kind}: {chars} characters");
            }
        }
    }
}
