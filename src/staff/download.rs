//! Downloads, mostly of kept originals. An original holds memory for a few seconds only: the rest of a slow download
//! is moved to an encrypted file on disk, which frees the memory for other requests.

mod aside;

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use self::aside::SetAside;
pub(super) use self::aside::clear;
use crate::runtime::limits::{DOWNLOAD_PIECE_BYTES, FILE_NAME_CHARS_MAX, ORIGINAL_IN_MEMORY};

/// The headers of a file that the browser saves and never shows as one of our pages. The id gives its name.
pub(super) fn saved(kind: &'static str, id: &str, ending: &str) -> HeaderMap {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
    let name: String = id.chars().take(FILE_NAME_CHARS_MAX).map(plain).collect();
    let attached = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{ending}\""));
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_DISPOSITION, attached.unwrap_or_else(|_| HeaderValue::from_static("attachment"))),
    ])
}

/// The bytes not sent yet. Their lock is never held while a file is read or written.
enum Rest {
    Memory(Bytes),
    /// `None`: a piece of it is being read, or could not be.
    Disk(Option<Box<SetAside>>),
}

/// A piece being read, with the pieces after it.
type Reading = JoinHandle<io::Result<(Bytes, Box<SetAside>)>>;

struct Download {
    rest: Arc<Mutex<Rest>>,
    /// The bytes not handed on yet.
    left: usize,
    /// The next piece, if it is on disk and was asked for.
    reading: Option<Reading>,
    _setting_aside: Option<AbortOnDropHandle<()>>,
}

/// A response body that sends the original. `folder`: where the rest of a slow download is written; `None`: it stays in
/// memory.
pub(super) fn body(original: Bytes, folder: Option<&Path>) -> Body {
    let left = original.len();
    let rest = Arc::new(Mutex::new(Rest::Memory(original)));
    let setting_aside = folder.map(|folder| {
        let task = set_aside(Arc::downgrade(&rest), folder.to_owned());
        AbortOnDropHandle::new(tokio::spawn(task))
    });
    Body::new(Download { rest, left, reading: None, _setting_aside: setting_aside })
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
    let writing = spawn_blocking(move || SetAside::write(&folder, &bytes, room)).await;
    match writing.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into())) {
        Ok(mut aside) => {
            let mut rest = locked(&rest);
            let Rest::Memory(bytes) = &*rest else { return };
            // Skips what was sent while the file was being written: pieces, or everything.
            aside.skip(whole - bytes.len());
            *rest = Rest::Disk(Some(Box::new(aside)));
        }
        Err(error) => {
            tracing::warn!(error = %error.kind(), "a slow download could not be moved to disk and stays in memory");
        }
    }
}

/// The next piece, copied, so that bytes queued for a socket do not keep the whole original in memory.
fn piece_of(bytes: &mut Bytes) -> Bytes {
    let piece = bytes.split_to(DOWNLOAD_PIECE_BYTES.min(bytes.len()));
    let piece = Bytes::copy_from_slice(&piece);
    if bytes.is_empty() {
        *bytes = Bytes::new();
    }
    piece
}

fn read(mut aside: Box<SetAside>) -> Reading {
    spawn_blocking(move || {
        let piece = aside.piece()?;
        Ok((piece, aside))
    })
}

impl Download {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let mut reading = match self.reading.take() {
            Some(reading) => reading,
            None => match &mut *locked(&self.rest) {
                Rest::Memory(bytes) => return Poll::Ready(Ok(piece_of(bytes))),
                Rest::Disk(aside) => match aside.take() {
                    Some(aside) => read(aside),
                    None => {
                        let lost = "the temporary file could not be read";
                        return Poll::Ready(Err(io::Error::other(lost)));
                    }
                },
            },
        };
        let Poll::Ready(came) = Pin::new(&mut reading).poll(context) else {
            self.reading = Some(reading);
            return Poll::Pending;
        };
        let (piece, aside) = came.map_err(io::Error::other).flatten()?;
        *locked(&self.rest) = Rest::Disk(Some(aside));
        Poll::Ready(Ok(piece))
    }
}

impl HttpBody for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        this.poll_piece(context)
            .map_ok(|piece| {
                this.left -= piece.len();
                Frame::data(piece)
            })
            .map(Some)
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
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

    #[tokio::test]
    async fn what_can_t_be_read_back_is_an_error_and_not_the_end() {
        let rest = Arc::new(Mutex::new(Rest::Disk(None)));
        let mut lost = Download { rest, left: 1, reading: None, _setting_aside: None };
        for _ in 0..2 {
            assert!(lost.frame().await.unwrap().is_err());
            assert!(!lost.is_end_stream());
        }
    }
}
