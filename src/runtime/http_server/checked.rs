//! A connection whose incoming bytes are framed in one way only.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::Framing;
use crate::runtime::limits::{BEGINNING_BYTES_FREE, HTTP_READ_BYTES_MAX};
use crate::runtime::room::IncomingRoom;

/// What hyper reads in place of refused bytes. A null is not part of any head or framing, so
/// that it answers 400, behind the answers to earlier requests, and closes; the empty line is what it
/// waits for before it looks at a head.
const NO_MESSAGE: &[u8] = b"\0\r\n\r\n";

/// Hands on what [`Framing`] lets pass; behind what it refuses nothing more is read.
pub(super) struct Checked<S> {
    stream: S,
    framing: Framing,
    /// For the heads of this connection, to its end: hyper gives back no memory that it has read one into.
    room: IncomingRoom,
    /// For what is read at once beyond [`BEGINNING_BYTES_FREE`], to its end for the same reason.
    read_room: IncomingRoom,
    at_once: usize,
    /// What of [`NO_MESSAGE`] was not read yet.
    instead: &'static [u8],
    has_begun: Arc<AtomicBool>,
}

impl<S> Checked<S> {
    pub(super) fn new(stream: S) -> Self {
        let has_begun = Arc::default();
        Checked {
            stream,
            framing: Framing::default(),
            room: IncomingRoom::for_head(),
            read_room: IncomingRoom::for_reading(),
            at_once: BEGINNING_BYTES_FREE,
            instead: NO_MESSAGE,
            has_begun,
        }
    }

    /// Whether the peer has sent anything yet, for as long as somebody wants to know.
    pub(super) fn has_begun(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.has_begun)
    }

    /// How many of the bytes that came may go on.
    fn passes(&mut self, bytes: &[u8]) -> usize {
        let room = &mut self.room;
        self.framing.passes(bytes, |head| head <= BEGINNING_BYTES_FREE || room.grow(head))
    }

    fn read_instead(&mut self, buffer: &mut ReadBuf<'_>) {
        let (now, later) = self.instead.split_at(buffer.remaining().min(self.instead.len()));
        buffer.put_slice(now);
        self.instead = later;
    }
}

impl<S: AsyncRead + Unpin> Checked<S> {
    /// Reads no more at once than there is room for: hyper makes as much as it is given, and keeps it.
    fn poll_some(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = Pin::new(&mut self.stream);
        let before = buffer.filled().len();
        let read = if buffer.remaining() <= self.at_once {
            stream.poll_read(context, buffer)
        } else if self.at_once == BEGINNING_BYTES_FREE {
            // Apart: thousands wait, and what a buffer has not been read into takes no memory.
            let mut few = [0; BEGINNING_BYTES_FREE];
            let mut few = ReadBuf::new(&mut few);
            let read = stream.poll_read(context, &mut few);
            buffer.put_slice(few.filled());
            read
        } else {
            let mut few = ReadBuf::new(buffer.initialize_unfilled_to(self.at_once));
            let read = stream.poll_read(context, &mut few);
            let filled = few.filled().len();
            buffer.advance(filled);
            read
        };
        let more = (2 * self.at_once).min(HTTP_READ_BYTES_MAX);
        if buffer.filled().len() - before >= self.at_once && self.read_room.grow(more) {
            self.at_once = more;
        }
        read
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Checked<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.framing.is_refused() {
            this.read_instead(buffer);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = this.poll_some(context, buffer);
        if buffer.filled().len() > before {
            this.has_begun.store(true, Ordering::Relaxed);
        }
        let passed = this.passes(buffer.filled().get(before..).unwrap_or_default());
        if this.framing.is_refused() {
            buffer.set_filled(before + passed);
            this.read_instead(buffer);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Checked<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;
    use crate::runtime::limits::READS_MEMORY_BYTES_MAX;

    /// How much of an endless body each of some reads gets.
    async fn reads(stream: &mut Checked<impl AsyncRead + Unpin>) -> Vec<usize> {
        let mut buffer = vec![0; 2 * HTTP_READ_BYTES_MAX];
        let mut reads = Vec::new();
        for _ in 0..6 {
            reads.push(stream.read(&mut buffer).await.unwrap());
        }
        reads
    }

    fn endless() -> Checked<impl AsyncRead + Unpin> {
        let head: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n";
        let head = [head, &[b'a'; BEGINNING_BYTES_FREE][head.len()..]].concat();
        Checked::new(std::io::Cursor::new(head).chain(tokio::io::repeat(b'a')))
    }

    #[tokio::test]
    async fn more_is_read_at_once_as_long_as_there_is_room() {
        let kib = 1024;
        let growing = [4 * kib, 8 * kib, 16 * kib, 32 * kib, 64 * kib, 72 * kib];
        let mut first = endless();
        assert_eq!(reads(&mut first).await, growing);
        let mut others = IncomingRoom::for_reading();
        assert!(others.grow(READS_MEMORY_BYTES_MAX - HTTP_READ_BYTES_MAX));
        assert_eq!(reads(&mut endless()).await, [BEGINNING_BYTES_FREE; 6]);
        drop(first);
        assert_eq!(reads(&mut endless()).await, growing);
    }
}
