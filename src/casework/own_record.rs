//! A person's own record, read for a copy of it: memory does not grow with it. Of somebody whose
//! records are merged it is all of them.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use chrono::NaiveDate;

use super::case::StaffList;
use super::case::record::CaseRead;
use super::joined::{OfRecord, record_of};
use super::unlisted::{self, Unlisted};
use super::{Desk, Fault};
use crate::domain::audit::{AuditEvent, LookedAt};
use crate::domain::diary::Case;
use crate::domain::organisation::Organisation;
use crate::domain::own_record::{Deed, HeldContact, HeldEquality, HeldLetter, LeftOut, Piece};
use crate::domain::profile::Role;
use crate::ports::documents::Order;
use crate::runtime::limits::OWN_RECORD_PIECE;

/// A record that is being read.
pub struct OwnRecord {
    desk: Desk,
    organisation: Arc<Organisation>,
    pub case: CaseRead,
    /// Those of the person's other records.
    pub others: Vec<CaseRead>,
    /// The ids of all of them.
    records: Vec<String>,
    /// By name, so that a role can take the name's place.
    pub roles: BTreeMap<String, Role>,
    not_theirs: HashSet<String>,
    /// Entries that the index lacks, each with the record that it concerns; `None`: not looked for yet.
    unlisted: Option<BTreeMap<u64, String>>,
    at: At,
    left_out: LeftOut,
}

/// How far the record is read.
#[derive(Clone, Copy)]
enum At {
    /// By the record's position.
    Equality(usize),
    /// By record, and by letter of its case.
    Letter(usize, usize),
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
        let records = self.own_and_others(id, &case.person.id).await?;
        let (mut others, mut not_theirs) = (Vec::new(), HashSet::new());
        for record in &records {
            let event = AuditEvent::Looked {
                looked_at: LookedAt::OwnRecord,
                id: record.clone(),
                because: None,
            };
            self.store.append_audit(id, self.stamp(by), event).await?;
            if *record != case.person.id {
                others.push(self.read_case(organisation, record).await?);
            }
        }
        self.catch_up(organisation).await?;
        for record in &records {
            not_theirs.extend(self.contacts_not_theirs(organisation, record).await?);
        }
        Ok(OwnRecord {
            desk: self.clone(),
            organisation: Arc::clone(organisation),
            case,
            others,
            records,
            roles,
            not_theirs,
            unlisted: None,
            at: At::Equality(0),
            left_out: LeftOut::default(),
        })
    }
}

impl OwnRecord {
    /// The day on which it is made.
    pub fn made(&self) -> NaiveDate {
        self.desk.today(&self.organisation)
    }

    /// What comes next; `None`: that was all.
    ///
    /// # Errors
    /// The store can't be read. The part read until then is not a whole record.
    pub async fn next(&mut self) -> Result<Option<Piece>, Fault> {
        loop {
            let piece = match self.at {
                At::Equality(record) => self.equality(record).await?,
                At::Letter(record, index) => self.letter(record, index).await?,
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

    /// The cases that the record is made of, the one that was asked for first.
    pub fn cases(&self) -> Vec<Case<'_>> {
        let all = std::iter::once(&self.case).chain(&self.others);
        all.map(|one| Case { file: &one.file, person: &one.person }).collect()
    }

    /// A record's id, where the person has several.
    fn named(&self, record: &str) -> Option<String> {
        (self.records.len() > 1).then(|| record.to_owned())
    }

    async fn equality(&mut self, of: usize) -> Result<Option<Piece>, Fault> {
        let Some(record) = self.records.get(of) else {
            self.at = At::Letter(0, 0);
            return Ok(None);
        };
        self.at = At::Equality(of + 1);
        let answers = self.desk.held_equality(&self.organisation.id, record).await?;
        if answers.is_empty() {
            return Ok(None);
        }
        let record = self.named(record);
        Ok(Some(Piece::Equality(HeldEquality { answers, record })))
    }

    async fn letter(&mut self, of: usize, index: usize) -> Result<Option<Piece>, Fault> {
        let Some(case) = std::iter::once(&self.case).chain(&self.others).nth(of) else {
            self.at = At::Contacts(None);
            return Ok(None);
        };
        let Some(letter) = case.file.letters.get(index) else {
            self.at = At::Letter(of + 1, 0);
            return Ok(None);
        };
        self.at = At::Letter(of, index + 1);
        if !letter.has_gone() {
            return Ok(None);
        }
        let (mut letter, record) = (letter.clone(), self.named(&case.person.id));
        if let Some(approval) = &mut letter.approval {
            self.desk.put_words(&self.organisation, approval).await?;
        }
        Ok(Some(Piece::Letter(Box::new(HeldLetter { letter, record }))))
    }

    async fn contacts(&mut self, after: Option<u64>) -> Result<Option<Piece>, Fault> {
        let (entries, next) = self.entries(after).await?;
        self.at = next.map_or(At::Deeds(None), |next| At::Contacts(Some(next)));
        let organisation = &self.organisation.id;
        let mut contacts = Vec::new();
        for OfRecord { record, entry } in entries {
            let AuditEvent::Decided(decided) = entry.event else { continue };
            if self.not_theirs.contains(&decided.contact) {
                self.left_out.not_theirs += 1;
                continue;
            }
            if decided.person.as_ref().is_none_or(|person| !self.records.contains(person)) {
                self.left_out.in_doubt += 1;
                continue;
            }
            let store = &self.desk.store;
            let decision = store.recorded(organisation, &decided.contact).await?;
            let item = store.item(organisation, &decided.contact).await?;
            let decision = decision.map(|(decision, _)| decision);
            let record = self.named(&record);
            contacts.push(HeldContact { decided, decision, item, record });
        }
        Ok((!contacts.is_empty()).then_some(Piece::Contacts(contacts)))
    }

    async fn deeds(&mut self, after: Option<u64>) -> Result<Option<Piece>, Fault> {
        let (mut entries, next) = self.entries(after).await?;
        self.at = next.map_or(At::End, |next| At::Deeds(Some(next)));
        entries.retain(|one| !matches!(one.entry.event, AuditEvent::Decided(_)));
        let deed =
            |OfRecord { record, entry }: OfRecord| Deed { entry, record: self.named(&record) };
        let deeds: Vec<Deed> = entries.into_iter().map(deed).collect();
        Ok((!deeds.is_empty()).then_some(Piece::Deeds(deeds)))
    }

    async fn entries(&mut self, after: Option<u64>) -> Result<(Vec<OfRecord>, Option<u64>), Fault> {
        let unlisted = self.unlisted_behind(after).await?;
        let (id, order) = (&self.organisation.id, Order::Ascending);
        let page =
            self.desk.joined_trail(id, &self.records, order, after, OWN_RECORD_PIECE).await?;
        let (mut entries, mut next) = (page.entries, page.next);
        if let Some((last, _)) = unlisted.last()
            && unlisted.len() == OWN_RECORD_PIECE
        {
            // Behind it there may be more that are not listed.
            next = Some(next.map_or(*last, |next| next.min(*last)));
        }
        let is_within = |number: u64| next.is_none_or(|next| number <= next);
        entries.retain(|one| is_within(one.entry.number));
        for (number, record) in unlisted {
            // Listed under another record of the person.
            let is_known = entries.iter().any(|one| one.entry.number == number);
            if is_known || !is_within(number) {
                continue;
            }
            if let Some(entry) = unlisted::at(self.desk.store.as_ref(), id, number).await? {
                let record = record_of(&entry, &self.records).unwrap_or(record);
                entries.push(OfRecord { record, entry });
            }
        }
        entries.sort_by_key(|one| one.entry.number);
        Ok((entries, next))
    }

    /// The first entries behind a number that the index lacks.
    async fn unlisted_behind(&mut self, after: Option<u64>) -> Result<Vec<(u64, String)>, Fault> {
        if self.unlisted.is_none() {
            let mut unlisted = Unlisted::of(self.records.iter().cloned());
            let mut found = BTreeMap::new();
            for record in &self.records {
                let numbers = unlisted.under(&self.desk, &self.organisation.id, record).await?;
                found.extend(numbers.into_iter().map(|number| (number, record.clone())));
            }
            self.unlisted = Some(found);
        }
        let from: (Bound<u64>, Bound<u64>) =
            (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let behind = self.unlisted.iter().flat_map(|found| found.range(from));
        let behind = behind.map(|(number, record)| (*number, record.clone()));
        Ok(behind.take(OWN_RECORD_PIECE).collect())
    }
}
