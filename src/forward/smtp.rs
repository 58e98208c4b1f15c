//! The client of the mail server behind the gateway: SMTP (RFC 5321) or LMTP (RFC 2033).
//!
//! Commands are replayed as the gateway's own client wrote them, addresses and parameters byte for
//! byte. Every reply is waited for with a bound, and read with one.

mod connection;
mod pool;
pub mod stuffing;
mod transaction;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::time::{Instant, timeout};

use super::letterhead::Letterhead;
use super::mark::MarkKey;
use crate::ports::relay::{
    Capabilities, Downstream, Envelope, OwnField, Partly, Recipient, Relay, RelayError,
    RelayedMessage, Reply, Trace, Transaction,
};
use crate::runtime::limits::{
    DOWNSTREAM_ANSWER_AGE_MAX, DOWNSTREAM_CONNECT_WAIT, DOWNSTREAM_OFFER_AGE_MAX,
    DOWNSTREAM_OFFER_PAUSE, DOWNSTREAM_PIPELINE_MAX,
};
use crate::runtime::tls::Connector;
use pool::Pool;
use transaction::Open;

/// The mail server behind the gateway. One for the process: its connections are shared.
pub struct DownstreamServer {
    pool: Arc<Pool>,
    letterhead: Arc<Letterhead>,
    offer: Mutex<Offer>,
}

/// The server's known capabilities.
#[derive(Default)]
struct Offer {
    known: Option<(Capabilities, Instant)>,
    failed_at: Option<Instant>,
}

impl DownstreamServer {
    /// `hostname` is the name in greetings and `Received`; `pass_key` the key of the loop mark.
    pub fn new(downstream: Downstream, hostname: &str, pass_key: &[u8; 32]) -> Self {
        Self::by(Pool::new(downstream, None, hostname), hostname, pass_key)
    }

    /// The same by TLS: nothing is handed over without it.
    pub fn by_tls(
        downstream: Downstream,
        tls: Connector,
        hostname: &str,
        pass_key: &[u8; 32],
    ) -> Self {
        Self::by(Pool::new(downstream, Some(tls), hostname), hostname, pass_key)
    }

    fn by(pool: Pool, hostname: &str, pass_key: &[u8; 32]) -> Self {
        DownstreamServer {
            pool: Arc::new(pool),
            letterhead: Arc::new(Letterhead::new(hostname, MarkKey::new(pass_key))),
            offer: Mutex::new(Offer::default()),
        }
    }

    fn offer(&self) -> MutexGuard<'_, Offer> {
        // Nothing is left half done under this lock.
        self.offer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, capabilities: &Capabilities) {
        let mut offer = self.offer();
        offer.known = Some((capabilities.clone(), Instant::now()));
        offer.failed_at = None;
    }

    /// What the server offers, as it said so long ago at most, or says now; `None`: it does not answer.
    async fn asked(&self, age_max: Duration) -> Option<Capabilities> {
        {
            let offer = self.offer();
            if let Some((known, at)) = &offer.known
                && at.elapsed() < age_max
            {
                return Some(known.clone());
            }
            if offer.failed_at.is_some_and(|at| at.elapsed() < DOWNSTREAM_OFFER_PAUSE) {
                return None;
            }
        }
        // A new connection, not a kept one: the extensions may have changed.
        match timeout(DOWNSTREAM_CONNECT_WAIT, self.pool.connect()).await {
            Ok(Ok(held)) => {
                self.learn(&held.connection.capabilities);
                let capabilities = held.connection.capabilities.clone();
                self.pool.keep(held);
                Some(capabilities)
            }
            Ok(Err(_)) | Err(_) => {
                self.offer().failed_at = Some(Instant::now());
                None
            }
        }
    }

    /// Begins a transaction with its first recipients. A kept connection that turns out to be dead
    /// is replaced once, since nothing was handed over on it.
    async fn begin(
        &self,
        envelope: &Envelope,
        recipients: &[Recipient],
    ) -> Result<Result<(Open, Vec<Reply>), Reply>, RelayError> {
        let held = self.pool.take().await?;
        let was_kept = held.was_kept;
        if !was_kept {
            self.learn(&held.connection.capabilities);
        }
        match Open::begin(&self.pool, held, &self.letterhead, envelope, recipients).await {
            Err(RelayError::Lost) if was_kept => {
                self.pool.forget_kept();
                let fresh = self.pool.take().await?;
                self.learn(&fresh.connection.capabilities);
                Open::begin(&self.pool, fresh, &self.letterhead, envelope, recipients).await
            }
            begun => begun,
        }
    }
}

#[async_trait]
impl Relay for DownstreamServer {
    async fn capabilities(&self) -> Capabilities {
        match self.asked(DOWNSTREAM_OFFER_AGE_MAX).await {
            Some(capabilities) => capabilities,
            None => self
                .offer()
                .known
                .as_ref()
                .map_or_else(Capabilities::unknown, |known| known.0.clone()),
        }
    }

    async fn answers(&self) -> bool {
        self.asked(DOWNSTREAM_ANSWER_AGE_MAX).await.is_some()
    }

    async fn open(
        &self,
        envelope: &Envelope,
        first: &Recipient,
    ) -> Result<Result<(Box<dyn Transaction>, Reply), Reply>, RelayError> {
        match self.begin(envelope, std::slice::from_ref(first)).await? {
            Ok((open, replies)) => {
                let reply = replies.into_iter().next().ok_or(RelayError::Protocol)?;
                Ok(Ok((Box::new(open), reply)))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    async fn deliver(
        &self,
        envelope: &Envelope,
        recipients: &[Recipient],
        partly: Partly,
        letter: &RelayedMessage,
        deadline: Instant,
    ) -> Result<Vec<Reply>, RelayError> {
        let (first, rest) = recipients.split_at(recipients.len().min(DOWNSTREAM_PIPELINE_MAX));
        let begun = tokio::time::timeout_at(deadline, self.begin(envelope, first));
        match begun.await.map_err(|_| RelayError::Slow)?? {
            Ok((open, replies)) => open.deliver_to(replies, rest, partly, letter, deadline).await,
            Err(refusal) => Ok(vec![refusal; recipients.len()]),
        }
    }

    fn own_fields(&self, trace: &Trace, sender: &[u8]) -> Vec<OwnField> {
        self.letterhead.own_fields(trace, sender)
    }

    fn own_mark(
        &self,
        mark: &str,
        sender: &[u8],
        digest: &[u8; 32],
        recipients: &[String],
        now: DateTime<Utc>,
    ) -> Option<String> {
        self.letterhead.mark_key().verified(mark, sender, digest, recipients, now)
    }
}
