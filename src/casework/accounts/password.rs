//! Passwords: argon2id, off the threads that serve requests, a few at once.

use std::sync::OnceLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::runtime::limits::{
    PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, PASSWORDS_AT_ONCE_MAX, PASSWORDS_WAITING_MAX,
};
use crate::runtime::tokens::random;

/// 19 MiB, two passes, one lane: the first of the two that OWASP's cheat sheet on password storage names
/// for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// What a password must not be: what guessers try first. The organisation's and the person's names are added to it.
const COMMON: [&str; 24] = [
    "password1234",
    "password12345",
    "passwordpassword",
    "123456789012",
    "1234567890123",
    "qwertyuiop12",
    "qwertyuiop123",
    "letmeinletmein",
    "welcome12345",
    "welcomewelcome",
    "administrator",
    "adminadminadmin",
    "changemechangeme",
    "iloveyouiloveyou",
    "manchesterunited",
    "liverpoolfc123",
    "footballfootball",
    "monkeymonkey1",
    "dragondragon1",
    "sunshine12345",
    "princess12345",
    "abcdefghijkl",
    "abc123abc123",
    "contact-gateway",
];

/// Too many wait for their password to be checked.
#[derive(Debug)]
pub(super) struct Busy;

/// Why a password can't be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordFault {
    TooShort,
    TooLong,
    /// Among the commonest, or made of the name.
    Guessable,
    NotTheSame,
}

/// Whether a password may be chosen. `names`: what it must not be made of.
pub(super) fn check(password: &str, names: &[&str]) -> Result<(), PasswordFault> {
    let length = password.chars().count();
    if length < PASSWORD_CHARS_MIN {
        return Err(PasswordFault::TooShort);
    }
    if length > PASSWORD_CHARS_MAX {
        return Err(PasswordFault::TooLong);
    }
    let folded = password.to_lowercase();
    let one_letter = folded.chars().next().is_some_and(|first| folded.chars().all(|c| c == first));
    let of_names = names.iter().any(|name| {
        let name = name.to_lowercase();
        // A name with a few characters around it is a name.
        name.chars().count() >= 4
            && folded.contains(&name)
            && length < name.chars().count() + PASSWORD_CHARS_MIN / 2
    });
    if one_letter || of_names || COMMON.contains(&folded.as_str()) {
        return Err(PasswordFault::Guessable);
    }
    Ok(())
}

pub(super) struct Passwords {
    turns: Semaphore,
    waiting: Semaphore,
}

impl Passwords {
    pub(super) const fn new() -> Self {
        Passwords {
            turns: Semaphore::const_new(PASSWORDS_AT_ONCE_MAX),
            waiting: Semaphore::const_new(PASSWORDS_WAITING_MAX),
        }
    }

    /// Whether this is the password of that hash. Without one the same work is done, for nothing: how
    /// long it takes tells nobody whether there is such an account.
    pub(super) async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool, Busy> {
        let password = cut(password);
        self.work(move || {
            let (hash, counts) = match hash {
                Some(hash) => (hash, true),
                None => (nobodys().to_owned(), false),
            };
            argon().verify_password(password.as_bytes(), hash.as_str()).is_ok() && counts
        })
        .await
    }

    /// The hash as a PHC string; `None`: it can't be made.
    pub(super) async fn hash(&self, password: &str) -> Result<Option<String>, Busy> {
        let password = cut(password);
        self.work(move || hash(&password)).await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Busy)?;
        // Never closed.
        let _turn = self.turns.acquire().await.map_err(|_| Busy)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| Busy)
    }
}

/// No longer than a password may be: nothing is gained by hashing more.
fn cut(password: &str) -> String {
    password.chars().take(PASSWORD_CHARS_MAX + 1).collect()
}

fn argon() -> Argon2<'static> {
    // These parameters are within argon2's bounds.
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or(Params::DEFAULT);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> Option<String> {
    let salt = random::<SALT_BYTES>().ok()?;
    let hash = argon().hash_password_with_salt(password.as_bytes(), &salt).ok()?;
    Some(hash.to_string())
}

/// A hash of nobody's, made once.
fn nobodys() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash("the password of nobody").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_nobodys_is_never_right() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse battery").await.unwrap().unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse battery", Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse batterx", Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("the password of nobody", None).await.unwrap());
        // The same password has another salt.
        assert_ne!(passwords.hash("correct horse battery").await.unwrap().unwrap(), hash);
    }

    #[test]
    fn what_guessers_try_first_is_refused() {
        let names = ["Karbon Homes", "ann.hall@karbon.example"];
        assert_eq!(check("short", &names), Err(PasswordFault::TooShort));
        assert_eq!(check(&"long".repeat(100), &names), Err(PasswordFault::TooLong));
        for wrong in ["Password1234", "aaaaaaaaaaaa", "Karbon Homes1", "ann.hall@karbon.example!"] {
            assert_eq!(check(wrong, &names), Err(PasswordFault::Guessable), "{wrong}");
        }
        for right in ["quiet lamps mend fences", "Karbon Homes has very many doors"] {
            assert_eq!(check(right, &names), Ok(()), "{right}");
        }
    }
}
