//! A gateway, as far as it keeps casework: a desk with a way of its own to the store that all share.

use std::sync::Arc;
use std::time::Duration;

use contact_gateway::casework::Desk;
use contact_gateway::ports::Clock;
use tokio::sync::Mutex;

use super::super::rig::CaseOffice;
use super::process::{Place, Process};
use crate::degraded::faulty::Faulty;

/// About so long a call of the store takes.
const CALL_TAKES: Duration = Duration::from_micros(400);

pub struct Gateway {
    pub desk: Desk,
    store: Arc<Faulty>,
    /// Whose keeper is a process of its own.
    process: Option<Mutex<Process>>,
}

impl Gateway {
    pub fn of(office: &CaseOffice) -> Self {
        let store = Faulty::over(office.store.clone());
        Gateway { desk: office.desk_over(store.clone()), store, process: None }
    }

    /// One whose keeper is a process of its own.
    pub fn apart(office: &CaseOffice, place: &Place) -> Self {
        Gateway { process: Some(Mutex::new(Process::start(place.clone()))), ..Gateway::of(office) }
    }

    /// One round of the keeper.
    pub async fn keep(&self, office: &CaseOffice) {
        if let Some(process) = &self.process {
            return process.lock().await.keep(office.clock.now()).await;
        }
        self.desk.keep_house(&office.organisation).await.unwrap();
        self.remind(office).await;
    }

    pub async fn remind(&self, office: &CaseOffice) {
        if let Some(process) = &self.process {
            return process.lock().await.keep(office.clock.now()).await;
        }
        self.desk.remind(&office.organisation, &office.mailer()).await.unwrap();
    }

    /// Rounds of the keeper until the store is called once more than so often; then it is as if the process had
    /// ended at that call. `false`: a round was over before. One that is a process of its own is killed after a
    /// time instead, whatever it is at.
    pub async fn keep_until_killed(&self, office: &CaseOffice, calls: usize) -> bool {
        if let Some(process) = &self.process {
            // Every other one at once, the others later, some of them once they are done.
            let calls = if calls.is_multiple_of(2) { 0 } else { calls };
            let after = CALL_TAKES * u32::try_from(calls).unwrap();
            return process.lock().await.killed_while_keeping(office.clock.now(), after).await;
        }
        self.store.kills_after(calls);
        tokio::select! {
            biased;
            () = self.keep(office) => false,
            () = self.store.killed() => true,
        }
    }
}
