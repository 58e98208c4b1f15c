//! A form that is pressed twice acts once: after a double click, after **Back**, or when it is sent again over a slow
//! network.
//!
//! Every page has a random key, which its forms send. The table of contents puts [`once`] before every act, so that no
//! form can do without it. The same fields under the same key are the same press and get the first answer, unless
//! something else was done from that page in between. The answer is stored sealed with that key, and the store has only
//! a digest of the key, so nobody can read there what a page showed once. An answer too long to be stored is replaced
//! by a redirect to its page. Refusals are not stored: the same press is judged again.

use std::sync::Arc;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, HeaderName, LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::form::Posted;
use super::trouble::Trouble;
use super::visit::Visitor;
use crate::casework::pressed::{PressKey, Pressed};
use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::{API_REQUEST_WAIT, PRESS_ANSWER_BYTES_MAX, PRESS_KEY_CHARS_MAX};
use crate::runtime::sealed::Seal;
use crate::staff::Staff;

/// The field of a form that holds its key.
const FIELD: &str = "press";

const PURPOSE: &str = "the answer to a form";

/// The headers that an answer is stored with.
static HEADERS: [HeaderName; 3] = [LOCATION, CONTENT_TYPE, SET_COOKIE];

/// Gives every request access to the presses on record.
#[derive(Clone)]
pub(super) struct Presses(pub Arc<Staff>);

/// Whether an act changed something, if the status of its answer does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    Something,
    Nothing,
}

/// Marks a refusal that did part of its work, which another press must not repeat.
pub(super) fn acted(mut response: Response) -> Response {
    response.extensions_mut().insert(Changed::Something);
    response
}

/// Marks a redirect that did nothing, so that another press tries again.
pub(super) fn idle(mut response: Response) -> Response {
    response.extensions_mut().insert(Changed::Nothing);
    response
}

/// One press: who sent which form with which fields.
struct Press {
    staff: Arc<Staff>,
    organisation: OrganisationId,
    key: PressKey,
    seal: Seal,
}

impl Press {
    /// `None` if it comes from no form of the console, or without a session.
    fn of(request: &Request) -> Option<Press> {
        let extensions = request.extensions();
        let Presses(staff) = extensions.get::<Presses>()?;
        let (visitor, posted) = (extensions.get::<Visitor>()?, extensions.get::<Posted>()?);
        let key = posted.text(FIELD);
        if key.is_empty() || key.len() > PRESS_KEY_CHARS_MAX {
            return None;
        }
        let mut sent = vec![request.uri().path().as_bytes()];
        for (name, value) in posted.all().iter().filter(|(name, _)| name != FIELD) {
            sent.extend([name.as_bytes(), value.as_bytes()]);
        }
        Some(Press {
            staff: Arc::clone(staff),
            organisation: visitor.organisation.id.clone(),
            key: PressKey::new(&visitor.live.account.login, key.as_bytes(), &sent),
            seal: Seal::new(key.as_bytes(), PURPOSE)?,
        })
    }
}

/// Carries out a form once.
pub(super) async fn once(request: Request, next: Next) -> Response {
    let press = if *request.method() == Method::POST { Press::of(&request) } else { None };
    let Some(Press { staff, organisation, key, seal }) = press else {
        return next.run(request).await;
    };
    let seal = Arc::new(seal);
    let sealing = Arc::clone(&seal);
    let path = request.uri().path().to_owned();
    let act = async move {
        match tokio::time::timeout(API_REQUEST_WAIT, next.run(request)).await {
            Ok(response) => to_be_stored(response, &path, &sealing).await,
            Err(_) => (Trouble::Ours.into_response(), None),
        }
    };
    match staff.office.once_pressed(&organisation, key, act).await {
        Ok(Pressed::Now(response)) => response,
        Ok(Pressed::Before(stored)) => {
            let answer = seal.open(&stored).and_then(|plain| serde_json::from_slice(&plain).ok());
            answer.map_or_else(|| Trouble::Ours.into_response(), StoredAnswer::into_response)
        }
        Ok(Pressed::UnderWay) => Trouble::BeingDone.into_response(),
        Err(fault) => Trouble::from(fault).into_response(),
    }
}

/// An answer as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredAnswer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl StoredAnswer {
    /// A redirect to an act's address, which shows its page or redirects to it.
    fn on_to(path: &str) -> Self {
        StoredAnswer {
            status: StatusCode::SEE_OTHER.as_u16(),
            headers: vec![(LOCATION.as_str().to_owned(), path.to_owned())],
            body: String::new(),
        }
    }

    fn sealed(&self, seal: &Seal) -> Option<String> {
        serde_json::to_vec(self).ok().and_then(|plain| seal.seal(&plain))
    }

    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        for (name, value) in self.headers {
            let name = HEADERS.iter().find(|one| one.as_str() == name);
            if let (Some(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// The answer to an act at this path, and what to store of it if something was done.
async fn to_be_stored(
    mut response: Response,
    path: &str,
    seal: &Seal,
) -> (Response, Option<String>) {
    let leads_on = response.status() == StatusCode::SEE_OTHER || response.status().is_success();
    let is_done = match response.extensions_mut().remove::<Changed>() {
        Some(changed) => changed == Changed::Something,
        None => leads_on,
    };
    let most = u64::try_from(PRESS_ANSWER_BYTES_MAX).unwrap_or(u64::MAX);
    let is_short = response.body().size_hint().upper().is_some_and(|upper| upper <= most);
    if !is_done {
        return (response, None);
    }
    let only_the_way = || StoredAnswer::on_to(path).sealed(seal);
    if !is_short {
        return (response, only_the_way());
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, PRESS_ANSWER_BYTES_MAX).await else {
        return (Trouble::Ours.into_response(), only_the_way());
    };
    let headers = HEADERS.iter().flat_map(|name| {
        let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.map(move |value| (name.as_str().to_owned(), value.to_owned()))
    });
    let answer = StoredAnswer {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let stored = answer.sealed(seal);
    (Response::from_parts(parts, Body::from(body)), stored)
}

#[cfg(test)]
mod tests {
    use super::super::frame::go;
    use super::*;

    async fn stored(response: Response, seal: &Seal) -> Option<StoredAnswer> {
        let (_, stored) = to_be_stored(response, "/queues/limited/bulk", seal).await;
        stored.map(|stored| serde_json::from_slice(&seal.open(&stored).unwrap()).unwrap())
    }

    #[tokio::test]
    async fn what_was_done_is_stored_sealed_and_what_was_refused_is_not() {
        let seal = Seal::new(b"a key", PURPOSE).unwrap();
        let mut led = go("/items/c-1?done=take");
        led.headers_mut().append(SET_COOKIE, HeaderValue::from_static("language=cy; Path=/"));
        let again = stored(led, &seal).await.unwrap().into_response();
        assert_eq!(again.status(), StatusCode::SEE_OTHER);
        assert_eq!(again.headers()[LOCATION], "/items/c-1?done=take");
        assert_eq!(again.headers()[SET_COOKIE], "language=cy; Path=/");

        let page = (StatusCode::OK, "a token").into_response();
        let again = stored(page, &seal).await.unwrap().into_response();
        assert_eq!(to_bytes(again.into_body(), 100).await.unwrap(), "a token");
        let page = (StatusCode::OK, "a token").into_response();
        let (_, sealed) = to_be_stored(page, "/settings/tokens", &seal).await;
        assert!(!sealed.unwrap().contains("token"));

        let refused = || (StatusCode::CONFLICT, "no").into_response();
        assert!(stored(refused(), &seal).await.is_none());
        assert!(stored(acted(refused()), &seal).await.is_some());
        assert!(stored(idle(go("/?done=none")), &seal).await.is_none());
        assert!(stored(Trouble::NotFound.into_response(), &seal).await.is_none());
        // It was done: a second press must not repeat it, and is redirected to the page.
        let long = || "x".repeat(PRESS_ANSWER_BYTES_MAX + 1);
        let again = stored(long().into_response(), &seal).await.unwrap().into_response();
        assert_eq!(again.status(), StatusCode::SEE_OTHER);
        assert_eq!(again.headers()[LOCATION], "/queues/limited/bulk");
        let refused = (StatusCode::CONFLICT, long()).into_response();
        assert!(stored(refused, &seal).await.is_none());
    }
}
