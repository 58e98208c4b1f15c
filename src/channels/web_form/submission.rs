//! A submission's body: read once, kept whole, in memory while it is small and on disk when it is
//! not. The same bytes are forwarded, kept and inspected.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

use crate::channels::http::body::{Body, BoxError, TooSlow, whole};
use crate::ports::Original;
use crate::runtime::limits::{FORM_MEMORY_BYTES_MAX, FORM_SPOOL_READ_BYTES, FORM_SPOOL_WAIT};
use crate::runtime::private;
use crate::runtime::room::{Gathered, IncomingRoom};

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the body is larger than the form accepts")]
    TooLarge,
    /// It came piece by piece, and not in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The sender broke off.
    #[error("the body did not arrive whole")]
    Broken,
    /// The disk is full or gone; the same request may work later.
    #[error("the body could not be spooled: {}", .0.kind())]
    Disk(io::Error),
}

/// A body that was read whole.
#[derive(Clone)]
pub struct Submission {
    held: Held,
    /// Bytes of the body.
    pub bytes: u64,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
}

#[derive(Clone)]
enum Held {
    /// The head as it is kept, and the body behind it.
    Memory {
        whole: Bytes,
        body: Bytes,
    },
    File(Arc<Spooled>),
}

/// A spooled body behind the head of its request; the file goes with the last that holds it.
struct Spooled {
    path: PathBuf,
    head_bytes: u64,
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(error = %error.kind(), "a spooled form could not be removed");
        }
    }
}

/// The beginning of a spooled body's file name.
const SPOOL_PREFIX: &str = "form-";

/// Removes what an earlier run left behind: it was never answered, so that its sender tries again.
///
/// # Errors
/// The folder can't be made or listed.
pub fn clear_spool(folder: &Path) -> io::Result<()> {
    private::folder(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(SPOOL_PREFIX) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

impl Submission {
    /// Reads a body of up to `limit` bytes. `head` is the request's head as it is kept in front of
    /// the body (RFC 9112 10.1, `message/http`): without its content type a body says little.
    ///
    /// # Errors
    /// [`ReadError`] says whose trouble it is.
    pub async fn read(
        mut body: Body,
        head: BytesMut,
        limit: u64,
        folder: &Path,
    ) -> Result<Self, ReadError> {
        let mut sum = Context::new(&SHA256);
        let mut bytes: u64 = 0;
        let head_bytes = head.len();
        let most = head_bytes + FORM_MEMORY_BYTES_MAX;
        let mut memory = Gathered::new(head.into(), IncomingRoom::for_form());
        let mut spool: Option<Spool> = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| match error.is::<TooSlow>() {
                true => ReadError::TooSlow,
                false => ReadError::Broken,
            })?;
            let Ok(data) = frame.into_data() else { continue };
            bytes += data.len() as u64;
            if bytes > limit {
                return Err(ReadError::TooLarge);
            }
            sum.update(&data);
            if let Some(spool) = &mut spool {
                spool.write(&data).map_err(ReadError::Disk)?;
                continue;
            }
            let fits = memory.bytes().len() + data.len() <= most;
            if !fits || !memory.push(&data, most) {
                let mut begun =
                    Spool::begin(folder, memory.bytes(), head_bytes).map_err(ReadError::Disk)?;
                memory = Gathered::new(Vec::new(), IncomingRoom::for_form());
                begun.write(&data).map_err(ReadError::Disk)?;
                spool = Some(begun);
            }
        }
        let held = match spool {
            Some(spool) => Held::File(Arc::new(spool.spooled)),
            None => {
                let whole = memory.finish();
                let body = whole.slice(head_bytes..);
                Held::Memory { whole, body }
            }
        };
        let mut digest = [0; 32];
        digest.copy_from_slice(sum.finish().as_ref());
        Ok(Submission { held, bytes, digest })
    }

    /// The body as it came, to be sent on.
    ///
    /// # Errors
    /// The spooled file can't be read, or too many are being sent.
    pub async fn body(&self) -> io::Result<Body> {
        match &self.held {
            Held::Memory { body, .. } => Ok(whole(body.clone())),
            Held::File(spooled) => {
                let mut room = IncomingRoom::for_spooled();
                timeout(FORM_SPOOL_WAIT, room.wait_for(2 * FORM_SPOOL_READ_BYTES)).await?;
                let stream = self.stream_of(spooled).await?;
                let spooled = Arc::clone(spooled);
                let frames = futures_util::StreamExt::map(stream, move |piece| {
                    // The file and the room stay for as long as it is being sent.
                    let _ = (&spooled, &room);
                    piece.map(Frame::data).map_err(BoxError::from)
                });
                Ok(StreamBody::new(frames).boxed_unsync())
            }
        }
    }

    /// The body's bytes in pieces, to be looked into.
    ///
    /// # Errors
    /// The spooled file can't be opened.
    pub async fn stream(
        &self,
    ) -> io::Result<futures_util::stream::BoxStream<'static, io::Result<Bytes>>> {
        match &self.held {
            Held::Memory { body, .. } => {
                let body = body.clone();
                Ok(Box::pin(futures_util::stream::once(async move { Ok(body) })))
            }
            Held::File(spooled) => Ok(Box::pin(self.stream_of(spooled).await?)),
        }
    }

    /// The whole body in memory, to be looked into. The caller bounds how many at once.
    ///
    /// # Errors
    /// The spooled file can't be read.
    pub async fn in_memory(&self) -> io::Result<Bytes> {
        match &self.held {
            Held::Memory { body, .. } => Ok(body.clone()),
            Held::File(spooled) => {
                let mut file = self.open(spooled).await?;
                // At once: what grows is held twice while it does.
                let mut bytes = Vec::with_capacity(usize::try_from(self.bytes).unwrap_or_default());
                file.read_to_end(&mut bytes).await?;
                Ok(bytes.into())
            }
        }
    }

    pub fn is_spooled(&self) -> bool {
        matches!(self.held, Held::File(_))
    }

    /// The request with its head, to be kept.
    pub fn original(&self) -> Original {
        match &self.held {
            Held::Memory { whole, .. } => Original::Bytes(whole.clone()),
            Held::File(spooled) => Original::File(spooled.path.clone()),
        }
    }

    async fn open(&self, spooled: &Spooled) -> io::Result<File> {
        let mut file = File::open(&spooled.path).await?;
        file.seek(SeekFrom::Start(spooled.head_bytes)).await?;
        Ok(file)
    }

    async fn stream_of(&self, spooled: &Spooled) -> io::Result<ReaderStream<File>> {
        Ok(ReaderStream::with_capacity(self.open(spooled).await?, FORM_SPOOL_READ_BYTES))
    }
}

/// A spooled file in the making. Writing to the page cache is quick enough to be done in place, and needs no buffer
/// for as long as the body comes: thousands may come at once. What is kept for good is copied and synced by the archive;
/// here it only has to be there.
struct Spool {
    file: std::fs::File,
    spooled: Spooled,
}

impl Spool {
    /// With what has come so far: the head, and the body's beginning.
    fn begin(folder: &Path, begun: &[u8], head_bytes: usize) -> io::Result<Self> {
        let path = folder.join(format!("{SPOOL_PREFIX}{}", uuid::Uuid::now_v7()));
        let file = std::fs::File::options().write(true).create_new(true).open(&path)?;
        let mut spool = Spool { file, spooled: Spooled { path, head_bytes: head_bytes as u64 } };
        spool.write(begun)?;
        Ok(spool)
    }

    fn write(&mut self, data: &[u8]) -> io::Result<()> {
        self.file.write_all(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(bytes: &[u8]) -> Body {
        whole(Bytes::copy_from_slice(bytes))
    }

    async fn collected(submission: &Submission) -> Bytes {
        submission.body().await.unwrap().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn a_small_body_stays_in_memory_and_a_large_one_goes_to_disk_and_away_again() {
        let folder = tempfile::tempdir().unwrap();
        let head = BytesMut::from("POST / HTTP/1.1\r\n\r\n");
        let small =
            Submission::read(body_of(b"a=1"), head.clone(), 10, folder.path()).await.unwrap();
        assert!(!small.is_spooled());
        assert_eq!(collected(&small).await, "a=1");
        let Original::Bytes(kept) = small.original() else { panic!("not in memory") };
        assert_eq!(kept, "POST / HTTP/1.1\r\n\r\na=1");

        let content = vec![7_u8; FORM_MEMORY_BYTES_MAX + 1];
        let limit = content.len() as u64;
        let large = Submission::read(body_of(&content), head, limit, folder.path()).await.unwrap();
        assert!(large.is_spooled());
        assert_eq!(collected(&large).await, content);
        assert_eq!(large.in_memory().await.unwrap(), content);
        assert_eq!(large.digest, crate::runtime::tokens::sha256(&content));
        let Original::File(path) = large.original() else { panic!("not a file") };
        assert!(std::fs::read(&path).unwrap().starts_with(b"POST / HTTP/1.1\r\n\r\n\x07"));
        drop(large);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_body_above_the_limit_is_refused_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let content = vec![7_u8; FORM_MEMORY_BYTES_MAX + 2];
        let limit = content.len() as u64 - 1;
        let read = Submission::read(body_of(&content), BytesMut::new(), limit, folder.path()).await;
        assert!(matches!(read, Err(ReadError::TooLarge)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
