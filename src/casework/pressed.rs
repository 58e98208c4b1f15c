//! A form of the console acts once, however often it is pressed, in however many tabs, through whichever gateway.
//!
//! Any verb may be behind a form, so its batch can't have the answer in it. The key is claimed before the act, durably,
//! and the answer is stored after it; whoever presses meanwhile waits for it. A refused act gives its claim up. If the
//! gateway is killed in between, the claim runs out, and the next press is judged by the act's own guard: the version
//! that its page showed, or a name or an id that must be new.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::keyed::{PRESSES, UnderKey, written_at};
use super::{Desk, Fault};
use crate::domain::audit::GATEWAY;
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{Batch, Document, IndexKey, Listing, WriteFault};
use crate::runtime::limits::{
    KEYS_FORGOTTEN_AT_ONCE, PRESS_PAUSE, PRESS_RUNS, PRESS_SETTLE_TRIES_MAX, PRESS_WAIT,
    PRESSES_OF_ACCOUNT_MAX,
};
use crate::runtime::tokens::{hex, sha256_of_parts};

/// The index by account, each with its time.
const BY_ACCOUNT: &str = "account";

/// One press of one form, as a digest: who pressed, and what exactly was sent. With other text it is another press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PressKey {
    id: String,
    account: String,
}

/// What came of a press.
#[derive(Debug, PartialEq, Eq)]
pub enum Pressed<R> {
    /// It was carried out, or refused.
    Now(R),
    /// It was carried out before: what was stored.
    Before(String),
    /// An earlier press is still being carried out.
    UnderWay,
}

/// What is stored under a key.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PressState {
    UnderWay { until: DateTime<Utc> },
    Done { answer: String },
}

/// A claimed key. Nobody else acts under it until it is given up or has run out.
struct PressClaim {
    key: PressKey,
    version: u64,
}

impl PressKey {
    /// What somebody sent, in parts: the form's key among them.
    pub fn new(account: &str, sent: &[&[u8]]) -> Self {
        let whole: Vec<&[u8]> =
            std::iter::once(account.as_bytes()).chain(sent.iter().copied()).collect();
        PressKey {
            id: hex(&sha256_of_parts(&whole)),
            account: hex(&sha256_of_parts(&[account.as_bytes()])),
        }
    }
}

impl Desk {
    /// Carries out `act` unless it was already, in a task that outlives its caller: a browser that sends a form again
    /// breaks its first request off. `act` returns what to answer, with what to store for later presses; nothing is
    /// stored if it changed nothing and may be tried again.
    ///
    /// # Errors
    /// The store can't be read or written, and nothing was done; or the gateway is stopping.
    pub async fn once_pressed<R, A>(
        &self,
        organisation: &OrganisationId,
        key: PressKey,
        act: A,
    ) -> Result<Pressed<R>, Fault>
    where
        R: Send + 'static,
        A: Future<Output = (R, Option<String>)> + Send + 'static,
    {
        let (desk, organisation) = (self.clone(), organisation.clone());
        // From the claim on: nobody else acts under a claim that was left.
        self.outlive(async move { desk.press(&organisation, key, act).await }).await
    }

    async fn press<R, A>(
        &self,
        organisation: &OrganisationId,
        key: PressKey,
        act: A,
    ) -> Result<Pressed<R>, Fault>
    where
        R: Send,
        A: Future<Output = (R, Option<String>)> + Send,
    {
        let deadline = Instant::now() + PRESS_WAIT;
        let claim = loop {
            match self.claim_press(organisation, &key).await? {
                ClaimTry::Now(claim) => break claim,
                ClaimTry::Done(answer) => return Ok(Pressed::Before(answer)),
                ClaimTry::UnderWay if Instant::now() < deadline && !self.is_closing() => {
                    tokio::time::sleep(PRESS_PAUSE).await;
                }
                ClaimTry::UnderWay => return Ok(Pressed::UnderWay),
            }
        };
        match AssertUnwindSafe(act).catch_unwind().await {
            Ok((answered, stored)) => {
                self.settle_press(organisation, &claim, stored).await;
                Ok(Pressed::Now(answered))
            }
            Err(panic) => {
                self.settle_press(organisation, &claim, None).await;
                resume_unwind(panic)
            }
        }
    }

    async fn claim_press(
        &self,
        organisation: &OrganisationId,
        key: &PressKey,
    ) -> Result<ClaimTry, Fault> {
        let found: UnderKey<PressState> = self.under_key(organisation, &PRESSES, &key.id).await?;
        let stamp = self.stamp(GATEWAY);
        match found.holds {
            Some(PressState::Done { answer }) => return Ok(ClaimTry::Done(answer)),
            Some(PressState::UnderWay { until }) if until > stamp.at => {
                return Ok(ClaimTry::UnderWay);
            }
            Some(PressState::UnderWay { .. }) | None => {}
        }
        let state = PressState::UnderWay { until: stamp.at + PRESS_RUNS };
        let document = press_document(key, found.version, stamp.at, &state)?;
        let claim =
            PressClaim { key: key.clone(), version: document.clone().written(stamp.at).version };
        let oldest = self.oldest_above_bound(organisation, key).await?;
        let batch = oldest.iter().fold(Batch::new(stamp).put(document), Batch::remove);
        match self.store.write(organisation, batch).await {
            Ok(()) => Ok(ClaimTry::Now(claim)),
            // Pressed at the same moment: the other one acts.
            Err(WriteFault::Conflict(_)) => Ok(ClaimTry::UnderWay),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// The oldest presses of an account that has too many on record.
    async fn oldest_above_bound(
        &self,
        organisation: &OrganisationId,
        key: &PressKey,
    ) -> Result<Vec<Document>, Fault> {
        let listing = Listing::beginning(BY_ACCOUNT, &format!("{} ", key.account));
        let many = self.store.count_places(organisation, PRESSES.kind, listing.clone()).await?;
        if many < PRESSES_OF_ACCOUNT_MAX {
            return Ok(Vec::new());
        }
        let listing = Listing { limit: KEYS_FORGOTTEN_AT_ONCE, ..listing };
        let mut found = self.store.documents(organisation, PRESSES.kind, listing).await?.documents;
        // An expired one of this very key is written over.
        found.retain(|one| one.id != key.id);
        Ok(found)
    }

    /// Stores the answer, or gives the claim up. What was done is done, whether this works or not: a claim that stays
    /// runs out.
    async fn settle_press(
        &self,
        organisation: &OrganisationId,
        claim: &PressClaim,
        answer: Option<String>,
    ) {
        let mut pause = Duration::ZERO;
        for _ in 0..PRESS_SETTLE_TRIES_MAX {
            tokio::time::sleep(pause).await;
            pause += PRESS_PAUSE;
            match self.store_answer(organisation, claim, answer.as_ref()).await {
                Ok(()) => return,
                Err(fault) if fault.is_retryable() => {}
                Err(_) => break,
            }
        }
        tracing::warn!(%organisation, "the answer to a form could not be stored for a second press");
    }

    async fn store_answer(
        &self,
        organisation: &OrganisationId,
        claim: &PressClaim,
        answer: Option<&String>,
    ) -> Result<(), Fault> {
        let stamp = self.stamp(GATEWAY);
        let state = match answer {
            Some(answer) => PressState::Done { answer: answer.clone() },
            None => PressState::UnderWay { until: stamp.at },
        };
        let document = press_document(&claim.key, claim.version, stamp.at, &state)?;
        let batch = Batch::new(stamp);
        let batch = if answer.is_some() { batch.put(document) } else { batch.remove(&document) };
        match self.store.write(organisation, batch).await {
            // It ran out, and another press took over.
            Ok(()) | Err(WriteFault::Conflict(_)) => Ok(()),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }
}

/// What came of claiming a key.
enum ClaimTry {
    Now(PressClaim),
    Done(String),
    UnderWay,
}

fn press_document(
    key: &PressKey,
    version: u64,
    at: DateTime<Utc>,
    state: &PressState,
) -> Result<Document, Fault> {
    let mut document = PRESSES.document((&key.id, version), at, state)?;
    let place = format!("{} {}", key.account, written_at(at));
    document.keys.push(IndexKey::new(BY_ACCOUNT, place));
    Ok(document)
}
