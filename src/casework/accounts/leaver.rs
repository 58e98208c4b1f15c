//! The account of somebody who has left.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::account_event;
use super::book::{Book, TRIES_MAX};
use super::staff_list::is_last_administrator;
use crate::casework::{Desk, Fault};
use crate::domain::audit::GATEWAY;
use crate::domain::organisation::Organisation;

/// The outcome for the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountEnd {
    /// No open account has the name, or it is not closed yet.
    Nobodys,
    Closed,
    /// It stays open, since nobody else keeps the settings.
    LastAdministrator,
}

impl Desk {
    /// Closes the open account with a name, and ends its sessions.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub(in crate::casework) async fn close_account_of(
        &self,
        organisation: &Organisation,
        name: &str,
    ) -> Result<AccountEnd, Fault> {
        let (book, id) = (Book::new(Arc::clone(&self.store)), &organisation.id);
        for _ in 0..TRIES_MAX {
            let accounts = book.accounts(id).await?;
            let Some(one) = accounts.iter().find(|one| one.name == name && !one.closed) else {
                return Ok(AccountEnd::Nobodys);
            };
            if is_last_administrator(organisation, &accounts, &one.login) {
                return Ok(AccountEnd::LastAdministrator);
            }
            let login = one.login.clone();
            let Some((mut account, version)) = book.account(id, &login).await? else { continue };
            account.close();
            let (stamp, event) = (self.stamp(GATEWAY), account_event(&login, "closed"));
            if book.put_account(id, &account, version, stamp, event).await? {
                for (session, _) in book.sessions(id, &login).await? {
                    book.remove_session(id, &session, self.stamp(GATEWAY)).await?;
                }
                return Ok(AccountEnd::Closed);
            }
        }
        Err(Fault::Contended)
    }
}
