//! Values made from files, and made again when they change: a certificate is renewed every few weeks,
//! and nobody should have to restart a gateway for it.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::TlsFault;

type Make<T> = Box<dyn Fn() -> Result<T, TlsFault> + Send + Sync>;

pub(super) struct FromFiles<T> {
    files: Vec<PathBuf>,
    make: Make<T>,
    kept: Mutex<Kept<T>>,
}

struct Kept<T> {
    seen: Vec<Option<Stamp>>,
    made: Arc<T>,
}

/// By which a file is known to be another one. Links are followed: some clients of authorities
/// keep the file and change where a link leads.
#[derive(PartialEq)]
struct Stamp {
    written: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

impl<T> FromFiles<T> {
    pub(super) fn new(
        files: Vec<PathBuf>,
        make: impl Fn() -> Result<T, TlsFault> + Send + Sync + 'static,
    ) -> Result<Self, TlsFault> {
        let seen = stamps(&files);
        let made = Arc::new(make()?);
        Ok(FromFiles { files, make: Box::new(make), kept: Mutex::new(Kept { seen, made }) })
    }

    /// What the files make now. While they can't be used (a key is there before its certificate),
    /// what they made before; that is said once for each change.
    ///
    /// It looks at the files every time: compared with a handshake that costs nothing.
    pub(super) fn current(&self) -> Arc<T> {
        let seen = stamps(&self.files);
        // Nothing is left half done under this lock.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.seen != seen {
            kept.seen = seen;
            match (self.make)() {
                Ok(made) => {
                    tracing::info!("changed certificate files are in use");
                    kept.made = Arc::new(made);
                }
                Err(fault) => {
                    tracing::warn!(%fault, "changed certificate files can't be used; the old ones stay in use");
                }
            }
        }
        Arc::clone(&kept.made)
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    let stamp = |file: &PathBuf| {
        let found = std::fs::metadata(file).ok()?;
        Some(Stamp { written: found.modified().ok(), bytes: found.len(), inode: found.ino() })
    };
    files.iter().map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_files_are_read_again_and_faulty_ones_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        std::fs::write(&file, "one").unwrap();
        let read = file.clone();
        let made = FromFiles::new(vec![file.clone()], move || {
            let text = std::fs::read_to_string(&read).unwrap();
            match text.as_str() {
                "bad" => Err(TlsFault::NoKey { file: read.clone() }),
                _ => Ok(text),
            }
        })
        .unwrap();
        assert_eq!(*made.current(), "one");
        for (text, expected) in [("three", "three"), ("bad", "three"), ("four", "four")] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(*made.current(), expected);
        }
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, "four!").unwrap();
        assert_eq!(*made.current(), "four!");
    }
}
