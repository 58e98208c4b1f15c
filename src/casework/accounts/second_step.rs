//! The second step at sign-in: codes of an authenticator (RFC 6238), and recovery codes.

use std::net::IpAddr;

use super::code::{kept, use_code};
use super::failures::TryKey;
use super::{Accounts, Own, Proof, SignInFault, account_event, token_id};
use crate::casework::Fault;
use crate::domain::account::{Account, SecondStep};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::runtime::one_time_code::{self, SECRET_BYTES};
use crate::runtime::tokens::{hex, random};

/// Recovery codes that a second step begins with.
const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code: 80 bits.
const RECOVERY_BYTES: usize = 10;

/// A second step in the making: for the authenticator.
#[derive(Clone)]
pub struct NewSecondStep {
    /// Base32, in groups, to be typed.
    pub secret: String,
    /// What an authenticator reads from a picture or a link.
    pub link: String,
}

/// What came of beginning a second step.
pub enum Begun {
    /// It is begun; the recovery codes.
    Codes(Vec<String>),
    /// The code is not one of the new secret.
    WrongCode,
    /// The password, or the code of the step that there is, is not right.
    NotProven,
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

    /// Begins the second step of an account, or another in its place, if the proof is right and the code is
    /// one of the secret; gives the recovery codes, which are shown this once.
    pub async fn begin_second_step(
        &self,
        own: Own<'_>,
        proof: Proof<'_>,
        secret: &str,
        code: &str,
    ) -> Result<Begun, Fault> {
        let Some(bytes) = one_time_code::of_base32(secret).filter(|one| one.len() == SECRET_BYTES)
        else {
            return Ok(Begun::WrongCode);
        };
        let Some(step) = one_time_code::matching_step(&bytes, code, self.now(), 0) else {
            return Ok(Begun::WrongCode);
        };
        if !self.prove_password(own, proof).await? {
            return Ok(Begun::NotProven);
        }
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            codes.push(one_time_code::base32(&random::<RECOVERY_BYTES>()?));
        }
        let begun = SecondStep {
            secret: hex(&bytes),
            used_step: step,
            recovery: codes.iter().map(|code| kept(code)).collect(),
        };
        let changed = self
            .change_proven(own, proof, "second_step_on", |account| {
                account.second_step = Some(begun.clone());
            })
            .await?;
        Ok(match changed {
            Some(_) => {
                Begun::Codes(codes.iter().map(|code| one_time_code::in_groups(code)).collect())
            }
            None => Begun::NotProven,
        })
    }

    /// Takes the second step off an account. `false`: the proof is not right.
    pub async fn end_second_step(&self, own: Own<'_>, proof: Proof<'_>) -> Result<bool, Fault> {
        if !self.prove_password(own, proof).await? {
            return Ok(false);
        }
        let off = |account: &mut Account| account.second_step = None;
        Ok(self.change_proven(own, proof, "second_step_off", off).await?.is_some())
    }

    /// The second step of a session that is half a one: it becomes a whole one.
    ///
    /// # Errors
    /// As [`Accounts::sign_in`]. After as many wrong codes as are free the half sessions of the account end,
    /// so that the password is needed again, and the next code must wait.
    pub async fn take_second_step(
        &self,
        organisation: &OrganisationId,
        token: &str,
        code: Code<'_>,
    ) -> Result<(), SignInFault> {
        let live = self.live(organisation, token).await?.filter(|live| live.session.half);
        let live = live.ok_or(SignInFault::Over)?;
        let login = live.account.login.as_str();
        if !self.begin_code(organisation, login).await? {
            return Err(SignInFault::Refused);
        }
        let used = self
            .change(organisation, login, None, "signed_in", |account, now| {
                let step = account.second_step.as_mut().ok_or(Fault::NotFound("second step"))?;
                use_code(step, code.typed, now).ok_or_else(|| Fault::Refused("code".to_owned()))?;
                account.last_seen = Some(now);
                Ok(())
            })
            .await;
        match used {
            Ok(_) => {}
            Err(Fault::Refused(_) | Fault::NotFound(_)) => {
                self.note_wrong_code(organisation, &live.account).await?;
                if self.failures.is_shut(organisation, &TryKey::code(login)).await? {
                    self.end_half_sessions(organisation, &live.account).await?;
                    return Err(SignInFault::Over);
                }
                return Err(SignInFault::Refused);
            }
            Err(fault) => return Err(SignInFault::Store(fault)),
        }
        let id = token_id(token);
        let Some((mut session, version)) = self.book.session(organisation, &id).await? else {
            return Err(SignInFault::Over);
        };
        session.half = false;
        let stamp = self.stamp(&live.account.name);
        if !self.book.put_session(organisation, &id, &session, version, stamp).await? {
            return Err(SignInFault::Store(Fault::Contended));
        }
        self.forget_codes(organisation, login).await?;
        self.forget_passwords(organisation, login, code.source).await?;
        Ok(())
    }

    /// Counts a code that is about to be looked at. `false`: it comes too soon.
    pub(super) async fn begin_code(
        &self,
        organisation: &OrganisationId,
        login: &str,
    ) -> Result<bool, Fault> {
        self.failures.begin(organisation, &TryKey::code(login), self.now()).await
    }

    pub(super) async fn forget_codes(
        &self,
        organisation: &OrganisationId,
        login: &str,
    ) -> Result<(), Fault> {
        self.failures.forget(organisation, &TryKey::code(login), self.now()).await
    }

    pub(super) async fn forget_passwords(
        &self,
        organisation: &OrganisationId,
        login: &str,
        source: Option<IpAddr>,
    ) -> Result<(), Fault> {
        self.failures.forget(organisation, &TryKey::password(login, source), self.now()).await
    }

    /// Says on the trail that somebody who has the password had no code.
    pub(super) async fn note_wrong_code(
        &self,
        organisation: &OrganisationId,
        account: &Account,
    ) -> Result<(), Fault> {
        let event = account_event(&account.login, "code_wrong");
        self.book.note(organisation, self.stamp(&account.name), event).await
    }
}
