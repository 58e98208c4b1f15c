//! Proposals: written, submitted, signed or sent back.

use crate::domain::broken::Broken;
use crate::domain::case::act::{OfProposal, Propose, SignOff};
use crate::domain::case::proposal::{AskedException, Proposal, ProposalState, Signature};
use crate::domain::duty::Duty;
use crate::domain::lifecycle::{Work, guard};
use crate::domain::profile::{Exception, Roles};
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::Status;

/// A draft may be incomplete: the answer lists the rules still broken.
pub(in crate::domain::lifecycle) fn propose(work: &mut Work<'_>, fields: &Propose) {
    work.must(Duty::Propose);
    let restriction = work.need(&fields.restriction, "restriction");
    let redrafted = work.step.id.and_then(|id| work.file.proposal(id)).cloned();
    if redrafted.as_ref().is_some_and(|one| {
        matches!(one.state, ProposalState::Signed | ProposalState::Done | ProposalState::Withdrawn)
    }) {
        work.wrong_state("the proposal is decided already; make a new one");
    }
    let id = match (work.step.id, &redrafted) {
        (Some(id), Some(_)) => id.to_owned(),
        _ => work.new_id("PR", |file, id| file.proposal(id).is_some()),
    };
    let mut exceptions = Vec::new();
    for asked in &fields.exceptions {
        let Some(exception) = work.need(&asked.exception, "exceptions.exception") else { continue };
        exceptions.push(AskedException {
            exception,
            justification: asked.justification.clone().unwrap_or_default(),
            review_due: asked.review_due,
            signature: None,
        });
    }
    let Some(mut restriction) = restriction else { return };
    restriction.status = Status::Proposed;
    let considered = fields.adjustments_considered.clone();
    let proposal = Proposal {
        id: id.clone(),
        at: work.step.at,
        by: work.step.by.to_owned(),
        restriction,
        incidents: fields.incidents.clone(),
        aim: fields.aim.clone(),
        why_no_lesser: fields.why_no_lesser.clone(),
        adjustments_considered: considered.and_then(|considered| considered.outcome),
        exceptions,
        state: ProposalState::Draft,
        signature: None,
        sent_back: None,
        terms_since: None,
        earlier_hands: Vec::new(),
    };
    let proposal = match &redrafted {
        Some(earlier) => proposal.in_place_of(earlier),
        None => proposal,
    };
    work.file.proposals.retain(|one| one.id != id);
    work.file.proposals.push(proposal.clone());
    work.make(&id, "proposal");
    work.still_broken = Some(guard::everything(work, &proposal));
}

/// Nothing may be broken but signatures and the letter.
pub(in crate::domain::lifecycle) fn submit(work: &mut Work<'_>, fields: &OfProposal) {
    work.must(Duty::Propose);
    let Some(proposal) = named(work, &fields.proposal) else { return };
    if !matches!(proposal.state, ProposalState::Draft | ProposalState::SentBack) {
        work.wrong_state(format!("proposal `{}` is submitted already", proposal.id));
    }
    let broken = guard::before_signatures(work, &proposal);
    work.broken.extend(broken);
    set_state(work, &proposal.id, ProposalState::Waiting);
}

pub(in crate::domain::lifecycle) fn sign_off(work: &mut Work<'_>, fields: &SignOff) {
    if !work.profile().duties.is_empty() {
        work.must(Duty::SignOff);
    }
    let Some(proposal) = named(work, &fields.proposal) else { return };
    if !matches!(proposal.state, ProposalState::Waiting | ProposalState::Signed) {
        work.wrong_state(format!("proposal `{}` does not wait for a signature", proposal.id));
    }
    let by = work.step.by;
    if proposal.by == by {
        let what = format!("{by} proposed it, and can't sign it off as well");
        work.refuse(Broken::new(RefusalCode::SignOffProposer, what).key("by"));
    }
    work.must_not_be_accused(by);
    let roles = match fields.exception {
        None => guard::kind_signers(work.profile(), &proposal),
        Some(exception) => {
            if proposal.asked(exception).is_none() {
                work.unknown("exception", exception.name());
            }
            guard::exception_signers(work.profile(), exception)
        }
    };
    let Some(roles) = roles else {
        work.unset("responsible.decides");
        return;
    };
    let Some(role) = signs_as(work, &roles) else { return };
    if fields.exception.is_some() && signed_another_exception(&proposal, fields.exception, by) {
        let what = format!("{by} signed another exception of this proposal; two need two people");
        work.refuse(Broken::new(RefusalCode::ExceptionUnsigned, what).key("by"));
    }
    let signature = Signature { name: by.to_owned(), role, at: work.step.at };
    let Some(found) = work.file.proposals.iter_mut().find(|one| one.id == proposal.id) else {
        return;
    };
    match fields.exception {
        None => {
            if let Some(before) = found.signature.replace(signature) {
                found.keep_hand(&before.name);
            }
            found.state = ProposalState::Signed;
        }
        Some(exception) => {
            for before in signed_instead(found, exception, &signature) {
                found.keep_hand(&before.name);
            }
        }
    }
}

/// Signs an exception, and returns the signatures that were there before.
fn signed_instead(
    proposal: &mut Proposal,
    exception: Exception,
    signature: &Signature,
) -> Vec<Signature> {
    let asked = proposal.exceptions.iter_mut().filter(|one| one.exception == exception);
    asked.filter_map(|one| one.signature.replace(signature.clone())).collect()
}

/// The role of the person who takes the step, if it is one that signs.
fn signs_as(work: &mut Work<'_>, roles: &Roles) -> Option<crate::domain::profile::Role> {
    let by = work.step.by;
    match work.role_of(by) {
        Some(role) if roles.include(role) => Some(role.clone()),
        role => {
            let role = role.map_or("none", |role| role.0.as_str());
            let what = format!("{roles} signs this off; {by} has the role {role}");
            work.refuse(Broken::new(RefusalCode::SignOffRole, what).key("by"));
            None
        }
    }
}

fn signed_another_exception(proposal: &Proposal, this: Option<Exception>, name: &str) -> bool {
    proposal.exceptions.iter().any(|one| {
        Some(one.exception) != this
            && one.signature.as_ref().is_some_and(|signature| signature.name == name)
    })
}

pub(in crate::domain::lifecycle) fn send_back(work: &mut Work<'_>, fields: &OfProposal) {
    let why = work.text(&fields.why, "why");
    let Some(proposal) = named(work, &fields.proposal) else { return };
    if let Some(roles) = guard::kind_signers(work.profile(), &proposal) {
        signs_as(work, &roles);
    }
    if !matches!(proposal.state, ProposalState::Waiting | ProposalState::Signed) {
        work.wrong_state(format!("proposal `{}` does not wait for a signature", proposal.id));
    }
    set_state(work, &proposal.id, ProposalState::SentBack);
    if let Some(found) = work.file.proposals.iter_mut().find(|one| one.id == proposal.id) {
        found.sent_back = why;
        let signers = proposal.signers().map(|signature| signature.name.as_str());
        for name in signers.chain([work.step.by]) {
            found.keep_hand(name);
        }
        found.signature = None;
        for asked in &mut found.exceptions {
            asked.signature = None;
        }
    }
}

pub(in crate::domain::lifecycle) fn withdraw(work: &mut Work<'_>, fields: &OfProposal) {
    work.must(Duty::Propose);
    let Some(proposal) = named(work, &fields.proposal) else { return };
    if !proposal.is_open() {
        work.wrong_state(format!("proposal `{}` is closed already", proposal.id));
    }
    set_state(work, &proposal.id, ProposalState::Withdrawn);
}

/// The proposal that a step names.
pub(super) fn named(work: &mut Work<'_>, id: &Option<String>) -> Option<Proposal> {
    let id = work.text(id, "proposal")?;
    let found = work.file.proposal(&id).cloned();
    if found.is_none() {
        work.unknown("proposal", &id);
    }
    found
}

pub(super) fn set_state(work: &mut Work<'_>, id: &str, state: ProposalState) {
    if let Some(found) = work.file.proposals.iter_mut().find(|one| one.id == id) {
        found.state = state;
    }
}
