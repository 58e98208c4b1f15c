//! What of a submission could not be read.

use futures_util::StreamExt;

use super::parse::{Fields, Parsed};
use super::submission::Submission;
use crate::domain::mention::MENTION_CHARS_MAX;

/// The beginning of a body whose fields could not be read; `None`: they were, or there is no body.
pub(super) async fn unread(submission: &Submission, parsed: &Parsed) -> Option<String> {
    if submission.bytes == 0 || !matches!(parsed.fields, Fields::Unread) {
        return None;
    }
    let mut text = Vec::new();
    // A file that can't be read again is reported when the body is sent on.
    let mut pieces = submission.stream().await.ok()?;
    while text.len() < MENTION_CHARS_MAX
        && let Some(Ok(piece)) = pieces.next().await
    {
        let room = MENTION_CHARS_MAX - text.len();
        text.extend(piece.iter().take(room));
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}
