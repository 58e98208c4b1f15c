//! Steps as the API's document describes them. The domain's own types are read; the test below
//! holds that both have the same keys.

use chrono::{DateTime, Utc};
use serde_json::Value;
use utoipa::ToSchema;

use crate::staff::api::shape::{Adjustment, Broken, Channel, Language, Restriction, StaffContact};

/// What came of a step.
#[derive(ToSchema)]
pub struct Taken {
    /// What it made: its `id`, `kind` and what follows from them.
    #[schema(value_type = Object)]
    pub made: Value,
    /// The version of the case file after it.
    pub version: u64,
    /// Of a proposal: what still keeps it from being put in force.
    pub broken: Option<Vec<Broken>>,
    /// Contacts that were held and that the step released.
    pub released: Option<Vec<String>>,
    /// The step is taken, and others of these contacts are still on their way.
    pub unfinished: Option<bool>,
}

#[derive(ToSchema)]
pub struct RecordIncident {
    pub id: Option<String>,
    /// One of the profile's.
    pub ground: String,
    /// `ordinary` or `severe`
    pub severity: String,
    pub happened_at: DateTime<Utc>,
    pub channel: Channel,
    pub what: String,
    /// Ids of contacts that show it.
    pub contacts: Option<Vec<String>>,
    pub interaction_ended: Option<bool>,
    /// Who was informed: `police`, `community_safety` and the like.
    pub told: Option<Vec<String>>,
    /// The staff it is about: they take no part in what follows.
    pub staff: Option<Vec<String>>,
}

#[derive(ToSchema)]
pub struct CloseIncident {
    /// `answered` or `no_action`
    pub outcome: String,
    pub why: String,
}

#[derive(ToSchema)]
pub struct GiveWarning {
    pub id: Option<String>,
    pub incidents: Vec<String>,
    /// `informal` or `formal`
    pub kind: String,
    /// `verbal` or `written`
    pub medium: String,
    pub behaviour: String,
    pub must_change: String,
    /// Formal warnings say what may follow.
    pub consequences: Option<String>,
}

#[derive(ToSchema)]
pub struct OfferAgreement {
    pub id: Option<String>,
    pub terms: String,
    /// A day or an instant.
    pub until: Option<String>,
}

#[derive(ToSchema)]
pub struct AnswerAgreement {
    pub accepted: bool,
}

#[derive(ToSchema)]
pub struct EndAgreement {
    /// Of a breach: what happened.
    pub what: Option<String>,
    pub why: Option<String>,
}

#[derive(ToSchema)]
pub struct RecordMediation {
    pub id: Option<String>,
    /// `considered`, `offered`, `declined` or `done`
    pub step: String,
    pub why: String,
}

#[derive(ToSchema)]
pub struct Propose {
    pub id: Option<String>,
    pub restriction: Restriction,
    pub incidents: Vec<String>,
    pub aim: Option<String>,
    pub why_no_lesser: Option<String>,
    pub adjustments_considered: Option<Considered>,
    pub exceptions: Option<Vec<AskException>>,
}

/// That adjustments were considered, and what came of it.
#[derive(ToSchema)]
pub struct Considered {
    pub outcome: String,
}

#[derive(ToSchema)]
pub struct AskException {
    /// `no_warning`, `no_notification`, `longer_than_longest` or `contact_ended`
    pub exception: String,
    pub justification: String,
    /// Of `no_notification`: when it is asked again whether the person may know.
    pub review_due: Option<String>,
}

/// `{}`
#[derive(ToSchema)]
pub struct Nothing {}

#[derive(ToSchema)]
pub struct Why {
    pub why: Option<String>,
}

#[derive(ToSchema)]
pub struct SignOff {
    /// Left out: the proposal itself.
    pub exception: Option<String>,
}

#[derive(ToSchema)]
pub struct DraftLetter {
    pub id: Option<String>,
    pub kind: String,
    /// The id of the proposal, restriction, warning or appeal that it is about.
    #[schema(rename = "for")]
    pub about: String,
    pub language: Option<Language>,
    /// Left out: as the person's adjustments say.
    pub format: Option<String>,
    /// Parts to leave out.
    pub without: Option<Vec<String>>,
    /// A variation's new terms, by the restriction's keys. A letter about a proposal has the proposal's.
    #[schema(value_type = Option<Object>)]
    pub changes: Option<serde_json::Value>,
    /// The reason, as the letter gives it.
    pub why: Option<String>,
    /// Words of one's own for a part, by its name.
    #[schema(value_type = Option<Object>)]
    pub words: Option<serde_json::Value>,
}

#[derive(ToSchema)]
pub struct Means {
    /// `post` or `email`
    pub means: String,
    /// By `email`: one of the person's addresses. Left out: the first that they share with nobody.
    pub to: Option<String>,
}

#[derive(ToSchema)]
pub struct Vary {
    /// Keys of the restriction, with what they are from now on.
    #[schema(value_type = Object)]
    pub changes: Value,
    pub why: String,
}

#[derive(ToSchema)]
pub struct ReviewStep {
    pub id: Option<String>,
    /// `keep`, `vary` or `lift`
    pub outcome: String,
    pub why: String,
    pub conduct: Option<String>,
    pub adjustments_considered: Considered,
    pub next_due: Option<String>,
    /// Of `vary`.
    #[schema(value_type = Option<Object>)]
    pub changes: Option<Value>,
}

#[derive(ToSchema)]
pub struct ReceiveAppeal {
    pub id: Option<String>,
    pub restriction: String,
    /// Left out: now.
    pub received_at: Option<DateTime<Utc>>,
    pub channel: Channel,
    pub grounds: Option<Vec<String>>,
    pub text: Option<String>,
    /// The id of the contact by which it came.
    pub contact: Option<String>,
}

#[derive(ToSchema)]
pub struct AssignHearer {
    pub name: String,
    pub role: Option<String>,
}

#[derive(ToSchema)]
pub struct DecideAppeal {
    /// `upheld`, `varied` or `quashed`: what becomes of the decision.
    pub outcome: String,
    pub why: String,
    /// Of `varied`.
    #[schema(value_type = Option<Object>)]
    pub changes: Option<Value>,
}

#[derive(ToSchema)]
pub struct DecideEngagement {
    pub id: Option<String>,
    /// The contact's id.
    pub item: String,
    pub engage: bool,
    pub why: String,
}

#[derive(ToSchema)]
pub struct ReconcileAdjustment {
    pub id: Option<String>,
    pub adjustment: String,
    pub restriction: String,
    pub how: String,
}

#[derive(ToSchema)]
pub struct RecordStaffComplaint {
    pub id: Option<String>,
    /// The member of staff.
    pub about: String,
    pub what: String,
}

#[derive(ToSchema)]
pub struct CloseStaffComplaint {
    pub outcome: String,
}

#[derive(ToSchema)]
pub struct RecordAdjustment {
    pub id: Option<String>,
    pub adjustment: Adjustment,
}

#[derive(ToSchema)]
pub struct RecordAbsence {
    pub id: Option<String>,
    pub restriction: String,
    pub contact: String,
    pub from: String,
    /// The last day, or 9999-12-31 if they leave for good.
    pub to: String,
    /// Who takes over from a leaver; left out for each person's deputy. Needs the duty `settings` as well.
    pub successor: Option<StaffContact>,
}

#[derive(ToSchema)]
pub struct MarkRead {
    pub id: Option<String>,
    /// The contact's id.
    pub item: String,
}

#[derive(ToSchema)]
pub struct RecordAction {
    pub id: Option<String>,
    /// `warn_public`, `block`, `nosp`, `injunction` and the like.
    pub action: String,
    pub what: Option<String>,
}

#[cfg(test)]
mod tests;
