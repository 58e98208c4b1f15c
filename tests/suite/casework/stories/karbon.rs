//! Karbon: demands; an agreement that is accepted and breached (6.1); a restriction; an appeal that quashes
//! it, and lets go of what was held.

use std::sync::Arc;

use contact_gateway::domain::channel::Channel;
use contact_gateway::domain::decision::Disposition;
use contact_gateway::ports::Store;
use serde_json::{Value, json};

use super::teller::{Setting, Story, says, staffed};

/// The policy leaves review and appeal to a procedure that is not published.
fn setting() -> Setting<'static> {
    Setting {
        profile: "karbon-homes.toml",
        chosen: json!({
            "review": {"every_months": 6, "longest_months": 12, "on_overdue": "keep",
                       "anchor": "implementation"},
            "appeal": {
                "window": {"working_days": 20, "from": "letter"},
                "answer": {"working_days": 20, "from": "receipt"},
                "notify": {"working_days": 5, "from": "appeal_decision"},
                "heard_by": "assistant_director_customer_experience", "in_force_during": true
            },
            "letter": {"must_say": ["restrictions", "reasons", "review_date", "how_to_appeal"]},
            "responsible": {"decides": "manager"}, "staffed_hours": staffed()
        }),
        letters: "karbon-homes.en.txt",
        staff: &[("Di Eve", "assistant_director_customer_experience")],
        person: json!({}),
    }
}

fn incident(id: &str, at: &str, what: &str) -> Value {
    json!({
        "act": "record_incident", "id": id, "ground": "demands", "severity": "ordinary",
        "happened_at": at, "channel": "email", "what": what
    })
}

fn proposal() -> Value {
    json!({
        "act": "propose", "id": "PR-1", "incidents": ["I-1", "I-2"], "aim": "Fewer e-mails.",
        "restriction": {"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week",
                        "grounds": "demands", "starts": "2026-03-23"},
        "why_no_lesser": "An agreement was tried and did not hold.",
        "adjustments_considered": {"outcome": "none needed"}
    })
}

/// From the first e-mails to the letter that tells of the restriction.
async fn restricted(story: &mut Story) {
    for number in 1..=4 {
        story.at(&format!("2026-02-02T09:0{number}:00Z"));
        let sent = story.email(&format!("before-{number}"), "Where is my answer?").await;
        assert_eq!(sent.disposition, Disposition::Deliver);
    }
    story.at("2026-02-02T12:00:00Z");
    let daily = incident("I-1", "2026-02-02T09:04:00Z", "Forty e-mails to nine of us in a day.");
    story.step("Ann Bell", daily).await;
    story.steps("Bo Carr", [
        json!({"act": "record_mediation", "step": "considered", "why": "It is about a fence."}),
        json!({"act": "offer_agreement", "id": "G-1", "terms": "One e-mail a day, to one of us.",
               "until": "2026-05-29"}),
    ]).await;
    story.at("2026-02-05T12:00:00Z");
    story
        .step("Bo Carr", json!({"act": "answer_agreement", "agreement": "G-1", "accepted": true}))
        .await;
    assert_eq!(story.diary().await, ["agreement_end G-1 2026-05-29 upcoming"]);

    // While an agreement is kept there is nothing to restrict.
    story.at("2026-03-02T10:00:00Z");
    let again = incident("I-2", "2026-03-02T09:00:00Z", "Thirty e-mails before ten o'clock.");
    story.step("Ann Bell", again).await;
    story.step("Bo Carr", proposal()).await;
    let submit = json!({"act": "submit", "proposal": "PR-1"});
    story.refused("Bo Carr", submit.clone(), &["agreement.missing"]).await;
    story.steps("Bo Carr", [
        json!({"act": "breach_agreement", "agreement": "G-1", "what": "Thirty e-mails in a day."}),
        submit,
    ]).await;
    assert_eq!(story.diary().await, ["agreement_end G-1 2026-05-29 met"]);
    story.at("2026-03-03T10:00:00Z");
    story.step("Cy Dunn", json!({"act": "sign_off", "proposal": "PR-1"})).await;
    let force = json!({"act": "put_in_force", "proposal": "PR-1"});
    story.refused("Cy Dunn", force.clone(), &["letter.missing"]).await;
    let letter = story.letter("L-1", "restriction", "PR-1", "email").await;
    says(
        &letter,
        &[
            "Dear Jo Doe",
            "You can contact us twice a week.",
            "23 March 2026",
            "23 September 2026",
            "Forty e-mails to nine of us in a day.",
            "Thirty e-mails before ten o'clock.",
            "An agreement was tried and did not hold.",
            "within 20 working days",
            "appeals@office.example",
            "Our policy does not allow asking for more than we can do.",
            "mediation",
        ],
    );
    story.step("Cy Dunn", force).await;
}

pub async fn demands_an_agreement_a_restriction_and_an_appeal_that_quashes_it(
    store: Arc<dyn Store>,
) {
    let mut story = Story::begin(store, setting()).await;
    restricted(&mut story).await;
    // Signed, told and put in force on 3 March; it begins on the 23rd.
    story.at("2026-03-04T10:00:00Z");
    assert!(story.in_force().await.is_empty());
    for number in 1..=3 {
        let sent = story.email(&format!("early-{number}"), "The fence again.").await;
        assert_eq!(sent.disposition, Disposition::Deliver);
    }
    let due = ["agreement_end G-1 2026-05-29 met", "review R-1 2026-09-23 upcoming"];
    let kept: Vec<String> = story.diary().await;
    assert!(due.iter().all(|one| kept.iter().any(|it| it == one)), "{kept:?}");

    let told = ["w-1", "w-2", "w-3", "w-4"];
    let mut dispositions = Vec::new();
    for (day, id) in (23..).zip(told) {
        story.at(&format!("2026-03-{day}T10:00:00Z"));
        dispositions.push(story.email(id, "And the fence?").await.disposition);
    }
    let (pass, held) = (Disposition::Deliver, Disposition::Limit);
    assert_eq!(dispositions, [pass, pass, held, held]);
    assert_eq!(story.in_force().await, ["R-1"]);
    let gas = story.email("gas", "There is a gas leak, I can smell gas in the hall.").await;
    assert!(gas.lane().is_some() && gas.goes_on(Channel::Email), "an emergency passes: {gas:?}");

    // An appeal by telephone, in their own words; the policy keeps the restriction meanwhile.
    story.at("2026-03-27T11:00:00Z");
    let appeal = json!({
        "act": "receive_appeal", "id": "A-1", "restriction": "R-1", "channel": "telephone",
        "received_at": "2026-03-27T10:45:00Z", "grounds": ["disproportionate"]
    });
    let received = story.step("Ann Bell", appeal).await;
    assert_eq!(received["made"].get("out_of_time"), None);
    assert_eq!(story.in_force().await, ["R-1"]);
    assert_eq!(story.email("w-5", "And the fence now?").await.disposition, held);
    // 20 working days, over Good Friday and Easter Monday.
    assert!(story.diary().await.contains(&"appeal_answer A-1 2026-04-28 upcoming".to_owned()));
    let hearer = |name: &str| {
        json!({"act": "assign_hearer", "appeal": "A-1", "name": name,
        "role": "assistant_director_customer_experience"})
    };
    story.refused("Bo Carr", hearer("Cy Dunn"), &["hearer.role", "hearer.involved"]).await;
    story.step("Bo Carr", hearer("Di Eve")).await;
    let acknowledged = story.letter("L-2", "appeal_acknowledged", "A-1", "email").await;
    says(&acknowledged, &["27 March 2026", "28 April 2026"]);

    story.at("2026-04-14T15:00:00Z");
    let decide = json!({"act": "decide_appeal", "appeal": "A-1", "outcome": "quashed",
                        "why": "Most of the e-mails answered ours."});
    story.refused("Cy Dunn", decide.clone(), &["appeal.not_hearer"]).await;
    let decided = story.step("Di Eve", decide.clone()).await;
    assert_eq!(decided["released"], json!(["w-3", "w-4", "w-5"]));
    story.refused("Di Eve", decide, &["state.wrong"]).await;
    assert!(story.in_force().await.is_empty());
    for number in 1..=3 {
        let sent = story.email(&format!("after-{number}"), "Thank you.").await;
        assert_eq!(sent.disposition, pass);
    }
    told_of_the_outcome(&mut story).await;
    story.end().await;
}

async fn told_of_the_outcome(story: &mut Story) {
    let notify = json!({"act": "notify_appeal", "appeal": "A-1", "means": "post"});
    story.refused("Di Eve", notify.clone(), &["letter.not_sent"]).await;
    let answer = "appeal_answer A-1 2026-04-28 met".to_owned();
    let notice = |state: &str| format!("appeal_notice A-1 2026-04-21 {state}");
    assert!(story.diary().await.contains(&notice("upcoming")));
    story.at("2026-04-21T09:00:00Z");
    let letter = story.letter("L-3", "appeal_outcome", "A-1", "post").await;
    says(&letter, &["Most of the e-mails answered ours.", "We found that our decision was wrong."]);
    story.step("Di Eve", notify).await;
    let diary = story.diary().await;
    assert!(diary.contains(&answer) && diary.contains(&notice("met")), "{diary:?}");
    assert!(!diary.iter().any(|one| one.starts_with("review")), "{diary:?}");
    let figures = story.figures("2026-01-01", "2026-12-31").await;
    for (name, number) in [
        ("appeals_by_outcome", json!({"quashed": 1})),
        ("appeals_received", json!(1)),
        ("new_restrictions", json!(1)),
        ("ended_restrictions", json!(1)),
        ("restrictions_in_force", json!(0)),
        ("safeguard_hits", json!({"emergency": 1})),
        ("contacts_by_disposition", json!({"deliver": 12, "limit": 3, "route": 1})),
    ] {
        assert_eq!(figures[name], number, "{name}");
    }
}
