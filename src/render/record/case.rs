//! What the person's record and the case file say about them.

use serde_json::{Value, json};

use super::Told;
use crate::domain::case::CaseFile;
use crate::domain::case::anchors::day;
use crate::domain::case::letter::{CaseLetter, LetterKind};
use crate::domain::case::proposal::Proposal;
use crate::domain::diary::Case;
use crate::domain::person::Person;
use crate::domain::restriction::Restriction;

/// Keys of a restriction that only systems use, or that name staff.
const NOT_SAID: [&str; 8] = [
    "id",
    "decided_by",
    "signed_off_by",
    "profile_version",
    "mode",
    "absences",
    "threads",
    "attachments",
];

/// The sections in their order.
pub(super) fn sections(case: Case<'_>, told: &Told) -> Vec<(&'static str, Value)> {
    let mut sections =
        vec![("person", person(case.person)), ("restrictions", restrictions(case, told))];
    sections.extend(conduct(case.file, told));
    sections.extend(measures(case, told));
    sections
}

/// Another record of the same person: all of the same, with its id.
pub(super) fn other_record(case: Case<'_>, told: &Told) -> Value {
    let mut parts = serde_json::Map::new();
    parts.insert("record".to_owned(), json!(case.person.id));
    for (name, part) in sections(case, told) {
        parts.insert(name.to_owned(), part);
    }
    Value::Object(parts)
}

fn person(one: &Person) -> Value {
    json!({
        "name": one.name, "reference": one.reference, "address": one.address,
        "language": one.language, "identifiers": one.identifiers, "adjustments": one.adjustments,
        "representatives": one.representatives, "issues": one.issues,
        "invitations": one.invitations,
    })
}

/// Incidents, and what was tried before a limit.
fn conduct(file: &CaseFile, told: &Told) -> [(&'static str, Value); 4] {
    let on = |at| day(&told.profile, at);
    let incidents = file.incidents.iter().map(|one| {
        json!({
            "day": on(one.happened_at), "channel": one.channel, "ground": one.ground,
            "severity": one.severity, "what": one.what, "state": one.state(),
            "why": one.closed.as_ref().map(|closed| &closed.why),
        })
    });
    let warnings = file.warnings.iter().map(|one| {
        json!({
            "day": on(one.at), "medium": one.medium, "behaviour": one.behaviour,
            "must_change": one.must_change, "consequences": one.consequences,
        })
    });
    let agreements = file.agreements.iter().map(|one| {
        json!({"day": on(one.offered_at), "terms": one.terms, "state": one.state, "what": one.what})
    });
    let mediations = file.mediations.iter();
    let mediations =
        mediations.map(|one| json!({"day": on(one.at), "step": one.step, "why": one.why}));
    [
        ("incidents", incidents.collect()),
        ("warnings", warnings.collect()),
        ("agreements", agreements.collect()),
        ("mediations", mediations.collect()),
    ]
}

/// Decisions, and their results.
fn measures(case: Case<'_>, told: &Told) -> [(&'static str, Value); 5] {
    let on = |at| day(&told.profile, at);
    let proposals = case.file.proposals.iter().filter(|one| told.may_tell(&one.id));
    let reviews = case.file.reviews.iter().filter(|one| told.may_tell(&one.restriction));
    let reviews = reviews.map(|one| {
        json!({
            "day": on(one.at), "outcome": one.outcome, "why": one.why, "conduct": one.conduct,
            "next_due": one.next_due,
        })
    });
    let complaints = case.file.staff_complaints.iter().map(|one| {
        let closed = one.closed.as_ref();
        json!({
            "day": on(one.at), "what": one.what, "outcome": closed.map(|one| &one.outcome),
            "why": closed.map(|one| &one.why),
        })
    });
    let together = case.file.reconciliations.iter().filter(|one| told.may_tell(&one.restriction));
    [
        ("proposals", proposals.map(|one| proposal(one, told)).collect()),
        ("reviews", reviews.collect()),
        ("appeals", appeals(case, told)),
        ("staff_complaints", complaints.collect()),
        (
            "reconciliations",
            together.map(|one| json!({"day": on(one.at), "how": one.how})).collect(),
        ),
    ]
}

fn restrictions(case: Case<'_>, told: &Told) -> Value {
    let shown = case.person.restrictions.iter().filter(|one| told.may_tell(&one.id));
    shown.map(|one| restriction(one, case, told)).collect()
}

fn restriction(one: &Restriction, case: Case<'_>, told: &Told) -> Value {
    let mut shown = json!(one);
    let Value::Object(keys) = &mut shown else { return shown };
    keys.retain(|key, _| !NOT_SAID.contains(&key.as_str()));
    let clause = one.clause.as_deref().or_else(|| told.profile.clause_for(one.kind.name()));
    keys.insert("clause".to_owned(), json!(clause));
    let role = |name: &Option<String>| json!(name.as_deref().map(|name| told.role(name)));
    keys.insert("decided_by".to_owned(), role(&one.decided_by));
    keys.insert("signed_off_by".to_owned(), role(&one.signed_off_by));
    let Some(restraint) = case.file.restraint(&one.id) else { return shown };
    // Of what was decided elsewhere these may be days from which its clocks count, for want of others.
    let is_from_here = !restraint.decided_elsewhere;
    let given = case.file.decisions.get(&one.id).and_then(|said| said.decided);
    let decided = Some(restraint.decided).filter(|_| is_from_here || given.is_some());
    keys.insert("decided".to_owned(), json!(decided));
    let kinds = [LetterKind::Restriction, LetterKind::ContactEnded];
    let letter = kinds.iter().find_map(|kind| case.file.sent(*kind, &one.id));
    let sent = letter.and_then(|letter| letter.sent.as_ref());
    let sent = sent.map(|sent| day(&told.profile, sent.at));
    let letter_sent = if is_from_here { restraint.letter_sent } else { sent };
    keys.insert("letter_sent".to_owned(), json!(letter_sent));
    let changes = restraint.variations.iter();
    let changes: Vec<Value> =
        changes.map(|one| json!({"day": day(&told.profile, one.at), "why": one.why})).collect();
    if !changes.is_empty() {
        keys.insert("changed".to_owned(), json!(changes));
    }
    if let Some(ended) = &restraint.ended {
        let ended =
            json!({"day": day(&told.profile, ended.at), "status": ended.status, "why": ended.why});
        keys.insert("ended".to_owned(), ended);
    }
    shown
}

fn proposal(one: &Proposal, told: &Told) -> Value {
    let on = |at| day(&told.profile, at);
    let exceptions: Vec<Value> = one
        .exceptions
        .iter()
        .map(|asked| {
            let signed = asked.signature.as_ref();
            json!({
                "exception": asked.exception, "why": asked.justification,
                "agreed_by": signed.map(|one| one.role.0.replace('_', " ")),
                "agreed": signed.map(|one| on(one.at)),
            })
        })
        .collect();
    json!({
        "day": on(one.at), "kind": one.restriction.kind.name(), "aim": one.aim,
        "why_no_lesser": one.why_no_lesser, "state": one.state,
        "adjustments_considered": one.adjustments_considered, "sent_back": one.sent_back,
        "signed_by": one.signature.as_ref().map(|one| one.role.0.replace('_', " ")),
        "exceptions": if exceptions.is_empty() { Value::Null } else { json!(exceptions) },
    })
}

fn appeals(case: Case<'_>, told: &Told) -> Value {
    let on = |at| day(&told.profile, at);
    let all = case.file.appeals.iter().filter(|one| told.may_tell(&one.restriction));
    all.map(|one| {
        let joined: Vec<Value> = one
            .joined
            .iter()
            .map(|one| json!({"day": on(one.at), "channel": one.channel, "text": one.text}))
            .collect();
        json!({
            "day": on(one.received.at), "channel": one.received.channel,
            "grounds": one.received.grounds, "text": one.received.text, "state": one.state(),
            "added": if joined.is_empty() { Value::Null } else { json!(joined) },
            "heard_by": one.hearer.as_ref().map(|one| one.role.0.replace('_', " ")),
            "outcome": one.decision.as_ref().map(|one| {
                json!({"day": on(one.at), "outcome": one.outcome, "why": one.why})
            }),
        })
    })
    .collect()
}

/// A letter that was sent; `None`: it was not, or its subject was not notified to the person.
pub(super) fn letter(one: &CaseLetter, told: &Told) -> Option<Value> {
    let (sent, approval) = (one.sent.as_ref()?, one.approval.as_ref()?);
    told.may_tell(&one.about).then(|| {
        json!({
            "day": day(&told.profile, sent.at), "means": sent.means, "text": approval.words.text,
            "sha256": approval.sha256,
        })
    })
}
