//! A connection whose incoming bytes are framed in one way only.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::Framing;
use crate::runtime::limits::BEGINNING_BYTES_FREE;
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
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
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
