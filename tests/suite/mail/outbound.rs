//! Mail that leaves the organisation: who may write to a restricted person, and what happens to other people's mail.

use std::sync::Arc;
use std::time::{Duration, Instant};

use contact_gateway::channels::mail::listener::Protocol;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::flag::Flag;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::outbound::{OutboundEntry, OutboundTreatment};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::OutboundAnswers;
use contact_gateway::domain::queue::{ItemState, QueueItem};
use contact_gateway::ports::{Journal as _, Release as _, Store};
use contact_gateway::runtime::limits::STORE_COMMIT_WAIT;
use contact_gateway::store::journal::FileJournal;
use contact_gateway::store::memory::Memory;
use serde_json::json;

use super::client::Client;
use super::gateway::{Choices, Gateway, KARBON, WayOut};
use super::postfix::{Postfix, way_back};
use super::sink::{Fault, Script, Sink, Taken};
use crate::degraded::faulty::{Faulty, Trouble};
use crate::servers::checks::free_port;
use crate::servers::guide::{MAIL, block, filled};

const ANN: &str = "ann@karbon.example";
const PAT: &str = "Pat@Karbon.example";
/// Goes through Pat.
const JO: &str = "jo@x.example";
/// Goes through Pat too, and shares the address.
const HOUSE: &str = "house@x.example";
const NOBODY: &str = "al@y.example";

fn people() -> std::collections::BTreeMap<String, Vec<Person>> {
    let person = |id: &str, address: &str, shared: bool| {
        json!({ "id": id, "name": "Jo",
            "identifiers": [{"kind": "email", "value": address, "shared": shared}],
            "restrictions": [{
                "id": format!("R-{id}"), "kind": "single_point_of_contact", "status": "active",
                "grounds": "g", "clause": "6.2", "starts": "2026-11-01", "review_due": "2027-05-01",
                "decided_by": "A", "contact":
                    {"name": "Pat", "email": "pat@karbon.example", "queue": "pat"}
            }] })
    };
    serde_json::from_value(json!({ KARBON: [
        person("P-1", JO, false), person("P-2", HOUSE, true)
    ]}))
    .unwrap()
}

/// What goes to colleagues comes out at `inside`, what leaves at `outside`.
struct Rig {
    gateway: Gateway,
    inside: Sink,
    outside: Sink,
}

impl Rig {
    async fn start(answers: Option<OutboundAnswers>) -> Rig {
        Rig::start_with(answers, Memory::new(), &Script::default()).await
    }

    async fn start_with(
        answers: Option<OutboundAnswers>,
        store: Arc<dyn Store>,
        outside: &Script,
    ) -> Rig {
        let inside = Sink::start(&Script::default()).await;
        let outside = Sink::start(outside).await;
        let mut choices = Choices::new(inside.port, Protocol::Smtp);
        choices.people = people();
        choices.way_out = Some(WayOut { port: outside.port, answers });
        let gateway = Gateway::start_on(choices, store).await;
        Rig { gateway, inside, outside }
    }

    async fn client(&self) -> Client {
        Client::connect(self.gateway.outbound_port, "EHLO").await
    }

    /// The mails to colleagues, once this many have come.
    async fn told(&self, many: usize) -> Vec<Taken> {
        for _ in 0..500 {
            if self.inside.taken().len() >= many {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let taken = self.inside.taken();
        assert_eq!(taken.len(), many, "{taken:?}");
        taken
    }

    /// Mails are on their way until the gateway has ended.
    async fn tells_nobody(self) {
        self.gateway.stop().await;
        assert_eq!(self.inside.taken().len(), 0);
    }

    async fn trail(&self) -> Vec<OutboundEntry> {
        trail(&*self.gateway.store).await
    }
}

async fn trail(store: &dyn Store) -> Vec<OutboundEntry> {
    let entries = store.audit(&OrganisationId::new(KARBON), 0, 500).await.unwrap();
    let outbound = entries.into_iter().filter_map(|entry| match entry.event {
        AuditEvent::Outbound(outbound) => Some(outbound),
        _ => None,
    });
    outbound.collect()
}

/// A message of somebody's, with more lines in its header.
fn message(from: &str, number: usize, more: &str) -> Vec<u8> {
    let head = format!("From: A Colleague <{from}>\r\nMessage-ID: <{number}@karbon.example>\r\n");
    format!("{head}Subject: Your tap\r\n{more}\r\nWe come on Monday.\r\n").into_bytes()
}

fn text(taken: &Taken) -> String {
    String::from_utf8_lossy(&taken.message).into_owned()
}

/// The message came out as it went in, under a `Received` field and nothing else.
fn is_untouched(taken: &Taken, message: &[u8]) {
    let shown = text(taken);
    assert!(taken.message.ends_with(message), "{shown}");
    assert!(shown.starts_with("Received: "), "{shown}");
    assert!(!shown.contains("X-Contact"), "{shown}");
}

#[tokio::test]
async fn an_answer_by_somebody_else_is_delivered_with_a_warning_to_its_sender() {
    let rig = Rig::start(Some(OutboundAnswers::Warn)).await;
    let mut client = rig.client().await;
    // A program that handles bounces may be the envelope's sender.
    for (number, envelope) in [(1, "bounces@karbon.example"), (2, ANN)] {
        let sent = message(ANN, number, "");
        assert_eq!(client.send(envelope, &["Jo@X.example"], &sent).await.0, 250);
        is_untouched(rig.outside.taken().last().unwrap(), &sent);
    }
    // The same message again: the mail server did not hear the answer.
    assert_eq!(client.send(ANN, &["Jo@X.example"], &message(ANN, 2, "")).await.0, 250);
    let trail = rig.trail().await;
    assert_eq!(trail.len(), 2, "{trail:?}");
    for entry in &trail {
        assert_eq!((entry.person.as_str(), entry.restriction.as_str()), ("P-1", "R-P-1"));
        assert_eq!((entry.clause.as_deref(), entry.sender.as_str()), (Some("6.2"), ANN));
        assert_eq!(entry.code.as_str(), "single_point_of_contact.other");
        assert_eq!(entry.treatment, OutboundTreatment::Warned);
    }
    // Once a day for each customer.
    let told = rig.told(1).await;
    assert_eq!(told[0].rcpt[0].split(' ').nth(1), Some("TO:<ann@karbon.example>"));
    let shown = text(&told[0]);
    // It can't know yet whether the server behind takes the message.
    assert!(shown.contains("was not held back") && !shown.contains("delivered"), "{shown}");
    for part in ["Your tap", "P-1", "Pat", "pat@karbon.example", "6.2", "Auto-Submitted"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    drop(client);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn the_point_of_contact_statutory_notices_and_automatic_mail_leave_no_trace() {
    for answers in [None, Some(OutboundAnswers::Warn), Some(OutboundAnswers::Hold)] {
        let rig = Rig::start(answers).await;
        let mut client = rig.client().await;
        let purpose = |of: &str| format!("X-Contact-Gateway-Purpose: {of}\r\n");
        let sent = [
            (PAT, PAT, JO, String::new()),
            // The envelope of a system that handles bounces.
            ("bounces@karbon.example", PAT, JO, String::new()),
            ("no-reply@karbon.example", "no-reply@karbon.example", JO, String::new()),
            (ANN, ANN, NOBODY, String::new()),
            (ANN, ANN, JO, purpose("Statutory")),
            (ANN, ANN, JO, purpose("service")),
            (ANN, ANN, JO, "Auto-Submitted: auto-replied\r\n".to_owned()),
            ("", ANN, JO, String::new()),
            // Somebody else's mail that is only passed through.
            ("kim@z.example", "kim@z.example", JO, String::new()),
        ];
        for (number, (envelope, from, to, more)) in sent.iter().enumerate() {
            let sent = message(from, number, more);
            assert_eq!(client.send(envelope, &[*to], &sent).await.0, 250, "{number}");
            let taken = rig.outside.taken();
            assert_eq!(taken.len(), number + 1);
            let kept = if more.starts_with("X-Contact") { "" } else { more.as_str() };
            is_untouched(taken.last().unwrap(), &message(from, number, kept));
        }
        assert_eq!(rig.trail().await, [], "{answers:?}");
        assert_eq!(rig.gateway.queue(KARBON, "pat").await.len(), 0);
        drop(client);
        rig.tells_nobody().await;
    }
}

#[tokio::test]
async fn where_the_profile_is_silent_an_answer_is_noted_and_where_it_says_so_delivered() {
    for (answers, noted) in [(None, 1), (Some(OutboundAnswers::Deliver), 0)] {
        let rig = Rig::start(answers).await;
        let mut client = rig.client().await;
        let sent = message(ANN, 1, "X-Contact-Gateway-Purpose: nonsense\r\n");
        assert_eq!(client.send(ANN, &[JO], &sent).await.0, 250);
        is_untouched(&rig.outside.taken()[0], &message(ANN, 1, ""));
        let trail = rig.trail().await;
        assert_eq!(trail.len(), noted, "{answers:?}");
        assert!(trail.iter().all(|entry| entry.treatment == OutboundTreatment::Noted));
        drop(client);
        rig.tells_nobody().await;
    }
}

#[tokio::test]
async fn a_held_answer_waits_for_its_release_and_the_others_have_it_at_once() {
    let rig = Rig::start(Some(OutboundAnswers::Hold)).await;
    let mut client = rig.client().await;
    let purpose = "X-Contact-Gateway-Purpose: reply\r\n";
    let sent = message(ANN, 1, purpose);
    // Twice: a retry holds nothing twice.
    for _ in 0..2 {
        assert_eq!(client.ask("XFORWARD IDENT=4bQ1").await.0, 250);
        assert_eq!(client.send(ANN, &[NOBODY, JO, HOUSE], &sent).await.0, 250);
    }
    let taken = rig.outside.taken();
    assert_eq!(taken[0].rcpt.len(), 2, "{taken:?}");
    is_untouched(&taken[0], &message(ANN, 1, ""));
    let mut items = rig.gateway.queue(KARBON, "pat").await;
    assert_eq!(items.len(), 1, "{items:?}");
    let item = items.remove(0);
    assert_eq!((item.person.as_deref(), item.sent_by.as_deref()), (Some("P-1"), Some(ANN)));
    assert_eq!(
        (item.original_to.as_slice(), item.flags.as_slice()),
        ([JO.to_owned()].as_slice(), [Flag::Outbound].as_slice(),)
    );
    assert_eq!(item.subject.as_deref(), Some("Your tap"));
    // An address that others share may mean somebody else: delivered, with a warning.
    let treated: Vec<_> =
        rig.trail().await.into_iter().map(|one| (one.person, one.treatment)).collect();
    let expected = [("P-1", OutboundTreatment::Held), ("P-2", OutboundTreatment::Warned)];
    assert_eq!(treated, expected.map(|(person, what)| (person.to_owned(), what)));
    // Ann gets both warnings, and Pat the notice of the waiting one.
    let told: Vec<String> = rig.told(3).await.iter().map(text).collect();
    let about = |what: &str| told.iter().filter(|one| one.contains(what)).count();
    assert_eq!((about("is held"), about(&item.id), about("To: pat@karbon.example")), (2, 2, 1));
    assert_eq!((about("Others use it as well"), about("was not held back")), (1, 1));
    released(&rig, item, &message(ANN, 1, "")).await;
    drop(client);
    rig.gateway.stop().await;
}

/// The release goes to the customer from the colleague, once.
async fn released(rig: &Rig, item: QueueItem, sent: &[u8]) {
    let (karbon, before) = (OrganisationId::new(KARBON), rig.outside.taken().len());
    let reference = item.archived.clone().unwrap();
    for _ in 0..2 {
        let original = rig.gateway.archive.fetch(&karbon, &reference).await.unwrap();
        rig.gateway.release.release(&karbon, &item, original).await.unwrap();
    }
    let taken = rig.outside.taken();
    assert_eq!(taken.len(), before + 1, "{taken:?}");
    let last = taken.last().unwrap();
    assert!(last.mail.starts_with("MAIL FROM:<ann@karbon.example>"), "{}", last.mail);
    assert!(last.rcpt[0].starts_with("RCPT TO:<jo@x.example>"), "{:?}", last.rcpt);
    is_untouched(last, sent);
    assert_eq!(item.state, ItemState::Open);
    // Addresses outside ASCII are announced.
    let (contact, to) = ("outbound-utf8".to_owned(), vec!["j\u{f6}@x.example".to_owned()]);
    let item = QueueItem { contact, original_to: to, ..item };
    let original = rig.gateway.archive.fetch(&karbon, &reference).await.unwrap();
    rig.gateway.release.release(&karbon, &item, original).await.unwrap();
    let taken = rig.outside.taken();
    assert!(taken.last().unwrap().mail.contains(" SMTPUTF8"), "{taken:?}");
}

#[tokio::test]
async fn while_the_store_is_away_a_warning_is_written_later_and_nothing_is_held_unseen() {
    let away = |store: &Arc<Faulty>| store.has(Trouble::Away);
    let store = Faulty::over(Memory::new());
    let inner = Arc::clone(&store.inner);
    let warns = Some(OutboundAnswers::Warn);
    let rig = Rig::start_with(warns, Arc::clone(&store) as _, &Script::default()).await;
    away(&store);
    let mut client = rig.client().await;
    for _ in 0..2 {
        assert_eq!(client.send(ANN, &[JO], &message(ANN, 1, "")).await.0, 250);
    }
    is_untouched(&rig.outside.taken()[0], &message(ANN, 1, ""));
    rig.told(1).await;
    assert_eq!(trail(&*inner).await, []);
    store.has(Trouble::None);
    drop(client);
    // It looks every few seconds, and once more at the stop.
    rig.gateway.stop().await;
    assert_eq!(trail(&*inner).await.len(), 1);

    let store = Faulty::over(Memory::new());
    let holds = Some(OutboundAnswers::Hold);
    let rig = Rig::start_with(holds, Arc::clone(&store) as _, &Script::default()).await;
    away(&store);
    let mut client = rig.client().await;
    assert_eq!(client.send(ANN, &[JO], &message(ANN, 1, "")).await.0, 452);
    assert_eq!(client.send(PAT, &[JO], &message(PAT, 2, "")).await.0, 250);
    store.has(Trouble::None);
    assert_eq!(client.send(ANN, &[JO], &message(ANN, 1, "")).await.0, 250);
    assert_eq!(rig.gateway.queue(KARBON, "pat").await.len(), 1);
    assert_eq!(rig.outside.taken().len(), 1);
    drop(client);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn an_entry_that_waits_for_the_store_outlives_the_gateway() {
    let store = Faulty::over(Memory::new());
    let warns = Some(OutboundAnswers::Warn);
    let rig = Rig::start_with(warns, Arc::clone(&store) as _, &Script::default()).await;
    store.has(Trouble::Away);
    let mut client = rig.client().await;
    assert_eq!(client.send(ANN, &[JO, HOUSE], &message(ANN, 1, "")).await.0, 250);
    drop(client);
    let folder = rig.gateway.stopped().await;
    let journal = FileJournal::open(&folder.path().join("journal")).unwrap();
    let waiting = journal.pending_outbound().await.unwrap();
    let people: Vec<_> = waiting.iter().map(|(_, note)| note.entry.person.as_str()).collect();
    assert_eq!(people, ["P-1", "P-2"]);
}

#[tokio::test]
async fn a_store_that_hangs_is_waited_for_once_per_message() {
    let store = Faulty::over(Memory::new());
    let warns = Some(OutboundAnswers::Warn);
    let rig = Rig::start_with(warns, Arc::clone(&store) as _, &Script::default()).await;
    store.has(Trouble::Hangs);
    let mut client = rig.client().await;
    let since = Instant::now();
    assert_eq!(client.send(ANN, &[JO, HOUSE], &message(ANN, 1, "")).await.0, 250);
    let took = since.elapsed();
    assert!(took >= STORE_COMMIT_WAIT && took < STORE_COMMIT_WAIT * 2, "{took:?}");
    store.has(Trouble::None);
    drop(client);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn colleagues_hear_of_a_held_message_though_the_store_ended_behind_its_item() {
    let store = Faulty::over(Memory::new());
    let holds = Some(OutboundAnswers::Hold);
    let rig = Rig::start_with(holds, Arc::clone(&store) as _, &Script::default()).await;
    let mut client = rig.client().await;
    // The item is looked for and written; then the store ends.
    store.ends_after(2);
    assert_eq!(client.send(ANN, &[JO], &message(ANN, 1, "")).await.0, 250);
    rig.told(2).await;
    store.ends_after(usize::MAX);
    // The sender didn't hear the answer, and the notice was not remembered: colleagues are notified again.
    assert_eq!(client.send(ANN, &[JO], &message(ANN, 1, "")).await.0, 250);
    rig.told(4).await;
    assert_eq!(client.send(ANN, &[JO], &message(ANN, 1, "")).await.0, 250);
    assert_eq!(rig.gateway.queue(KARBON, "pat").await.len(), 1);
    let Rig { gateway, inside, .. } = rig;
    drop(client);
    gateway.stop().await;
    assert_eq!(inside.taken().len(), 4);
}

#[tokio::test]
async fn what_the_server_behind_refuses_is_answered_so_and_is_delivered_once_by_a_retry() {
    let later = Fault {
        at: "END".into(),
        times: 1,
        reply: Some("451 4.3.0 later".into()),
        ..Fault::default()
    };
    let unknown = Fault {
        at: "RCPT".into(),
        matching: "gone@".into(),
        reply: Some("550 5.1.1 no such mailbox".into()),
        ..Fault::default()
    };
    let script = Script { faults: vec![later, unknown], ..Script::default() };
    let rig = Rig::start_with(Some(OutboundAnswers::Warn), Memory::new(), &script).await;
    let mut client = rig.client().await;
    assert_eq!(client.send(ANN, &[JO], &message(ANN, 1, "")).await.0, 451);
    assert_eq!(client.send(ANN, &[JO], &message(ANN, 1, "")).await.0, 250);
    assert_eq!((rig.outside.taken().len(), rig.trail().await.len()), (1, 1));
    assert_eq!(client.ask(&format!("MAIL FROM:<{ANN}>")).await.0, 250);
    assert_eq!(client.ask("RCPT TO:<gone@x.example>").await.0, 550);
    drop(client);
    rig.gateway.stop().await;
}

/// The guide's way out, with a real Postfix on both sides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_postfix_an_answer_is_held_and_other_mail_leaves() {
    let sink = Sink::start(&Script::default()).await;
    let (front, back) = (free_port(), free_port());
    let mut choices = Choices::new(back, Protocol::Smtp);
    choices.people = people();
    choices.way_out = Some(WayOut { port: back, answers: Some(OutboundAnswers::Hold) });
    let gateway = Gateway::start(choices).await;
    let master = filled(
        block(MAIL, "postfix-outbound") + &way_back(),
        &[
            ("submission inet", format!("127.0.0.1:{front} inet")),
            ("[127.0.0.1]:10027", format!("[127.0.0.1]:{}", gateway.outbound_port)),
            ("127.0.0.1:10026", format!("127.0.0.1:{back}")),
        ],
    );
    let postfix = Postfix::start(sink.port, "", &master);
    let mut client = Client::connect(front, "EHLO").await;
    for (number, (from, to)) in [(ANN, JO), (ANN, NOBODY), (PAT, JO)].into_iter().enumerate() {
        let dated = "Date: Wed, 18 Nov 2026 10:00:00 +0000\r\nTo: a@x.example\r\n";
        let reply = client.send(from, &[to], &message(from, number, dated)).await;
        assert_eq!(reply.0, 250, "{reply:?}\n{}", postfix.log());
    }
    // The two that may leave, and the mails to Ann and to Pat.
    let taken = postfix.taken(&sink, 4).await;
    postfix.emptied().await;
    assert_eq!(sink.taken().len(), 4, "{taken:?}\n{}", postfix.log());
    assert!(taken.iter().all(|one| !text(one).contains("X-Contact")), "{taken:?}");
    let to_jo = taken.iter().filter(|one| one.rcpt[0].contains(JO)).count();
    assert_eq!(to_jo, 1, "{taken:?}");
    assert_eq!(gateway.queue(KARBON, "pat").await.len(), 1);
    drop((client, postfix));
    gateway.stop().await;
}
