//! Requests that wait for approval, records on hold, and erasures, of a whole organisation.

use serde::de::DeserializeOwned;

use super::hold::{HOLD, Hold};
use super::{ASKED, AskedErasure, PROOF, Proof};
use crate::casework::{Desk, Fault};
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{BY_ID, Listing};

/// A record that is held, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnHold {
    pub person: String,
    pub hold: Hold,
}

impl Desk {
    /// Every erasure, in no order: what was removed, by whom, by which clause.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn erasures(&self, organisation: &OrganisationId) -> Result<Vec<Proof>, Fault> {
        let proofs = self.every_of::<Proof>(organisation, PROOF).await?;
        Ok(proofs.into_iter().map(|(_, proof)| proof.without_names()).collect())
    }

    /// What one erasure removed.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: no erasure has this id.
    pub async fn erasure(
        &self,
        organisation: &OrganisationId,
        erasure: &str,
    ) -> Result<Proof, Fault> {
        let document = self.store.document(organisation, PROOF, erasure).await?;
        let proof: Proof = document.ok_or(Fault::NotFound("erasure"))?.read()?;
        Ok(proof.without_names())
    }

    /// Erasures that somebody asked for and nobody has approved, the oldest first.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn asked_erasures(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Vec<AskedErasure>, Fault> {
        let asked = self.every_of::<AskedErasure>(organisation, ASKED).await?;
        let mut asked: Vec<AskedErasure> = asked.into_iter().map(|(_, one)| one).collect();
        asked.sort_by(|a, b| (a.at, &a.person).cmp(&(b.at, &b.person)));
        Ok(asked)
    }

    /// Records that are held, the first to be held first.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn all_holds(&self, organisation: &OrganisationId) -> Result<Vec<OnHold>, Fault> {
        let holds = self.every_of::<Hold>(organisation, HOLD).await?;
        let mut held: Vec<OnHold> =
            holds.into_iter().map(|(person, hold)| OnHold { person, hold }).collect();
        held.sort_by(|a, b| (a.hold.at, &a.person).cmp(&(b.hold.at, &b.person)));
        Ok(held)
    }

    /// Every document of a kind, with its id.
    async fn every_of<T: DeserializeOwned>(
        &self,
        organisation: &OrganisationId,
        kind: &str,
    ) -> Result<Vec<(String, T)>, Fault> {
        let mut found = Vec::new();
        for document in self.every(organisation, kind, Listing::of(BY_ID)).await? {
            let read = document.read()?;
            found.push((document.id, read));
        }
        Ok(found)
    }
}
