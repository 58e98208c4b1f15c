//! Waiting for files that may lie on a share. One that hangs is waited for once, and not again before it answers.

use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread;

use crate::ports::StoreError;
use crate::runtime::limits::PERSON_KEY_WAIT;

/// Looks at files, each by a thread of its own: nothing ends a call to the kernel that hangs.
#[derive(Default)]
pub(super) struct FileWait {
    /// Looks that took too long, until they end.
    hung: Mutex<Vec<Weak<()>>>,
}

impl FileWait {
    /// What a look finds.
    ///
    /// # Errors
    /// Those of the look. `Unavailable`: it takes longer than [`PERSON_KEY_WAIT`], or an earlier one still does.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        look: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.is_hung() {
            return Err(hangs());
        }
        let looking = Arc::new(());
        let until = Arc::downgrade(&looking);
        let (answer, answered) = mpsc::sync_channel(1);
        let begun = thread::Builder::new().name("people-keys".to_owned()).spawn(move || {
            let _looking = looking;
            // Nobody may wait for it any more.
            let _ = answer.send(look());
        });
        begun.map_err(|error| {
            StoreError::Unavailable(format!("no thread can read [keys] people: {}", error.kind()))
        })?;
        answered.recv_timeout(PERSON_KEY_WAIT).unwrap_or_else(|_| {
            self.hung.lock().unwrap_or_else(PoisonError::into_inner).push(until);
            Err(hangs())
        })
    }

    fn is_hung(&self) -> bool {
        let mut hung = self.hung.lock().unwrap_or_else(PoisonError::into_inner);
        hung.retain(|looking| looking.strong_count() > 0);
        !hung.is_empty()
    }
}

fn hangs() -> StoreError {
    let wait = PERSON_KEY_WAIT.as_secs();
    StoreError::Unavailable(format!(
        "the folder of [keys] people gave no answer within {wait} s: is its share mounted and up?"
    ))
}
