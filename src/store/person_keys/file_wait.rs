//! Waiting for files that may lie on a share. One that hangs is waited for once, and not again before it answers.

use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread;

use crate::ports::StoreError;
use crate::runtime::limits::PERSON_KEY_WAIT;

type Job = Box<dyn FnOnce() + Send>;

/// Looks at files, each by a thread of its own: nothing ends a call to the kernel that hangs.
#[derive(Default)]
pub(super) struct FileWait {
    /// Threads that wait for a job: as many as looked at the same time. One ends with its sender.
    idle: Mutex<Vec<mpsc::Sender<Job>>>,
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
        let job = Box::new(move || {
            let _looking = looking;
            // Nobody may wait for it any more.
            let _ = answer.send(look());
        });
        let thread = self.thread()?;
        // One that has ended answers nothing.
        let _ = thread.send(job);
        match answered.recv_timeout(PERSON_KEY_WAIT) {
            Ok(found) => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
                found
            }
            Err(_) => {
                self.hung.lock().unwrap_or_else(PoisonError::into_inner).push(until);
                Err(hangs())
            }
        }
    }

    fn thread(&self) -> Result<mpsc::Sender<Job>, StoreError> {
        if let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(idle);
        }
        let (jobs, handed) = mpsc::channel::<Job>();
        let begun = thread::Builder::new()
            .name("people-keys".to_owned())
            .spawn(move || handed.iter().for_each(|job| job()));
        begun.map(|_| jobs).map_err(|error| {
            StoreError::Unavailable(format!("no thread can read [keys] people: {}", error.kind()))
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
