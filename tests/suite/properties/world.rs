//! Made-up people, restrictions and contacts. A failing case is printed as a scenario, to be put
//! under `tests/scenarios/` as it is.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Duration, NaiveDate, SecondsFormat, TimeZone, Utc};
use chrono_tz::Europe::London;
use contact_gateway::casework::replay::Replay;
use contact_gateway::config;
use contact_gateway::domain::channel::Channel;
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::decide::Verdict;
use contact_gateway::domain::identifier::Assurance;
use contact_gateway::domain::organisation::Organisation;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::Profile;
use contact_gateway::domain::restriction::Mode;
use contact_gateway::domain::safeguard::{Lane, LaneRule, Safeguards};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Value, json};

const RESTRICTIONS_MAX: usize = 6;
const TIMED_MAX: usize = 3;
const CONTACTS_MAX: usize = 12;
/// Between two contacts: from none to two and a half days.
const GAP_MINUTES_MAX: i64 = 3_600;

pub const CHANNELS: [&str; 9] = [
    "email",
    "web_form",
    "telephone",
    "sms",
    "whatsapp",
    "letter",
    "in_person",
    "social",
    "web_chat",
];

/// Days around which clocks change, months and years end, bank holidays fall; and plain ones.
const ANCHORS: [&str; 8] = [
    "2026-11-16",
    "2026-03-27",
    "2026-10-23",
    "2027-03-26",
    "2027-10-29",
    "2026-12-23",
    "2027-02-25",
    "2028-02-27",
];

const TEXTS: [&str; 4] = [
    "The fence behind the bins was painted green and I asked for brown in the spring.",
    "Yesterday two men measured the garden wall and told me a new gate comes in March.",
    "Mae'r ffens wedi ei phaentio yn wyrdd a gofynnais am frown yn y gwanwyn.",
    "When will the hedge be cut?",
];

/// A lane keeps so many of its phrases in made-up cases: each text is held against every phrase,
/// and looking for all of them takes most of the time.
const PHRASES_KEPT: usize = 8;

pub static SHIPPED: LazyLock<Profile> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles/karbon-homes.toml");
    config::profile::load(&file).unwrap()
});

/// The shipped profile with fewer phrases, and with a channel that asks for proof, so that senders
/// can be unproven.
pub static PROFILE: LazyLock<Arc<Profile>> = LazyLock::new(|| {
    let mut profile = SHIPPED.clone();
    profile.assurance.insert(Channel::WebForm, Assurance::Proven);
    let lanes = Lane::ALL.into_iter().filter_map(|lane| {
        let phrases = SHIPPED.safeguards.rule(lane)?.phrases.iter();
        let kept = phrases.take(PHRASES_KEPT).cloned().collect();
        Some((lane, LaneRule::new(kept, None)))
    });
    profile.safeguards = Safeguards::new(lanes.collect(), Vec::new(), Vec::new());
    Arc::new(profile)
});

/// Every phrase that opens a lane, as it would be written.
pub static SHIPPED_PHRASES: LazyLock<Vec<String>> = LazyLock::new(|| phrases(&SHIPPED));
static PHRASES: LazyLock<Vec<String>> = LazyLock::new(|| phrases(&PROFILE));

fn phrases(profile: &Profile) -> Vec<String> {
    Lane::ALL
        .into_iter()
        .filter_map(|lane| profile.safeguards.rule(lane))
        .flat_map(|rule| &rule.phrases)
        .map(|phrase| phrase.trim_start_matches(['=', '~']).to_owned())
        .collect()
}

pub fn organisation(mode: Mode) -> Organisation {
    Organisation { mode, ..Organisation::new("o", Arc::clone(&PROFILE)) }
}

/// People and contacts, in the shape of a scenario.
#[derive(Clone)]
pub struct World {
    pub people: Vec<Value>,
    pub contacts: Vec<Value>,
}

/// Prints a scenario: `Person` and `Contact` keep their contents out of `Debug`.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let profile = json!({"assurance": {"web_form": "proven"}});
        let scenario =
            json!({"profile": profile, "people": self.people, "contacts": self.contacts});
        write!(f, "{scenario:#}")
    }
}

impl World {
    pub fn people(&self) -> Vec<Person> {
        self.people.iter().map(|one| serde_json::from_value(one.clone()).unwrap()).collect()
    }

    pub fn contacts(&self) -> Vec<Contact> {
        self.contacts.iter().map(|one| serde_json::from_value(one.clone()).unwrap()).collect()
    }

    pub fn replay(&self, mode: Mode) -> Replay {
        Replay::new(organisation(mode), self.people())
    }

    /// Every contact with its verdict, in order.
    pub fn decided(&self, mode: Mode) -> Vec<(Contact, Verdict)> {
        let mut replay = self.replay(mode);
        self.contacts()
            .into_iter()
            .map(|contact| {
                let verdict = replay.decide(&contact);
                (contact, verdict)
            })
            .collect()
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn anchor() -> impl Strategy<Value = NaiveDate> {
    select(&ANCHORS[..]).prop_map(|day| day.parse().unwrap())
}

fn noon(day: NaiveDate) -> DateTime<Utc> {
    London.from_local_datetime(&day.and_hms_opt(12, 0, 0).unwrap()).unwrap().to_utc()
}

/// A day, or an instant, some days away from the anchor.
fn moment(day: NaiveDate, from: i64, to: i64) -> impl Strategy<Value = String> {
    (from..=to, 0i64..1440, any::<bool>()).prop_map(move |(days, minutes, whole)| {
        let day = day + Duration::days(days);
        if whole { day.to_string() } else { instant(noon(day) + Duration::minutes(minutes - 720)) }
    })
}

fn channels() -> impl Strategy<Value = Value> {
    let names: Vec<&str> = CHANNELS.iter().copied().chain(["writing"]).collect();
    subsequence(names, 1..=4).prop_map(|names| json!(names))
}

fn window() -> impl Strategy<Value = Value> {
    let days = subsequence(vec!["mon", "tue", "wed", "thu", "fri", "sat", "sun"], 1..=7);
    // The small hours are those that clock changes skip and repeat.
    let from = prop_oneof![2 => 0u32..95, 1 => 0u32..9];
    (days, from, 1u32..24).prop_map(|(days, from, quarters)| {
        let clock = |quarter: u32| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
        json!({"days": days, "from": clock(from), "to": clock((from + quarters).min(96))})
    })
}

fn quota() -> impl Strategy<Value = Value> {
    let per = select(&["day", "week", "month"][..]);
    let window = select(&["calendar", "rolling"][..]);
    (1u32..=3, per, window)
        .prop_map(|(limit, per, window)| json!({"limit": limit, "per": per, "window": window}))
}

fn merged(mut base: Value, more: Value) -> Value {
    let more = more.as_object().cloned().unwrap_or_default();
    base.as_object_mut().unwrap().extend(more);
    base
}

fn closed() -> impl Strategy<Value = Value> {
    let answered = subsequence(TEXTS.to_vec(), 0..=2);
    (subsequence(vec!["C-1", "C-2"], 1..=2), answered, any::<bool>()).prop_map(
        |(issues, answered, thread)| {
            let threads: &[&str] = if thread { &["m-1@landlord.example"] } else { &[] };
            json!({"issues": issues, "answered": answered, "threads": threads})
        },
    )
}

fn point_of_contact(day: NaiveDate) -> impl Strategy<Value = Value> {
    let absence = (select(&["Sam Okoro", "Dee Marsh"][..]), moment(day, -3, 0), moment(day, 1, 5))
        .prop_map(|(who, from, to)| json!({"contact": who, "from": from, "to": to}));
    vec(absence, 0..=2).prop_map(|absences| {
        json!({"contact": {"name": "Sam Okoro", "queue": "sam"},
               "deputies": [{"name": "Dee Marsh"}], "absences": absences})
    })
}

/// A quota or hours, with their own keys: what depends on time.
fn timed_kind() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => (quota(), of(channels())).prop_map(|(quota, channels)| {
            let set = channels.map_or(json!({}), |set| json!({"channels": set}));
            merged(merged(json!({"kind": "contact_quota"}), quota), set)
        }),
        1 => (vec(window(), 1..=2), of(channels()), any::<bool>()).prop_map(
            |(windows, channels, holidays)| {
                let set = channels.map_or(json!({}), |set| json!({"channels": set}));
                let hours = json!({"kind": "hours_only", "windows": windows,
                                   "bank_holidays": holidays});
                merged(hours, set)
            }
        ),
        1 => quota().prop_map(|keys| merged(json!({"kind": "issue_quota"}), keys)),
    ]
}

/// Any kind with its own keys.
fn kind(day: NaiveDate) -> impl Strategy<Value = Value> {
    let of_kind = |name: &'static str| move |keys: Value| merged(json!({"kind": name}), keys);
    let plain = |name: &'static str| Just(json!({"kind": name}));
    prop_oneof![
        5 => timed_kind(),
        2 => channels().prop_map(|set| json!({"kind": "channels_only", "channels": set})),
        1 => closed().prop_map(of_kind("issue_closed")),
        1 => closed().prop_map(of_kind("complaint_closed")),
        1 => point_of_contact(day).prop_map(of_kind("single_point_of_contact")),
        1 => of(Just(json!(["Cara Voss"]))).prop_map(|names| {
            let names = names.map_or(json!({}), |names| json!({"representatives": names}));
            merged(json!({"kind": "representative_only"}), names)
        }),
        1 => of(Just(json!(["C-1"]))).prop_map(|issues| {
            let issues = issues.map_or(json!({}), |issues| json!({"issues": issues}));
            merged(json!({"kind": "read_and_file"}), issues)
        }),
        1 => plain("contact_ended"),
        1 => plain("visits_in_pairs"),
        1 => plain("appointment_only"),
        1 => (1u32..30).prop_map(|minutes| json!({"kind": "call_length", "minutes": minutes})),
        1 => select(&["return", "destroy"][..])
            .prop_map(|what| json!({"kind": "documents_returned", "instruction": what})),
    ]
}

/// What a world is about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum About {
    /// Everything, by anybody.
    All,
    /// Quotas and hours in force, and contacts by the person: rows 10, 12 and 13.
    Times,
}

fn restriction(day: NaiveDate, about: About) -> impl Strategy<Value = Value> {
    let kind = match about {
        About::All => kind(day).boxed(),
        About::Times => timed_kind().boxed(),
    };
    let status = prop_oneof![
        8 => Just("active"),
        1 => select(&["under_appeal", "proposed", "varied", "lifted", "quashed", "ended"][..]),
    ];
    let mode = prop_oneof![4 => Just("enforce"), 1 => Just("observe")];
    let starts = prop_oneof![3 => Just(None), 1 => moment(day, -4, 6).prop_map(Some)];
    let ends = prop_oneof![3 => Just(None), 1 => moment(day, 0, 20).prop_map(Some)];
    (kind, status, mode, starts, ends).prop_map(|(kind, status, mode, starts, ends)| {
        let common = json!({"status": status, "mode": mode, "starts": starts, "ends": ends});
        merged(kind, common)
    })
}

fn restrictions(day: NaiveDate, about: About, most: usize) -> impl Strategy<Value = Vec<Value>> {
    vec(restriction(day, about), 0..=most).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered.map(|(n, one)| merged(json!({"id": format!("R-{n}")}), one)).collect()
    })
}

fn people(day: NaiveDate, about: About) -> impl Strategy<Value = Vec<Value>> {
    let adjustments = subsequence(vec!["telephone", "email"], 0..=1);
    let until = of(moment(day, 0, 6));
    // Few beside each other, or they hide one another.
    let most = if about == About::All { RESTRICTIONS_MAX } else { TIMED_MAX };
    (restrictions(day, about, most), restrictions(day, about, 2), adjustments, until).prop_map(
        |(first, second, adjustments, until)| {
            let adjustments: Vec<Value> = adjustments
                .into_iter()
                .map(|channel| json!({"kind": "needs_channel", "channel": channel}))
                .collect();
            let representative = json!({"name": "Cara Voss", "until": until,
                "identifiers": [{"kind": "email", "value": "cara@advice.example"}]});
            vec![
                json!({"id": "P-1", "issues": ["C-1", "C-2", "C-3"], "adjustments": adjustments,
                    "identifiers": [{"kind": "email", "value": "ann@mail.example"},
                                    {"kind": "phone", "value": "+447700900123"},
                                    {"kind": "phone", "value": "+441632960100", "shared": true}],
                    "representatives": [representative], "restrictions": first}),
                json!({"id": "P-2", "restrictions": second,
                    "identifiers": [{"kind": "email", "value": "bob@mail.example"},
                                    {"kind": "phone", "value": "+441632960100", "shared": true}]}),
            ]
        },
    )
}

/// The person's own address or telephone.
fn own_sender() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(json!([{"kind": "email", "value": "ann@mail.example", "assurance": "proven"}])),
        1 => Just(json!([{"kind": "phone", "value": "07700 900123"}])),
    ]
}

/// Anybody from whom a contact can be.
fn sender() -> impl Strategy<Value = Value> {
    let shared = json!([{"kind": "phone", "value": "+441632960100"}]);
    let representative =
        json!([{"kind": "email", "value": "cara@advice.example", "assurance": "proven"}]);
    let refuted = json!([{"kind": "email", "value": "ann@mail.example", "assurance": "refuted"}]);
    let both = json!([{"kind": "email", "value": "ann@mail.example", "assurance": "proven"},
                      {"kind": "email", "value": "bob@mail.example", "assurance": "proven"}]);
    prop_oneof![
        14 => own_sender(),
        2 => Just(json!([{"kind": "email", "value": "bob@mail.example", "assurance": "proven"}])),
        1 => Just(shared),
        1 => Just(representative),
        1 => Just(refuted),
        1 => Just(both),
        1 => Just(json!([{"kind": "email", "value": "stranger@mail.example"}])),
        1 => Just(json!([])),
    ]
}

fn text() -> impl Strategy<Value = Option<String>> {
    let phrase = any::<Index>().prop_map(|index| index.get(&PHRASES).clone());
    prop_oneof![
        6 => select(&TEXTS[..]).prop_map(|text| Some(text.to_owned())),
        2 => Just(None),
        1 => phrase.clone().prop_map(|phrase| Some(format!("Listen: {phrase}! Thank you."))),
        1 => (select(&TEXTS[..]), phrase)
            .prop_map(|(text, quoted)| Some(format!("{text}\n> {quoted}\n"))),
    ]
}

fn contact(about: About) -> impl Strategy<Value = (i64, Value)> {
    let sender = match about {
        About::All => sender().boxed(),
        About::Times => own_sender().boxed(),
    };
    let channel =
        prop_oneof![2 => Just("email"), 2 => Just("telephone"), 3 => select(&CHANNELS[..])];
    let issue = of(select(&["C-1", "C-2", "C-3", "C-9"][..]));
    let attachment = of(0u32..5);
    let gap = prop_oneof![2 => 0i64..180, 3 => 0..GAP_MINUTES_MAX];
    let unusual = prop_oneof![12 => Just(json!({})), 1 => Just(json!({"automatic": true})),
                              1 => Just(json!({"invited": true}))];
    (gap, channel, sender, text(), issue, attachment, any::<bool>(), unusual).prop_map(
        |(gap, channel, from, text, issue, attachment, threaded, unusual)| {
            let attachments: Vec<Value> = attachment
                .into_iter()
                .map(|n| json!({"name": format!("{n}.pdf"), "sha256": format!("{n:064x}")}))
                .collect();
            let thread: &[&str] = if threaded { &["m-1@landlord.example"] } else { &[] };
            let contact = json!({"channel": channel, "from": from, "text": text, "issue": issue,
                "thread": thread, "attachments": attachments});
            (gap, merged(contact, unusual))
        },
    )
}

fn contacts(day: NaiveDate, about: About) -> impl Strategy<Value = Vec<Value>> {
    (0i64..1440, vec(contact(about), 1..=CONTACTS_MAX)).prop_map(move |(start, contacts)| {
        let mut at = noon(day) + Duration::minutes(start - 720);
        let numbered = contacts.into_iter().enumerate();
        numbered
            .map(|(n, (gap, contact))| {
                at += Duration::minutes(gap);
                merged(json!({"id": format!("c-{n}"), "at": instant(at)}), contact)
            })
            .collect()
    })
}

/// People and a row of contacts around one of the [`ANCHORS`].
pub fn world() -> impl Strategy<Value = World> {
    (anchor(), select(&[About::All, About::Times][..]))
        .prop_flat_map(|(day, about)| (people(day, about), contacts(day, about)))
        .prop_map(|(people, contacts)| World { people, contacts })
}
