//! What counts as the second step: a code of the authenticator, or a recovery code, each once.

use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq;

use crate::domain::account::SecondStep;
use crate::runtime::one_time_code;
use crate::runtime::tokens::{hex, sha256};

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

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}
