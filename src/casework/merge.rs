//! Merging two records of one person, and parting them again. The consequences are shown first; both records,
//! their case files and their counters stay what they are, and are enforced together until they are parted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::acting::Acting;
use super::cut_list::CutList;
use super::effects::{Brought, Pending};
use super::expected::Expected;
use super::{Casework, Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::broken::Broken;
use crate::domain::flag::Flag;
use crate::domain::ledger::Ledger;
use crate::domain::merge::{self, Difference, QuotaShown, differences, quotas, refusals};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::person::Person;
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::{KindName, Status};
use crate::ports::audit_trail::{TrailFilter, TrailSearch};
use crate::ports::documents::{Batch, Document, IndexKey, Listing, OF_PERSON, Order, WriteFault};
use crate::ports::{CommitRequest, StoreError, Withheld};
use crate::runtime::limits::{
    AUDIT_LOOKED_AT_MAX, COUNTED_DAYS_AGAIN, EFFECTS_WAITED_FOR, MERGED_RECORDS_MAX,
    PAGE_ITEMS_MAX, PERSON_TRIES_MAX, UNDIVIDED_SHOWN_MAX,
};
use crate::runtime::tokens::{hex, sha256};

/// The kind of document that a merge is.
pub(super) const MERGE: &str = "merge";

/// Two records that were found to be of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    pub id: String,
    /// The record that the other is merged into.
    pub person: String,
    pub other: String,
    pub at: DateTime<Utc>,
    pub by: String,
    pub why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
}

/// How two records were parted again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    pub at: DateTime<Utc>,
    pub by: String,
    pub why: String,
    /// Contacts from addresses or numbers of both: they stay with the record that they were decided for.
    pub undivided: Vec<String>,
    /// There are more of them than are listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// What a merge would do.
#[derive(Debug, Clone, Serialize)]
pub struct Consequences {
    pub person: String,
    pub other: String,
    /// By what the person would be known, and on which record it is.
    pub identifiers: Vec<IdentifierShown>,
    /// What would restrict the person, by all records together.
    pub restrictions: Vec<RestrictionShown>,
    /// Each quota as it is on its own record now.
    pub quotas_before: Vec<QuotaShown>,
    /// Each quota with the counts of either record.
    pub quotas_after: Vec<QuotaShown>,
    /// In what the records differ, and what somebody should look at.
    pub differences: Vec<Difference>,
    /// What keeps them from being merged, all of it.
    pub broken: Vec<Broken>,
    /// Whether a staffed way stays open in every 7 days, over all restrictions together.
    pub way_open: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct IdentifierShown {
    pub of: String,
    pub kind: &'static str,
    pub value: String,
    pub shared: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct RestrictionShown {
    pub of: String,
    pub id: String,
    pub kind: KindName,
    pub status: Status,
    pub in_force: bool,
}

/// What came of parting two records.
#[derive(Debug, Clone, Serialize)]
pub struct Parted {
    #[serde(flatten)]
    pub merge: Merge,
    /// Contacts that were held because of the other record's restrictions, and went on their way.
    pub released: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
}

impl Casework {
    /// As [`Desk::unmerge`], within the time of a request.
    ///
    /// # Errors
    /// As that.
    pub async fn unmerge(
        &self,
        organisation: &Arc<Organisation>,
        person: &str,
        merge: &str,
        expected: &Expected,
        acting: Acting<'_>,
    ) -> Result<Parted, Fault> {
        let wait = Some(EFFECTS_WAITED_FOR);
        self.desk.unmerge(organisation, person, merge, expected, acting, wait).await
    }
}

impl Desk {
    /// All records of a person, the one that the others are merged into first.
    pub(super) async fn records_of(
        &self,
        organisation: &OrganisationId,
        person: &Person,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        let root = merge::root_of(person);
        let Some(root) = self.store.person(organisation, root).await? else {
            return Ok(self.store.person(organisation, &person.id).await?.into_iter().collect());
        };
        let mut records = vec![Arc::clone(&root)];
        for other in root.merged.iter().take(MERGED_RECORDS_MAX) {
            let other = self.store.person(organisation, other).await?;
            // Read while it is being parted: it is its own already.
            records.extend(other.filter(|one| one.merged_into.as_ref() == Some(&root.id)));
        }
        Ok(records)
    }

    /// The ids of all records of a person.
    pub(super) async fn ids_of(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<Vec<String>, StoreError> {
        let Some(own) = self.store.person(organisation, person).await? else {
            return Ok(vec![person.to_owned()]);
        };
        let records = self.records_of(organisation, &own).await?;
        Ok(records.into_iter().map(|one| one.id.clone()).collect())
    }

    /// A person's record as it is enforced.
    pub(super) async fn enforced(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<Option<Arc<Person>>, StoreError> {
        let Some(own) = self.store.person(organisation, person).await? else { return Ok(None) };
        let records = self.records_of(organisation, &own).await?;
        let shown = merge::together(&records).into_iter().find(|one| one.id == own.id);
        Ok(Some(shown.unwrap_or(own)))
    }

    /// What merging another record into a person's would do. Changes nothing.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: one of them is not on record.
    pub async fn preview_merge(
        &self,
        organisation: &Organisation,
        person: &str,
        other: &str,
    ) -> Result<Consequences, Fault> {
        let kept = self.read_person(&organisation.id, person).await?;
        let other = self.read_person(&organisation.id, other).await?;
        let now = self.clock.now();
        let profile = &organisation.profile;
        let mut records = self.records_of(&organisation.id, &kept).await?;
        let before = merge::together(&records);
        if !records.iter().any(|one| one.id == other.id) {
            records.push(Arc::clone(&other));
        }
        let together = merge::together(&records);
        let whole = together.first().cloned().unwrap_or_else(|| Arc::clone(&kept));
        let mut quotas_before = Vec::new();
        for record in before.first().into_iter().chain([&other]) {
            let ledger = self.ledger_of(organisation, record, now, false).await?;
            quotas_before.extend(quotas(record, profile, &ledger, now));
        }
        let ledger = self.ledger_of(organisation, &whole, now, false).await?;
        let broken = refusals(&kept, &other, &whole, now, profile);
        let identifiers = records.iter().flat_map(|of| {
            of.identifiers.iter().map(|one| IdentifierShown {
                of: of.id.clone(),
                kind: one.kind.name(),
                value: one.value.clone(),
                shared: one.shared,
            })
        });
        let restrictions = records.iter().flat_map(|of| {
            of.restrictions.iter().map(|one| RestrictionShown {
                of: of.id.clone(),
                id: one.id.clone(),
                kind: one.kind.name(),
                status: one.status,
                in_force: one.is_in_force(now, profile),
            })
        });
        Ok(Consequences {
            person: kept.id.clone(),
            other: other.id.clone(),
            identifiers: identifiers.collect(),
            restrictions: restrictions.collect(),
            quotas_before,
            quotas_after: quotas(&whole, profile, &ledger, now),
            differences: differences(&kept, &other),
            way_open: !broken.iter().any(|one| one.code == RefusalCode::OpenWayNone),
            broken,
        })
    }

    /// A person's history, on all records that it is shown with; `needs_received`: with earlier contacts.
    pub(super) async fn ledger_of(
        &self,
        organisation: &Organisation,
        person: &Arc<Person>,
        now: DateTime<Utc>,
        needs_received: bool,
    ) -> Result<Ledger, StoreError> {
        let seen: Arc<Mutex<Option<Ledger>>> = Arc::default();
        let seeing = Arc::clone(&seen);
        let looking = self.store.commit(CommitRequest {
            organisation: organisation.id.clone(),
            // Of no contact: nothing is written under it.
            contact: format!("ledger-preview {}", person.id),
            digest: [0; 32],
            person: Some(person.id.clone()),
            also: merge::others(person),
            needs_received,
            counted_since: now - COUNTED_DAYS_AGAIN,
            at: now,
            preview: true,
            decide: Arc::new(move |ledger| {
                *seeing.lock().unwrap_or_else(PoisonError::into_inner) = Some(ledger.clone());
                Err(Withheld::NothingToWrite)
            }),
        });
        let looked = looking.await;
        let found = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (found, looked) {
            (Some(ledger), _) => Ok(ledger),
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => Ok(Ledger::default()),
        }
    }

    /// Merges another record into a person's; it takes effect at once, on every gateway.
    ///
    /// # Errors
    /// [`Fault::Broken`] with everything that keeps them from being merged; [`Fault::Changed`]: the record is not
    /// as it was expected.
    pub async fn merge(
        &self,
        organisation: &Organisation,
        person: &str,
        other: &str,
        expected: &Expected,
        acting: Acting<'_>,
    ) -> Result<Merge, Fault> {
        let why = reason_of(acting)?;
        for _ in 0..PERSON_TRIES_MAX {
            let kept = self.read_person(&organisation.id, person).await?;
            let merged = self.read_person(&organisation.id, other).await?;
            expected.check("person", Some(kept.as_ref()))?;
            let stamp = self.stamp(acting.by);
            let mut records = self.records_of(&organisation.id, &kept).await?;
            if !records.iter().any(|one| one.id == merged.id) {
                records.push(Arc::clone(&merged));
            }
            let whole = merge::together(&records).into_iter().next();
            let whole = whole.unwrap_or_else(|| Arc::clone(&kept));
            let mut broken = refusals(&kept, &merged, &whole, stamp.at, &organisation.profile);
            if kept.merged.len() >= MERGED_RECORDS_MAX {
                let what = format!("at most {MERGED_RECORDS_MAX} records are merged into one");
                broken.push(Broken::new(RefusalCode::MergeTooMany, what).key("person"));
            }
            if !broken.is_empty() {
                return Err(Fault::Broken(broken));
            }
            let done = Merge {
                id: id_of(&kept.id, &merged.id, stamp.at),
                person: kept.id.clone(),
                other: merged.id.clone(),
                at: stamp.at,
                by: acting.by.to_owned(),
                why: why.to_owned(),
                undone: None,
            };
            let mut now = Person::clone(&kept);
            now.merged.push(merged.id.clone());
            let mut pointing = Person::clone(&merged);
            pointing.merged_into = Some(kept.id.clone());
            let batch = Batch::new(stamp)
                .put(document(&done, 0)?)
                .person(Some(kept), now)
                .person(Some(merged), pointing)
                .audit(AuditEvent::Merged {
                    person: done.person.clone(),
                    other: done.other.clone(),
                    merge: done.id.clone(),
                    reason: why.to_owned(),
                });
            match self.store.write(&organisation.id, batch).await {
                Ok(()) => return Ok(done),
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }

    /// Parts two records again: each has its own, and what one held because of the other's restrictions is
    /// decided again. The caller waits for so long (`None`: to the end).
    ///
    /// # Errors
    /// [`Fault::NotFound`]: there is no such merge of this person. [`Fault::Broken`]: it is undone already.
    pub async fn unmerge(
        &self,
        organisation: &Arc<Organisation>,
        person: &str,
        merge: &str,
        expected: &Expected,
        acting: Acting<'_>,
        wait: Option<Duration>,
    ) -> Result<Parted, Fault> {
        let why = reason_of(acting)?;
        for _ in 0..PERSON_TRIES_MAX {
            let stored = self.store.document(&organisation.id, MERGE, merge).await?;
            let stored = stored.ok_or(Fault::NotFound("merge"))?;
            let mut done: Merge = stored.read()?;
            if done.person != person && done.other != person {
                return Err(Fault::NotFound("merge"));
            }
            if done.undone.is_some() {
                let what = format!("`{}` is parted from `{}` already", done.other, done.person);
                return Err(Fault::Broken(vec![Broken::new(RefusalCode::StateWrong, what)]));
            }
            let kept = self.read_person(&organisation.id, &done.person).await?;
            let other = self.read_person(&organisation.id, &done.other).await?;
            let named = if person == done.person { &kept } else { &other };
            expected.check("person", Some(named.as_ref()))?;
            let stamp = self.stamp(acting.by);
            let CutList { first: undivided, has_more: more } =
                self.undivided(&organisation.id, &done).await?;
            let by = acting.by.to_owned();
            done.undone = Some(Undone { at: stamp.at, by, why: why.to_owned(), undivided, more });
            let records = self.records_of(&organisation.id, &kept).await?;
            let restrictions_but = |of: &dyn Fn(&str) -> bool| -> Vec<String> {
                let those = records.iter().filter(|one| of(&one.id));
                those.flat_map(|one| one.restrictions.iter().map(|it| it.id.clone())).collect()
            };
            let id = |whose: &str| format!("{} {whose}", done.id);
            let works = [
                (done.person.as_str(), restrictions_but(&|id| id == done.other)),
                (done.other.as_str(), restrictions_but(&|id| id != done.other)),
            ];
            let mut now = Person::clone(&kept);
            now.merged.retain(|id| *id != done.other);
            let own = Person { merged_into: None, ..Person::clone(&other) };
            let mut batch = Batch::new(stamp.clone())
                .put(document(&done, stored.version)?)
                .person(Some(kept), now)
                .person(Some(other), own)
                .audit(AuditEvent::Unmerged {
                    person: done.person.clone(),
                    other: done.other.clone(),
                    merge: done.id.clone(),
                    reason: why.to_owned(),
                });
            let mut held = Vec::new();
            for (whose, restrictions) in works.iter().filter(|(_, some)| !some.is_empty()) {
                let work = Pending::parted(id(whose), whose, restrictions, acting.by, stamp.at);
                let (begun, document) = self.begun(&organisation.id, work)?;
                held.push(begun);
                batch = batch.put(document);
            }
            match self.store.write(&organisation.id, batch).await {
                Ok(()) => {}
                Err(WriteFault::Conflict(_)) => continue,
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
            let mut all = Brought::default();
            for held in held {
                let brought = self.brought_about(organisation, held, wait).await;
                all.released.extend(brought.released);
                all.unfinished |= brought.unfinished;
            }
            let Brought { released, unfinished, .. } = all;
            return Ok(Parted { merge: done, released, unfinished });
        }
        Err(Fault::Contended)
    }

    /// The merges of a record, those that are undone too, in the order of their ids.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody has this id.
    pub async fn merges(
        &self,
        organisation: &Organisation,
        person: &str,
    ) -> Result<Vec<Merge>, Fault> {
        self.read_person(&organisation.id, person).await?;
        let mut merges = Vec::new();
        let listing = Listing::with(OF_PERSON, person);
        for document in self.every(&organisation.id, MERGE, listing).await? {
            merges.push(document.read::<Merge>()?);
        }
        merges.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(merges)
    }

    /// Contacts in between that came from identifiers of both records.
    async fn undivided(
        &self,
        organisation: &OrganisationId,
        merge: &Merge,
    ) -> Result<CutList<String>, StoreError> {
        let filter = TrailFilter { person: Some(merge.person.clone()), ..TrailFilter::default() };
        let (mut found, mut after, mut looked_at) = (Vec::new(), None, 0);
        loop {
            let search = TrailSearch {
                filter: filter.clone(),
                order: Order::Descending,
                after,
                limit: PAGE_ITEMS_MAX,
            };
            let page = self.store.search_audit(organisation, search).await?;
            looked_at += page.entries.len();
            for entry in &page.entries {
                if entry.at < merge.at {
                    return Ok(CutList { first: found, has_more: false });
                }
                let AuditEvent::Decided(decided) = &entry.event else { continue };
                if decided.flags.contains(&Flag::OfSeveralRecords) {
                    found.push(decided.contact.clone());
                }
            }
            after = page.next;
            if found.len() > UNDIVIDED_SHOWN_MAX || looked_at >= AUDIT_LOOKED_AT_MAX {
                found.truncate(UNDIVIDED_SHOWN_MAX);
                return Ok(CutList { first: found, has_more: true });
            }
            if after.is_none() {
                return Ok(CutList { first: found, has_more: false });
            }
        }
    }
}

fn id_of(person: &str, other: &str, at: DateTime<Utc>) -> String {
    let names = serde_json::to_vec(&(person, other, at.timestamp_micros())).unwrap_or_default();
    let digest = hex(&sha256(&names));
    format!("M-{}", digest.get(..16).unwrap_or(&digest))
}

fn document(merge: &Merge, read_at: u64) -> Result<Document, StoreError> {
    let keys = vec![
        IndexKey::new(OF_PERSON, merge.person.clone()),
        IndexKey::new(OF_PERSON, merge.other.clone()),
    ];
    Document::new(MERGE, merge.id.clone(), read_at, keys, merge)
}

/// What a merge needs: why.
fn reason_of(acting: Acting<'_>) -> Result<&str, Fault> {
    acting.check()?;
    let missing = || Broken::new(RefusalCode::FieldMissing, "`why` is missing").key("why");
    acting.reason.ok_or_else(|| Fault::Broken(vec![missing()]))
}
