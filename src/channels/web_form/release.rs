//! Releasing a kept submission: it goes to the form's own handler as it came, once.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hyper::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};

use super::settings::FormSettings;
use crate::channels::http::body::whole;
use crate::channels::http::routes::below;
use crate::channels::http::upstream::{Upstream, UpstreamError, address};
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;
use crate::ports::{Clock, Deliveries, Release, ReleaseError};

/// On a released submission, with the contact's id: nobody but the gateway can set it, so that a
/// handler may waive what only a live session can show.
const RELEASED: HeaderName = HeaderName::from_static("x-contact-release");

pub struct FormRelease {
    forms: Vec<FormSettings>,
    upstream: Upstream,
    deliveries: Arc<dyn Deliveries>,
    clock: Arc<dyn Clock>,
}

impl FormRelease {
    pub fn new(
        forms: Vec<FormSettings>,
        upstream: Upstream,
        deliveries: Arc<dyn Deliveries>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        FormRelease { forms, upstream, deliveries, clock }
    }
}

#[async_trait]
impl Release for FormRelease {
    async fn release(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
        original: Bytes,
    ) -> Result<(), ReleaseError> {
        let refused = |why: &str| ReleaseError::Refused(format!("{why}; download the original"));
        let form = item.original_to.first().and_then(|path| {
            self.forms.iter().find(|form| form.organisation == *organisation && form.path == *path)
        });
        let form = form.ok_or_else(|| refused("the form is no longer configured"))?;
        let key = format!("release {} {}", item.contact, form.path);
        let done = self.deliveries.delivered(organisation, std::slice::from_ref(&key)).await?;
        if done.first() == Some(&true) {
            return Ok(());
        }
        let kept =
            Kept::read(&original).ok_or_else(|| refused("the kept original is not a request"))?;
        let mut request =
            kept.request(form).ok_or_else(|| refused("its address is no longer valid"))?;
        if let Ok(contact) = HeaderValue::try_from(item.contact.as_str()) {
            request.headers_mut().insert(RELEASED, contact);
        }
        let answer =
            self.upstream.send(request, form.timeout).await.map_err(|error| match error {
                UpstreamError::Unreachable | UpstreamError::Timeout | UpstreamError::TooSlow => {
                    ReleaseError::Away(format!("the form's own handler: {error}"))
                }
                UpstreamError::Address => refused("its address is no longer valid"),
            })?;
        let status = answer.status();
        if status.is_success() || status.is_redirection() {
            let at = self.clock.now();
            return Ok(self.deliveries.remember_delivered(organisation, vec![key], at).await?);
        }
        let why = format!("the form's own handler answered {}", status.as_u16());
        if status.is_server_error() {
            return Err(ReleaseError::Away(why));
        }
        Err(refused(&why))
    }
}

/// A request as it was kept (RFC 9112 10.1, `message/http`).
struct Kept {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Kept {
    fn read(original: &Bytes) -> Option<Kept> {
        let end = original.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = original.get(..end)?;
        let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end());
        let mut first = std::str::from_utf8(lines.next()?).ok()?.split(' ');
        let (method, target) = (first.next()?.parse().ok()?, first.next()?.to_owned());
        let mut headers = HeaderMap::new();
        for line in lines {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = line.split_at(colon);
            let value = value.get(1..)?.trim_ascii();
            headers
                .append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
        }
        Some(Kept { method, target, headers, body: original.slice(end + 4..) })
    }

    /// The request to the form's own handler, with the fields and bytes that it came with.
    fn request(self, form: &FormSettings) -> Option<Request<crate::channels::http::body::Body>> {
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.target.as_str(), None),
        };
        let uri = address(&form.upstream, below(&form.path, path)?, query).ok()?;
        let length = HeaderValue::from(self.body.len());
        let mut request = Request::new(whole(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers;
        request.headers_mut().insert(CONTENT_LENGTH, length);
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_as_it_was_written() {
        let original = Bytes::from_static(
            b"PUT /karbon/contact/step?a=1 HTTP/1.1\r\nhost: f.example\r\ncontent-type: a/b\r\n\
            referer: http://x/:y\r\n\r\nbody\r\n\r\nmore",
        );
        let kept = Kept::read(&original).unwrap();
        assert_eq!((kept.method, kept.target.as_str()), (Method::PUT, "/karbon/contact/step?a=1"));
        assert_eq!(kept.headers["referer"], "http://x/:y");
        assert_eq!(kept.body, "body\r\n\r\nmore");
        assert!(Kept::read(&Bytes::from_static(b"no request")).is_none());
        assert!(Kept::read(&Bytes::from_static(b"GET / HTTP/1.1\r\nbad\r\n\r\n")).is_none());
    }
}
