//! A person's own record, read for a copy of it: what is in memory at once does not grow with it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::case::StaffList;
use super::case::record::CaseRead;
use super::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent, LookedAt};
use crate::domain::organisation::Organisation;
use crate::domain::own_record::{HeldContact, LeftOut, Piece};
use crate::domain::profile::Role;
use crate::ports::audit_trail::{TrailFilter, TrailSearch};
use crate::ports::documents::Order;
use crate::runtime::limits::OWN_RECORD_PIECE;

/// A record that is being read.
pub struct OwnRecord {
    desk: Desk,
    organisation: Arc<Organisation>,
    pub case: CaseRead,
    /// By name, so that a role can take the name's place.
    pub roles: BTreeMap<String, Role>,
    not_theirs: HashSet<String>,
    at: At,
    left_out: LeftOut,
}

/// How far the record is read.
#[derive(Clone, Copy)]
enum At {
    Letter(usize),
    /// Behind an entry of the trail.
    Contacts(Option<u64>),
    Deeds(Option<u64>),
    End,
}

impl Desk {
    /// Begins to read a person's own record, and notes on the trail that somebody did.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this id is on record.
    pub async fn own_record(
        &self,
        organisation: &Arc<Organisation>,
        roles: StaffList,
        person: &str,
        by: &str,
    ) -> Result<OwnRecord, Fault> {
        let id = &organisation.id;
        let case = self.read_case(organisation, person).await?;
        let event = AuditEvent::Looked {
            looked_at: LookedAt::OwnRecord,
            id: case.person.id.clone(),
            because: None,
        };
        self.store.append_audit(id, self.stamp(by), event).await?;
        self.catch_up(organisation).await?;
        let not_theirs = self.contacts_not_theirs(organisation, &case.person.id).await?;
        Ok(OwnRecord {
            desk: self.clone(),
            organisation: Arc::clone(organisation),
            case,
            roles,
            not_theirs,
            at: At::Letter(0),
            left_out: LeftOut::default(),
        })
    }
}

impl OwnRecord {
    /// What comes next; `None`: that was all.
    ///
    /// # Errors
    /// The store can't be read. What was read until then is no whole record.
    pub async fn next(&mut self) -> Result<Option<Piece>, Fault> {
        loop {
            let piece = match self.at {
                At::Letter(index) => self.letter(index).await?,
                At::Contacts(after) => self.contacts(after).await?,
                At::Deeds(after) => self.deeds(after).await?,
                At::End => return Ok(None),
            };
            if piece.is_some() {
                return Ok(piece);
            }
        }
    }

    /// What was left out. Complete once all was read.
    pub const fn left_out(&self) -> LeftOut {
        self.left_out
    }

    async fn letter(&mut self, index: usize) -> Result<Option<Piece>, Fault> {
        let Some(letter) = self.case.file.letters.get(index) else {
            self.at = At::Contacts(None);
            return Ok(None);
        };
        self.at = At::Letter(index + 1);
        if letter.sent.is_none() {
            return Ok(None);
        }
        let mut letter = letter.clone();
        if let Some(approval) = &mut letter.approval {
            self.desk.put_words(&self.organisation, approval).await?;
        }
        Ok(Some(Piece::Letter(Box::new(letter))))
    }

    async fn contacts(&mut self, after: Option<u64>) -> Result<Option<Piece>, Fault> {
        let (entries, next) = self.entries(after).await?;
        self.at = next.map_or(At::Deeds(None), |next| At::Contacts(Some(next)));
        let organisation = &self.organisation.id;
        let mut contacts = Vec::new();
        for entry in entries {
            let AuditEvent::Decided(decided) = entry.event else { continue };
            if self.not_theirs.contains(&decided.contact) {
                self.left_out.not_theirs += 1;
                continue;
            }
            if decided.person.as_deref() != Some(self.case.person.id.as_str()) {
                self.left_out.in_doubt += 1;
                continue;
            }
            let store = &self.desk.store;
            let decision = store.recorded(organisation, &decided.contact).await?;
            let item = store.item(organisation, &decided.contact).await?;
            let decision = decision.map(|(decision, _)| decision);
            contacts.push(HeldContact { decided, decision, item });
        }
        Ok((!contacts.is_empty()).then_some(Piece::Contacts(contacts)))
    }

    async fn deeds(&mut self, after: Option<u64>) -> Result<Option<Piece>, Fault> {
        let (mut entries, next) = self.entries(after).await?;
        self.at = next.map_or(At::End, |next| At::Deeds(Some(next)));
        entries.retain(|entry| !matches!(entry.event, AuditEvent::Decided(_)));
        Ok((!entries.is_empty()).then_some(Piece::Deeds(entries)))
    }

    async fn entries(&self, after: Option<u64>) -> Result<(Vec<AuditEntry>, Option<u64>), Fault> {
        let person = Some(self.case.person.id.clone());
        let filter = TrailFilter { person, ..TrailFilter::default() };
        let search =
            TrailSearch { filter, order: Order::Ascending, after, limit: OWN_RECORD_PIECE };
        let page = self.desk.store.search_audit(&self.organisation.id, search).await?;
        Ok((page.entries, page.next))
    }
}
