//! Telling every task to stop, and waiting until each has.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

/// The side that announces the stop: held only by `app`.
pub struct Shutdown {
    tell: watch::Sender<bool>,
    /// Dropped with every [`Stopping`]; when the last is gone, all has stopped.
    gone: mpsc::Receiver<()>,
    /// The template of what tasks hold; dropped at the start of the wait.
    template: Option<Stopping>,
}

/// The side that is notified: a clone for every task. While it lives, the stop waits for its task.
#[derive(Clone)]
pub struct Stopping {
    told: watch::Receiver<bool>,
    _working: mpsc::Sender<()>,
}

impl Shutdown {
    pub fn new() -> Self {
        let (tell, told) = watch::channel(false);
        let (working, gone) = mpsc::channel(1);
        Shutdown { tell, gone, template: Some(Stopping { told, _working: working }) }
    }

    /// What a task holds to be notified, and to be waited for.
    pub fn stopping(&self) -> Stopping {
        match &self.template {
            Some(template) => template.clone(),
            // A stop is under way: the task is notified at once and nobody waits for it.
            None => {
                let (_, told) = watch::channel(true);
                let (working, _) = mpsc::channel(1);
                Stopping { told, _working: working }
            }
        }
    }

    /// Tells all and waits until each is gone, or the time is up; `true`: all are gone.
    pub async fn stop(mut self, wait: Duration) -> bool {
        self.template = None;
        // Nobody listens any more: then there is nobody to tell.
        let _ = self.tell.send(true);
        tokio::time::timeout(wait, self.gone.recv()).await.is_ok()
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Shutdown::new()
    }
}

impl Stopping {
    /// Ends when the stop is called.
    pub async fn called(&mut self) {
        // The teller gone without a word is a stop as well.
        let _ = self.told.wait_for(|called| *called).await;
    }

    /// Whether the stop was called.
    pub fn is_called(&self) -> bool {
        *self.told.borrow()
    }

    /// The work's result, or `None` if the stop was called first.
    pub async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            result = work => Some(result),
            () = self.called() => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_tells_every_task_and_waits_for_it() {
        let shutdown = Shutdown::new();
        let mut stopping = shutdown.stopping();
        assert!(!stopping.is_called());
        let task = tokio::spawn(async move {
            stopping.called().await;
            assert!(stopping.is_called());
            7
        });
        assert!(shutdown.stop(Duration::from_secs(5)).await);
        assert_eq!(task.await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_task_that_does_not_end_is_reported() {
        let shutdown = Shutdown::new();
        let mut stopping = shutdown.stopping();
        assert!(!shutdown.stop(Duration::from_millis(10)).await);
        // The task that still holds it knows of the stop.
        stopping.called().await;
    }
}
