//! A restriction, or a heavier form of one, on its way: who asks for it, why, who signed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::moment::Moment;
use crate::domain::profile::{Exception, Role};
use crate::domain::restriction::Restriction;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    Draft,
    Waiting,
    SentBack,
    Signed,
    /// Its restriction is in force.
    Done,
    Withdrawn,
}

/// Somebody's signature, in the role that they had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub name: String,
    pub role: Role,
    pub at: DateTime<Utc>,
}

/// Something out of the ordinary that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedException {
    pub exception: Exception,
    pub justification: String,
    /// Of `no_notification`: when it is asked again whether the person may know.
    pub review_due: Option<Moment>,
    pub signature: Option<Signature>,
}

/// A restriction that somebody proposes. It may be incomplete until it is submitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    pub id: String,
    pub at: DateTime<Utc>,
    pub by: String,
    pub restriction: Restriction,
    pub incidents: Vec<String>,
    pub aim: Option<String>,
    pub why_no_lesser: Option<String>,
    /// What came of considering the person's adjustments.
    pub adjustments_considered: Option<String>,
    pub exceptions: Vec<AskedException>,
    pub state: ProposalState,
    pub signature: Option<Signature>,
    /// Why it was sent back.
    pub sent_back: Option<String>,
    /// When its restriction, incidents and aim were first written, if it was drafted again without changing them: a
    /// letter that told of them still does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_since: Option<DateTime<Utc>>,
    /// Those who proposed, signed or sent back an earlier form of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_hands: Vec<String>,
}

impl Proposal {
    pub fn asked(&self, exception: Exception) -> Option<&AskedException> {
        self.exceptions.iter().find(|one| one.exception == exception)
    }

    pub const fn is_open(&self) -> bool {
        !matches!(self.state, ProposalState::Done | ProposalState::Withdrawn)
    }

    /// The exceptions that nobody has signed.
    pub fn unsigned_exceptions(&self) -> impl Iterator<Item = &AskedException> {
        self.exceptions.iter().filter(|one| one.signature.is_none())
    }

    /// Whether it is submitted, and it or one of its exceptions is not signed.
    pub fn waits_for_signature(&self) -> bool {
        match self.state {
            ProposalState::Waiting => true,
            ProposalState::Signed => self.unsigned_exceptions().next().is_some(),
            ProposalState::Draft
            | ProposalState::SentBack
            | ProposalState::Done
            | ProposalState::Withdrawn => false,
        }
    }

    /// When its present terms were first written: an earlier letter tells of others.
    pub fn terms_since(&self) -> DateTime<Utc> {
        self.terms_since.unwrap_or(self.at)
    }

    /// It takes the place of an earlier draft.
    #[must_use]
    pub fn in_place_of(mut self, earlier: &Proposal) -> Self {
        let is_same = self.restriction == earlier.restriction
            && self.incidents == earlier.incidents
            && self.aim == earlier.aim;
        self.terms_since = is_same.then(|| earlier.terms_since());
        self.earlier_hands = earlier.everybody().cloned().collect();
        self
    }

    /// Notes somebody who had a hand in it, though perhaps none in its final form.
    pub fn keep_hand(&mut self, name: &str) {
        if !self.earlier_hands.iter().any(|one| one == name) {
            self.earlier_hands.push(name.to_owned());
        }
    }

    /// Everybody who proposed, signed or sent back any form of it.
    pub fn everybody(&self) -> impl Iterator<Item = &String> {
        let signed = self.signers().map(|signature| &signature.name);
        std::iter::once(&self.by).chain(&self.earlier_hands).chain(signed)
    }

    /// Everybody who signed anything of it.
    pub fn signers(&self) -> impl Iterator<Item = &Signature> {
        let exceptions = self.exceptions.iter().filter_map(|one| one.signature.as_ref());
        self.signature.iter().chain(exceptions)
    }
}
