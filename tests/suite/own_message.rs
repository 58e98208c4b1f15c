//! A colleague's message that is held on its way to a restricted person: its sender can't release it.

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::ports::documents::Batch;
use contact_gateway::ports::{Clock, Stamp, Store};
use hyper::StatusCode;
use serde_json::json;

use crate::console::browsing::{Browsing, Seen, invited};
use crate::office::{AGENT, OTHER_AGENT, Office};

const ITEM: &str = "c-2";

/// An item that waits, as if it had come from a colleague.
async fn held_from(sender: &str) -> Office {
    let office = Office::with_person().await;
    for id in ["c-1", ITEM] {
        office.mail(id).await;
    }
    let (store, of): (&dyn Store, _) = (&*office.store, &office.tuntum.id);
    let was = store.item(of, ITEM).await.unwrap().unwrap();
    let now = QueueItem { sent_by: Some(sender.to_owned()), ..was.clone() };
    let stamp = Stamp { by: "gateway".to_owned(), at: office.clock.now() };
    let noted = AuditEvent::PersonChanged { person: "P-1".to_owned() };
    store.write(of, Batch::new(stamp).item(Some(was), now).audit(noted)).await.unwrap();
    office
}

/// Presses the button that releases it, and confirms.
async fn release(browsing: &mut Browsing<'_>) -> Seen {
    let was = browsing.get(&format!("/items/{ITEM}")).await.field("was");
    let fields = [("was", was.as_str()), ("verb", "release"), ("sure", "yes"), ("from", "/")];
    browsing.post(&format!("/items/{ITEM}"), &fields).await
}

#[tokio::test]
async fn in_the_console_somebody_other_than_its_sender_releases_a_held_message() {
    let office = held_from("Ann@Tuntum.Example").await;
    let mut ann = Browsing::new(&office);
    invited(&office, "ann@tuntum.example", "Ann Hall", "agent", &mut ann).await;
    // The page offers her no release, and says who can.
    let page = ann.get(&format!("/items/{ITEM}")).await;
    let says = "a colleague must release it. If you have taken it, hand it over or put it back. \
                Colleagues with these roles can:";
    assert!(page.has(says) && page.has("Agent") && !page.has("It has not gone"), "{}", page.text());
    assert!(!page.body.contains("value=\"release\""), "{}", page.body);
    let asked = ann.get(&format!("/items/{ITEM}/confirm/release")).await;
    assert_eq!(asked.status, StatusCode::CONFLICT, "{}", asked.text());
    assert!(asked.has("somebody else must release it") && !asked.body.contains("name=\"sure\""));
    ann.cookies.insert("language".to_owned(), "cy".to_owned());
    let page = ann.get(&format!("/items/{ITEM}")).await;
    assert!(page.has("felly rhaid i gydweithiwr ei rhyddhau"), "{}", page.text());
    ann.cookies.insert("language".to_owned(), "en".to_owned());
    let refused = release(&mut ann).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.has("somebody else must release it"), "{}", refused.text());
    assert!(office.released.done.lock().unwrap().is_empty());
    let path = format!("/api/v1/queues/limited/{ITEM}");
    assert_eq!(office.get(AGENT, &path).await.json()["state"], "open", "nobody has claimed it");

    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    let page = bob.get(&format!("/items/{ITEM}")).await;
    assert!(page.body.contains("value=\"release\"") && page.has("It has not gone"));
    let done = release(&mut bob).await;
    assert!(done.leads().contains("done=release"), "{}", done.text());
    assert_eq!(office.released.done.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn by_the_api_too_and_closing_it_is_free() {
    // The token of AGENT goes by this name.
    for (by, refused) in [(AGENT, true), (OTHER_AGENT, false)] {
        let office = held_from("Ann Agent").await;
        let act = |verb: &str| format!("/api/v1/queues/limited/{ITEM}/{verb}");
        let answer = office.post(by, &act("release"), &json!({})).await;
        if refused {
            assert_eq!(
                (answer.status, answer.problem()),
                (StatusCode::FORBIDDEN, "own-message".to_owned())
            );
            assert!(office.released.done.lock().unwrap().is_empty());
            let closed = office.post(by, &act("close"), &json!({})).await;
            assert_eq!(closed.json()["state"], "closed");
        } else {
            assert_eq!(answer.json()["state"], "released");
        }
    }
}
