//! The wording of letters edited in the console, without script: tried, saved, refused, put back; and letters by it.

use contact_gateway::domain::language::Language;
use contact_gateway::domain::letter::Templates;
use hyper::StatusCode;
use serde_json::json;

use super::browsing::{Browsing, Seen};
use super::cases::{Desk, proposed, step};
use crate::office::{MANAGER, Office};

const ENGLISH: &str = "/settings/templates/en";

fn own(sentence: &str) -> String {
    format!("{}\n{sentence}\n", Templates::default().of(Language::English).source())
}

/// Posts the form of a page with another text.
async fn post(who: &mut Browsing<'_>, page: &Seen, verb: &str, source: &str) -> Seen {
    let (tag, edition) = (page.field("tag"), page.field("edition"));
    let fields = [
        ("tag", tag.as_str()),
        ("edition", edition.as_str()),
        ("source", source),
        ("sample", "3"),
        ("verb", verb),
    ];
    who.post(ENGLISH, &fields).await
}

async fn save(who: &mut Browsing<'_>, source: &str) {
    let page = who.get(ENGLISH).await;
    assert_eq!(post(who, &page, "save", source).await.leads(), "/settings/templates/en?done=saved");
}

#[tokio::test]
async fn a_wording_is_tried_saved_listed_and_put_back() {
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let page = mia.get("/settings/templates").await;
    assert!(page.has("comes with the gateway") && page.has("Edit the wording"), "{}", page.text());
    let form = mia.get(ENGLISH).await;
    assert!(form.body.contains("{{ section }}") && form.has("how_to_appeal"), "{}", form.text());

    let source = own("We are here to help.");
    let tried = post(&mut mia, &form, "try", &source).await;
    assert_eq!(tried.status, StatusCode::OK);
    for text in ["Nothing is missing", "Preview", "Open in large print"] {
        assert!(tried.has(text), "{text}: {}", tried.text());
    }
    let fields = [("source", source.as_str()), ("sample", "3"), ("size", "large")];
    let sheet = mia.post(&format!("{ENGLISH}/preview"), &fields).await;
    assert_eq!(sheet.status, StatusCode::OK);
    assert!(sheet.body.contains("<body class=\"large\">") && sheet.has("to help."));
    let policy = sheet.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox;"), "{policy}");
    // So far nothing was saved.
    assert!(mia.get(ENGLISH).await.has("Wording now: comes with the gateway"));

    let saved = post(&mut mia, &form, "save", &source).await;
    let page = mia.get(saved.leads()).await;
    for text in
        ["The wording is saved.", "edited by Mia Lund, Mon 23 Nov, 10:00", "Wordings so far"]
    {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    assert!(mia.get("/settings/templates").await.has("edited by Mia Lund"));
    assert!(mia.get("/settings/templates/sample").await.has("to help."));

    let back = post(&mut mia, &page, "configured", "").await;
    assert_eq!(back.leads(), "/settings/templates/en?done=configured");
    let page = mia.get(back.leads()).await;
    assert!(page.has("Letters have the configured wording again."), "{}", page.text());
    assert!(page.has("Wording now: comes with the gateway"), "{}", page.text());
    assert!(!mia.get("/settings/templates/sample").await.has("to help."));
    // An earlier one can be taken up again.
    let earlier = mia.get(&format!("{ENGLISH}?edition=1")).await;
    assert!(earlier.has("The form has the text of edition 1."), "{}", earlier.text());
    assert!(earlier.body.contains("to help."));
    post(&mut mia, &earlier, "save", &source).await.leads();
    for none in ["?edition=2", "?edition=9"] {
        let none = mia.get(&format!("{ENGLISH}{none}")).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(mia.get("/settings/templates/fr").await.status, StatusCode::NOT_FOUND);
    let trail = mia.get("/audit").await;
    for text in [
        "Edited the wording of letters in English",
        "Went back to the configured wording of letters",
    ] {
        assert!(trail.has(text), "{text}: {}", trail.text());
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_with_clause_or_line_and_what_was_typed_stays() {
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let form = mia.get(ENGLISH).await;
    let lacking = "# {{ title }}\n\n{{ parts.opening }} Typed by Mia.\n";
    for (verb, status) in [("save", StatusCode::UNPROCESSABLE_ENTITY), ("try", StatusCode::OK)] {
        let page = post(&mut mia, &form, verb, lacking).await;
        assert_eq!(page.status, status);
        for text in ["Letters would lack parts", "How to appeal Clause 8.7"] {
            assert!(page.has(text), "{verb}: {text}: {}", page.text());
        }
        let code = "<code>{{ parts.how_to_appeal }}</code>";
        assert_eq!(page.body.matches(code).count(), 1, "{verb}: {}", page.body);
        assert_eq!(page.body.matches("To insert a part").count(), 1, "{verb}: {}", page.body);
        assert!(page.body.contains("Typed by Mia."), "{}", page.body);
    }
    for (source, texts) in [
        (
            "# {{ title }}\n\n{{ parts.misspelt }}\n",
            ["Line 3: {{ parts.misspelt }}", "use the names listed on this page"],
        ),
        ("# {{ title }}\n\n{% set x = 1 %}\n", ["Line 3: {% set x = 1 %}", "one loop at a time"]),
        ("No title.\n", ["The template can't be followed.", "exactly one title"]),
    ] {
        for verb in ["save", "try"] {
            let page = post(&mut mia, &form, verb, source).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text());
            assert!(page.body.contains("<title>Error:"), "{}", page.body);
            for text in texts {
                assert!(page.has(text), "{verb}: {text}: {}", page.text());
            }
        }
    }
    assert!(mia.get(ENGLISH).await.has("Wording now: comes with the gateway"));
    mia.post("/account/preferences", &[("language", "cy"), ("keys", "on")]).await;
    let page = post(&mut mia, &form, "save", lacking).await;
    assert!(page.has("Byddai llythyrau heb"), "{}", page.text());
    assert!(page.has("Sut i apelio") && !page.has("How to appeal"), "{}", page.text());
}

#[tokio::test]
async fn the_second_of_two_writers_keeps_their_text_and_sees_what_changed() {
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let mut bo = Browsing::signed_in(&office, "Bo Carr", "manager").await;
    let form = mia.get(ENGLISH).await;
    save(&mut bo, &own("Written by Bo.")).await;
    // A fault does not hide that somebody else saved one meanwhile.
    let wrong = post(&mut mia, &form, "try", "No title.").await;
    let page = post(&mut mia, &wrong, "save", &own("Written by Mia.")).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.text());
    for text in ["Somebody else changed this wording", "edited by Bo Carr", "Written by Bo."] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    let typed = page.body.split("<textarea").nth(1).unwrap().split("</textarea>").next().unwrap();
    assert!(typed.contains("Written by Mia.") && !typed.contains("Written by Bo."), "{typed}");
    assert!(bo.get(ENGLISH).await.body.contains("Written by Bo."));
    // Now the form is based on what the page shows.
    post(&mut mia, &page, "save", &own("Written by Mia, after Bo.")).await.leads();
    let refused = post(&mut bo, &form, "configured", "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.has("Written by Mia, after Bo."), "{}", refused.text());
}

#[tokio::test]
async fn letters_are_written_by_it_and_those_that_were_approved_stay_as_they_are() {
    const LETTER: &str = "/people/P-1/letters/P-1-L-1";
    let office = Office::that_chose();
    let jo = json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
    });
    let answer = office.put(MANAGER, "/api/v1/people/P-1", &jo).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let mut desk = Desk::open(&office).await;
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    proposed(&mut desk).await;
    step(&mut desk.bo, "submit", "of=P-1-PR-1", &[]).await.leads();
    step(&mut desk.cy, "sign_off", "of=P-1-PR-1", &[]).await.leads();

    save(&mut mia, &own("We are here to help.")).await;
    let preview = desk.bo.get("/people/P-1/proposals/P-1-PR-1/letter").await;
    assert!(preview.has("We are here to help."), "{}", preview.text());
    step(&mut desk.bo, "draft_letter", "of=P-1-PR-1&kind=restriction", &[]).await.leads();
    assert!(desk.bo.get(&format!("{LETTER}/page")).await.has("We are here to help."));
    step(&mut desk.cy, "approve_letter", "of=P-1-L-1", &[]).await.leads();
    let case = office.get(MANAGER, "/api/v1/people/P-1/case").await.json();
    let version = case["letters"][0]["approval"]["template"].as_str().unwrap().to_owned();
    assert!(version.starts_with("edited.en.1 "), "{version}");

    let before = desk.bo.get(&format!("{LETTER}/page")).await;
    save(&mut mia, &own("We are here on weekdays.")).await;
    let after = desk.bo.get(&format!("{LETTER}/page")).await;
    assert_eq!(before.body, after.body);
    // Its other forms keep the wording that it was approved in.
    let large = desk.bo.get(&format!("{LETTER}/large")).await;
    assert_eq!(large.status, StatusCode::OK);
    assert!(large.has("We are here to help.") && !large.has("weekdays"), "{}", large.text());
    step(&mut desk.ann, "send_letter", "of=P-1-L-1", &[("means", "post")]).await.leads();
    let sent = desk.bo.get(&format!("{LETTER}/page")).await;
    assert_eq!(before.body, sent.body);

    step(&mut desk.bo, "draft_letter", "of=P-1-PR-1&kind=restriction", &[]).await.leads();
    let second = desk.bo.get("/people/P-1/letters/P-1-L-2/page").await;
    assert!(second.has("We are here on weekdays."), "{}", second.text());
}
