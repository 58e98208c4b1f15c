//! Letters that the gateway mails: once, however many gateways run; after a server was away; and said where none
//! takes them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use contact_gateway::casework::Desk;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::documents::{BY_ID, Batch, Document, Listing};
use contact_gateway::ports::{Clock, Mailer, OwnMail, OwnMailKind, SendError, Stamp, Store};
use contact_gateway::runtime::limits::LEASE_RENEWED_EVERY;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::letters::{LETTER, office_of};
use super::rig::{CaseOffice, codes};
use crate::degraded::faulty::{Faulty, Trouble};
use crate::personal_data::on_both_stores;

on_both_stores! {
    a_letter_is_mailed_once_though_the_server_was_away_and_as_it_was_approved
    a_letter_that_no_server_takes_did_not_go_and_is_owed
    an_address_that_was_corrected_meanwhile_gets_no_letter
    a_letter_that_can_not_be_read_keeps_no_other_waiting
}

const DISPATCH: &str = "/api/v1/people/P-1/letters/L-1/dispatch";

/// The office once its letter is approved, of an organisation that has an address of its own.
async fn approved(store: Arc<dyn Store>) -> CaseOffice {
    office_of(&[], |profile, staff| CaseOffice::mailing(store, profile, staff)).await
}

/// Two gateways look for what was left, at the same moment.
async fn both_finish(office: &CaseOffice, (one, other): (&Desk, &Desk), at: &str) -> usize {
    let mailer: &Arc<dyn Mailer> = &office.mailer();
    office.clock.set(at.parse().unwrap());
    let (first, second) = tokio::join!(
        one.finish_what_was_left(&office.organisation, mailer),
        other.finish_what_was_left(&office.organisation, mailer),
    );
    first.unwrap();
    second.unwrap();
    office.mailboxes.sent.lock().unwrap().len()
}

/// The letter is dispatched by e-mail, and no server accepts it yet from either gateway.
async fn dispatched_while_away(store: Arc<dyn Store>) -> (CaseOffice, Desk, Desk) {
    let office = approved(store).await;
    let (one, other) = (office.desk(), office.desk());
    office.mailboxes.is_away.store(true, Ordering::SeqCst);
    office.clock.set("2026-02-04T10:00:00Z".parse().unwrap());
    let answer = office.post("Ann Bell", DISPATCH, &json!({"means": "email"})).await;
    assert!(answer.status.is_success(), "{answer:?}");
    assert_eq!(answer.json()["made"]["mail"], "waiting");
    assert_eq!(both_finish(&office, (&one, &other), "2026-02-04T10:00:01Z").await, 0);
    (office, one, other)
}

async fn mail_of(office: &CaseOffice) -> Value {
    let case = office.get("Ann Bell", "/api/v1/people/P-1/case").await.json();
    let letters = case["letters"].as_array().unwrap().clone();
    let letter = letters.into_iter().find(|one| one["id"] == "L-1").unwrap();
    letter["sent"]["mail"].clone()
}

async fn in_diary(office: &CaseOffice) -> Vec<Value> {
    let diary = office.get("Cy Dunn", "/api/v1/diary?person=P-1").await.json();
    let entries = diary["diary"].as_array().unwrap().iter();
    entries.filter(|one| one["what"] == "letter" && one["about"] == "L-1").cloned().collect()
}

fn hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn a_letter_is_mailed_once_though_the_server_was_away_and_as_it_was_approved(
    store: Arc<dyn Store>,
) {
    let (office, one, other) = dispatched_while_away(store).await;
    assert_eq!(mail_of(&office).await["state"], "waiting");
    assert_eq!(in_diary(&office).await, Vec::<Value>::new());

    office.mailboxes.is_away.store(false, Ordering::SeqCst);
    assert_eq!(both_finish(&office, (&one, &other), "2026-02-04T11:00:00Z").await, 1);
    assert_eq!(both_finish(&office, (&other, &one), "2026-02-06T11:00:00Z").await, 1, "once");
    let mail = mail_of(&office).await;
    assert_eq!((&mail["state"], &mail["to"]), (&json!("accepted"), &json!("jo@x.example")));

    let sent = office.mailboxes.sent.lock().unwrap()[0].clone();
    assert_eq!((sent.kind, sent.to.as_str()), (OwnMailKind::Letter, "jo@x.example"));
    let page = sent.html.unwrap();
    assert!(page.contains(&format!("<h1>{}</h1>", sent.subject)), "{}", sent.subject);
    let parts = office
        .ask("GET", "Ann Bell", LETTER, &[("accept", "application/json")], String::new())
        .await;
    assert_eq!(parts.json()["sha256"], hex(page.as_bytes()), "what was approved, to the byte");
    assert!(sent.text.contains("Dear Jo Doe"), "{}", sent.text);
    let trail = office.get("Bo Carr", "/api/v1/audit?limit=200").await.json();
    let entries = trail["entries"].as_array().unwrap().iter();
    let mailed: Vec<&Value> = entries.filter(|one| one["act"] == "letter_mailed").collect();
    assert_eq!(mailed.len(), 1, "{mailed:?}");
    assert_eq!(mailed[0]["about"], "L-1");
    let again = office.post("Ann Bell", DISPATCH, &json!({"means": "email"})).await;
    assert_eq!(again.json()["broken"][0]["code"], "state.wrong");
}

async fn a_letter_that_no_server_takes_did_not_go_and_is_owed(store: Arc<dyn Store>) {
    let (office, one, other) = dispatched_while_away(store).await;
    assert_eq!(both_finish(&office, (&one, &other), "2026-02-10T10:00:00Z").await, 0);
    let mail = mail_of(&office).await;
    assert_eq!(mail["state"], "failed", "{mail}");
    assert!(mail["why"].as_str().unwrap().contains("mail server"), "{mail}");
    let owed = in_diary(&office).await;
    assert_eq!(owed.len(), 1, "{owed:?}");
    assert_eq!((&owed[0]["due"], &owed[0]["who"]), (&json!("2026-02-11"), &json!("manager")));
    // It did not go: what needs it is refused, and it may be sent another way.
    let refused =
        office.post("Cy Dunn", "/api/v1/people/P-1/proposals/PR-1/enforcement", &json!({})).await;
    assert!(codes(&refused).contains(&"letter.not_sent".to_owned()), "{}", refused.json());
    office.mailboxes.is_away.store(false, Ordering::SeqCst);
    assert_eq!(both_finish(&office, (&one, &other), "2026-02-12T10:00:00Z").await, 0, "never late");
    let posted = office.post("Ann Bell", DISPATCH, &json!({"means": "post"})).await;
    assert!(posted.status.is_success(), "{posted:?}");
    assert_eq!(in_diary(&office).await, Vec::<Value>::new());
}

/// Changes what is on Jo's record, as staff do.
async fn changed(office: &CaseOffice, change: impl FnOnce(&mut Value)) {
    let record = office.get("Bo Carr", "/api/v1/people/P-1").await;
    let mut person = record.json();
    change(&mut person);
    let etag = record.headers["etag"].to_str().unwrap().to_owned();
    let headers = [("if-match", etag.as_str())];
    let path = "/api/v1/people/P-1";
    let put = office.ask("PUT", "Bo Carr", path, &headers, person.to_string()).await;
    assert!(put.status.is_success(), "{put:?} {}", put.json());
}

async fn an_address_that_was_corrected_meanwhile_gets_no_letter(store: Arc<dyn Store>) {
    let (office, one, other) = dispatched_while_away(store).await;
    changed(&office, |person| person["identifiers"][0]["value"] = json!("jo.doe@x.example")).await;
    office.mailboxes.is_away.store(false, Ordering::SeqCst);
    assert_eq!(both_finish(&office, (&one, &other), "2026-02-04T11:00:00Z").await, 0);
    let mail = mail_of(&office).await;
    assert_eq!(mail["state"], "failed", "{mail}");
    assert_eq!(mail["why"], "the address is no longer on the person's record");
    assert_eq!(in_diary(&office).await.len(), 1, "it is owed");
    // Sent again, it goes to the right one.
    let again = office.post("Ann Bell", DISPATCH, &json!({"means": "email"})).await;
    assert_eq!(again.json()["made"]["mail"], "waiting", "{}", again.json());
    assert_eq!(both_finish(&office, (&one, &other), "2026-02-04T12:00:00Z").await, 1);
    assert_eq!(office.mailboxes.sent.lock().unwrap()[0].to, "jo.doe@x.example");
}

async fn a_letter_that_can_not_be_read_keeps_no_other_waiting(store: Arc<dyn Store>) {
    let office = approved(store).await;
    let (one, other) = (office.desk(), office.desk());
    office.clock.set("2026-02-04T10:00:00Z".parse().unwrap());
    let again = json!({"id": "L-2", "kind": "restriction", "for": "PR-1"});
    office.post("Bo Carr", "/api/v1/people/P-1/letters", &again).await;
    office.post("Cy Dunn", "/api/v1/people/P-1/letters/L-2/approval", &json!({})).await;
    for letter in ["L-1", "L-2"] {
        let path = format!("/api/v1/people/P-1/letters/{letter}/dispatch");
        let sent = office.post("Ann Bell", &path, &json!({"means": "email"})).await;
        assert_eq!(sent.json()["made"]["mail"], "waiting", "{}", sent.json());
    }
    // The words of the one that comes first are lost.
    let of_kind = async |kind| {
        let organisation = &office.organisation.id;
        let page = office.store.documents(organisation, kind, Listing::of(BY_ID)).await.unwrap();
        page.documents
    };
    let first: Value = of_kind("letter_mail").await[0].read().unwrap();
    let words = of_kind("letter").await;
    let damaged =
        words.iter().find(|one| one.read::<Value>().unwrap()["letter"] == first["letter"]);
    let stamp = Stamp { by: "test".to_owned(), at: office.clock.now() };
    let batch = Batch::new(stamp).remove(damaged.unwrap());
    office.store.write(&office.organisation.id, batch).await.unwrap();

    assert_eq!(both_finish(&office, (&one, &other), "2026-02-04T10:00:01Z").await, 1);
    let states = async || {
        let case = office.get("Ann Bell", "/api/v1/people/P-1/case").await.json();
        let letters = case["letters"].as_array().unwrap().clone();
        let state = |one: &Value| one["sent"]["mail"]["state"].as_str().unwrap().to_owned();
        letters.iter().map(|one| (one["id"] == first["letter"], state(one))).collect::<Vec<_>>()
    };
    let now = states().await;
    assert!(now.contains(&(true, "waiting".to_owned())), "{now:?}");
    assert!(now.contains(&(false, "accepted".to_owned())), "{now:?}");
    assert_eq!(both_finish(&office, (&one, &other), "2026-02-10T10:00:00Z").await, 1);
    assert!(states().await.contains(&(true, "failed".to_owned())), "five days are over");
}

/// Takes a mail, and the store is away from then on.
struct LosesStore {
    taken: Arc<dyn Mailer>,
    store: Arc<Faulty>,
}

#[async_trait]
impl Mailer for LosesStore {
    async fn send(&self, mail: OwnMail) -> Result<(), SendError> {
        self.taken.send(mail).await?;
        self.store.has(Trouble::Away);
        Ok(())
    }
}

/// A gateway that mails the letter and loses its store right after.
struct Losing {
    office: CaseOffice,
    store: Arc<Faulty>,
    desk: Desk,
    mailer: Arc<dyn Mailer>,
}

impl Losing {
    async fn approved() -> Self {
        let office = approved(Memory::new()).await;
        office.clock.set("2026-02-04T10:00:00Z".parse().unwrap());
        office.post("Ann Bell", DISPATCH, &json!({"means": "email"})).await;
        let store = Faulty::over(office.store.clone());
        let desk = office.desk_over(store.clone());
        let mailer = Arc::new(LosesStore { taken: office.mailer(), store: store.clone() });
        Losing { office, store, desk, mailer }
    }

    /// Whether the letter was mailed and noted, with what happens meanwhile.
    async fn finishes(&self, meanwhile: impl Future<Output = ()>) -> bool {
        let finishing = self.desk.finish_what_was_left(&self.office.organisation, &self.mailer);
        tokio::join!(finishing, meanwhile).0.is_ok()
    }

    /// How many mails there are once another gateway has looked, too.
    async fn mails_at(&self, at: &str) -> usize {
        let (one, other) = (self.office.desk(), self.office.desk());
        both_finish(&self.office, (&one, &other), at).await
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_is_noted_once_the_store_is_back() {
    let losing = Losing::approved().await;
    tokio::time::pause();
    let back = async {
        // Long after the mail was taken, and before the lease is over.
        tokio::time::sleep(LEASE_RENEWED_EVERY * 2).await;
        assert_eq!(losing.office.mailboxes.sent.lock().unwrap().len(), 1);
        assert_eq!(mail_of(&losing.office).await["state"], "waiting");
        losing.store.has(Trouble::None);
    };
    assert!(losing.finishes(back).await);
    tokio::time::resume();
    assert_eq!(mail_of(&losing.office).await["state"], "accepted");
    assert_eq!(losing.mails_at("2026-02-06T11:00:00Z").await, 1, "once");
}

#[tokio::test]
async fn a_mail_that_is_not_noted_by_the_end_of_the_lease_goes_again_as_the_same() {
    let losing = Losing::approved().await;
    tokio::time::pause();
    let over = async {
        tokio::time::sleep(LEASE_RENEWED_EVERY / 2).await;
        losing.office.clock.set("2026-02-04T10:00:31Z".parse().unwrap());
    };
    assert!(!losing.finishes(over).await, "it gives up");
    tokio::time::resume();
    assert_eq!(mail_of(&losing.office).await["state"], "waiting");
    assert_eq!(losing.mails_at("2026-02-04T11:00:00Z").await, 2);
    assert_eq!(mail_of(&losing.office).await["state"], "accepted");
    let sent = losing.office.mailboxes.sent.lock().unwrap();
    assert_eq!(sent[0].key, sent[1].key, "the key makes the Message-ID");
}

#[tokio::test]
async fn a_mail_that_was_accepted_is_neither_sent_again_nor_failed() {
    let losing = Losing::approved().await;
    tokio::time::pause();
    let over = async {
        tokio::time::sleep(LEASE_RENEWED_EVERY / 2).await;
        losing.office.clock.set("2026-02-04T10:00:31Z".parse().unwrap());
    };
    assert!(!losing.finishes(over).await, "it gives up");
    tokio::time::resume();
    losing.store.has(Trouble::None);
    // Long after the last try of any letter, with a server that accepts nothing any more.
    losing.office.clock.set("2026-02-12T10:00:00Z".parse().unwrap());
    losing.office.mailboxes.is_away.store(true, Ordering::SeqCst);
    assert!(losing.finishes(async {}).await);
    assert_eq!(mail_of(&losing.office).await["state"], "accepted");
    assert_eq!(losing.office.mailboxes.sent.lock().unwrap().len(), 1, "once");
}

#[tokio::test]
async fn a_mail_that_was_accepted_is_noted_by_any_gateway() {
    let losing = Losing::approved().await;
    let (office, desk) = (&losing.office, losing.office.desk());
    // Once the mail is accepted, its case can't be read, but its work can.
    let of_case = async |kind| {
        let page = office.store.documents(&office.organisation.id, kind, Listing::of(BY_ID)).await;
        page.unwrap().documents
    };
    let case = of_case("case").await.remove(0);
    let mailer: Arc<dyn Mailer> = Arc::new(SpoilsCase {
        taken: office.mailer(),
        store: office.store.clone(),
        case: case.clone(),
    });
    desk.finish_what_was_left(&office.organisation, &mailer).await.unwrap();
    let work: Value = of_case("letter_mail").await[0].read().unwrap();
    assert_eq!(work["accepted"], true, "{work}");
    // The case is repaired long after the last try of any letter.
    let version = of_case("case").await[0].version;
    put(office.store.as_ref(), &office.organisation.id, Document { version, ..case }).await;
    assert_eq!(losing.mails_at("2026-02-12T10:00:00Z").await, 1, "once");
    assert_eq!(mail_of(office).await["state"], "accepted");
}

async fn put(store: &dyn Store, of: &OrganisationId, document: Document) {
    let at = "2026-02-04T10:00:00Z".parse().unwrap();
    let stamp = Stamp { by: "test".to_owned(), at };
    store.write(of, Batch::new(stamp).put(document)).await.unwrap();
}

/// Accepts a mail, and makes its case unreadable from then on.
struct SpoilsCase {
    taken: Arc<dyn Mailer>,
    store: Arc<dyn Store>,
    case: Document,
}

#[async_trait]
impl Mailer for SpoilsCase {
    async fn send(&self, mail: OwnMail) -> Result<(), SendError> {
        let of = mail.organisation.clone();
        self.taken.send(mail).await?;
        let body = serde_json::value::to_raw_value("spoilt").unwrap();
        put(self.store.as_ref(), &of, Document { body, ..self.case.clone() }).await;
        Ok(())
    }
}

#[tokio::test]
async fn a_gateway_that_stops_waits_for_no_store() {
    let losing = Losing::approved().await;
    tokio::time::pause();
    let stop = async {
        tokio::time::sleep(LEASE_RENEWED_EVERY / 2).await;
        assert_eq!(losing.office.mailboxes.sent.lock().unwrap().len(), 1);
        losing.desk.close();
    };
    assert!(!losing.finishes(stop).await, "it is not noted");
    assert_eq!(mail_of(&losing.office).await["state"], "waiting");
}

#[tokio::test]
async fn a_letter_by_mail_needs_an_address_that_is_the_persons_own_or_named() {
    let office = approved(Memory::new()).await;
    office.clock.set("2026-02-04T10:00:00Z".parse().unwrap());
    changed(&office, |person| person["identifiers"][0]["shared"] = json!(true)).await;
    let refused = office.post("Ann Bell", DISPATCH, &json!({"means": "email"})).await;
    assert_eq!(codes(&refused), ["reference.unknown"]);
    let broken = &refused.json()["broken"][0];
    assert_eq!(broken["key"], "means");
    let what =
        "this person has no e-mail address of their own on record: name one, or send it by post";
    assert_eq!(broken["what"], what);
    assert_eq!(mail_of(&office).await, Value::Null);
    let named = json!({"means": "email", "to": "jo@x.example"});
    let taken = office.post("Ann Bell", DISPATCH, &named).await;
    assert_eq!(taken.json()["made"]["mail"], "waiting", "{}", taken.json());
}

#[tokio::test]
async fn a_letter_goes_to_an_address_of_the_person_only() {
    let office = approved(Memory::new()).await;
    office.clock.set("2026-02-04T10:00:00Z".parse().unwrap());
    let to = json!({"means": "email", "to": "other@x.example"});
    let refused = office.post("Ann Bell", DISPATCH, &to).await;
    assert_eq!(refused.json()["broken"][0]["key"], "to", "{}", refused.json());
    let to = json!({"means": "email", "to": "JO@x.example"});
    let taken = office.post("Ann Bell", DISPATCH, &to).await;
    assert_eq!(taken.json()["made"]["mail"], "waiting", "{}", taken.json());
}
