//! Derby: only in writing, which needs no warning (10.1); the Executive Team hears an appeal while the
//! restriction applies (12.3), and upholds the decision; nobody reviews it in time, and it lapses.

use std::sync::Arc;

use contact_gateway::domain::decision::Disposition;
use contact_gateway::ports::Store;
use serde_json::{Value, json};

use super::teller::{Setting, Story, says, staffed};

fn setting() -> Setting<'static> {
    Setting {
        profile: "derby-homes.toml",
        chosen: json!({
            "review": {"longest_months": 12, "on_overdue": "lapse", "anchor": "decision"},
            "appeal": {
                "window": {"working_days": 20, "from": "letter"},
                "answer": {"working_days": 20, "from": "receipt"},
                "notify": {"working_days": 5, "from": "appeal_decision"}
            },
            "responsible": {"decides": "manager"}, "staffed_hours": staffed()
        }),
        letters: "derby-homes.en.txt",
        staff: &[("Di Eve", "executive_team"), ("Ed Fox", "executive_team")],
        person: json!({}),
    }
}

fn incident() -> Value {
    json!({
        "act": "record_incident", "id": "I-1", "ground": "persistence", "severity": "ordinary",
        "happened_at": "2026-02-02T10:00:00Z", "channel": "telephone",
        "what": "You called us 25 times in an hour."
    })
}

fn appeal(id: &str, grounds: &str, channel: &str) -> Value {
    json!({"act": "receive_appeal", "id": id, "restriction": "R-1", "channel": channel,
           "grounds": [grounds]})
}

async fn only_in_writing(story: &mut Story) {
    story.at("2026-02-02T10:00:00Z");
    assert_eq!(story.call("c-1").await.disposition, Disposition::Deliver);
    story.step("Di Eve", incident()).await;
    story.at("2026-02-03T10:00:00Z");
    let proposal = json!({
        "act": "propose", "id": "PR-1", "incidents": ["I-1"], "aim": "A line that is free.",
        "restriction": {"id": "R-1", "kind": "channels_only", "channels": ["writing"],
                        "grounds": "persistence", "starts": "2026-02-09"},
        "why_no_lesser": "You rang on after we asked you to write.",
        "adjustments_considered": {"outcome": "none needed"}
    });
    story.step("Bo Carr", proposal).await;
    story.step("Bo Carr", json!({"act": "submit", "proposal": "PR-1"})).await;
    story.step("Cy Dunn", json!({"act": "sign_off", "proposal": "PR-1"})).await;
    let letter = story.letter("L-1", "restriction", "PR-1", "post").await;
    says(
        &letter,
        &[
            "9 February 2026",
            "3 February 2027",
            "within 20 working days",
            "You called us 25 times in an hour.",
            "Housing Ombudsman",
        ],
    );
    story.step("Cy Dunn", json!({"act": "put_in_force", "proposal": "PR-1"})).await;
}

pub async fn an_appeal_upholds_the_decision_and_its_review_lapses(store: Arc<dyn Store>) {
    let (pass, held) = (Disposition::Deliver, Disposition::Limit);
    let mut story = Story::begin(store, setting()).await;
    only_in_writing(&mut story).await;
    story.at("2026-02-10T10:00:00Z");
    let call = story.call("c-2").await;
    assert_eq!(call.disposition, held);
    assert!(call.notice.is_some(), "they hear how to reach us");
    assert_eq!(story.email("c-3", "When is the hedge cut?").await.disposition, pass);

    story.at("2026-02-17T10:00:00Z");
    story.step("Ann Bell", appeal("A-1", "disproportionate", "letter")).await;
    assert_eq!(story.in_force().await, ["R-1"], "12.3: it applies while the appeal is heard");
    assert_eq!(story.call("c-4").await.disposition, held);
    assert!(story.diary().await.contains(&"appeal_answer A-1 2026-03-17 upcoming".to_owned()));
    let hearer = |name: &str| {
        json!({"act": "assign_hearer", "appeal": "A-1", "name": name,
                                     "role": "executive_team"})
    };
    let broken = story.refused("Bo Carr", hearer("Di Eve"), &["hearer.involved"]).await;
    assert_eq!(broken[0]["clause"], "12.2");
    story.step("Bo Carr", hearer("Ed Fox")).await;
    // A day late: said so, and done all the same.
    story.at("2026-03-18T10:00:00Z");
    assert!(story.diary().await.contains(&"appeal_answer A-1 2026-03-17 overdue".to_owned()));
    let decided = story
        .step(
            "Ed Fox",
            json!({
                "act": "decide_appeal", "appeal": "A-1", "outcome": "upheld",
                "why": "We could not answer anybody else that morning."
            }),
        )
        .await;
    assert_eq!(decided["released"], Value::Null);
    let letter = story.letter("L-2", "appeal_outcome", "A-1", "post").await;
    says(
        &letter,
        &["We could not answer anybody else that morning.", "Housing Ombudsman", "0300 111 3000"],
    );
    story.step("Ed Fox", json!({"act": "notify_appeal", "appeal": "A-1", "means": "post"})).await;
    assert!(story.diary().await.contains(&"appeal_answer A-1 2026-03-17 late".to_owned()));
    assert_eq!(story.call("c-5").await.disposition, held);

    // A second appeal is taken down, late as it is, and suspends nothing.
    story.at("2026-06-01T10:00:00Z");
    let second = story.step("Ann Bell", appeal("A-2", "disproportionate", "telephone")).await;
    assert_eq!(second["made"]["out_of_time"], true);
    story.step("Ann Bell", json!({"act": "withdraw_appeal", "appeal": "A-2"})).await;
    lapsed(&mut story).await;
    story.end().await;
}

/// Nobody reviews it: it ends with the last instant of its day, and no timer has to run for that.
async fn lapsed(story: &mut Story) {
    let (pass, held) = (Disposition::Deliver, Disposition::Limit);
    story.at("2027-01-13T09:00:00Z");
    let letter = story.letter("L-3", "upcoming_review", "R-1", "post").await;
    says(&letter, &["3 February 2027"]);
    let review = |state: &str| format!("review R-1 2027-02-03 {state}");
    assert!(story.diary().await.contains(&review("upcoming")));
    story.at("2027-02-03T23:59:59Z");
    assert!(story.diary().await.contains(&review("due")));
    assert_eq!(story.in_force().await, ["R-1"]);
    assert_eq!(story.call("c-6").await.disposition, held);
    story.at("2027-02-04T00:00:00Z");
    assert!(story.in_force().await.is_empty());
    assert_eq!(story.call("c-7").await.disposition, pass);
    let diary = story.diary().await;
    assert!(diary.contains(&"restriction_end R-1 2027-02-03 met".to_owned()), "{diary:?}");
    assert!(!diary.iter().any(|one| one.starts_with("review")), "{diary:?}");
    let keep = json!({"act": "review", "restriction": "R-1", "outcome": "keep", "why": "Too late.",
                      "adjustments_considered": {"outcome": "none"}, "next_due": "2027-08-01"});
    story.refused("Cy Dunn", keep, &["state.wrong"]).await;
    let figures = story.figures("2027-01-01", "2027-12-31").await;
    assert_eq!(figures["ended_restrictions"], 1);
    assert_eq!(figures["restrictions_in_force"], 0);
    assert_eq!(figures["reviews_by_outcome"], json!({}));
    let year = story.figures("2026-01-01", "2026-12-31").await;
    assert_eq!(year["appeals_by_outcome"], json!({"upheld": 1}));
    assert_eq!(year["appeals_received"], 2);
    assert_eq!(year["restrictions_by_kind"], json!({"channels_only": 1}));
}
