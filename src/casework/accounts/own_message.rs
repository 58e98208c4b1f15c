//! Whose a held outgoing message is.

use std::sync::Arc;

use super::book::Book;
use crate::casework::{Desk, Fault};
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;

impl Desk {
    /// Whether a held outgoing message came from the address by which somebody signs in, or that they go by. Of those
    /// who sign in by something else it is not known.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn is_own_message(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
        name: &str,
    ) -> Result<bool, Fault> {
        if item.sent_by.is_none() || item.is_from(name) {
            return Ok(item.sent_by.is_some());
        }
        let accounts = Book::new(Arc::clone(&self.store)).accounts(organisation).await?;
        Ok(accounts.iter().any(|account| account.name == name && item.is_from(&account.login)))
    }
}
