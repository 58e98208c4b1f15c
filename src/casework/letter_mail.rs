//! The mail of a letter to the person: recorded with the step that sends it, sent by one gateway at a time, and
//! removed when the case file and the trail record its result.
//!
//! A mail that the server accepted is recorded as accepted by the gateway that sent it or, once the work says so, by
//! any gateway. If the sending gateway ends before it has written either, or loses its store while another takes the
//! work over, the mail is sent again, with the same Message-ID.

use std::collections::{BTreeMap, HashSet};
use std::sync::{MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::lease::{Held, Lease, Take, Work};
use super::{Desk, Fault, NotDone, say_not_done};
use crate::domain::audit::{AuditEvent, GATEWAY, StepEntry};
use crate::domain::case::letter::{CaseLetter, MailState, email_of};
use crate::domain::letter::title_of;
use crate::domain::lifecycle::{Effect, Stepped};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::documents::{BY_ID, Batch, Listing, WriteFault};
use crate::ports::{Mailer, OwnMail, OwnMailKind, SendError};
use crate::runtime::limits::{ITEM_TRIES_MAX, LEASE_RENEWED_EVERY, LETTER_MAILED_FOR};

/// A letter that is to be mailed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LetterMail {
    id: String,
    person: String,
    letter: String,
    at: DateTime<Utc>,
    /// The mail server accepted it; the case file does not say so yet.
    #[serde(default)]
    accepted: bool,
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
            accepted: false,
            lease: Lease::NONE,
        };
        letters.map(mail).collect()
    }
}

/// A letter that a mail server accepted. The time is part of its identity, because an id can recur when the person's
/// file is started anew.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct AcceptedLetter {
    organisation: OrganisationId,
    id: String,
    at: DateTime<Utc>,
}

impl AcceptedLetter {
    fn of(organisation: &OrganisationId, work: &LetterMail) -> Self {
        AcceptedLetter { organisation: organisation.clone(), id: work.id.clone(), at: work.at }
    }
}

/// The address that a letter waits to be mailed to.
fn waiting(letter: &CaseLetter) -> Option<&str> {
    let mail = letter.sent.as_ref()?.mail.as_ref()?;
    (mail.state == MailState::Waiting).then_some(mail.to.as_str())
}

/// Why nothing is mailed.
enum NoMail {
    /// The letter does not wait to be mailed any more.
    NotWaiting,
    /// The address was corrected meanwhile, or taken off the record: it may be somebody else's.
    AddressGone,
    Fault(Fault),
}

impl From<Fault> for NoMail {
    fn from(fault: Fault) -> Self {
        NoMail::Fault(fault)
    }
}

const ADDRESS_GONE: &str = "the address is no longer on the person's record";

fn not_done(work: &LetterMail) -> NotDone<'_> {
    NotDone { what: "the mail of a letter", id: &work.letter }
}

impl Desk {
    /// Mails the letters that steps sent, and those that were put off or cut off.
    pub(super) async fn mail_letters_left(
        &self,
        organisation: &Organisation,
        mailer: &dyn Mailer,
    ) -> Result<(), Fault> {
        let id = &organisation.id;
        let mut gone = self.accepted_before(id);
        let mut listing = Listing::of(BY_ID);
        loop {
            let page = self.store.documents(id, LetterMail::KIND, listing.clone()).await?;
            for document in &page.documents {
                gone.retain(|accepted| accepted.id != document.id);
                if self.is_closing() {
                    return Ok(());
                }
                let Some(mut held) = self.take_up::<LetterMail>(id, document, Take::Due).await?
                else {
                    continue;
                };
                held.work.accepted |= self.has_accepted(id, &held.work);
                match self.mail_letter(organisation, mailer, &held).await {
                    Ok(true) => {}
                    // A server that does not take one is not asked again before the next round.
                    Ok(false) => return Ok(()),
                    Err(fault) => self.put_aside(organisation, &mut held, &fault).await?,
                }
            }
            match page.next {
                Some(next) => listing.after = Some(next),
                None => break,
            }
        }
        // Their work is gone: another gateway recorded the result, or the person was erased.
        self.accepted().retain(|accepted| !gone.contains(accepted));
        Ok(())
    }

    fn accepted_before(&self, organisation: &OrganisationId) -> Vec<AcceptedLetter> {
        let accepted = self.accepted();
        accepted.iter().filter(|one| one.organisation == *organisation).cloned().collect()
    }

    /// One letter that can't be read, or its case, keeps none of the others waiting.
    async fn put_aside(
        &self,
        organisation: &Organisation,
        held: &mut Held<LetterMail>,
        fault: &Fault,
    ) -> Result<(), Fault> {
        held.work.accepted |= self.has_accepted(&organisation.id, &held.work);
        let is_tried_again = held.work.accepted || self.is_in_time(&held.work);
        say_not_done(&organisation.id, not_done(&held.work), fault, is_tried_again);
        if !is_tried_again {
            let why = Some(fault.to_string());
            let noted = self.note_mailed(organisation, held, MailState::Failed, why).await;
            if noted.is_ok() {
                return Ok(());
            }
        }
        self.put_off(held, Desk::pause_of(held)).await
    }

    fn accepted(&self) -> MutexGuard<'_, HashSet<AcceptedLetter>> {
        // Nothing that holds the lock can panic half-way through a change.
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a server accepted it from this gateway, which has not recorded that yet.
    fn has_accepted(&self, organisation: &OrganisationId, work: &LetterMail) -> bool {
        self.accepted().contains(&AcceptedLetter::of(organisation, work))
    }

    fn is_in_time(&self, work: &LetterMail) -> bool {
        self.clock.now() - work.at < LETTER_MAILED_FOR
    }

    /// `false`: the server did not take it, and is tried again later.
    async fn mail_letter(
        &self,
        organisation: &Organisation,
        mailer: &dyn Mailer,
        held: &Held<LetterMail>,
    ) -> Result<bool, Fault> {
        let work = &held.work;
        if work.accepted {
            let noted = self.while_held(held, self.note_accepted(organisation, held)).await;
            return noted.map(|()| true);
        }
        let why = match self.mail_of_letter(organisation, work).await {
            Ok(mail) => {
                let sending = async {
                    mailer.send(mail).await?;
                    self.accepted().insert(AcceptedLetter::of(&organisation.id, work));
                    Ok::<_, SendError>(self.note_accepted(organisation, held).await)
                };
                match self.while_held(held, sending).await {
                    Ok(noted) => return noted.map(|()| true),
                    Err(error) => {
                        let is_tried_again = error.is_retryable() && self.is_in_time(work);
                        say_not_done(&organisation.id, not_done(work), &error, is_tried_again);
                        if is_tried_again {
                            self.put_off(held, Desk::pause_of(held)).await?;
                            return Ok(false);
                        }
                        error.to_string()
                    }
                }
            }
            Err(NoMail::AddressGone) => ADDRESS_GONE.to_owned(),
            Err(NoMail::NotWaiting) => {
                self.done_with(held).await?;
                return Ok(true);
            }
            Err(NoMail::Fault(fault)) => return Err(fault),
        };
        self.note_mailed(organisation, held, MailState::Failed, Some(why)).await?;
        Ok(true)
    }

    /// The mail: the words that were approved, whatever a letter would say by now.
    async fn mail_of_letter(
        &self,
        organisation: &Organisation,
        work: &LetterMail,
    ) -> Result<OwnMail, NoMail> {
        let mut case = match self.read_case(organisation, &work.person).await {
            Ok(case) => case,
            Err(Fault::NotFound(_)) => return Err(NoMail::NotWaiting),
            Err(fault) => return Err(fault.into()),
        };
        let letter = case.file.letters.iter_mut().find(|one| one.id == work.letter);
        let letter = letter.ok_or(NoMail::NotWaiting)?;
        let to = waiting(letter).ok_or(NoMail::NotWaiting)?.to_owned();
        if email_of(&case.person, &to).is_none() {
            return Err(NoMail::AddressGone);
        }
        let approval = letter.approval.as_mut().ok_or(NoMail::NotWaiting)?;
        self.put_words(organisation, approval).await?;
        let words = std::mem::take(&mut approval.words);
        Ok(OwnMail {
            organisation: organisation.id.clone(),
            key: work.id.clone(),
            kind: OwnMailKind::Letter,
            to,
            subject: title_of(&words.html).unwrap_or_else(|| organisation.profile.name.clone()),
            text: words.text,
            html: Some(words.html),
            in_reply_to: None,
            original: None,
        })
    }

    /// Notes that the server took it, tried again while the lease lasts: what isn't noted is mailed again.
    async fn note_accepted(
        &self,
        organisation: &Organisation,
        held: &Held<LetterMail>,
    ) -> Result<(), Fault> {
        loop {
            let noted = self.note_mailed(organisation, held, MailState::Accepted, None).await;
            let is_tried_again = self.clock.now() < held.until() && !self.is_closing();
            match noted {
                Err(fault) if fault.is_retryable() && is_tried_again => {
                    say_not_done(&organisation.id, not_done(&held.work), &fault, true);
                }
                Err(fault) => return Err(fault),
                Ok(()) => {
                    self.accepted().remove(&AcceptedLetter::of(&organisation.id, &held.work));
                    return Ok(());
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LEASE_RENEWED_EVERY) => {}
                () = self.until_closing() => {}
            }
        }
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
                changes: Vec::new(),
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_letter_of_a_file_that_was_begun_anew_was_not_accepted_with_the_one_before() {
        let first = LetterMail {
            id: "P-1-3".to_owned(),
            person: "P-1".to_owned(),
            letter: "L-1".to_owned(),
            at: DateTime::UNIX_EPOCH,
            accepted: false,
            lease: Lease::NONE,
        };
        let later = LetterMail { at: first.at + TimeDelta::days(1), ..first.clone() };
        let again = LetterMail { accepted: true, ..first.clone() };
        let of = |work| AcceptedLetter::of(&OrganisationId::new("karbon"), work);
        assert_ne!(of(&first), of(&later));
        assert_eq!(of(&first), of(&again));
    }
}
