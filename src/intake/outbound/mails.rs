//! Mails to colleagues about a message that somebody else should have written. In English, like all mail inside the
//! organisation.

use chrono::{DateTime, Utc};

use super::Outbound;
use crate::domain::may_contact::Through;
use crate::domain::organisation::Organisation;
use crate::domain::outbound::Objection;
use crate::domain::queue::QueueItem;
use crate::intake::Intake;
use crate::ports::{OwnMail, OwnMailKind};
use crate::runtime::tokens::{hex, sha256};

impl Intake {
    /// One warning per sender, person and day.
    pub(super) fn warn_sender(
        &self,
        organisation: &Organisation,
        message: &Outbound,
        objection: &Objection,
        at: DateTime<Utc>,
    ) {
        let Some(sender) = self.own_sender(organisation, message) else { return };
        let day = at.with_timezone(&organisation.profile.timezone).date_naive();
        let named = format!("{}\n{}\n{sender}", organisation.id, objection.person);
        let key = format!("outbound:{day}:{}", hex(&sha256(named.as_bytes())));
        if !self.outbound_warnings.is_first(day, &key) {
            return;
        }
        let (why, when) = if objection.is_theirs_only {
            ("Contact with this customer is restricted.", "Please")
        } else {
            (
                "A customer with whom contact is restricted uses the address that\n\
                 you wrote to. Others use it as well.",
                "If you meant that customer, please",
            )
        };
        let text = format!(
            "Your message was not held back.\n{why}\n\n{}\n\
             {when} leave further answers to {}.\n\
             You get this warning once a day for each customer.\n",
            facts(message, objection),
            who_to_ask(objection.through.as_ref()),
        );
        let subject = "Your message to a customer with a restriction";
        self.mail_inside(own_mail(organisation, key, sender, subject, text, message));
    }

    /// Notifies the sender and the point of contact.
    pub(super) fn notify_of_held(
        &self,
        organisation: &Organisation,
        message: &Outbound,
        objection: &Objection,
        item: &QueueItem,
    ) {
        let through = objection.through.as_ref();
        let facts = facts(message, objection);
        let where_it_is = format!("Queue: {}\nReference: {}\n", item.queue, item.id);
        if let Some(sender) = self.own_sender(organisation, message) {
            let text = format!(
                "Your message was not delivered: contact with this customer is\n\
                 restricted. It is kept whole.\n\n{facts}{where_it_is}\n\
                 To have it delivered, ask {} to release it.\n",
                who_to_ask(through),
            );
            let key = format!("outbound-held:{}", item.id);
            let subject = "Your message to a customer with a restriction is held";
            self.mail_inside(own_mail(organisation, key, sender, subject, text, message));
        }
        let mailbox = through.and_then(|through| through.email.clone());
        let mailbox = mailbox.or_else(|| organisation.queue_mailboxes.get(&item.queue).cloned());
        if let Some(mailbox) = mailbox {
            let text = format!(
                "A colleague's message to a customer with a restriction is held.\n\
                 Release it, or close it and answer yourself.\n\n{facts}{where_it_is}",
            );
            let key = format!("outbound-item:{}", item.id);
            let subject = "A colleague's message is held";
            self.mail_inside(OwnMail {
                in_reply_to: None,
                ..own_mail(organisation, key, mailbox, subject, text, message)
            });
        }
    }

    fn mail_inside(&self, mail: OwnMail) {
        if self.announcements.try_send(mail).is_err() {
            tracing::warn!(
                "colleagues are not notified of an outgoing message: too many mails wait"
            );
        }
    }
}

fn own_mail(
    organisation: &Organisation,
    key: String,
    to: String,
    subject: &str,
    text: String,
    message: &Outbound,
) -> OwnMail {
    OwnMail {
        organisation: organisation.id.clone(),
        key,
        kind: OwnMailKind::Internal,
        to,
        subject: subject.to_owned(),
        text,
        html: None,
        in_reply_to: message.message_id.clone(),
        original: None,
    }
}

fn facts(message: &Outbound, objection: &Objection) -> String {
    let subject = message.subject.as_deref().unwrap_or("(none)");
    let clause = objection.reason.clause.as_ref().map(|clause| format!("Clause: {clause}\n"));
    format!(
        "Subject: {subject}\nCustomer: {}\nWhy: {}\n{}",
        objection.person,
        objection.reason.text,
        clause.unwrap_or_default(),
    )
}

fn who_to_ask(through: Option<&Through>) -> String {
    let Some(through) = through else { return "the people who decided the restriction".to_owned() };
    match (&through.name, &through.email) {
        (Some(name), Some(email)) => format!("{name} ({email})"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => "the team that works this queue".to_owned(),
    }
}
