//! A day at the desk: taking, reading, releasing, two people at one item.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use hyper::StatusCode;

use super::browsing::{Browsing, Seen};
use crate::office::{AGENT, GOVERNANCE, Office};

/// Limited items of one person: `c-2`, `c-3` and so on.
async fn office_with(items: usize) -> Office {
    let office = Office::with_person().await;
    for number in 1..=items + 1 {
        office.mail(&format!("c-{number}")).await;
    }
    office
}

async fn act(browsing: &mut Browsing<'_>, page: &Seen, item: &str, verb: &str, text: &str) -> Seen {
    let (was, press) = (page.field("was"), page.field("press"));
    let fields = [
        ("press", press.as_str()),
        ("was", was.as_str()),
        ("from", "/queues/limited"),
        ("verb", verb),
        ("text", text),
    ];
    browsing.post(&format!("/items/{item}"), &fields).await
}

#[tokio::test]
async fn a_row_says_who_how_why_by_which_clause_and_until_when() {
    let office = office_with(1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = ann.get("/queues/limited").await;
    for text in [
        "Limited 1 waiting",
        "Jo Doe",
        "E-mail: Again",
        "The limit of 1 contact a week (Monday to Sunday) is used up",
        "clause 8.3",
        "Review due: Sat 1 May 2027",
        "Mon 23 Nov, 10:00",
        "waiting 0 minutes",
    ] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    // No code reaches the page.
    for code in ["contact_quota", "snake_case", "c-2 "] {
        assert!(!page.text().contains(code), "{code}");
    }
    // In Welsh too, with nothing left in English.
    ann.cookies.insert("language".to_owned(), "cy".to_owned());
    for path in ["/queues/limited", "/items/c-2"] {
        let page = ann.get(path).await;
        for text in ["Mae'r terfyn wedi'i ddefnyddio: 1 cysylltiad yr wythnos", "cymal 8.3"] {
            assert!(page.has(text), "{text}: {}", page.text());
        }
        assert!(!page.body.contains("lang=\"en\""), "{path}: {}", page.body);
    }
    ann.cookies.remove("language");
    // The same address shows a colleague the same.
    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    let all = "/queues/limited?state=all&channel=email";
    let (hers, his) = (ann.get(all).await, bob.get(all).await);
    let without = |page: &Seen, name: &str, login: &str| {
        let body = page.body.replace(name, "X").replace(login, "x");
        body.replace(&page.field("press"), "a key")
    };
    assert_eq!(without(&hers, "Ann Hall", "ann.hall"), without(&his, "Bob Reed", "bob.reed"));
}

#[tokio::test]
async fn take_the_next_gives_two_people_two_items_oldest_first() {
    let office = office_with(2).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    let (hers, his) =
        tokio::join!(ann.post("/queues/limited/take", &[]), bob.post("/queues/limited/take", &[]));
    let mut got: Vec<String> =
        [&hers, &his].iter().map(|one| one.leads().split('?').next().unwrap().to_owned()).collect();
    got.sort();
    assert_eq!(got, ["/items/c-2", "/items/c-3"]);
    let none = ann.post("/queues/limited/take", &[]).await;
    assert_eq!(none.leads(), "/queues/limited?done=none");
    assert!(ann.get("/queues/limited?done=none").await.has("Nothing was left to take"));
    assert!(ann.get("/").await.has("In my name 1"));
}

#[tokio::test]
async fn looking_claims_nothing_and_a_second_claim_says_who_has_it() {
    let office = office_with(1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    let seen = bob.get("/items/c-2").await;
    let page = ann.get("/items/c-2").await;
    assert!(page.has("Take this item"));
    assert_eq!(office.get(AGENT, "/api/v1/queues/limited/c-2").await.json()["state"], "open");
    assert!(act(&mut ann, &page, "c-2", "take", "").await.leads().contains("done=take"));
    // Bob's page is from before.
    let late = act(&mut bob, &seen, "c-2", "take", "I rang them").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.has("This item changed while you had it open"), "{}", late.text());
    assert!(late.has("Ann Hall has had this item since Mon 23 Nov, 10:00"), "{}", late.text());
    assert!(late.body.contains(">I rang them</textarea>"));
    assert!(!late.body.contains("value=\"take\"") && !late.body.contains("value=\"close\""));
    // A note is still his to write.
    assert!(act(&mut bob, &late, "c-2", "note", "I rang them").await.leads().contains("done=note"));
    // Put back, anybody can take it.
    let mine = ann.get("/items/c-2").await;
    assert!(mine.has("You have this item") && mine.has("I rang them"));
    act(&mut ann, &mine, "c-2", "put_back", "").await;
    let free = bob.get("/items/c-2").await;
    assert!(act(&mut bob, &free, "c-2", "take", "").await.leads().contains("done=take"));
}

#[tokio::test]
async fn a_release_is_asked_about_and_delivers_once_however_often_it_is_pressed() {
    let office = office_with(1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = ann.get("/items/c-2").await;
    let asked = act(&mut ann, &page, "c-2", "release", "They are right").await;
    let confirm = asked.leads().to_owned();
    assert!(confirm.starts_with("/items/c-2/confirm/release"), "{confirm}");
    let first = ann.get(&confirm).await;
    assert!(first.has("Release this message?") && first.has("repairs@tuntum.example"));
    assert!(first.has("This can't be undone"));
    assert!(office.released.done.lock().unwrap().is_empty(), "nothing before it was confirmed");
    let (was, press) = (first.field("was"), first.field("press"));
    let fields = [
        ("press", press.as_str()),
        ("was", was.as_str()),
        ("verb", "release"),
        ("sure", "yes"),
        ("from", "/"),
    ];
    let done = ann.post("/items/c-2", &fields).await;
    assert!(done.leads().contains("done=release"), "{}", done.body);
    let again = ann.post("/items/c-2", &fields).await;
    let page = ann.get(again.leads()).await;
    assert!(page.has("Released. The mail server has taken it."), "{}", page.text());
    assert_eq!(office.released.done.lock().unwrap().len(), 1);
    assert!(page.has("They are right"), "the note was kept");
}

#[tokio::test]
async fn a_note_is_kept_although_the_verb_fails() {
    let office = office_with(1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    office.released.is_away.store(true, Ordering::SeqCst);
    let page = ann.get("/items/c-2").await;
    let was = page.field("was");
    let fields = [
        ("was", was.as_str()),
        ("verb", "release"),
        ("sure", "yes"),
        ("from", "/"),
        ("text", "Asked by telephone"),
    ];
    let failed = ann.post("/items/c-2", &fields).await;
    assert_eq!(failed.status, StatusCode::CONFLICT);
    assert!(failed.has("The mail server did not take it"), "{}", failed.text());
    assert!(failed.has("Your note was saved") && failed.has("Asked by telephone"));
}

#[tokio::test]
async fn a_second_press_acts_once_and_what_was_typed_since_stays() {
    let office = office_with(1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = ann.get("/items/c-2").await;
    for _ in 0..2 {
        let done = act(&mut ann, &page, "c-2", "note", "I rang them").await;
        assert!(done.leads().contains("done=note"), "{}", done.body);
    }
    let page = ann.get("/items/c-2").await;
    assert_eq!(page.body.matches("I rang them").count(), 1, "{}", page.text());
    for verb in ["take", "read", "close"] {
        let page = ann.get("/items/c-2").await;
        for _ in 0..2 {
            let done = act(&mut ann, &page, "c-2", verb, verb).await;
            assert!(done.leads().contains(&format!("done={verb}")), "{verb}: {}", done.body);
        }
        // Typed in another tab, it is on no record yet.
        let other = act(&mut ann, &page, "c-2", verb, "Somebody is at home").await;
        assert_eq!(other.status, StatusCode::CONFLICT, "{verb}");
        assert!(other.body.contains(">Somebody is at home</textarea>"), "{verb}: {}", other.body);
    }
    let item = office.get(AGENT, "/api/v1/queues/limited/c-2").await.json();
    let notes = item["notes"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap());
    assert_eq!(notes.collect::<Vec<_>>(), ["I rang them", "take", "read", "close"]);
    assert_eq!(item["state"], "closed");
    assert_eq!(item["done_by"], "Ann Hall");
    // Whoever opens it, or the list of what is done, reads by whom.
    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    assert!(bob.get("/items/c-2").await.has("Closed by Ann Hall, "));
    assert!(bob.get("/queues/limited?state=done").await.has("Closed by Ann Hall, "));
    assert!(bob.get("/people/P-1?tab=timeline").await.has("Closed an item: E-mail, "));
}

#[tokio::test]
async fn an_incident_is_offered_contacts_by_what_they_were_about() {
    let office = office_with(1).await;
    office.clock.forward(TimeDelta::minutes(1));
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = ann.get("/people/P-1/steps/record_incident").await;
    assert!(page.has(": E-mail – Again"), "{}", page.text());
}

#[tokio::test]
async fn a_call_that_was_not_put_through_is_said_to_be_one() {
    let office = office_with(1).await;
    let call = serde_json::json!({
        "id": "call-1", "channel": "telephone",
        "from": [{"kind": "phone", "value": "0115 496 0123"}],
    });
    let logged = office.post(AGENT, "/api/v1/contacts", &call).await;
    assert!(logged.status.is_success(), "{logged:?}");
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = ann.get("/items/call-1").await;
    for said in ["The call was not put through, and the caller heard why", "It was a call."] {
        assert!(page.has(said), "{said}: {}", page.text());
    }
    assert!(!page.has("The original was not kept"), "{}", page.text());
}

#[tokio::test]
async fn several_at_once_have_a_result_each() {
    let office = office_with(3).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    let page = bob.get("/items/c-3").await;
    act(&mut bob, &page, "c-3", "take", "").await;
    let none = ann.post("/queues/limited/bulk", &[("verb", "close")]).await;
    assert!(none.has("Select an item first") && none.body.contains("<title>Error: Limited"));
    let fields = [("verb", "close"), ("item", "c-2"), ("item", "c-3"), ("item", "c-4")];
    let page = ann.post("/queues/limited/bulk", &fields).await;
    // What failed is still selected.
    assert!(
        page.body.contains("value=\"c-3\" checked") && page.body.matches(" checked>").count() == 1
    );
    assert!(page.body.contains("<title>Error: Limited"), "one was not done");
    assert!(page.has(": closed") && page.has(": Somebody else has taken this item"));
    assert!(page.has("Limited 1 waiting"), "{}", page.text());
    // What is done is not offered to be done again.
    let done = ann.get("/queues/limited?state=done").await;
    assert!(done.has("Jo Doe") && !done.body.contains("type=\"checkbox\""), "{}", done.text());
}

#[tokio::test]
async fn pages_follow_by_key_and_an_item_leads_back_to_its_row() {
    let office = office_with(60).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let first = ann.get("/queues/limited").await;
    assert_eq!(first.body.matches("class=\"row-link\"").count(), 50);
    let next = first.body.split("rel=\"next\"").next().unwrap();
    let next = next.rsplit("href=\"").next().unwrap().split('"').next().unwrap();
    let next = next.replace("&#38;", "&").replace("&amp;", "&");
    assert!(next.contains("after="), "{next}");
    let second = ann.get(&next).await;
    assert_eq!(second.body.matches("class=\"row-link\"").count(), 10);
    assert!(second.body.contains("First page"));
    let row = second.body.split("<a class=\"row-link\" id=\"").nth(1).unwrap();
    let anchor = row.split('"').next().unwrap();
    let href = row.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let item = ann.get(&href.replace("&#38;", "&").replace("&amp;", "&")).await;
    let back = format!("{next}#{anchor}").replace('&', "&#38;");
    assert!(item.body.contains(&format!("href=\"{back}\"")), "{back}: {}", item.body);
}

#[tokio::test]
async fn an_empty_queue_names_the_next_that_is_not() {
    let office = office_with(1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = ann.get("/items/c-2").await;
    act(&mut ann, &page, "c-2", "file", "").await;
    // Filed, it is done: it waits for nobody.
    let page = ann.get("/queues/limited").await;
    assert!(page.has("This queue is empty"), "{}", page.text());
    assert!(ann.get("/").await.has("Nothing is waiting for anybody"));
    assert_eq!(ann.get("/queues/no-such").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_opened_what_and_because_of_what_is_on_the_trail() {
    let office = office_with(1).await;
    let mut max = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    max.get("/items/c-2").await;
    max.get("/people/P-1?because=c-2").await;
    max.get("/items/c-2/original").await;
    let trail = office.get(GOVERNANCE, "/api/v1/audit").await.json();
    let looked: Vec<_> = trail["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["event"] == "looked")
        .map(|entry| (entry["looked_at"].as_str().unwrap(), entry["because"].as_str()))
        .collect();
    assert_eq!(looked, [("item", None), ("person", Some("c-2")), ("original", Some("c-2"))]);
    let page = max.get("/audit?by=Mia+Lund").await;
    assert!(page.has("Opened the record P-1") && page.has("Opened an original"), "{}", page.text());
    // The item, the person because of it, and the original: each leads to the item.
    assert_eq!(page.body.matches("href=\"/items/c-2?").count(), 3, "{}", page.body);
    let about = max.get("/audit?person=P-1").await;
    assert!(about.has("Made the record P-1"), "{}", about.text());
    assert!(!about.has("Signed in"));
    let timeline = max.get("/people/P-1?tab=timeline").await;
    let kept = "E-mail: kept, and the sender notified (the limit is used up)";
    assert!(timeline.has(kept) && timeline.has("Put this person on record"), "{}", timeline.text());
    assert!(timeline.body.contains(": Timeline – "), "{}", timeline.body);
    // Their restrictions lead to where they are worked on.
    let person = max.get("/people/P-1").await;
    assert!(person.body.contains("href=\"/people/P-1/case?tab=case#restrictions\""));
    assert!(person.body.contains("href=\"/people/P-1/steps/propose?of=\""), "{}", person.body);
}

#[tokio::test]
async fn people_are_found_and_shown_with_what_restricts_them() {
    let office = office_with(0).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    for asked in ["doe", "JO", "0115 4960123", "home.example", "P-1"] {
        let page = ann.get(&format!("/people?q={}", asked.replace(' ', "+"))).await;
        assert!(page.has("1 contact a week"), "{asked}: {}", page.text());
    }
    assert!(ann.get("/people?q=nobody").await.has("Nobody on record fits that"));
    let page = ann.get("/people/P-1").await;
    for text in ["Jo Doe", "1 contact a week", "In force", "8.3", "Sat 1 May 2027", "Max Manager"] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    // Whether it is in force is said once, in one word.
    assert!(!page.has(" active "), "{}", page.text());
    let known_by = ann.get("/people/P-1?tab=identifiers").await;
    assert!(
        known_by.has("jo@home.example") && known_by.has("0115 496 0123"),
        "{}",
        known_by.text()
    );
    assert!(ann.get("/people/P-1?tab=record").await.has("contact_quota"));
    assert_eq!(ann.get("/people/P-9").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_original_is_text_a_download_and_a_shut_frame() {
    let office = office_with(1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = ann.get("/items/c-2/original").await;
    assert!(page.has("jo@home.example") && page.has("The same."), "{}", page.text());
    assert!(!page.body.contains("<iframe"), "text is the default");
    let file = ann.get("/items/c-2/original/download").await;
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"c-2.eml\"");
    assert_eq!(file.headers["content-type"], "application/octet-stream");
    // This one has no HTML.
    assert_eq!(ann.get("/items/c-2/original/html").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_written_is_given_back_whatever_went_wrong_and_no_password() {
    let office = office_with(1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let note = [("verb", "note"), ("text", "Rang them twice")];
    let gone = ann.post("/items/c-9?draft=0a1b", &note).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.body.contains(">Rang them twice</textarea>"), "{}", gone.body);
    assert!(!ann.cookies.contains_key("kept"), "nothing was carried out");
    // What was carried out is named, so that the browser lets go of it.
    ann.post("/items/c-2?draft=0a1b", &note).await.leads();
    assert_eq!(ann.cookies["kept"], "0a1b");
    let out = ann.post("/sign-out", &[]).await;
    assert_eq!(out.headers["clear-site-data"], "\"storage\"");
    let secret = [
        ("old", "quiet lamps mend fences"),
        ("password", "other words of mine"),
        ("again", "other words of mine"),
        ("text", "and this"),
    ];
    let ended = ann.post("/account/password", &secret).await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    assert!(ended.body.contains(">and this</textarea>"), "{}", ended.body);
    assert!(!ended.body.contains("lamps") && !ended.body.contains("other words"));
}
