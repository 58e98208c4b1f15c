//! What counts as the second step: a code of the authenticator, or a recovery code, each once.

use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq;

use crate::domain::account::SecondStep;
use crate::runtime::one_time_code;
use crate::runtime::tokens::{hex, sha256, unhex};

/// Uses a code up; `None`: it is not right.
pub(super) fn use_code(step: &mut SecondStep, typed: &str, now: DateTime<Utc>) -> Option<()> {
    let secret = unhex(&step.secret)?;
    if let Some(used) = one_time_code::matching_step(&secret, typed, now, step.used_step) {
        step.used_step = used;
        return Some(());
    }
    let digest = kept(&one_time_code::plain(typed));
    let at =
        step.recovery.iter().position(|one| bool::from(one.as_bytes().ct_eq(digest.as_bytes())))?;
    step.recovery.remove(at);
    Some(())
}

pub(super) fn kept(code: &str) -> String {
    hex(&sha256(code.as_bytes()))
}
