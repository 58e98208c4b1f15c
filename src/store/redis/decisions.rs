//! The atomic heart on Redis: decided here on the ledger that is known, committed there if it
//! still holds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Redis;
use super::fault::rubbish;
use super::items;
use super::keys::Keys;
use super::ledgers::{KnownLedger, RememberedLedger, reach};
use super::marks::notes_of_decision;
use super::script::{Arguments, parts, take};
use super::wire::{ScriptAnswer, arguments, read, script_keys};
use crate::domain::audit::{DecidedRecord, GATEWAY};
use crate::domain::decision::Decision;
use crate::domain::ledger::Ledger;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;
use crate::ports::{
    Commit, CommitRequest, Committed, JournalEntry, PlainDecision, Settled, StoreError, Withheld,
};
use crate::runtime::limits::{REDIS_CONFLICTS_MAX, REDIS_PLAIN_BATCH, REDIS_RESPONSE_WAIT};
use crate::store::DECIDER_PANICKED;
use crate::store::record::kind;

/// A contact recorded for somebody whose key is destroyed is decided as a new one.
pub(super) async fn commit(redis: &Redis, request: CommitRequest) -> Result<Commit, StoreError> {
    let keys = redis.keys(&request.organisation);
    if request.preview {
        return preview(redis, &keys, &request).await;
    }
    match commit_once(redis, &keys, &request).await {
        Err(StoreError::Destroyed(_)) => {
            forget(redis, &keys, &request.contact).await?;
            commit_once(redis, &keys, &request).await
        }
        came => came,
    }
}

async fn commit_once(
    redis: &Redis,
    keys: &Keys,
    request: &CommitRequest,
) -> Result<Commit, StoreError> {
    // Nothing is decided that can't be sent: the decision may count as sent.
    redis.link.takes_writes(keys)?;
    let Some(person) = request.person.clone() else {
        return commit_of_nobody(redis, keys, request).await;
    };
    let place = redis.ledgers.place(&request.organisation, &person);
    let mut known = place.lock().await;
    // Read for this very contact, and not remembered from an earlier one.
    let mut just_read = false;
    // Asks for the ledger if the known part does not reach far enough.
    let mut on = match known.take().map(RememberedLedger::take) {
        None => KnownLedger::nothing(),
        Some(known) if known.serves(request) => known,
        Some(_) => match looked(redis, keys, request).await? {
            Ok(ledger) => {
                just_read = true;
                ledger
            }
            Err(committed) => return Ok(committed.into()),
        },
    };
    let mut others = match others(redis, keys, request, Look::Recorded).await? {
        Ok(others) => others,
        Err(committed) => return Ok(committed.into()),
    };
    for _ in 0..REDIS_CONFLICTS_MAX {
        let settled = match decide(request, &shown(&on, &others, request)) {
            Ok(Ok(settled)) => settled,
            // Nothing is sent that would check whether the memory here is current. Where an
            // original is wanted, it is asked again in a moment, and a wrong wish does no harm.
            Ok(Err(Withheld::NothingToWrite)) | Err(_) if !just_read => {
                match looked(redis, keys, request).await? {
                    Ok(ledger) => {
                        (on, just_read) = (ledger, true);
                        continue;
                    }
                    Err(committed) => return Ok(committed.into()),
                }
            }
            Ok(Err(withheld)) => {
                *known = Some(redis.ledgers.keep(on));
                return Ok(withheld.into());
            }
            Err(fault) => {
                *known = Some(redis.ledgers.keep(on));
                return Err(fault);
            }
        };
        let entry = entry_of(request, settled);
        let token = redis.token();
        match send(redis, keys, (&on, &others), &token, &entry, request).await? {
            ScriptAnswer::Done { traces } => {
                on.add(&entry, request.needs_received, &token, traces);
                *known = Some(redis.ledgers.keep(on));
                return Ok(fresh(entry).into());
            }
            // The memory here may or may not be current: the next contact asks.
            ScriptAnswer::Recorded { committed, ours } => {
                return Ok(settle(*committed, ours).into());
            }
            ScriptAnswer::Ledger(ledger) => {
                (on, just_read) = (*ledger, true);
                // Any of them may be another by now.
                others = match self::others(redis, keys, request, Look::Recorded).await? {
                    Ok(others) => others,
                    Err(committed) => return Ok(committed.into()),
                };
            }
        }
    }
    Err(StoreError::Unavailable("other gateways are faster; try again".to_owned()))
}

/// Of a sender without counts.
async fn commit_of_nobody(
    redis: &Redis,
    keys: &Keys,
    request: &CommitRequest,
) -> Result<Commit, StoreError> {
    let settled = match decide(request, &Ledger::default())? {
        Ok(settled) => settled,
        Err(withheld) => return Ok(withheld.into()),
    };
    let entry = entry_of(request, settled);
    let (token, nobodys) = (redis.token(), KnownLedger::nothing());
    match send(redis, keys, (&nobodys, &[]), &token, &entry, request).await? {
        ScriptAnswer::Recorded { committed, ours } => Ok(settle(*committed, ours).into()),
        ScriptAnswer::Done { .. } => Ok(fresh(entry).into()),
        ScriptAnswer::Ledger(_) => Err(rubbish()),
    }
}

async fn preview(
    redis: &Redis,
    keys: &Keys,
    request: &CommitRequest,
) -> Result<Commit, StoreError> {
    let looked = match look(redis, keys, request, Look::Recorded).await {
        Err(StoreError::Destroyed(_)) => look(redis, keys, request, Look::Ledger).await?,
        looked => looked?,
    };
    match looked {
        ScriptAnswer::Recorded { committed, .. } => Ok((*committed).into()),
        ScriptAnswer::Ledger(known) => {
            let others = match others(redis, keys, request, Look::Ledger).await? {
                Ok(others) => others,
                Err(committed) => return Ok(committed.into()),
            };
            let settled = match decide(request, &shown(&known, &others, request))? {
                Ok(settled) => settled,
                Err(withheld) => return Ok(withheld.into()),
            };
            let decision = settled.decision;
            Ok(Committed { decision, repeated: false, conflicting: false }.into())
        }
        ScriptAnswer::Done { .. } => Err(rubbish()),
    }
}

/// The first time that this call wrote it is not a repetition, even if the answer came by a retry.
fn settle(committed: Committed, ours: bool) -> Committed {
    Committed { repeated: committed.repeated && !ours, ..committed }
}

fn fresh(entry: JournalEntry) -> Committed {
    Committed { decision: entry.settled.decision, repeated: false, conflicting: false }
}

fn decide(
    request: &CommitRequest,
    ledger: &Ledger,
) -> Result<Result<Settled, Withheld>, StoreError> {
    // The closure is given nothing that it could leave half changed.
    catch_unwind(AssertUnwindSafe(|| (request.decide)(ledger)))
        .map_err(|_| StoreError::Refused(DECIDER_PANICKED.to_owned()))
}

fn entry_of(request: &CommitRequest, settled: Settled) -> JournalEntry {
    JournalEntry {
        organisation: request.organisation.clone(),
        contact: request.contact.clone(),
        digest: request.digest,
        person: request.person.clone(),
        at: request.at,
        settled,
    }
}

pub(super) async fn replay(redis: &Redis, entry: &JournalEntry) -> Result<(), StoreError> {
    let keys = redis.keys(&entry.organisation);
    let (on, mut with) = (script_keys(&keys, entry), Arguments::default());
    arguments(&keys, &mut with, "replay", entry, &redis.token(), None)?;
    let scripts = &redis.scripts;
    let answer = redis.link.write(&keys, &scripts.commit, &on, &with, REDIS_RESPONSE_WAIT);
    let kind: String = take(parts(answer.await?)?.into_iter().next())?;
    if kind == "done" || kind == "known" { Ok(()) } else { Err(rubbish()) }
}

pub(super) async fn record_plain(redis: &Redis, plain: &[PlainDecision]) -> Result<(), StoreError> {
    let mut of: Vec<(&OrganisationId, Vec<&PlainDecision>)> = Vec::new();
    for one in plain {
        match of.iter_mut().find(|(organisation, _)| **organisation == one.organisation) {
            Some((_, list)) => list.push(one),
            None => of.push((&one.organisation, vec![one])),
        }
    }
    for (organisation, list) in of {
        let keys = redis.keys(organisation);
        for some in list.chunks(REDIS_PLAIN_BATCH) {
            record_some(redis, &keys, some).await?;
        }
    }
    Ok(())
}

async fn record_some(
    redis: &Redis,
    keys: &Keys,
    plain: &[&PlainDecision],
) -> Result<(), StoreError> {
    let mut on = vec![keys.audit()];
    let mut with = Arguments::default();
    with.push(redis.token());
    for one in plain {
        on.push(keys.contact(&one.contact));
        let label = keys.of_decision(&one.contact, &one.decision, one.at);
        with.push(keys.write_digest(label, &one.digest)?);
        with.number(one.at.timestamp_micros());
        with.record(keys.codec(), label, &one.decision)?;
        let entry = DecidedRecord::new(None, one.at, GATEWAY, &one.audit);
        let label = keys.of_trail(&"new").about(one.decision.person.as_deref());
        with.record(keys.codec(), label.on(one.audit.unnamed_on(one.at)), &entry)?;
        with.push(notes_of_decision(one.at, &one.audit)?);
    }
    let script = &redis.scripts.plain;
    redis.link.write(keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
    Ok(())
}

pub(super) async fn first_recorded<'a>(
    redis: &Redis,
    keys: &Keys,
    contacts: &'a [String],
) -> Result<Option<&'a str>, StoreError> {
    let on: Vec<String> = contacts.iter().map(|contact| keys.contact(contact)).collect();
    let (script, with) = (&redis.scripts.first, Arguments::default());
    let answer = redis.link.run(keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
    let place: usize = take(Some(answer))?;
    Ok(place.checked_sub(1).and_then(|place| contacts.get(place)).map(String::as_str))
}

pub(super) async fn uncount(redis: &Redis, keys: &Keys, contact: &str) -> Result<(), StoreError> {
    let mut asked = redis::cmd("HGET");
    asked.arg(keys.contact(contact)).arg("person");
    // Whose contact it is never changes once it is recorded.
    let person: Option<String> = take(Some(redis.link.ask(keys, &asked).await?))?;
    let Some(person) = person else { return Ok(()) };
    let on = [
        keys.contact(contact),
        keys.ledger(&person),
        keys.counted(&person),
        keys.received(&person),
        keys.traces(&person),
    ];
    let mut with = Arguments::default();
    with.push(redis.token());
    with.push(contact);
    let script = &redis.scripts.uncount;
    redis.link.write(keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
    Ok(())
}

/// Removes the records of a contact of somebody whose key is destroyed, unless another gateway has changed them
/// meanwhile.
async fn forget(redis: &Redis, keys: &Keys, contact: &str) -> Result<(), StoreError> {
    let mut asked = redis::cmd("HGET");
    asked.arg(keys.contact(contact)).arg("decision");
    let decision: Option<String> = take(Some(redis.link.ask(keys, &asked).await?))?;
    let Some(decision) = decision else { return Ok(()) };
    // A readable decision is another gateway's, which decided the contact as a new one.
    let read = keys.read::<Decision>(&decision, kind::DECISION, contact);
    if !matches!(read, Err(StoreError::Destroyed(_))) {
        return Ok(());
    }
    let mut asked = redis::cmd("HGET");
    asked.arg(keys.items()).arg(contact);
    let item: Option<String> = take(Some(redis.link.ask(keys, &asked).await?))?;
    // A readable item is not theirs.
    let read = |item: &String| keys.read::<QueueItem>(item, kind::ITEM, contact);
    let is_theirs = |item: &String| matches!(read(item), Err(StoreError::Destroyed(_)));
    let mut with = Arguments::default();
    with.push(decision);
    with.push(contact);
    with.push(item.filter(is_theirs).unwrap_or_default());
    let queues = items::names(redis, keys).await?;
    let mut on = vec![keys.contact(contact), keys.items(), keys.in_hand()];
    on.extend(queues.iter().flat_map(|queue| [keys.waiting(queue), keys.done(queue)]));
    let script = &redis.scripts.forget;
    redis.link.write(keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
    Ok(())
}

/// Sends a decided contact, to be committed where the ledger still is this one.
async fn send(
    redis: &Redis,
    keys: &Keys,
    (on_ledger, others): (&KnownLedger, &[KnownLedger]),
    token: &str,
    entry: &JournalEntry,
    request: &CommitRequest,
) -> Result<ScriptAnswer, StoreError> {
    let mut with = Arguments::default();
    arguments(keys, &mut with, "commit", entry, token, Some((request, on_ledger, others)))?;
    let mut on = script_keys(keys, entry);
    on.extend(request.also.iter().map(|other| keys.ledger(other)));
    let script = &redis.scripts.commit;
    let answer = redis.link.write(keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
    read(keys, answer, (request, request.person.as_deref().unwrap_or_default()), token)
}

/// The ledger as it is now; `Err`: the contact was decided before.
async fn looked(
    redis: &Redis,
    keys: &Keys,
    request: &CommitRequest,
) -> Result<Result<KnownLedger, Committed>, StoreError> {
    match look(redis, keys, request, Look::Recorded).await? {
        ScriptAnswer::Ledger(ledger) => Ok(Ok(*ledger)),
        ScriptAnswer::Recorded { committed, .. } => Ok(Err(*committed)),
        ScriptAnswer::Done { .. } => Err(rubbish()),
    }
}

/// The history of the other records of the same person. Few people have several, and of those nothing is
/// remembered here.
async fn others(
    redis: &Redis,
    keys: &Keys,
    request: &CommitRequest,
    look: Look,
) -> Result<Result<Vec<KnownLedger>, Committed>, StoreError> {
    let mut others = Vec::with_capacity(request.also.len());
    for other in &request.also {
        match look_at(redis, keys, request, other, look).await? {
            ScriptAnswer::Ledger(ledger) => others.push(*ledger),
            ScriptAnswer::Recorded { committed, .. } => return Ok(Err(*committed)),
            ScriptAnswer::Done { .. } => return Err(rubbish()),
        }
    }
    Ok(Ok(others))
}

/// What a decision is made on: the person's ledger, with those of the person's other records.
fn shown(on: &KnownLedger, others: &[KnownLedger], request: &CommitRequest) -> Ledger {
    let mut ledger = on.shown_to(request);
    for other in others {
        ledger.join(other.shown_to(request));
    }
    ledger
}

/// What a look returns.
#[derive(Debug, Clone, Copy)]
enum Look {
    /// The recorded decision, or else the ledger.
    Recorded,
    /// The ledger, even if a decision is recorded.
    Ledger,
}

async fn look(
    redis: &Redis,
    keys: &Keys,
    request: &CommitRequest,
    look: Look,
) -> Result<ScriptAnswer, StoreError> {
    look_at(redis, keys, request, request.person.as_deref().unwrap_or_default(), look).await
}

async fn look_at(
    redis: &Redis,
    keys: &Keys,
    request: &CommitRequest,
    person: &str,
    look: Look,
) -> Result<ScriptAnswer, StoreError> {
    let on = [
        keys.contact(&request.contact),
        keys.ledger(person),
        keys.counted(person),
        keys.received(person),
        keys.traces(person),
    ];
    let mut with = Arguments::default();
    with.push(match look {
        Look::Recorded => "look",
        Look::Ledger => "ledger",
    });
    for nothing in ["", "", ""] {
        with.push(nothing);
    }
    with.push(person);
    with.number(reach(request).timestamp_micros());
    with.push(if request.needs_received { "1" } else { "0" });
    let script = &redis.scripts.commit;
    let answer = redis.link.run(keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
    read(keys, answer, (request, person), "")
}
