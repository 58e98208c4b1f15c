//! The built-in safeguard words against what people write, in English and Welsh, misspelt, and
//! against everyday mail that must open no lane.

use std::path::Path;
use std::sync::LazyLock;

use contact_gateway::config::profile::{load, to_canonical_json};
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::profile::Profile;
use serde_json::json;

/// The lanes that a text falls into under a shipped profile.
fn lanes(text: &str) -> Vec<&'static str> {
    let contact: Contact = serde_json::from_value(json!({
        "id": "C", "channel": "email", "at": "2026-11-21T10:00:00Z",
        "from": [{ "kind": "email", "value": "a@b.example", "assurance": "asserted" }],
        "to": ["repairs@tuntum.example"], "subject": "", "text": text,
    }))
    .unwrap();
    PROFILE.safeguards.hits(&contact).iter().map(|hit| hit.lane.name()).collect()
}

static PROFILE: LazyLock<Profile> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles/tuntum.toml");
    load(&file).unwrap_or_else(|faults| panic!("{faults}"))
});

/// What people write, by the lane that it must open.
const SAID: [(&str, &[&str]); 6] = [
    (
        "emergency",
        &[
            "I can smell gas in the hallway",
            "there is a flood in my kitchen",
            "we have no heating and no hot water",
            "Emergancy! the ceiling has colapsed",
            "the carbon monixide alarm is going off",
            "the house is on fire",
            "I'm locked out",
            "the socket is sparking, I had an electric shok",
            "Mae arogl nwy yma",
            "Does dim gwres yn y tŷ",
            "mae tân yn y gegin",
            "ARGYFWNG",
        ],
    ),
    (
        "safeguarding",
        &[
            "I want to kill myself",
            "I feel suicidel",
            "my ex is stalking me and I am in fear of my life",
            "this is domestic abuse",
            "a child at risk next door",
            "Dwi eisiau lladd fy hun",
            "mae'n fater diogelu",
            "camdriniaeth",
        ],
    ),
    (
        "statutory",
        &[
            "Please send me everything, this is a SAR",
            "subjct acess request",
            "under the Freedom of Information Act",
            "an EIR request",
            "send a copy of my file under GDPR",
            "cais gwrthrych am wybodaeth",
            "o dan y ddeddf rhyddid gwybodaeth",
        ],
    ),
    (
        "legal",
        &[
            "my solicitor will write to you",
            "letter before claim attached",
            "see the pre-action protocol for disrepair",
            "notice of proceedings in the county court",
            "an injunction",
            "bydd fy nghyfreithiwr, cyfreithiwr lleol, yn ysgrifennu",
        ],
    ),
    (
        "appeal",
        &[
            "I appeal",
            "I want to apeal against this",
            "please review the decision",
            "I have gone to the ombudsman",
            "the ombudsmans office",
            "Rwyf am apelio",
            "rwy'n gwneud apêl",
        ],
    ),
    (
        "adjustment",
        &[
            "I need a reasonable adjustment",
            "please write in large print",
            "I can't use the phone",
            "I am dyslexic",
            "can I have an intrepreter",
            "mae gen i anabledd",
            "print bras os gwelwch yn dda",
        ],
    ),
];

#[test]
fn safeguards_are_found_in_english_and_welsh_and_misspelt() {
    for (lane, texts) in SAID {
        for text in texts {
            assert!(lanes(text).contains(&lane), "{lane}: {text}: {:?}", lanes(text));
        }
    }
}

#[test]
fn everyday_mail_falls_into_no_lane() {
    for text in [
        "The kitchen floor needs doing, and the flooring in the hall. It appears to be damp.",
        "When will the repair be done? I have asked five times now and nobody calls me back.",
        "I was talking to Sam about the fence on the corner. Please ring no later than Friday.",
        "Work is starting on Monday under warranty. We selected the blinds and the colour.",
        "Your customer care team told me the rent account is wrong. I want my money back.",
        "It would help if somebody could review what was agreed about the water meter.",
        "You count every call. I could not reach anybody, and this is not good enough.",
        "The lift is slow, the bins were not emptied and the car park is full of rubbish.",
        "Please find attached the same photographs again. I will keep on writing every day.",
        "Diolch am eich ateb. Pryd bydd y gwaith ar y gegin yn dechrau?",
    ] {
        assert_eq!(lanes(text), Vec::<&str>::new(), "{text}");
    }
}

/// Said once these open nothing, so that said again and again they open nothing either.
#[test]
fn repeating_words_of_any_length_opens_no_lane() {
    for said in [
        "the same,",
        "long",
        "and so on",
        "over and over again",
        "for the very last time,",
        "the gate and the fence",
        "please ring me back",
        "nobody came on Monday.",
        "dim ond",
        "eto ac eto",
    ] {
        for start in ["", "Your reply about the parking permits and the bins says "] {
            let text = format!("{start}{}", format!("{said} ").repeat(60));
            assert_eq!(lanes(&text), Vec::<&str>::new(), "{text}");
        }
    }
}

#[test]
fn every_lane_has_words_of_both_languages() {
    let canonical = to_canonical_json(&PROFILE);
    for lane in ["emergency", "safeguarding", "statutory", "legal", "appeal", "adjustment"] {
        let count = canonical["safeguards"][lane]["phrases"].as_array().unwrap().len();
        assert!(count >= 40, "{lane}: {count}");
    }
    assert_eq!(canonical["safeguards"]["statutory"]["queue"], "governance");
    let senders = canonical["safeguards"]["protected_senders"].as_array().unwrap();
    assert!(senders.contains(&json!("@housing-ombudsman.org.uk")));
}
