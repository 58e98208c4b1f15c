//! A case in the browser, without script: from an incident to a restriction that is quashed.

use chrono::TimeDelta;
use contact_gateway::staff::console::contents;
use hyper::StatusCode;

use super::browsing::{Browsing, Seen};
use crate::office::Office;
use crate::store_contract::servers::until;

/// Who works on the case, each with a session of their own.
pub(super) struct Desk<'a> {
    pub office: &'a Office,
    /// Records.
    pub ann: Browsing<'a>,
    /// Warns and proposes.
    pub bo: Browsing<'a>,
    /// Decides and signs.
    pub cy: Browsing<'a>,
    /// Hears appeals.
    pub di: Browsing<'a>,
}

impl<'a> Desk<'a> {
    pub async fn open(office: &'a Office) -> Desk<'a> {
        Desk {
            office,
            ann: Browsing::signed_in(office, "Ann Hall", "agent").await,
            bo: Browsing::signed_in(office, "Bo Carr", "governance").await,
            cy: Browsing::signed_in(office, "Cy Dunn", "manager").await,
            di: Browsing::signed_in(office, "Di Eve", "senior_member_of_staff").await,
        }
    }
}

/// An office with somebody whom nothing restricts yet.
async fn office() -> Office {
    let office = Office::that_chose();
    let jo = serde_json::json!({
        "id": "P-1", "name": "Jo Doe", "reference": "T-55",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
    });
    let answer = office.put(crate::office::MANAGER, "/api/v1/people/P-1", &jo).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    office.settle("P-1").await;
    office
}

/// Opens a step's page, fills it in and sends it.
pub(super) async fn step(
    who: &mut Browsing<'_>,
    act: &str,
    link: &str,
    fields: &[(&str, &str)],
) -> Seen {
    let path = format!("/people/P-1/steps/{act}");
    let page = who.get(&format!("{path}?{link}")).await;
    assert_eq!(page.status, StatusCode::OK, "{act}: {}", page.text());
    send(who, &path, &page, fields).await
}

/// Sends a form with what it carries along: hidden fields, and boxes that are ticked already.
async fn send(who: &mut Browsing<'_>, path: &str, page: &Seen, fields: &[(&str, &str)]) -> Seen {
    let mut all: Vec<(String, String)> = Vec::new();
    for hidden in page.body.split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = hidden.split_once('"').unwrap();
        let value = rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
        if !matches!(name, "back" | "language") {
            all.push((name.to_owned(), value.to_owned()));
        }
    }
    let inputs = page.body.split("<input ").skip(1).map(|input| input.split('>').next().unwrap());
    for ticked in inputs.filter(|input| input.contains(" checked")) {
        let part = |key: &str| ticked.split(key).nth(1).unwrap().split('"').next().unwrap();
        let (name, value) = (part("name=\""), part("value=\""));
        if fields.iter().all(|(known, _)| *known != name) {
            all.push((name.to_owned(), value.to_owned()));
        }
    }
    all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let all: Vec<(&str, &str)> =
        all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    who.post(path, &all).await
}

const INCIDENT: [(&str, &str); 5] = [
    ("ground", "persistence"),
    ("severity", "ordinary"),
    ("happened_at", "2026-11-23T09:00"),
    ("channel", "telephone"),
    ("what", "Rang 40 times in one morning."),
];

/// As far as a proposal that Bo has written.
pub(super) async fn proposed(desk: &mut Desk<'_>) {
    step(&mut desk.ann, "record_incident", "", &INCIDENT).await.leads();
    let warning = [
        ("incidents", "P-1-I-1"),
        ("kind", "formal"),
        ("medium", "verbal"),
        ("behaviour", "You rang 40 times in one morning."),
        ("must_change", "Ring once a day at most."),
        ("consequences", "We may limit how you contact us."),
    ];
    step(&mut desk.bo, "give_warning", "", &warning).await.leads();
    desk.office.clock.forward(TimeDelta::days(7));
    let again: Vec<(&str, &str)> = INCIDENT
        .into_iter()
        .map(|(name, value)| (name, if name == "happened_at" { "2026-11-30T08:00" } else { value }))
        .collect();
    step(&mut desk.ann, "record_incident", "", &again).await.leads();
    let proposal = [
        ("restriction.grounds", "persistence"),
        ("incidents", "P-1-I-1"),
        ("incidents", "P-1-I-2"),
        ("restriction.limit", "1"),
        ("restriction.per", "week"),
        ("restriction.window", "calendar"),
        ("aim", "Calls that can be answered."),
        ("why_no_lesser", "A warning changed nothing."),
        ("adjustments_considered.outcome", "None are needed."),
    ];
    let made = step(&mut desk.bo, "propose", "kind=contact_quota", &proposal).await;
    assert_eq!(made.leads(), "/people/P-1/proposals/P-1-PR-1?done=propose");
}

const CHECK: &str = "/people/P-1/proposals/P-1-PR-1";

async fn seen_by_intake(office: &Office) {
    let quotas = || async { !previewed(office).await["quotas"].as_array().unwrap().is_empty() };
    until("intake has seen it", quotas).await;
}

#[tokio::test]
async fn a_case_goes_the_whole_way_in_the_browser_and_back() {
    let office = office().await;
    let mut desk = Desk::open(&office).await;
    let empty = desk.ann.get("/people/P-1/case").await;
    assert!(empty.has("Nothing is on this person's case yet"), "{}", empty.text());
    assert!(empty.has("Record an incident") && !empty.has("Propose a restriction"));
    proposed(&mut desk).await;

    // What it would do, by the production decision; what stays open; what is missing.
    let check = desk.bo.get(CHECK).await;
    for text in [
        "1 contact a week",
        "It is not signed off",
        "No letter to the person is drafted",
        "Gets through, once; after that: kept, and the person is notified",
        "an emergency",
        "E-mail, Mon 30 Nov 2026, 09:00–17:00",
        "Calls that can be answered.",
        "No contact of this person is on record",
    ] {
        assert!(check.has(text), "{text}: {}", check.text());
    }
    assert!(!check.has("This does not get through"), "{}", check.text());
    let preview = desk.bo.get(&format!("{CHECK}/letter")).await;
    assert!(preview.has("Dear Jo Doe") && preview.has("appeal"), "{}", preview.text());
    assert!(preview.headers["content-security-policy"].to_str().unwrap().starts_with("sandbox"));

    step(&mut desk.bo, "submit", "of=P-1-PR-1", &[]).await.leads();
    let own = desk.bo.get(CHECK).await;
    assert!(!own.body.contains("steps/sign_off"), "nobody signs their own: {}", own.text());
    step(&mut desk.cy, "sign_off", "of=P-1-PR-1", &[]).await.leads();
    let drafted = step(&mut desk.bo, "draft_letter", "of=P-1-PR-1&kind=restriction", &[]).await;
    assert_eq!(drafted.leads(), "/people/P-1/letters/P-1-L-1?done=draft_letter");
    let sheet = desk.cy.get("/people/P-1/letters/P-1-L-1/page").await.body;
    step(&mut desk.cy, "approve_letter", "of=P-1-L-1", &[]).await.leads();
    // Without an address of its own the organisation says what it did itself.
    let page = desk.ann.get("/people/P-1/steps/send_letter?of=P-1-L-1").await;
    assert!(page.has("Record that a letter was sent") && page.has("It is sent"), "{}", page.text());
    assert!(page.has("attach it to an e-mail") && !page.has("jo@home.example"), "{}", page.text());
    let sent = step(&mut desk.ann, "send_letter", "of=P-1-L-1", &[("means", "post")]).await;
    let page = desk.ann.get(sent.leads()).await;
    assert!(page.has("The letter is recorded as sent.") && !page.has("on its way"));
    let kept = desk.ann.get("/people/P-1/letters/P-1-L-1/page").await.body;
    assert_eq!(kept, sheet, "what is kept is what was read");
    let letter = desk.ann.get("/people/P-1/letters/P-1-L-1").await;
    assert!(letter.has("These are the exact words that were approved"), "{}", letter.text());
    let large = desk.ann.get("/people/P-1/letters/P-1-L-1/large").await;
    assert!(large.body.contains("class=\"large\""));
    let text = desk.ann.get("/people/P-1/letters/P-1-L-1/text").await;
    assert!(text.body.contains("Dear Jo Doe"));
    let ready = desk.bo.get(CHECK).await;
    assert!(ready.has("Nothing is missing"), "{}", ready.text());
    let done = step(&mut desk.bo, "put_in_force", "of=P-1-PR-1", &[]).await;
    let case = desk.bo.get(done.leads()).await;
    assert!(case.has("The restriction is in force") && case.has("in force"), "{}", case.text());

    // Enforced on the next contacts, once intake has seen the change.
    seen_by_intake(&office).await;
    office.mail_at("c-1", "2026-11-30T10:00:00Z").await;
    office.mail_at("c-2", "2026-11-30T10:00:00Z").await;
    let limited = desk.ann.get("/queues/limited").await;
    assert!(limited.has("Limited 1 waiting"), "{}", limited.text());

    // An appeal, heard by somebody who took no part.
    let appeal =
        [("channel", "telephone"), ("received_at", "2026-11-30T10:00"), ("text", "It is unfair.")];
    step(&mut desk.ann, "receive_appeal", "of=P-1-R-1", &appeal).await.leads();
    let hearers = desk.bo.get("/people/P-1/steps/assign_hearer?of=P-1-A-1").await;
    assert!(hearers.has("Di Eve, Senior member of staff") && !hearers.has("Cy Dunn, Manager"));
    step(&mut desk.bo, "assign_hearer", "of=P-1-A-1", &[("name", "Di Eve")]).await.leads();
    let quash = [("outcome", "quashed"), ("why", "One week is too short a time to judge by.")];
    let done = step(&mut desk.di, "decide_appeal", "of=P-1-A-1", &quash).await;
    assert!(done.leads().contains("&released=1"), "{}", done.leads());
    let case = desk.di.get(done.leads()).await;
    assert!(case.has("1 contact that was held was released"), "{}", case.text());
    assert!(case.has("The restriction was quashed") && case.has("quashed"));
    assert_eq!(office.released.done.lock().unwrap().len(), 1);
}

/// What would be decided of a letter of Jo's.
async fn previewed(office: &Office) -> serde_json::Value {
    let letter = crate::office::letter("preview");
    office.post(crate::office::MANAGER, "/api/v1/decisions/preview", &letter).await.json()
}

#[tokio::test]
async fn what_falls_due_names_its_subject_and_no_id() {
    let office = office().await;
    let mut desk = Desk::open(&office).await;
    let terms = [("terms", "One e-mail a week."), ("until", "2027-01-29")];
    step(&mut desk.bo, "offer_agreement", "", &terms).await.leads();
    let case = desk.bo.get("/people/P-1/case").await;
    let row = case.body.split("The agreement ends</a>").nth(1).expect("it falls due");
    assert!(row.starts_with("<span class=\"beside\">Agreement, "), "{row}");
}

#[tokio::test]
async fn refusals_stand_beside_the_fields_with_their_clause_and_what_was_typed_stays() {
    let office = office().await;
    let mut desk = Desk::open(&office).await;
    let wrong = [("ground", "persistence"), ("what", "Rang <40> times.")];
    let page = step(&mut desk.ann, "record_incident", "", &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("<title>Error:"), "{}", page.body);
    for text in [
        "It can't be done yet",
        "Something is missing: How serious was it?",
        "How were you in contact?",
    ] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    assert!(page.body.contains(">Rang &#60;40&#62; times.</textarea>"), "{}", page.body);
    assert!(page.body.contains("<option value=\"persistence\" selected>"));
    assert!(
        page.body.contains("href=\"#f-severity-0\"") && page.body.contains("id=\"f-severity-0\"")
    );
    // All of a policy's rules at once, each with its clause.
    step(&mut desk.ann, "record_incident", "", &INCIDENT).await.leads();
    let hasty = [
        ("restriction.grounds", "persistence"),
        ("incidents", "P-1-I-1"),
        ("restriction.channels", "web_chat"),
    ];
    let made = step(&mut desk.bo, "propose", "kind=channels_only", &hasty).await;
    let check = desk.bo.get(made.leads()).await;
    for text in [
        "No warning came first Clause 8.2",
        "It does not say why nothing lesser would do",
        "No staffed way of contact would stay open",
        "It does not give the result of considering adjustments",
    ] {
        assert!(check.has(text), "{text}: {}", check.text());
    }
    assert!(!check.body.contains("steps/submit"), "it can't be sent as it is");
    let sent = step(&mut desk.bo, "submit", "of=P-1-PR-1", &[]).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(sent.has("No warning came first"), "{}", sent.text());
    // Changed, it keeps its id and what it said.
    let page = desk.bo.get("/people/P-1/steps/propose?proposal=P-1-PR-1").await;
    assert!(page.body.contains("value=\"web_chat\" checked"), "{}", page.body);
    let better = [
        ("restriction.grounds", "persistence"),
        ("incidents", "P-1-I-1"),
        ("restriction.channels", "letter"),
        ("why_no_lesser", "Nothing lesser."),
    ];
    let made = send(&mut desk.bo, "/people/P-1/steps/propose", &page, &better).await;
    let check = desk.bo.get(made.leads()).await;
    assert!(made.leads().starts_with(CHECK), "{}", made.leads());
    assert!(
        check.has("Contact by letter only") && !check.has("No staffed way"),
        "{}",
        check.text()
    );
}

#[tokio::test]
async fn what_changed_meanwhile_is_shown_and_a_second_press_acts_once() {
    let office = office().await;
    let mut desk = Desk::open(&office).await;
    let path = "/people/P-1/steps/record_incident";
    let page = desk.ann.get(path).await;
    step(&mut desk.bo, "record_incident", "", &INCIDENT).await.leads();
    let late = send(&mut desk.ann, path, &page, &INCIDENT).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.has("The case changed while you had it open"), "{}", late.text());
    assert!(late.has("Recorded an incident Bo Carr, Mon 23 Nov, 10:00"), "{}", late.text());
    assert!(late.body.contains(">Rang 40 times in one morning.</textarea>"));
    // Sent again, on what the page shows now; then pressed twice.
    send(&mut desk.ann, path, &late, &INCIDENT).await.leads();
    let twice = send(&mut desk.ann, path, &late, &INCIDENT).await;
    let case = desk.ann.get(twice.leads()).await;
    assert!(case.has("The incident is recorded"), "{}", case.text());
    assert!(case.has("Incidents 2"), "{}", case.text());
}

#[tokio::test]
async fn whoever_signs_for_others_reads_why_not_for_themselves() {
    let office = office().await;
    let mut desk = Desk::open(&office).await;
    let Desk { bo, cy, .. } = &mut desk;
    std::mem::swap(bo, cy);
    proposed(&mut desk).await;
    step(&mut desk.bo, "submit", "of=P-1-PR-1", &[]).await.leads();
    let own = desk.bo.get(CHECK).await;
    assert!(!own.body.contains("steps/sign_off"), "{}", own.text());
    let why = "You can't do this: The person who proposed it can't sign it off as well. Ask a colleague to sign it.";
    assert!(own.has(why), "{}", own.text());
}

#[tokio::test]
async fn every_steps_page_opens_in_both_languages_for_whoever_may_take_it() {
    let office = office().await;
    let mut desk = Desk::open(&office).await;
    proposed(&mut desk).await;
    let mut opened = 0;
    for entry in contents().iter().filter(|entry| entry.path.contains("/steps/")) {
        if entry.method != "GET" {
            continue;
        }
        let path =
            format!("{}?of=P-1-PR-1&kind=restriction", entry.path.replace("{person}", "P-1"));
        for (tag, language) in [("en", "en-GB"), ("cy", "cy-GB")] {
            desk.cy.cookies.insert("language".to_owned(), tag.to_owned());
            let page = desk.cy.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text());
            assert!(page.body.contains(&format!("<html lang=\"{language}\">")));
            opened += 1;
        }
    }
    assert_eq!(opened, 66);
}
