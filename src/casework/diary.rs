//! What falls due, the figures, and a person's timeline: read from the case files and from the counts.

use chrono::{DateTime, Months, NaiveDate, Utc};
use serde_json::{Map, Value};

use super::follow::{TALLY, TIMELINE, Timeline, timeline_id};
use super::{Desk, Fault};
use crate::domain::case::anchors::day;
use crate::domain::diary::{self, Case, Entry};
use crate::domain::organisation::Organisation;
use crate::domain::report::{CaseFacts, Period, by_month, calendar_months, figures};
use crate::domain::tally::{Contacted, DayTally};
use crate::ports::documents::{BY_ID, Listing};
use crate::runtime::limits::{FIGURES_MONTHS_MAX, TIMELINE_MONTHS_MAX};

/// Which entries of the diary are asked for.
#[derive(Debug, Clone, Default)]
pub struct DiaryAsked {
    /// Due on this day or later.
    pub from: Option<NaiveDate>,
    /// Due on this day or earlier.
    pub to: Option<NaiveDate>,
    /// Only of this person; absent: the organisation's.
    pub person: Option<String>,
}

impl Desk {
    /// What falls due, in the order of its days.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this id is on record.
    pub async fn diary(
        &self,
        organisation: &Organisation,
        asked: &DiaryAsked,
    ) -> Result<Vec<Entry>, Fault> {
        self.catch_up(organisation).await?;
        let today = self.today(organisation);
        let profile = &organisation.profile;
        let mut entries = match &asked.person {
            Some(person) => {
                let mut read = self.read_case(organisation, person).await?;
                let tasks = self.tasks_of(organisation, person, self.clock.now()).await?;
                read.file.tasks.extend(tasks);
                diary::of_person(Case { file: &read.file, person: &read.person }, profile, today)
            }
            None => {
                let everybody = self.everybody(organisation, today).await?;
                let tasks = self.all_tasks(organisation, self.clock.now()).await?;
                let parts = everybody.people().map(|(id, one)| {
                    let own = tasks.get(id).map_or(&[][..], Vec::as_slice);
                    one.part.clone().with_tasks(id, own, profile, today)
                });
                diary::of_parts(parts, profile, today)
            }
        };
        entries.retain(|entry| {
            asked.from.is_none_or(|from| from <= entry.due)
                && asked.to.is_none_or(|to| entry.due <= to)
        });
        Ok(entries)
    }

    /// The instant at which it is asked.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The organisation's local day.
    pub fn today(&self, organisation: &Organisation) -> NaiveDate {
        day(&organisation.profile, self.clock.now())
    }

    /// The figures of some days, both included.
    ///
    /// # Errors
    /// [`Fault::Refused`] where the last day is before the first.
    pub async fn figures(
        &self,
        organisation: &Organisation,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Map<String, Value>, Fault> {
        self.counted(organisation, from, to, figures).await
    }

    /// As [`Desk::figures`], for each calendar month of these days, by its first day.
    ///
    /// # Errors
    /// As [`Desk::figures`]; [`Fault::Refused`] for more than [`FIGURES_MONTHS_MAX`] months.
    pub async fn figures_by_month(
        &self,
        organisation: &Organisation,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<(NaiveDate, Map<String, Value>)>, Fault> {
        if calendar_months(from, to) > i64::from(FIGURES_MONTHS_MAX) {
            return Err(Fault::Refused(format!("at most {FIGURES_MONTHS_MAX} months are shown")));
        }
        self.counted(organisation, from, to, by_month).await
    }

    async fn counted<T>(
        &self,
        organisation: &Organisation,
        from: NaiveDate,
        to: NaiveDate,
        count: impl FnOnce(&[&CaseFacts], &[DayTally], Period) -> T,
    ) -> Result<T, Fault> {
        if to < from {
            return Err(Fault::Refused("`to` is before `from`".to_owned()));
        }
        self.catch_up(organisation).await?;
        let tallies = self.tallies(organisation, from, to).await?;
        let today = self.today(organisation);
        let everybody = self.everybody(organisation, today).await?;
        let facts: Vec<&CaseFacts> = everybody.people().map(|(_, one)| &one.facts).collect();
        Ok(count(&facts, &tallies, Period { from, to, today }))
    }

    async fn tallies(
        &self,
        organisation: &Organisation,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<DayTally>, Fault> {
        // A day's id is the day: days of four-digit years come in their order.
        let behind = to.succ_opt().map(|day| day.to_string());
        let listing = Listing { from: Some(from.to_string()), to: behind, ..Listing::of(BY_ID) };
        let mut days = Vec::new();
        for document in self.every(&organisation.id, TALLY, listing).await? {
            days.push(document.read()?);
        }
        Ok(days)
    }

    /// A person's recorded contacts between two instants, the first included, oldest first.
    ///
    /// # Errors
    /// [`Fault::Refused`] where it is too long a time.
    pub async fn timeline(
        &self,
        organisation: &Organisation,
        person: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Contacted>, Fault> {
        self.catch_up(organisation).await?;
        let mut contacts: Vec<Contacted> = Vec::new();
        let mut month = from;
        for _ in 0..TIMELINE_MONTHS_MAX {
            let id = timeline_id(person, &month.format("%Y-%m").to_string());
            if let Some(stored) = self.store.document(&organisation.id, TIMELINE, &id).await? {
                contacts.extend(stored.read::<Timeline>()?.contacts);
            }
            let same_month = |a: DateTime<Utc>, b: DateTime<Utc>| {
                a.format("%Y-%m").to_string() == b.format("%Y-%m").to_string()
            };
            if same_month(month, to) || month > to {
                contacts.retain(|one| from <= one.at && one.at < to);
                contacts.sort_by(|a, b| (a.at, &a.contact).cmp(&(b.at, &b.contact)));
                return Ok(contacts);
            }
            month = month.checked_add_months(Months::new(1)).unwrap_or(to);
        }
        Err(Fault::Refused(format!("a timeline has at most {TIMELINE_MONTHS_MAX} months")))
    }
}
