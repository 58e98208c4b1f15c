//! Mail that leaves the organisation: judged on the roster in memory, so that it need not wait for a store that is
//! away.
//!
//! A message that is only noted or warned of is delivered in any case; an entry that can't be written now waits in
//! the journal ([`write_what_is_left`]). A message that can't be held now is deferred, and stays with the mail server
//! that hands it over.

mod held;
mod mails;
mod notes;

pub use notes::write_what_is_left;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio::time::timeout;

pub(super) use self::notes::OutboundWarnings;
use super::Intake;
use crate::domain::identifier::domain_to_ascii;
use crate::domain::may_contact::Purpose;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::outbound::{Objection, OutboundEntry, OutboundMail, OutboundTreatment, judge};
use crate::ports::{Original, OutboundNote, Store, StoreError};
use crate::runtime::limits::STORE_COMMIT_WAIT;

/// A message on its way out, as the mail edge reads it.
#[derive(Clone)]
pub struct Outbound {
    /// The same for every retry.
    pub id: String,
    pub digest: [u8; 32],
    /// The mailbox of the envelope's sender, empty for the null sender.
    pub envelope_sender: String,
    pub from: Vec<String>,
    pub purpose: Option<Purpose>,
    pub automatic: bool,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub message_id: Option<String>,
    pub recipients: Vec<String>,
    pub original: Original,
}

/// What happens to a message for one of its recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    Deliver,
    /// It is in the archive, and on a queue for staff.
    Held,
    /// It can't be held now.
    TryAgain,
}

/// What happens to a message.
#[derive(Debug, Clone)]
pub struct Passages {
    /// One for each recipient, in order.
    pub passages: Vec<Passage>,
    /// Whether it was seen before, so that part of it may be delivered already.
    pub repeated: bool,
}

/// Whether the store has answered for this message. Once it has failed, it is not asked again: a message to many
/// people would exceed its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StoreReached {
    Answers,
    Fails,
}

/// The store's answer, if it comes within the time of a commit.
async fn in_time<T, E: From<StoreError>>(
    asking: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let too_long = || StoreError::Unavailable("the store took too long".to_owned());
    timeout(STORE_COMMIT_WAIT, asking).await.unwrap_or_else(|_| Err(too_long().into()))
}

/// Whether what this key names was done before, as far as it was remembered.
async fn is_remembered(
    store: &dyn Store,
    organisation: &OrganisationId,
    key: &str,
) -> Result<bool, StoreError> {
    let known = in_time(store.delivered(organisation, &[key.to_owned()])).await?;
    Ok(known == [true])
}

async fn remember(
    store: &dyn Store,
    organisation: &OrganisationId,
    key: String,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    in_time(store.remember_delivered(organisation, vec![key], at)).await
}

impl Outbound {
    /// The author comes first, since the envelope's sender may be a program that handles bounces.
    fn senders(&self) -> Vec<String> {
        let envelope = Some(&self.envelope_sender).filter(|sender| !sender.is_empty());
        self.from.iter().chain(envelope).cloned().collect()
    }
}

/// An objection to a message to one person, with the recipients that it is about.
struct Against {
    objection: Objection,
    /// Positions among the message's recipients.
    members: Vec<usize>,
}

impl Intake {
    /// Judges a message that leaves the organisation, and notes, warns or holds.
    pub async fn outbound(&self, organisation: &Organisation, message: &Outbound) -> Passages {
        let repeated = self.recent.see(&organisation.id, &message.id, message.digest).repeated;
        let mut passages = vec![Passage::Deliver; message.recipients.len()];
        let (at, mut store) = (self.clock.now(), StoreReached::Answers);
        for against in self.objections(organisation, message, at) {
            let passage = self.treat(organisation, message, &against, (at, &mut store)).await;
            for member in against.members {
                if let Some(place) = passages.get_mut(member) {
                    *place = passage;
                }
            }
        }
        Passages { passages, repeated }
    }

    /// The objections to a message, by person.
    fn objections(
        &self,
        organisation: &Organisation,
        message: &Outbound,
        at: DateTime<Utc>,
    ) -> Vec<Against> {
        let senders = message.senders();
        let (purpose, automatic) = (message.purpose, message.automatic);
        let mail = OutboundMail { senders: &senders, purpose, automatic, at };
        // A person's two addresses may be treated differently, if others use one of them.
        let mut found: BTreeMap<(String, OutboundTreatment), Against> = BTreeMap::new();
        for (member, recipient) in message.recipients.iter().enumerate() {
            let Some(listings) = self.rosters.listed(organisation, recipient, at) else {
                tracing::warn!("no restrictions are known yet: an outgoing message passes");
                return Vec::new();
            };
            for objection in judge(organisation, &listings, &mail) {
                let key = (objection.person.clone(), objection.treatment);
                let new = || Against { objection, members: Vec::new() };
                found.entry(key).or_insert_with(new).members.push(member);
            }
        }
        found.into_values().collect()
    }

    async fn treat(
        &self,
        organisation: &Organisation,
        message: &Outbound,
        against: &Against,
        (at, store): (DateTime<Utc>, &mut StoreReached),
    ) -> Passage {
        let objection = &against.objection;
        let treatment = objection.treatment;
        tracing::info!(
            contact = message.id,
            person = objection.person,
            restriction = objection.restriction,
            ?treatment,
            "an outgoing message goes against a restriction"
        );
        if treatment == OutboundTreatment::Held {
            if *store == StoreReached::Fails {
                return Passage::TryAgain;
            }
            let passage = self.hold(organisation, message, against, at).await;
            if passage == Passage::TryAgain {
                *store = StoreReached::Fails;
            }
            return passage;
        }
        let entry = self.entry(organisation, message, objection, &message.id);
        let note = OutboundNote { organisation: organisation.id.clone(), entry, at };
        let is_new = self.note(note, store).await;
        if is_new && treatment == OutboundTreatment::Warned {
            self.warn_sender(organisation, message, objection, at);
        }
        Passage::Deliver
    }

    fn entry(
        &self,
        organisation: &Organisation,
        message: &Outbound,
        objection: &Objection,
        contact: &str,
    ) -> OutboundEntry {
        OutboundEntry {
            contact: contact.to_owned(),
            person: objection.person.clone(),
            restriction: objection.restriction.clone(),
            clause: objection.reason.clause.clone(),
            code: objection.reason.code.clone(),
            treatment: objection.treatment,
            sender: self.own_sender(organisation, message).unwrap_or_default(),
        }
    }

    /// The colleague's address that the message comes from. Nobody else is named or sent mail.
    fn own_sender(&self, organisation: &Organisation, message: &Outbound) -> Option<String> {
        message.senders().into_iter().find(|sender| {
            let domain = sender.rsplit_once('@').and_then(|(_, domain)| domain_to_ascii(domain));
            let owner = domain.and_then(|domain| self.organisation_of_domain(&domain));
            owner.is_some_and(|owner| owner.id == organisation.id)
        })
    }
}
