//! A gateway, as far as it keeps casework: a desk with a way of its own to the store that all share.

use std::sync::Arc;

use contact_gateway::casework::Desk;

use super::super::rig::CaseOffice;
use crate::degraded::faulty::Faulty;

pub struct Gateway {
    pub desk: Desk,
    store: Arc<Faulty>,
}

impl Gateway {
    pub fn of(office: &CaseOffice) -> Self {
        let store = Faulty::over(office.store.clone());
        Gateway { desk: office.desk_over(store.clone()), store }
    }

    /// One round of the keeper.
    pub async fn keep(&self, office: &CaseOffice) {
        self.desk.keep_house(&office.organisation).await.unwrap();
        self.remind(office).await;
    }

    pub async fn remind(&self, office: &CaseOffice) {
        self.desk.remind(&office.organisation, &office.mailer()).await.unwrap();
    }

    /// Rounds of the keeper until the store is called once more than so often; then it is as if the process had
    /// ended at that call. `false`: a round was over before.
    pub async fn keep_until_killed(&self, office: &CaseOffice, calls: usize) -> bool {
        self.store.kills_after(calls);
        tokio::select! {
            biased;
            () = self.keep(office) => false,
            () = self.store.killed() => true,
        }
    }
}
