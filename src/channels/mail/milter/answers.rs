//! The answers to the mail server at the end of a message.

use bytes::Bytes;

use super::Session;
use super::draft::{NotNamed, Trouble};
use super::wire::{MilterAnswer, actions, steps};
use crate::channels::mail::envelope::Full;
use crate::channels::mail::handover::in_place::{self, Changes, Verdict};
use crate::channels::mail::replies;
use crate::channels::mail::settings::MilterKept;
use crate::channels::mail::spool::UnreadHead;
use crate::runtime::metrics::MailEvent;

/// Why a message is on hold, for servers that write it down (Sendmail; Postfix does not).
const QUARANTINE_REASON: &str = "kept on a queue of the contact gateway";

/// With the code of addresses that are too long (RFC 5321 4.5.3.1.10).
fn long(text: &str) -> String {
    format!("501 {text}")
}

impl Session {
    /// The message can't be taken in.
    pub(super) fn give_up(&mut self, trouble: Trouble) {
        self.forget_draft();
        match trouble {
            Trouble::TooLarge => self.say(&MilterAnswer::Reply("552 5.3.4 Message too large")),
            Trouble::Spool | Trouble::Forged => self.say(&MilterAnswer::TryAgain),
        }
    }

    /// A recipient was named.
    pub(super) fn answer_recipient(&mut self, named: Result<(), NotNamed>) {
        match named {
            Ok(()) => self.say(&MilterAnswer::Continue),
            Err(NotNamed::Full(full)) => {
                if full == Full::Gateway {
                    self.edge.count(MailEvent::NoRoom, 1);
                    tracing::warn!("a recipient was deferred: too many are in hand");
                }
                self.say(&MilterAnswer::TryAgain);
            }
            Err(NotNamed::LongSender) => {
                self.say(&MilterAnswer::Reply(&long(replies::LONG_SENDER)));
            }
            Err(NotNamed::LongRecipient) => {
                self.say(&MilterAnswer::Reply(&long(replies::LONG_RECIPIENT)));
            }
        }
    }

    /// The message is complete: decides it, and tells the server what to do.
    pub(super) async fn answer(&mut self) {
        let Some(mut draft) = self.draft.take() else { return };
        let taken_off = draft.forged().clone();
        // Of the recipients, until the server has the answer for each.
        let _room = std::mem::take(&mut draft.room);
        let message = match draft.finish(&self.client).await {
            Ok(message) => message,
            Err(error) => {
                if matches!(error, UnreadHead::NoRoom) {
                    self.edge.count(MailEvent::NoRoom, 1);
                }
                tracing::error!(%error, "a message that was spooled can't be answered");
                self.client.queue_id.clear();
                self.say(&MilterAnswer::TryAgain);
                return;
            }
        };
        let paths: Vec<Bytes> =
            message.recipients.iter().map(|one| one.recipient.path.clone()).collect();
        // Large, and one of many: on the heap.
        let verdict = Box::pin(in_place::judge(&self.edge, message)).await;
        let said = match &verdict {
            Verdict::Passes => "passes",
            Verdict::GoesOn(_) => "goes on",
            Verdict::Kept => "kept",
            Verdict::TryAgain => "try again",
        };
        tracing::info!(queue_id = %self.client.queue_id, said, "a mail server was answered");
        self.client.queue_id.clear();
        let forged = taken_off.iter().map(|(name, count)| (*name, *count));
        match verdict {
            Verdict::Passes => self.say(&MilterAnswer::Continue),
            Verdict::TryAgain => self.say(&MilterAnswer::TryAgain),
            Verdict::GoesOn(changes) => {
                self.take_off(forged);
                self.change(&changes, &paths);
                self.say(&MilterAnswer::Continue);
            }
            Verdict::Kept => match self.edge.settings.milter_kept {
                MilterKept::Discard => self.say(&MilterAnswer::Discard),
                MilterKept::Quarantine => {
                    self.take_off(forged);
                    self.say(&MilterAnswer::Quarantine(QUARANTINE_REASON));
                    self.say(&MilterAnswer::Continue);
                }
            },
        }
    }

    /// Fields of our names that the gateway did not write; from the last, as the others move up.
    fn take_off(&mut self, forged: impl Iterator<Item = (&'static str, u32)>) {
        for (name, count) in forged {
            for number in (1..=count).rev() {
                self.say(&MilterAnswer::DeleteField { name, number });
            }
        }
    }

    fn change(&mut self, changes: &Changes, paths: &[Bytes]) {
        // Each goes on top of those before it: the last of ours first.
        for field in changes.fields.iter().rev() {
            // Where leading spaces are sent they are also ours to write.
            let leading_space =
                self.agreed.is_some_and(|agreed| agreed.steps & steps::LEADING_SPACE != 0);
            let value = format!("{}{}", if leading_space { " " } else { "" }, field.value);
            self.say(&MilterAnswer::InsertField { name: field.name, value: &value });
        }
        for path in changes.removed.iter().filter_map(|index| paths.get(*index)) {
            self.say(&MilterAnswer::DeleteRecipient(path));
        }
        let Some(mailbox) = &changes.added else { return };
        let path = format!("<{mailbox}>");
        let with_parameters =
            self.agreed.is_some_and(|a| a.actions & actions::ADD_RECIPIENTS_WITH_PARAMETERS != 0);
        if with_parameters {
            // The sender addressed somebody else: no bounce tells of a mailbox that is the
            // organisation's own affair.
            let (path, parameters) = (path.as_bytes(), "NOTIFY=NEVER");
            self.say(&MilterAnswer::AddRecipientWith { path, parameters });
        } else {
            self.say(&MilterAnswer::AddRecipient(path.as_bytes()));
        }
    }
}
