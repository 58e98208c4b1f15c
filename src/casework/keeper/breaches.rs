//! Contacts in breach of a restriction, where the policy names a role that must hear of them: one reminder per person,
//! restriction and day. The contact itself is on its queue, and in the person's timeline.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::About;
use crate::casework::follow::counts;
use crate::casework::walk::TrailMark;
use crate::casework::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent, DecidedEntry, GATEWAY};
use crate::domain::case::anchors::day;
use crate::domain::decision::Disposition;
use crate::domain::diary::reminder::{Reminder, contact_in_breach, queue_of};
use crate::domain::organisation::Organisation;
use crate::domain::profile::Role;
use crate::domain::reason_code::ReasonCode;
use crate::ports::documents::{Batch, WriteFault};
use crate::ports::{Mailer, StoreError};
use crate::runtime::limits::{
    BREACHES_TRIED_AGAIN_MAX, KEEPER_NAMES_PAGES_MAX, REMINDER_MAILED_FOR,
};

/// A breach, where the diary's entries have the name of what falls due.
const BREACH: &str = "breach";

/// The profile's key for the role.
const TOLD: &str = "responsible.told_of_breaches";

/// The mark that says how far the trail was searched for breaches, and which reminders could not be written.
const MARK: &str = "breaches";

/// Breaches on the trail, by the key of their reminder, each with its first entry.
type FoundBreaches = BTreeMap<String, (u64, About)>;

impl Desk {
    /// Reminds the role that the policy names of contacts in breach: once for each person, restriction and day, however
    /// many gateways run. A reminder that could not be written is tried again. The first call on a store only notes
    /// where the trail ends. Returns how many reminders were written.
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
        let stored = self.mark(id, MARK).await?;
        let end = self.store.trail_end(id).await?.last.map_or(0, |last| last.number);
        let known = stored.mark.clone();
        let known = known.unwrap_or_else(|| TrailMark { number: end, ..TrailMark::default() });
        let mut found = FoundBreaches::new();
        let mut add = |entry: &AuditEntry| {
            if let AuditEvent::Decided(decided) = &entry.event
                && let Some(about) = in_breach(organisation, role, decided)
            {
                found.entry(about.reminder.key.clone()).or_insert((entry.number, about));
            }
        };
        self.to_try_again(organisation, &known).await?.iter().for_each(&mut add);
        // An older copy of the store may end before the mark.
        let mut walk = self.walk(id, known.number.min(end));
        for _ in 0..KEEPER_NAMES_PAGES_MAX {
            walk.page().await?.iter().for_each(&mut add);
            if walk.is_at_end() {
                break;
            }
        }
        let (mut due, mut numbers) = (Vec::new(), BTreeMap::new());
        for (key, (number, about)) in found {
            due.push(about);
            numbers.insert(key, number);
        }
        let mut again: Vec<u64> = Vec::new();
        let today = self.today(organisation);
        let failed = |key: &str, _| again.extend(numbers.get(key));
        let reminded = self.remind_of(organisation, mailer, due, today, failed).await?;
        // If there are too many, the oldest are given up.
        again.sort_unstable_by_key(|number| Reverse(*number));
        again.truncate(BREACHES_TRIED_AGAIN_MAX);
        let now = TrailMark { number: walk.number(), again };
        if stored.mark.as_ref() != Some(&now) {
            let batch = Batch::new(self.stamp(GATEWAY)).put(stored.moved(&now)?);
            match self.store.write(id, batch).await {
                // On a conflict, another gateway looked as well.
                Ok(()) | Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Ok(reminded)
    }

    /// The entries whose reminder could not be written, for as long as a reminder's mail is retried.
    async fn to_try_again(
        &self,
        organisation: &Organisation,
        known: &TrailMark,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut entries = Vec::new();
        for number in &known.again {
            let behind = number.saturating_sub(1);
            let next = self.store.audit(&organisation.id, behind, 1).await?;
            // If the entry was erased, the next one is read instead.
            entries.extend(next.into_iter().filter(|entry| {
                entry.number == *number && self.clock.now() - entry.at < REMINDER_MAILED_FOR
            }));
        }
        Ok(entries)
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
    Some(About {
        reminder: Reminder {
            key: format!("{BREACH} {person} {restriction} {on}"),
            queue: queue_of(std::slice::from_ref(role)),
            text: contact_in_breach(person, on, restriction, clause),
        },
        what: BREACH,
        about: restriction.clone(),
        person: Some(person.clone()),
        state: "due",
        clause: clause.map(str::to_owned),
    })
}
