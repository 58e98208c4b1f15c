//! Waiting for bodies piece by piece, and not for ever.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::body::{Body, BoxError, TooSlow};
use crate::runtime::limits::HTTP_BODY_WAIT;

/// A body of which no piece may take longer than [`HTTP_BODY_WAIT`].
pub fn patient<B>(body: B) -> Body
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    Patient { body, end: None, waiting: None }.boxed_unsync()
}

/// A request's body: all of it may take no longer than `whole` either
/// ([`HTTP_BODY_WHOLE_WAIT`](crate::runtime::limits::HTTP_BODY_WHOLE_WAIT)).
pub fn patient_to_the_end<B>(body: B, whole: Duration) -> Body
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let end = Some(Instant::now() + whole);
    Patient { body, end, waiting: None }.boxed_unsync()
}

/// tower-http's body with a timeout starts a timer for every piece; most pieces are there already.
struct Patient<B> {
    body: B,
    /// By when it is here whole.
    end: Option<Instant>,
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
            // Pieces that are always ready may still drip in.
            if piece.is_some() && self.end.is_some_and(|end| Instant::now() >= end) {
                return Poll::Ready(Some(Err(TooSlow.into())));
            }
            return Poll::Ready(piece.map(|piece| piece.map_err(Into::into)));
        }
        let end = self.end;
        let waiting = self.waiting.get_or_insert_with(|| {
            let next = Instant::now() + HTTP_BODY_WAIT;
            Box::pin(sleep_until(end.map_or(next, |end| end.min(next))))
        });
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
    use tokio::time::sleep;

    use super::*;
    use crate::runtime::limits::HTTP_BODY_WHOLE_WAIT;

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

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_in_is_cut_off_in_the_end() {
        let dripping = || {
            let pieces = futures_util::stream::repeat(()).then(|()| async {
                sleep(Duration::from_secs(1)).await;
                Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"x")))
            });
            StreamBody::new(Box::pin(pieces))
        };
        let most = usize::try_from(HTTP_BODY_WHOLE_WAIT.as_secs()).unwrap();
        let body = patient_to_the_end(dripping(), HTTP_BODY_WHOLE_WAIT);
        let read = super::super::body::collected(body, 2 * most).await;
        assert_eq!(read, Err(super::super::body::CollectError::TooSlow));
        // What is passed on piece by piece may go on.
        let read = super::super::body::collected(patient(dripping()), 2 * most).await;
        assert_eq!(read, Err(super::super::body::CollectError::TooLarge));
    }
}
