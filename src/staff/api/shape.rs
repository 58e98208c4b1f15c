//! The published shapes as the API's document describes them.
//!
//! The domain's own types are read and written; these only describe them, so that the
//! domain knows nothing of the document. The tests below hold that both have the same keys.

mod items;

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

pub use items::{ItemState, Note, QueueCount, QueueItem};

/// A way of contact.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Channel {
    Email,
    WebForm,
    Telephone,
    Sms,
    Whatsapp,
    Letter,
    InPerson,
    Social,
    WebChat,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum IdentifierKind {
    Email,
    Phone,
    Whatsapp,
    Account,
    Social,
}

/// How far an identifier is proven.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Assurance {
    Refuted,
    Asserted,
    Proven,
}

/// An identifier that a contact carries.
#[derive(ToSchema)]
pub struct SenderIdentifier {
    pub kind: IdentifierKind,
    pub value: String,
    /// Left out: asserted.
    pub assurance: Option<Assurance>,
}

#[derive(ToSchema)]
pub struct Attachment {
    pub name: Option<String>,
    /// Lower-case hex SHA-256 of the decoded content.
    pub sha256: String,
    pub bytes: Option<u64>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Disposition {
    Deliver,
    Route,
    Limit,
    File,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Mode {
    Enforce,
    Observe,
}

/// The decision on one contact, and why.
#[derive(ToSchema)]
pub struct Decision {
    pub contact: String,
    pub person: Option<String>,
    pub disposition: Disposition,
    pub mode: Mode,
    pub route: Option<Route>,
    pub reasons: Vec<Reason>,
    pub flags: Vec<String>,
    pub quotas: Vec<QuotaState>,
    pub notice: Option<Notice>,
    /// What observed restrictions would have done.
    pub would: Option<Disposition>,
    /// Decided on the last known restrictions, the store being away.
    pub stale: bool,
}

/// English or Welsh.
#[derive(ToSchema)]
pub enum Language {
    #[schema(rename = "en")]
    English,
    #[schema(rename = "cy")]
    Welsh,
}

/// What came of saying that a contact was not theirs.
#[derive(ToSchema)]
pub struct NotTheirs {
    pub contact: String,
    /// Whose record it was taken off.
    pub person: String,
    pub decided_again: Vec<DecidedAgain>,
    /// Others are still to be decided, or on their way.
    pub unfinished: Option<bool>,
}

#[derive(ToSchema)]
pub struct DecidedAgain {
    pub item: String,
    pub disposition: Disposition,
}

/// A safeguard lane that a sender can ask for.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AskedLane {
    Emergency,
    Appeal,
    Adjustment,
}

/// Where a routed contact goes.
#[derive(ToSchema)]
pub struct Route {
    pub queue: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub sip: Option<String>,
    /// Deputies who are tried on no answer, in order.
    pub then: Option<Vec<Fallback>>,
}

#[derive(ToSchema)]
pub struct Fallback {
    pub name: String,
    pub phone: Option<String>,
    pub sip: Option<String>,
}

#[derive(ToSchema)]
pub struct Reason {
    /// Stable.
    pub code: String,
    pub restriction: Option<String>,
    pub clause: Option<String>,
    /// One line for staff.
    pub text: String,
}

/// A quota's count after this contact.
#[derive(ToSchema)]
pub struct QuotaState {
    pub restriction: String,
    pub used: u32,
    pub limit: u32,
    pub resets_at: Option<DateTime<Utc>>,
}

/// The notice to a limited sender.
#[derive(ToSchema)]
pub struct Notice {
    pub text: String,
    /// On decisions of earlier versions: the same in Welsh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welsh: Option<String>,
    /// The languages that the sender is written and spoken to in.
    pub languages: Option<Vec<Language>>,
    /// What `text` says, part by part: each an object with its `part`.
    #[schema(value_type = Option<Vec<Object>>)]
    pub parts: Option<Vec<serde_json::Value>>,
    /// The first instant at which the contact would be admitted; null: none is known.
    pub next_slot: Option<DateTime<Utc>>,
}

/// Somebody on record.
#[derive(ToSchema)]
pub struct Person {
    pub id: String,
    pub name: Option<String>,
    pub reference: Option<String>,
    pub address: Option<String>,
    /// The language that the person is written and spoken to in.
    pub language: Option<Language>,
    pub identifiers: Option<Vec<ListedIdentifier>>,
    pub representatives: Option<Vec<Representative>>,
    pub adjustments: Option<Vec<Adjustment>>,
    /// Case references known to be the person's.
    pub issues: Option<Vec<String>>,
    pub invitations: Option<Vec<Invitation>>,
    /// New issues that somebody decided to engage with after all contact was ended.
    pub engaged: Option<Vec<Engaged>>,
    pub restrictions: Option<Vec<Restriction>>,
    /// The record that this one is merged into. Written only by merges.
    pub merged_into: Option<String>,
    /// The records that are merged into this one.
    pub merged: Option<Vec<String>>,
}

#[derive(ToSchema)]
pub struct ListedIdentifier {
    pub kind: IdentifierKind,
    /// Telephone numbers are stored in E.164.
    pub value: String,
    /// Used by others too; never decides against anybody.
    pub shared: Option<bool>,
}

#[derive(ToSchema)]
pub struct Representative {
    pub name: String,
    /// The last day, `2027-01-31`, or an instant.
    pub until: Option<String>,
    pub identifiers: Option<Vec<ListedIdentifier>>,
}

#[derive(ToSchema)]
pub struct Adjustment {
    pub id: Option<String>,
    pub kind: AdjustmentKind,
    pub channel: Option<Channel>,
    pub note: Option<String>,
    pub review_due: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AdjustmentKind {
    NeedsChannel,
    LargePrint,
    ColouredPaper,
    EasyRead,
    Braille,
    Audio,
    Translation,
    Interpreter,
    Representative,
    ClearWarnings,
    ExtraTime,
    Other,
}

#[derive(ToSchema)]
pub struct Invitation {
    pub thread: Option<String>,
    pub channels: Option<Vec<Channel>>,
    pub until: Option<String>,
}

/// An issue that is engaged with, by its reference or its threads.
#[derive(ToSchema)]
pub struct Engaged {
    pub issue: Option<String>,
    pub threads: Option<Vec<String>>,
}

/// One limit on one person's contact. Each kind has keys of its own; a key of another kind is
/// refused.
#[derive(ToSchema)]
pub struct Restriction {
    pub id: String,
    pub kind: Kind,
    /// Left out: active.
    pub status: Option<Status>,
    pub mode: Option<Mode>,
    pub grounds: Option<String>,
    pub clause: Option<String>,
    /// A day, `2026-11-01`, or an instant.
    pub starts: Option<String>,
    pub review_due: Option<String>,
    pub ends: Option<String>,
    pub decided_by: Option<String>,
    pub signed_off_by: Option<String>,
    pub profile_version: Option<String>,
    /// `single_point_of_contact`
    pub contact: Option<StaffContact>,
    /// `single_point_of_contact`: in the order in which they deputise.
    pub deputies: Option<Vec<StaffContact>>,
    pub absences: Option<Vec<Absence>>,
    /// `channels_only`, `hours_only`, `contact_quota`: channels or the profile's groups.
    pub channels: Option<Vec<String>>,
    /// `hours_only`
    pub windows: Option<Vec<Window>>,
    pub bank_holidays: Option<bool>,
    /// `contact_quota`, `issue_quota`
    pub limit: Option<u32>,
    pub per: Option<Per>,
    pub window: Option<QuotaWindow>,
    /// `issue_closed`, `complaint_closed`, `read_and_file`
    pub issues: Option<Vec<String>>,
    pub threads: Option<Vec<String>>,
    pub answered: Option<Vec<String>>,
    pub attachments: Option<Vec<String>>,
    /// `representative_only`: names out of the person's.
    pub representatives: Option<Vec<String>>,
    /// `call_length`
    pub minutes: Option<u32>,
    /// `documents_returned`
    pub instruction: Option<DocumentInstruction>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Kind {
    SinglePointOfContact,
    ChannelsOnly,
    HoursOnly,
    ContactQuota,
    IssueClosed,
    IssueQuota,
    RepresentativeOnly,
    ReadAndFile,
    ContactEnded,
    ComplaintClosed,
    CallLength,
    VisitsInPairs,
    AppointmentOnly,
    DocumentsReturned,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Status {
    Proposed,
    Active,
    UnderAppeal,
    Varied,
    Lifted,
    Quashed,
    Expired,
    Ended,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Per {
    Day,
    Week,
    Month,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum QuotaWindow {
    Calendar,
    Rolling,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum DocumentInstruction {
    Return,
    Destroy,
}

#[derive(ToSchema)]
pub struct StaffContact {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub queue: Option<String>,
    pub sip: Option<String>,
    /// When the contact is there to answer; left out: whenever the channel is staffed.
    pub roster: Option<WeeklyHours>,
}

#[derive(ToSchema)]
pub struct WeeklyHours {
    pub windows: Vec<Window>,
    pub bank_holidays: Option<bool>,
}

#[derive(ToSchema)]
pub struct Absence {
    pub contact: String,
    pub from: String,
    pub to: String,
}

#[derive(ToSchema)]
pub struct Window {
    /// `mon` … `sun`
    pub days: Vec<String>,
    /// `10:00`
    pub from: String,
    /// `12:00`; `24:00` is the day's end.
    pub to: String,
}

/// An entry of the audit trail; the event's own keys come as well.
#[derive(ToSchema)]
pub struct AuditEntry {
    /// From 1, without a gap but for what was erased.
    pub number: u64,
    pub at: DateTime<Utc>,
    /// `gateway`, or the name of the member of staff.
    pub by: String,
    /// `decided`, `imported`, `item`, `released`, `unread`, `record_changed`, `identifier_added`,
    /// `identifier_removed`, `restriction_added`, `restriction_varied`, `restriction_lifted`,
    /// `step`, `reminded`, `looked`, `outbound`, `account`, `api_token`, `letter_template`, `erasure`, `erased`,
    /// `store_accepted`; `person_changed` of an older gateway
    pub event: String,
    /// Of `decided`: the decision's flags, as `unread`, `identity_ambiguous`, `not_submitted`,
    /// `passed_by_mark`.
    pub flags: Option<Vec<String>>,
    /// Of `decided`: the restricted people, other than `person`, that the contact may be from. It
    /// was passed in doubt.
    pub in_doubt: Option<Vec<String>>,
    /// Of `decided`: what the decision depended on, where a restriction was in force. For `audit replay`; keys may be
    /// added.
    pub facts: Option<serde_json::Value>,
}

/// An event that its receiver did not take.
#[derive(ToSchema)]
pub struct DeadLetter {
    /// The receiver's configured name.
    pub receiver: String,
    /// The event's id, as the receiver knows it (`webhook-id`).
    pub id: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it was last tried.
    pub tried_at: DateTime<Utc>,
    /// What the receiver said, or that it said nothing.
    pub why: String,
    /// It is about to be tried once more.
    pub is_due: bool,
    /// The event as it was sent: a CloudEvents document.
    pub event: serde_json::Value,
}

/// A problem (RFC 9457).
#[derive(ToSchema)]
pub struct Problem {
    /// Stable: `urn:contact-gateway:problem:` and a name.
    #[schema(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: Option<String>,
    /// Where in the body, for a body that can't be read.
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub key: Option<String>,
    /// Everything that is wrong with a record.
    pub faults: Option<Vec<RecordFault>>,
    /// Everything that a step breaks.
    pub broken: Option<Vec<Broken>>,
    /// The version of the case file by now.
    pub version: Option<u64>,
    /// The step that makes this change.
    pub step: Option<String>,
    /// The queue on which an item is by now.
    pub queue: Option<String>,
}

/// One thing that keeps a step from being taken.
#[derive(ToSchema)]
pub struct Broken {
    /// Stable.
    pub code: String,
    pub what: String,
    /// The clause of the policy that asks for it.
    pub clause: Option<String>,
    /// The key that it is about: of the step, of the restriction or of the profile.
    pub key: Option<String>,
}

#[derive(ToSchema)]
pub struct RecordFault {
    pub path: String,
    pub message: String,
}

#[cfg(test)]
mod tests;
