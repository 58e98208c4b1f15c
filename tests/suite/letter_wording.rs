//! The wording of letters edited by the API: judged before it is saved, used at once, kept with its history.

use std::sync::Arc;

use contact_gateway::casework::letter_wording::WordingOrigin;
use contact_gateway::domain::language::Language;
use contact_gateway::domain::letter::{Part, Templates};
use contact_gateway::domain::organisation::Organisation;
use contact_gateway::ports::documents::{Batch, Document};
use contact_gateway::ports::{Clock, Stamp, Store};
use contact_gateway::runtime::limits::LETTER_EDITIONS_MAX;
use contact_gateway::store::memory::Memory;
use hyper::Request;
use serde_json::{Value, json};

use crate::degraded::faulty::{Faulty, Trouble};
use crate::office::{AGENT, Answer, GOVERNANCE, Office, STRANGER};

const ENGLISH: &str = "/api/v1/letter-templates/en";
const WELSH: &str = "/api/v1/letter-templates/cy";

/// The shipped wording with a sentence of the organisation's own.
fn own(language: Language, sentence: &str) -> String {
    format!("{}\n{sentence}\n", Templates::default().of(language).source())
}

fn body(source: &str) -> Value {
    json!({"source": source})
}

/// A template with every part except these.
fn without(left_out: &[Part]) -> String {
    let parts = Part::ALL.into_iter().filter(|part| !left_out.contains(part));
    let parts: Vec<String> = parts.map(|part| format!("{{{{ parts.{} }}}}", part.name())).collect();
    format!("# {{{{ title }}}}\n\n{}\n", parts.join("\n\n"))
}

async fn read(office: &Office, by: &str, path: &str) -> Value {
    let answer = office.get(by, path).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

async fn saved(office: &Office, path: &str, source: &str) -> Value {
    let answer = office.put(GOVERNANCE, path, &body(source)).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

async fn reset(office: &Office, by: &str) -> Answer {
    office.ask("DELETE", Some(by), ENGLISH, String::new()).await
}

/// Changes the wording in the state that bears this tag.
async fn change_if(office: &Office, method: &str, tag: &str, source: &str) -> Answer {
    let request = Request::builder().method(method).uri(ENGLISH).header("if-match", tag);
    let request = request.header("authorization", format!("Bearer {GOVERNANCE}"));
    office.send(request, body(source).to_string()).await
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.problem())
}

fn faults(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(said(answer), (422, "template-refused".to_owned()), "{}", answer.json());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let faults = answer.json()["faults"].as_array().unwrap().clone();
    faults.iter().map(|one| (text(&one["path"]), text(&one["message"]))).collect()
}

#[tokio::test]
async fn a_wording_is_edited_listed_put_back_and_on_the_trail() {
    let office = Office::open();
    let shipped = read(&office, GOVERNANCE, ENGLISH).await;
    assert_eq!((&shipped["origin"], &shipped["edition"]), (&json!("shipped"), &json!(0)));
    assert!(shipped["version"].as_str().unwrap().starts_with("standard.en.txt "), "{shipped}");
    assert_eq!(said(&reset(&office, GOVERNANCE).await), (404, "not-found".to_owned()));

    let source = own(Language::English, "We are here to help.");
    let edited = saved(&office, ENGLISH, &source).await;
    assert_eq!((&edited["origin"], &edited["edition"]), (&json!("edited"), &json!(1)));
    assert_eq!((&edited["source"], &edited["unsaid"]), (&json!(source), &json!([])));
    assert_eq!(edited["changed_by"], "Gil Governance");
    assert_eq!(edited["changed_at"], "2026-11-23T10:00:00Z");
    let version = edited["version"].as_str().unwrap().to_owned();
    assert!(version.starts_with("edited.en.1 "), "{version}");
    assert_ne!(edited["fingerprint"], shipped["fingerprint"]);
    // The same again is no new edition, and neither is how a browser ends its lines.
    assert_eq!(saved(&office, ENGLISH, &source.replace('\n', "\r\n")).await["edition"], 1);
    let list = read(&office, GOVERNANCE, "/api/v1/letter-templates").await;
    assert_eq!(list["templates"][0]["version"], json!(version));
    assert_eq!(list["templates"][1]["origin"], "shipped");

    assert_eq!(reset(&office, GOVERNANCE).await.status, 204);
    let back = read(&office, GOVERNANCE, ENGLISH).await;
    assert_eq!((&back["origin"], &back["source"]), (&json!("shipped"), &shipped["source"]));
    let editions: Vec<(u64, bool)> = back["editions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["edition"].as_u64().unwrap(), one["as_configured"].as_bool().unwrap()))
        .collect();
    assert_eq!(editions, [(2, true), (1, false)]);
    assert_eq!(saved(&office, ENGLISH, &source).await["edition"], 3);

    let trail = read(&office, GOVERNANCE, "/api/v1/audit?limit=500").await;
    let entries = trail["entries"].as_array().unwrap();
    let mut entries: Vec<&Value> =
        entries.iter().filter(|one| one["event"] == "letter_template").collect();
    entries.sort_by_key(|one| one["edition"].as_u64());
    let actions: Vec<&str> = entries.iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["edited", "as_configured", "edited"]);
    assert_eq!(
        (&entries[0]["by"], &entries[0]["template"]),
        (&json!("Gil Governance"), &json!(version))
    );
}

#[tokio::test]
async fn a_wording_that_lacks_a_part_is_refused_with_the_part_and_its_clause() {
    let office = Office::open();
    let source = without(&[Part::HowToAppeal, Part::MustChange]);
    let refused = office.put(GOVERNANCE, ENGLISH, &body(&source)).await;
    let faults = faults(&refused);
    let of = |part: &str| &faults.iter().find(|(path, _)| path == part).unwrap().1;
    assert!(of("how_to_appeal").contains("8.7"), "{faults:?}");
    assert!(of("how_to_appeal").contains("`{{ parts.how_to_appeal }}`"), "{faults:?}");
    assert!(of("must_change").contains("8.2"), "{faults:?}");
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert_eq!(read(&office, GOVERNANCE, ENGLISH).await["edition"], 0);
    // The law requires this part whatever the policy says.
    let refused = office.put(GOVERNANCE, ENGLISH, &body(&without(&[Part::AlwaysOpen]))).await;
    let faults = self::faults(&refused);
    assert!(faults[0].0 == "always_open" && !faults[0].1.contains("policy"), "{faults:?}");
    // A condition that some letters do not meet leaves it out of those.
    for condition in ["not large_print", "reference"] {
        let rest = without(&[Part::HowToAppeal]);
        let source = format!(
            "{rest}\n{{% if {condition} %}}\n{{{{ parts.how_to_appeal }}}}\n{{% endif %}}\n"
        );
        let refused = office.put(GOVERNANCE, ENGLISH, &body(&source)).await;
        let faults = self::faults(&refused);
        assert_eq!(faults[0].0, "how_to_appeal", "{condition}: {faults:?}");
    }
    saved(&office, ENGLISH, &without(&[])).await;
}

#[tokio::test]
async fn a_template_that_can_not_be_followed_is_refused_with_its_line_and_what_would_be_right() {
    let office = Office::open();
    for (wrong, path, right) in [
        ("{{ parts.misspelt }}", "line 3", "docs/letters.md"),
        ("{% if kind %}", "line", "{% endif %}"),
        ("{% set x = title %}", "line 3", "one loop at a time"),
        ("{{ title ~ title }}", "line 3", "one loop at a time"),
        ("{% if kind == \"other\" %}{{ misspelt }}{% endif %}", "line 3", "docs/letters.md"),
        ("{{ to.1 }}", "line 3", "docs/letters.md"),
        ("# {{ title }}", "source", "`# {{ title }}`"),
    ] {
        let source = format!("# {{{{ title }}}}\n\n{wrong}\n");
        for (method, path_of) in
            [("PUT", ENGLISH.to_owned()), ("POST", format!("{ENGLISH}/preview"))]
        {
            let body = body(&source).to_string();
            let refused = office.ask(method, Some(GOVERNANCE), &path_of, body).await;
            let found = faults(&refused);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].0.starts_with(path), "{wrong}: {found:?}");
            assert!(found[0].1.contains(right), "{wrong}: {found:?}");
        }
    }
    let long = "x".repeat(70_000);
    let refused = office.put(GOVERNANCE, ENGLISH, &body(&long)).await;
    assert!(faults(&refused)[0].1.contains("65,536"));
}

#[tokio::test]
async fn a_preview_is_the_sample_by_the_template_and_saves_nothing() {
    let office = Office::open();
    let preview = format!("{ENGLISH}/preview");
    let source = own(Language::English, "We are here to help.");
    let asked = json!({"source": source, "sample": 3, "large_print": true});
    let seen = office.post(GOVERNANCE, &preview, &asked).await;
    assert_eq!(seen.status, 200, "{}", seen.json());
    let seen = seen.json();
    assert!(seen["text"].as_str().unwrap().contains("We are here to help."), "{seen}");
    assert!(seen["html"].as_str().unwrap().contains("<body class=\"large\">"), "{seen}");
    assert_eq!((&seen["sample"], &seen["unsaid"]), (&json!(3), &json!([])));
    // The missing parts are shown before the letter is refused.
    let lacking = json!({"source": without(&[Part::HowToAppeal])});
    let seen = office.post(GOVERNANCE, &preview, &lacking).await.json();
    assert_eq!(seen["unsaid"], json!([{"part": "how_to_appeal", "clause": "8.7"}]));
    let now = office.post(GOVERNANCE, &preview, &json!({})).await.json();
    assert!(!now["text"].as_str().unwrap().contains("We are here to help."), "{now}");
    for none in [0, 999] {
        let none = office.post(GOVERNANCE, &preview, &json!({"sample": none})).await;
        assert_eq!(said(&none), (404, "not-found".to_owned()));
    }
    assert_eq!(read(&office, GOVERNANCE, ENGLISH).await["edition"], 0);
}

#[tokio::test]
async fn the_second_of_two_who_write_at_once_is_refused() {
    let office = Office::open();
    let tag = office.get(GOVERNANCE, ENGLISH).await.headers["etag"].to_str().unwrap().to_owned();
    let (first, second) = (own(Language::English, "First."), own(Language::English, "Second."));
    let done = change_if(&office, "PUT", &tag, &first).await;
    assert_eq!(done.status, 200, "{}", done.json());
    let refused = change_if(&office, "PUT", &tag, &second).await;
    assert_eq!(said(&refused), (412, "changed".to_owned()));
    let refused = change_if(&office, "DELETE", &tag, "").await;
    assert_eq!(said(&refused), (412, "changed".to_owned()));
    assert_eq!(read(&office, GOVERNANCE, ENGLISH).await["source"], json!(first));
    let now = done.headers["etag"].to_str().unwrap();
    assert_eq!(change_if(&office, "PUT", now, &second).await.status, 200);
    // Its text as it was is another edition all the same.
    assert_eq!(change_if(&office, "PUT", "*", &first).await.status, 200);
    let refused = change_if(&office, "PUT", now, &second).await;
    assert_eq!(said(&refused), (412, "changed".to_owned()));
}

#[tokio::test]
async fn editions_have_an_end_and_the_way_back_is_open() {
    let office = Office::open();
    let source = own(Language::English, "The last one.");
    let at = office.clock.now();
    let last =
        json!({"edition": LETTER_EDITIONS_MAX, "source": source, "by": "Mia Lund", "at": at});
    let document = Document::new("letter_template", "en".to_owned(), 0, Vec::new(), &last).unwrap();
    let batch = Batch::new(Stamp { by: "Mia Lund".to_owned(), at }).put(document);
    office.store.write(&office.tuntum.id, batch).await.unwrap();
    let more = body(&own(Language::English, "One more."));
    let refused = office.put(GOVERNANCE, ENGLISH, &more).await;
    assert_eq!(said(&refused), (422, "refused".to_owned()));
    assert!(refused.json()["detail"].as_str().unwrap().contains("[organisation.letters]"));
    assert_eq!(read(&office, GOVERNANCE, ENGLISH).await["source"], json!(source));
    assert_eq!(reset(&office, GOVERNANCE).await.status, 204);
    saved(&office, WELSH, &own(Language::Welsh, "Y gyntaf.")).await;
}

#[tokio::test]
async fn another_organisation_has_its_own_and_who_keeps_no_settings_has_none() {
    let office = Office::open();
    saved(&office, ENGLISH, &own(Language::English, "Tuntum is here to help.")).await;
    let source = body(&own(Language::English, "Karbon."));
    let elsewhere = office.get(STRANGER, ENGLISH).await;
    match elsewhere.status.as_u16() {
        200 => assert_eq!(elsewhere.json()["edition"], 0),
        _ => assert_eq!(said(&elsewhere), (403, "role-not-allowed".to_owned())),
    }
    let asked = office.get(STRANGER, &format!("{ENGLISH}?organisation=tuntum")).await;
    assert!(asked.status.is_client_error(), "{}", asked.json());
    office.put(STRANGER, ENGLISH, &source).await;
    let now = read(&office, GOVERNANCE, ENGLISH).await;
    assert_eq!(now["edition"], 1);
    assert!(now["source"].as_str().unwrap().contains("Tuntum is here to help."));
    for (method, path) in [
        ("GET", "/api/v1/letter-templates".to_owned()),
        ("GET", ENGLISH.to_owned()),
        ("PUT", ENGLISH.to_owned()),
        ("DELETE", ENGLISH.to_owned()),
        ("POST", format!("{ENGLISH}/preview")),
    ] {
        let refused = office.ask(method, Some(AGENT), &path, source.to_string()).await;
        assert_eq!(said(&refused), (403, "role-not-allowed".to_owned()), "{method} {path}");
    }
    let unknown = office.get(GOVERNANCE, "/api/v1/letter-templates/fr").await;
    assert_eq!(said(&unknown), (404, "not-found".to_owned()));
}

#[tokio::test]
async fn every_gateway_has_it_at_once_and_none_falls_back_while_the_store_is_away() {
    let store = Faulty::over(Memory::new());
    let (one, two) = (Office::on(store.clone()), Office::on(Arc::clone(&store) as Arc<dyn Store>));
    let source = own(Language::English, "We are here to help.");
    saved(&one, ENGLISH, &source).await;
    assert_eq!(read(&two, GOVERNANCE, ENGLISH).await["source"], json!(source));
    let (desk, tuntum) = (two.desk(), &two.tuntum);
    let worded = desk.with_wording(tuntum).await.unwrap();
    assert_eq!(worded.reach.letters.english.source(), source);
    store.has(Trouble::Away);
    assert!(desk.with_wording(tuntum).await.unwrap_err().is_retryable());
    let refused = one.get(GOVERNANCE, ENGLISH).await;
    assert_eq!(said(&refused), (503, "store-unavailable".to_owned()));
    let refused = one.put(GOVERNANCE, ENGLISH, &body(&source)).await;
    assert_eq!(said(&refused), (503, "store-unavailable".to_owned()));
}

#[tokio::test]
async fn edited_welsh_is_not_sent_until_its_own_fingerprint_is_approved() {
    let office = Office::open();
    let before = read(&office, GOVERNANCE, WELSH).await;
    let approving = |fingerprint: &Value| {
        let mut organisation = Organisation::clone(&office.tuntum);
        let fingerprint = fingerprint.as_str().unwrap().to_owned();
        organisation.reach.letters.welsh_approved = Some(fingerprint);
        organisation
    };
    let desk = office.desk();
    let approved = approving(&before["fingerprint"]);
    assert!(desk.with_wording(&approved).await.unwrap().reach.letters.is_approved(Language::Welsh));
    let edited = saved(&office, WELSH, &own(Language::Welsh, "Rydym yma i helpu.")).await;
    assert_eq!(edited["approved"], false);
    let now = desk.with_wording(&approved).await.unwrap();
    assert!(!now.reach.letters.is_approved(Language::Welsh));
    let approved = approving(&edited["fingerprint"]);
    let wordings = desk.letter_wordings(&approved).await.unwrap();
    assert!(wordings.templates.is_approved(Language::Welsh));
    assert_eq!(wordings.origin(Language::Welsh), WordingOrigin::Edited);
    assert_eq!(wordings.origin(Language::English), WordingOrigin::Shipped);
}
