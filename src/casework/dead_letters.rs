//! Events that other systems did not accept: looking at them, trying again, letting go.

use crate::domain::audit::AuditEvent;
use crate::domain::organisation::OrganisationId;
pub use crate::ports::dead_letters::DeadLetter;

use super::{Casework, Fault};

impl Casework {
    /// All of an organisation, in the order in which they were given up.
    pub async fn dead_letters(&self, organisation: &OrganisationId) -> Vec<DeadLetter> {
        match &self.dead_letters {
            Some(letters) => letters.list(organisation).await,
            None => Vec::new(),
        }
    }

    /// Has one tried once more, soon.
    ///
    /// # Errors
    /// There is no such letter, or it can't be recorded.
    pub async fn try_dead_letter_again(
        &self,
        organisation: &OrganisationId,
        receiver: &str,
        id: &str,
    ) -> Result<(), Fault> {
        let found = match &self.dead_letters {
            Some(letters) => letters.try_again(organisation, receiver, id).await?,
            None => false,
        };
        if found { Ok(()) } else { Err(Fault::NotFound("dead letter")) }
    }

    /// Lets go of one. What happened stays in the audit trail, and who let go of it is there first: what can't be
    /// noted is not done.
    ///
    /// # Errors
    /// There is no such letter, or it can't be recorded.
    pub async fn discard_dead_letter(
        &self,
        organisation: &OrganisationId,
        receiver: &str,
        id: &str,
        by: &str,
    ) -> Result<(), Fault> {
        let Some(letters) = &self.dead_letters else { return Err(Fault::NotFound("dead letter")) };
        let held = letters.list(organisation).await;
        if !held.iter().any(|letter| letter.receiver == receiver && letter.id == id) {
            return Err(Fault::NotFound("dead letter"));
        }
        let event =
            AuditEvent::DeadLetterDiscarded { receiver: receiver.to_owned(), id: id.to_owned() };
        self.desk.store.append_audit(organisation, self.desk.stamp(by), event).await?;
        let found = letters.discard(organisation, receiver, id).await?;
        if found { Ok(()) } else { Err(Fault::NotFound("dead letter")) }
    }
}
