use super::*;
use crate::domain::channel::Channel;
use crate::domain::language::Language;
use crate::domain::notice::{Handling, Limit, NoticePart, Way, text};

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
