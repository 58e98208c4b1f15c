//! Errors for programs: problem details (RFC 9457), each type with a URI that does not change.

use hyper::StatusCode;
use serde::Serialize;

use super::answer::Answer;
use super::body::CollectError;

pub const CONTENT_TYPE: &str = "application/problem+json";

/// The kinds of problem that the contacts listener tells programs of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemType {
    /// The body is not what the endpoint takes.
    InvalidBody,
    /// No host, or more than one.
    Misdirected,
    TooLarge,
    /// The body took too long to come.
    TooSlow,
    UnsupportedEncoding,
    /// No token, or none that is known.
    Unauthorised,
    /// The token was one, and its last day is over. The staff side has the same type.
    TokenExpired,
    /// The token is another organisation's.
    Forbidden,
    NotFound,
    MethodNotAllowed,
    /// The same contact id with other content.
    ContactConflict,
    /// The contact is limited, and time opens the way again.
    ContactLimited,
    /// The contact is limited on this channel.
    ChannelClosed,
    /// The contact is not passed on; why is not for the asker.
    NotTaken,
    /// The form's own handler does not answer.
    UpstreamUnavailable,
    UpstreamTimeout,
    Internal,
    /// The decision could not be kept; the same request may work later.
    TryAgain,
    /// One client made too many requests in a short time.
    TooManyRequests,
    /// The text is kept; there is no room for the files.
    FilesNotKept,
}

impl ProblemType {
    /// The type's URI. Stable: programs compare it.
    pub const fn uri(self) -> &'static str {
        match self {
            ProblemType::InvalidBody => "urn:contact-gateway:problem:invalid-body",
            ProblemType::Misdirected => "urn:contact-gateway:problem:misdirected",
            ProblemType::TooLarge => "urn:contact-gateway:problem:too-large",
            ProblemType::TooSlow => "urn:contact-gateway:problem:too-slow",
            ProblemType::UnsupportedEncoding => "urn:contact-gateway:problem:unsupported-encoding",
            ProblemType::Unauthorised => "urn:contact-gateway:problem:unauthorised",
            ProblemType::TokenExpired => "urn:contact-gateway:problem:token-expired",
            ProblemType::Forbidden => "urn:contact-gateway:problem:forbidden",
            ProblemType::NotFound => "urn:contact-gateway:problem:not-found",
            ProblemType::MethodNotAllowed => "urn:contact-gateway:problem:method-not-allowed",
            ProblemType::ContactConflict => "urn:contact-gateway:problem:contact-conflict",
            ProblemType::ContactLimited => "urn:contact-gateway:problem:contact-limited",
            ProblemType::ChannelClosed => "urn:contact-gateway:problem:channel-closed",
            ProblemType::NotTaken => "urn:contact-gateway:problem:not-taken",
            ProblemType::UpstreamUnavailable => "urn:contact-gateway:problem:upstream-unavailable",
            ProblemType::UpstreamTimeout => "urn:contact-gateway:problem:upstream-timeout",
            ProblemType::Internal => "urn:contact-gateway:problem:internal",
            ProblemType::TryAgain => "urn:contact-gateway:problem:try-again",
            ProblemType::TooManyRequests => "urn:contact-gateway:problem:too-many-requests",
            ProblemType::FilesNotKept => "urn:contact-gateway:problem:files-not-kept",
        }
    }

    pub const fn status(self) -> StatusCode {
        match self {
            ProblemType::InvalidBody | ProblemType::Misdirected => StatusCode::BAD_REQUEST,
            ProblemType::TooLarge | ProblemType::FilesNotKept => StatusCode::PAYLOAD_TOO_LARGE,
            ProblemType::TooSlow => StatusCode::REQUEST_TIMEOUT,
            ProblemType::UnsupportedEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ProblemType::Unauthorised | ProblemType::TokenExpired => StatusCode::UNAUTHORIZED,
            ProblemType::Forbidden | ProblemType::ChannelClosed | ProblemType::NotTaken => {
                StatusCode::FORBIDDEN
            }
            ProblemType::NotFound => StatusCode::NOT_FOUND,
            ProblemType::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ProblemType::ContactConflict => StatusCode::CONFLICT,
            ProblemType::ContactLimited | ProblemType::TooManyRequests => {
                StatusCode::TOO_MANY_REQUESTS
            }
            ProblemType::UpstreamUnavailable => StatusCode::BAD_GATEWAY,
            ProblemType::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            ProblemType::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            ProblemType::TryAgain => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            ProblemType::InvalidBody => "The body can't be read",
            ProblemType::Misdirected => "The request names no host, or several",
            ProblemType::TooLarge => "The body is too large",
            ProblemType::TooSlow => "The body did not come in time",
            ProblemType::UnsupportedEncoding => "The body's encoding is not supported",
            ProblemType::Unauthorised => "A token is needed",
            ProblemType::TokenExpired => "The token has expired",
            ProblemType::Forbidden => "Not allowed here",
            ProblemType::NotFound => "Nothing is here",
            ProblemType::MethodNotAllowed => "The method is not allowed here",
            ProblemType::ContactConflict => "The contact's id was used before with other content",
            ProblemType::ContactLimited => "The contact was not passed on",
            ProblemType::ChannelClosed => "This way of contact is not open",
            ProblemType::NotTaken => "The message was not sent on",
            ProblemType::UpstreamUnavailable => "The form can't be reached",
            ProblemType::UpstreamTimeout => "The form does not answer",
            ProblemType::Internal => "Something went wrong",
            ProblemType::TryAgain => "Not possible just now",
            ProblemType::TooManyRequests => "Too many requests in a short time",
            ProblemType::FilesNotKept => "The text was kept, its files were not",
        }
    }
}

/// A problem and its particulars.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    uri: &'static str,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Members of this problem type's own (RFC 9457 3.2).
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
    #[serde(skip)]
    code: StatusCode,
}

impl Problem {
    pub fn new(kind: ProblemType) -> Self {
        Problem {
            uri: kind.uri(),
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: None,
            more: serde_json::Map::new(),
            code: kind.status(),
        }
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    pub fn answer(&self) -> Answer {
        // Only strings and numbers: nothing in it can fail to serialise.
        let body = serde_json::to_vec(self).unwrap_or_default();
        Answer::new(self.code, CONTENT_TYPE, body)
    }
}

impl From<CollectError> for ProblemType {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::TooLarge => ProblemType::TooLarge,
            CollectError::Broken => ProblemType::InvalidBody,
            CollectError::TooSlow => ProblemType::TooSlow,
            CollectError::NoRoom => ProblemType::TryAgain,
        }
    }
}

impl From<ProblemType> for Answer {
    fn from(kind: ProblemType) -> Self {
        Problem::new(kind).answer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_what_rfc_9457_asks_for() {
        let answer = Problem::new(ProblemType::InvalidBody)
            .detail("line 1, column 2")
            .member("pointer", "/from/0")
            .answer();
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:contact-gateway:problem:invalid-body",
                "title": "The body can't be read",
                "status": 400,
                "detail": "line 1, column 2",
                "pointer": "/from/0",
            })
        );
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}
