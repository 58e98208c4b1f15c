//! `decide`: what would happen to a contact now, and why. Changes nothing.

use std::borrow::Cow;
use std::io::Write;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Fault, Outcome, load};
use crate::app;
use crate::domain::contact::Contact;
use crate::runtime::json;
use crate::store;

/// Show what would be decided for a contact, and why; changes nothing
#[derive(Debug, clap::Args)]
pub struct DecideArgs {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", env = "CONTACT_GATEWAY_CONFIG")]
    config: PathBuf,
    /// The organisation's id in the configuration
    #[arg(long, value_name = "ID")]
    organisation: String,
    /// Decide as if it were this time (RFC 3339); otherwise now.
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    /// The contact as JSON, such as config/demo/contact.json; `at` is optional.
    contact: PathBuf,
}

/// The contact with a time, if it has none of its own: added on the first line, so that faults
/// keep theirs.
fn with_time(source: &str, at: DateTime<Utc>) -> Cow<'_, str> {
    match serde_json::from_str(source) {
        Ok(Value::Object(keys)) if !keys.is_empty() && !keys.contains_key("at") => {
            Cow::Owned(source.replacen('{', &format!("{{\"at\":\"{}\",", at.to_rfc3339()), 1))
        }
        Ok(_) | Err(_) => Cow::Borrowed(source),
    }
}

/// Runs the command.
///
/// # Errors
/// [`Fault`] where an input is not what it should be, or the store can't be read.
pub async fn run(args: DecideArgs, out: &mut dyn Write) -> Result<Outcome, Fault> {
    let loaded = load::without_secrets(&args.config)?;
    let organisation = load::organisation(&loaded, &args.organisation)?;
    store::refuse_absent(&loaded.settings.store)
        .map_err(|error| Fault::input(error.to_string()))?;
    store::refuse_unfinished(
        &loaded.settings.store,
        &loaded.settings.codec,
        std::slice::from_ref(&organisation.id),
    )
    .await
    .map_err(|error| Fault::input(error.to_string()))?;
    let source = super::read_file(&args.contact)?;
    let at = args.at.unwrap_or_else(Utc::now);
    let mut contact: Contact = json::parse_each_key_once(&with_time(&source, at))
        .map_err(|fault| Fault::in_file(&args.contact.display().to_string(), &fault))?;
    contact.at = at;
    let decision = app::preview(&loaded.settings, &organisation.id, contact)
        .await
        .map_err(|error| Fault::input(error.to_string()))?;
    let shown = serde_json::to_string_pretty(&decision).map_err(Fault::internal)?;
    super::say(out, shown);
    Ok(Outcome::Yes)
}
