//! Calico: violence on a visit is answered at once, without a warning (5.1): visits in pairs, and calls at
//! two times a week. After six months (8) it is reviewed, told, made lighter, and the visits' mark lifted.

use std::sync::Arc;

use contact_gateway::domain::decision::Disposition;
use contact_gateway::domain::flag::Flag;
use contact_gateway::ports::Store;
use serde_json::{Value, json};

use super::teller::{Setting, Story, says, staffed};

fn setting() -> Setting<'static> {
    Setting {
        profile: "calico-homes.toml",
        chosen: json!({
            "review": {"longest_months": 12, "on_overdue": "keep", "anchor": "implementation"},
            "appeal": {
                "window": {"working_days": 20, "from": "letter"},
                "answer": {"working_days": 10, "from": "receipt"},
                "notify": {"working_days": 5, "from": "appeal_decision"},
                "in_force_during": true
            },
            "responsible": {"decides": "manager"}, "staffed_hours": staffed()
        }),
        letters: "calico-homes.en.txt",
        staff: &[("Di Eve", "head_of_service"), ("Gil Hay", "agent")],
        person: json!({"adjustments": [{"id": "J-1", "kind": "large_print"}]}),
    }
}

fn hours(days: Value, from: &str, to: &str) -> Value {
    json!([{"days": days, "from": from, "to": to}])
}

fn proposal(id: &str, restriction: Value) -> Value {
    let mut restriction = restriction;
    restriction["grounds"] = json!("violence");
    restriction["starts"] = json!("2026-02-09");
    json!({
        "act": "propose", "id": id, "incidents": ["I-1"], "restriction": restriction,
        "aim": "Nobody is hurt.", "why_no_lesser": "They hit one of us; a warning would not do.",
        "adjustments_considered": {"outcome": "large print for every letter"},
        "exceptions": [{"exception": "no_warning",
                        "justification": "They pushed Gil down the stairs."}]
    })
}

/// Signed by two managers, told in a letter, in force.
async fn put_in_force(story: &mut Story, proposal: &str, letter: &str) -> String {
    let of = |act: &str| json!({"act": act, "proposal": proposal});
    let no_warning = json!({"act": "sign_off", "proposal": proposal, "exception": "no_warning"});
    story.step("Bo Carr", of("submit")).await;
    story.refused("Bo Carr", no_warning.clone(), &["sign_off.proposer", "sign_off.role"]).await;
    story.step("Cy Dunn", of("sign_off")).await;
    let written = story.letter(letter, "restriction", proposal, "post").await;
    story.refused("Cy Dunn", of("put_in_force"), &["exception.unsigned"]).await;
    story.step("Fi Gow", no_warning).await;
    story.step("Cy Dunn", of("put_in_force")).await;
    written
}

async fn call(story: &mut Story, at: &str, id: &str) -> Disposition {
    story.at(at);
    story.call(id).await.disposition
}

pub async fn severe_conduct_is_restricted_without_a_warning_and_reviewed(store: Arc<dyn Store>) {
    let (pass, held) = (Disposition::Deliver, Disposition::Limit);
    let mut story = Story::begin(store, setting()).await;
    assert_eq!(call(&mut story, "2026-02-02T09:00:00Z", "c-1").await, pass);
    story.at("2026-02-02T15:00:00Z");
    let mut incident = json!({
        "act": "record_incident", "id": "I-1", "ground": "violence", "severity": "ordinary",
        "happened_at": "2026-02-02T14:00:00Z", "channel": "in_person", "staff": ["Gil Hay"],
        "what": "You pushed our colleague on the stairs.", "interaction_ended": true,
        "told": ["police"]
    });
    story.step("Ann Bell", incident.clone()).await;
    story.at("2026-02-03T09:00:00Z");
    let pairs = proposal("PR-1", json!({"id": "R-1", "kind": "visits_in_pairs"}));
    story.step("Bo Carr", pairs.clone()).await;
    // Only what is severe goes without a warning.
    let submit = json!({"act": "submit", "proposal": "PR-1"});
    let broken = story.refused("Bo Carr", submit, &["exception.not_allowed"]).await;
    assert_eq!(broken[0]["clause"], "5.1");
    incident["id"] = json!("I-2");
    incident["severity"] = json!("severe");
    story.step("Ann Bell", incident).await;
    story
        .step(
            "Bo Carr",
            json!({"act": "close_incident", "incident": "I-1",
                                 "outcome": "no_action", "why": "Recorded again as severe."}),
        )
        .await;
    let of_severe = |mut proposal: Value| {
        proposal["incidents"] = json!(["I-2"]);
        proposal
    };
    story.step("Bo Carr", of_severe(pairs)).await;
    let written = put_in_force(&mut story, "PR-1", "L-1").await;
    says(
        &written,
        &[
            "two of our staff",
            "9 February 2026",
            "appeal",
            "9 August 2026",
            "You pushed our colleague on the stairs.",
            "Housing Ombudsman",
        ],
    );

    story.at("2026-02-03T11:00:00Z");
    let calls = json!({"id": "R-2", "kind": "hours_only", "channels": ["telephone"],
                       "windows": hours(json!(["tue", "thu"]), "10:00", "12:00")});
    story.step("Bo Carr", of_severe(proposal("PR-2", calls))).await;
    let written = put_in_force(&mut story, "PR-2", "L-2").await;
    says(&written, &["Tuesday", "Thursday", "10am to midday", "9 February 2026"]);
    assert_eq!(call(&mut story, "2026-02-06T09:00:00Z", "c-2").await, pass, "not yet");

    // In force: calls at two times, everything else as ever, and a mark on visits.
    assert_eq!(call(&mut story, "2026-02-10T10:30:00Z", "c-3").await, pass);
    assert_eq!(call(&mut story, "2026-02-11T10:30:00Z", "c-4").await, held);
    assert_eq!(story.in_force().await, ["R-1", "R-2"]);
    let sent = story.email("c-5", "When do you mend the banister?").await;
    assert_eq!(sent.disposition, pass);
    assert!(sent.flags.contains(&Flag::VisitsInPairs), "{sent:?}");
    reviewed(&mut story).await;

    assert_eq!(call(&mut story, "2026-08-12T10:30:00Z", "c-6").await, pass, "made lighter");
    assert_eq!(call(&mut story, "2026-08-12T17:30:00Z", "c-7").await, held, "and still in force");
    lifted(&mut story).await;
    story.end().await;
}

async fn reviewed(story: &mut Story) {
    story.at("2026-08-09T09:00:00Z");
    let due = |id: &str| format!("review {id} 2026-08-09 due");
    let diary = story.diary().await;
    assert!(diary.contains(&due("R-1")) && diary.contains(&due("R-2")), "{diary:?}");
    story.at("2026-08-11T09:00:00Z");
    let diary = story.diary().await;
    assert!(diary.contains(&"review R-2 2026-08-09 overdue".to_owned()), "{diary:?}");
    assert_eq!(story.in_force().await, ["R-1", "R-2"], "kept while it is late");
    let mut review = json!({
        "act": "review", "id": "V-2", "restriction": "R-2", "outcome": "vary",
        "why": "You have been calm on the phone since then.", "conduct": "no incident",
        "changes": {"windows": hours(json!(["tue"]), "10:00", "11:00")}, "next_due": "2027-02-09",
        "adjustments_considered": {"outcome": "large print goes on"}
    });
    story.refused("Cy Dunn", review.clone(), &["vary.heavier"]).await;
    let weekdays = json!(["mon", "tue", "wed", "thu", "fri"]);
    review["changes"]["windows"] = hours(weekdays, "09:00", "17:00");
    story.step("Cy Dunn", review).await;
    assert!(story.diary().await.contains(&"letter V-2 2026-08-12 upcoming".to_owned()));
    let letter = story.letter("L-3", "review_outcome", "R-2", "post").await;
    says(&letter, &["You have been calm on the phone since then.", "Monday to Friday"]);
    let diary = story.diary().await;
    for entry in [
        "letter V-2 2026-08-12 met",
        "review R-2 2026-08-09 late",
        "review R-2 2027-02-09 upcoming",
    ] {
        assert!(diary.contains(&entry.to_owned()), "{entry}: {diary:?}");
    }
}

/// The mark on visits ends; the letter says so first.
async fn lifted(story: &mut Story) {
    story.at("2026-08-13T09:00:00Z");
    let lift = json!({"act": "lift", "restriction": "R-1", "why": "Two visits went well."});
    story.refused("Cy Dunn", lift.clone(), &["letter.not_sent"]).await;
    let draft = json!({"act": "draft_letter", "id": "L-4", "kind": "lifted", "for": "R-1",
                       "why": "Two visits went well."});
    let letter = story.letter_as(draft, "post").await;
    says(&letter, &["Two visits went well."]);
    story.step("Cy Dunn", lift).await;
    assert_eq!(story.in_force().await, ["R-2"]);
    let figures = story.figures("2026-01-01", "2026-12-31").await;
    for (name, number) in [
        ("new_restrictions", json!(2)),
        ("ended_restrictions", json!(1)),
        ("restrictions_by_kind", json!({"hours_only": 1})),
        ("reviews_by_outcome", json!({"vary": 1})),
        ("warnings", json!(0)),
    ] {
        assert_eq!(figures[name], number, "{name}");
    }
}
