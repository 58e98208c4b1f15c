//! An anchor leaves the store, so that whoever can write to the store can't reach it.

use contact_gateway::casework::sealing::anchor::Anchor;
use contact_gateway::casework::sealing::seal::Link;
use contact_gateway::casework::sealing::verify::{Finding, Trusted};
use contact_gateway::domain::audit::{AnchoredEntry, AuditEntry, AuditEvent};
use contact_gateway::domain::event::{EventKind, of_entry};
use serde_json::json;

use super::tampering::{ENTRIES, Stored, entry, sealed};
use super::{key, verified};
use crate::console::browsing::Browsing;
use crate::office::{GOVERNANCE, Office};
use crate::store_contract::facts::{at, karbon, stamp, tuntum};

#[tokio::test]
async fn an_anchor_is_in_the_report_for_a_board_and_goes_out_as_an_event() {
    let office = Office::that_chose();
    let event = AuditEvent::Item { item: "i-1".to_owned(), action: "claim".to_owned() };
    office.store.append_audit(&tuntum(), stamp(), event).await.unwrap();
    let anchor = office.desk().seal(&tuntum(), &key()).await.unwrap().anchor.unwrap();

    let entries = office.store.audit(&tuntum(), anchor.entry, 9).await.unwrap();
    let events: Vec<_> = entries.iter().flat_map(of_entry).collect();
    let [told] = &events[..] else { panic!("{events:?}") };
    assert_eq!((told.kind, told.kind.name()), (EventKind::TrailAnchored, "trail.anchored"));
    assert_eq!(told.subject, Some(anchor.entry.to_string()));
    assert_eq!(
        json!(told.data),
        json!({"entry": anchor.entry, "link": anchor.link, "key": anchor.key,
            "signature": anchor.signature})
    );

    let figures = "/api/v1/reports/figures";
    assert!(office.get(GOVERNANCE, figures).await.json().get("anchor").is_none());
    let report = office.get(GOVERNANCE, &format!("{figures}?board=true")).await.json();
    let text = office.get(GOVERNANCE, &format!("{figures}?board=true&format=text")).await;
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    assert!(text.contains(&json!(anchor).to_string()), "{text}");
    let mut cy = Browsing::signed_in(&office, "Cy Dunn", "manager").await;
    assert!(!cy.get("/reports").await.body.contains(&anchor.signature));
    let page = cy.get("/reports?board=yes").await;
    assert!(page.body.contains(&anchor.signature), "{}", page.body);

    // Whoever kept the report can compare the trail with it.
    let kept: Anchor = serde_json::from_value(report["anchor"].clone()).unwrap();
    assert_eq!(kept, anchor);
    let trusted = Trusted { anchors: vec![kept], keys: vec![key().public()] };
    let verified = office.desk().verify_trail(&tuntum(), trusted).await.unwrap();
    assert_eq!((verified.findings, verified.anchors), (Vec::new(), 1));
}

/// A trail whose last entry records an anchor, as `change` has it; everything is sealed anew. With the anchor.
fn announcing(change: impl FnOnce(&mut AnchoredEntry)) -> (Stored, Anchor) {
    let mut entries: Vec<AuditEntry> = (1..=ENTRIES).map(entry).collect();
    let (mut seals, newest) = sealed(&entries, Link::first(&karbon()));
    let anchor = Anchor::sign(&karbon(), &newest, at(101), &key());
    let mut said = AnchoredEntry {
        entry: anchor.entry,
        link: anchor.link.to_string(),
        key: anchor.key.clone(),
        signature: anchor.signature.clone(),
    };
    change(&mut said);
    let (number, by) = (ENTRIES + 1, "gateway".to_owned());
    let tail = [AuditEntry { number, at: at(102), by, event: AuditEvent::Anchored(said) }];
    let (more, _) = sealed(&tail, newest.link);
    entries.extend(tail);
    seals.extend(more);
    let texts = entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
    (Stored { entries: texts, seals }, anchor)
}

#[tokio::test]
async fn an_entry_that_records_another_anchor_than_was_made_is_found() {
    let (stored, anchor) = announcing(|_| ());
    assert_eq!(verified(&stored, std::slice::from_ref(&anchor)).await.findings, []);
    let found = Finding::NotAnchored { entry: ENTRIES + 1, of: ENTRIES };
    assert_eq!(
        verified(&stored, &[]).await.findings,
        std::slice::from_ref(&found),
        "no anchor says the same"
    );

    let changes: [fn(&mut AnchoredEntry, String); 3] = [
        |said, zeros| said.link = zeros,
        |said, zeros| said.key = zeros,
        |said, zeros| said.signature = zeros,
    ];
    for change in changes {
        let (stored, anchor) = announcing(|said| change(said, "0".repeat(64)));
        assert_eq!(verified(&stored, &[anchor]).await.findings, std::slice::from_ref(&found));
    }
    let (stored, anchor) = announcing(|said| said.entry -= 8);
    let found = Finding::NotAnchored { entry: ENTRIES + 1, of: ENTRIES - 8 };
    assert_eq!(verified(&stored, &[anchor]).await.findings, [found]);
}
