//! What goes when its period is over: shown first, asked for by one person and approved by another (or by a rule
//! that says nobody need), then removed in steps each of which is whole and leaves its proof.

mod days;
mod sweep;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::sweep::Sweeping;
use super::clock_doubt::asked_before;
use super::erasure::Proof;
use super::lease::Work as _;
use super::{Desk, Fault};
use crate::domain::broken::Broken;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::refusal_code::RefusalCode;
use crate::domain::retention::{Class, Rule, Schedule};
use crate::ports::documents::{Batch, Document, WriteFault};

/// The kind of document that says that somebody asked for a sweep. Its id is the class.
const ASKED: &str = "retention_asked";

/// In the place of a name where nobody need approve.
pub const BY_RULE: &str = "the schedule";

/// A sweep that somebody asked for: of records due when they saw it, and of no later ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedSweep {
    pub id: String,
    pub class: Class,
    pub clause: String,
    pub by: String,
    #[serde(serialize_with = "crate::domain::instant::written")]
    pub at: DateTime<Utc>,
    /// What began before.
    #[serde(serialize_with = "crate::domain::instant::written")]
    pub before: DateTime<Utc>,
}

/// What would go today.
#[derive(Debug, Clone, Serialize)]
pub struct SweepPreview {
    pub class: Class,
    pub rule: Rule,
    #[serde(serialize_with = "crate::domain::instant::written")]
    pub before: DateTime<Utc>,
    /// How many, of those that were looked at.
    pub due: u64,
    /// The first of them: ids of contacts, of people, or numbers of the trail.
    pub ids: Vec<String>,
    /// There may be more than were counted.
    pub is_partial: bool,
    pub asked: Option<AskedSweep>,
}

impl Desk {
    /// What each rule would remove today.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn preview_retention(
        &self,
        organisation: &Organisation,
        schedule: &Schedule,
    ) -> Result<Vec<SweepPreview>, Fault> {
        let mut previews = Vec::new();
        for (class, rule) in schedule {
            let before = rule.before(self.clock.now());
            let due = self.due_now(organisation, *class, before).await?;
            let asked = self.asked_sweep(&organisation.id, *class).await?.map(|(_, asked)| asked);
            let rule = rule.clone();
            previews.push(SweepPreview {
                class: *class,
                rule,
                before,
                due: due.count,
                ids: due.ids,
                is_partial: due.is_partial,
                asked,
            });
        }
        Ok(previews)
    }

    /// Asks for everything that is due now to be removed.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: no rule is of this class. [`Fault::Exists`]: somebody has asked before. [`Fault::Broken`]:
    /// the clock may be wrong.
    pub async fn ask_sweep(
        &self,
        organisation: &OrganisationId,
        schedule: &Schedule,
        class: Class,
        by: &str,
    ) -> Result<AskedSweep, Fault> {
        let rule = schedule.get(&class).ok_or(Fault::NotFound("rule of retention"))?;
        self.refuse_if_clock_doubtful(organisation).await?;
        let now = self.clock.now();
        let asked = asked(class, rule, by, now);
        let document = Document::new(ASKED, class.name(), 0, Vec::new(), &asked)?;
        match self.store.write(organisation, Batch::new(self.stamp(by)).put(document)).await {
            Ok(()) => Ok(asked),
            Err(WriteFault::Conflict(_)) => Err(Fault::Exists("request to sweep this class")),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// Takes a request back.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody has asked.
    pub async fn withdraw_sweep(
        &self,
        organisation: &OrganisationId,
        class: Class,
        by: &str,
    ) -> Result<(), Fault> {
        let asked = self.asked_sweep(organisation, class).await?;
        let (document, _) = asked.ok_or(Fault::NotFound("request to sweep this class"))?;
        self.write_once(organisation, Batch::new(self.stamp(by)).remove(&document)).await
    }

    /// Approves a request, and removes. Any gateway resumes interrupted work.
    ///
    /// # Errors
    /// [`Fault::Broken`]: the person who asked may not approve, or the clock may be wrong.
    pub async fn approve_sweep(
        &self,
        organisation: &Arc<Organisation>,
        class: Class,
        by: &str,
    ) -> Result<Proof, Fault> {
        let id = &organisation.id;
        let asked = self.asked_sweep(id, class).await?;
        let (document, asked) = asked.ok_or(Fault::NotFound("request to sweep this class"))?;
        if asked.by == by {
            let what = "the person who asked for it can't approve it: somebody else must";
            return Err(Fault::Broken(vec![Broken::new(RefusalCode::RetentionSamePerson, what)]));
        }
        self.refuse_if_clock_doubtful(id).await?;
        asked_before(self.clock.now(), asked.at)?;
        let (held, work) = self.begun(id, Sweeping::new(asked, by, self.clock.now()))?;
        let batch = Batch::new(self.stamp(by)).remove(&document).put(work);
        self.write_once(id, batch).await?;
        let (desk, organisation) = (self.clone(), Arc::clone(organisation));
        self.outlive(async move { desk.sweep(&organisation, &held).await }).await
    }

    /// Begins what rules let go without anybody's approval, once a day each. Any gateway does the rest. While the clock
    /// may be wrong, none begins.
    ///
    /// # Errors
    /// The store can't be read or written: the next round does the same.
    pub async fn sweep_by_rule(
        &self,
        organisation: &OrganisationId,
        schedule: &Schedule,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let automatic: Vec<_> = schedule.iter().filter(|(_, rule)| rule.automatic).collect();
        if automatic.is_empty() || !self.is_clock_sure(organisation).await? {
            return Ok(());
        }
        for (class, rule) in automatic {
            let asked = AskedSweep {
                id: format!("{}-{}", class.name(), now.date_naive()),
                ..asked(*class, rule, BY_RULE, now)
            };
            let done = self.store.document(organisation, super::erasure::PROOF, &asked.id).await?;
            let under_way = self.store.document(organisation, Sweeping::KIND, &asked.id).await?;
            if done.is_some() || under_way.is_some() {
                continue;
            }
            let work = self.left(Sweeping::new(asked, BY_RULE, now))?;
            match self.store.write(organisation, Batch::new(self.stamp(BY_RULE)).put(work)).await {
                // Another gateway was quicker.
                Ok(()) | Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn asked_sweep(
        &self,
        organisation: &OrganisationId,
        class: Class,
    ) -> Result<Option<(Document, AskedSweep)>, Fault> {
        let Some(document) = self.store.document(organisation, ASKED, class.name()).await? else {
            return Ok(None);
        };
        let asked = document.read()?;
        Ok(Some((document, asked)))
    }
}

fn asked(class: Class, rule: &Rule, by: &str, now: DateTime<Utc>) -> AskedSweep {
    AskedSweep {
        id: uuid::Uuid::new_v4().to_string(),
        class,
        clause: rule.clause.clone(),
        by: by.to_owned(),
        at: now,
        before: rule.before(now),
    }
}

/// The rules of each organisation that has any.
pub type Schedules = BTreeMap<OrganisationId, Schedule>;
