//! What somebody typed and has not sent, or sent in vain.
//!
//! A script keeps it in the browser until the server says that it is safe: it names its draft in the address of the
//! post, and a post that was carried out is answered with that name in a cookie. If a post fails, the page that says
//! why gives back the text, with or without script.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;

use super::form::Posted;
use super::trouble::Trouble;
use crate::runtime::limits::CONSOLE_FORM_BYTES_MAX;

/// The text of a post that failed, for the page that says so.
#[derive(Debug, Clone)]
pub(super) struct Wrote(pub String);

/// The name of the draft that a post sends, as its address has it.
pub(super) fn named(address: &Uri) -> Option<String> {
    const NAME_DIGITS_MAX: usize = 32;
    let query = address.query()?;
    let (_, name) = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "draft")?;
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    (plain && name.len() <= NAME_DIGITS_MAX).then(|| name.into_owned())
}

/// A post's request, with its text.
pub(super) async fn read(request: Request) -> Result<(Request, String), Trouble> {
    let (parts, body) = request.into_parts();
    let posted = Posted::read(&parts.extensions, body, CONSOLE_FORM_BYTES_MAX).await?;
    let wrote = posted.written();
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(posted);
    Ok((request, wrote))
}

/// Says in the answer what happened to the text.
pub(super) fn answered(mut response: Response, draft: Option<String>, wrote: String) -> Response {
    // Every post that was carried out is answered by going on (RFC 9110 15.4.4).
    if response.status() == StatusCode::SEE_OTHER {
        let cookie = draft.map(|name| {
            HeaderValue::from_str(&format!("kept={name}; Path=/; Max-Age=600; SameSite=Strict"))
        });
        if let Some(Ok(cookie)) = cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    } else if response.extensions().get::<Trouble>().is_some() {
        response.extensions_mut().insert(Wrote(wrote));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_has_a_plain_name() {
        let named = |address: &str| named(&address.parse().unwrap());
        assert_eq!(named("/items/c-2?draft=0a1b").as_deref(), Some("0a1b"));
        for none in ["/items/c-2", "/x?draft=", "/x?draft=a%3B%20Path", "/x?draft=xyz"] {
            assert_eq!(named(none), None, "{none}");
        }
        assert_eq!(named(&format!("/x?draft={}", "a".repeat(33))), None);
    }
}
