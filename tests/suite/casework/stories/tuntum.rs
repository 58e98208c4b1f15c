//! Tuntum: due notice first, in writing (8.2); it works, and nothing is ever restricted.

use std::sync::Arc;

use contact_gateway::domain::decision::Disposition;
use contact_gateway::ports::Store;
use serde_json::{Value, json};

use super::teller::{Setting, Story, says, staffed};

fn setting() -> Setting<'static> {
    Setting {
        profile: "tuntum.toml",
        chosen: json!({
            "responsible": {"decides": "manager"}, "appeal": {"in_force_during": true},
            "staffed_hours": staffed()
        }),
        letters: "tuntum.en.txt",
        staff: &[("Di Eve", "senior_member_of_staff")],
        person: json!({}),
    }
}

fn quota() -> Value {
    json!({
        "act": "propose", "id": "PR-1", "incidents": ["I-1"], "aim": "A day's calls in one.",
        "restriction": {"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week",
                        "grounds": "demands", "starts": "2026-01-20"},
        "why_no_lesser": "They were asked on the telephone to ring once.",
        "adjustments_considered": {"outcome": "none needed"}
    })
}

/// Three calls, an incident, and a warning whose letter goes on its day.
async fn warned(story: &mut Story) {
    for (hour, id) in [(9, "c-1"), (10, "c-2"), (11, "c-3")] {
        story.at(&format!("2026-01-16T{hour:02}:05:00Z"));
        assert_eq!(story.call(id).await.disposition, Disposition::Deliver, "nothing restricts");
    }
    story.at("2026-01-16T12:00:00Z");
    let incident = json!({
        "act": "record_incident", "id": "I-1", "ground": "demands", "severity": "ordinary",
        "happened_at": "2026-01-16T11:05:00Z", "channel": "telephone",
        "what": "Three calls in three hours about one and the same repair.",
        "contacts": ["c-1", "c-2", "c-3"]
    });
    story.step("Ann Bell", incident).await;
    let warning = json!({
        "act": "give_warning", "id": "W-1", "incidents": ["I-1"], "kind": "informal",
        "medium": "written", "behaviour": "You rang three times in one morning about your gate.",
        "must_change": "Please ring once, and leave a message if nobody answers."
    });
    story.refused("Ann Bell", warning.clone(), &["role.not_allowed"]).await;
    story.step("Bo Carr", warning).await;
    // Friday: the letter is owed by Monday.
    assert_eq!(story.diary().await, ["letter W-1 2026-01-19 upcoming"]);

    let draft = json!({"act": "draft_letter", "id": "L-1", "kind": "warning", "for": "W-1",
                       "without": ["must_change"]});
    story.step("Bo Carr", draft).await;
    let approve = json!({"act": "approve_letter", "letter": "L-1"});
    let broken = story.refused("Fi Gow", approve, &["letter.part_missing"]).await;
    assert_eq!((&broken[0]["key"], &broken[0]["clause"]), (&json!("must_change"), &json!("8.2")));
    story.at("2026-01-19T09:00:00Z");
    assert_eq!(story.diary().await, ["letter W-1 2026-01-19 due"]);
    let letter = story.letter("L-1", "warning", "W-1", "post").await;
    says(
        &letter,
        &[
            "Dear Jo Doe",
            "19 January 2026",
            "You rang three times in one morning about your gate.",
            "Please ring once, and leave a message if nobody answers.",
            "16 January 2026, by phone",
            "Unacceptable Customer Behaviour Policy",
        ],
    );
    assert_eq!(story.diary().await, ["letter W-1 2026-01-19 met"]);
}

pub async fn a_warning_that_works(store: Arc<dyn Store>) {
    let mut story = Story::begin(store, setting()).await;
    warned(&mut story).await;
    // Whoever is in a hurry can't restrict on what the warning was for: nothing went on since.
    story.at("2026-01-20T09:00:00Z");
    let drafted = story.step("Bo Carr", quota()).await;
    let still: Vec<&str> = drafted["broken"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert_eq!(still, ["warning.missing", "sign_off.missing", "letter.missing"]);
    story
        .refused("Bo Carr", json!({"act": "submit", "proposal": "PR-1"}), &["warning.missing"])
        .await;
    story
        .step(
            "Bo Carr",
            json!({"act": "withdraw_proposal", "proposal": "PR-1",
                                 "why": "They ring once a week now."}),
        )
        .await;

    // It works.
    for (day, id) in [("2026-02-02", "c-4"), ("2026-03-09", "c-5"), ("2026-05-11", "c-6")] {
        story.at(&format!("{day}T09:30:00Z"));
        assert_eq!(story.call(id).await.disposition, Disposition::Deliver);
        assert!(story.in_force().await.is_empty());
    }
    story.at("2026-07-20T09:00:00Z");
    story
        .step(
            "Cy Dunn",
            json!({"act": "close_incident", "incident": "I-1",
                                 "outcome": "answered", "why": "The warning was enough."}),
        )
        .await;
    let figures = story.figures("2026-01-01", "2026-12-31").await;
    for (name, number) in [
        ("warning_letters", json!(1)),
        ("warning_reasons", json!({"demands": 1})),
        ("warnings", json!(1)),
        ("warnings_without_restriction", json!(1)),
        ("restrictions_in_force", json!(0)),
        ("new_restrictions", json!(0)),
        ("incidents_by_status", json!({"answered": 1})),
    ] {
        assert_eq!(figures[name], number, "{name}");
    }
    // A year after it was done, the letter is no longer in the diary.
    story.at("2027-01-20T09:00:00Z");
    assert!(story.diary().await.is_empty());
    story.end().await;
}
