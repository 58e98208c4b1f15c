//! A submission's body: read once, kept whole, in memory while it is small and on disk when it is
//! not. The same bytes are forwarded, kept and inspected.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};
use tokio_util::io::ReaderStream;

use crate::channels::http::body::{Body, BoxError, TooSlow, whole};
use crate::ports::Original;
use crate::runtime::limits::{FORM_MEMORY_BYTES_MAX, FORM_SPOOL_BYTES};
use crate::runtime::private;
use crate::runtime::room::{IncomingRoom, held};

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
        let mut memory = head;
        let mut room = IncomingRoom::for_body();
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
            let in_memory = memory.len() + data.len();
            if spool.is_none()
                && (in_memory - head_bytes > FORM_MEMORY_BYTES_MAX || !room.grow(in_memory))
            {
                let begun = std::mem::take(&mut memory);
                room = IncomingRoom::for_body();
                // Seldom, and larger than the rest.
                let begun = Box::pin(Spool::begin(folder, &begun, head_bytes)).await;
                spool = Some(begun.map_err(ReadError::Disk)?);
            }
            match &mut spool {
                Some(spool) => Box::pin(spool.write(&data)).await.map_err(ReadError::Disk)?,
                None => memory.extend_from_slice(&data),
            }
        }
        let held = match spool {
            Some(spool) => {
                let spooled = Box::pin(spool.end()).await.map_err(ReadError::Disk)?;
                Held::File(Arc::new(spooled))
            }
            None => {
                let whole = held(memory, room);
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
    /// The spooled file can't be read.
    pub async fn body(&self) -> io::Result<Body> {
        match &self.held {
            Held::Memory { body, .. } => Ok(whole(body.clone())),
            Held::File(spooled) => {
                let stream = self.stream_of(spooled).await?;
                let spooled = Arc::clone(spooled);
                let frames = futures_util::StreamExt::map(stream, move |piece| {
                    // The file stays for as long as it is being sent.
                    let _ = &spooled;
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
                let mut bytes = Vec::new();
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
        Ok(ReaderStream::with_capacity(self.open(spooled).await?, SPOOL_READ_BYTES))
    }
}

/// Bytes read from a spooled file at once.
const SPOOL_READ_BYTES: usize = 64 * 1024;

/// A spooled file in the making.
struct Spool {
    file: File,
    spooled: Spooled,
}

impl Spool {
    /// With what has come so far: the head, and the body's beginning.
    async fn begin(folder: &Path, begun: &[u8], head_bytes: usize) -> io::Result<Self> {
        let path = folder.join(format!("{SPOOL_PREFIX}{}", uuid::Uuid::now_v7()));
        let mut file = File::options().write(true).create_new(true).open(&path).await?;
        // It keeps a buffer of the last writes, for as long as it is open.
        file.set_max_buf_size(FORM_SPOOL_BYTES);
        let spooled = Spooled { path, head_bytes: head_bytes as u64 };
        file.write_all(begun).await?;
        Ok(Spool { file, spooled })
    }

    async fn write(&mut self, data: &[u8]) -> io::Result<()> {
        self.file.write_all(data).await
    }

    async fn end(mut self) -> io::Result<Spooled> {
        // Originals kept for good are copied and synced by the archive; here it only has to be there.
        self.file.flush().await?;
        Ok(self.spooled)
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
