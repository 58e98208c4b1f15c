//! Bodies that are waited for, piece by piece, and not for ever.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::answer::{Body, BoxError};
use crate::runtime::limits::HTTP_BODY_WAIT;

/// A body of which no piece may take longer than [`HTTP_BODY_WAIT`].
pub fn patient<B>(body: B) -> Body
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    Patient { body, waiting: None }.boxed_unsync()
}

/// Too long was waited for the next piece of a body.
#[derive(Debug, thiserror::Error)]
#[error("the next piece of the body did not come in time")]
struct TooSlow;

/// tower-http's body with a timeout starts a timer for every piece; most pieces are there already.
struct Patient<B> {
    body: B,
    /// `Some` while a piece is waited for.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<B> HttpBody for Patient<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(piece) = Pin::new(&mut self.body).poll_frame(context) {
            self.waiting = None;
            return Poll::Ready(piece.map(|piece| piece.map_err(Into::into)));
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(HTTP_BODY_WAIT)));
        ready!(waiting.as_mut().poll(context));
        self.waiting = None;
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::StreamExt;
    use http_body_util::StreamBody;

    use super::*;

    /// Pieces that come after so long each.
    fn dripping(waits: &'static [Duration]) -> Body {
        let pieces = futures_util::stream::iter(waits).then(|wait| async move {
            sleep(*wait).await;
            Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"x")))
        });
        patient(StreamBody::new(Box::pin(pieces)))
    }

    #[tokio::test(start_paused = true)]
    async fn every_piece_has_its_own_time() {
        const JUST: Duration = Duration::from_secs(HTTP_BODY_WAIT.as_secs() - 1);
        let whole = dripping(&[JUST, Duration::ZERO, JUST]).collect().await.unwrap();
        assert_eq!(whole.to_bytes(), "xxx");
        const OVER: Duration = Duration::from_secs(HTTP_BODY_WAIT.as_secs() + 1);
        let mut late = dripping(&[JUST, OVER]);
        assert!(late.frame().await.unwrap().is_ok());
        assert!(late.frame().await.unwrap().is_err());
    }
}
