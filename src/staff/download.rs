//! Downloads of kept originals. An original holds memory for a few seconds only: the rest of a slow download is moved
//! to an encrypted file on disk, which frees the memory for other requests.

mod aside;

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use self::aside::SetAside;
use crate::runtime::limits::{DOWNLOAD_PIECE_BYTES, ORIGINAL_IN_MEMORY};

/// The bytes not sent yet.
enum Rest {
    Memory(Bytes),
    Disk(Box<SetAside>),
}

struct Download {
    rest: Arc<Mutex<Rest>>,
    _setting_aside: Option<AbortOnDropHandle<()>>,
}

/// A response body that sends the original. `folder`: where the rest of a slow download is written; `None`: it stays in
/// memory.
pub(super) fn body(original: Bytes, folder: Option<&Path>) -> Body {
    let rest = Arc::new(Mutex::new(Rest::Memory(original)));
    let setting_aside = folder.map(|folder| {
        let task = set_aside(Arc::downgrade(&rest), folder.to_owned());
        AbortOnDropHandle::new(tokio::spawn(task))
    });
    Body::new(Download { rest, _setting_aside: setting_aside })
}

fn locked(rest: &Mutex<Rest>) -> MutexGuard<'_, Rest> {
    // Nothing that holds the lock can panic half-way through a change.
    rest.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn set_aside(rest: Weak<Mutex<Rest>>, folder: PathBuf) {
    sleep(ORIGINAL_IN_MEMORY).await;
    let Some(rest) = rest.upgrade() else { return };
    let bytes = match &*locked(&rest) {
        Rest::Memory(bytes) => bytes.clone(),
        Rest::Disk(_) => return,
    };
    let whole = bytes.len();
    let Some(room) = aside::room(whole) else {
        tracing::debug!("a slow download stays in memory: the disk space for downloads is used up");
        return;
    };
    let writing = tokio::task::spawn_blocking(move || SetAside::write(&folder, &bytes, room)).await;
    match writing.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into())) {
        Ok(mut aside) => {
            let mut rest = locked(&rest);
            let Rest::Memory(bytes) = &*rest else { return };
            // Skips what was sent while the file was being written.
            if aside.skip(whole - bytes.len()).is_ok() {
                *rest = Rest::Disk(Box::new(aside));
            }
        }
        Err(error) => {
            tracing::warn!(error = %error.kind(), "a slow download could not be moved to disk and stays in memory");
        }
    }
}

impl Rest {
    fn left(&self) -> usize {
        match self {
            Rest::Memory(bytes) => bytes.len(),
            Rest::Disk(aside) => aside.left(),
        }
    }

    /// The next piece, copied, so that bytes queued for a socket do not keep the whole original in memory.
    fn piece(&mut self) -> io::Result<Bytes> {
        match self {
            Rest::Memory(bytes) => {
                let piece = bytes.split_to(DOWNLOAD_PIECE_BYTES.min(bytes.len()));
                let piece = Bytes::copy_from_slice(&piece);
                if bytes.is_empty() {
                    *bytes = Bytes::new();
                }
                Ok(piece)
            }
            Rest::Disk(aside) => aside.piece(),
        }
    }
}

impl HttpBody for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let mut rest = locked(&self.rest);
        if rest.left() == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(rest.piece().map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        locked(&self.rest).left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(locked(&self.rest).left() as u64)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::runtime::limits::{DOWNLOADS_DISK_BYTES_MAX, ORIGINALS_MEMORY_BYTES_MAX};
    use crate::runtime::room::{IncomingRoom, held};

    const LENGTH: usize = 40 * DOWNLOAD_PIECE_BYTES + 7;

    /// An original that takes all the memory for originals.
    fn original() -> (Vec<u8>, Bytes) {
        let bytes: Vec<u8> = (0..=250).cycle().take(LENGTH).collect();
        let mut room = IncomingRoom::for_original(usize::MAX);
        assert!(room.grow(ORIGINALS_MEMORY_BYTES_MAX));
        (bytes.clone(), held(bytes.into(), room))
    }

    fn is_room() -> bool {
        IncomingRoom::for_original(usize::MAX).grow(ORIGINALS_MEMORY_BYTES_MAX)
    }

    #[tokio::test]
    async fn a_slow_reader_keeps_no_room_and_gets_every_byte() {
        tokio::time::pause();
        let folder = tempfile::tempdir().unwrap();
        let (expected, original) = original();
        let mut body = body(original, Some(folder.path()));
        assert_eq!(body.size_hint().exact(), Some(LENGTH as u64));
        let mut came = Vec::new();
        for _ in 0..3 {
            came.extend(body.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        assert!(!is_room());
        // The thread that writes the file does not follow paused time.
        for _ in 0..1_000 {
            sleep(ORIGINAL_IN_MEMORY).await;
            if is_room() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(is_room());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
        assert_eq!(body.size_hint().exact(), Some((LENGTH - came.len()) as u64));
        came.extend(body.collect().await.unwrap().to_bytes());
        assert!(came == expected);

        // A fast download frees its memory with the last byte, an aborted one at once.
        let (expected, original) = self::original();
        let mut body = self::body(original, Some(folder.path()));
        let mut came = Vec::new();
        while let Some(frame) = body.frame().await {
            came.extend(frame.unwrap().into_data().unwrap());
        }
        assert!(came == expected && is_room());
        let (_, original) = self::original();
        drop(self::body(original, Some(folder.path())));
        tokio::task::yield_now().await;
        assert!(is_room());

        // While other downloads use up the disk space, it stays in memory.
        let others = aside::room(DOWNLOADS_DISK_BYTES_MAX).unwrap();
        let (expected, original) = self::original();
        let body = self::body(original, Some(folder.path()));
        sleep(ORIGINAL_IN_MEMORY).await;
        for _ in 0..10 {
            sleep(std::time::Duration::from_millis(1)).await;
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(!is_room());
        drop(others);
        assert!(body.collect().await.unwrap().to_bytes() == expected);

        // If it can't be written to disk, it is served from memory.
        let (expected, original) = self::original();
        let body = self::body(original, Some(&folder.path().join("missing")));
        sleep(2 * ORIGINAL_IN_MEMORY).await;
        assert!(!is_room());
        assert!(body.collect().await.unwrap().to_bytes() == expected);
    }
}
