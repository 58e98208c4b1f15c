//! United Welsh: all contact is ended after threats (5.6, 6.1), by two managers; rights and emergencies get
//! through; a new issue is decided on by a Head of Service or a Director (10.1) and engaged with.

use std::sync::Arc;

use contact_gateway::domain::channel::Channel;
use contact_gateway::domain::decision::{Decision, Disposition};
use contact_gateway::ports::Store;
use serde_json::{Value, json};

use super::teller::{Setting, Story, says, staffed};

fn setting() -> Setting<'static> {
    Setting {
        profile: "united-welsh.toml",
        chosen: json!({
            "review": {"longest_months": 12, "on_overdue": "keep", "anchor": "decision"},
            "appeal": {"in_force_during": true}, "read_within_working_days": 5,
            "staffed_hours": staffed()
        }),
        letters: "united-welsh.en.txt",
        staff: &[("Di Eve", "head_of_service"), ("Ed Fox", "director"), ("Gil Hay", "manager")],
        person: json!({
            "language": "cy", "adjustments": [{"id": "J-1", "kind": "large_print"}]
        }),
    }
}

async fn ended(story: &mut Story) {
    story.at("2026-02-02T10:00:00Z");
    assert_eq!(story.email("c-1", "Where is the plumber?").await.disposition, Disposition::Deliver);
    story
        .step(
            "Ann Bell",
            json!({
                "act": "record_incident", "id": "I-1", "ground": "threats", "severity": "severe",
                "happened_at": "2026-02-02T09:30:00Z", "channel": "telephone",
                "what": "You said that you would wait for us after work.", "told": ["police"]
            }),
        )
        .await;
    story.at("2026-02-03T10:00:00Z");
    let proposal = json!({
        "act": "propose", "id": "PR-1", "incidents": ["I-1"], "aim": "Our staff are safe.",
        "restriction": {"id": "R-1", "kind": "contact_ended", "grounds": "threats",
                        "starts": "2026-02-04", "review_due": "2026-08-03"},
        "why_no_lesser": "You know where three of us live.",
        "adjustments_considered": {"outcome": "large print"},
        "exceptions": [
            {"exception": "contact_ended", "justification": "The threats name three of us."},
            {"exception": "no_warning", "justification": "A warning would put them at risk."}
        ]
    });
    story.step("Bo Carr", proposal).await;
    story.step("Bo Carr", json!({"act": "submit", "proposal": "PR-1"})).await;
    let sign = |exception: Value| match exception {
        Value::Null => json!({"act": "sign_off", "proposal": "PR-1"}),
        exception => json!({"act": "sign_off", "proposal": "PR-1", "exception": exception}),
    };
    story.step("Cy Dunn", sign(Value::Null)).await;
    story.step("Fi Gow", sign(json!("contact_ended"))).await;
    let both = story.refused("Fi Gow", sign(json!("no_warning")), &["exception.unsigned"]).await;
    assert!(both[0]["what"].as_str().unwrap().contains("two need two people"), "{both}");
    story.step("Gil Hay", sign(json!("no_warning"))).await;

    // Nobody has approved the Welsh wording: it can't go. English can, in large print.
    let mut draft = json!({"act": "draft_letter", "id": "L-1", "kind": "contact_ended",
                           "for": "PR-1"});
    let made = story.step("Bo Carr", draft.clone()).await["made"].clone();
    assert_eq!(
        (&made["language"], &made["format"], &made["unreviewed"]),
        (&json!("cy"), &json!("large_print"), &json!(true))
    );
    story.step("Fi Gow", json!({"act": "approve_letter", "letter": "L-1"})).await;
    let send = json!({"act": "send_letter", "letter": "L-1", "means": "post"});
    story.refused("Ann Bell", send, &["letter.not_reviewed"]).await;
    let force = json!({"act": "put_in_force", "proposal": "PR-1"});
    story.refused("Cy Dunn", force.clone(), &["letter.not_sent"]).await;
    draft["language"] = json!("en");
    let letter = story.letter_as(draft, "post").await;
    says(
        &letter,
        &[
            "3 August 2026",
            "You said that you would wait for us after work.",
            "You know where three of us live.",
            "within 10 working days",
            "ask for the information we hold about you",
            "call 999",
            "Public Services Ombudsman for Wales",
        ],
    );
    story.step("Cy Dunn", force).await;
}

fn queue(decision: &Decision) -> Option<&str> {
    decision.route.as_ref().map(|route| route.queue.as_str())
}

async fn about(story: &mut Story, id: &str, issue: &str, text: &str) -> Decision {
    story
        .contact(json!({
            "id": id, "channel": "email", "issue": issue, "text": text,
            "from": [{"kind": "email", "value": "jo@home.example"}]
        }))
        .await
}

pub async fn contact_is_ended_and_a_new_issue_engaged_with(store: Arc<dyn Store>) {
    let mut story = Story::begin(store, setting()).await;
    ended(&mut story).await;
    story.at("2026-02-10T10:00:00Z");
    assert_eq!(story.in_force().await, ["R-1"]);
    // What can't be switched off: the information that is held, and emergencies.
    let asked = story.email("sar", "I want a copy of all the personal data you hold on me.").await;
    assert!(asked.lane().is_some() && asked.goes_on(Channel::Email), "{asked:?}");
    let gas = story.email("gas", "There is a gas leak, I can smell gas in the hall.").await;
    assert!(gas.lane().is_some() && gas.goes_on(Channel::Email), "{gas:?}");

    let damp = about(&mut story, "c-2", "C-77", "There is damp in the bedroom.").await;
    assert_eq!((damp.disposition, queue(&damp)), (Disposition::Route, Some("head-of-service")));
    let fence = about(&mut story, "c-3", "C-78", "The fence is down.").await;
    assert_eq!(fence.disposition, Disposition::Route);
    let engagement = |id: &str, state: &str| format!("engagement {id} 2026-02-11 {state}");
    let diary = story.diary().await;
    assert!(diary.contains(&engagement("c-2", "upcoming")), "{diary:?}");
    story.at("2026-02-11T10:00:00Z");
    let decide = |id: &str, engage: bool| {
        json!({"act": "decide_engagement", "item": id,
                                                 "engage": engage, "why": "Damp is ours to mend."})
    };
    story.refused("Cy Dunn", decide("c-2", true), &["role.not_allowed"]).await;
    let engaged = story.step("Di Eve", decide("c-2", true)).await;
    assert_eq!(engaged["released"], json!(["c-2"]));
    story.refused("Ed Fox", decide("c-2", true), &["state.wrong"]).await;
    // The other is forgotten until the day after: the diary says so.
    story.at("2026-02-12T10:00:00Z");
    let diary = story.diary().await;
    assert!(diary.contains(&engagement("c-2", "met")), "{diary:?}");
    assert!(diary.contains(&engagement("c-3", "overdue")), "{diary:?}");
    let filed = story.step("Ed Fox", decide("c-3", false)).await;
    assert_eq!(filed["released"], Value::Null);
    assert!(story.diary().await.contains(&engagement("c-3", "late")));

    // Engaged with: the issue is answered. Everything else is still ended.
    let more = about(&mut story, "c-4", "C-77", "The damp is worse.").await;
    assert_eq!(more.disposition, Disposition::Deliver, "{more:?}");
    let other = story.email("c-5", "You are all thieves.").await;
    assert_ne!(other.disposition, Disposition::Deliver);
    assert_eq!(story.in_force().await, ["R-1"]);
    let figures = story.figures("2026-01-01", "2026-12-31").await;
    assert_eq!(figures["restrictions_by_kind"], json!({"contact_ended": 1}));
    assert_eq!(figures["restrictions_by_ground"], json!({"threats": 1}));
    story.end().await;
}
