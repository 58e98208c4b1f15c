//! The second step at sign-in: codes of an authenticator (RFC 6238), and recovery codes.

use subtle::ConstantTimeEq;

use super::{Accounts, SignInFault, failures, token_id};
use crate::casework::Fault;
use crate::domain::account::{Account, SecondStep};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::StoreError;
use crate::runtime::one_time_code::{self, SECRET_BYTES};
use crate::runtime::tokens::{hex, sha256};

/// Recovery codes that a second step begins with.
const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code: 80 bits.
const RECOVERY_BYTES: usize = 10;

/// A second step in the making: what the authenticator is told.
#[derive(Clone)]
pub struct NewSecondStep {
    /// Base32, in groups, to be typed.
    pub secret: String,
    /// What an authenticator reads from a picture or a link.
    pub link: String,
}

/// What somebody typed at the second step.
pub struct Code<'a> {
    pub typed: &'a str,
    pub source: Option<std::net::IpAddr>,
}

impl Accounts {
    /// A secret for a new second step; nothing is written before its first code is right.
    pub fn new_second_step(
        &self,
        organisation: &Organisation,
        account: &Account,
    ) -> Result<NewSecondStep, Fault> {
        let secret = one_time_code::base32(&random::<SECRET_BYTES>()?);
        let link = one_time_code::link(&secret, &organisation.profile.name, &account.login);
        Ok(NewSecondStep { secret, link })
    }

    /// Begins the second step of an account, if the code is one of the secret; gives the recovery codes,
    /// which are shown this once. `None`: the code is not right.
    pub async fn begin_second_step(
        &self,
        organisation: &OrganisationId,
        account: &Account,
        secret: &str,
        code: &str,
    ) -> Result<Option<Vec<String>>, Fault> {
        let Some(bytes) = one_time_code::of_base32(secret).filter(|one| one.len() == SECRET_BYTES)
        else {
            return Ok(None);
        };
        let Some(step) = one_time_code::matching_step(&bytes, code, self.now(), 0) else {
            return Ok(None);
        };
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            codes.push(one_time_code::base32(&random::<RECOVERY_BYTES>()?));
        }
        let begun = SecondStep {
            secret: hex(&bytes),
            used_step: step,
            recovery: codes.iter().map(|code| kept(code)).collect(),
        };
        self.change(organisation, &account.login, None, "second_step_on", |account, _| {
            account.second_step = Some(begun.clone());
            Ok(())
        })
        .await?;
        Ok(Some(codes.iter().map(|code| one_time_code::in_groups(code)).collect()))
    }

    /// Takes the second step off an account.
    pub async fn end_second_step(
        &self,
        organisation: &OrganisationId,
        account: &Account,
    ) -> Result<(), Fault> {
        self.change(organisation, &account.login, None, "second_step_off", |account, _| {
            account.second_step = None;
            Ok(())
        })
        .await
        .map(|_| ())
    }

    /// The second step of a session that is half a one: it becomes a whole one.
    ///
    /// # Errors
    /// As [`Accounts::sign_in`]; a wrong code counts as a wrong password does.
    pub async fn take_second_step(
        &self,
        organisation: &OrganisationId,
        token: &str,
        code: Code<'_>,
    ) -> Result<(), SignInFault> {
        let live = self.live(organisation, token).await?.ok_or(SignInFault::Refused)?;
        let key = failures::key(organisation, &live.account.login, code.source);
        let now = self.now();
        if self.failures.must_wait(&key, now) {
            self.failures.failed(&key, now);
            return Err(SignInFault::Refused);
        }
        let used = self
            .change(organisation, &live.account.login, None, "signed_in", |account, now| {
                let step = account.second_step.as_mut().ok_or(Fault::NotFound("second step"))?;
                use_code(step, code.typed, now).ok_or_else(|| Fault::Refused("code".to_owned()))?;
                account.last_seen = Some(now);
                Ok(())
            })
            .await;
        match used {
            Ok(_) => {}
            Err(Fault::Refused(_) | Fault::NotFound(_)) => {
                self.failures.failed(&key, now);
                return Err(SignInFault::Refused);
            }
            Err(fault) => return Err(SignInFault::Store(fault)),
        }
        self.failures.forget(&key);
        let id = token_id(token);
        let Some((mut session, version)) = self.book.session(organisation, &id).await? else {
            return Err(SignInFault::Refused);
        };
        session.half = false;
        let stamp = self.stamp(&live.account.name);
        if self.book.put_session(organisation, &id, &session, version, stamp).await? {
            Ok(())
        } else {
            Err(SignInFault::Store(Fault::Contended))
        }
    }
}

/// Uses a code up; `None`: it is not right.
fn use_code(step: &mut SecondStep, typed: &str, now: chrono::DateTime<chrono::Utc>) -> Option<()> {
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

fn kept(code: &str) -> String {
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

fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Fault::Store(StoreError::Unavailable("no random bytes".to_owned())))?;
    Ok(bytes)
}
