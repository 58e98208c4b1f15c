//! The built-in safeguard words against what people write, in English and Welsh, misspelt, and
//! against everyday mail that must open no lane.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use contact_gateway::config::profile::{load, to_canonical_json};
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::profile::Profile;
use serde_json::{Value, json};

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

/// Words that are a slip away from a safeguard's, or sound like it: telephone and textphone, parking and sparking,
/// hearing and heating, strange and strangled, junction and injunction, visibility and disability, transaction and
/// translation.
#[test]
fn a_word_that_is_nearly_a_safeguards_opens_no_lane() {
    for text in [
        "Please telephone me about my rent",
        "Please telephone me about the parking",
        "Where can I park? The parking is full again",
        "Please do not close this without hearing from me first",
        "It is strange that nobody has called",
        "There is a strange noise from the lift",
        "The bins at the junction were not emptied",
        "My visibility at the junction is poor",
        "The transaction is not on my account",
        "Is the transaction on my rent account yet?",
        "The visibility from the drive is poor because of the hedge",
        "Parking outside the block is a problem again",
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

/// What `simulate --resemblance` says of three contacts where examples open a lane from this share on, and what it
/// decides.
fn simulated(resembles_percent: u8) -> (Vec<String>, Vec<String>) {
    let said = [
        "Please send the rent statement",
        "Visitors took the bus to the jubilee",
        "The visitors at the almshouse were kind",
    ];
    let contact = |(at, text): (usize, &&str)| {
        json!({"id": format!("c-{at}"), "channel": "email", "at": format!("2026-11-17T10:0{at}:00Z"),
               "from": [{"kind": "email", "value": "ann@mail.example", "assurance": "proven"}], "text": text})
    };
    let contacts: Vec<Value> = said.iter().enumerate().map(contact).collect();
    let example = "The visitors at the almshouse took the silver spoons again";
    let scenario = json!({
        "profile": {"safeguards": {"resembles_percent": resembles_percent, "safeguarding": {"examples": [example]}}},
        "people": [{"id": "P-1", "identifiers": [{"kind": "email", "value": "ann@mail.example"}],
                    "restrictions": [{"id": "R-1", "kind": "channels_only", "channels": ["letter"]}]}],
        "contacts": contacts,
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.json");
    std::fs::write(&file, scenario.to_string()).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
        .args(["simulate", "--resemblance", "--profile"])
        .arg(root.join("config/profiles/karbon-homes.toml"))
        .arg(&file)
        .output()
        .unwrap();
    let (out, err) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{err}");
    let says = err.lines().filter(|line| line.starts_with("c-")).map(str::to_owned).collect();
    let decided = out.lines().map(|line| {
        let decision: Value = serde_json::from_str(line).unwrap();
        decision["disposition"].as_str().unwrap().to_owned()
    });
    (says, decided.collect())
}

#[test]
fn simulate_shows_what_a_threshold_does() {
    let like = |says: &str, id: &str, effect: &str| {
        says.starts_with(&format!("{id}: safeguarding: "))
            && says.contains(effect)
            && says
                .ends_with("resembles: The visitors at the almshouse took the silver spoons again")
    };
    let (says, decided) = simulated(42);
    assert_eq!(decided, ["limit", "limit", "route"]);
    assert_eq!(says.len(), 2, "{says:?}");
    assert!(like(&says[0], "c-1", " % (threshold 42 %): does not open the lane: "), "{says:?}");
    assert!(like(&says[1], "c-2", " % (threshold 42 %): opens the lane: "), "{says:?}");
    let (says, decided) = simulated(20);
    assert_eq!(decided, ["limit", "route", "route"]);
    assert!(like(&says[0], "c-1", " % (threshold 20 %): opens the lane: "), "{says:?}");
}
