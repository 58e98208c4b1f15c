//! A form of the console acts once, however often it is pressed, in whichever tab, through whichever gateway.
//!
//! A form may lead to any verb, so its answer can't be in the verb's batch. Instead the key is claimed before the
//! act, durably, and the answer is stored after it; other presses wait for it. A refused act gives its claim up. If
//! the gateway is killed in between, the claim expires, and the act's own guard judges the next press: the version
//! that its page showed, or a name or id that must be new.
//!
//! Only the last act of each page is remembered: an account that is closed, opened by going back and closed again by
//! going back has three acts, and all are meant.

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
use crate::ports::documents::{Batch, Conflict, Document, IndexKey, Listing, WriteFault};
use crate::runtime::limits::{
    KEYS_FORGOTTEN_AT_ONCE, PRESS_PAUSE, PRESS_RUNS, PRESS_SETTLE_TRIES_MAX, PRESS_WAIT,
    PRESSES_OF_ACCOUNT_MAX,
};
use crate::runtime::tokens::{hex, sha256_of_parts};

/// The index by account, each with its time.
const BY_ACCOUNT: &str = "account";
/// The index by page.
const BY_PAGE: &str = "page";

/// One press of one form, as a digest of who pressed, on which page, and exactly what was sent. Different text makes
/// a different press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PressKey {
    id: String,
    page: String,
    account: String,
}

/// The outcome of a press.
#[derive(Debug, PartialEq, Eq)]
pub enum Pressed<R> {
    /// It was carried out, or refused.
    Now(R),
    /// It was carried out before: the stored answer.
    Before(String),
    /// An earlier press is still being carried out.
    UnderWay,
}

/// The state of a press on record.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PressState {
    UnderWay { until: DateTime<Utc> },
    Done { answer: String },
}

/// A claimed key. Nobody else acts under it until it is given up or expires.
struct PressClaim {
    key: PressKey,
    version: u64,
}

/// The outcome of an attempt to act.
enum PressTry<R, A> {
    Acted(R),
    /// Somebody else claimed the key first: returns the act, which has not run.
    Taken(A),
}

/// The record of a press before it acts.
enum FoundPress {
    /// Nothing valid. `version` is that of the document to replace, or 0.
    Free {
        version: u64,
    },
    Done(String),
    UnderWay,
}

impl PressKey {
    /// From the parts of what somebody sent, from a page with this key.
    pub fn new(account: &str, page: &[u8], sent: &[&[u8]]) -> Self {
        let account = account.as_bytes();
        let whole: Vec<&[u8]> = [account, page].into_iter().chain(sent.iter().copied()).collect();
        PressKey {
            id: hex(&sha256_of_parts(&whole)),
            page: hex(&sha256_of_parts(&[account, page])),
            account: hex(&sha256_of_parts(&[account])),
        }
    }
}

impl Desk {
    /// Carries out `act` unless it was already. Once claimed, it outlives its caller, since a browser that sends a
    /// form again drops its first request. A wait for another press ends with the caller. `act` returns its answer
    /// and the form of it to store for later presses; it stores nothing if it changed nothing and may be tried again.
    ///
    /// # Errors
    /// The store can't be read or written, and nothing was done; or the gateway is stopping.
    pub async fn once_pressed<R, A>(
        &self,
        organisation: &OrganisationId,
        key: PressKey,
        mut act: A,
    ) -> Result<Pressed<R>, Fault>
    where
        R: Send + 'static,
        A: Future<Output = (R, Option<String>)> + Send + 'static,
    {
        let deadline = Instant::now() + PRESS_WAIT;
        loop {
            match self.found_press(organisation, &key).await? {
                FoundPress::Done(answer) => return Ok(Pressed::Before(answer)),
                FoundPress::UnderWay => {}
                FoundPress::Free { version } => {
                    let (desk, organisation, key) =
                        (self.clone(), organisation.clone(), key.clone());
                    let trying = async move { desk.press(&organisation, key, version, act).await };
                    match self.outlive(trying).await? {
                        PressTry::Acted(answered) => return Ok(Pressed::Now(answered)),
                        PressTry::Taken(again) => act = again,
                    }
                }
            }
            if Instant::now() >= deadline || self.is_closing() {
                return Ok(Pressed::UnderWay);
            }
            tokio::time::sleep(PRESS_PAUSE).await;
        }
    }

    async fn press<R, A>(
        &self,
        organisation: &OrganisationId,
        key: PressKey,
        version: u64,
        act: A,
    ) -> Result<PressTry<R, A>, Fault>
    where
        R: Send,
        A: Future<Output = (R, Option<String>)> + Send,
    {
        let Some(claim) = self.claim_press(organisation, key, version).await? else {
            return Ok(PressTry::Taken(act));
        };
        match AssertUnwindSafe(act).catch_unwind().await {
            Ok((answered, stored)) => {
                self.settle_press(organisation, &claim, stored).await;
                Ok(PressTry::Acted(answered))
            }
            Err(panic) => {
                self.settle_press(organisation, &claim, None).await;
                resume_unwind(panic)
            }
        }
    }

    async fn found_press(
        &self,
        organisation: &OrganisationId,
        key: &PressKey,
    ) -> Result<FoundPress, Fault> {
        let found: UnderKey<PressState> = self.under_key(organisation, &PRESSES, &key.id).await?;
        Ok(match found.holds {
            Some(PressState::Done { answer }) => FoundPress::Done(answer),
            Some(PressState::UnderWay { until }) if until > self.clock.now() => {
                FoundPress::UnderWay
            }
            Some(PressState::UnderWay { .. }) | None => FoundPress::Free { version: found.version },
        })
    }

    /// `None` if another press claimed it at the same moment.
    async fn claim_press(
        &self,
        organisation: &OrganisationId,
        key: PressKey,
        version: u64,
    ) -> Result<Option<PressClaim>, Fault> {
        let stamp = self.stamp(GATEWAY);
        let state = PressState::UnderWay { until: stamp.at + PRESS_RUNS };
        let document = press_document(&key, version, stamp.at, &state)?;
        let version = document.clone().written(stamp.at).version;
        let oldest = self.oldest_above_bound(organisation, &key).await?;
        let batch = oldest.iter().fold(Batch::new(stamp).put(document), Batch::remove);
        match self.store.write(organisation, batch).await {
            Ok(()) => Ok(Some(PressClaim { key, version })),
            Err(WriteFault::Conflict(_)) => Ok(None),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// An account's oldest presses above the bound.
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
        // The press itself may be among them, expired: it is replaced, not removed.
        found.retain(|one| one.id != key.id);
        Ok(found)
    }

    /// Stores the answer, or gives the claim up. A failure here undoes nothing: a claim that is left over expires.
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
        let batch = if answer.is_some() {
            let earlier = self.done_before(organisation, &claim.key).await?;
            earlier.iter().fold(batch.put(document), Batch::remove)
        } else {
            batch.remove(&document)
        };
        match self.store.write(organisation, batch).await {
            Ok(()) => Ok(()),
            // The claim expired, and another press took over.
            Err(WriteFault::Conflict(Conflict::Document { id, .. })) if id == claim.key.id => {
                Ok(())
            }
            Err(WriteFault::Conflict(_)) => Err(Fault::Contended),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// The page's earlier acts. Their answers no longer count: sending one again is meant as a new act.
    async fn done_before(
        &self,
        organisation: &OrganisationId,
        key: &PressKey,
    ) -> Result<Vec<Document>, Fault> {
        let listing =
            Listing { limit: KEYS_FORGOTTEN_AT_ONCE, ..Listing::with(BY_PAGE, &key.page) };
        let page = self.store.documents(organisation, PRESSES.kind, listing).await?;
        let mut done = Vec::new();
        for one in page.documents {
            let is_done = matches!(one.read::<PressState>()?, PressState::Done { .. });
            if is_done && one.id != key.id {
                done.push(one);
            }
        }
        Ok(done)
    }
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
    document.keys.push(IndexKey::new(BY_PAGE, key.page.as_str()));
    Ok(document)
}
