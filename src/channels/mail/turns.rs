//! One transaction of a message at a time. A server may hand over one message in several transactions
//! at once, one for each mailbox; they are one contact, and its mails are sent once (a message to a
//! point of contact, a notice) must be remembered by one before the next looks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout_at};

type Digest = [u8; 32];
type Lock = Arc<tokio::sync::Mutex<()>>;

/// Messages in hand, by the digest of their content: no more than there are sessions.
#[derive(Default)]
pub(super) struct Turns {
    taken: Mutex<HashMap<Digest, Lock>>,
}

/// Held while a message's transaction is worked on, or waits for its turn.
pub(super) struct MessageTurn<'a> {
    turns: &'a Turns,
    digest: Digest,
    lock: Option<Lock>,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    fn taken(&self) -> MutexGuard<'_, HashMap<Digest, Lock>> {
        // Nothing is left half done under this lock.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn of a transaction; `None`: it did not come before the deadline.
    pub(super) async fn take(&self, digest: Digest, deadline: Instant) -> Option<MessageTurn<'_>> {
        let lock = Arc::clone(self.taken().entry(digest).or_default());
        let waiting = Arc::clone(&lock).lock_owned();
        let mut turn = MessageTurn { turns: self, digest, lock: Some(lock), held: None };
        turn.held = Some(timeout_at(deadline, waiting).await.ok()?);
        Some(turn)
    }
}

impl Drop for MessageTurn<'_> {
    fn drop(&mut self) {
        self.held = None;
        self.lock = None;
        let mut taken = self.turns.taken();
        if taken.get(&self.digest).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            taken.remove(&self.digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_goes_after_the_other_and_nothing_is_kept() {
        let turns = Turns::default();
        let soon = || Instant::now() + Duration::from_secs(1);
        let first = turns.take([1; 32], soon()).await.unwrap();
        assert!(turns.take([2; 32], soon()).await.is_some(), "another message need not wait");
        assert!(turns.take([1; 32], soon()).await.is_none(), "it waits, and not for ever");
        let (second, ()) = tokio::join!(turns.take([1; 32], soon()), async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            drop(first);
        });
        assert!(second.is_some());
        drop(second);
        assert!(turns.taken().is_empty());
    }
}
