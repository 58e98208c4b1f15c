//! Work that its asker can't break off.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// Work that is done where it is waited for, and by a task of its own from when nobody waits any more.
///
/// A task from the beginning would be as safe; but few askers break off, and each would pay for being
/// handed to another task and back.
pub struct ToTheEnd<W>
where
    W: Future + Send + 'static,
    W::Output: Send,
{
    /// `None`: it is done, or has panicked.
    work: Option<Pin<Box<W>>>,
    tasks: TaskTracker,
}

impl<W> ToTheEnd<W>
where
    W: Future + Send + 'static,
    W::Output: Send,
{
    /// `tasks` waits for work that continues by itself.
    pub fn new(work: W, tasks: &TaskTracker) -> Self {
        ToTheEnd { work: Some(Box::pin(work)), tasks: tasks.clone() }
    }
}

impl<W> Future for ToTheEnd<W>
where
    W: Future + Send + 'static,
    W::Output: Send,
{
    type Output = W::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<W::Output> {
        // Taken while it runs: what panics is not begun again when this is dropped.
        let Some(mut work) = self.work.take() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<W> Drop for ToTheEnd<W>
where
    W: Future + Send + 'static,
    W::Output: Send,
{
    fn drop(&mut self) {
        let Some(work) = self.work.take() else { return };
        // Without a runtime the process is ending, and nothing continues.
        if let Ok(runtime) = Handle::try_current() {
            let on_its_own = async move {
                let _ = work.await;
            };
            drop(self.tasks.spawn_on(on_its_own, &runtime));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::{Notify, oneshot};

    use super::*;

    #[tokio::test]
    async fn what_is_waited_for_is_answered_and_what_is_left_is_done_all_the_same() {
        let tasks = TaskTracker::new();
        assert_eq!(ToTheEnd::new(async { 7 }, &tasks).await, 7);
        assert!(tasks.is_empty());

        let (go_on, (done, was_done)) = (Arc::new(Notify::new()), oneshot::channel());
        let told = Arc::clone(&go_on);
        let mut left = Box::pin(ToTheEnd::new(
            async move {
                told.notified().await;
                let _ = done.send(());
            },
            &tasks,
        ));
        assert!(futures_util::poll!(&mut left).is_pending());
        drop(left);
        assert_eq!(tasks.len(), 1);
        go_on.notify_one();
        was_done.await.unwrap();
        tasks.close();
        tasks.wait().await;
    }

    #[tokio::test]
    async fn what_panics_is_not_begun_again() {
        let tasks = TaskTracker::new();
        let panics = tokio::spawn(ToTheEnd::new(async { panic!("on purpose") }, &tasks));
        assert!(panics.await.unwrap_err().is_panic());
        assert!(tasks.is_empty());
    }
}
