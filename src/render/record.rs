//! A person's own record, as it answers a request for what is held about them: everything of the case that is
//! about them, what was left out and why, and what somebody must decide before it goes.

use crate::domain::letter::escaped;
use serde_json::{Value, json};

use super::figures::title;
use crate::domain::case::anchors::day;
use crate::domain::diary::Case;
use crate::domain::profile::{Exception, Profile};

/// What is never in it, and why (UK GDPR 15(4); Data Protection Act 2018, Schedule 2, 16).
const LEFT_OUT: [(&str, &str); 4] = [
    (
        "The names of staff who reported, signed, decided or recorded something.",
        "They are information about other people. Roles are named where they decided.",
    ),
    (
        "Messages, calls and letters that you sent us.",
        "They are given with this record, as they came.",
    ),
    (
        "Whether we informed the police or another body of an incident.",
        "The law may keep us from saying so. You can ask us.",
    ),
    (
        "Codes by which our systems name each entry.",
        "They say nothing about you. We can give them if you ask.",
    ),
];

/// A record to be given, and what stands in the way of giving all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnRecord {
    pub record: Value,
    /// For staff alone: what the person was deliberately not told, which somebody must decide on first.
    pub to_decide: Vec<String>,
}

/// The record of one person.
pub fn own_record(case: Case<'_>, profile: &Profile) -> OwnRecord {
    let Case { file, person } = case;
    let on = |at| day(profile, at);
    // What the person is not to know of until somebody decides otherwise.
    let withheld: Vec<&str> = file
        .proposals
        .iter()
        .filter(|one| one.asked(Exception::NoNotification).is_some())
        .map(|one| one.restriction.id.as_str())
        .collect();
    let told = |restriction: &&str| !withheld.contains(restriction);
    let restrictions: Vec<Value> = person
        .restrictions
        .iter()
        .filter(|one| told(&one.id.as_str()))
        .map(|one| {
            let mut shown = json!(one);
            if let Value::Object(shown) = &mut shown {
                // Names of staff, and what only systems use.
                for key in
                    ["id", "decided_by", "signed_off_by", "profile_version", "mode", "absences"]
                {
                    shown.remove(key);
                }
            }
            shown
        })
        .collect();
    let record = json!({
        "person": {
            "name": person.name, "reference": person.reference, "address": person.address,
            "language": person.language, "identifiers": person.identifiers,
            "adjustments": person.adjustments, "representatives": person.representatives,
        },
        "incidents": file.incidents.iter().map(|one| json!({
            "day": on(one.happened_at), "channel": one.channel, "ground": one.ground,
            "severity": one.severity, "what": one.what, "state": one.state(),
        })).collect::<Vec<_>>(),
        "warnings": file.warnings.iter().map(|one| json!({
            "day": on(one.at), "medium": one.medium, "behaviour": one.behaviour,
            "must_change": one.must_change, "consequences": one.consequences,
        })).collect::<Vec<_>>(),
        "agreements": file.agreements.iter().map(|one| json!({
            "day": on(one.offered_at), "terms": one.terms, "state": one.state, "what": one.what,
        })).collect::<Vec<_>>(),
        "proposals": file.proposals.iter().filter(|one| told(&one.restriction.id.as_str()))
            .map(|one| json!({
                "day": on(one.at), "kind": one.restriction.kind.name(), "aim": one.aim,
                "why_no_lesser": one.why_no_lesser, "state": one.state,
                "adjustments_considered": one.adjustments_considered,
            })).collect::<Vec<_>>(),
        "restrictions": restrictions,
        "letters": file.letters.iter().filter_map(|one| {
            let (sent, approval) = (one.sent.as_ref()?, one.approval.as_ref()?);
            Some(json!({"day": on(sent.at), "means": sent.means, "text": approval.words.text}))
        }).collect::<Vec<_>>(),
        "reviews": file.reviews.iter().filter(|one| told(&one.restriction.as_str()))
            .map(|one| json!({
                "day": on(one.at), "outcome": one.outcome, "why": one.why, "next_due": one.next_due,
            })).collect::<Vec<_>>(),
        "appeals": file.appeals.iter().filter(|one| told(&one.restriction.as_str()))
            .map(|one| json!({
                "day": on(one.received.at), "channel": one.received.channel,
                "grounds": one.received.grounds, "text": one.received.text, "state": one.state(),
                "outcome": one.decision.as_ref().map(|one| json!({
                    "day": on(one.at), "outcome": one.outcome, "why": one.why})),
            })).collect::<Vec<_>>(),
        "left_out": LEFT_OUT.map(|(what, why)| json!({"what": what, "why": why})),
    });
    let to_decide = withheld.iter().map(|id| {
        format!("restriction {id}: the person was not notified; decide whether they may know now")
    });
    OwnRecord { record, to_decide: to_decide.collect() }
}

/// The record as a page that a person can read.
pub fn page(record: &Value, organisation: &str) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>What we hold about you</title>\n<style>body{{font:12pt/1.5 Arial,Helvetica,sans-serif;\
         max-width:48em;margin:0 auto;padding:1rem;color:#1d1d1d;background:#fff}}dt{{font-weight:bold}}\
         dd{{margin:0 0 .4em 1em;white-space:pre-wrap}}section>dl,section>ol{{margin:0 0 1em}}</style>\n\
         </head>\n<body>\n<main>\n<h1>What we hold about you</h1>\n<p>{}</p>\n",
        escaped(organisation)
    );
    for (name, part) in record.as_object().into_iter().flatten() {
        out.push_str(&format!("<section>\n<h2>{}</h2>\n", escaped(&title(name))));
        value(&mut out, part);
        out.push_str("</section>\n");
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn value(out: &mut String, of: &Value) {
    match of {
        Value::Array(all) if all.is_empty() => out.push_str("<p>Nothing.</p>\n"),
        Value::Array(all) => {
            out.push_str("<ol>\n");
            for one in all {
                out.push_str("<li>");
                value(out, one);
                out.push_str("</li>\n");
            }
            out.push_str("</ol>\n");
        }
        Value::Object(all) => {
            let is_there = |one: &&(&String, &Value)| !one.1.is_null();
            let there: Vec<(&String, &Value)> = all.iter().collect();
            if !there.iter().any(|one| is_there(&one)) {
                return;
            }
            out.push_str("<dl>\n");
            for (name, one) in there.iter().filter(is_there) {
                out.push_str(&format!("<dt>{}</dt><dd>", escaped(&title(name))));
                value(out, one);
                out.push_str("</dd>\n");
            }
            out.push_str("</dl>\n");
        }
        Value::String(text) => out.push_str(&escaped(text)),
        Value::Bool(true) => out.push_str("yes"),
        Value::Bool(false) => out.push_str("no"),
        Value::Null => out.push_str("not on record"),
        Value::Number(number) => out.push_str(&number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::CaseFile;
    use crate::domain::person::Person;
    use crate::domain::profile::Nation;

    fn case() -> (CaseFile, Person) {
        let person: Person = serde_json::from_value(json!({
            "id": "P-77", "name": "Jo <Doe>",
            "restrictions": [
                {"id": "R-8", "kind": "contact_quota", "limit": 2, "per": "week", "grounds": "demands",
                 "starts": "2026-02-10", "decided_by": "Ann Bell", "signed_off_by": "Cy Dunn"},
                {"id": "R-9", "kind": "visits_in_pairs", "starts": "2026-02-10"}
            ]
        }))
        .unwrap();
        let file: CaseFile = serde_json::from_value(json!({
            "person": "P-77",
            "incidents": [{"id": "I-1", "recorded_at": "2026-02-01T09:00:00Z", "reported_by": "Ann Bell",
                "ground": "demands", "severity": "ordinary", "happened_at": "2026-02-01T08:00:00Z",
                "channel": "telephone", "what": "Called 40 times.", "contacts": [],
                "interaction_ended": false, "told": [], "staff": ["Bo Carr"], "closed": null}],
            "proposals": [{"id": "PR-9", "at": "2026-02-03T09:00:00Z", "by": "Ann Bell",
                "restriction": {"id": "R-9", "kind": "visits_in_pairs"}, "incidents": ["I-1"],
                "aim": null, "why_no_lesser": null, "adjustments_considered": null,
                "exceptions": [{"exception": "no_notification", "justification": "A knife.",
                    "review_due": null, "signature": null}],
                "state": "done", "signature": null, "sent_back": null}]
        }))
        .unwrap();
        (file, person)
    }

    #[test]
    fn it_is_about_the_person_and_nobody_else() {
        let (file, person) = case();
        let profile = Profile::silent("Example", Nation::England);
        let own = own_record(Case { file: &file, person: &person }, &profile);
        let shown = page(&own.record, &profile.name);
        for part in ["Jo &lt;Doe&gt;", "Called 40 times.", "contact_quota", "2026-02-01"] {
            assert!(shown.contains(part), "{part} is not in:\n{shown}");
        }
        for other in ["Ann Bell", "Cy Dunn", "Bo Carr", "P-77", "R-8", "<Doe>"] {
            assert!(!shown.contains(other), "{other} is in:\n{shown}");
        }
        assert_eq!(own.record["left_out"].as_array().map(Vec::len), Some(LEFT_OUT.len()));
    }

    #[test]
    fn what_the_person_was_not_told_waits_for_a_decision() {
        let (file, person) = case();
        let profile = Profile::silent("Example", Nation::England);
        let own = own_record(Case { file: &file, person: &person }, &profile);
        let shown = page(&own.record, &profile.name);
        assert!(!shown.contains("visits_in_pairs") && !shown.contains("knife"), "{shown}");
        assert_eq!(own.to_decide.len(), 1);
    }
}
