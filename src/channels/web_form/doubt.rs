//! What of a submission could not be read, and saying so to whoever takes it.

use futures_util::StreamExt;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::parse::{Fields, Parsed};
use super::submission::Submission;
use crate::domain::mention::MENTION_CHARS_MAX;

/// As on mail: the decision's flags.
const FLAGS: HeaderName = HeaderName::from_static("x-contact-gateway-flags");

/// The beginning of a body whose fields could not be read; `None`: they were, or there is no body.
pub(super) async fn unread(submission: &Submission, parsed: &Parsed) -> Option<String> {
    if submission.bytes == 0 || !matches!(parsed.fields, Fields::Unread) {
        return None;
    }
    let mut text = Vec::new();
    // A file that can't be read again is told where the body is sent on.
    let mut pieces = submission.stream().await.ok()?;
    while text.len() < MENTION_CHARS_MAX
        && let Some(Ok(piece)) = pieces.next().await
    {
        let room = MENTION_CHARS_MAX - text.len();
        text.extend(piece.iter().take(room));
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// Tells the form's own handler of the decision's flags.
pub(super) fn flagged(headers: &mut HeaderMap, flags: &[String]) {
    if !flags.is_empty()
        && let Ok(flags) = HeaderValue::try_from(flags.join(", "))
    {
        headers.insert(FLAGS, flags);
    }
}
