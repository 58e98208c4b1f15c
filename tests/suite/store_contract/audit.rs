//! The audit trail.

use std::sync::Arc;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::runtime::limits::PAGE_ITEMS_MAX;
use tokio::task::JoinSet;

use super::Ground;
use super::facts::{admitted, at, decided, karbon, request, stamp, tuntum};

fn event(person: usize) -> AuditEvent {
    AuditEvent::PersonChanged { person: person.to_string() }
}

pub async fn entries_are_numbered_without_gaps(ground: &dyn Ground) {
    let gateways = [ground.gateway(), ground.gateway()];
    let mut waiting = JoinSet::new();
    for number in 0..60 {
        let store = Arc::clone(&gateways[number % 2]);
        waiting.spawn(async move {
            let organisation = if number % 3 == 0 { tuntum() } else { karbon() };
            match number % 4 {
                0 | 1 => store.append_audit(&organisation, stamp(), event(number)).await.unwrap(),
                _ => {
                    let contact = format!("c-{number}");
                    let name = contact.clone();
                    let fails = number % 5 == 0;
                    let decide = move |_: &_| {
                        if fails {
                            // Without the hook: printing where it happened stops this one thread for
                            // longer than others wait for their answers.
                            std::panic::resume_unwind(Box::new("made on purpose"));
                        }
                        admitted(&contact, at(0))
                    };
                    let mut asked = request(&name, decide);
                    asked.organisation = organisation;
                    assert_eq!(store.commit(asked).await.is_err(), fails);
                }
            }
        });
    }
    while let Some(done) = waiting.join_next().await {
        done.unwrap();
    }
    // Both check the numbers.
    let of_karbon = decided(&*gateways[0], &karbon()).await;
    let of_tuntum = decided(&*gateways[1], &tuntum()).await;
    assert_eq!(of_karbon.len() + of_tuntum.len(), 24);
}

pub async fn the_trail_is_read_page_by_page(ground: &dyn Ground) {
    let store = ground.gateway();
    for number in 0..5 {
        store.append_audit(&karbon(), stamp(), event(number)).await.unwrap();
    }
    let numbers = async |after, limit| {
        let page = store.audit(&karbon(), after, limit).await.unwrap();
        page.into_iter().map(|entry| entry.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(0, 2).await, [1, 2]);
    assert_eq!(numbers(2, 2).await, [3, 4]);
    assert_eq!(numbers(4, PAGE_ITEMS_MAX * 2).await, [5]);
    assert_eq!(numbers(0, 0).await, [1, 2, 3, 4, 5]);
    assert!(numbers(5, 2).await.is_empty());
    assert!(numbers(u64::MAX, 2).await.is_empty());
    let first = &store.audit(&karbon(), 0, 1).await.unwrap()[0];
    assert_eq!((first.at, first.by.as_str(), &first.event), (at(0), "A. Manager", &event(0)));
}
