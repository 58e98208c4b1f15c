//! Work that is written down in a document, and done by one gateway at a time.
//!
//! The gateway that does it holds a lease on the document, taken and renewed by compare-and-set. A gateway that ends,
//! or loses its store, no longer renews it; once the lease has run out, any gateway takes the work up.

use std::convert::Infallible;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Desk, Fault};
use crate::domain::audit::GATEWAY;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::documents::{Batch, Document, WriteFault};
use crate::runtime::limits::{
    ITEM_TRIES_MAX, LEASE_RENEWED_EVERY, LEASE_TIME, WORK_PAUSE_FIRST, WORK_PAUSE_MAX,
};

/// Who works on a document, and until when nobody else does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lease {
    /// One try of one gateway. Absent: nobody is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    /// Nobody else begins before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<Utc>>,
    /// How often it was put off.
    #[serde(default)]
    tries: u32,
}

impl Lease {
    /// Held by nobody, of work that is not written down yet.
    pub(super) const NONE: Lease = Lease { holder: None, until: None, tries: 0 };

    /// Held by nobody before an instant.
    pub(super) const fn after(until: DateTime<Utc>) -> Self {
        Lease { holder: None, until: Some(until), tries: 0 }
    }

    pub(super) const fn is_first_try(&self) -> bool {
        self.tries == 0
    }
}

/// What a document of work holds.
pub(super) trait Work: Serialize + DeserializeOwned + Clone + Send + Sync {
    const KIND: &'static str;

    /// The document's id.
    fn id(&self) -> &str;

    /// When it was written down.
    fn at(&self) -> DateTime<Utc>;

    fn lease(&mut self) -> &mut Lease;
}

/// Work that this gateway is at.
pub(super) struct Held<T> {
    pub work: T,
    organisation: OrganisationId,
    holder: String,
    until: Mutex<DateTime<Utc>>,
}

/// Which work may be taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    /// Work that nobody does, and postponed work once its pause is over.
    Due,
    /// The same, whatever pause there is: somebody asks for it now.
    Paused,
}

impl<T> Held<T> {
    /// Until when no other gateway takes the work up, as last renewed.
    pub(super) fn until(&self) -> DateTime<Utc> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_until(&self, until: DateTime<Utc>) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

impl Desk {
    /// New work that this gateway is at from the start, with the document to be written.
    pub(super) fn begun<T: Work>(
        &self,
        organisation: &OrganisationId,
        mut work: T,
    ) -> Result<(Held<T>, Document), StoreError> {
        let (holder, until) = (new_holder(), self.clock.now() + LEASE_TIME);
        *work.lease() = Lease { holder: Some(holder.clone()), until: Some(until), tries: 0 };
        let document = Document::new(T::KIND, work.id(), 0, Vec::new(), &work)?;
        let organisation = organisation.clone();
        Ok((Held { work, organisation, holder, until: Mutex::new(until) }, document))
    }

    /// New work that any gateway takes up as soon as it looks.
    pub(super) fn left<T: Work>(&self, mut work: T) -> Result<Document, StoreError> {
        *work.lease() = Lease { until: Some(self.clock.now()), ..Lease::default() };
        Document::new(T::KIND, work.id(), 0, Vec::new(), &work)
    }

    /// Takes work up. `None`: another gateway does it, it is not due yet, or it was done in the meantime.
    pub(super) async fn take_up<T: Work>(
        &self,
        organisation: &OrganisationId,
        document: &Document,
        take: Take,
    ) -> Result<Option<Held<T>>, Fault> {
        let mut work: T = document.read()?;
        let now = self.clock.now();
        let written_at = work.at();
        let lease = work.lease();
        let is_paused = lease.holder.is_none() && lease.until.is_some();
        // What an older gateway wrote down says nothing of a lease.
        let until = lease.until.unwrap_or(written_at + LEASE_TIME);
        if now < until && !(is_paused && take == Take::Paused) {
            return Ok(None);
        }
        let (holder, until) = (new_holder(), now + LEASE_TIME);
        lease.holder = Some(holder.clone());
        lease.until = Some(until);
        let put = Document::new(T::KIND, work.id(), document.version, Vec::new(), &work)?;
        match self.store.write(organisation, Batch::new(self.stamp(GATEWAY)).put(put)).await {
            Ok(()) => {}
            Err(WriteFault::Conflict(_)) => return Ok(None),
            Err(WriteFault::Store(error)) => return Err(error.into()),
        }
        let organisation = organisation.clone();
        Ok(Some(Held { work, organisation, holder, until: Mutex::new(until) }))
    }

    /// The document, if the work is still this holder's.
    pub(super) async fn own<T: Work>(
        &self,
        held: &Held<T>,
    ) -> Result<Option<(Document, T)>, Fault> {
        let stored = self.store.document(&held.organisation, T::KIND, held.work.id()).await?;
        let Some(document) = stored else { return Ok(None) };
        let mut work: T = document.read()?;
        let is_own = work.lease().holder.as_deref() == Some(held.holder.as_str());
        Ok(is_own.then_some((document, work)))
    }

    /// Does the work, and renews the lease until it is done.
    pub(super) async fn while_held<T: Work, R>(
        &self,
        held: &Held<T>,
        work: impl Future<Output = R>,
    ) -> R {
        tokio::select! {
            biased;
            done = work => done,
            never = self.renew_on_and_on(held) => match never {},
        }
    }

    async fn renew_on_and_on<T: Work>(&self, held: &Held<T>) -> Infallible {
        loop {
            tokio::time::sleep(LEASE_RENEWED_EVERY).await;
            if let Err(fault) = self.renew(held).await {
                tracing::debug!(%fault, "a lease could not be renewed");
            }
        }
    }

    /// Whether the work is still this gateway's: asked before each part that must not happen twice.
    pub(super) async fn holds<T: Work>(&self, held: &Held<T>) -> Result<bool, Fault> {
        if held.until() - self.clock.now() > LEASE_TIME / 2 {
            return Ok(true);
        }
        self.renew(held).await
    }

    /// `false`: another gateway has taken the work up, or it is done.
    pub(super) async fn renew<T: Work>(&self, held: &Held<T>) -> Result<bool, Fault> {
        let until = self.clock.now() + LEASE_TIME;
        let is_own = self.rewrite(held, |lease| lease.until = Some(until)).await?;
        held.set_until(if is_own { until } else { DateTime::UNIX_EPOCH });
        Ok(is_own)
    }

    /// Leaves the work to the gateway that looks first once the pause is over.
    pub(super) async fn put_off<T: Work>(
        &self,
        held: &Held<T>,
        pause: TimeDelta,
    ) -> Result<(), Fault> {
        let until = self.clock.now() + pause;
        let put_off = |lease: &mut Lease| {
            *lease =
                Lease { holder: None, until: Some(until), tries: lease.tries.saturating_add(1) };
        };
        self.rewrite(held, put_off).await.map(drop)
    }

    /// How long work that failed waits for its next try.
    pub(super) fn pause_of<T: Work>(held: &Held<T>) -> TimeDelta {
        let tries = held.work.clone().lease().tries.min(16);
        (WORK_PAUSE_FIRST * (1 << tries)).min(WORK_PAUSE_MAX)
    }

    /// Takes the work off the list.
    pub(super) async fn done_with<T: Work>(&self, held: &Held<T>) -> Result<(), Fault> {
        for _ in 0..ITEM_TRIES_MAX {
            let Some((document, _)) = self.own(held).await? else { return Ok(()) };
            let batch = Batch::new(self.stamp(GATEWAY)).remove(&document);
            match self.store.write(&held.organisation, batch).await {
                Ok(()) => return Ok(()),
                // A renewal on its way, or another gateway.
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }

    async fn rewrite<T: Work>(
        &self,
        held: &Held<T>,
        change: impl Fn(&mut Lease) + Send + Sync,
    ) -> Result<bool, Fault> {
        for _ in 0..ITEM_TRIES_MAX {
            let Some((document, mut stored)) = self.own(held).await? else { return Ok(false) };
            let mut work = held.work.clone();
            *work.lease() = stored.lease().clone();
            change(work.lease());
            let put = Document::new(T::KIND, work.id(), document.version, Vec::new(), &work)?;
            let batch = Batch::new(self.stamp(GATEWAY)).put(put);
            match self.store.write(&held.organisation, batch).await {
                Ok(()) => return Ok(true),
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }
}

/// No two tries have the same, on whichever gateway.
fn new_holder() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
