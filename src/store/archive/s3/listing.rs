//! What a bucket holds below a name.

use chrono::{DateTime, Utc};
use rusty_s3::actions::ListObjectsV2;
use rusty_s3::actions::list_objects_v2::ListObjectsV2Response;

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
            let page = read(&text)?;
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

fn read(text: &str) -> Result<ListObjectsV2Response, S3Fault> {
    ListObjectsV2::parse_response(text).map_err(|_| S3Fault::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::limits::ARCHIVE_S3_TEXT_BYTES_MAX;

    const ONE: &str = "<Contents><Key>a</Key><LastModified>2026-11-30T00:00:00.000Z</LastModified>\
                       <ETag>e</ETag><Size>3</Size><Owner><ID>o</ID></Owner></Contents>";

    fn listing(within: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>b</Name><MaxKeys>1000</MaxKeys>{within}</ListBucketResult>"
        )
    }

    #[test]
    fn a_listing_is_read() {
        let page = read(&listing(ONE)).unwrap();
        assert_eq!((page.contents.len(), page.contents[0].size), (1, Some(3)));
    }

    /// The parser recurses into each element and has a bound for that.
    #[test]
    fn elements_without_an_end_can_not_be_read() {
        let levels = ARCHIVE_S3_TEXT_BYTES_MAX / "<a></a>".len();
        let open = "<a>".repeat(levels);
        for within in [format!("{open}{}", "</a>".repeat(levels)), open] {
            for text in [listing(&within), listing(&format!("{ONE}{within}")), within.clone()] {
                assert_eq!(read(&text).unwrap_err(), S3Fault::Unreadable);
            }
        }
    }
}
