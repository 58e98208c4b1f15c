//! Originals: kept, synced, before anything refers to them; and what becomes of a contact whose original is
//! not, since as much is kept already as may be.

use super::Intake;
use super::verdict::into_settled;
use crate::domain::audit::{AuditEvent, GATEWAY};
use crate::domain::decide::Verdict;
use crate::domain::decision::{Decision, Disposition};
use crate::domain::flag::Flag;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::queue::ORIGINAL_KEPT;
use crate::ports::{
    Allowance, Committed, Keep, Original, Owner, Settled, Stamp, StoreError, Withheld,
};
use crate::runtime::limits::ITEM_TRIES_MAX;
use crate::runtime::trace::{TraceSpan, TraceStep};

/// How a contact's original is.
#[derive(Debug, Clone)]
pub(super) enum Keeping {
    /// The contact has none: its text is all there is.
    Nothing,
    /// It is not kept yet, and is before anything is handed over that would refer to it.
    Wanted,
    /// In the archive, by this reference.
    Kept(String),
    /// It is not kept: the quota leaves no room.
    OverQuota,
    /// It could not be kept: the disk is full, or the archive away.
    Failed,
}

impl Keeping {
    pub(super) const fn of(original: Option<&Original>) -> Self {
        if original.is_some() { Keeping::Wanted } else { Keeping::Nothing }
    }

    /// What a verdict hands to the store, once the original is kept that it would refer to.
    pub(super) fn settle(&self, mut verdict: Verdict) -> Result<Settled, Withheld> {
        let archived = match self {
            Keeping::Wanted if verdict.item.is_some() => {
                return Err(Withheld::OriginalWanted(Allowance::of(&verdict.decision)));
            }
            Keeping::OverQuota => {
                say_not_kept(&mut verdict);
                None
            }
            Keeping::Kept(reference) => Some(reference.as_str()),
            Keeping::Nothing | Keeping::Wanted | Keeping::Failed => None,
        };
        Ok(into_settled(verdict, archived))
    }
}

impl Allowance {
    /// How much a decision's original may add to the archive.
    pub(super) fn of(decision: &Decision) -> Self {
        if decision.lane().is_some() { Allowance::Safeguard } else { Allowance::Ordinary }
    }
}

/// Staff see on the item, the trail, in metrics and events that only the text is there.
fn say_not_kept(verdict: &mut Verdict) {
    let Some(item) = &mut verdict.item else { return };
    for flags in [&mut item.flags, &mut verdict.decision.flags, &mut verdict.audit.flags] {
        flags.push(Flag::OriginalNotKept);
    }
}

impl Intake {
    pub(super) async fn keep(
        &self,
        organisation: &OrganisationId,
        owner: Owner<'_>,
        original: Original,
    ) -> Keeping {
        let (contact, span) = (owner.contact, TraceSpan::next(TraceStep::Archive));
        match span.clone().around(self.archive.keep(organisation, owner, original)).await {
            Ok(Keep::Done(reference)) => {
                span.came("kept");
                self.archive_standing.works();
                Keeping::Kept(reference)
            }
            Ok(Keep::OverQuota(fault)) => {
                span.came("over quota");
                tracing::warn!(%organisation, contact, %fault, "an original is not kept");
                Keeping::OverQuota
            }
            Err(error) => {
                span.failed("not kept");
                self.archive_standing.fails(&error);
                tracing::error!(%error, contact, "an original could not be kept");
                Keeping::Failed
            }
        }
    }

    /// Keeps the original of a contact that was decided before without it, if there is room by now, and
    /// says so on its item. `false`: it is not kept, and its sender should go on keeping it.
    pub(super) async fn keep_late(
        &self,
        organisation: &OrganisationId,
        owner: Owner<'_>,
        keeping: &Keeping,
        original: Option<Original>,
    ) -> bool {
        let late = match (keeping, original) {
            (Keeping::Kept(_), _) => keeping.clone(),
            (_, Some(original)) => match self.is_kept(organisation, owner.contact).await {
                Ok(true) => return true,
                Ok(false) => self.keep(organisation, owner, original).await,
                Err(_) => return false,
            },
            (_, None) => return false,
        };
        let Keeping::Kept(reference) = late else { return false };
        match self.refer_to(organisation, owner.contact, &reference).await {
            Ok(is_on_record) => is_on_record,
            Err(error) => {
                let contact = owner.contact;
                tracing::warn!(%error, contact, "an item could not be given its original");
                false
            }
        }
    }

    /// Whether the contact's item has its original, or is no longer there to have it.
    async fn is_kept(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<bool, StoreError> {
        let item = self.store.item(organisation, contact).await?;
        Ok(item.is_none_or(|item| item.archived.is_some()))
    }

    async fn refer_to(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        reference: &str,
    ) -> Result<bool, StoreError> {
        for _ in 0..ITEM_TRIES_MAX {
            let Some(was) = self.store.item(organisation, contact).await? else { return Ok(true) };
            if was.archived.is_some() {
                return Ok(true);
            }
            let mut now = was.clone();
            now.archived = Some(reference.to_owned());
            now.flags.retain(|flag| *flag != Flag::OriginalNotKept);
            let stamp = Stamp { by: GATEWAY.to_owned(), at: self.clock.now() };
            let event = AuditEvent::Item { item: was.id.clone(), action: ORIGINAL_KEPT.to_owned() };
            if self.store.replace_item(organisation, &was, &now, stamp, event).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The original of a contact that was simply delivered is not kept: another decision was made of it before,
    /// on a ledger that turned out to be another one.
    pub(super) async fn let_go(
        &self,
        organisation: &Organisation,
        committed: &Committed,
        keeping: Keeping,
    ) {
        if committed.decision.disposition != Disposition::Deliver {
            return;
        }
        if let Keeping::Kept(reference) = keeping
            && let Err(error) = self.archive.discard(&organisation.id, &reference).await
        {
            tracing::warn!(%error, "an original that is not needed could not be discarded");
        }
    }
}
