//! Mail that leaves the organisation: answers to restricted people by somebody who is not the point of contact.
//!
//! [`may_contact`] has the rule. This module only decides whose mail counts as the point of contact's, and what the
//! profile does with anybody else's.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::decision::Reason;
use super::identifier::{IdentifierKey, IdentifierKind, normalise};
use super::may_contact::{Purpose, Question, Through, may_contact};
use super::merge;
use super::organisation::Organisation;
use super::person::Person;
use super::profile::OutboundAnswers;
use super::reason_code::ReasonCode;
use super::restriction::{Kind, PointOfContact, Restriction};
use super::roster::{ListedAs, Listing};

/// A message on its way out.
#[derive(Debug, Clone)]
pub struct OutboundMail<'a> {
    /// Its senders' addresses: of the envelope, and of the From field.
    pub senders: &'a [String],
    /// The purpose that the sending system gives; `None` counts as an answer.
    pub purpose: Option<Purpose>,
    /// Nobody wrote it: a report, an absence notice, or a notice of the gateway.
    pub automatic: bool,
    pub at: DateTime<Utc>,
}

/// What happens to a message that somebody else should have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboundTreatment {
    /// Delivered, and noted: the profile leaves the treatment open.
    Noted,
    /// Delivered, and its sender is notified.
    Warned,
    /// Kept, until somebody releases it.
    Held,
}

/// Why somebody else should have written a message, and what happens to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Objection {
    pub person: String,
    pub restriction: String,
    pub reason: Reason,
    /// The point of contact that it should have gone through, if any.
    pub through: Option<Through>,
    pub treatment: OutboundTreatment,
    /// Whether only this person uses the address, so that the message was for them.
    pub is_theirs_only: bool,
}

/// A message of staff to a restricted person, as the trail records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundEntry {
    /// The message's id, or for a held one the item's.
    pub contact: String,
    pub person: String,
    pub restriction: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    pub code: ReasonCode,
    pub treatment: OutboundTreatment,
    /// The organisation's address that it came from.
    pub sender: String,
}

/// The objections to a message to somebody with these listings: at most one per person.
///
/// If several people use the address, or somebody acts for others by it, nobody can be sure who is meant: what would
/// be held is delivered with a warning. Mail to a representative always passes. So does mail from the person's own
/// address: a customer who works here, or whose message is forwarded, must not hear of their own restriction.
pub fn judge(
    organisation: &Organisation,
    listings: &[Listing],
    mail: &OutboundMail<'_>,
) -> Vec<Objection> {
    let treatment = match organisation.profile.outbound_answers {
        Some(OutboundAnswers::Deliver) => return Vec::new(),
        Some(OutboundAnswers::Warn) => OutboundTreatment::Warned,
        Some(OutboundAnswers::Hold) => OutboundTreatment::Held,
        None => OutboundTreatment::Noted,
    };
    let nobody_wrote_it = mail.automatic && mail.purpose.is_none();
    if nobody_wrote_it || is_of_the_gateway(organisation, mail) {
        return Vec::new();
    }
    let mut theirs: Vec<&Listing> = Vec::new();
    for listing in listings.iter().filter(|one| !is_representative(one)) {
        let root = merge::root_of(&listing.person);
        if !theirs.iter().any(|known| merge::root_of(&known.person) == root) {
            theirs.push(listing);
        }
    }
    // An address by which somebody also acts for others may mean those.
    let is_certain = theirs.len() == 1 && listings.iter().all(|one| one.listed_as == ListedAs::Own);
    let treatment = match treatment {
        OutboundTreatment::Held if !is_certain => OutboundTreatment::Warned,
        other => other,
    };
    theirs
        .into_iter()
        .filter(|listing| !is_of_person(organisation, &listing.person, mail))
        .filter_map(|listing| objection(organisation, &listing.person, mail, treatment))
        .map(|objection| Objection { is_theirs_only: is_certain, ..objection })
        .collect()
}

const fn is_representative(listing: &Listing) -> bool {
    matches!(listing.listed_as, ListedAs::Representative(_))
}

/// The first objection among the restrictions in force.
fn objection(
    organisation: &Organisation,
    person: &Person,
    mail: &OutboundMail<'_>,
    treatment: OutboundTreatment,
) -> Option<Objection> {
    let purpose = mail.purpose.unwrap_or(Purpose::Reply);
    let question = Question { channel: Channel::Email, purpose, by: None, at: mail.at };
    let answer = may_contact(organisation, person, &question);
    let (restriction, reason) = answer.reasons.into_iter().find_map(|reason| {
        let id = reason.restriction.as_ref()?;
        let restriction = person.restrictions.iter().find(|one| one.id == *id)?;
        objects(organisation, restriction, &reason, mail, purpose).then_some((restriction, reason))
    })?;
    let goes_through = matches!(restriction.kind, Kind::SinglePointOfContact(_));
    Some(Objection {
        person: person.id.clone(),
        restriction: restriction.id.clone(),
        reason,
        through: answer.through.filter(|_| goes_through),
        treatment,
        is_theirs_only: false,
    })
}

/// Whether a restriction objects, or `may_contact` only asks to keep it in mind. A visit's confirmation is no answer,
/// so it need not go through a point of contact.
fn objects(
    organisation: &Organisation,
    restriction: &Restriction,
    reason: &Reason,
    mail: &OutboundMail<'_>,
    purpose: Purpose,
) -> bool {
    match &restriction.kind {
        Kind::SinglePointOfContact(point) => {
            purpose != Purpose::Service && !is_of_chain(organisation, point, mail)
        }
        // Contacts that somebody decided to engage with may be answered.
        Kind::ContactEnded => reason.code.as_str() == "contact_ended",
        Kind::ReadAndFile { .. } | Kind::RepresentativeOnly { .. } | Kind::ChannelsOnly { .. } => {
            true
        }
        Kind::HoursOnly(_)
        | Kind::ContactQuota { .. }
        | Kind::IssueClosed(_)
        | Kind::IssueQuota(_)
        | Kind::ComplaintClosed(_)
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => false,
    }
}

/// Whether a message comes from the point of contact, a deputy, the team that deputises, or the mailbox of one of
/// their queues.
fn is_of_chain(
    organisation: &Organisation,
    point: &PointOfContact,
    mail: &OutboundMail<'_>,
) -> bool {
    let queues = point.members().filter_map(|member| member.queue.clone()).chain([point.queue()]);
    let mailboxes: Vec<&String> =
        queues.filter_map(|queue| organisation.queue_mailboxes.get(&queue)).collect();
    let members = point.members().filter_map(|member| member.email.as_ref());
    let mut allowed = members.chain(&organisation.profile.team.email).chain(mailboxes);
    allowed.any(|address| is_from(organisation, mail, address))
}

/// Whether the person sends it, by an address of their own.
fn is_of_person(organisation: &Organisation, person: &Person, mail: &OutboundMail<'_>) -> bool {
    let own = person.identifiers.iter();
    let own = own.filter(|one| one.kind == IdentifierKind::Email && !one.shared);
    own.map(|one| one.value.as_str()).any(|address| is_from(organisation, mail, address))
}

/// The gateway sends its letters and notices from `notice_from`.
fn is_of_the_gateway(organisation: &Organisation, mail: &OutboundMail<'_>) -> bool {
    organisation.notice_from.as_ref().is_some_and(|from| is_from(organisation, mail, from))
}

fn is_from(organisation: &Organisation, mail: &OutboundMail<'_>, address: &str) -> bool {
    let key = |address: &str| -> Option<Vec<IdentifierKey>> {
        let keys = normalise(IdentifierKind::Email, address, organisation.profile.nation).ok()?;
        Some(keys.exact)
    };
    let Some(wanted) = key(address) else { return false };
    mail.senders.iter().filter_map(|sender| key(sender)).any(|sender| sender == wanted)
}

#[cfg(test)]
mod tests;
