use std::collections::BTreeMap;

use super::*;
use crate::domain::channel::Channel;
use crate::domain::language::Language;
use crate::domain::notice::{Handling, Limit, NoticePart, Way, text};
use crate::domain::safeguard::LaneRule;

fn notice(language: Language) -> String {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
    let parts = [
        NoticePart::Emergency { number: Some("+441914980123".to_owned()) },
        NoticePart::WhatHappened { channel: Channel::Email, handling: Handling::Kept },
        NoticePart::ReadBy { day },
        NoticePart::Why {
            organisation: "Karbon Homes".to_owned(),
            since: Some(day),
            policy: crate::domain::notice::Policy::default(),
            clause: Some("6.2".to_owned()),
            written: true,
        },
        NoticePart::Limit { limit: Limit::OnlyChannels { channels: vec![Channel::Letter] } },
        NoticePart::HowToReach {
            ways: vec![Way { channel: Channel::Letter, detail: None, hours: Vec::new() }],
        },
        NoticePart::AlwaysOpen,
        NoticePart::HowAlways {
            ways: vec![Way {
                channel: Channel::Email,
                detail: Some("contact@karbon.example".to_owned()),
                hours: Vec::new(),
            }],
        },
        NoticePart::Appeal {
            within: None,
            heard_by: Some("head_of_service".to_owned()),
            uninvolved: true,
            to: Some("appeals@karbon.example".to_owned()),
            how: None,
        },
        NoticePart::Reference { contact: "mail-1".to_owned() },
    ];
    text(&parts, language)
}

/// What could open a lane.
fn says_nothing(text: &str) -> bool {
    let said = own_words(text).to_lowercase();
    let telling =
        ["emergenc", "danger", "appeal", "disab", "legal", "argyf", "apel", "anabl", "perygl"];
    let found = telling.iter().find(|word| said.contains(**word));
    assert!(found.is_none(), "{found:?} in {said}");
    true
}

#[test]
fn a_notice_quoted_back_in_any_form_says_nothing() {
    for language in Language::ALL {
        let notice = notice(language);
        let marked = notice.lines().map(|line| format!("> {line}\n")).collect::<String>();
        let one_line = notice.split_whitespace().collect::<Vec<_>>().join(" ");
        let words: Vec<_> = one_line.split(' ').collect();
        let narrow = |width| -> String {
            words.chunks(width).map(|words| format!("{}\n", words.join(" "))).collect()
        };
        assert!(says_nothing(&notice));
        assert!(says_nothing(&marked));
        // However wide a mail program's lines are.
        for width in 5..=14 {
            assert!(says_nothing(&narrow(width)), "{width} words a line");
        }
        let outlook =
            format!("From: Repairs\nSent: Monday\nTo: Jo\nSubject: Your message\n\n{notice}");
        assert!(says_nothing(&outlook));
    }
}

#[test]
fn what_stands_beside_a_notice_is_still_said() {
    let notice = notice(Language::English);
    let said =
        own_words(&format!("There is a gas leak.\n{notice}\nI want to appeal.")).into_owned();
    assert!(said.contains("There is a gas leak.") && said.contains("I want to appeal."), "{said}");
    let one_sentence = "You wrote: If someone is in danger, call 999. I am in danger.";
    assert_eq!(own_words(one_sentence), one_sentence);
}

#[test]
fn earlier_wordings_are_known_as_well() {
    let earlier = "We received your message of 3 November 2026 and have kept it. It has not been passed \
        on, because an arrangement is in place on how you contact Karbon Homes.\n\nIn an emergency, or if \
        somebody is in danger, call 0191 498 0123 at any time; call 999 if a life is at risk.\nRequests for \
        your personal data, other requests that the law gives you a right to, and requests for an \
        adjustment because of a disability are always accepted, in any way.\nIf you think that this is \
        wrong you can appeal: tell us in any way, also by telephone, that you appeal.";
    assert!(says_nothing(earlier));
}

#[test]
fn invisible_characters_and_apostrophes_do_not_hide_words() {
    assert_eq!(
        own_words("gas le\u{ad}ak, suic\u{200b}ide \u{2060}\u{feff}now"),
        "gas leak, suicide now"
    );
    for apostrophe in ["`", "\u{b4}", "\u{2019}", "\u{2bc}", "\u{2032}", "\u{ff07}", "'"] {
        assert_eq!(own_words(&format!("I can{apostrophe}t go on")), "I can't go on");
    }
}

#[test]
fn where_nothing_is_the_senders_own_the_quotation_is_what_they_said() {
    assert_eq!(own_words("> There is a gas leak here"), "There is a gas leak here");
    assert!(
        own_words("On 2 Nov 2026, Repairs wrote:\n\nDear I\n\nThe wall is damp").contains("wall")
    );
    assert_eq!(own_words("thanks\n> emergency"), "thanks");
}

fn contact(subject: Option<&str>, text: Option<&str>) -> Contact {
    Contact {
        subject: subject.map(str::to_owned),
        text: text.map(str::to_owned),
        ..Contact::new("c".into(), Channel::Email, "2026-11-21T10:00:00Z".parse().unwrap())
    }
}

#[test]
fn subject_and_text_are_read_as_one_and_compared_by_the_text() {
    for (subject, text, words, compared) in [
        (None, None, "", ""),
        (Some("Da\u{ad}mp"), None, "Damp", "Damp"),
        (None, Some("The wall"), "The wall", "The wall"),
        (Some("Damp"), Some("The wall"), "Damp\nThe wall", "The wall"),
        (Some("Damp"), Some("  "), "Damp\n  ", "Damp"),
        (Some("Damp"), Some("new\n> old"), "Damp\nnew", "new"),
    ] {
        let contact = contact(subject, text);
        let said = Said::of(&contact);
        assert_eq!((said.words().as_str(), said.text_or_subject()), (words, compared));
    }
}

#[test]
fn a_contact_is_compared_by_what_it_forwards_under_a_note() {
    let profile = Profile::silent("x", crate::domain::nation::Nation::England);
    let prints = |text: &str| Reading::of(&profile, &contact(None, Some(text))).fingerprints;
    let forward = "---------- Forwarded message ---------\nFrom: Jo\n\nThe wall is damp.";
    assert_eq!(prints("See below.\n> old"), fingerprint_of("See below."));
    assert_eq!(
        prints(&format!("See below.\n{forward}")),
        fingerprint_of("See below.\nThe wall is damp.")
    );
}

#[test]
fn a_lane_that_somebody_else_saw_comes_in_order_and_changes_none_that_was_found() {
    let hit = |lane, by: &str, part| Hit { lane, by: by.into(), part, spelling: Spelling::Written };
    let like = |lane| {
        let (by, part) = ("help".to_owned(), FoundBy::Example);
        Resemblance { lane, percent: 40, threshold: 60, by, part }
    };
    let found = hit(Lane::Legal, "solicitor", FoundBy::Words);
    let mut reading = Reading {
        hits: vec![found.clone()],
        resembles: vec![like(Lane::Emergency), like(Lane::Appeal)],
        fingerprints: Vec::new(),
    };
    reading.add(Lane::Legal, "model");
    assert_eq!(reading.hits, std::slice::from_ref(&found));
    reading.add(Lane::Emergency, "model");
    assert_eq!(reading.hits, [hit(Lane::Emergency, "model", FoundBy::Helper), found]);
    assert_eq!(reading.resembles, [like(Lane::Appeal)]);
}

#[test]
fn a_lane_that_opened_is_not_also_one_that_the_contact_is_a_little_like() {
    let rule = |phrase: &str, example: &str| LaneRule {
        examples: vec![example.to_owned()],
        ..LaneRule::new(vec![phrase.to_owned()], None)
    };
    let lanes = BTreeMap::from([
        (Lane::Emergency, rule("gas leak", "water pours through a ceiling")),
        (Lane::Legal, rule("solicitor", "somebody sits stuck between floors again")),
    ]);
    let profile = Profile {
        safeguards: Safeguards::new(lanes, Vec::new(), Vec::new()),
        ..Profile::silent("x", crate::domain::nation::Nation::England)
    };
    for (text, hits, resembles) in [
        ("water pours through a ceiling", vec![Lane::Emergency], vec![]),
        ("rain pours through the garden fence", vec![], vec![Lane::Emergency]),
        (
            "my solicitor says rain pours through the garden fence",
            vec![Lane::Legal],
            vec![Lane::Emergency],
        ),
    ] {
        let reading = Reading::of(&profile, &contact(None, Some(text)));
        let opened: Vec<Lane> = reading.hits.iter().map(|hit| hit.lane).collect();
        let alike: Vec<Lane> = reading.resembles.iter().map(|like| like.lane).collect();
        assert_eq!((opened, alike), (hits, resembles), "{text}");
    }
}
