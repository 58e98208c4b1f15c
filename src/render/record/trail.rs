//! What the trail says about the person: their contacts, and what was done with their record.

use serde_json::{Value, json};

use super::{Told, words};
use crate::domain::audit::{AuditEntry, AuditEvent, LookedAt};
use crate::domain::own_record::HeldContact;
use crate::domain::queue::QueueItem;
use crate::domain::restriction::Mode;

/// A contact, the decision on it and why. `original`: the number under which it is given as it came.
pub(super) fn contact(held: &HeldContact, original: Option<u64>, told: &Told) -> Value {
    let HeldContact { decided, decision, item, .. } = held;
    let mut shown = json!({
        "at": decided.contact_at, "channel": decided.channel,
        "kept": item.as_ref().map(|item| kept(item, original, told)),
    });
    let mut named = decided.rows.iter().filter_map(|row| row.restriction.as_deref());
    if !named.all(|restriction| told.may_tell(restriction)) {
        return shown;
    }
    let reasons: Vec<Value> = match decision {
        Some(decision) => decision
            .reasons
            .iter()
            .map(|reason| json!({"what": reason.text, "clause": reason.clause}))
            .collect(),
        None => {
            let rows = decided.rows.iter();
            rows.map(|row| json!({"what": words::reason(row.code.as_str()), "clause": row.clause}))
                .collect()
        }
    };
    let said = json!({
        "decision": decided.disposition,
        "would_have_been": decided.would,
        "only_observed": (decided.mode == Mode::Observe).then_some(true),
        "reasons": reasons,
        "reply": decision.as_ref().and_then(|one| one.notice.as_ref()).map(|one| &one.text),
    });
    if let (Value::Object(shown), Value::Object(said)) = (&mut shown, said) {
        shown.extend(said);
    }
    shown
}

fn kept(item: &QueueItem, original: Option<u64>, told: &Told) -> Value {
    let notes: Vec<Value> = item
        .notes
        .iter()
        .map(|note| {
            let written = (!note.text.is_empty()).then_some(&note.text);
            let handed_to = note.handed_to.as_deref().map(|to| told.role(to));
            json!({"at": note.at, "text": written, "handed_to": handed_to, "by": told.role(&note.by)})
        })
        .collect();
    let attached: Vec<&str> = item.attached.iter().map(|one| one.name.as_str()).collect();
    let some = |list: Value| if list == json!([]) { Value::Null } else { list };
    json!({
        "subject": item.subject, "text": item.text, "state": item.state,
        "original": original, "notes": some(json!(notes)), "also_kept": some(json!(attached)),
    })
}

/// Something that was done; `None`: the person is not to know of it.
pub(super) fn deed(entry: &AuditEntry, told: &Told) -> Option<Value> {
    let (what, why) = did(&entry.event, told)?;
    Some(json!({"at": entry.at, "what": what, "why": why, "by": told.role(&entry.by)}))
}

fn did<'e>(event: &'e AuditEvent, told: &Told) -> Option<(String, Option<&'e str>)> {
    let of = |restriction: &str, what: &str| told.may_tell(restriction).then(|| what.to_owned());
    let plain = |what: &str| Some(what.to_owned());
    let (what, why) = match event {
        AuditEvent::Imported { reason, .. } => (plain("loaded a list of people"), reason),
        AuditEvent::Item { action, .. } => (Some(words::worked(action)), &None),
        AuditEvent::Released { .. } => (plain("passed on a contact that was kept back"), &None),
        AuditEvent::Unread { .. } => (plain("nobody read a contact of yours in time"), &None),
        AuditEvent::Unanswered { .. } => {
            (plain("your contact here did not answer in time: somebody else took over"), &None)
        }
        AuditEvent::PersonChanged { .. } => (plain("changed your record"), &None),
        AuditEvent::RecordChanged { is_new: true, reason, .. } => {
            (plain("made your record"), reason)
        }
        AuditEvent::RecordChanged { reason, .. } => (plain("changed your record"), reason),
        AuditEvent::IdentifierAdded { reason, .. } => {
            (plain("added an address or a number of yours"), reason)
        }
        AuditEvent::IdentifierRemoved { reason, .. } => {
            (plain("removed an address or a number of yours"), reason)
        }
        AuditEvent::RestrictionAdded { restriction, reason, .. } => {
            (of(restriction, "added a limit"), reason)
        }
        AuditEvent::RestrictionVaried { restriction, reason, .. } => {
            (of(restriction, "changed a limit"), reason)
        }
        AuditEvent::RestrictionLifted { restriction, reason, .. } => {
            (of(restriction, "ended a limit"), reason)
        }
        AuditEvent::Step(step) => {
            let about = step.restriction.iter().chain(&step.about);
            let shown = about.clone().all(|id| told.may_tell(id));
            (shown.then(|| words::stepped(&step.act)), &None)
        }
        AuditEvent::Reminded { what, about, .. } => (of(about, &words::reminded(what)), &None),
        AuditEvent::Erasure { action, reason, .. } => (Some(words::erasing(action)), reason),
        AuditEvent::Outbound(outbound) => {
            (of(&outbound.restriction, "noted a message to you by somebody else here"), &None)
        }
        // The other record's id is not given to anybody who may not see it.
        AuditEvent::Merged { .. } => (plain("merged two records of yours"), &None),
        AuditEvent::Unmerged { .. } => (plain("parted two records again"), &None),
        AuditEvent::Looked { looked_at: LookedAt::OwnRecord, .. } => {
            (plain("made a copy of your record for a request like yours"), &None)
        }
        AuditEvent::Looked { looked_at: LookedAt::Equality, .. } => {
            (plain("looked at what you told us for equality monitoring"), &None)
        }
        AuditEvent::Looked { .. } => (plain("looked at your record"), &None),
        AuditEvent::Decided(_)
        | AuditEvent::Account { .. }
        | AuditEvent::ApiToken { .. }
        | AuditEvent::LetterTemplate { .. }
        | AuditEvent::DeadLetterDiscarded { .. }
        | AuditEvent::StoreAccepted { .. }
        | AuditEvent::Erased(_)
        | AuditEvent::Anchored(_) => (None, &None),
    };
    Some((what?, why.as_deref()))
}
