//! The commit's script: what it is given, and what it answers.

use chrono::DateTime;
use redis::Value;

use super::fault::rubbish;
use super::keys::{self, CountedMember, Keys};
use super::ledgers::{KnownLedger, counted_kept_from, member, reach};
use super::marks::notes_of_decision;
use super::script::{Arguments, parts, take};
use crate::domain::audit::{DecidedRecord, GATEWAY};
use crate::domain::ledger::{Ledger, Told};
use crate::domain::queue::QueueItem;
use crate::ports::{CommitRequest, Committed, JournalEntry, StoreError};
use crate::runtime::limits::RECEIVED_PER_PERSON_MAX;
use crate::store::record::{self, kind, unless_destroyed};

/// What the commit's script answers.
pub(super) enum ScriptAnswer {
    /// The id is recorded; `ours` if by this very call, whose first answer was lost.
    Recorded { committed: Box<Committed>, ours: bool },
    /// `traces`: how many the person has, where that was asked.
    Done { traces: Option<usize> },
    /// The ledger is another one: decide again, on this.
    Ledger(Box<KnownLedger>),
}

/// In the order of `commit.lua`.
pub(super) fn script_keys(keys: &Keys, entry: &JournalEntry) -> Vec<String> {
    let person = entry.person.as_deref().unwrap_or_default();
    let mut on = Vec::with_capacity(9);
    on.extend([
        keys.contact(&entry.contact),
        keys.ledger(person),
        keys.counted(person),
        keys.received(person),
        keys.traces(person),
        keys.audit(),
    ]);
    if let Some(item) = &entry.settled.item {
        on.extend([keys.items(), keys.waiting(&item.queue), keys.queues()]);
    }
    on
}

fn item_arguments(
    keys: &Keys,
    with: &mut Arguments,
    item: Option<&QueueItem>,
) -> Result<(), StoreError> {
    match item {
        Some(item) => {
            with.push(&item.id);
            with.record(keys.codec(), keys.of_item(item), item)?;
            with.number(item.place());
            with.push(&item.queue);
        }
        None => ["", "", "", ""].iter().for_each(|nothing| with.push(nothing)),
    }
    Ok(())
}

/// In the order of `commit.lua`. `on` is what a commit was asked for, and the ledger that it was decided on.
pub(super) fn arguments(
    keys: &Keys,
    with: &mut Arguments,
    wanted: &str,
    entry: &JournalEntry,
    token: &str,
    on: Option<(&CommitRequest, &KnownLedger, &[KnownLedger])>,
) -> Result<(), StoreError> {
    let (request, known) = on.map(|(request, known, _)| (request, known)).unzip();
    let others = on.map(|(_, _, others)| others).unwrap_or_default();
    let settled = &entry.settled;
    let additions = &settled.additions;
    let of_decision = keys.of_decision(&entry.contact, &settled.decision, entry.at);
    with.push(wanted);
    with.push(keys.write_digest(of_decision, &entry.digest)?);
    with.push(token);
    let versions: Vec<&str> =
        known.into_iter().chain(others).map(|known| known.version.as_str()).collect();
    with.push(versions.join(" "));
    with.push(entry.person.as_deref().unwrap_or_default());
    with.number(request.map_or(0, |request| reach(request).timestamp_micros()));
    with.push(if request.is_some_and(|request| request.needs_received) { "1" } else { "0" });
    let codec = keys.codec();
    with.record(codec, of_decision, &settled.decision)?;
    with.number(entry.at.timestamp_micros());
    let of_trail = DecidedRecord::new(None, entry.at, GATEWAY, &settled.audit);
    let label = keys.of_trail(&"new").about(settled.audit.person.as_deref());
    with.record(codec, label.on(settled.audit.unnamed_on(entry.at)), &of_trail)?;
    item_arguments(keys, with, settled.item.as_ref())?;
    with.push(&entry.contact);
    match &additions.received {
        Some(received) => {
            let person = entry.person.as_deref().unwrap_or_default();
            let label = keys.label(kind::RECEIVED_OF, &person).about(Some(person));
            with.record(codec, label, received)?;
            with.number(received.at.timestamp_micros());
        }
        None => ["", ""].iter().for_each(|nothing| with.push(nothing)),
    }
    match known {
        Some(known) if known.has_room_for_traces() => with.push(""),
        _ => with.size(RECEIVED_PER_PERSON_MAX),
    }
    match &additions.told {
        Some(told) => {
            with.push(&told.code);
            with.number(told.at.timestamp_micros());
        }
        None => ["", ""].iter().for_each(|nothing| with.push(nothing)),
    }
    with.push(additions.lane.as_deref().unwrap_or_default());
    match known {
        Some(known) if !known.has_long_ago(entry.at) => with.push(""),
        _ => with.number(counted_kept_from(entry.at)),
    }
    let mut members = Vec::with_capacity(additions.counted.len());
    for counted in &additions.counted {
        let person = entry.person.as_deref().unwrap_or_default();
        let member = member(&entry.contact, counted);
        let record = keys.write_about(Some(person), kind::COUNTED_OF, person, &member)?;
        members.push((counted.at.timestamp_micros(), record));
    }
    let listed: Vec<&String> = members.iter().map(|(_, member)| member).collect();
    with.push(record::argument(&listed)?);
    with.push(notes_of_decision(entry.at, &settled.audit)?);
    for (at, member) in members {
        with.number(at);
        with.push(member);
    }
    Ok(())
}

/// The script's answer to a call that was made under a token, about a person.
pub(super) fn read(
    keys: &Keys,
    answer: Value,
    (request, person): (&CommitRequest, &str),
    token: &str,
) -> Result<ScriptAnswer, StoreError> {
    let mut answer = parts(answer)?.into_iter();
    let kind: String = take(answer.next())?;
    match kind.as_str() {
        "done" => {
            let traces: i64 = take(answer.next())?;
            Ok(ScriptAnswer::Done { traces: usize::try_from(traces).ok() })
        }
        "known" => {
            let digest: String = take(answer.next())?;
            let decision: String = take(answer.next())?;
            let decision = keys.read(decision, kind::DECISION, &request.contact)?;
            let by: Option<String> = take(answer.next())?;
            let conflicting = keys.read_digest(&request.contact, &digest)? != request.digest;
            let committed = Box::new(Committed { decision, repeated: true, conflicting });
            Ok(ScriptAnswer::Recorded { committed, ours: by.is_some_and(|by| by == token) })
        }
        "ledger" => {
            ledger(keys, answer, request, person).map(|known| ScriptAnswer::Ledger(Box::new(known)))
        }
        _ => Err(rubbish()),
    }
}

fn ledger(
    keys: &Keys,
    mut answer: std::vec::IntoIter<Value>,
    request: &CommitRequest,
    person: &str,
) -> Result<KnownLedger, StoreError> {
    let version = take(answer.next())?;
    let fields: Vec<(String, String)> = take(answer.next())?;
    let members: Vec<String> = take(answer.next())?;
    let traces: Vec<Option<String>> = take(answer.next())?;
    let mut ledger = told_and_lanes(fields)?;
    for member in members {
        // Somebody who has the same id now does not answer for the person who was erased.
        let read = unless_destroyed(keys.read(&member, kind::COUNTED_OF, person))?;
        ledger.counted.extend(read.map(|CountedMember { counted, .. }| counted));
    }
    for trace in traces.into_iter().flatten() {
        let read = keys.read(&trace, kind::RECEIVED_OF, person);
        ledger.received.extend(unless_destroyed(read)?);
    }
    let (since, has_received) = (reach(request), request.needs_received);
    Ok(KnownLedger { version, ledger, since, has_received, ..KnownLedger::nothing() })
}

/// What the fields of `ledger:<person>` say, in the order of their codes and lanes.
pub(super) fn told_and_lanes(fields: Vec<(String, String)>) -> Result<Ledger, StoreError> {
    let mut ledger = Ledger::default();
    for (field, value) in fields {
        let number: Option<i64> = value.parse().ok();
        if let Some(code) = field.strip_prefix("told.") {
            let at = number.and_then(DateTime::from_timestamp_micros);
            let at = at.ok_or_else(|| keys::unreadable("instant"))?;
            ledger.told.push(Told { code: code.to_owned(), at });
        } else if let Some(lane) = field.strip_prefix("lane.") {
            let used = number.and_then(|number| u32::try_from(number).ok());
            let used = used.ok_or_else(|| keys::unreadable("count"))?;
            ledger.lanes_used.push((lane.to_owned(), used));
        }
    }
    ledger.told.sort_by(|one, other| one.code.cmp(&other.code));
    ledger.lanes_used.sort();
    Ok(ledger)
}
