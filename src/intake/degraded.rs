//! Decisions while a part of the gateway is away. Last known restrictions go on being enforced;
//! what depends on a counter is delivered and flagged; with nothing known everything is delivered.
//! Nobody is limited by mistake, and every contact still has exactly one decision.

use std::sync::Arc;

use super::kept::Keeping;
use super::verdict::{Undecided, decided, delivered, into_settled, undecided};
use super::{Again, Inbound, Intake, Outcome};
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::decide::{Dossier, Verdict};
use crate::domain::decision::{Decision, Disposition, Reason};
use crate::domain::flag::Flag;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::profile::StoreAway;
use crate::domain::reading::Reading;
use crate::domain::reason_code::ReasonCode;
use crate::domain::restriction::Mode;
use crate::domain::sender::Sender;
use crate::ports::{Allowance, Original, Owner, Settled};

/// Marks decisions made while the store is behind, whether or not they needed the store.
pub(super) fn mark_behind(intake: &Intake, organisation: &OrganisationId, verdict: &mut Verdict) {
    if intake.store.is_behind(organisation) {
        verdict.decision.stale = true;
        verdict.decision.flags.push(Flag::StoreBehind);
        verdict.audit.stale = true;
        if let Some(item) = &mut verdict.item {
            item.flags.push(Flag::StoreBehind);
        }
    }
}

/// The outcome of a contact decided here, once it is journalled or needs no entry.
const fn on_disk(decision: Decision) -> Outcome {
    Outcome {
        decision,
        repeated: false,
        conflicting: false,
        durable: true,
        defer: None,
        unkept: false,
    }
}

/// A channel named an organisation that is not configured: delivered, since it is not ours.
pub(super) fn no_such_organisation(contact: &Contact) -> Outcome {
    tracing::error!("a channel names an organisation that is not configured");
    on_disk(delivered(contact, Mode::Observe, Undecided::RestrictionsUnknown))
}

/// A cold start without the store: nothing is known, everything is delivered and flagged.
pub(super) async fn restrictions_unknown(
    intake: &Intake,
    organisation: &Arc<Organisation>,
    inbound: Inbound,
) -> Outcome {
    let mut verdict = undecided(organisation, &inbound.contact, Undecided::RestrictionsUnknown);
    mark_behind(intake, &organisation.id, &mut verdict);
    let decision = verdict.decision.clone();
    intake
        .journal(organisation, &inbound.contact, inbound.digest, into_settled(verdict, None))
        .await;
    on_disk(decision)
}

/// Without the store.
fn decided_alone(
    intake: &Intake,
    organisation: &Organisation,
    sender: &Sender,
    contact: &Contact,
    reading: Option<&Reading>,
) -> Verdict {
    let dossier = Dossier { sender, ledger: None, reading };
    let mut verdict = decided(organisation, dossier, contact);
    mark_behind(intake, &organisation.id, &mut verdict);
    verdict
}

/// The known facts of a contact whose commit failed.
pub(super) struct KnownFacts {
    /// What the contact says, with what a helper added. `None`: it is read again.
    pub reading: Arc<Option<Reading>>,
    pub keeping: Keeping,
    /// The original, where it is not kept.
    pub original: Option<Original>,
    /// What the store was handed to commit, and may have committed.
    pub handed_over: Option<Settled>,
    /// Whether the sender can be asked to try again.
    pub patience: Patience,
}

/// Whether a sender can be asked to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// A mail server, or somebody who reads a form's answer.
    TriesAgain,
    /// A caller, a proxy's question: it is now or never.
    NowOrNever,
}

impl Patience {
    /// An original comes from an edge that can refuse to have taken it.
    pub(super) const fn of(original: Option<&Original>) -> Self {
        if original.is_some() { Patience::TriesAgain } else { Patience::NowOrNever }
    }
}

/// The commit failed: last known restrictions hold, counters don't.
///
/// A decision already sent to the store still applies: a server that was frozen, cut off or stopped just after its last
/// write may have recorded it. The contact is then treated as on record, whether the write arrived or the journal is
/// replayed later.
pub(super) async fn without_store(
    intake: &Intake,
    organisation: &Arc<Organisation>,
    sender: &Sender,
    contact: &Contact,
    digest: [u8; 32],
    known: KnownFacts,
) -> Outcome {
    let reading = (*known.reading).as_ref();
    let verdict = decided_alone(intake, organisation, sender, contact, reading);
    let decision = verdict.decision.clone();
    let unchecked = decision.flags.contains(&Flag::LimitsUnchecked);
    if contact.channel == Channel::Email
        && unchecked
        && organisation.profile.store_away == StoreAway::Defer
    {
        // The sender's server tries again; nothing is recorded, so the retry is decided afresh.
        return Outcome { durable: false, defer: Some(Again::CountersAway), ..on_disk(decision) };
    }
    let settled = match known.handed_over {
        Some(settled) => marked_stale(settled, unchecked),
        None => {
            let mut keeping = known.keeping;
            if verdict.item.is_some()
                && let Some(original) = known.original
            {
                let person = sender.person().map(|person| person.id.as_str());
                let allowance = Allowance::of(&decision);
                let owner = Owner { contact: &contact.id, person, allowance };
                keeping = intake.keep(&organisation.id, owner, original).await;
            }
            match keeping.settle(verdict) {
                Ok(settled) if !matches!(keeping, Keeping::Failed) => settled,
                _ => {
                    let asked = (contact, digest);
                    return unkept(intake, organisation, sender, asked, reading, Counters::Away)
                        .await;
                }
            }
        }
    };
    let decision = settled.decision.clone();
    let journalled = intake.journal(organisation, contact, digest, settled).await;
    if journalled || decision.disposition == Disposition::Deliver {
        let unkept = decision.lacks_original();
        return Outcome { unkept, ..on_disk(decision) };
    }
    not_recorded(decision, known.patience)
}

/// Nothing keeps the decision, so that nothing may be done to the sender. Those who can are asked to try again; others
/// get through, and the decision is that one.
fn not_recorded(decision: Decision, patience: Patience) -> Outcome {
    let (decision, defer) = match patience {
        Patience::TriesAgain => (decision, Some(Again::NotKept)),
        Patience::NowOrNever => (let_through(decision), None),
    };
    Outcome { durable: false, defer, ..on_disk(decision) }
}

fn let_through(decision: Decision) -> Decision {
    let mut flags = decision.flags;
    flags.push(Flag::Unrecorded);
    Decision {
        disposition: Disposition::Deliver,
        route: None,
        reasons: vec![Reason {
            code: ReasonCode::Unrecorded,
            restriction: None,
            clause: None,
            text: "The decision could not be recorded: delivered".to_owned(),
        }],
        flags,
        quotas: Vec::new(),
        notice: None,
        stale: true,
        ..decision
    }
}

/// A decision on the counters last known, marked because they may have moved since.
fn marked_stale(mut settled: Settled, unchecked: bool) -> Settled {
    settled.decision.stale = true;
    settled.audit.stale = true;
    let flags = &mut settled.decision.flags;
    if unchecked && !flags.contains(&Flag::LimitsUnchecked) {
        flags.push(Flag::LimitsUnchecked);
        settled.audit.flags.clone_from(flags);
    }
    settled
}

/// What [`without_store`] would decide. Keeps nothing.
pub(super) fn previewed_alone(
    intake: &Intake,
    organisation: &Organisation,
    sender: &Sender,
    contact: &Contact,
    reading: Option<&Reading>,
) -> Decision {
    decided_alone(intake, organisation, sender, contact, reading).decision
}

/// What [`restrictions_unknown`] would decide. Keeps nothing.
pub(super) fn previewed_unknown(
    intake: &Intake,
    organisation: &Organisation,
    contact: &Contact,
) -> Decision {
    let mut verdict = undecided(organisation, contact, Undecided::RestrictionsUnknown);
    mark_behind(intake, &organisation.id, &mut verdict);
    verdict.decision
}

/// Whether the store counted before the original could not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counters {
    /// By them the contact is not simply delivered.
    Read,
    Away,
}

/// The original could not be kept (a full disk): what would be kept can't be promised, so that the sender is
/// asked to try again. A contact that is delivered anyway needs no original and is recorded as usual. One that is held
/// back by counters and earlier contacts that were read is not delivered because nothing can be kept.
pub(super) async fn unkept(
    intake: &Intake,
    organisation: &Arc<Organisation>,
    sender: &Sender,
    (contact, digest): (&Contact, [u8; 32]),
    reading: Option<&Reading>,
    counters: Counters,
) -> Outcome {
    let verdict = decided_alone(intake, organisation, sender, contact, reading);
    let decision = verdict.decision.clone();
    if counters == Counters::Read || decision.disposition != Disposition::Deliver {
        return not_recorded(decision, Patience::TriesAgain);
    }
    intake.journal(organisation, contact, digest, into_settled(verdict, None)).await;
    on_disk(decision)
}
