//! The tokens of programs, on the page of staff and tokens.

use chrono::NaiveDate;

use super::say;
use super::visit::Visit;
use super::words;
use crate::casework::Fault;
use crate::casework::accounts::ApiTokenFault;
use crate::domain::api_token::ApiToken;
use crate::domain::duty::PROGRAM;
use crate::domain::language::Language;
use crate::domain::profile::Role;
use crate::domain::token_life::{TokenLife, TokenState};
use crate::staff::{Staff, WithToken};

/// What the page says of tokens, with the form that makes one.
pub(super) struct TokensPart<'a> {
    pub w: &'static words::ApiTokens,
    pub lines: Vec<TokenLine>,
    pub typed: TypedToken<'a>,
    pub roles: Vec<(String, String, bool)>,
    /// The latest last day.
    pub latest: String,
    /// One that was just made, which is shown only once, and its holder.
    pub made: Option<(String, String)>,
}

/// A token: holder, role, expiry.
pub(super) struct TokenLine {
    pub name: String,
    pub role: String,
    pub until: String,
    /// The CSS classes of the expiry, if somebody has to act.
    pub tag: Option<&'static str>,
    /// When it was last used; none: that is not known of a token of the configuration.
    pub used: Option<String>,
    /// By whom and when it was made.
    pub made: String,
    /// Where it is revoked; none: in the configuration.
    pub revoke: Option<String>,
}

/// The form as it was sent.
#[derive(Default, Clone, Copy)]
pub(super) struct TypedToken<'a> {
    pub name: &'a str,
    pub role: &'a str,
    pub expires: &'a str,
}

/// All that the page shows of an organisation's tokens.
pub(super) async fn part<'a>(
    staff: &Staff,
    visit: &Visit,
    typed: TypedToken<'a>,
    made: Option<(String, String)>,
) -> Result<TokensPart<'a>, Fault> {
    let (language, organisation) = (visit.language(), &visit.organisation);
    let w = words::ApiTokens::of(language);
    let accounts = &staff.casework(visit).accounts;
    let today = staff.casework(visit).desk.today(organisation);
    let configured = staff.configured_tokens(&organisation.id);
    let mut lines: Vec<TokenLine> =
        configured.map(|one| of_configuration(one, today, w, language)).collect();
    for (id, token) in accounts.api_tokens(&organisation.id).await? {
        lines.push(of_store(visit, &id, &token, today, w));
    }
    let chosen = if typed.role.is_empty() { PROGRAM } else { typed.role };
    let program = Role(PROGRAM.to_owned());
    let others = organisation.profile.roles.iter().filter(|role| **role != program);
    let roles = std::iter::once(&program).chain(others);
    let roles = roles
        .map(|role| (role.0.clone(), say::role_name(role, language), role.0 == chosen))
        .collect();
    let latest = say::day(accounts.latest_api_token_day(organisation), language);
    Ok(TokensPart { w, lines, typed, roles, latest, made })
}

fn of_configuration(
    one: &WithToken,
    today: NaiveDate,
    w: &words::ApiTokens,
    language: Language,
) -> TokenLine {
    let (until, tag) = expiry(one.expires, today, w, language);
    TokenLine {
        name: one.name.clone(),
        role: say::role_name(&one.role, language),
        until,
        tag,
        used: None,
        made: w.in_configuration.to_owned(),
        revoke: None,
    }
}

fn of_store(
    visit: &Visit,
    id: &str,
    token: &ApiToken,
    today: NaiveDate,
    w: &words::ApiTokens,
) -> TokenLine {
    let (language, zone) = (visit.language(), visit.organisation.profile.timezone);
    let (until, tag) = expiry(Some(token.life(zone)), today, w, language);
    let made = say::day(token.made.with_timezone(&zone).date_naive(), language);
    let used = token.used.map_or_else(|| w.not_used.to_owned(), |day| say::day(day, language));
    TokenLine {
        name: token.name.clone(),
        role: say::role_name(&token.role, language),
        until,
        tag,
        used: Some(used),
        made: format!("{}, {made}", token.made_by),
        revoke: Some(format!("/settings/tokens/{id}")),
    }
}

fn expiry(
    life: Option<TokenLife>,
    today: NaiveDate,
    w: &words::ApiTokens,
    language: Language,
) -> (String, Option<&'static str>) {
    let Some(life) = life else { return (w.for_ever.to_owned(), None) };
    let (said, tag) = match life.state(today) {
        TokenState::Valid => (w.until, None),
        TokenState::Soon => (w.until, Some("tag held")),
        TokenState::Expired => (w.expired, Some("tag late")),
    };
    (format!("{said} {}", say::day(life.last_day(), language)), tag)
}

/// The id of the field that is wrong, and what would be right.
pub(super) fn wrong(
    fault: ApiTokenFault,
    w: &words::ApiTokens,
) -> Result<(&'static str, &'static str), Fault> {
    Ok(match fault {
        ApiTokenFault::Name => ("token-name", w.name_missing),
        ApiTokenFault::NameTaken => ("token-name", w.name_taken),
        ApiTokenFault::Role => ("token-role", w.role_missing),
        ApiTokenFault::LastDay { .. } => ("token-expires", w.day_wrong),
        ApiTokenFault::TooMany => ("tokens", w.too_many),
        ApiTokenFault::Store(fault) => return Err(fault),
    })
}
