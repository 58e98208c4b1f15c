//! How a call to Redis fails, before it is anybody's trouble.

use redis::Value;

use super::fault;
use super::script::Call;
use crate::ports::StoreError;

pub(super) enum Failure {
    Redis(redis::RedisError),
    NoAnswer,
    /// An answer came that is to no call, or to another one.
    NotOurs,
    /// Written on the master, and on too few replicas in time.
    NotAcknowledged,
}

impl Failure {
    pub(super) fn into_fault(self) -> StoreError {
        match self {
            Failure::Redis(error) => fault::from_redis(&error),
            Failure::NoAnswer => fault::no_answer(),
            Failure::NotOurs => fault::rubbish(),
            Failure::NotAcknowledged => fault::not_acknowledged(),
        }
    }
}

/// A call's own answer.
pub(super) fn own(call: &Call<'_>, answer: Value) -> Result<Value, Failure> {
    match answer {
        Value::ServerError(error) => Err(Failure::Redis(error.into())),
        answer => call.answer(answer).ok_or(Failure::NotOurs),
    }
}
