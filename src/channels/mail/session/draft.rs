//! The transaction in hand: sender and recipients named so far, and the same transaction opened
//! downstream.
//!
//! SMTP answers a whole message at once, so that a recipient who does not exist must be refused
//! when it is named. So the recipients of an SMTP transaction are named downstream as they come,
//! and its answer is passed on; if all of them are then delivered alike, the message goes down
//! that same transaction. While downstream is away recipients are accepted unasked, and it is
//! asked behind the final dot. LMTP answers for each recipient behind the dot, and needs none of
//! this.

use std::sync::Arc;

use crate::channels::mail::edge::MailEdge;
use crate::channels::mail::envelope::EnvelopeRoom;
use crate::channels::mail::message::{Addressed, Protocol};
use crate::channels::mail::replies;
use crate::channels::mail::wire::{Parameter, Path};
use crate::ports::relay::{Envelope, Recipient, Reply, Transaction};

pub(super) struct Draft {
    pub(super) envelope: Envelope,
    pub(super) sender: Path,
    pub(super) smtp_utf8: bool,
    pub(super) recipients: Vec<Addressed>,
    /// Of the recipients that were named, refused ones too.
    pub(super) room: EnvelopeRoom,
    downstream: Downstream,
}

/// The transaction downstream.
enum Downstream {
    /// No recipient was named yet, or none will be (LMTP).
    Unopened,
    Open(Box<dyn Transaction>),
    /// The sender was refused; each recipient is answered so, as many clients look no earlier.
    Refused(Reply),
    /// Not to be reached: asked again behind the dot.
    Away,
}

impl Draft {
    pub(super) fn new(
        path: Path,
        parameters: &[Parameter],
        forwarded: Vec<(String, String)>,
    ) -> Self {
        let envelope = Envelope {
            sender: path.raw.clone(),
            parameters: parameters.iter().map(|parameter| parameter.raw.clone()).collect(),
            forwarded,
        };
        let smtp_utf8 = parameters.iter().any(|parameter| parameter.keyword == "SMTPUTF8");
        let recipients = Vec::new();
        let downstream = Downstream::Unopened;
        let room = EnvelopeRoom::default();
        Draft { envelope, sender: path, smtp_utf8, recipients, room, downstream }
    }

    /// One recipient more, or why not.
    pub(super) async fn add(
        &mut self,
        edge: &Arc<MailEdge>,
        protocol: Protocol,
        path: Path,
        parameters: &[Parameter],
    ) -> Reply {
        let recipient = Recipient {
            path: path.raw.clone(),
            parameters: parameters.iter().map(|parameter| parameter.raw.clone()).collect(),
        };
        let answer = match protocol {
            Protocol::Lmtp => replies::recipient_ok(),
            Protocol::Smtp => self.ask(edge, &recipient).await,
        };
        if answer.is_positive() {
            self.recipients.push(Addressed { address: path, recipient });
        }
        answer
    }

    async fn ask(&mut self, edge: &Arc<MailEdge>, recipient: &Recipient) -> Reply {
        match &mut self.downstream {
            Downstream::Unopened => {
                let opened = edge.relay.open(&self.envelope, recipient).await;
                let (downstream, answer) = match opened {
                    Ok(Ok((transaction, answer))) => (Downstream::Open(transaction), answer),
                    Ok(Err(refusal)) => (Downstream::Refused(refusal.clone()), refusal),
                    Err(error) => {
                        tracing::warn!(%error, "a recipient is accepted unasked");
                        (Downstream::Away, replies::recipient_ok())
                    }
                };
                self.downstream = downstream;
                answer
            }
            Downstream::Away => replies::recipient_ok(),
            Downstream::Refused(refusal) => refusal.clone(),
            Downstream::Open(transaction) => match transaction.recipient(recipient).await {
                Ok(reply) => reply,
                Err(error) => {
                    tracing::warn!(%error, "a recipient is accepted unasked");
                    self.downstream = Downstream::Away;
                    replies::recipient_ok()
                }
            },
        }
    }

    /// The transaction downstream, for the message to go down.
    pub(super) fn take_live(&mut self) -> Option<Box<dyn Transaction>> {
        match std::mem::replace(&mut self.downstream, Downstream::Away) {
            Downstream::Open(transaction) => Some(transaction),
            Downstream::Unopened | Downstream::Refused(_) | Downstream::Away => None,
        }
    }

    pub(super) async fn abandon(mut self) {
        if let Some(transaction) = self.take_live() {
            transaction.abandon().await;
        }
    }
}
