//! What the sender of a form may be shown, and where a notice goes that may not be shown.
//!
//! Anybody can type anybody's address into a public form. Its answer then says nothing of the person
//! whose address it is; the notice goes to that person, at an address on record.

use std::sync::Arc;
use std::time::Duration;

use super::FormEdge;
use super::settings::{FormSettings, Reveal};
use crate::domain::contact::Contact;
use crate::domain::identifier::{Assurance, IdentifierKind};
use crate::domain::notice;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::sender::Standing;
use crate::intake::{Identified, Outcome};
use crate::ports::{Attachment, OwnMail, OwnMailKind};
use crate::runtime::limits::FORM_MAIL_WAIT;

/// Whether the answer may show what was decided: to a session that was signed in to, or where the
/// form says so.
pub(super) fn may_show(form: &FormSettings, contact: &Contact) -> bool {
    form.reveal == Reveal::Asserted
        || contact.from.iter().any(|from| from.assurance == Assurance::Proven)
}

/// Says of a contact whose answer shows nothing that its notice goes elsewhere, or nowhere.
pub(super) fn apart(contact: &mut Contact, organisation: &Organisation, from: &Identified) {
    contact.notified_apart = true;
    contact.unanswerable = organisation.notice_from.is_none() || address_of(from).is_none();
}

/// The person's own e-mail address on record.
fn address_of(from: &Identified) -> Option<String> {
    let Identified::Known(sender) = from else { return None };
    match &sender.standing {
        Standing::Own(person) => own_address(person),
        Standing::Unknown | Standing::Representative { .. } | Standing::Doubtful { .. } => None,
    }
}

fn own_address(person: &Person) -> Option<String> {
    let own =
        person.identifiers.iter().find(|one| one.kind == IdentifierKind::Email && !one.shared);
    own.map(|one| one.value.clone())
}

impl FormEdge {
    /// Mails the notice of a contact whose answer does not show it. Beside the answer, which takes no
    /// longer because of it. A repeat is not notified again.
    pub(super) fn mail_notice(
        self: &Arc<Self>,
        organisation: &Arc<Organisation>,
        to: Option<String>,
        outcome: &Outcome,
    ) {
        let (Some(told), Some(to)) = (&outcome.decision.notice, to) else { return };
        if outcome.repeated || organisation.notice_from.is_none() {
            return;
        }
        let contact = outcome.decision.contact.clone();
        let mail = OwnMail {
            organisation: organisation.id.clone(),
            key: format!("notice {contact}"),
            kind: OwnMailKind::Notice,
            to,
            subject: notice::subject(&organisation.profile.name, &told.languages),
            text: told.text.clone(),
            in_reply_to: None,
            original: None,
        };
        let (edge, organisation) = (Arc::clone(self), organisation.id.clone());
        self.parts.tasks.spawn(async move {
            let wait: Duration = FORM_MAIL_WAIT;
            let sent = tokio::time::timeout(wait, edge.parts.mailer.send(mail)).await;
            if matches!(sent, Ok(Ok(()))) {
                return;
            }
            tracing::warn!(contact, "a form's notice could not be sent");
            let note = Attachment { name: "notice".into(), value: "not sent".into(), item: None };
            if let Err(error) = edge.parts.intake.attach(&organisation, &contact, note).await {
                tracing::warn!(%error, contact, "the item could not say that no notice was sent");
            }
        });
    }
}

/// Where the notice of a contact goes that its answer does not show.
pub(super) fn notice_address(contact: &Contact, from: &Identified) -> Option<String> {
    if contact.notified_apart { address_of(from) } else { None }
}
