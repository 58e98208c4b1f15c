//! A legal hold: nothing about the person is erased, by anybody or by a schedule, until somebody ends it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::casework::acting::Acting;
use crate::casework::{Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{Batch, Document, IndexKey, OF_PERSON};

/// The kind of document that a hold is. Its id is the person's.
pub(super) const HOLD: &str = "legal_hold";

/// Why a record is on hold, and who put it there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub by: String,
    #[serde(serialize_with = "crate::domain::instant::written")]
    pub at: DateTime<Utc>,
    pub reason: String,
}

impl Desk {
    /// Holds a person's record.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this id is on record. [`Fault::Refused`]: it says no reason.
    pub async fn hold(
        &self,
        organisation: &OrganisationId,
        person: &str,
        acting: Acting<'_>,
    ) -> Result<Hold, Fault> {
        acting.check()?;
        self.read_person(organisation, person).await?;
        let Some(reason) = acting.reason else {
            return Err(Fault::Refused("say why the record is held".to_owned()));
        };
        let stamp = self.stamp(acting.by);
        let hold = Hold { by: acting.by.to_owned(), at: stamp.at, reason: reason.to_owned() };
        let version = self.stored_hold(organisation, person).await?.map_or(0, |was| was.version);
        let keys = vec![IndexKey::new(OF_PERSON, person)];
        let document = Document::new(HOLD, person, version, keys, &hold)?;
        let batch = Batch::new(stamp).put(document).audit(said(person, "held", acting));
        self.write_once(organisation, batch).await?;
        Ok(hold)
    }

    /// Ends a hold.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: the record is not on hold.
    pub async fn end_hold(
        &self,
        organisation: &OrganisationId,
        person: &str,
        acting: Acting<'_>,
    ) -> Result<(), Fault> {
        acting.check()?;
        let stored = self.stored_hold(organisation, person).await?;
        let stored = stored.ok_or(Fault::NotFound("hold"))?;
        let batch = Batch::new(self.stamp(acting.by)).remove(&stored);
        self.write_once(organisation, batch.audit(said(person, "hold_ended", acting))).await
    }

    /// The hold on a person's record, if there is one.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn hold_of(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<Option<Hold>, Fault> {
        let stored = self.stored_hold(organisation, person).await?;
        Ok(stored.map(|document| document.read()).transpose()?)
    }

    async fn stored_hold(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<Option<Document>, Fault> {
        Ok(self.store.document(organisation, HOLD, person).await?)
    }
}

fn said(person: &str, action: &str, acting: Acting<'_>) -> AuditEvent {
    AuditEvent::Erasure {
        person: person.to_owned(),
        action: action.to_owned(),
        clause: None,
        reason: acting.reason.map(str::to_owned),
    }
}
