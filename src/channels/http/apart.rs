//! The notice of a contact whose answer shows nothing: it goes to the person, at an address on record.
//!
//! Anybody can type anybody's address into a public form, or make a proxy ask about it. The answer then says
//! nothing of the person whose address it is.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use super::page::{self, ContactKept};
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::identifier::IdentifierKind;
use crate::domain::notice;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::sender::Standing;
use crate::intake::{Identified, Intake, Outcome};
use crate::ports::{Attachment, Mailer, OwnMail, OwnMailKind};
use crate::runtime::limits::FORM_MAIL_WAIT;

/// Mails notices apart from answers that don't show them.
pub struct Apart {
    pub intake: Arc<Intake>,
    pub mailer: Arc<dyn Mailer>,
    pub tasks: TaskTracker,
}

/// Says of a contact whose answer shows nothing that its notice goes elsewhere, or nowhere.
pub fn mark(contact: &mut Contact, organisation: &Organisation, from: &Identified) {
    contact.notified_apart = true;
    contact.unanswerable = organisation.notice_from.is_none() || address_of(from).is_none();
}

/// Where the notice of a contact goes that its answer does not show.
pub fn notice_address(contact: &Contact, from: &Identified) -> Option<String> {
    if contact.notified_apart { address_of(from) } else { None }
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

impl Apart {
    /// Mails the notice of a contact whose answer does not show it. Apart from the answer, which takes no longer
    /// because of it. A repeat is not notified again.
    pub fn mail(
        self: &Arc<Self>,
        organisation: &Arc<Organisation>,
        to: Option<String>,
        outcome: &Outcome,
        kept: ContactKept,
    ) {
        let (Some(told), Some(to)) = (&outcome.decision.notice, to) else { return };
        if outcome.repeated || organisation.notice_from.is_none() {
            return;
        }
        let text = match kept {
            ContactKept::Whole => told.text.clone(),
            ContactKept::Nothing => {
                let parts = page::notice_parts(told, kept);
                notice::in_languages(&parts, Channel::WebForm, &told.languages)
            }
        };
        let contact = outcome.decision.contact.clone();
        let mail = OwnMail {
            organisation: organisation.id.clone(),
            key: format!("notice {contact}"),
            kind: OwnMailKind::Notice,
            to,
            subject: notice::subject(&organisation.profile.name, &told.languages),
            text,
            html: None,
            in_reply_to: None,
            original: None,
        };
        let (apart, organisation) = (Arc::clone(self), organisation.id.clone());
        self.tasks.spawn(async move {
            let wait: Duration = FORM_MAIL_WAIT;
            let sent = tokio::time::timeout(wait, apart.mailer.send(mail)).await;
            if matches!(sent, Ok(Ok(()))) {
                return;
            }
            tracing::warn!(contact, "a notice could not be sent");
            let note = Attachment { name: "notice".into(), value: "not sent".into(), item: None };
            if let Err(error) = apart.intake.attach(&organisation, &contact, note).await {
                tracing::warn!(%error, contact, "the item could not say that no notice was sent");
            }
        });
    }
}
