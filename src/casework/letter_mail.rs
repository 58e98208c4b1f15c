//! The mail of a letter to the person: recorded with the step that sends it, sent by one gateway at a time, and
//! removed when the case file and the trail record its result.
//!
//! A gateway that ends between a server's answer and that note leaves a mail that is sent again, with the same
//! Message-ID.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::lease::{Held, Lease, Take, Work};
use super::{Desk, Fault, say_not_done};
use crate::domain::audit::{AuditEvent, GATEWAY, StepEntry};
use crate::domain::case::letter::{CaseLetter, MailState};
use crate::domain::lifecycle::{Effect, Stepped};
use crate::domain::organisation::Organisation;
use crate::ports::documents::{BY_ID, Batch, Listing, WriteFault};
use crate::ports::{Mailer, OwnMail, OwnMailKind};
use crate::runtime::limits::{ITEM_TRIES_MAX, LETTER_MAILED_FOR};

/// A letter that is to be mailed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LetterMail {
    id: String,
    person: String,
    letter: String,
    at: DateTime<Utc>,
    #[serde(default)]
    lease: Lease,
}

impl Work for LetterMail {
    const KIND: &'static str = "letter_mail";

    fn id(&self) -> &str {
        &self.id
    }

    fn at(&self) -> DateTime<Utc> {
        self.at
    }

    fn lease(&mut self) -> &mut Lease {
        &mut self.lease
    }
}

impl LetterMail {
    /// The letters that a step mails.
    pub(super) fn of(stepped: &Stepped, at: DateTime<Utc>) -> Vec<Self> {
        let letters = stepped.effects.iter().filter_map(|effect| match effect {
            Effect::MailLetter { letter } => Some(letter),
            Effect::DecideAgain { .. } | Effect::Release { .. } => None,
        });
        let person = &stepped.person.id;
        let mail = |letter: &String| LetterMail {
            // Sent again, a letter is another work.
            id: format!("{person}-{}", stepped.file.version),
            person: person.clone(),
            letter: letter.clone(),
            at,
            lease: Lease::NONE,
        };
        letters.map(mail).collect()
    }
}

/// The address that a letter waits to be mailed to.
fn waiting(letter: &CaseLetter) -> Option<&str> {
    let mail = letter.sent.as_ref()?.mail.as_ref()?;
    (mail.state == MailState::Waiting).then_some(mail.to.as_str())
}

impl Desk {
    /// Mails the letters that steps sent, and those that were put off or cut off.
    pub(super) async fn mail_letters_left(
        &self,
        organisation: &Organisation,
        mailer: &dyn Mailer,
    ) -> Result<(), Fault> {
        let id = &organisation.id;
        let mut listing = Listing::of(BY_ID);
        loop {
            let page = self.store.documents(id, LetterMail::KIND, listing.clone()).await?;
            for document in &page.documents {
                if self.is_closing() {
                    return Ok(());
                }
                let Some(held) = self.take_up::<LetterMail>(id, document, Take::Due).await? else {
                    continue;
                };
                if !self.mail_letter(organisation, mailer, &held).await? {
                    // A server that does not take one is not asked again before the next round.
                    return Ok(());
                }
            }
            match page.next {
                Some(next) => listing.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// `false`: that is tried again later.
    async fn mail_letter(
        &self,
        organisation: &Organisation,
        mailer: &dyn Mailer,
        held: &Held<LetterMail>,
    ) -> Result<bool, Fault> {
        let work = &held.work;
        let Some(mail) = self.mail_of_letter(organisation, work).await? else {
            self.done_with(held).await?;
            return Ok(true);
        };
        let error = match self.while_held(held, mailer.send(mail)).await {
            Ok(()) => {
                self.note_mailed(organisation, held, MailState::Accepted, None).await?;
                return Ok(true);
            }
            Err(error) => error,
        };
        let what = ("the mail of a letter", work.letter.as_str());
        say_not_done(&organisation.id, what, &error, error.is_retryable());
        if error.is_retryable() && self.clock.now() - work.at < LETTER_MAILED_FOR {
            self.put_off(held, Desk::pause_of(held)).await?;
            return Ok(false);
        }
        self.note_mailed(organisation, held, MailState::Failed, Some(error.to_string())).await?;
        Ok(true)
    }

    /// What is mailed: the words that were approved. `None`: the letter does not wait to be mailed any more.
    async fn mail_of_letter(
        &self,
        organisation: &Organisation,
        work: &LetterMail,
    ) -> Result<Option<OwnMail>, Fault> {
        let case = match self.read_case(organisation, &work.person).await {
            Ok(case) => case,
            Err(Fault::NotFound(_)) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let Some(to) = case.file.letter(&work.letter).and_then(waiting).map(str::to_owned) else {
            return Ok(None);
        };
        let read = self.letter(organisation, &work.person, &work.letter).await?;
        let subject = read.document.map(|document| document.title());
        Ok(Some(OwnMail {
            organisation: organisation.id.clone(),
            key: work.id.clone(),
            kind: OwnMailKind::Letter,
            to,
            subject: subject.unwrap_or_else(|| organisation.profile.name.clone()),
            text: read.text,
            html: Some(read.html),
            in_reply_to: None,
            original: None,
        }))
    }

    /// Writes what came of it into the case file and the trail, and takes the work off, in one step.
    async fn note_mailed(
        &self,
        organisation: &Organisation,
        held: &Held<LetterMail>,
        state: MailState,
        why: Option<String>,
    ) -> Result<(), Fault> {
        let work = &held.work;
        for _ in 0..ITEM_TRIES_MAX {
            let Some((own, _)) = self.own(held).await? else { return Ok(()) };
            let mut case = match self.read_case(organisation, &work.person).await {
                Ok(case) => case,
                Err(Fault::NotFound(_)) => return self.done_with(held).await,
                Err(fault) => return Err(fault),
            };
            let letter = case.file.letters.iter_mut().find(|one| one.id == work.letter);
            let sent = letter.and_then(|letter| letter.sent.as_mut());
            let Some(mail) = sent.and_then(|sent| sent.mail.as_mut()) else {
                return self.done_with(held).await;
            };
            let stamp = self.stamp(GATEWAY);
            (mail.state, mail.at, mail.why) = (state, stamp.at, why.clone());
            let act =
                if state == MailState::Accepted { "letter_mailed" } else { "letter_not_mailed" };
            let entry = StepEntry {
                act: act.to_owned(),
                person: work.person.clone(),
                version: case.file.version,
                about: Some(work.letter.clone()),
                restriction: None,
                clause: None,
                facts: BTreeMap::new(),
            };
            let batch =
                Batch::new(stamp).put(case.document()?).remove(&own).audit(AuditEvent::Step(entry));
            match self.store.write(&organisation.id, batch).await {
                Ok(()) => return Ok(()),
                // A renewal on its way, or a step on the same file.
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }
}
