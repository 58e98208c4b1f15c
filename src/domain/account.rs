//! Accounts of the staff console: who may sign in, as what, and what keeps a session alive.
//!
//! Plain records and the rules on them. Passwords and tokens are here only as what is left of them: a
//! hash.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::language::Language;
use super::profile::Role;
use super::provider::Identity;

pub use super::seen::as_seen;

/// Somebody who may sign in to the console of one organisation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The name to sign in with, in lower case.
    pub login: String,
    /// The name under which everything is on the audit trail.
    pub name: String,
    pub role: Role,
    /// The password as a PHC string (argon2id); none was chosen yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    pub made: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<DateTime<Utc>>,
    /// May not sign in any more; the name stays, since the trail has it.
    #[serde(default)]
    pub closed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_step: Option<SecondStep>,
    /// The id of the one invitation with which its password may be chosen. It is gone as soon as that is
    /// used, the password changed or the account closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
    /// How an identity provider knows them, where they sign in by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Linked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Single keys act on pages (WCAG 2.2, 2.1.4: they can be switched off).
    #[serde(default = "yes")]
    pub keys: bool,
}

const fn yes() -> bool {
    true
}

impl Account {
    /// Closes it: an invitation that was on its way opens nothing any more.
    pub fn close(&mut self) {
        self.closed = true;
        self.invitation = None;
    }
}

/// An account's link with somebody at an identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linked {
    pub identity: Identity,
    /// A group at the provider gave the account its role, and may take it away.
    pub role_by_group: bool,
}

/// Shows only the login: nothing of a secret reaches a log.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({}, closed: {})", self.login, self.closed)
    }
}

/// The second step at sign-in: a code that changes (RFC 6238), or a code for when the device is lost.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondStep {
    /// The shared secret, in hexadecimal.
    pub secret: String,
    /// The last time step whose code was used: no code counts twice.
    pub used_step: u64,
    /// SHA-256 of the recovery codes that are left, in hexadecimal.
    pub recovery: Vec<String>,
}

impl std::fmt::Debug for SecondStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecondStep({} recovery codes)", self.recovery.len())
    }
}

/// A browser in which somebody is signed in. Its id is the SHA-256 of a random token that only the browser has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    pub login: String,
    pub made: DateTime<Utc>,
    pub seen: DateTime<Utc>,
    /// What the browser called itself, in a few words.
    pub browser: String,
    /// The password was right, and the second step is still to be taken.
    #[serde(default)]
    pub half: bool,
    /// Begun by an identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ByProvider>,
}

/// What a session that an identity provider began is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByProvider {
    /// Which one, by its name in the configuration.
    pub name: String,
    /// It asked for a second step that counts here.
    pub second_step: bool,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    pub idle: TimeDelta,
    pub longest: TimeDelta,
    /// Of one whose second step is still to be taken, used or not.
    pub half: TimeDelta,
}

impl Session {
    /// When it ends if nothing more is asked.
    pub fn ends(&self, times: SessionTimes) -> DateTime<Utc> {
        let latest = if self.half { times.half } else { times.longest };
        (self.seen + times.idle).min(self.made + latest)
    }

    pub fn is_over(&self, times: SessionTimes, now: DateTime<Utc>) -> bool {
        now >= self.ends(times)
    }
}

/// A link with which somebody chooses a password: a new account's, or one whose password is forgotten. Its
/// id is the SHA-256 of the link's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Whose; none: the first administrator, who says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// The SHA-256 of its token, only of the first administrator's: there is one of these at a time, and
    /// its id is always the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    pub ends: DateTime<Utc>,
    /// It signs in anybody who has it, with no password: only the demo's.
    #[serde(default)]
    pub pass: bool,
}

/// A login as it is compared: without case and blanks around it. `None`: it can't be one.
pub fn login(written: &str) -> Option<String> {
    const LOGIN_CHARS_MAX: usize = 100;
    let login = written.trim().to_lowercase();
    let plain = |c: char| c.is_alphanumeric() || ".-_@+'".contains(c);
    let fits = (1..=LOGIN_CHARS_MAX).contains(&login.chars().count());
    (fits && login.chars().all(plain)).then_some(login)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one() {
        for other in
            ["ann hall", " Ann  Hall ", "Ann-Hall", "\u{391}nn Hall", "Ann H\u{430}ll", "Ann Ha11"]
        {
            assert_eq!(as_seen(other), as_seen("Ann Hall"), "{other}");
        }
        for other in ["Ann Hill", "Anna Hall", "Anne Hall", "Bob Reed"] {
            assert_ne!(as_seen(other), as_seen("Ann Hall"), "{other}");
        }
    }

    #[test]
    fn a_login_has_no_case_and_no_blanks() {
        assert_eq!(login(" Ann.Hall@Karbon.example ").as_deref(), Some("ann.hall@karbon.example"));
        for wrong in ["", "  ", "a b", "a/b", "a\u{0}b", &"a".repeat(101)] {
            assert_eq!(login(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_session_ends_when_idle_and_at_the_latest() {
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let times = SessionTimes {
            idle: TimeDelta::minutes(30),
            longest: TimeDelta::hours(12),
            half: TimeDelta::minutes(10),
        };
        let mut session = Session {
            login: "ann".to_owned(),
            made: at(0),
            seen: at(0),
            browser: String::new(),
            half: false,
            provider: None,
        };
        assert!(!session.is_over(times, at(29)) && session.is_over(times, at(30)));
        session.seen = at(11 * 60 + 50);
        assert!(!session.is_over(times, at(11 * 60 + 59)) && session.is_over(times, at(12 * 60)));
        let half = Session { half: true, seen: at(9), made: at(0), ..session };
        assert!(!half.is_over(times, at(9)) && half.is_over(times, at(10)));
    }

    #[test]
    fn a_log_shows_the_login_of_an_account_and_no_secret() {
        let account: Account = serde_json::from_value(serde_json::json!({
            "login": "ann", "name": "Ann Hall", "role": "agent", "password": "$argon2id$secret",
            "made": "2026-01-05T09:00:00Z",
        }))
        .unwrap();
        assert_eq!(format!("{account:?}"), "Account(ann, closed: false)");
    }

    #[test]
    fn an_account_as_it_is_made_is_open_and_closed_it_takes_no_invitation() {
        let mut account: Account = serde_json::from_value(serde_json::json!({
            "login": "ann", "name": "Ann Hall", "role": "agent", "made": "2026-01-05T09:00:00Z", "invitation": "i-1",
        }))
        .unwrap();
        assert!(account.keys && !account.closed);
        account.close();
        assert_eq!((account.closed, &account.invitation), (true, &None));
        assert_eq!(format!("{account:?}"), "Account(ann, closed: true)");
        let (secret, recovery) = ("0a".to_owned(), vec!["1b".to_owned(), "2c".to_owned()]);
        let step = SecondStep { secret, used_step: 0, recovery };
        assert_eq!(format!("{step:?}"), "SecondStep(2 recovery codes)");
    }
}
