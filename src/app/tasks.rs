//! Tasks that wait until everything they need is there.

use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio::task::{JoinError, JoinSet};

/// Tasks of a gateway that begin together: a start that fails half-way, or is only rehearsed, has done nothing.
#[derive(Default)]
pub(super) struct Tasks {
    /// Locked by nobody: a future alone can't be shared between threads, as a gateway is.
    waiting: Mutex<Vec<BoxFuture<'static, ()>>>,
    begun: JoinSet<()>,
}

impl Tasks {
    /// Adds a task, which waits for [`Tasks::begin`].
    pub(super) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner).push(Box::pin(task));
    }

    /// From now on they run.
    pub(super) fn begin(&mut self) {
        let waiting = self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner);
        for task in waiting.drain(..) {
            self.begun.spawn(task);
        }
    }

    /// The next one to end; `None`: all have.
    pub(super) async fn join_next(&mut self) -> Option<Result<(), JoinError>> {
        self.begun.join_next().await
    }

    /// Ends them all.
    pub(super) async fn shutdown(&mut self) {
        self.begun.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_task_does_nothing_before_it_begins() {
        let done = Arc::new(AtomicBool::new(false));
        let mut tasks = Tasks::default();
        let doing = Arc::clone(&done);
        tasks.spawn(async move { doing.store(true, Ordering::SeqCst) });
        tokio::task::yield_now().await;
        assert!(tasks.join_next().await.is_none() && !done.load(Ordering::SeqCst));
        tasks.begin();
        assert!(tasks.join_next().await.unwrap().is_ok() && done.load(Ordering::SeqCst));
    }
}
