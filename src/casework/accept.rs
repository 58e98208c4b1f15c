//! Accepting a store as it is, in place of the one that was known.

use chrono::{DateTime, Utc};

use crate::domain::audit::AuditEvent;
use crate::domain::organisation::OrganisationId;
use crate::domain::past::{ArchiveIdentity, Behind, Branch, Nameplate, Standing, TrailEnd};
use crate::ports::keepsakes::Keepsakes;
use crate::ports::past::look;
use crate::ports::{Stamp, Store, StoreError};
use crate::runtime::limits::BRANCHES_MAX;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// Nothing was kept of any store.
    NothingKnown,
    /// The store is the one that was known, or was accepted before.
    NotBehind,
    /// Nothing was kept of any store; this one was restored, with so many entries.
    Restored { found: u64 },
    /// It was behind, and is taken as it is from now on.
    Done { why: Behind, known: u64, found: u64 },
}

/// Who accepts, and when.
#[derive(Debug, Clone)]
pub struct By {
    pub by: String,
    pub at: DateTime<Utc>,
}

/// Takes a store that is behind as it is. Its trail gets another name, in which every gateway that knew
/// the store before sees that it was accepted, and every receiver of events where to go on.
///
/// # Errors
/// The store, or the gateway's record of it, can't be read or written. `Corrupt`: the store is damaged, which no
/// accepting mends.
pub async fn accept(
    store: &dyn Store,
    keepsakes: &dyn Keepsakes,
    organisation: &OrganisationId,
    by: By,
) -> Result<Accepted, StoreError> {
    let Some(mark) = keepsakes.mark(organisation)? else { return Ok(Accepted::NothingKnown) };
    let (end, standing) = look(store, organisation, Some(&mark)).await?;
    let why = match standing {
        Standing::Well | Standing::Accepted => return Ok(Accepted::NotBehind),
        Standing::Behind(why) => why,
    };
    let found = end.last.map_or(0, |last| last.number);
    let is_older = end.nameplate.as_ref().and_then(Nameplate::trail) == Some(mark.trail.as_str());
    // Up to where it was found at first, an older store is as it was known.
    let same = if is_older { mark.found_behind_at.map_or(found, |at| at.min(found)) } else { 0 };
    name_anew(store, organisation, &end, same + 1, Some(mark.trail.clone())).await?;
    let known = mark.last.map_or(0, |last| last.number);
    let stamp = Stamp { by: by.by, at: by.at };
    store.append_audit(organisation, stamp, AuditEvent::StoreAccepted { known, found }).await?;
    Ok(Accepted::Done { why, known, found })
}

/// As [`accept`]; where nothing was kept of any store, a restored one is taken as it is as well: whatever
/// entry comes next is not the one that had its number before.
///
/// # Errors
/// As [`accept`].
pub async fn accept_restored(
    store: &dyn Store,
    keepsakes: &dyn Keepsakes,
    organisation: &OrganisationId,
    by: By,
) -> Result<Accepted, StoreError> {
    if keepsakes.mark(organisation)?.is_some() {
        return accept(store, keepsakes, organisation, by).await;
    }
    let end = store.trail_end(organisation).await?;
    let found = end.last.map_or(0, |last| last.number);
    name_anew(store, organisation, &end, found + 1, None).await?;
    let stamp = Stamp { by: by.by, at: by.at };
    let event = AuditEvent::StoreAccepted { known: found, found };
    store.append_audit(organisation, stamp, event).await?;
    Ok(Accepted::Restored { found })
}

/// Gives the trail another name from this entry on.
async fn name_anew(
    store: &dyn Store,
    organisation: &OrganisationId,
    end: &TrailEnd,
    from: u64,
    in_place_of: Option<String>,
) -> Result<(), StoreError> {
    let mut plate = end.nameplate.clone().unwrap_or(Nameplate { branches: vec![], archive: None });
    let over = (plate.branches.len() + 1).saturating_sub(BRANCHES_MAX);
    plate.branches.drain(..over);
    plate.branches.push(Branch { trail: uuid::Uuid::new_v4().to_string(), from, in_place_of });
    put(store, organisation, end, &plate).await
}

/// Says that the store's originals are in this archive from now on; `None`: it said so already, else
/// what it said before.
///
/// # Errors
/// The store can't be read or written.
pub async fn accept_archive(
    store: &dyn Store,
    organisation: &OrganisationId,
    archive: &ArchiveIdentity,
) -> Result<Option<ArchiveIdentity>, StoreError> {
    let end = store.trail_end(organisation).await?;
    let Some(plate) = end.nameplate.clone() else { return Ok(None) };
    let Some(before) = plate.archive.clone().filter(|before| before.id != archive.id) else {
        return Ok(None);
    };
    let plate = Nameplate { archive: Some(archive.clone()), ..plate };
    put(store, organisation, &end, &plate).await?;
    Ok(Some(before))
}

async fn put(
    store: &dyn Store,
    organisation: &OrganisationId,
    end: &TrailEnd,
    plate: &Nameplate,
) -> Result<(), StoreError> {
    if store.put_nameplate(organisation, end.nameplate.as_ref(), plate).await? {
        return Ok(());
    }
    Err(StoreError::Unavailable(
        "somebody else has named the store in the meantime; try again".to_owned(),
    ))
}
