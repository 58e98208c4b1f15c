//! Tells a story: keeps account of everything that is done in it, and holds the trail against that in the
//! end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use contact_gateway::domain::decision::{Decision, Disposition};
use contact_gateway::domain::language::Language;
use contact_gateway::domain::letter::{Template, Templates};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::reach::Reach;
use contact_gateway::ports::Store;
use serde_json::{Value, json};

use super::super::rig::{CaseOffice, codes, profile, shipped, staff};

/// Keys under which people write in words of their own: the trail repeats none of them.
const WRITTEN: [&str; 9] = [
    "what",
    "behaviour",
    "must_change",
    "consequences",
    "terms",
    "why",
    "aim",
    "why_no_lesser",
    "justification",
];

/// Who works in every office, beside those that a story adds.
const STAFF: [(&str, &str); 4] = [
    ("Ann Bell", "agent"),
    ("Bo Carr", "governance"),
    ("Cy Dunn", "manager"),
    ("Fi Gow", "manager"),
];

pub struct Setting<'a> {
    /// The shipped profile, and what the organisation chose where it is silent.
    pub profile: &'a str,
    pub chosen: Value,
    pub letters: &'a str,
    pub staff: &'a [(&'a str, &'a str)],
    /// What the person's record holds beside name and identifiers.
    pub person: Value,
}

pub struct Story {
    pub office: CaseOffice,
    /// Every step that was taken: when, by whom, its act.
    taken: Vec<(String, String, String)>,
    now: String,
    decided: BTreeMap<String, Disposition>,
    released: Vec<String>,
    written: Vec<String>,
}

fn weekdays() -> Value {
    json!({ "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}] })
}

/// Hours in which the telephone, e-mail and letters are answered.
pub fn staffed() -> Value {
    json!({ "telephone": weekdays(), "email": weekdays(), "letter": weekdays() })
}

fn reach(letters: &str) -> Reach {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/letters").join(letters);
    let source = std::fs::read_to_string(file).unwrap();
    let english = Template::read(letters, Language::English, &source).unwrap();
    Reach {
        policy_url: Some("https://www.example.org/policy".to_owned()),
        appeal_to: Some("appeals@office.example".to_owned()),
        letters: Templates { english, ..Templates::default() },
        ..Reach::default()
    }
}

impl Story {
    pub async fn begin(store: Arc<dyn Store>, setting: Setting<'_>) -> Story {
        let members: Vec<(&str, &str)> = STAFF.iter().chain(setting.staff).copied().collect();
        let laid = profile(&shipped(setting.profile), Some(&setting.chosen));
        let office = CaseOffice::reached_by(store, laid, reach(setting.letters), &staff(&members));
        let mut person = json!({
            "id": "P-1", "name": "Jo Doe", "address": "2 Mill Lane, Newtown NT1 1AA",
            "identifiers": [
                {"kind": "email", "value": "jo@home.example"},
                {"kind": "phone", "value": "07700 900123"}
            ]
        });
        person.as_object_mut().unwrap().extend(setting.person.as_object().unwrap().clone());
        let person: Person = serde_json::from_value(person).unwrap();
        office.put_on_record(vec![person]).await;
        Story {
            office,
            taken: Vec::new(),
            now: String::new(),
            decided: BTreeMap::new(),
            released: Vec::new(),
            written: Vec::new(),
        }
    }

    /// It is this time now.
    pub fn at(&mut self, now: &str) {
        self.office.clock.set(now.parse().unwrap());
        now.clone_into(&mut self.now);
    }

    /// Takes a step, which must be taken; its answer.
    pub async fn step(&mut self, by: &str, fields: Value) -> Value {
        self.remember_words(&fields);
        let act = fields["act"].as_str().unwrap().to_owned();
        let answer = self.office.step(by, "P-1", fields).await;
        assert!(answer.status.is_success(), "{act} at {}: {}", self.now, answer.json());
        self.taken.push((self.now.clone(), by.to_owned(), act));
        let said = answer.json();
        for contact in said["released"].as_array().into_iter().flatten() {
            self.released.push(contact.as_str().unwrap().to_owned());
        }
        said
    }

    /// Takes steps by one person, one after the other.
    pub async fn steps<const N: usize>(&mut self, by: &str, steps: [Value; N]) {
        for fields in steps {
            self.step(by, fields).await;
        }
    }

    /// A step that breaks these rules, and no other.
    pub async fn refused(&mut self, by: &str, fields: Value, expected: &[&str]) -> Value {
        self.remember_words(&fields);
        let answer = self.office.step(by, "P-1", fields).await;
        assert_eq!(codes(&answer), expected, "at {}: {}", self.now, answer.json());
        answer.json()["broken"].clone()
    }

    fn remember_words(&mut self, fields: &Value) {
        match fields {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value {
                        Value::String(words) if WRITTEN.contains(&key.as_str()) => {
                            self.written.push(words.clone());
                        }
                        other => self.remember_words(other),
                    }
                }
            }
            Value::Array(several) => several.iter().for_each(|one| self.remember_words(one)),
            _ => {}
        }
    }

    pub async fn email(&mut self, id: &str, text: &str) -> Decision {
        let from = json!({"kind": "email", "value": "jo@home.example"});
        self.contact(json!({"id": id, "channel": "email", "from": [from], "text": text})).await
    }

    pub async fn call(&mut self, id: &str) -> Decision {
        let from = json!({"kind": "phone", "value": "07700 900123"});
        self.contact(json!({"id": id, "channel": "telephone", "from": [from]})).await
    }

    /// A contact now, by the way in.
    pub async fn contact(&mut self, mut contact: Value) -> Decision {
        contact["at"] = json!(self.now);
        let decision = self.office.contact(&serde_json::from_value(contact).unwrap()).await;
        self.decided.insert(decision.contact.clone(), decision.disposition);
        decision
    }

    /// Draws up a letter, has it approved, and sends it; its words.
    pub async fn letter(&mut self, id: &str, kind: &str, about: &str, means: &str) -> String {
        let draft = json!({"act": "draft_letter", "id": id, "kind": kind, "for": about});
        self.letter_as(draft, means).await
    }

    /// The same, drafted in a way of its own.
    pub async fn letter_as(&mut self, draft: Value, means: &str) -> String {
        let id = draft["id"].clone();
        self.step("Bo Carr", draft).await;
        self.step("Fi Gow", json!({"act": "approve_letter", "letter": id})).await;
        let approved = self.page(&id, "text/html").await;
        self.step("Ann Bell", json!({"act": "send_letter", "letter": id, "means": means})).await;
        assert_eq!(self.page(&id, "text/html").await, approved, "what was approved is what went");
        self.page(&id, "text/plain").await
    }

    async fn page(&self, letter: &Value, accept: &str) -> String {
        let path = format!("/api/v1/people/P-1/letters/{}", letter.as_str().unwrap());
        let headers = [("accept", accept)];
        let answer = self.office.ask("GET", "Bo Carr", &path, &headers, String::new()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        String::from_utf8(answer.body.to_vec()).unwrap()
    }

    /// What is in force now.
    pub async fn in_force(&self) -> Vec<String> {
        let case = self.office.get("Bo Carr", "/api/v1/people/P-1/case").await.json();
        serde_json::from_value(case["in_force"].clone()).unwrap()
    }

    /// What the diary says of the person: what, about what, due when, in which state.
    pub async fn diary(&self) -> Vec<String> {
        let diary = self.office.get("Bo Carr", "/api/v1/diary?person=P-1").await.json();
        let word = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
        let entries = diary["diary"].as_array().unwrap().iter();
        let shown = entries
            .map(|entry| ["what", "about", "due", "state"].map(|key| word(entry, key)).join(" "));
        shown.collect()
    }

    pub async fn figures(&self, from: &str, to: &str) -> Value {
        let path = format!("/api/v1/reports/figures?from={from}&to={to}");
        self.office.get("Bo Carr", &path).await.json()["figures"].clone()
    }

    async fn trail(&self) -> Vec<Value> {
        let (mut entries, mut after) = (Vec::new(), 0);
        loop {
            let page = self.office.get("Bo Carr", &format!("/api/v1/audit?after={after}")).await;
            let page = page.json();
            entries.extend(page["entries"].as_array().unwrap().iter().cloned());
            match page["next"].as_u64() {
                Some(next) => after = next,
                None => return entries,
            }
        }
    }

    /// The trail has every step and every contact once, in order and without gaps, and nothing that
    /// somebody wrote; what was released went once, and nothing else did. Another gateway that keeps
    /// house finds nothing left to do.
    pub async fn end(self) {
        let desk = self.office.desk();
        desk.keep_house(&self.office.organisation).await.unwrap();
        let trail = self.trail().await;
        for (index, entry) in trail.iter().enumerate() {
            assert_eq!(entry["number"], json!(index + 1), "{entry}");
        }
        let of = |event: &'static str| trail.iter().filter(move |entry| entry["event"] == event);
        let steps: Vec<(String, String, String)> = of("step")
            .map(|entry| {
                assert_eq!(entry["person"], "P-1");
                let word = |key: &str| entry[key].as_str().unwrap().to_owned();
                (word("at"), word("by"), word("act"))
            })
            .collect();
        assert_eq!(steps, self.taken);
        let versions: Vec<u64> = of("step").map(|one| one["version"].as_u64().unwrap()).collect();
        assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{versions:?}");
        let mut decided = BTreeMap::new();
        for entry in of("decided") {
            let contact = entry["contact"].as_str().unwrap().to_owned();
            if is_again(entry) {
                let first = contact.strip_suffix("-again").unwrap();
                assert!(self.released.iter().any(|one| one == first), "{entry}");
                continue;
            }
            let disposition: Disposition =
                serde_json::from_value(entry["disposition"].clone()).unwrap();
            assert_eq!(decided.insert(contact, disposition), None, "{entry}");
        }
        assert_eq!(decided, self.decided);
        for (contact, _) in decided {
            let times = self.released.iter().filter(|one| **one == contact).count();
            assert!(times <= 1, "{contact} was said to be released {times} times");
            assert_eq!(self.office.times_released(&contact), times, "{contact}");
            let told = of("released").filter(|entry| entry["item"] == contact).count();
            assert_eq!(told, times, "{contact}");
        }
        let trail = json!(trail).to_string();
        for words in &self.written {
            assert!(!trail.contains(words.as_str()), "the trail repeats: {words}");
        }
    }
}

/// Whether it is the decision by which a contact that was held goes on its way.
pub fn is_again(decided: &Value) -> bool {
    decided["flags"].as_array().is_some_and(|flags| flags.contains(&json!("decided_again")))
}

/// A letter says every one of these, and nothing that only a machine understands.
pub fn says(letter: &str, parts: &[&str]) {
    for part in parts {
        assert!(letter.contains(part), "“{part}” is not in:\n{letter}");
    }
    for word in letter.split(|at: char| at.is_whitespace() || "().,".contains(at)) {
        let is_id = ["P-", "R-", "I-", "W-", "PR-", "A-", "L-"]
            .iter()
            .any(|start| word.strip_prefix(start).is_some_and(|rest| rest.parse::<u8>().is_ok()));
        assert!(!is_id && !word.contains('_'), "“{word}” is in:\n{letter}");
    }
}
