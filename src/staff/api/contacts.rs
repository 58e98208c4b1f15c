//! Logging contacts, and asking what would be decided.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shape;
use crate::casework::not_theirs::NotTheirs;
use crate::domain::channel::Channel;
use crate::domain::contact::{Attachment, Contact, SenderIdentifier, id_fault};
use crate::domain::decision::Decision;
use crate::domain::lane::AskedLane;
use crate::runtime::tokens::sha256;
use crate::staff::permit::{HandsIn, Permitted, WorksQueues};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json, Named};

/// A contact as it is logged: the published shape, with `at` left out for "now".
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Contact)]
#[serde(deny_unknown_fields)]
pub struct ContactBody {
    /// Chosen by the caller who logs it; the same id again is the same contact. Visible ASCII without spaces.
    #[schema(min_length = 1, max_length = 200, pattern = "^[!-~]+$")]
    pub id: String,
    #[schema(value_type = shape::Channel)]
    pub channel: Channel,
    /// When the contact was made; left out: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    #[schema(value_type = Vec<shape::SenderIdentifier>)]
    #[serde(default)]
    pub from: Vec<SenderIdentifier>,
    /// The recipients as addressed.
    #[serde(default)]
    pub to: Vec<String>,
    pub subject: Option<String>,
    pub text: Option<String>,
    /// The case reference.
    pub issue: Option<String>,
    /// Message-ids that the contact answers or refers to.
    #[serde(default)]
    pub thread: Vec<String>,
    #[schema(value_type = Vec<shape::Attachment>)]
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// A bounce, an out-of-office, a receipt.
    #[serde(default)]
    pub automatic: bool,
    /// A reply to a message that staff sent.
    #[serde(default)]
    pub invited: bool,
    pub message_id: Option<String>,
    pub call_id: Option<String>,
    /// Who sent it could not be settled; it is delivered and flagged.
    #[serde(default)]
    pub ambiguous: bool,
    /// What it says could not be read: it is delivered and flagged.
    #[serde(default)]
    pub unread: bool,
    /// Its sender can't be answered from here, so nobody is notified of a limit.
    #[serde(default)]
    pub unanswerable: bool,
    /// The safeguard lane that the sender asked for by a key or a button.
    #[schema(value_type = Option<shape::AskedLane>)]
    pub lane: Option<AskedLane>,
}

impl ContactBody {
    fn into_contact(self, now: DateTime<Utc>) -> Result<Contact, Problem> {
        if let Some(fault) = id_fault(&self.id) {
            return Err(Problem::new(422, "invalid-body", "The body has a fault").with_detail(
                format!("`id` {fault}; it distinguishes a retry from a second contact"),
            ));
        }
        Ok(Contact {
            id: self.id,
            channel: self.channel,
            at: self.at.unwrap_or(now),
            from: self.from,
            to: self.to,
            subject: self.subject,
            text: self.text,
            issue: self.issue,
            thread: self.thread,
            attachments: self.attachments,
            automatic: self.automatic,
            invited: self.invited,
            message_id: self.message_id,
            call_id: self.call_id,
            ambiguous: self.ambiguous,
            unread: self.unread,
            obscure: None,
            unanswerable: self.unanswerable,
            unstoppable: false,
            notified_apart: false,
            lane: self.lane,
        })
    }
}

/// Nothing but the organisation, which `sign_in` has looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {
    #[serde(rename = "organisation")]
    _organisation: Option<String>,
}

/// Log a contact, and get the decision. The same id with the same content gives the recorded
/// decision again, and counts nothing; with other content it is 409.
#[utoipa::path(
    post, path = "/api/v1/contacts", operation_id = "log_contact", tag = "contacts",
    params(("organisation" = Option<String>, Query, description = "must be the token's")),
    request_body = ContactBody,
    responses((status = 200, description = "What was decided", body = shape::Decision))
)]
pub async fn receive(
    caller: Permitted<HandsIn>,
    _query: Asked<NoQuery>,
    Json(body): Json<ContactBody>,
) -> Result<axum::Json<Decision>, Problem> {
    let with_time = body.at.is_some();
    let contact = body.into_contact(caller.casework().now())?;
    let digest = sha256(&contact.canonical(with_time).map_err(|_| Problem::internal())?);
    let decision =
        caller.casework().record_contact(&caller.organisation().id, contact, digest).await?;
    Ok(axum::Json(decision))
}

/// What would be decided now, and why; changes nothing.
#[utoipa::path(
    post, path = "/api/v1/decisions/preview", operation_id = "preview_decision", tag = "contacts",
    params(("organisation" = Option<String>, Query, description = "must be the token's")),
    request_body = ContactBody,
    responses((status = 200, description = "What would be decided", body = shape::Decision))
)]
pub async fn preview(
    caller: Permitted<HandsIn>,
    _query: Asked<NoQuery>,
    Json(body): Json<ContactBody>,
) -> Result<axum::Json<Decision>, Problem> {
    let contact = body.into_contact(caller.casework().now())?;
    let decision = caller.casework().preview_contact(&caller.organisation().id, contact).await?;
    Ok(axum::Json(decision))
}

/// Say that a contact was not made by the person on whose record it is, also one that was delivered.
#[utoipa::path(
    post, path = "/api/v1/contacts/{contact}/not-theirs", operation_id = "contact_not_theirs",
    tag = "contacts", params(("contact" = String, Path)),
    responses((status = 200, description = "The outcome", body = shape::NotTheirs))
)]
pub async fn not_theirs(
    caller: Permitted<WorksQueues>,
    path: Named<String>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<NotTheirs>, Problem> {
    let Named(contact) = path;
    let organisation = caller.organisation();
    let done = caller.casework().not_theirs(organisation, &contact, caller.name()).await?;
    Ok(axum::Json(done))
}
