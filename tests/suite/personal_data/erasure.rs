//! Erasing all about a person.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use contact_gateway::casework::Desk;
use contact_gateway::casework::sealing::anchor::AnchorKey;
use contact_gateway::casework::sealing::verify::{Trusted, Verified};
use contact_gateway::cli::Outcome;
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::past::{LastEntry, Mark, Nameplate, Standing};
use contact_gateway::domain::person::Person;
use contact_gateway::ports::documents::{BY_ID, Batch, Listing};
use contact_gateway::ports::{Clock, Past as _, Stamp, Store};
use contact_gateway::store::archive::FileArchive;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::command;
use super::left::{everything, json as as_json, naming, of_redis};
use crate::casework::letters::{office_on, take};
use crate::casework::rig::{CaseOffice, SetClock};
use crate::degraded::faulty::Faulty;
use crate::office::{AGENT, GOVERNANCE, MANAGER, Office, Released, letter};
use crate::served::{Behind, Place, person};
use crate::store_contract::servers;

const ERASURE: &str = "/api/v1/people/P-1/erasure";
pub const GWEN: &str = "Gwen Gover";
pub const MAX: &str = "Max Manag";

/// What names the person, or anything that is only theirs.
pub const OURS: [&str; 6] = ["P-1", "Jo Doe", "jo@x.example", "\"c-1", "\"c-2", "\"c-3"];
pub const CONTACTS: [&str; 4] = ["c-1", "c-2", "c-3", "x-1"];

pub fn key() -> AnchorKey {
    AnchorKey::of_seed(&[3; 32]).unwrap()
}

fn contact(id: &str, from: &str, at: &str) -> Contact {
    serde_json::from_value(json!({
        "id": id, "channel": "email", "at": at, "from": [{"kind": "email", "value": from}],
        "to": ["repairs@office.example"], "subject": "The roof", "text": "Please answer me."
    }))
    .unwrap()
}

/// A person with a case file, letters, a restriction in force, contacts and what is kept of them; and another
/// person, about whom nothing is to change.
pub async fn with_a_case(store: Arc<dyn Store>) -> CaseOffice {
    let office = office_on(store, &[(GWEN, "governance"), (MAX, "manager")]).await;
    for step in [
        json!({"act": "send_letter", "letter": "L-1", "means": "post", "by": "Ann Bell",
            "at": "2026-02-04T09:09:00Z"}),
        json!({"act": "put_in_force", "proposal": "PR-1", "by": "Cy Dunn",
            "at": "2026-02-04T09:11:00Z"}),
    ] {
        let taken = take(&office, &step).await;
        assert!(taken.status.is_success(), "{}", taken.json());
    }
    let other: Person = serde_json::from_value(json!({
        "id": "X-2", "name": "Al Other",
        "identifiers": [{"kind": "email", "value": "al@other.example"}],
    }))
    .unwrap();
    office.put_on_record(vec![other]).await;
    office.clock.set("2026-02-10T12:00:00Z".parse().unwrap());
    for (number, id) in CONTACTS.iter().enumerate() {
        let from = if *id == "x-1" { "al@other.example" } else { "jo@x.example" };
        office.contact(&contact(id, from, &format!("2026-02-10T1{number}:00:00Z"))).await;
    }
    // A reminder of the review, which has an item of its own.
    office.clock.set("2027-02-01T12:00:00Z".parse().unwrap());
    let desk = office.desk();
    desk.keep_house(&office.organisation).await.unwrap();
    let diary = office.get("Ann Bell", "/api/v1/diary").await.json();
    let reminded = desk.remind(&office.organisation, &office.mailer()).await.unwrap();
    assert_ne!(reminded, 0, "{diary}");
    office
}

async fn verified(desk: &Desk, organisation: &OrganisationId) -> Verified {
    desk.verify_trail(organisation, Trusted::default()).await.unwrap()
}

async fn tallies(store: &dyn Store, of: &OrganisationId) -> Vec<String> {
    let page = store.documents(of, "tally", Listing::of(BY_ID)).await.unwrap();
    page.documents.iter().map(|one| one.body.get().to_owned()).collect()
}

fn codes(answer: &Value) -> Vec<String> {
    let broken = answer["broken"].as_array().cloned().unwrap_or_default();
    broken.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

/// Nobody else's, and not before it may: in the end it waits for approval.
async fn asked_and_refused(office: &CaseOffice) {
    let ask = |body: Value| async move { office.post(GWEN, ERASURE, &body).await };
    let clause = json!({"clause": "Art. 17(1)(d)"});
    let refused = ask(clause.clone()).await;
    assert_eq!(
        (refused.status.as_u16(), codes(&refused.json())),
        (422, vec!["erasure.in_force".into()])
    );
    let hold = json!({"reason": "A claim is before the court."});
    let held = office.ask("PUT", GWEN, "/api/v1/people/P-1/hold", &[], hold.to_string()).await;
    assert!(held.status.is_success(), "{}", held.json());
    let despite = json!({"clause": "Art. 17(1)(d)", "despite": "The data was never ours to hold."});
    assert_eq!(codes(&ask(despite.clone()).await.json()), ["erasure.held"]);
    let ended = office.ask("DELETE", GWEN, "/api/v1/people/P-1/hold", &[], String::new()).await;
    assert_eq!(ended.status, 204);
    let asked = ask(despite.clone()).await;
    assert_eq!(asked.status, 201, "{}", asked.json());
    assert_eq!(ask(despite).await.status, 409, "once");
    let preview = office.get(GWEN, ERASURE).await.json();
    assert_eq!(preview["in_the_way"], json!([]), "{preview}");
    assert_eq!(preview["goes"]["contacts"], 3, "{preview}");
    assert_eq!(preview["asked"]["by"], GWEN);
    let approval = format!("{ERASURE}/approval");
    let own = office.post(GWEN, &approval, &json!({})).await;
    assert_eq!(codes(&own.json()), ["erasure.same_person"], "{own:?}");
    assert_eq!(office.post("Ann Bell", &approval, &json!({})).await.status, 403);
}

async fn all_is_erased_and_the_trail_holds(store: Arc<dyn Store>) {
    let office = with_a_case(store).await;
    let (of, store, desk) = (&office.organisation.id, office.store.as_ref(), office.desk());
    let plate = Nameplate::new("the trail".to_owned());
    assert!(store.put_nameplate(of, None, &plate).await.unwrap());
    desk.seal(of, &key()).await.unwrap();
    let before = everything(store, of, &CONTACTS).await;
    for kind in ["case ", "letter ", "timeline ", "reminded ", "tally "] {
        assert!(before.iter().any(|one| one.starts_with(kind)), "no {kind}");
    }
    let entries: Vec<Value> =
        as_json(&before).into_iter().filter(|one| one["number"].is_u64()).collect();
    let originals = || files(&office.folder.path().join("archive"));
    assert_ne!(originals(), 0);
    let counted = tallies(store, of).await;

    asked_and_refused(&office).await;
    let approval = format!("{ERASURE}/approval");
    let done = office.post(MAX, &approval, &json!({})).await;
    assert_eq!(done.status, 200, "{}", done.json());
    let proof = done.json();
    assert_eq!(proof["is_complete"], true, "{proof}");
    assert_eq!((&proof["asked_by"], &proof["approved_by"]), (&json!(GWEN), &json!(MAX)));
    for (what, many) in [("contacts", 3), ("record", 1), ("case", 1), ("letter", 1)] {
        assert_eq!(proof["removed"][what], many, "{what}: {proof}");
    }
    assert_eq!(office.get("Bo Carr", "/api/v1/people/P-1").await.status, 404);
    assert_eq!(office.post(MAX, &approval, &json!({})).await.status, 404);
    let listed = office.get(GWEN, "/api/v1/erasures").await.json();
    assert_eq!(listed["erasures"][0]["id"], proof["id"]);

    // Figures keep their counts, the other person is as before, and the trail can be verified.
    assert_eq!(tallies(store, of).await, counted);
    assert_eq!(office.get("Bo Carr", "/api/v1/people/X-2").await.status, 200);
    let trail = verified(&desk, of).await;
    assert_eq!(trail.findings, [], "{trail:?}");
    assert!(trail.erased > 0 && !trail.erasures.is_empty(), "{trail:?}");

    // Once it has settled, nothing names the person, and what was sealed meanwhile forgets its salts.
    let now = office.clock.now();
    office.clock.set(now + TimeDelta::minutes(2));
    desk.seal(of, &key()).await.unwrap();
    office.clock.set(now + TimeDelta::minutes(20));
    office.finish(&desk).await;
    let after = everything(store, of, &CONTACTS).await;
    assert_eq!(naming(&after, &OURS), Vec::<&String>::new());
    assert!(!naming(&after, &["Al Other", "x-1"]).is_empty());
    assert_eq!(originals(), 0);
    let trail = verified(&desk, of).await;
    assert_eq!(trail.findings, [], "{trail:?}");
    no_gateway_takes_it_for_another(&office, &entries).await;
    // A contact from there is nobody's now.
    let again = office.decide(&contact("n-1", "jo@x.example", "2027-02-02T10:00:00Z")).await;
    assert_eq!((again.person, again.disposition.name()), (None, "deliver"));
}

/// Whichever entry a gateway knew the trail by.
async fn no_gateway_takes_it_for_another(office: &CaseOffice, entries: &[Value]) {
    let (of, store) = (&office.organisation.id, office.store.as_ref());
    let look = |number: u64, at| {
        let last = Some(LastEntry { number, at });
        let mark = Mark { trail: "the trail".to_owned(), last, found_behind_at: None };
        async move { contact_gateway::ports::past::look(store, of, Some(&mark)).await.unwrap().1 }
    };
    for entry in entries {
        let at: chrono::DateTime<chrono::Utc> = entry["at"].as_str().unwrap().parse().unwrap();
        let number = entry["number"].as_u64().unwrap();
        assert_eq!(look(number, at).await, Standing::Well, "{entry}");
        let other = look(number, at + TimeDelta::seconds(1)).await;
        assert!(matches!(other, Standing::Behind(_)), "{entry}: {other:?}");
    }
}

fn files(folder: &Path) -> usize {
    let Ok(inside) = std::fs::read_dir(folder) else { return 0 };
    let count = |entry: std::fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() { files(&path) } else { usize::from(!is_identity(&path)) }
    };
    inside.map(|entry| count(entry.unwrap())).sum()
}

/// The archive's own file.
fn is_identity(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| !text.contains("original of"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory_all_is_erased_and_the_trail_holds() {
    all_is_erased_and_the_trail_holds(Memory::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_embedded_store_nothing_is_left_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store");
    let store = Embedded::open(&place).unwrap();
    all_is_erased_and_the_trail_holds(store.clone()).await;
    tokio::task::block_in_place(|| store.close());
    let read = |file: &Path| {
        String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned()
    };
    let [file, log] = Embedded::files(&place);
    // Of what was moved within its page, SQLite may leave bytes behind. As the guide says:
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    for word in ["Jo Doe", "jo@x.example", "\"c-2\""] {
        for file in [&file, &log] {
            let text = read(file);
            let around =
                text.find(word).map(|at| &text.as_bytes()[at.saturating_sub(200)..at + 60]);
            let around = around.map(String::from_utf8_lossy);
            assert_eq!(around, None, "{word} is still in {}", file.display());
        }
    }
    assert!(read(&file).contains("Al Other"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_nothing_is_left_under_any_key() {
    let ground = servers::single().await;
    all_is_erased_and_the_trail_holds(ground.redis()).await;
    let all = of_redis(&ground.servers[0]).await;
    assert!(!naming(&all, &["Al Other"]).is_empty());
    let mut left = naming(&all, &["Jo Doe", "jo@x.example", "\"P-1\"", "\"c-2", ":c-2"]);
    // Of the steps that were done lately, for a retry of the same call.
    left.retain(|one| !one.contains(":once:"));
    assert_eq!(left, Vec::<&String>::new());
}

/// An office in which a person with contacts is to be erased, on a store that may end.
async fn asked_for(store: Arc<dyn Store>) -> Office {
    let office = Office::on(store).and_person().await;
    for number in 1..=30 {
        office.mail(&format!("c-{number}")).await;
    }
    office.post(AGENT, "/api/v1/contacts", &letter("c-31")).await;
    let body = json!({"clause": "Art. 17(1)(d)", "despite": "Unlawfully held."});
    let asked = office.post(GOVERNANCE, ERASURE, &body).await;
    assert_eq!(asked.status, 201, "{}", asked.json());
    office
}

/// Wherever a gateway ends, the trail can be verified, and another one does the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_ends_anywhere_leaves_a_sound_trail_and_another_does_the_rest() {
    let (mut calls, mut ended) = (1, BTreeMap::new());
    loop {
        let faulty = Faulty::over(Memory::new());
        let office = asked_for(faulty.clone()).await;
        let of = office.tuntum.id.clone();
        let desk = office.desk();
        desk.seal(&of, &key()).await.unwrap();
        faulty.ends_after(calls);
        let done = desk.approve_erasure(&office.tuntum, "P-1", "Max Manager").await;
        faulty.ends_after(usize::MAX);
        // The desk of another gateway.
        let other = office.desk();
        let trail = verified(&other, &of).await;
        assert_eq!(trail.findings, [], "ended after {calls} calls: {trail:?}");
        *ended.entry(done.is_ok()).or_insert(0) += 1;
        if done.is_ok() {
            break;
        }
        office.clock.forward(TimeDelta::minutes(1));
        other.finish_what_was_left(&office.tuntum, &no_mail()).await.unwrap();
        if !other.erasures(&of).await.unwrap().iter().any(|proof| proof.is_complete) {
            // It ended before it was approved.
            other.approve_erasure(&office.tuntum, "P-1", "Max Manager").await.unwrap();
        }
        let proofs = other.erasures(&of).await.unwrap();
        assert_eq!(proofs.len(), 1, "{proofs:?}");
        assert_eq!(
            proofs[0].removed["contacts"], 31,
            "each once, however often it began: {proofs:?}"
        );
        office.clock.forward(TimeDelta::minutes(2));
        other.seal(&of, &key()).await.unwrap();
        office.clock.forward(TimeDelta::minutes(20));
        other.finish_what_was_left(&office.tuntum, &no_mail()).await.unwrap();
        let left = everything(faulty.inner.as_ref(), &of, &["c-1", "c-2", "c-31"]).await;
        assert_eq!(naming(&left, &["P-1", "jo@home.example", "\"c-"]), Vec::<&String>::new());
        assert_eq!(verified(&other, &of).await.findings, []);
        calls += 5;
    }
    assert!(ended[&false] > 10, "{ended:?}");
}

/// A colleague's message that is held on its way to the person is one of their contacts.
#[tokio::test]
async fn a_message_held_on_its_way_to_the_person_is_erased_with_them() {
    let store: Arc<dyn Store> = Memory::new();
    let office = Office::on(Arc::clone(&store)).and_person().await;
    let (of, id) = (office.tuntum.id.clone(), "outbound-1");
    let item = json!({
        "id": id, "queue": "review", "contact": id, "person": "P-1", "channel": "email",
        "at": office.clock.now(), "disposition": "limit", "reasons": [], "flags": ["outbound"],
        "subject": "Your tap", "original_to": ["jo@home.example"],
        "sent_by": "ann@tuntum.example", "state": "open"
    });
    let held = json!({
        "event": "outbound", "contact": id, "person": "P-1", "restriction": "R-1",
        "code": "single_point_of_contact.other", "treatment": "held",
        "sender": "ann@tuntum.example"
    });
    let stamp = Stamp { by: "gateway".to_owned(), at: office.clock.now() };
    let batch = Batch::new(stamp)
        .item(None, serde_json::from_value(item).unwrap())
        .audit(serde_json::from_value(held).unwrap());
    let desk = office.desk();
    let before = desk.newest_number(&of).await.unwrap();
    store.write(&of, batch).await.unwrap();
    // Whoever looks at the queue sees it come.
    let came = desk.news(&of, Some(before)).await.unwrap().came;
    let came: Vec<_> = came.iter().map(|one| (one.queue.as_str(), one.item.as_str())).collect();
    assert_eq!(came, [("review", id)]);
    let body = json!({"clause": "Art. 17(1)(d)", "despite": "Unlawfully held."});
    let asked = office.post(GOVERNANCE, ERASURE, &body).await;
    assert_eq!(asked.status, 201, "{}", asked.json());
    let goes = office.get(GOVERNANCE, ERASURE).await.json()["goes"].clone();
    assert_eq!((&goes["contacts"], &goes["items"]), (&json!(1), &json!(1)), "{goes}");
    office.desk().approve_erasure(&office.tuntum, "P-1", "Max Manager").await.unwrap();
    let left = everything(store.as_ref(), &of, &[id]).await;
    assert_eq!(naming(&left, &[id]), Vec::<&String>::new());
}

pub fn no_mail() -> Arc<dyn contact_gateway::ports::Mailer> {
    Arc::new(crate::casework::rig::Mailboxes::default())
}

/// The program is killed while it erases, on the embedded store: whatever it left is sound, and is finished.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nine_while_it_erases() {
    let nobody = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "unused");
    place.change(
        "[[organisation.form]]\npath = \"/karbon/contact\"",
        "[[organisation.staff]]\nname = \"Max\"\nrole = \"manager\"\n\
         token_sha256 = \"0101010101010101010101010101010101010101010101010101010101010101\"\n\
         [[organisation.form]]\npath = \"/karbon/contact\"",
    );
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let jo = person("P-1", "jo@home.example", "+447700900001", letters);
    tokio::task::block_in_place(|| place.import(&json!([jo])));
    let served = tokio::task::block_in_place(|| place.serve());
    for number in 0..40 {
        let contact = json!({"id": format!("c-{number}"), "channel": "social", "text": "Hello.",
            "from": [{"kind": "email", "value": "jo@home.example"}]});
        served.ask("POST", "/api/v1/contacts", &contact).await;
    }
    tokio::task::block_in_place(|| served.stop());
    let person = |verb: &[&str]| {
        let mut command = place.command("person");
        command.args(["--organisation", "karbon"]).args(verb);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let asked = person(&[
        "erase",
        "P-1",
        "--clause",
        "Art. 17(1)(d)",
        "--despite",
        "Unlawful.",
        "--by",
        "Front desk",
    ])
    .output()
    .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let store = place.folder.path().join("store");
    let kept = place.folder.path().join("kept");
    copy(&store, &kept);
    for steps in 0..8 {
        std::fs::remove_dir_all(&store).unwrap();
        copy(&kept, &store);
        let opened = Embedded::open(&store).unwrap();
        let karbon = OrganisationId::new("karbon");
        let said = async || opened.trail_end(&karbon).await.unwrap().last.unwrap().number;
        let before = said().await;
        let mut erasing = person(&["approve-erasure", "P-1", "--by", "Max"]).spawn().unwrap();
        // Once it has come so far, if it is not done before.
        while said().await < before + steps && erasing.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        erasing.kill().unwrap();
        erasing.wait().unwrap();
        finished_after(opened.clone(), place.folder.path()).await;
        tokio::task::block_in_place(|| opened.close());
    }
}

/// Another gateway finishes.
async fn finished_after(store: Arc<dyn Store>, place: &Path) {
    let karbon = crate::office::organisation("karbon", "karbon-homes.toml");
    let archive = Arc::new(FileArchive::open(&place.join("archive")).unwrap());
    let later = chrono::Utc::now() + TimeDelta::minutes(1);
    let clock = Arc::new(SetClock::at(later));
    let desk = Desk::new(store.clone(), archive, Arc::new(Released::default()), clock.clone());
    assert_eq!(verified(&desk, &karbon.id).await.findings, []);
    desk.finish_what_was_left(&karbon, &no_mail()).await.unwrap();
    if desk.erasures(&karbon.id).await.unwrap().is_empty() {
        desk.approve_erasure(&karbon, "P-1", "Max").await.unwrap();
    }
    let proofs = desk.erasures(&karbon.id).await.unwrap();
    assert!(proofs[0].is_complete, "{proofs:?}");
    assert_eq!(proofs[0].removed["contacts"], 40, "{proofs:?}");
    clock.set(later + TimeDelta::minutes(2));
    desk.seal(&karbon.id, &key()).await.unwrap();
    clock.set(later + TimeDelta::minutes(20));
    desk.finish_what_was_left(&karbon, &no_mail()).await.unwrap();
    let left = everything(store.as_ref(), &karbon.id, &["c-1", "c-39"]).await;
    assert_eq!(naming(&left, &["P-1", "jo@home.example", "\"c-"]), Vec::<&String>::new());
    assert_eq!(verified(&desk, &karbon.id).await.findings, []);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_asks_one_and_approves_by_another() {
    let office = Office::on(Memory::new()).and_person().await;
    office.mail("c-1").await;
    let by = |verb: &'static [&'static str]| command(&office, verb);
    let (done, printed, _) = by(&["erasure", "P-1"]).await;
    assert_eq!(done, Ok(Outcome::Yes));
    assert!(printed.contains("erasure.in_force"), "{printed}");
    let (done, _, said) =
        by(&["erase", "P-1", "--clause", "Art. 17(1)(d)", "--by", "Gwen Governance"]).await;
    assert_eq!(done, Ok(Outcome::No));
    assert!(said.contains("erasure.in_force: the restriction R-1 is in force"), "{said}");
    let ask = &[
        "erase",
        "P-1",
        "--clause",
        "Art. 17(1)(d)",
        "--despite",
        "Unlawful.",
        "--by",
        "Gwen Governance",
    ];
    assert_eq!(by(ask).await.0, Ok(Outcome::Yes));
    let (done, _, said) = by(&["approve-erasure", "P-1", "--by", "Al Agent"]).await;
    assert_eq!(done, Ok(Outcome::No));
    assert!(said.contains("no duty `read_audit` or `settings`"), "{said}");
    let (done, _, _) = by(&["withdraw-erasure", "P-1", "--by", "Max Manager"]).await;
    assert_eq!(done, Ok(Outcome::Yes));
    let (done, _, said) = by(&["approve-erasure", "P-1", "--by", "Gwen Governance"]).await;
    assert_eq!(
        (done, said.trim()),
        (Ok(Outcome::No), "there is no such request to erase this person")
    );
    assert_eq!(by(ask).await.0, Ok(Outcome::Yes));
    let kept = office.get(MANAGER, "/api/v1/people/P-1").await;
    assert_eq!(kept.status, 200, "nothing goes before it is approved");
}
