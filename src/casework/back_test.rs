//! Back-test: what a restriction would have done to the contacts of somebody's last days, by the production
//! decision, before it is imposed; and lighter forms of it, by the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use super::again::{contact_on_record, own_identifier};
use super::replay::Replay;
use super::{Desk, Fault};
use crate::domain::case::anchors::day;
use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, SenderIdentifier};
use crate::domain::decide;
use crate::domain::decision::Disposition;
use crate::domain::moment::Moment;
use crate::domain::organisation::Organisation;
use crate::domain::person::{Person, Representative};
use crate::domain::queue::QueueItem;
use crate::domain::reason_code::ReasonCode;
use crate::domain::restriction::{ChannelOrGroup, ChannelSet, Kind, Mode, Restriction, Status};
use crate::domain::tally::Contacted;
use crate::runtime::limits::{
    BACK_TEST_CONTACTS_MAX, BACK_TEST_DAYS_MAX, BACK_TEST_TEXT_BYTES_MAX, BACK_TEST_VARIANTS_MAX,
};

/// The restriction and the period to test.
#[derive(Debug, Clone)]
pub struct Draft {
    pub restriction: Restriction,
    /// So many days back from now.
    pub days: u32,
    /// The stated aim: at most so many contacts admitted a week, on average. Absent: none is stated.
    pub admitted_a_week: Option<u32>,
}

/// What would have become of one contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tested {
    pub contact: String,
    pub at: DateTime<Utc>,
    pub channel: Channel,
    pub was: Disposition,
    pub would: Disposition,
    /// The reason codes with the draft in force.
    pub codes: Vec<String>,
    /// What the contact said is not on record, and might have changed what becomes of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub content_unknown: bool,
}

/// A lighter form, and how many contacts it would have admitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lighter {
    pub restriction: Restriction,
    pub admitted: u64,
    pub held: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackTest {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub contacts: Vec<Tested>,
    /// By day, then by channel, then by disposition: what would have happened.
    pub by_day: BTreeMap<NaiveDate, BTreeMap<String, BTreeMap<String, u64>>>,
    /// Safeguard lanes that were met.
    pub safeguards: BTreeMap<String, u64>,
    /// Lighter forms that still meet the stated aim, the lightest first.
    pub lighter: Vec<Lighter>,
}

impl Desk {
    /// Tests a draft on a person's recorded contacts: what it would do where it is enforced, in an
    /// organisation that only observes too. Changes nothing. It takes a processor for a while: a thread
    /// apart does it, and few are done at once.
    ///
    /// # Errors
    /// [`Fault::Refused`] where it is too long a time, or has too many contacts.
    pub async fn back_test(
        &self,
        organisation: &Arc<Organisation>,
        person: &str,
        draft: &Draft,
    ) -> Result<BackTest, Fault> {
        if draft.days == 0 || draft.days > BACK_TEST_DAYS_MAX {
            let what = format!("a back-test covers 1 to {BACK_TEST_DAYS_MAX} days");
            return Err(Fault::Refused(what));
        }
        let person = self.as_one(&organisation.id, person).await?;
        let to = self.clock.now();
        let from = to - TimeDelta::days(i64::from(draft.days));
        // The semaphore is never closed. Before anything is read: what waits takes no memory.
        let turn = Arc::clone(&self.back_tests).acquire_owned().await.ok();
        let timeline = self.timeline_of_all(organisation, &person.id, (from, to)).await?;
        if timeline.len() > BACK_TEST_CONTACTS_MAX {
            let what = format!(
                "{} contacts are more than a back-test covers ({BACK_TEST_CONTACTS_MAX}); ask \
                 for fewer days",
                timeline.len()
            );
            return Err(Fault::Refused(what));
        }
        let stream = self.with_what_was_said(organisation, timeline).await?;
        let (organisation, draft) = (Arc::clone(organisation), draft.clone());
        // Dropped with the caller: the draft would then have no effect.
        let caller = Arc::new(());
        let wanted = Arc::downgrade(&caller);
        let testing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let enforcing =
                Organisation { mode: Mode::Enforce, ..Organisation::clone(&organisation) };
            tested(&enforcing, &person, &draft, &stream, (from, to), &wanted)
        });
        let done = testing.await;
        drop(caller);
        match done {
            Ok(done) => Ok(done),
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Fault::stopping()),
            },
        }
    }

    /// The contacts of all records of a person, in the order in which they came.
    async fn timeline_of_all(
        &self,
        organisation: &Arc<Organisation>,
        person: &str,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<Contacted>, Fault> {
        let mut all = Vec::new();
        for record in self.ids_of(&organisation.id, person).await? {
            all.extend(self.timeline(organisation, &record, from, to).await?);
        }
        all.sort_by(|a, b| (a.at, &a.contact).cmp(&(b.at, &b.contact)));
        Ok(all)
    }

    /// Contacts with their items, as far as these have room.
    async fn with_what_was_said(
        &self,
        organisation: &Organisation,
        timeline: Vec<Contacted>,
    ) -> Result<Vec<(Contacted, Option<QueueItem>)>, Fault> {
        let mut room = BACK_TEST_TEXT_BYTES_MAX;
        let mut stream = Vec::with_capacity(timeline.len());
        for contacted in timeline {
            let item = self.store.item(&organisation.id, &contacted.contact).await?;
            let said = item.as_ref().map_or(0, |item| {
                let texts = item.text.iter().chain(&item.subject).chain(&item.new);
                texts.map(String::len).sum::<usize>()
            });
            let has_room = said <= room;
            room = room.saturating_sub(said);
            stream.push((contacted, item.filter(|_| has_room)));
        }
        Ok(stream)
    }
}

type Stream = [(Contacted, Option<QueueItem>)];

fn tested(
    organisation: &Organisation,
    person: &Arc<Person>,
    draft: &Draft,
    stream: &Stream,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    wanted: &Weak<()>,
) -> BackTest {
    // To be observed is a lighter form of it.
    let enforced = Restriction { mode: Mode::Enforce, ..draft.restriction.clone() };
    let contacts = run(organisation, person, &enforced, stream, from);
    let mut by_day: BTreeMap<NaiveDate, BTreeMap<String, BTreeMap<String, u64>>> = BTreeMap::new();
    for one in &contacts {
        let of_day = by_day.entry(day(&organisation.profile, one.at)).or_default();
        let of_channel = of_day.entry(one.channel.name().to_owned()).or_default();
        *of_channel.entry(one.would.name().to_owned()).or_default() += 1;
    }
    let mut safeguards = BTreeMap::new();
    for lane in stream.iter().flat_map(|(contacted, _)| contacted.lanes()) {
        *safeguards.entry(lane.to_owned()).or_default() += 1;
    }
    let weeks = f64::from(draft.days) / 7.0;
    let meets = |admitted: u64| {
        // So many contacts are counted exactly by a float.
        #[expect(clippy::cast_precision_loss, reason = "a timeline is bounded far below 2^53")]
        let a_week = admitted as f64 / weeks;
        draft.admitted_a_week.is_none_or(|most| a_week <= f64::from(most))
    };
    let mut lighter: Vec<Lighter> = variants(organisation, &enforced)
        .into_iter()
        .take_while(|_| wanted.strong_count() > 0)
        .map(|restriction| {
            let would = run(organisation, person, &restriction, stream, from);
            let admitted = would.iter().filter(|one| is_admitted(one.would)).count() as u64;
            Lighter { restriction, admitted, held: would.len() as u64 - admitted }
        })
        .filter(|one| meets(one.admitted))
        .collect();
    lighter.sort_by_key(|one| one.held);
    BackTest { from, to, contacts, by_day, safeguards, lighter }
}

const fn is_admitted(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Deliver | Disposition::Route)
}

/// Decides a stream by the production decision, as if the draft had been in force from its beginning.
fn run(
    organisation: &Organisation,
    person: &Arc<Person>,
    draft: &Restriction,
    stream: &Stream,
    from: DateTime<Utc>,
) -> Vec<Tested> {
    let mut with_draft = Person::clone(person);
    with_draft.restrictions.retain(|one| one.id != draft.id);
    with_draft.restrictions.push(Restriction {
        status: Status::Active,
        starts: Some(Moment::Instant(from)),
        ends: None,
        review_due: None,
        ..draft.clone()
    });
    let compares = decide::needs_received(&with_draft);
    let own = own_identifier(&with_draft.identifiers);
    let record = with_draft.clone();
    let mut replay = Replay::new(organisation.clone(), vec![with_draft]);
    let mut found = Vec::with_capacity(stream.len());
    // What came before, and is not on record, can't be compared with what comes.
    let mut lacks_earlier = false;
    for (contacted, item) in stream {
        let decided = match &own {
            Some(own) if !settled_before(contacted) => {
                let acting = contacted
                    .has(&ReasonCode::Representative)
                    .then(|| of_representative(&record, organisation, contacted.at));
                let from = acting.flatten().unwrap_or_else(|| own.clone());
                let contact = as_it_came(contacted, item.as_ref(), from);
                let decision = replay.decide(&contact).decision;
                let codes = decision.reasons.into_iter().map(|reason| reason.code).collect();
                (decision.disposition, codes)
            }
            // No restriction is looked at for it.
            _ => (contacted.disposition, contacted.codes.clone()),
        };
        // Of somebody without restrictions nothing is looked at: neither safeguards nor who wrote.
        let is_compared =
            compares && !settled_before(contacted) && !contacted.has(&ReasonCode::Automatic);
        let is_unknown = contacted.has(&ReasonCode::Unrestricted)
            || (is_compared && (item.is_none() || lacks_earlier));
        lacks_earlier |= is_unknown;
        found.push(Tested {
            contact: contacted.contact.clone(),
            at: contacted.at,
            channel: contacted.channel,
            was: contacted.disposition,
            would: decided.0,
            codes: decided.1.iter().map(ToString::to_string).collect(),
            content_unknown: is_unknown,
        });
    }
    found
}

/// Whether a row before every restriction settled a contact: whatever restricts the person, it goes the same
/// way.
fn settled_before(contacted: &Contacted) -> bool {
    contacted
        .codes
        .iter()
        .any(|code| matches!(code, ReasonCode::Safeguard(_) | ReasonCode::Identity(_)))
}

/// One of somebody who acts for the person at an instant.
fn of_representative(
    person: &Person,
    organisation: &Organisation,
    at: DateTime<Utc>,
) -> Option<SenderIdentifier> {
    let zone = organisation.profile.timezone;
    let in_date = |one: &&Representative| one.until.is_none_or(|until| at < until.end(zone));
    person.representatives.iter().filter(in_date).find_map(|one| own_identifier(&one.identifiers))
}

/// The contact, as far as it is on record. The recipient does not matter to the test.
fn as_it_came(contacted: &Contacted, item: Option<&QueueItem>, from: SenderIdentifier) -> Contact {
    let came = (contacted.channel, contacted.at);
    Contact {
        to: Vec::new(),
        automatic: contacted.has(&ReasonCode::Automatic),
        invited: contacted.has(&ReasonCode::Invited),
        ..contact_on_record(contacted.contact.clone(), came, item, from)
    }
}

/// Lighter forms of a restriction: a larger quota, a channel more, observed only.
fn variants(organisation: &Organisation, draft: &Restriction) -> Vec<Restriction> {
    let mut found = vec![Restriction { mode: Mode::Observe, ..draft.clone() }];
    match &draft.kind {
        Kind::ContactQuota { quota, channels } => {
            for more in 1..=BACK_TEST_VARIANTS_MAX {
                let mut quota = *quota;
                quota.limit = quota.limit.saturating_add(more);
                let kind = Kind::ContactQuota { quota, channels: channels.clone() };
                found.push(Restriction { kind, ..draft.clone() });
            }
        }
        Kind::IssueQuota(quota) => {
            for more in 1..=BACK_TEST_VARIANTS_MAX {
                let mut quota = *quota;
                quota.limit = quota.limit.saturating_add(more);
                found.push(Restriction { kind: Kind::IssueQuota(quota), ..draft.clone() });
            }
        }
        Kind::ChannelsOnly { channels } => {
            let closed = Channel::ALL
                .into_iter()
                .filter(|channel| !organisation.profile.set_contains(channels, *channel));
            for channel in closed {
                let mut wider = channels.0.clone();
                wider.push(ChannelOrGroup::Channel(channel));
                let kind = Kind::ChannelsOnly { channels: ChannelSet(wider) };
                found.push(Restriction { kind, ..draft.clone() });
            }
        }
        _ => {}
    }
    found
}
