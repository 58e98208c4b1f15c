//! Where accounts, sessions, invitations and tokens are written: documents, each with its version.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::casework::Fault;
use crate::domain::account::{Account, Invitation, Session};
use crate::domain::api_token::ApiToken;
use crate::domain::audit::AuditEvent;
use crate::domain::moment::next_day;
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{
    BY_ID, Batch, Document, DocumentWrite, IndexKey, Listing, WriteFault,
};
use crate::ports::{Stamp, Store};

/// How often a change is judged again when others change the same record in that moment.
pub(super) const TRIES_MAX: usize = 5;

const ACCOUNT: &str = "account";
pub(super) const SESSION: &str = "session";
pub(super) const INVITATION: &str = "invitation";
pub(super) const API_TOKEN: &str = "api_token";
/// Who at an identity provider opens which account.
const IDENTITY: &str = "identity";
/// Sessions by whose they are.
const BY_LOGIN: &str = "login";
/// Sessions, invitations and tokens by when they were made or end, for clearing them away.
pub(super) const BY_TIME: &str = "at";

pub(super) struct Book {
    store: Arc<dyn Store>,
}

/// Which account an identity opens.
#[derive(Serialize, Deserialize)]
struct Opens {
    login: String,
}

/// A record, where it is kept and what it was read at.
struct Entry<'a, T> {
    kind: &'static str,
    id: &'a str,
    /// 0: it is new.
    version: u64,
    keys: Vec<IndexKey>,
    value: &'a T,
}

impl Book {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Book { store }
    }

    pub(super) async fn account(
        &self,
        organisation: &OrganisationId,
        login: &str,
    ) -> Result<Option<(Account, u64)>, Fault> {
        self.read(organisation, ACCOUNT, login).await
    }

    pub(super) async fn accounts(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Vec<Account>, Fault> {
        let all = self.listed(organisation, ACCOUNT, Listing::of(BY_ID)).await?;
        Ok(all.into_iter().map(|(_, account)| account).collect())
    }

    /// `false`: somebody else changed it in the meantime.
    pub(super) async fn put_account(
        &self,
        organisation: &OrganisationId,
        account: &Account,
        version: u64,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<bool, Fault> {
        let id = &account.login;
        let entry = Entry { kind: ACCOUNT, id, version, keys: Vec::new(), value: account };
        self.put(organisation, entry, stamp, Some(event)).await
    }

    pub(super) async fn session(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<(Session, u64)>, Fault> {
        self.read(organisation, SESSION, id).await
    }

    pub(super) async fn sessions(
        &self,
        organisation: &OrganisationId,
        login: &str,
    ) -> Result<Vec<(String, Session)>, Fault> {
        self.listed(organisation, SESSION, Listing::with(BY_LOGIN, login)).await
    }

    pub(super) async fn put_session(
        &self,
        organisation: &OrganisationId,
        id: &str,
        session: &Session,
        version: u64,
        stamp: Stamp,
    ) -> Result<bool, Fault> {
        let keys = vec![
            IndexKey::new(BY_LOGIN, session.login.as_str()),
            IndexKey::new(BY_TIME, session.made.to_rfc3339()),
        ];
        let entry = Entry { kind: SESSION, id, version, keys, value: session };
        self.put(organisation, entry, stamp, None).await
    }

    pub(super) async fn remove_session(
        &self,
        organisation: &OrganisationId,
        id: &str,
        stamp: Stamp,
    ) -> Result<(), Fault> {
        self.remove(organisation, SESSION, id, stamp).await
    }

    pub(super) async fn invitation(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<(Invitation, u64)>, Fault> {
        self.read(organisation, INVITATION, id).await
    }

    pub(super) async fn put_invitation(
        &self,
        organisation: &OrganisationId,
        id: &str,
        invitation: &Invitation,
        version: u64,
        stamp: Stamp,
    ) -> Result<bool, Fault> {
        let keys = vec![IndexKey::new(BY_TIME, invitation.ends.to_rfc3339())];
        let entry = Entry { kind: INVITATION, id, version, keys, value: invitation };
        self.put(organisation, entry, stamp, None).await
    }

    /// Writes the first account and removes the invitation that it was made by, both or neither.
    pub(super) async fn put_first(
        &self,
        organisation: &OrganisationId,
        account: &Account,
        (invitation, version): (&str, u64),
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<bool, Fault> {
        let account = Document::new(ACCOUNT, &account.login, 0, Vec::new(), account)?;
        let mut batch = Batch::new(stamp).put(account);
        batch.documents.push(DocumentWrite::Remove {
            kind: INVITATION.to_owned(),
            id: invitation.to_owned(),
            version,
        });
        batch.audit.push(event);
        self.write(organisation, batch).await
    }

    /// Whose account an identity at a provider opens.
    pub(super) async fn identity(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<(String, u64)>, Fault> {
        let found = self.read::<Opens>(organisation, IDENTITY, id).await?;
        Ok(found.map(|(opens, version)| (opens.login, version)))
    }

    /// Writes an account together with the identity that opens it, and without the one that did before, all or nothing.
    /// Each of the two is with the version that it was read at. `false`: somebody else changed one in the meantime.
    pub(super) async fn put_linked(
        &self,
        organisation: &OrganisationId,
        (account, version): (&Account, u64),
        (identity, identity_version): (&str, u64),
        before: Option<&str>,
        (stamp, event): (Stamp, AuditEvent),
    ) -> Result<bool, Fault> {
        let opens = Opens { login: account.login.clone() };
        let written = Document::new(ACCOUNT, &account.login, version, Vec::new(), account)?;
        let mut batch = Batch::new(stamp).put(written);
        if before != Some(identity) {
            let opened = Document::new(IDENTITY, identity, identity_version, Vec::new(), &opens)?;
            batch = batch.put(opened);
            if let Some(before) = before
                && let Some(old) = self.store.document(organisation, IDENTITY, before).await?
            {
                batch = batch.remove(&old);
            }
        }
        batch.audit.push(event);
        self.write(organisation, batch).await
    }

    pub(super) async fn api_token(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<(ApiToken, u64)>, Fault> {
        self.read(organisation, API_TOKEN, id).await
    }

    pub(super) async fn api_tokens(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Vec<(String, ApiToken)>, Fault> {
        self.listed(organisation, API_TOKEN, Listing::of(BY_ID)).await
    }

    /// `event`: none where only its use is noted.
    pub(super) async fn put_api_token(
        &self,
        organisation: &OrganisationId,
        id: &str,
        token: &ApiToken,
        version: u64,
        stamp: Stamp,
        event: Option<AuditEvent>,
    ) -> Result<bool, Fault> {
        // The day on which it is refused: it comes before every instant of the day.
        let keys = vec![IndexKey::new(BY_TIME, next_day(token.expires).to_string())];
        let entry = Entry { kind: API_TOKEN, id, version, keys, value: token };
        self.put(organisation, entry, stamp, event).await
    }

    /// Removes the token that was read at this version. `false`: somebody else changed it in the meantime.
    pub(super) async fn remove_api_token(
        &self,
        organisation: &OrganisationId,
        (id, version): (&str, u64),
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<bool, Fault> {
        let mut batch = Batch::new(stamp);
        let (kind, id) = (API_TOKEN.to_owned(), id.to_owned());
        batch.documents.push(DocumentWrite::Remove { kind, id, version });
        batch.audit.push(event);
        self.write(organisation, batch).await
    }

    /// Says something on the trail.
    pub(super) async fn note(
        &self,
        organisation: &OrganisationId,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<(), Fault> {
        self.store.append_audit(organisation, stamp, event).await?;
        Ok(())
    }

    pub(super) async fn remove_invitation(
        &self,
        organisation: &OrganisationId,
        id: &str,
        stamp: Stamp,
    ) -> Result<(), Fault> {
        self.remove(organisation, INVITATION, id, stamp).await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        organisation: &OrganisationId,
        kind: &'static str,
        id: &str,
    ) -> Result<Option<(T, u64)>, Fault> {
        let found = self.store.document(organisation, kind, id).await?;
        Ok(found.map(|one| one.read().map(|value| (value, one.version))).transpose()?)
    }

    /// All of a list, page by page: the list is bounded where it is written.
    async fn listed<T: DeserializeOwned>(
        &self,
        organisation: &OrganisationId,
        kind: &'static str,
        listing: Listing,
    ) -> Result<Vec<(String, T)>, Fault> {
        let mut all = Vec::new();
        let mut listing = listing;
        loop {
            let page = self.store.documents(organisation, kind, listing.clone()).await?;
            for one in &page.documents {
                all.push((one.id.clone(), one.read()?));
            }
            match page.next {
                Some(next) => listing.after = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn put<T: Serialize + Sync>(
        &self,
        organisation: &OrganisationId,
        entry: Entry<'_, T>,
        stamp: Stamp,
        event: Option<AuditEvent>,
    ) -> Result<bool, Fault> {
        let Entry { kind, id, version, keys, value } = entry;
        let mut batch = Batch::new(stamp).put(Document::new(kind, id, version, keys, value)?);
        batch.audit.extend(event);
        self.write(organisation, batch).await
    }

    /// Removes a record, whatever it is by now. A missing one is not a fault.
    async fn remove(
        &self,
        organisation: &OrganisationId,
        kind: &'static str,
        id: &str,
        stamp: Stamp,
    ) -> Result<(), Fault> {
        for _ in 0..TRIES_MAX {
            let Some(found) = self.store.document(organisation, kind, id).await? else {
                return Ok(());
            };
            if self.write(organisation, Batch::new(stamp.clone()).remove(&found)).await? {
                return Ok(());
            }
        }
        Err(Fault::Contended)
    }

    async fn write(&self, organisation: &OrganisationId, batch: Batch) -> Result<bool, Fault> {
        match self.store.write(organisation, batch).await {
            Ok(()) => Ok(true),
            Err(WriteFault::Conflict(_)) => Ok(false),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }
}
