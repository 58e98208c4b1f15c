//! What a bucket holds below a name.

use chrono::{DateTime, Utc};
use rusty_s3::actions::ListObjectsV2;

use super::fault::S3Fault;
use super::wire::Wire;

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Without the archive's prefix.
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) modified: Option<DateTime<Utc>>,
}

impl Wire {
    /// Hands over every object whose name begins so, page by page, as they are listed.
    pub(super) async fn list(
        &self,
        below: &str,
        each: &mut (dyn FnMut(Listed) + Send),
    ) -> Result<(), S3Fault> {
        let mut token: Option<String> = None;
        loop {
            let text = self.page(below, token.as_deref()).await?;
            let page = ListObjectsV2::parse_response(&text).map_err(|_| S3Fault::Unreadable)?;
            for object in page.contents {
                let Some(name) = self.without_prefix(&object.key) else { continue };
                let modified = object.last_modified.as_deref();
                let modified = modified.and_then(|at| DateTime::parse_from_rfc3339(at).ok());
                each(Listed {
                    name: name.to_owned(),
                    bytes: object.size.unwrap_or_default(),
                    modified: modified.map(|at| at.with_timezone(&Utc)),
                });
            }
            match page.next_continuation_token {
                None => return Ok(()),
                // The same page for ever.
                next if next == token => return Err(S3Fault::Unreadable),
                next => token = next,
            }
        }
    }
}
