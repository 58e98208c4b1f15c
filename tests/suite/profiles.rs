//! The five profiles against what their policies say, value by value with its clause.

use std::path::Path;

use contact_gateway::config::profile::{
    from_canonical_json, load, overlay, to_canonical_json, unset,
};
use contact_gateway::domain::lifecycle::unset_keys;
use contact_gateway::domain::profile::Profile;
use contact_gateway::domain::restriction::{Kind, KindName};
use serde_json::{Value, json};

const NAMES: [&str; 5] = ["karbon-homes", "tuntum", "calico-homes", "derby-homes", "united-welsh"];

fn profile(name: &str) -> Profile {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("config/profiles/{name}.toml"));
    load(&file).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The value at a dotted path of the canonical form, and its clause.
fn at(canonical: &Value, path: &str) -> (Value, Option<String>) {
    let mut value = canonical;
    for part in path.split('.') {
        value = value.get(part).unwrap_or_else(|| panic!("no {path}"));
    }
    let own = value.get("clause").and_then(Value::as_str);
    let clause = own.or_else(|| canonical["clauses"].get(path).and_then(Value::as_str));
    (value.clone(), clause.map(str::to_owned))
}

/// A row: a path, and for each profile its value and clause.
type Row<'a> = (&'a str, [(Value, &'a str); 5]);

const SILENT: (Value, &str) = (Value::Null, "");

fn holds(rows: &[Row<'_>]) {
    let profiles = NAMES.map(|name| to_canonical_json(&profile(name)));
    for (path, expected) in rows {
        for ((name, canonical), (value, clause)) in NAMES.iter().zip(&profiles).zip(expected) {
            let (found, cited) = at(canonical, path);
            assert_eq!(found, *value, "{name}: {path}");
            assert_eq!(cited.unwrap_or_default(), *clause, "{name}: clause of {path}");
        }
    }
}

#[test]
fn review() {
    holds(&[
        (
            "review.every_months",
            [SILENT, (json!(6), "8.4"), (json!(6), "8"), (json!(12), "10.4"), SILENT],
        ),
        ("review.longest_months", [SILENT, (json!(12), "8.8"), SILENT, SILENT, SILENT]),
        ("review.extension", [SILENT, (json!("exceptional"), "8.8"), SILENT, SILENT, SILENT]),
        ("review.on_overdue", [SILENT, (json!("keep"), "8.4"), SILENT, SILENT, SILENT]),
        ("review.anchor", [SILENT, (json!("implementation"), "8.4"), SILENT, SILENT, SILENT]),
        (
            "review.per_decision",
            [
                (json!(false), ""),
                (json!(false), ""),
                (json!(false), ""),
                (json!(false), ""),
                (json!(true), "9.2"),
            ],
        ),
        (
            "review.earlier",
            [
                SILENT,
                SILENT,
                SILENT,
                (json!("need_arises"), "10.4"),
                (json!("good_conduct"), "9.2"),
            ],
        ),
        ("review.outcome_told", [SILENT, SILENT, (json!(true), "8"), SILENT, (json!(true), "9.3")]),
    ]);
}

#[test]
fn appeal() {
    let days = |days: u32, from: Value| json!({ "working_days": days, "from": from });
    holds(&[
        (
            "appeal.window",
            [
                SILENT,
                (json!({ "months": 6, "from": "implementation" }), "9.1"),
                SILENT,
                (days(20, Value::Null), "12.2"),
                (days(10, json!("decision")), "8.2"),
            ],
        ),
        (
            "appeal.answer",
            [
                SILENT,
                (days(20, json!("receipt")), "9.2"),
                (days(10, Value::Null), "7"),
                (days(20, Value::Null), "12.2"),
                (days(10, json!("receipt")), "8.5"),
            ],
        ),
        (
            "appeal.notify",
            [
                SILENT,
                (days(20, json!("receipt")), "9.2"),
                SILENT,
                SILENT,
                (days(5, json!("appeal_decision")), "8.6"),
            ],
        ),
        (
            "appeal.heard_by",
            [
                SILENT,
                (json!("senior_member_of_staff"), "9.1"),
                (json!("head_of_service"), "7"),
                (json!("executive_team"), "12.2"),
                (json!("manager"), "8.5"),
            ],
        ),
        (
            "appeal.hearer_uninvolved",
            [SILENT, (json!(true), "9.1"), SILENT, (json!(true), "12.2"), (json!(true), "8.5")],
        ),
        ("appeal.in_force_during", [SILENT, SILENT, SILENT, (json!(true), "12.3"), SILENT]),
        ("appeal.verbal", [SILENT, SILENT, SILENT, SILENT, (json!(true), "8.3")]),
    ]);
}

#[test]
fn before_a_restriction() {
    holds(&[
        (
            "warn_first.required",
            [
                (json!(true), "6.1"),
                (json!(true), "8.2"),
                (json!(true), "5.3"),
                (json!(false), "10.1"),
                (json!(true), "7.2"),
            ],
        ),
        (
            "warn_first.except_severe",
            [(json!(true), "6.6"), SILENT, (json!(true), "5.1"), SILENT, (json!(true), "5.6")],
        ),
        (
            "warn_first.voluntary_agreement",
            [
                (json!({"value": true, "grounds": ["demands", "persistence"]}), "6.1"),
                SILENT,
                SILENT,
                SILENT,
                SILENT,
            ],
        ),
        (
            "warn_first.must_say",
            [
                SILENT,
                (json!(["behaviour", "must_change"]), "8.2"),
                (json!(["behaviour", "must_change", "consequences"]), "5.2"),
                SILENT,
                SILENT,
            ],
        ),
        (
            "warn_first.media",
            [SILENT, (json!(["verbal", "written"]), "8.2"), SILENT, SILENT, SILENT],
        ),
        ("responsible.decides", [SILENT, SILENT, SILENT, SILENT, (json!("manager"), "7.2")]),
        (
            "responsible.told_of_breaches",
            [SILENT, (json!("customer_excellence_leader"), "5.3"), SILENT, SILENT, SILENT],
        ),
        (
            "responsible.engages_after_end",
            [SILENT, SILENT, SILENT, SILENT, (json!(["head_of_service", "director"]), "10.1")],
        ),
    ]);
}

#[test]
fn letter_and_ombudsman() {
    holds(&[
        (
            "letter.must_say",
            [
                SILENT,
                (
                    json!([
                        "restrictions",
                        "behaviour",
                        "review_date",
                        "how_to_appeal",
                        "policy_copy"
                    ]),
                    "8.7",
                ),
                (json!(["restrictions", "how_to_appeal", "monitoring"]), "5.3"),
                (json!(["restrictions", "how_to_appeal"]), "10.3"),
                (json!(["restrictions", "reasons", "duration", "right_to_appeal"]), "7.3"),
            ],
        ),
        (
            "letter.written",
            [
                SILENT,
                (json!(true), "8.7"),
                (json!(true), "5.3"),
                (json!(true), "10.2"),
                (json!(true), "2.4"),
            ],
        ),
        ("letter.within", [SILENT, SILENT, SILENT, SILENT, SILENT]),
        (
            "channel_groups.writing",
            [
                (json!(["letter"]), "6.2"),
                (json!(["letter"]), "8.3"),
                (json!(["letter"]), "5.3"),
                (json!(["letter", "email", "web_form"]), "10.1"),
                SILENT,
            ],
        ),
    ]);
    let named = |name: &str| to_canonical_json(&profile(name))["ombudsman"]["name"].clone();
    assert_eq!(named("karbon-homes"), Value::Null);
    for name in ["tuntum", "calico-homes", "derby-homes"] {
        assert_eq!(named(name), "Housing Ombudsman Service", "{name}");
    }
    assert_eq!(named("united-welsh"), "Public Services Ombudsman for Wales");
}

#[test]
fn kinds() {
    // `+` allowed, `-` left out of a closed list, ` ` not named by an open one.
    let table = [
        ("single_point_of_contact", "+++++"),
        ("channels_only", "+++++"),
        ("hours_only", "+++  "),
        ("contact_quota", "+++++"),
        ("issue_closed", "++++ "),
        ("issue_quota", "+++  "),
        ("representative_only", "--+++"),
        ("read_and_file", "--  +"),
        ("contact_ended", "+-  +"),
        ("complaint_closed", "--  +"),
        ("call_length", "--   "),
        ("visits_in_pairs", "--+  "),
        ("appointment_only", "--   "),
        ("documents_returned", "--  +"),
    ];
    assert_eq!(table.len(), KindName::ALL.len());
    for (index, name) in NAMES.iter().enumerate() {
        let profile = profile(name);
        let canonical = to_canonical_json(&profile);
        for (kind, marks) in table {
            let rule = &canonical["kinds"][kind];
            match &marks[index..=index] {
                "+" => {
                    assert_eq!(rule["allowed"], true, "{name}: {kind}");
                    assert!(rule["clause"].is_string(), "{name}: {kind}");
                }
                "-" => {
                    assert_eq!(*rule, json!({ "allowed": false }), "{name}: {kind}");
                    assert!(at(&canonical, &format!("kinds.{kind}")).1.is_some(), "{name}: {kind}");
                }
                _ => assert!(rule.is_null(), "{name}: {kind}"),
            }
        }
    }
    let karbon = to_canonical_json(&profile("karbon-homes"));
    assert_eq!(karbon["kinds"]["contact_ended"]["clause"], "6.5");
    assert_eq!(karbon["kinds"]["contact_quota"]["clause"], "6.2");
}

#[test]
fn exceptions_and_sign_off() {
    let rule = |name: &str, exception: &str| {
        to_canonical_json(&profile(name))["exceptions"][exception].clone()
    };
    assert_eq!(
        rule("calico-homes", "no_notification"),
        json!({"allowed": true, "when": "exceptional", "clause": "5.2", "sign_off": "head_of_service"})
    );
    assert_eq!(rule("karbon-homes", "no_warning")["clause"], "6.6");
    assert_eq!(rule("karbon-homes", "contact_ended")["clause"], "6.5");
    assert_eq!(rule("tuntum", "longer_than_longest")["when"], "exceptional");
    assert_eq!(rule("united-welsh", "contact_ended")["sign_off"], "manager");
    assert_eq!(rule("derby-homes", "no_warning"), Value::Null);
    let ended = &to_canonical_json(&profile("united-welsh"))["kinds"]["contact_ended"];
    assert_eq!(ended["sign_off"], "manager");
}

#[test]
fn nations_figures_and_roles() {
    for (name, nation) in NAMES.iter().zip(["england", "england", "england", "england", "wales"]) {
        let canonical = to_canonical_json(&profile(name));
        assert_eq!(canonical["nation"], nation);
        assert_eq!(canonical["timezone"], "Europe/London");
        for role in ["agent", "manager", "head_of_service", "governance"] {
            assert!(
                canonical["roles"].as_array().unwrap().contains(&json!(role)),
                "{name}: {role}"
            );
        }
    }
    let karbon = to_canonical_json(&profile("karbon-homes"));
    assert_eq!(karbon["figures"].as_array().unwrap().len(), 7);
    assert!(profile("derby-homes").roles.iter().any(|role| role.0 == "executive_team"));
}

/// Values that are no statement of the policy, and so have no clause.
const WITHOUT_CLAUSE: [&str; 7] =
    ["per_decision", "name", "website", "phone", "when", "how_to_appeal", "from"];

#[test]
fn every_stated_value_cites_its_clause() {
    for name in NAMES {
        let canonical = to_canonical_json(&profile(name));
        for part in ["channel_groups", "warn_first", "review", "appeal", "letter", "responsible"] {
            for (key, value) in canonical[part].as_object().unwrap() {
                let path = format!("{part}.{key}");
                let stated = !value.is_null() && !WITHOUT_CLAUSE.contains(&key.as_str());
                assert!(!stated || at(&canonical, &path).1.is_some(), "{name}: {path}");
            }
        }
        let stated = !canonical["ombudsman"].is_null();
        assert_eq!(stated, canonical["clauses"].get("ombudsman").is_some(), "{name}");
        for rule in canonical["exceptions"].as_object().unwrap().values() {
            assert!(rule.is_null() || rule["clause"].is_string(), "{name}");
        }
    }
}

#[test]
fn the_canonical_form_reads_back_the_same() {
    for name in NAMES {
        let profile = profile(name);
        let json = to_canonical_json(&profile);
        let again = from_canonical_json(&json, "profile.json").unwrap_or_else(|f| panic!("{f}"));
        assert_eq!(again, profile, "{name}");
        assert_eq!(to_canonical_json(&again), json, "{name}");
    }
}

#[test]
fn a_partial_profile_replaces_unsets_and_adds() {
    let tuntum = profile("tuntum");
    let partial = json!({
        "review": { "every_months": 3, "on_overdue": null },
        "appeal": { "window": { "working_days": 10, "from": "letter" }, "in_force_during": true },
        "kinds": { "read_and_file": { "allowed": true, "clause": "x" }, "issue_quota": null },
        "channel_groups": { "digital": ["sms", "whatsapp"] },
        "ombudsman": null,
        "assurance": { "email": "proven" },
        "safeguards": {
            "emergency": { "phrases": ["lift stuck"], "queue": "duty" },
            "protected_recipients": ["board@tuntum.example"],
        },
    });
    let laid = overlay(&tuntum, &partial, "scenario.json").unwrap_or_else(|f| panic!("{f}"));
    let canonical = to_canonical_json(&laid);
    assert_eq!(canonical["review"]["every_months"], 3);
    assert_eq!(canonical["review"]["on_overdue"], Value::Null);
    assert_eq!(canonical["review"]["longest_months"], 12);
    assert_eq!(canonical["appeal"]["window"], json!({ "working_days": 10, "from": "letter" }));
    assert_eq!(canonical["kinds"]["read_and_file"]["clause"], "x");
    assert_eq!(canonical["kinds"]["issue_quota"], Value::Null);
    assert_eq!(canonical["channel_groups"]["digital"], json!(["sms", "whatsapp"]));
    assert_eq!(canonical["ombudsman"], Value::Null);
    assert_eq!(canonical["assurance"]["email"], "proven");
    assert_eq!(canonical["clauses"].get("review.every_months"), None);
    assert_eq!(canonical["clauses"].get("appeal.window"), None);
    assert_eq!(canonical["clauses"]["review.longest_months"], "8.8");
    let phrases = canonical["safeguards"]["emergency"]["phrases"].as_array().unwrap();
    let before = to_canonical_json(&tuntum)["safeguards"]["emergency"]["phrases"].clone();
    assert_eq!(phrases.len(), before.as_array().unwrap().len() + 1);
    assert_eq!(canonical["safeguards"]["emergency"]["queue"], "duty");
    assert_eq!(laid.bank_holidays, tuntum.bank_holidays);
}

#[test]
fn a_partial_profile_is_refused_by_name() {
    let partial = json!({
        "reveiw": {},
        "review": { "every_month": 3 },
        "appeal": { "window": { "weeks": 2 } },
        "nation": "france",
        "name": null,
    });
    let faults = overlay(&profile("tuntum"), &partial, "scenario.json").unwrap_err().to_string();
    for expected in [
        "scenario.json: reveiw: is not a known key; did you mean `review`?",
        "scenario.json: review.every_month: is not a known key; did you mean `every_months`?",
        "scenario.json: appeal.window.weeks: is not a known key",
        "scenario.json: nation: `france` is not a nation; one of england, wales",
        "scenario.json: name: is null",
    ] {
        assert!(faults.contains(expected), "{expected}\nin\n{faults}");
    }
}

#[test]
fn what_is_unset_is_named_with_what_needs_it() {
    let paths = |name: &str| {
        let found = unset(&profile(name));
        found.into_iter().map(|value| (value.path, value.blocks_enforcement)).collect::<Vec<_>>()
    };
    let blocking = |name: &str| {
        let found = paths(name).into_iter().filter(|(_, blocks)| *blocks);
        found.map(|(path, _)| path).collect::<Vec<_>>()
    };
    assert_eq!(blocking("karbon-homes"), ["review.every_months"]);
    for name in ["tuntum", "calico-homes", "derby-homes", "united-welsh"] {
        assert!(blocking(name).is_empty(), "{name}");
    }
    let has = |name: &str, path: &str| paths(name).iter().any(|(found, _)| found == path);
    assert!(has("calico-homes", "appeal.window") && has("calico-homes", "appeal.answer.from"));
    assert!(has("derby-homes", "appeal.window.from") && has("derby-homes", "kinds.issue_quota"));
    assert!(has("united-welsh", "read_within_working_days"));
    assert!(!has("tuntum", "read_within_working_days"));
    assert!(!has("derby-homes", "warn_first.except_severe"));
}

#[test]
fn what_a_step_refuses_as_unset_is_named_before() {
    let kinds = [Kind::VisitsInPairs, Kind::ContactEnded, Kind::ReadAndFile { issues: None }];
    for name in NAMES {
        let profile = profile(name);
        let named: Vec<String> = unset(&profile).into_iter().map(|value| value.path).collect();
        for kind in &kinds {
            let is_allowed = profile.kinds.get(&kind.name()).is_some_and(|rule| rule.allowed);
            // The first needs what all kinds need.
            if !is_allowed && *kind != Kind::VisitsInPairs {
                continue;
            }
            for key in unset_keys(&profile, kind) {
                assert!(named.contains(&key), "{name}, {}: {key}", kind.name());
            }
        }
    }
}

#[test]
fn the_guide_explains_every_key_and_every_kind() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/profiles.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let canonical = to_canonical_json(&profile("united-welsh"));
    // Clauses are written beside their values; channels, groups of them and lanes are named elsewhere.
    let elsewhere = ["assurance", "channel_groups", "safeguards"];
    for (key, value) in canonical.as_object().unwrap().iter().filter(|(key, _)| *key != "clauses") {
        assert!(guide.contains(&format!("`{key}`")), "docs/profiles.md lacks {key}");
        let below = value.as_object().filter(|_| !elsewhere.contains(&key.as_str()));
        for name in below.into_iter().flat_map(serde_json::Map::keys) {
            assert!(guide.contains(&format!("`{name}`")), "docs/profiles.md lacks {key}.{name}");
        }
    }
    for kind in KindName::ALL {
        assert!(
            guide.contains(&format!("| `{kind}`")) || guide.contains(&format!("`{kind}` |")),
            "{kind}"
        );
    }
}
