//! Connections that can't be accepted: a pause, and one line in the log a second, on every listener.

use std::io;
use std::time::Duration;

use rustix::io::Errno;
use tokio::time::Instant;

use super::limits::{ACCEPT_FAULT_SAID_EVERY, ACCEPT_PAUSE};

/// The accept loop of one listener.
pub struct Accepting {
    listener: &'static str,
    said_at: Option<Instant>,
    unsaid: u64,
}

impl Accepting {
    pub const fn new(listener: &'static str) -> Self {
        Accepting { listener, said_at: None, unsaid: 0 }
    }

    /// After a failure. Neither a lack of file descriptors nor a peer that was gone before it was
    /// accepted ends a listener, and the pause keeps the first from spinning.
    pub async fn failed(&mut self, error: &io::Error) {
        if let Some(failures) = self.due(Instant::now()) {
            tracing::warn!(
                listener = self.listener,
                failures,
                "connections can't be accepted: {}",
                in_words(error)
            );
        }
        tokio::time::sleep(pause_after(error)).await;
    }

    /// How many failures the next line tells of; `None`: the last line is too young.
    fn due(&mut self, now: Instant) -> Option<u64> {
        self.unsaid += 1;
        if self.said_at.is_some_and(|at| now.duration_since(at) < ACCEPT_FAULT_SAID_EVERY) {
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

fn pause_after(error: &io::Error) -> Duration {
    match error.kind() {
        // The peer's doing: the next one need not wait.
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset => Duration::ZERO,
        _ => ACCEPT_PAUSE,
    }
}

/// The name that an operator can search for, and what to do about it.
fn in_words(error: &io::Error) -> String {
    match Errno::from_io_error(error) {
        Some(Errno::MFILE) => {
            "EMFILE, this process has as many files open as it may; raise LimitNOFILE= of the service"
                .to_owned()
        }
        Some(Errno::NFILE) => {
            "ENFILE, this machine has as many files open as it may; raise fs.file-max".to_owned()
        }
        _ => error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_failures_is_one_line_a_second_with_their_number() {
        let mut accepting = Accepting::new("smtp");
        assert_eq!(accepting.due(Instant::now()), Some(1));
        let mut lines = Vec::new();
        for _ in 0..300 {
            tokio::time::advance(Duration::from_millis(10)).await;
            lines.extend(accepting.due(Instant::now()));
        }
        assert_eq!(lines, [100, 100, 100]);
    }

    #[test]
    fn the_lack_of_descriptors_is_named() {
        let error = io::Error::from(Errno::MFILE);
        assert!(in_words(&error).starts_with("EMFILE"));
        assert_eq!(pause_after(&error), ACCEPT_PAUSE);
        assert!(in_words(&io::Error::from(Errno::NFILE)).starts_with("ENFILE"));
    }
}
