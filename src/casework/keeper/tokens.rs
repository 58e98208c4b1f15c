//! API tokens that expire: governance is reminded some weeks before, and once they have expired.

use std::sync::Arc;

use chrono::NaiveDate;

use super::About;
use crate::casework::{Desk, Fault};
use crate::domain::diary::reminder::Reminder;
use crate::domain::organisation::Organisation;
use crate::domain::queue::GOVERNANCE;
use crate::domain::token_life::{TokenLife, TokenState};
use crate::ports::Mailer;

/// Takes the place of the name that a diary entry gives to what falls due.
const TOKEN_EXPIRY: &str = "token_expiry";

/// An API token that expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEnd {
    /// The holder's name.
    pub name: String,
    pub life: TokenLife,
}

impl Desk {
    /// Reminds governance of those of an organisation's `tokens` that expire soon or have expired: once for each token
    /// and state, however many gateways run. Returns how many reminders were written.
    ///
    /// # Errors
    /// The store can't be read or written: the next round tries again.
    pub async fn remind_of_tokens(
        &self,
        organisation: &Arc<Organisation>,
        mailer: &Arc<dyn Mailer>,
        tokens: &[TokenEnd],
    ) -> Result<usize, Fault> {
        let today = self.today(organisation);
        let due = tokens.iter().filter_map(|token| of_token(token, today)).collect();
        self.remind_of(organisation, mailer, due, today, |_, _| {}).await
    }

    /// The tokens of the configuration (`tokens`) that expire, and all that were made in the console or by the API.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn token_ends(
        &self,
        organisation: &Organisation,
        tokens: &[TokenEnd],
    ) -> Result<Vec<TokenEnd>, Fault> {
        let zone = organisation.profile.timezone;
        let made = self.api_tokens(&organisation.id).await?.into_iter();
        let made = made.map(|token| TokenEnd { life: token.life(zone), name: token.name });
        Ok(tokens.iter().cloned().chain(made).collect())
    }
}

fn of_token(token: &TokenEnd, today: NaiveDate) -> Option<About> {
    let TokenEnd { name, life } = token;
    let last_day = life.last_day();
    let (state, text) = match life.state(today) {
        TokenState::Valid => return None,
        TokenState::Soon => (
            "upcoming",
            format!("The API token of {name} expires after {last_day}. Make a new one."),
        ),
        TokenState::Expired => {
            ("overdue", format!("The API token of {name} expired on {last_day} and is refused."))
        }
    };
    Some(About {
        reminder: Reminder {
            key: format!("{TOKEN_EXPIRY} {name} {last_day} {state}"),
            queue: GOVERNANCE.to_owned(),
            text,
        },
        what: TOKEN_EXPIRY,
        about: name.clone(),
        person: None,
        state,
        clause: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_some_weeks_before_and_once_it_has_expired() {
        let life = TokenLife::new("2027-01-31".parse().unwrap(), chrono_tz::Europe::London);
        let token = TokenEnd { name: "CRM".to_owned(), life };
        let state = |today: &str| of_token(&token, today.parse().unwrap()).map(|it| it.state);
        assert_eq!(state("2027-01-02"), None);
        assert_eq!(state("2027-01-03"), Some("upcoming"));
        assert_eq!(state("2027-01-31"), Some("upcoming"));
        assert_eq!(state("2027-02-01"), Some("overdue"));
    }
}
