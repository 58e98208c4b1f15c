//! What channels ask apart from decisions.

use std::sync::Arc;

use super::Intake;
use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::domain::identifier::{IdentifierKind, normalise};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::{Attachment, StoreError};
use crate::runtime::trace::{TraceSpan, TraceStep};

impl Intake {
    /// The organisation that a recipient's domain belongs to: one of its `mail_domains` or below.
    pub fn organisation_of_domain(&self, domain: &str) -> Option<Arc<Organisation>> {
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        let mut own = domain.as_str();
        loop {
            if let Some(organisation) = self.by_mail_domain.get(own) {
                return Some(Arc::clone(organisation));
            }
            own = own.split_once('.')?.1;
        }
    }

    /// The organisation, where there is but one.
    pub fn only_organisation(&self) -> Option<Arc<Organisation>> {
        let mut all = self.organisations();
        let only = all.next().filter(|_| self.organisations().count() == 1)?;
        Some(Arc::clone(only))
    }

    /// Whether the store is needed to decide a contact of an organisation that is served.
    pub fn may_be_restricted(&self, organisation: &OrganisationId, contact: &Contact) -> bool {
        let organisation = self.organisation(organisation);
        organisation.is_some_and(|one| self.identify(&one, contact).may_be_restricted())
    }

    /// The decision recorded for a contact.
    ///
    /// # Errors
    /// Where the store is away.
    pub async fn recorded(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<Option<Decision>, StoreError> {
        let recorded = self.store.recorded(organisation, contact).await?;
        Ok(recorded.map(|(decision, _)| decision))
    }

    /// Whether a contact has been recorded by now, for somebody whom no sender waits for.
    ///
    /// # Errors
    /// Where the store is away.
    pub async fn is_recorded(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<bool, StoreError> {
        Ok(self.patient.recorded(organisation, contact).await?.is_some())
    }

    /// Which of these ids is the first that is recorded as a contact's.
    ///
    /// # Errors
    /// Where the store is away.
    pub async fn first_recorded<'a>(
        &self,
        organisation: &OrganisationId,
        contacts: &'a [String],
    ) -> Result<Option<&'a str>, StoreError> {
        let reading = self.store.first_recorded(organisation, contacts);
        TraceSpan::during(TraceStep::StoreRead, reading).await
    }

    /// Takes back what a contact counted: the form's own handler refused the submission.
    ///
    /// # Errors
    /// Where the store is away.
    pub async fn uncount(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<(), StoreError> {
        self.patient.uncount(organisation, contact).await
    }

    /// Attaches something learnt later (voicemail, outcome) to a contact and its queue item.
    ///
    /// # Errors
    /// Where the store is away.
    pub async fn attach(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        attachment: Attachment,
    ) -> Result<(), StoreError> {
        self.patient.attach(organisation, contact, attachment).await
    }

    /// Whether an e-mail address is the person's own, not shared with anybody: where a notice may
    /// go.
    pub fn is_own_address(
        &self,
        organisation: &OrganisationId,
        person: &str,
        address: &str,
    ) -> bool {
        let Some(organisation) = self.organisation(organisation) else { return false };
        let nation = organisation.profile.nation;
        let Ok(wanted) = normalise(IdentifierKind::Email, address, nation) else { return false };
        self.rosters.enforced(&organisation.id, person).is_some_and(|person| {
            person
                .identifiers
                .iter()
                .filter(|own| own.kind == IdentifierKind::Email && !own.shared)
                .filter_map(|own| normalise(own.kind, &own.value, nation).ok())
                .any(|own| own.exact == wanted.exact)
        })
    }
}
