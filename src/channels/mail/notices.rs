//! Notifying a limited sender (RFC 3834): only one who is surely the restricted person, by a message
//! that nothing answers.

use super::edge::MailEdge;
use super::reading::MailReading;
use crate::domain::channel::Channel;
use crate::domain::decision::Decision;
use crate::domain::identifier::Assurance;
use crate::domain::organisation::Organisation;
use crate::intake::Outcome;
use crate::ports::{Attachment, OwnMail, OwnMailKind};
use crate::runtime::metrics::NoticeLabels;

/// Sends the notice of a decision, if there is one and its sender may be notified. A notice that
/// can't be sent changes nothing for the contact; staff see it on the item.
pub(super) async fn notify(
    edge: &MailEdge,
    organisation: &Organisation,
    sender: &str,
    reading: &MailReading,
    outcome: &Outcome,
) {
    let decision = &outcome.decision;
    let Some(mail) = notice(edge, organisation, sender, reading, decision) else { return };
    let key = mail.key.clone();
    if outcome.repeated && was_sent(edge, organisation, &key).await {
        return;
    }
    let result = edge.mailer.send(mail).await;
    let labels = NoticeLabels {
        organisation: organisation.id.as_str().to_owned(),
        channel: Channel::Email.name(),
        result: if result.is_ok() { "sent" } else { "failed" },
    };
    edge.metrics.notices.get_or_create(&labels).inc();
    match result {
        Ok(()) => edge.remember(vec![(organisation.id.clone(), key)]).await,
        Err(error) => {
            tracing::warn!(%error, contact = %decision.contact, "a notice could not be sent");
            let attachment =
                Attachment { name: "notice".into(), value: "not sent".into(), item: None };
            let attached = edge.intake.attach(&organisation.id, &decision.contact, attachment);
            if let Err(error) = attached.await {
                let contact = decision.contact.as_str();
                tracing::warn!(%error, contact, "an item could not record that a notice was not sent");
            }
        }
    }
}

/// Whether anything may be sent in answer to a message. If not, nobody is recorded as notified.
pub(super) fn may_answer(organisation: &Organisation, sender: &str, reading: &MailReading) -> bool {
    let doubtful = reading.ambiguous || reading.assurance == Assurance::Refuted;
    organisation.notice_from.is_some()
        && !sender.is_empty()
        && !doubtful
        && !reading.automatic
        && !reading.bulk
}

async fn was_sent(edge: &MailEdge, organisation: &Organisation, key: &str) -> bool {
    let keys = [key.to_owned()];
    match edge.deliveries.delivered(&organisation.id, &keys).await {
        Ok(done) => done.first().copied().unwrap_or(false),
        // Rather no second notice than two.
        Err(_) => true,
    }
}

/// The notice, or `None` where none may be sent.
fn notice(
    edge: &MailEdge,
    organisation: &Organisation,
    sender: &str,
    reading: &MailReading,
    decision: &Decision,
) -> Option<OwnMail> {
    let notice = decision.notice.as_ref()?;
    let person = decision.person.as_deref()?;
    if !may_answer(organisation, sender, reading)
        || !edge.intake.is_own_address(&organisation.id, person, sender)
    {
        return None;
    }
    let subject = match reading.subject.as_deref().map(str::trim) {
        None | Some("") => "Your e-mail".to_owned(),
        Some(subject) if subject.to_ascii_lowercase().starts_with("re:") => subject.to_owned(),
        Some(subject) => format!("Re: {subject}"),
    };
    Some(OwnMail {
        organisation: organisation.id.clone(),
        key: format!("notice {}", decision.contact),
        kind: OwnMailKind::Notice,
        to: sender.to_owned(),
        subject,
        text: notice.text.clone(),
        html: None,
        in_reply_to: reading.message_id.clone(),
        original: None,
    })
}
