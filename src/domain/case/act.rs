//! What staff may do to a case file, as they write it.
//!
//! Every field may be left out here: what a step misses is a refusal that names it
//! (`field.missing`), together with everything else that keeps the step from being taken.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::appeal::AppealOutcome;
use super::conduct::{IncidentOutcome, MediationStep, Medium, Severity, WarningKind};
use super::letter::{Format, LetterKind, Means};
use super::restraint::ReviewOutcome;
use crate::domain::channel::Channel;
use crate::domain::language::Language;
use crate::domain::moment::Moment;
use crate::domain::person::Adjustment;
use crate::domain::profile::Exception;
use crate::domain::restriction::{Restriction, StaffContact};

/// One step: its name in `act`, and its fields.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    RecordIncident(RecordIncident),
    CloseIncident(CloseIncident),
    GiveWarning(GiveWarning),
    OfferAgreement(OfferAgreement),
    AnswerAgreement(AnswerAgreement),
    BreachAgreement(EndAgreement),
    CloseAgreement(EndAgreement),
    RecordMediation(RecordMediation),
    Propose(Box<Propose>),
    Submit(OfProposal),
    SignOff(SignOff),
    SendBack(OfProposal),
    WithdrawProposal(OfProposal),
    DraftLetter(DraftLetter),
    ApproveLetter(OfLetter),
    SendLetter(OfLetter),
    PutInForce(OfProposal),
    Vary(Vary),
    Lift(Lift),
    Review(ReviewStep),
    ReceiveAppeal(ReceiveAppeal),
    AssignHearer(AssignHearer),
    DecideAppeal(DecideAppeal),
    NotifyAppeal(OfAppeal),
    WithdrawAppeal(OfAppeal),
    DecideEngagement(DecideEngagement),
    ReconcileAdjustment(ReconcileAdjustment),
    RecordStaffComplaint(RecordStaffComplaint),
    CloseStaffComplaint(CloseStaffComplaint),
    RecordAdjustment(RecordAdjustment),
    RecordAbsence(RecordAbsence),
    MarkRead(MarkRead),
    RecordAction(RecordAction),
}

macro_rules! fields {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[$attribute])* pub $field: $type,)*
        }
    };
}

fields!(RecordIncident {
    ground: Option<String>,
    severity: Option<Severity>,
    happened_at: Option<DateTime<Utc>>,
    channel: Option<Channel>,
    what: Option<String>,
    contacts: Vec<String>,
    interaction_ended: bool,
    told: Vec<String>,
    staff: Vec<String>,
});

fields!(CloseIncident {
    incident: Option<String>,
    outcome: Option<IncidentOutcome>,
    why: Option<String>,
});

fields!(GiveWarning {
    incidents: Vec<String>,
    kind: Option<WarningKind>,
    medium: Option<Medium>,
    behaviour: Option<String>,
    must_change: Option<String>,
    consequences: Option<String>,
});

fields!(OfferAgreement {
    terms: Option<String>,
    until: Option<Moment>,
});

fields!(AnswerAgreement {
    agreement: Option<String>,
    accepted: Option<bool>,
});

fields!(
    /// How an agreement ended: breached, with what happened, or kept.
    EndAgreement {
        agreement: Option<String>,
        what: Option<String>,
        why: Option<String>,
    }
);

fields!(RecordMediation {
    step: Option<MediationStep>,
    why: Option<String>,
});

fields!(Propose {
    restriction: Option<Restriction>,
    incidents: Vec<String>,
    aim: Option<String>,
    why_no_lesser: Option<String>,
    adjustments_considered: Option<Considered>,
    exceptions: Vec<AskException>,
});

fields!(AskException {
    #[serde(alias = "kind", alias = "name")]
    exception: Option<Exception>,
    #[serde(alias = "why")]
    justification: Option<String>,
    review_due: Option<Moment>,
});

fields!(
    /// A step that needs no more than a proposal, and perhaps why.
    OfProposal {
        proposal: Option<String>,
        why: Option<String>,
    }
);

fields!(SignOff {
    proposal: Option<String>,
    exception: Option<Exception>,
});

fields!(DraftLetter {
    kind: Option<LetterKind>,
    #[serde(rename = "for")]
    about: Option<String>,
    language: Option<Language>,
    format: Option<Format>,
    without: Vec<String>,
    changes: Map<String, Value>,
    why: Option<String>,
    words: BTreeMap<String, String>,
});

fields!(OfLetter {
    letter: Option<String>,
    means: Option<Means>,
    /// The address to which it is mailed, out of the person's.
    to: Option<String>,
});

fields!(Vary {
    restriction: Option<String>,
    changes: Map<String, Value>,
    why: Option<String>,
});

fields!(Lift {
    restriction: Option<String>,
    why: Option<String>,
});

fields!(ReviewStep {
    restriction: Option<String>,
    outcome: Option<ReviewOutcome>,
    why: Option<String>,
    conduct: Option<String>,
    adjustments_considered: Option<Considered>,
    next_due: Option<Moment>,
    changes: Map<String, Value>,
});

fields!(ReceiveAppeal {
    restriction: Option<String>,
    received_at: Option<DateTime<Utc>>,
    channel: Option<Channel>,
    #[serde(deserialize_with = "one_or_several")]
    grounds: Vec<String>,
    text: Option<String>,
    contact: Option<String>,
});

fields!(AssignHearer {
    appeal: Option<String>,
    name: Option<String>,
    role: Option<String>,
});

fields!(DecideAppeal {
    appeal: Option<String>,
    outcome: Option<AppealOutcome>,
    why: Option<String>,
    changes: Map<String, Value>,
});

fields!(OfAppeal {
    appeal: Option<String>,
    means: Option<Means>,
    why: Option<String>,
});

fields!(DecideEngagement {
    item: Option<String>,
    engage: Option<bool>,
    why: Option<String>,
});

fields!(ReconcileAdjustment {
    adjustment: Option<String>,
    restriction: Option<String>,
    how: Option<String>,
});

fields!(RecordStaffComplaint {
    about: Option<String>,
    what: Option<String>,
});

fields!(CloseStaffComplaint {
    complaint: Option<String>,
    outcome: Option<String>,
});

fields!(RecordAdjustment {
    adjustment: Option<Adjustment>,
});

fields!(RecordAbsence {
    restriction: Option<String>,
    contact: Option<String>,
    from: Option<Moment>,
    to: Option<Moment>,
    /// Who takes over from a leaver; left out for each person's deputy.
    successor: Option<StaffContact>,
});

fields!(MarkRead {
    #[serde(alias = "contact")]
    item: Option<String>,
});

fields!(RecordAction {
    #[serde(alias = "kind")]
    action: Option<String>,
    what: Option<String>,
});

/// That adjustments were considered, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Considered {
    pub outcome: Option<String>,
}

impl<'de> Deserialize<'de> for Considered {
    /// `{"outcome": "…"}`, or the outcome by itself.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Table { outcome: Option<String> },
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Text(outcome) => Considered { outcome: Some(outcome) },
            Written::Table { outcome } => Considered { outcome },
        })
    }
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::One(one) => vec![one],
        Written::Several(several) => several,
    })
}
