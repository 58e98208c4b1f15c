//! Somebody leaves: from a day on, others answer their people, their claimed items move on, and they
//! can't sign in any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::accounts::{AccountEnd, account_event};
use super::case::StaffList;
use super::case::lists::{ALL, CaseList, ListAsked, ListOrder, ListedEntry};
use super::case::record::CaseRead;
use super::person_check::PersonFault;
use super::points_of_contact::{AbsenceNotRecorded, Answering};
use super::{Casework, Desk, Fault};
use crate::domain::account::Account;
use crate::domain::audit::{AuditEvent, GATEWAY};
use crate::domain::case::appeal::Appeal;
use crate::domain::duty::Duty;
use crate::domain::invisible::is_blank;
use crate::domain::leaver::{NoSuccessor, for_good};
use crate::domain::moment::Moment;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::permission;
use crate::domain::profile::Role;
use crate::domain::queue::ItemAction;
use crate::domain::restriction::{Absence, StaffContact};
use crate::ports::documents::{BY_ID, Batch, Document, Listing, WriteFault};
use crate::runtime::limits::{LEAVER_ROUNDS_MAX, LEAVER_WORK_MAX};
use crate::runtime::tokens::{hex, sha256};

/// The kind of document that records a leaver. It names only staff.
const LEAVING: &str = "leaving";

/// Who leaves, and who takes over.
#[derive(Debug, Clone)]
pub struct Leaver<'a> {
    /// The name in restrictions, on items and on the account.
    pub name: &'a str,
    /// The first day without them.
    pub on: NaiveDate,
    /// Who takes over; `None` for each person's deputy.
    pub successor: Option<StaffContact>,
}

/// Somebody who leaves or has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaverOnRecord {
    pub name: String,
    pub on: NaiveDate,
    pub successor: Option<String>,
    pub by: String,
    #[serde(serialize_with = "crate::domain::instant::written")]
    pub at: DateTime<Utc>,
    /// Whether the successor works queues, and so gets the claimed items; otherwise they go back to their queues.
    takes_items: bool,
    /// Whether the day has come and everything is handed over.
    pub is_done: bool,
    /// How many claimed items were passed on.
    #[serde(default)]
    pub items: usize,
    pub account: AccountEnd,
}

/// A restriction, and the member of staff who takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandedOver {
    pub person: String,
    /// The person's name for display.
    pub shown: String,
    pub restriction: String,
    pub to: String,
}

/// Work that the leaver leaves open, for somebody else to see to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenWork {
    /// `proposal`: they proposed it, and it is not in force yet. `signature`: a proposal that they could sign.
    /// `letter`: they drafted it, and it has not been sent. `appeal`: they hear it.
    pub what: &'static str,
    pub person: String,
    pub id: String,
}

/// The outcome so far.
#[derive(Debug, Clone)]
pub struct LeaverRecorded {
    pub leaving: LeaverOnRecord,
    pub handed_over: Vec<HandedOver>,
    pub refused: Vec<AbsenceNotRecorded>,
    pub open: Vec<OpenWork>,
}

impl Casework {
    /// Records that somebody leaves, on every restriction that names them, with one step each. When the day comes,
    /// their claimed items are passed on and their account closes. Recording it again replaces the day and the
    /// successor.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: no member of staff and no restriction has this name. [`Fault::Invalid`]: lists everybody
    /// left without an answer, and nothing is written. [`Fault::Refused`]: nobody else keeps the settings.
    pub async fn record_leaver(
        &self,
        organisation: &Arc<Organisation>,
        role: &Role,
        by: &str,
        leaver: &Leaver<'_>,
    ) -> Result<LeaverRecorded, Fault> {
        if leaver.successor.as_ref().is_some_and(|one| is_blank(&one.name)) {
            return Err(Fault::Refused("a successor needs a name".to_owned()));
        }
        if leaver.on >= for_good() {
            let message = "is too far ahead".to_owned();
            return Err(Fault::Invalid(vec![PersonFault { path: "on".to_owned(), message }]));
        }
        let named = self.answered_by(organisation, leaver.name).await?;
        let accounts = self.accounts.list(&organisation.id).await?;
        let account = accounts.iter().find(|one| one.name == leaver.name && !one.closed);
        let everybody = self.everybody(organisation).await?;
        match account {
            Some(account) => self.accounts.not_the_last(organisation, &account.login).await?,
            None if named.is_empty() && !everybody.contains_key(leaver.name) => {
                return Err(Fault::NotFound("member of staff"));
            }
            None => {}
        }
        let barred = match leaver.successor.as_ref().map(|one| one.name.as_str()) {
            // A point of contact needs no account, but claimed items can go only to a colleague who has one.
            Some(name) if named.is_empty() && !everybody.contains_key(name) => {
                Some(NoSuccessor::NotStaff)
            }
            Some(name) => {
                let goes = self.leaves_too(&organisation.id, name, &everybody).await?;
                (goes || name == leaver.name).then_some(NoSuccessor::GoesRound)
            }
            None => None,
        };
        let planned = planned(organisation, &named, leaver, barred)?;
        let colleagues = self.colleagues(organisation).await?;
        let successor = leaver.successor.as_ref().map(|one| one.name.clone());
        let takes_items = successor.as_ref().is_some_and(|name| colleagues.contains(name));
        let (handed_over, mut refused) =
            self.steps_of(organisation, role, by, planned, leaver).await;
        if handed_over.is_empty()
            && let Some(first) = refused.pop()
        {
            return Err(first.why);
        }
        let stamp = self.desk.stamp(by);
        let leaving = LeaverOnRecord {
            name: leaver.name.to_owned(),
            on: leaver.on,
            successor,
            by: by.to_owned(),
            at: stamp.at,
            takes_items,
            is_done: false,
            items: 0,
            account: AccountEnd::Nobodys,
        };
        let event = said(&accounts, leaver.name, "leaving_recorded");
        let leaving = self.desk.write_leaving(organisation, leaving, event).await?;
        let signs = |role: &Role| permission::has(&organisation.profile, role, Duty::SignOff);
        let whose =
            Whose { name: leaver.name, signs: everybody.get(leaver.name).is_some_and(signs) };
        let open = self.desk.open_work(organisation, whose).await?;
        Ok(LeaverRecorded { leaving, handed_over, refused, open })
    }

    /// Whether somebody leaves or has left, in whatever role they are named. Anybody whose closed account was opened
    /// again counts as back.
    async fn leaves_too(
        &self,
        organisation: &OrganisationId,
        name: &str,
        everybody: &StaffList,
    ) -> Result<bool, Fault> {
        let Some(document) =
            self.desk.store.document(organisation, LEAVING, &leaving_id(name)).await?
        else {
            return Ok(false);
        };
        let leaving: LeaverOnRecord = document.read()?;
        let is_back = leaving.is_done && leaving.account == AccountEnd::Closed;
        Ok(!(is_back && everybody.contains_key(name)))
    }

    /// A step for each restriction.
    async fn steps_of(
        &self,
        organisation: &Arc<Organisation>,
        role: &Role,
        by: &str,
        planned: Vec<(&Answering, HandedOver)>,
        leaver: &Leaver<'_>,
    ) -> (Vec<HandedOver>, Vec<AbsenceNotRecorded>) {
        let (mut handed_over, mut refused) = (Vec::new(), Vec::new());
        let absence = Absence {
            contact: leaver.name.to_owned(),
            from: Moment::Day(leaver.on),
            to: Moment::Day(for_good()),
        };
        let recorded = (&absence, leaver.successor.as_ref());
        for (one, handed) in planned {
            match self.absence_step(organisation, role, by, one, recorded).await {
                None => handed_over.push(handed),
                Some(why) => refused.push(why),
            }
        }
        (handed_over, refused)
    }

    /// Takes back a leaving, on every restriction that names them, with one step each. A successor stays a deputy,
    /// items that were passed on stay where they are, and a closed account stays closed.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this name leaves. Errors of a step: calling again does the rest.
    pub async fn take_back_leaver(
        &self,
        organisation: &Arc<Organisation>,
        role: &Role,
        by: &str,
        name: &str,
    ) -> Result<(), Fault> {
        let (store, id) = (&self.desk.store, &organisation.id);
        let stored = store.document(id, LEAVING, &leaving_id(name)).await?;
        let stored = stored.ok_or(Fault::NotFound("leaver"))?;
        let named = self.answered_by(organisation, name).await?;
        let leaver = Leaver { name, on: for_good(), successor: None };
        let planned = planned(organisation, &named, &leaver, None)?;
        let (_, mut refused) = self.steps_of(organisation, role, by, planned, &leaver).await;
        if let Some(first) = refused.pop() {
            return Err(first.why);
        }
        let accounts = self.accounts.list(id).await?;
        let event = said(&accounts, name, "leaving_taken_back");
        let batch = Batch::new(self.desk.stamp(by)).remove(&stored).audit(event);
        self.desk.write_once(id, batch).await
    }

    /// Everybody who leaves or has left, by the day.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn leavers(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Vec<LeaverOnRecord>, Fault> {
        let mut all: Vec<LeaverOnRecord> = Vec::new();
        for document in self.desk.every(organisation, LEAVING, Listing::of(BY_ID)).await? {
            all.push(document.read()?);
        }
        all.sort_by(|a, b| (a.on, &a.name).cmp(&(b.on, &b.name)));
        Ok(all)
    }
}

/// Who would take over each person, if everybody keeps somebody who answers. `barred`: why the successor can't take
/// over at all.
fn planned<'a>(
    organisation: &Organisation,
    named: &'a [Answering],
    leaver: &Leaver<'_>,
    barred: Option<NoSuccessor>,
) -> Result<Vec<(&'a Answering, HandedOver)>, Fault> {
    let zone = organisation.profile.timezone;
    let (mut planned, mut faults) = (Vec::new(), Vec::new());
    if let Some(why) = barred.filter(|_| named.is_empty()) {
        // Claimed items would go to somebody who has left.
        let message = why.to_string();
        faults.push(PersonFault { path: "successor".to_owned(), message });
    }
    for one in named {
        let left = one.point.left_by(leaver.name, leaver.on, leaver.successor.as_ref(), zone);
        let left = barred.map_or(left, Err);
        match left {
            Ok((_, to)) => {
                let (person, shown) = (one.person.id.clone(), one.person.shown_name().to_owned());
                let restriction = one.restriction.clone();
                planned.push((one, HandedOver { person, shown, restriction, to }));
            }
            Err(why) => faults.push(PersonFault {
                path: format!("person \"{}\"", one.person.id),
                message: format!("restriction \"{}\": {why}", one.restriction),
            }),
        }
    }
    if faults.is_empty() { Ok(planned) } else { Err(Fault::Invalid(faults)) }
}

/// The trail's entry about a leaver, by login or, without an account, by name.
fn said(accounts: &[Account], name: &str, action: &str) -> AuditEvent {
    let account = accounts.iter().find(|one| one.name == name);
    account_event(account.map_or(name, |one| one.login.as_str()), action)
}

impl Desk {
    /// Sees off those who have left by today: their claimed items go to the successor or back to the queue, and their
    /// account closes. Several gateways may run it at once; a round that was cut off is repeated.
    ///
    /// # Errors
    /// The store can't be read or written: the next round does the same.
    pub async fn see_off_leavers(&self, organisation: &Organisation) -> Result<(), Fault> {
        for document in self.every(&organisation.id, LEAVING, Listing::of(BY_ID)).await? {
            let leaving: LeaverOnRecord = document.read()?;
            if !leaving.is_done && leaving.on <= self.today(organisation) {
                self.see_off(organisation, leaving, document.version).await?;
            }
        }
        Ok(())
    }

    /// Writes the record of a leaver, over any earlier one, and sees them off if the day has come.
    async fn write_leaving(
        &self,
        organisation: &Organisation,
        mut leaving: LeaverOnRecord,
        event: AuditEvent,
    ) -> Result<LeaverOnRecord, Fault> {
        let (id, name) = (&organisation.id, leaving_id(&leaving.name));
        let stored = self.store.document(id, LEAVING, &name).await?;
        let version = stored.as_ref().map_or(0, |was| was.version);
        if let Some(was) = stored {
            let was: LeaverOnRecord = was.read()?;
            (leaving.items, leaving.account) = (was.items, was.account);
        }
        let document = Document::new(LEAVING, name, version, Vec::new(), &leaving)?;
        let stamp = self.stamp(&leaving.by);
        let written = document.clone().written(stamp.at).version;
        self.write_once(id, Batch::new(stamp).put(document).audit(event)).await?;
        if leaving.on > self.today(organisation) {
            return Ok(leaving);
        }
        self.see_off(organisation, leaving, written).await
    }

    async fn see_off(
        &self,
        organisation: &Organisation,
        mut leaving: LeaverOnRecord,
        version: u64,
    ) -> Result<LeaverOnRecord, Fault> {
        let id = &organisation.id;
        // One round looks only at the first items of a queue.
        for _ in 0..LEAVER_ROUNDS_MAX {
            let moved = self.pass_claims_on(id, &leaving).await?;
            leaving.items += moved;
            if moved == 0 {
                break;
            }
        }
        leaving.account = match self.close_account_of(organisation, &leaving.name).await? {
            // The account was closed before another day was recorded.
            AccountEnd::Nobodys if leaving.account == AccountEnd::Closed => AccountEnd::Closed,
            end => end,
        };
        leaving.is_done = true;
        let name = leaving_id(&leaving.name);
        let document = Document::new(LEAVING, name, version, Vec::new(), &leaving)?;
        match self.store.write(id, Batch::new(self.stamp(GATEWAY)).put(document)).await {
            // Another gateway did the same, or somebody has just recorded another day.
            Ok(()) | Err(WriteFault::Conflict(_)) => Ok(leaving),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// How many items were passed on.
    async fn pass_claims_on(
        &self,
        organisation: &OrganisationId,
        leaving: &LeaverOnRecord,
    ) -> Result<usize, Fault> {
        let mut moved = 0;
        for item in self.held(organisation, |holder| holder == leaving.name).await? {
            let action = match leaving.successor.clone().filter(|_| leaving.takes_items) {
                Some(to) => ItemAction::HandOver { to, held_by: item.claimed_by.clone() },
                None => ItemAction::PutBack,
            };
            match self.change_item(organisation, &item.id, action, GATEWAY).await {
                Ok(_) => moved += 1,
                // Somebody has dealt with it in the meantime.
                Err(Fault::Item(_) | Fault::NotFound(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(moved)
    }

    /// Work that a leaver leaves open, for managers: the first [`LEAVER_WORK_MAX`].
    async fn open_work(
        &self,
        organisation: &Organisation,
        whose: Whose<'_>,
    ) -> Result<Vec<OpenWork>, Fault> {
        let lists =
            [(CaseList::Proposals, ALL), (CaseList::Letters, "to_do"), (CaseList::Appeals, "open")];
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for (list, state) in lists {
            let mut after: Option<String> = None;
            loop {
                let (order, limit) = (ListOrder::OldestFirst, 0);
                let asked = ListAsked { list, state, order, after: after.as_deref(), limit };
                let page =
                    self.case_list(organisation, asked, |case, entry| open_of(case, entry, whose));
                let page = page.await?;
                for work in page.rows.into_iter().flatten() {
                    if seen.insert((work.what, work.id.clone())) && found.len() < LEAVER_WORK_MAX {
                        found.push(work);
                    }
                }
                after = page.next;
                if after.is_none() || found.len() >= LEAVER_WORK_MAX {
                    break;
                }
            }
        }
        Ok(found)
    }
}

/// The leaver, and whether they may sign proposals.
#[derive(Clone, Copy)]
struct Whose<'a> {
    name: &'a str,
    signs: bool,
}

/// The entry as open work, if it is the leaver's to finish.
fn open_of(case: &CaseRead, entry: ListedEntry<'_>, whose: Whose<'_>) -> Option<OpenWork> {
    let name = whose.name;
    let (what, id) = match entry {
        ListedEntry::Proposal(one) if one.by == name => ("proposal", &one.id),
        ListedEntry::Proposal(one) if whose.signs && one.waits_for_signature() => {
            ("signature", &one.id)
        }
        ListedEntry::Letter(one) if one.drafted_by == name => ("letter", &one.id),
        ListedEntry::Appeal(one) if hears(one, name) => ("appeal", &one.id),
        _ => return None,
    };
    Some(OpenWork { what, person: case.person.id.clone(), id: id.clone() })
}

fn hears(appeal: &Appeal, name: &str) -> bool {
    appeal.hearer.as_ref().is_some_and(|hearer| hearer.name == name)
}

/// A digest, since names may have any length.
fn leaving_id(name: &str) -> String {
    hex(&sha256(name.as_bytes()))
}
