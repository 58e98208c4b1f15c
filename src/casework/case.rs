//! Steps of a case: the file is read, the step judged by the domain, and all that it leaves behind
//! written in one atomic batch that names the versions it was made on.

pub mod around;
mod entries;
pub mod letter;
mod letter_bytes;
pub mod lists;
pub mod record;
pub mod tasks;
pub mod view;
pub mod waiting;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

pub(in crate::casework) use self::letter_bytes::LETTER;
use self::record::CaseRead;
use super::effects::{Brought, Pending};
use super::lease::Held;
use super::letter_mail::LetterMail;
use super::{Casework, Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::broken::Broken;
use crate::domain::case::act::Act;
use crate::domain::lifecycle::{self, Step, Stepped, trail};
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::profile::Role;
use crate::domain::refusal_code::RefusalCode;
use crate::ports::Stamp;
use crate::ports::documents::{Batch, DocumentWrite, WriteFault};
use crate::runtime::limits::{EFFECTS_WAITED_FOR, STEP_TRIES_MAX};

use super::person_check::{faults_of_change, normalised};

/// A step that somebody asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub person: &'a str,
    pub act: &'a Act,
    /// The id of what the step makes; absent: the next of its kind.
    pub id: Option<&'a str>,
    pub by: &'a str,
    /// The version of the case file that the step is made on; absent: whichever it has.
    pub version: Option<u64>,
}

/// What came of a step.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Done {
    pub made: Map<String, Value>,
    /// The version of the case file after it.
    pub version: u64,
    /// Of `propose`: what still keeps the proposal from being put in force.
    #[serde(rename = "broken", skip_serializing_if = "Option::is_none")]
    pub still_broken: Option<Vec<Broken>>,
    /// Contacts that were held and that the step released, in the order in which they came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<String>,
    /// The step is taken, and others of them are still under way.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
}

/// Everybody of an organisation who may be named, with their role.
pub type StaffList = BTreeMap<String, Role>;

impl Casework {
    /// Takes a step on a person's case, in the role that somebody has.
    ///
    /// # Errors
    /// [`Fault::Broken`] with everything that keeps it from being taken; [`Fault::VersionChanged`]
    /// if somebody else took one in the meantime. Nothing is done then.
    pub async fn step(
        &self,
        organisation: &Arc<Organisation>,
        role: &Role,
        asked: Asked<'_>,
    ) -> Result<Done, Fault> {
        let mut staff = self.everybody(organisation).await?;
        // The caller has the role that they signed in with.
        staff.insert(asked.by.to_owned(), role.clone());
        self.desk.step_within(organisation, &staff, asked, Some(EFFECTS_WAITED_FOR)).await
    }

    /// Everybody of an organisation who may be named in a step: those with a valid token, and those who have an
    /// account of the console.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn everybody(&self, organisation: &Organisation) -> Result<StaffList, Fault> {
        let mut staff = self.staff_of(organisation);
        let accounts = self.accounts.list(&organisation.id).await?;
        let open = accounts.into_iter().filter(|account| !account.closed);
        staff.extend(open.map(|account| (account.name, account.role)));
        let (tokens, now) = (self.accounts.api_tokens(&organisation.id).await?, self.now());
        let zone = organisation.profile.timezone;
        let valid = tokens.into_iter().filter(|(_, token)| now < token.life(zone).end());
        staff.extend(valid.map(|(_, token)| (token.name, token.role)));
        Ok(staff)
    }

    /// Everybody of an organisation with a token of the configuration, by name.
    pub fn staff_of(&self, organisation: &Organisation) -> StaffList {
        self.staff.get(&organisation.id).cloned().unwrap_or_default()
    }
}

impl Desk {
    /// The same, for somebody on the list of staff who waits until all is done.
    ///
    /// # Errors
    /// As [`Casework::step`].
    pub async fn step(
        &self,
        organisation: &Arc<Organisation>,
        staff: &StaffList,
        asked: Asked<'_>,
    ) -> Result<Done, Fault> {
        self.step_within(organisation, staff, asked, None).await
    }

    /// Once it is written the step is taken, whatever becomes of what it brings about.
    async fn step_within(
        &self,
        organisation: &Arc<Organisation>,
        staff: &StaffList,
        asked: Asked<'_>,
        wait: Option<Duration>,
    ) -> Result<Done, Fault> {
        self.catch_up(organisation).await?;
        let (stepped, pending) = self.take(organisation, staff, asked).await?;
        let brought = match pending {
            Some(held) => self.brought_about(organisation, held, wait).await,
            None => Brought::default(),
        };
        Ok(Done {
            made: stepped.made,
            version: stepped.file.version,
            still_broken: stepped.still_broken,
            released: brought.released,
            unfinished: brought.unfinished,
        })
    }

    /// Judges the step and writes it. If somebody else writes in the meantime, it is judged again on the new state,
    /// unless it names a version.
    async fn take(
        &self,
        organisation: &Organisation,
        staff: &StaffList,
        asked: Asked<'_>,
    ) -> Result<(Stepped, Option<Held<Pending>>), Fault> {
        for _ in 0..STEP_TRIES_MAX {
            let read = self.read_case_for(organisation, asked.person, asked.act).await?;
            if asked.version.is_some_and(|version| version != read.file.version) {
                return Err(Fault::VersionChanged { now: read.file.version });
            }
            let worded = self.worded_for(organisation, asked.act).await?;
            let stamp = self.stamp(asked.by);
            let mut stepped = judged(&worded, staff, asked, &read, &stamp)?;
            stepped.person = normalised(stepped.person, organisation);
            check_record(organisation, &read.person, &stepped.person).map_err(Fault::Broken)?;
            let stamp_at = stamp.at;
            let pending = Pending::of(&stepped, asked.act, asked.by, stamp_at);
            let mut batch = batch(organisation, asked, &read, &stepped, stamp)?;
            let written = self.documents_of(organisation, &read, &stepped.file).await?;
            batch.documents.extend(written.into_iter().map(DocumentWrite::Put));
            for mail in LetterMail::of(&stepped, stamp_at) {
                batch = batch.put(self.left(mail)?);
            }
            let mut held = None;
            if let Some(pending) = pending {
                let (begun, document) = self.begun(&organisation.id, pending)?;
                (held, batch) = (Some(begun), batch.put(document));
            }
            match self.store.write(&organisation.id, batch).await {
                Ok(()) => return Ok((stepped, held)),
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }

    /// The organisation for a step: steps about letters need their current wording.
    async fn worded_for<'o>(
        &self,
        organisation: &'o Organisation,
        act: &Act,
    ) -> Result<Cow<'o, Organisation>, Fault> {
        match act {
            Act::DraftLetter(_) | Act::ApproveLetter(_) | Act::SendLetter(_) => {
                self.with_wording(organisation).await
            }
            _ => Ok(Cow::Borrowed(organisation)),
        }
    }
}

fn judged(
    organisation: &Organisation,
    staff: &StaffList,
    asked: Asked<'_>,
    read: &CaseRead,
    stamp: &Stamp,
) -> Result<Stepped, Fault> {
    let step = Step {
        organisation,
        staff,
        others: &read.others,
        act: asked.act,
        id: asked.id,
        by: asked.by,
        at: stamp.at,
    };
    lifecycle::step(&read.file, &read.person, &step).map_err(Fault::Broken)
}

/// What a restriction names must be there: numbers that can be dialled, channels, representatives. The
/// rules of the policy are the step's own.
pub(super) fn check_record(
    organisation: &Organisation,
    before: &Person,
    after: &Person,
) -> Result<(), Vec<Broken>> {
    const NAMED: [&str; 5] = ["contact", "deputies", "absences", "channels", "representatives"];
    if before == after {
        return Ok(());
    }
    let found = faults_of_change(after, Some(before), organisation);
    let broken: Vec<Broken> = found
        .into_iter()
        .filter_map(|fault| {
            let (_, key) = fault.path.strip_prefix("restrictions[")?.split_once("].")?;
            let is_named = NAMED.iter().any(|name| key.starts_with(name));
            is_named.then(|| Broken::new(RefusalCode::RecordInvalid, fault.message).key(key))
        })
        .collect();
    if broken.is_empty() { Ok(()) } else { Err(broken) }
}

/// What a step writes besides the file itself, and its follow-up work.
fn batch(
    organisation: &Organisation,
    asked: Asked<'_>,
    read: &CaseRead,
    stepped: &Stepped,
    stamp: Stamp,
) -> Result<Batch, Fault> {
    let entry = trail::entry(asked.act, &read.person, stepped, &organisation.profile);
    let mut batch = Batch::new(stamp).audit(AuditEvent::Step(entry));
    if *read.person != stepped.person {
        batch = batch.person(Some(read.person.clone()), stepped.person.clone());
    }
    Ok(batch)
}
