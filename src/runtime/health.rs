//! Whether the gateway is ready, part by part.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::limits::HEALTH_PART_WAIT;

type Check = dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync;

/// The parts that must work for the gateway to do its work. Put together by `app`.
#[derive(Clone, Default)]
pub struct Health {
    parts: Vec<(&'static str, Arc<Check>)>,
}

/// How one part was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartState {
    pub part: &'static str,
    /// What is wrong with it, in words that hold nothing personal; `None`: it works.
    pub fault: Option<String>,
}

impl Health {
    pub fn new() -> Self {
        Health::default()
    }

    /// Adds a part (`store`, `archive`, `downstream`) and how to see whether it works. The check is
    /// given [`HEALTH_PART_WAIT`]; a longer one counts as failed.
    #[must_use]
    pub fn with<F, W>(mut self, part: &'static str, check: F) -> Self
    where
        F: Fn() -> W + Send + Sync + 'static,
        W: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.parts.push((part, Arc::new(move || Box::pin(check()))));
        self
    }

    /// Looks at every part, all at the same time.
    pub async fn states(&self) -> Vec<PartState> {
        let checks = self.parts.iter().map(|(part, check)| async move {
            let fault = match tokio::time::timeout(HEALTH_PART_WAIT, check()).await {
                Ok(Ok(())) => None,
                Ok(Err(fault)) => Some(fault),
                Err(_) => Some(format!("no answer within {} s", HEALTH_PART_WAIT.as_secs())),
            };
            PartState { part, fault }
        });
        futures_util::future::join_all(checks).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_part_is_named_with_its_fault() {
        let health = Health::new()
            .with("store", || async { Ok(()) })
            .with("archive", || async { Err("the disk is full".to_owned()) })
            .with("downstream", || async {
                std::future::pending::<()>().await;
                Ok(())
            });
        let states = health.states().await;
        assert_eq!(states[0], PartState { part: "store", fault: None });
        assert_eq!(states[1].fault.as_deref(), Some("the disk is full"));
        assert!(states[2].fault.as_deref().unwrap().starts_with("no answer"));
    }
}
