//! Every document that is about a person, whatever its kind. A kind that names people belongs into this file: a
//! test searches a whole store for anything about the person.

use serde::Deserialize;

use super::ASKED;
use super::hold::HOLD;
use crate::casework::case::record::CASE;
use crate::casework::effects::Pending;
use crate::casework::equality::EQUALITY;
use crate::casework::follow::TIMELINE;
use crate::casework::keeper::REMINDED;
use crate::casework::keyed::IMPORTS;
use crate::casework::lease::Work as _;
use crate::casework::letter_mail::LetterMail;
use crate::casework::not_followed::{NOT_FOLLOWED, NotFollowed};
use crate::casework::{Desk, Fault, case, merge, not_theirs};
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{BY_ID, Document, Listing, OF_PERSON};
use crate::runtime::limits::{ERASURE_DOCUMENTS_MAX, ERASURE_PIECE};

/// The person a document is about, of a kind that is not indexed by person.
#[derive(Deserialize)]
struct About {
    #[serde(default)]
    person: Option<String>,
    /// A reminder's: its kind, the person, the subject and the due date.
    #[serde(default)]
    key: Option<String>,
}

impl Desk {
    /// The documents about a person, or the first of very many.
    pub(super) async fn documents_about(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<Vec<Document>, Fault> {
        let mut found = Vec::new();
        for (kind, id) in [
            (CASE, person.to_owned()),
            (HOLD, person.to_owned()),
            (EQUALITY, person.to_owned()),
            (ASKED, person.to_owned()),
            (NOT_FOLLOWED, NotFollowed::id(person)),
        ] {
            found.extend(self.store.document(organisation, kind, &id).await?);
        }
        let (tasks, of_person) = case::tasks::of_person(person);
        let listed = [
            (tasks, of_person),
            (not_theirs::NOTE, Listing::with(OF_PERSON, person)),
            (merge::MERGE, Listing::with(OF_PERSON, person)),
        ];
        for (kind, listing) in listed {
            self.take_listed(organisation, kind, listing, |_| true, &mut found).await?;
        }
        let month = format!("{person} ");
        let is_month =
            |one: &Document| one.id.strip_prefix(&month).is_some_and(|rest| !rest.contains(' '));
        let months = Listing::beginning(BY_ID, &month);
        self.take_listed(organisation, TIMELINE, months, is_month, &mut found).await?;
        let reminder = format!(" {person} ");
        let is_about = |one: &Document| {
            one.read::<About>().is_ok_and(|about| {
                about.person.as_deref() == Some(person)
                    || about.key.is_some_and(|key| key.contains(&reminder))
            })
        };
        // Results name people in lists and in texts. Without its result, an import that is sent again is checked again.
        // Ids are compared as JSON writes them, since they may contain quotation marks or backslashes. Answers to
        // forms are skipped: they are sealed with keys that no store has, and expire within the hour.
        let written = serde_json::Value::from(person).to_string();
        let inner = written.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
        let written = inner.unwrap_or(&written);
        let speaks = |one: &Document| one.body.get().contains(written);
        let answers = Listing::of(BY_ID);
        self.take_listed(organisation, IMPORTS.kind, answers, speaks, &mut found).await?;
        for kind in [case::LETTER, Pending::KIND, LetterMail::KIND, REMINDED] {
            self.take_listed(organisation, kind, Listing::of(BY_ID), is_about, &mut found).await?;
        }
        Ok(found)
    }

    async fn take_listed(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
        is_wanted: impl Fn(&Document) -> bool,
        found: &mut Vec<Document>,
    ) -> Result<(), Fault> {
        let mut listing = Listing { limit: ERASURE_PIECE, ..listing };
        loop {
            let page = self.store.documents(organisation, kind, listing.clone()).await?;
            found.extend(page.documents.into_iter().filter(|one| is_wanted(one)));
            match page.next {
                Some(next) if found.len() < ERASURE_DOCUMENTS_MAX => listing.after = Some(next),
                Some(_) | None => return Ok(()),
            }
        }
    }
}
