//! Contacts in breach of a restriction, where the policy names a role that must hear of them: one reminder per person,
//! restriction and day. The contact itself is on its queue, and in the person's timeline.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::About;
use crate::casework::follow::counts;
use crate::casework::{Desk, Fault};
use crate::domain::audit::{AuditEvent, DecidedEntry, GATEWAY};
use crate::domain::case::anchors::day;
use crate::domain::decision::Disposition;
use crate::domain::diary::reminder::{Reminder, queue_of};
use crate::domain::organisation::Organisation;
use crate::domain::profile::Role;
use crate::domain::reason_code::ReasonCode;
use crate::ports::Mailer;
use crate::ports::documents::{Batch, Document, WriteFault};
use crate::runtime::limits::{KEEPER_NAMES_PAGES_MAX, PAGE_ITEMS_MAX};

/// A breach, where the diary's entries have the name of what falls due.
const BREACH: &str = "breach";

/// The profile's key for the role.
const TOLD: &str = "responsible.told_of_breaches";

/// The kind and the id of the mark that says how far breaches were looked for.
const MARK: &str = "breaches";
const TRAIL: &str = "trail";

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct LookedFor {
    /// Up to which entry of the trail.
    number: u64,
}

impl Desk {
    /// Reminds the role that the policy names of contacts in breach: once for each person, restriction and day, however
    /// many gateways run. The first call on a store only notes where the trail ends. Returns how many reminders were
    /// written.
    ///
    /// # Errors
    /// The store can't be read or written: the next round tries again.
    pub async fn remind_of_breaches(
        &self,
        organisation: &Arc<Organisation>,
        mailer: &Arc<dyn Mailer>,
    ) -> Result<usize, Fault> {
        let Some(role) = &organisation.profile.responsible.told_of_breaches else { return Ok(0) };
        let id = &organisation.id;
        let stored = self.store.document(id, MARK, TRAIL).await?;
        let known = stored.as_ref().map(|mark| mark.read::<LookedFor>()).transpose()?;
        let known = known.map(|known| known.number);
        let end = self.store.trail_end(id).await?.last.map_or(0, |last| last.number);
        // An older copy of the store may end before the mark.
        let (mut number, mut due) = (known.map_or(end, |known| known.min(end)), Vec::new());
        for _ in 0..KEEPER_NAMES_PAGES_MAX {
            let entries = self.store.audit(id, number, PAGE_ITEMS_MAX).await?;
            for entry in &entries {
                number = entry.number;
                if let AuditEvent::Decided(decided) = &entry.event {
                    due.extend(in_breach(organisation, role, decided));
                }
            }
            if entries.len() < PAGE_ITEMS_MAX {
                break;
            }
        }
        let today = self.today(organisation);
        let reminded = self.remind_of(organisation, mailer, due, today, |_| {}).await?;
        if known != Some(number) {
            let read_at = stored.map_or(0, |mark| mark.version);
            let mark = Document::new(MARK, TRAIL, read_at, Vec::new(), &LookedFor { number })?;
            match self.store.write(id, Batch::new(self.stamp(GATEWAY)).put(mark)).await {
                // On a conflict, another gateway looked as well.
                Ok(()) | Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Ok(reminded)
    }
}

/// The reminder of a contact that an enforced restriction held back. Contacts that are read and filed are within what
/// the restriction allows.
fn in_breach(organisation: &Organisation, role: &Role, decided: &DecidedEntry) -> Option<About> {
    let is_held_back = matches!(decided.disposition, Disposition::Limit | Disposition::File);
    if !is_held_back || !counts(decided) {
        return None;
    }
    let person = decided.person.as_ref()?;
    let row = decided.rows.iter().find(|row| row.settled && !row.observed)?;
    let restriction = row.restriction.as_ref()?;
    if row.code == ReasonCode::ReadAndFileFiled {
        return None;
    }
    let profile = &organisation.profile;
    let on = day(profile, decided.contact_at);
    let clause = profile.clause_of(TOLD);
    let cited = clause.map(|clause| format!(" (clause {clause})")).unwrap_or_default();
    let text = format!(
        "Contact in breach of a restriction: {person} made contact on {on}, which {restriction} does \
         not allow{cited}."
    );
    Some(About {
        reminder: Reminder {
            key: format!("{BREACH} {person} {restriction} {on}"),
            queue: queue_of(std::slice::from_ref(role)),
            text,
        },
        what: BREACH,
        about: restriction.clone(),
        person: Some(person.clone()),
        state: "due",
        clause: clause.map(str::to_owned),
    })
}
