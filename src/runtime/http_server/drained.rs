//! A connection whose answers must be taken: a peer that reads none of an answer, or next to none, would hold its
//! place among the connections for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::runtime::limits::HTTP_WRITE_BYTES_MIN;

/// Fails a write whose peer takes fewer than [`HTTP_WRITE_BYTES_MIN`] within the wait.
pub(super) struct Drained<S> {
    stream: S,
    wait: Duration,
    waiting: Option<Waiting>,
}

/// An answer that is not taken as fast as it is written.
struct Waiting {
    end: Pin<Box<Sleep>>,
    /// Bytes that were taken since.
    taken: usize,
}

impl<S> Drained<S> {
    pub(super) const fn new(stream: S, wait: Duration) -> Self {
        Drained { stream, wait, waiting: None }
    }

    /// What comes of a write, in time or not.
    fn in_time(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            if let (Some(waiting), Ok(bytes)) = (&mut self.waiting, &written) {
                waiting.taken += bytes;
            }
            return Poll::Ready(written);
        }
        if self.waiting.as_ref().is_some_and(|waiting| waiting.taken >= HTTP_WRITE_BYTES_MIN) {
            self.waiting = None;
        }
        let wait = self.wait;
        let waiting =
            self.waiting.get_or_insert_with(|| Waiting { end: Box::pin(sleep(wait)), taken: 0 });
        ready!(waiting.end.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Drained<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Drained<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.in_time(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, pieces);
        this.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        if flushed.is_ready() {
            // All that was written is taken: what comes next has time of its own.
            this.waiting = None;
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const WAIT: Duration = Duration::from_secs(30);

    /// Reads so many bytes each second.
    fn reader(mut end: DuplexStream, bytes: usize) -> tokio::task::JoinHandle<usize> {
        tokio::spawn(async move {
            let mut read = 0;
            let mut piece = vec![0; bytes];
            while let Ok(some @ 1..) = end.read(&mut piece).await {
                read += some;
                sleep(Duration::from_secs(1)).await;
            }
            read
        })
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_next_to_nothing_is_let_go_of_and_who_reads_slowly_is_not() {
        let answer = vec![b'x'; 8 * HTTP_WRITE_BYTES_MIN];
        for bytes in [1, HTTP_WRITE_BYTES_MIN / 60] {
            let (ours, theirs) = duplex(HTTP_WRITE_BYTES_MIN);
            let read = reader(theirs, bytes);
            let mut taken = Drained::new(ours, WAIT);
            let error = taken.write_all(&answer).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{bytes} a second");
            drop(taken);
            assert!(read.await.unwrap() < answer.len());
        }
        let (ours, theirs) = duplex(HTTP_WRITE_BYTES_MIN);
        let read = reader(theirs, HTTP_WRITE_BYTES_MIN / 20);
        let mut taken = Drained::new(ours, WAIT);
        for _ in 0..3 {
            taken.write_all(&answer).await.unwrap();
            taken.flush().await.unwrap();
            // Between two answers nothing has to be taken.
            sleep(WAIT * 2).await;
        }
        drop(taken);
        assert_eq!(read.await.unwrap(), 3 * answer.len());
    }
}
