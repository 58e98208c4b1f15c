//! Erasing all about a person (UK GDPR Art. 17): somebody asks, somebody else approves, and it is done in steps
//! each of which is whole. What was erased, and by whom, stays on the trail without naming the person.

mod documents;
mod hold;
mod lists;
mod run;
mod trail;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::hold::Hold;
pub use self::lists::OnHold;
pub(super) use self::run::Erasing;
pub(super) use self::trail::Leaving;
use super::acting::Acting;
use super::unlisted::Unlisted;
use super::{Desk, Fault};
use crate::domain::audit::{AuditEvent, ErasedEntry};
use crate::domain::broken::Broken;
use crate::domain::erasure::{ErasureReasons, STAYS, in_the_way};
use crate::domain::invisible::is_blank;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::refusal_code::RefusalCode;
use crate::ports::documents::{Batch, Document, WriteFault};

/// The kind of document that says that somebody asked for an erasure. Its id is the person's.
const ASKED: &str = "erasure_asked";

/// The kind of document that says what an erasure removed: without personal data, for good.
pub(super) const PROOF: &str = "erasure_proof";

/// The name under which a proof counts originals.
const ORIGINALS: &str = "originals";

/// An erasure that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedErasure {
    pub id: String,
    pub person: String,
    pub by: String,
    #[serde(serialize_with = "crate::domain::instant::written")]
    pub at: DateTime<Utc>,
    /// By which it is due: `Art. 17(1)(d)`.
    pub clause: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it goes although a restriction is in force, or an appeal is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub despite: Option<String>,
}

/// What somebody gives who asks for an erasure.
#[derive(Debug, Clone, Copy)]
pub struct AskErasure<'a> {
    pub clause: &'a str,
    pub despite: Option<&'a str>,
}

/// What an erasure removed so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub id: String,
    pub clause: String,
    pub asked_by: String,
    pub approved_by: String,
    #[serde(serialize_with = "crate::domain::instant::written")]
    pub approved_at: DateTime<Utc>,
    /// How many of what.
    pub removed: BTreeMap<String, u64>,
    /// Nothing is left.
    pub is_complete: bool,
    /// Entries of the trail that had no seal yet when they went: their salts are forgotten later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unsealed: Vec<u64>,
    /// Originals of items that went in the step before, by item. The next step removes them first, and counts them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    originals: BTreeMap<String, String>,
    /// Of these, how many were removed since the last entry of the trail.
    #[serde(skip)]
    originals_gone: u64,
    /// The version that was read: nothing is written over the step of another gateway.
    #[serde(skip)]
    version: u64,
}

/// What would be removed, what would stay, and why it may be refused.
#[derive(Debug, Clone, Serialize)]
pub struct ErasurePreview {
    pub person: String,
    /// How many of what.
    pub goes: BTreeMap<String, u64>,
    pub stays: [&'static str; 4],
    pub in_the_way: Vec<Broken>,
    pub hold: Option<Hold>,
    /// Somebody has asked for it, and nobody has approved it.
    pub asked: Option<AskedErasure>,
}

/// What one person asked to erase, and another approved.
#[derive(Clone, Copy)]
pub(super) struct ApprovedErasure<'a> {
    pub(super) id: &'a str,
    pub(super) clause: &'a str,
    pub(super) asked_by: &'a str,
    pub(super) approved_by: &'a str,
    pub(super) approved_at: DateTime<Utc>,
}

impl Proof {
    /// Of the approval, before anything is removed.
    pub(super) fn begun(approved: ApprovedErasure<'_>) -> Self {
        Proof {
            id: approved.id.to_owned(),
            clause: approved.clause.to_owned(),
            asked_by: approved.asked_by.to_owned(),
            approved_by: approved.approved_by.to_owned(),
            approved_at: approved.approved_at,
            ..Proof::default()
        }
    }

    /// As everybody may see it: originals that are still to be removed are named by the contact's id.
    pub(super) fn without_names(self) -> Self {
        Proof { originals: BTreeMap::new(), ..self }
    }

    /// Originals were removed: the next entry of the trail says so.
    fn count_originals(&mut self, gone: u64) {
        if gone > 0 {
            *self.removed.entry(ORIGINALS.to_owned()).or_default() += gone;
            self.originals_gone = gone;
        }
    }

    /// Nothing is left: the trail's entry of that, with how much went in all.
    pub(super) fn complete(&mut self) -> AuditEvent {
        self.is_complete = true;
        self.originals_gone = 0;
        AuditEvent::Erased(self.entry(self.removed.clone(), Vec::new()))
    }

    /// Adds what goes in one step: the trail's entry of it.
    pub(super) fn add(
        &mut self,
        mut removed: BTreeMap<String, u64>,
        entries: Vec<(u64, u64)>,
    ) -> AuditEvent {
        for (what, many) in &removed {
            *self.removed.entry(what.clone()).or_default() += many;
        }
        // Counted in all when they were removed.
        let originals = std::mem::take(&mut self.originals_gone);
        if originals > 0 {
            removed.insert(ORIGINALS.to_owned(), originals);
        }
        AuditEvent::Erased(self.entry(removed, entries))
    }

    fn entry(&self, removed: BTreeMap<String, u64>, entries: Vec<(u64, u64)>) -> ErasedEntry {
        ErasedEntry {
            erasure: self.id.clone(),
            clause: self.clause.clone(),
            asked_by: self.asked_by.clone(),
            approved_by: self.approved_by.clone(),
            entries,
            removed,
            is_complete: self.is_complete,
        }
    }
}

impl Desk {
    /// What erasing a person would remove, and why it may be refused.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this id is on record.
    pub async fn preview_erasure(
        &self,
        organisation: &Organisation,
        person: &str,
    ) -> Result<ErasurePreview, Fault> {
        let id = &organisation.id;
        let case = self.read_case(organisation, person).await?;
        let hold = self.hold_of(id, person).await?;
        let asked = self.asked_erasure(id, person).await?.map(|(_, asked)| asked);
        let despite = asked.as_ref().and_then(|asked| asked.despite.as_deref());
        let reasons = ErasureReasons { held: hold.is_some(), despite };
        let now = self.clock.now();
        let in_the_way = in_the_way(&case.person, &case.file, &organisation.profile, reasons, now);
        let mut goes = self.count_trail_of(id, person).await?;
        for document in self.documents_about(id, person).await? {
            *goes.entry(document.kind).or_default() += 1;
        }
        let person = person.to_owned();
        Ok(ErasurePreview { person, goes, stays: STAYS, in_the_way, hold, asked })
    }

    /// Asks for all about a person to be erased. Nothing is removed before somebody else approves.
    ///
    /// # Errors
    /// [`Fault::Broken`] with each reason to refuse it; [`Fault::Exists`]: somebody has asked before.
    pub async fn ask_erasure(
        &self,
        organisation: &Organisation,
        person: &str,
        ask: AskErasure<'_>,
        acting: Acting<'_>,
    ) -> Result<AskedErasure, Fault> {
        acting.check()?;
        let id = &organisation.id;
        self.refuse_if_clock_doubtful(id).await?;
        let case = self.read_case(organisation, person).await?;
        let held = self.hold_of(id, person).await?.is_some();
        let reasons = ErasureReasons { held, despite: ask.despite };
        let now = self.clock.now();
        let mut broken = in_the_way(&case.person, &case.file, &organisation.profile, reasons, now);
        if is_blank(ask.clause) {
            let what = "name the clause that requires it, such as Art. 17(1)(d)";
            broken.push(Broken::new(RefusalCode::ErasureClause, what).key("clause"));
        }
        if !broken.is_empty() {
            return Err(Fault::Broken(broken));
        }
        let asked = AskedErasure {
            id: uuid::Uuid::new_v4().to_string(),
            person: case.person.id.clone(),
            by: acting.by.to_owned(),
            at: now,
            clause: ask.clause.trim().to_owned(),
            reason: acting.reason.map(str::to_owned),
            despite: ask.despite.map(|why| why.trim().to_owned()),
        };
        let document = Document::new(ASKED, asked.person.clone(), 0, Vec::new(), &asked)?;
        let batch = Batch::new(self.stamp(acting.by)).put(document);
        let batch = batch.audit(said(&asked.person, "asked", &asked.clause, acting.reason));
        match self.store.write(id, batch).await {
            Ok(()) => Ok(asked),
            Err(WriteFault::Conflict(_)) => Err(Fault::Exists("request to erase this person")),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// Takes a request back.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody has asked.
    pub async fn withdraw_erasure(
        &self,
        organisation: &OrganisationId,
        person: &str,
        acting: Acting<'_>,
    ) -> Result<(), Fault> {
        acting.check()?;
        let (document, asked) = self.wanted_erasure(organisation, person).await?;
        let batch = Batch::new(self.stamp(acting.by)).remove(&document);
        let batch = batch.audit(said(person, "withdrawn", &asked.clause, acting.reason));
        self.write_once(organisation, batch).await
    }

    /// Approves a request, and erases. Any gateway resumes interrupted work.
    ///
    /// # Errors
    /// [`Fault::Broken`]: the person who asked may not approve, or there is a reason to refuse it now.
    pub async fn approve_erasure(
        &self,
        organisation: &Arc<Organisation>,
        person: &str,
        by: &str,
    ) -> Result<Proof, Fault> {
        let id = &organisation.id;
        let (document, asked) = self.wanted_erasure(id, person).await?;
        self.refuse_if_clock_doubtful(id).await?;
        let case = self.read_case(organisation, person).await?;
        let held = self.hold_of(id, person).await?.is_some();
        let reasons = ErasureReasons { held, despite: asked.despite.as_deref() };
        let now = self.clock.now();
        let mut broken = in_the_way(&case.person, &case.file, &organisation.profile, reasons, now);
        if asked.by == by {
            let what = "the person who asked for it can't approve it: somebody else must";
            broken.push(Broken::new(RefusalCode::ErasureSamePerson, what));
        }
        if !broken.is_empty() {
            return Err(Fault::Broken(broken));
        }
        let event = said(person, "approved", &asked.clause, None);
        let erasing = Erasing::new(asked, by, now);
        let (held, work) = self.begun(id, erasing)?;
        let batch = Batch::new(self.stamp(by)).remove(&document).put(work).audit(event);
        self.write_once(id, batch).await?;
        let (desk, organisation) = (self.clone(), Arc::clone(organisation));
        let erase = async move { desk.erase(&organisation, &held, &mut Unlisted::default()).await };
        self.outlive(erase).await
    }

    async fn wanted_erasure(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<(Document, AskedErasure), Fault> {
        let asked = self.asked_erasure(organisation, person).await?;
        asked.ok_or(Fault::NotFound("request to erase this person"))
    }

    async fn asked_erasure(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<Option<(Document, AskedErasure)>, Fault> {
        let Some(document) = self.store.document(organisation, ASKED, person).await? else {
            return Ok(None);
        };
        let asked = document.read()?;
        Ok(Some((document, asked)))
    }

    pub(in crate::casework) async fn write_once(
        &self,
        organisation: &OrganisationId,
        batch: Batch,
    ) -> Result<(), Fault> {
        match self.store.write(organisation, batch).await {
            Ok(()) => Ok(()),
            Err(WriteFault::Conflict(_)) => Err(Fault::Contended),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }
}

/// The trail's entry of what somebody did about an erasure. It goes with the rest.
fn said(person: &str, action: &str, clause: &str, reason: Option<&str>) -> AuditEvent {
    AuditEvent::Erasure {
        person: person.to_owned(),
        action: action.to_owned(),
        clause: Some(clause.to_owned()),
        reason: reason.map(str::to_owned),
    }
}
