//! Whether the gateway is ready, part by part.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::limits::{HEALTH_ANSWER_KEPT, HEALTH_PART_WAIT};

type Serves = dyn Fn() -> bool + Send + Sync;
type Check = dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync;

/// The parts that must work for the gateway to do its work. Put together by `app`.
#[derive(Clone, Default)]
pub struct Health {
    parts: Vec<(&'static str, Arc<Check>)>,
    /// `None`: always.
    serves: Option<Arc<Serves>>,
}

/// How one part was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartState {
    pub part: &'static str,
    /// Its fault, in words that hold nothing personal; `None`: it works.
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

    /// Says when contacts may be sent here. That does not wait for every part to work: a gateway whose store or mail
    /// server is away still decides on what it knows, if it gets the contacts.
    #[must_use]
    pub fn serving_while(mut self, serves: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.serves = Some(Arc::new(serves));
        self
    }

    /// Whether contacts may be sent here.
    pub fn serves(&self) -> bool {
        self.serves.as_ref().is_none_or(|serves| serves())
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

/// An answer from outside, which is asked for once in [`HEALTH_ANSWER_KEPT`] however many want it: callers of a health
/// path must not be able to multiply work on a part that is already failing.
pub struct CachedCheck {
    check: Box<Check>,
    last: Mutex<Option<(Instant, Result<(), String>)>>,
}

impl CachedCheck {
    pub fn new<F, W>(check: F) -> Self
    where
        F: Fn() -> W + Send + Sync + 'static,
        W: Future<Output = Result<(), String>> + Send + 'static,
    {
        CachedCheck { check: Box::new(move || Box::pin(check())), last: Mutex::new(None) }
    }

    /// The last answer, or a new one; later callers wait for it.
    ///
    /// # Errors
    /// The fault that was answered.
    pub async fn answer(&self) -> Result<(), String> {
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < HEALTH_ANSWER_KEPT
        {
            return answer.clone();
        }
        let answer = (self.check)().await;
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_kept_answer_is_asked_for_once_however_many_want_it() {
        let asked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asked);
        let kept = CachedCheck::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async {
                tokio::time::sleep(HEALTH_ANSWER_KEPT / 4).await;
                Err("the disk is full".to_owned())
            }
        });
        let all = futures_util::future::join_all((0..100).map(|_| kept.answer())).await;
        assert!(all.iter().all(|answer| answer == &Err("the disk is full".to_owned())));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        tokio::time::sleep(HEALTH_ANSWER_KEPT).await;
        kept.answer().await.unwrap_err();
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn contacts_are_sent_unless_said_otherwise() {
        assert!(Health::new().serves());
        let failing = Health::new().with("store", || async { Err("away".to_owned()) });
        assert!(failing.clone().serving_while(|| true).serves());
        assert!(!failing.serving_while(|| false).serves());
    }

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
