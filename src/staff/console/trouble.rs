//! What went wrong with a request. `trouble_page` says it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::casework::Fault;
use crate::domain::duty::Duty;
use crate::staff::incoming::NotTaken;

/// What went wrong. A handler returns it; the page is made where it is known who sees it.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    /// Nobody is signed in, or not any more. With the text, if there was any.
    SignedOut,
    SignedOutWriting {
        wrote: String,
    },
    /// The role has none of these duties.
    NotAllowed(&'static [Duty]),
    /// The role must take a second step at sign-in, and it is to be set up first.
    OwesSecondStep,
    NotFound,
    OtherSite,
    TooLong,
    /// Too many forms are in hand.
    NoRoom,
    /// An earlier press of the same form is still being carried out.
    BeingDone,
    Casework(Fault),
    Ours,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotFound(_) => Trouble::NotFound,
            other => Trouble::Casework(other),
        }
    }
}

impl From<NotTaken> for Trouble {
    fn from(fault: NotTaken) -> Self {
        match fault {
            NotTaken::TooLarge => Trouble::TooLong,
            NotTaken::NoRoom => {
                tracing::warn!("a form of the console was refused: too many bodies are in hand");
                Trouble::NoRoom
            }
            // To somebody who went away any answer is the same.
            NotTaken::Broken => Trouble::Ours,
        }
    }
}

/// The status, and the trouble itself for [`enter`](super::entrance::enter) to put into words.
impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Trouble {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Trouble::SignedOut | Trouble::SignedOutWriting { .. } => StatusCode::UNAUTHORIZED,
            Trouble::NotAllowed(_) | Trouble::OwesSecondStep | Trouble::OtherSite => {
                StatusCode::FORBIDDEN
            }
            Trouble::NotFound => StatusCode::NOT_FOUND,
            Trouble::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Trouble::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Trouble::BeingDone => StatusCode::CONFLICT,
            Trouble::Casework(fault) => status_of(fault),
            Trouble::Ours => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

const fn status_of(fault: &Fault) -> StatusCode {
    match fault {
        Fault::DeadLetters(_) => StatusCode::SERVICE_UNAVAILABLE,
        Fault::Store(error) if error.is_retryable() => StatusCode::SERVICE_UNAVAILABLE,
        Fault::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Fault::Delivery(_) => StatusCode::BAD_GATEWAY,
        Fault::Invalid(_) | Fault::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}
