//! A kept submission is released to its own handler: as it came, once, and only where it is taken.

use std::sync::Arc;

use contact_gateway::casework::{Desk, Fault};
use contact_gateway::channels::http::upstream::Upstream as Client;
use contact_gateway::channels::web_form::release::FormRelease;
use contact_gateway::channels::web_form::settings::FormSettings;
use contact_gateway::domain::queue::{ItemAction, ItemState, QueueItem};
use contact_gateway::ports::Clock;
use serde_json::json;

use crate::contacts_edge::client::{raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, form_to, karbon, person};
use crate::contacts_edge::upstream::Upstream;

const MULTIPART: &[u8] = b"--B\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\njo@x.example\r\n\
    --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\xff.bin\"\r\n\r\n\x00\r\n\r\n\x01\r\n--B--\r\n";

async fn started() -> (Upstream, Gateway, FormSettings) {
    let upstream = Upstream::start().await;
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let people = json!([person("P-1", "jo@x.example", "+447700900001", letters)]);
    let form = form_to(upstream.address);
    let forms = vec![form.clone()];
    let gateway = Gateway::start(Setup { forms, people, ..Setup::default() }).await;
    (upstream, gateway, form)
}

fn desk(gateway: &Gateway, form: FormSettings) -> Desk {
    let clock = Arc::clone(&gateway.clock) as Arc<dyn Clock>;
    let client = Client::new(false).unwrap();
    let store = Arc::clone(&gateway.store);
    let release = FormRelease::new(vec![form], client, store.clone() as _, Arc::clone(&clock));
    Desk::new(store as _, Arc::new(gateway.archive()), Arc::new(release), clock)
}

async fn release(desk: &Desk, item: &QueueItem) -> Result<QueueItem, Fault> {
    desk.work_item(&karbon(), "limited", &item.id, ItemAction::Release, "Ann").await
}

/// Submits something that is kept, and gives its item.
async fn kept(gateway: &Gateway, kind: &str, body: &[u8]) -> QueueItem {
    let fields = [("Content-Type", kind), ("Cookie", "session=secret"), ("Origin", "https://f")];
    let target = "/karbon/contact/step/2?a=%2F&a=+";
    let got = raw(gateway.address, &request("POST", target, &fields, body)).await;
    assert_eq!(got.status, 403);
    gateway.queue("limited").await.pop().unwrap()
}

#[tokio::test]
async fn a_kept_submission_reaches_its_handler_as_it_came_and_once() {
    let (upstream, gateway, form) = started().await;
    let desk = desk(&gateway, form);
    let kind = "multipart/form-data; boundary=B";
    let item = kept(&gateway, kind, MULTIPART).await;
    assert!(upstream.seen().is_empty());
    // The handler is slow, and two people click at once.
    upstream.answers_after(std::time::Duration::from_millis(200), "303 See Other", &[], b"");
    let (one, two) = tokio::join!(release(&desk, &item), release(&desk, &item));
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{one:?} {two:?}");
    let seen = upstream.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line(), "POST /contact/step/2?a=%2F&a=+ HTTP/1.1");
    assert_eq!(seen[0].body, MULTIPART);
    assert_eq!(seen[0].field("content-type").as_deref(), Some(kind));
    assert_eq!(seen[0].field("host").as_deref(), Some("contact.karbon.example"));
    assert_eq!(seen[0].field("origin").as_deref(), Some("https://f"));
    assert_eq!(seen[0].field("x-contact-release").as_deref(), Some(item.contact.as_str()));
    assert!(seen[0].field("cookie").is_none(), "no session is kept");
    let again = release(&desk, &item).await;
    assert!(matches!(again, Err(Fault::Item(_))), "{again:?}");
    assert_eq!(upstream.seen().len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn a_handler_that_refuses_leaves_the_item_with_a_note_and_the_original() {
    let (upstream, gateway, form) = started().await;
    let desk = desk(&gateway, form);
    let body = b"email=jo%40x.example&message=hello";
    let item = kept(&gateway, "application/x-www-form-urlencoded", body).await;
    // Away for now: nothing is said on the item, and trying again makes sense.
    upstream.answers("503 Service Unavailable", &[], b"later");
    let away = release(&desk, &item).await;
    assert!(matches!(&away, Err(fault) if fault.is_retryable()), "{away:?}");
    upstream.answers("403 Forbidden", &[], b"The CSRF token has expired.");
    let refused = release(&desk, &item).await;
    assert!(matches!(&refused, Err(fault) if !fault.is_retryable()), "{refused:?}");
    let now = desk.item(&karbon(), "limited", &item.id).await.unwrap();
    assert_eq!(now.state, ItemState::Claimed);
    let notes: Vec<&str> = now.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(
        notes,
        ["Not released: the form's own handler answered 403; download the original."]
    );
    let (_, original) = desk.original(&karbon(), "limited", &item.id).await.unwrap();
    assert!(original.ends_with(body));
    // What it takes at last, it takes once.
    upstream.answers("200 OK", &[], b"thanks");
    assert_eq!(release(&desk, &item).await.unwrap().state, ItemState::Released);
    assert_eq!(upstream.seen().len(), 3);
    gateway.stop().await;
}

#[tokio::test]
async fn a_form_that_is_gone_says_so() {
    let (_upstream, gateway, form) = started().await;
    let item = kept(&gateway, "application/x-www-form-urlencoded", b"email=jo%40x.example").await;
    let elsewhere = FormSettings { path: "/karbon/other".to_owned(), ..form };
    let gone = release(&desk(&gateway, elsewhere), &item).await;
    assert!(gone.unwrap_err().to_string().contains("no longer configured"));
    gateway.stop().await;
}
