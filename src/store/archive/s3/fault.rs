//! Why a server that speaks S3 did not carry out a request.

use std::io;

use crate::ports::StoreError;
use crate::runtime::limits::ARCHIVE_S3_WAIT;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum S3Fault {
    #[error("there is no such bucket: make it, or correct [archive] url and endpoint")]
    NoBucket,
    #[error(
        "the server refuses [archive] access_key_id and secret_access_key ({0}): correct them, \
         or let them read, write, delete and list there"
    )]
    Forbidden(String),
    #[error("the server's clock and this machine's differ too much: set both by NTP")]
    Skewed,
    #[error("the server is too busy ({0})")]
    Busy(String),
    #[error("the server answers {0}")]
    Refused(String),
    /// Different bytes arrived from those sent.
    #[error("the server received different bytes from those sent")]
    Mangled,
    #[error("the server can't be reached")]
    Unreached,
    #[error("the connection was broken off")]
    Broken,
    #[error("no answer within {} s", ARCHIVE_S3_WAIT.as_secs())]
    Slow,
    #[error("the server's answer can't be read")]
    Unreadable,
    /// Of a file on this machine.
    #[error("a file to send can't be read: {0}")]
    Local(io::ErrorKind),
}

impl S3Fault {
    /// What an answer says that is not a success. `text`: its body.
    pub(super) fn of(status: hyper::StatusCode, text: &str) -> Self {
        let code = code(text).unwrap_or_else(|| status.as_u16().to_string());
        match (code.as_str(), status.as_u16()) {
            ("NoSuchBucket", _) => S3Fault::NoBucket,
            ("RequestTimeTooSkewed", _) => S3Fault::Skewed,
            ("BadDigest" | "XAmzContentChecksumMismatch", _) => S3Fault::Mangled,
            // Somebody else writes the object, or makes the bucket, at the same moment: Amazon says to try again.
            ("ConditionalRequestConflict" | "OperationAborted", _) => S3Fault::Busy(code),
            (_, 401 | 403) => S3Fault::Forbidden(code),
            (_, 408 | 429 | 500..) => S3Fault::Busy(code),
            _ => S3Fault::Refused(code),
        }
    }

    /// Whether the same request may succeed a moment later.
    pub(super) const fn passes(&self) -> bool {
        match self {
            S3Fault::Busy(_) | S3Fault::Mangled | S3Fault::Unreached | S3Fault::Broken => true,
            S3Fault::NoBucket
            | S3Fault::Forbidden(_)
            | S3Fault::Skewed
            | S3Fault::Refused(_)
            | S3Fault::Slow
            | S3Fault::Unreadable
            | S3Fault::Local(_) => false,
        }
    }

    /// Whether the server gave no answer: the next caller would wait as long.
    pub(super) const fn is_silence(&self) -> bool {
        matches!(self, S3Fault::Unreached | S3Fault::Slow)
    }

    /// As the store's callers have it. Somebody has to mend some of these, and what waits is tried again either way.
    pub(super) fn of_archive(&self, shown: &str) -> StoreError {
        StoreError::Unavailable(format!("the archive {shown}: {self}"))
    }

    /// At a start: what an operator has set up wrongly is refused.
    pub(super) fn at_start(&self, shown: &str) -> StoreError {
        match self {
            S3Fault::NoBucket | S3Fault::Forbidden(_) | S3Fault::Skewed | S3Fault::Refused(_) => {
                StoreError::Refused(format!("the archive {shown}: {self}"))
            }
            _ => self.of_archive(shown),
        }
    }
}

/// The code of an error's body, `<Error><Code>NoSuchKey</Code>…`; nothing else of it is shown.
fn code(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_code = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;

    use super::*;

    #[test]
    fn an_answer_is_known_by_its_code_and_shows_nothing_else() {
        let said = |status, code: &str| {
            let text =
                format!("<Error><Code>{code}</Code><Message>key a@b.example</Message></Error>");
            S3Fault::of(StatusCode::from_u16(status).unwrap(), &text)
        };
        assert_eq!(said(404, "NoSuchBucket"), S3Fault::NoBucket);
        assert_eq!(said(400, "BadDigest"), S3Fault::Mangled);
        assert_eq!(said(403, "RequestTimeTooSkewed"), S3Fault::Skewed);
        assert_eq!(said(403, "AccessDenied"), S3Fault::Forbidden("AccessDenied".to_owned()));
        assert_eq!(said(503, "SlowDown"), S3Fault::Busy("SlowDown".to_owned()));
        for conflict in ["ConditionalRequestConflict", "OperationAborted"] {
            assert!(said(409, conflict).passes(), "{conflict}");
        }
        assert_eq!(said(409, "BucketNotEmpty"), S3Fault::Refused("BucketNotEmpty".to_owned()));
        assert_eq!(said(400, "<b>"), S3Fault::Refused("400".to_owned()));
        for (fault, refused) in [(S3Fault::NoBucket, true), (S3Fault::Slow, false)] {
            let told = fault.at_start("s3://b");
            assert_eq!(matches!(told, StoreError::Refused(_)), refused, "{told}");
        }
    }
}
