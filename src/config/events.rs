//! `[[organisation.events]]`.

use chrono_tz::Tz;
use secrecy::SecretString;

use super::context::Context;
use super::fault::Wrong;
use super::reader::{Field, Section, brief};
use super::{Secrets, endpoint};
use crate::domain::event::EventKind;
use crate::domain::organisation::OrganisationId;
use crate::forward::events::settings::ReceiverSettings;
use crate::runtime::http_client;
use crate::runtime::limits::EVENT_RECEIVERS_MAX;

/// Every receiver of an organisation.
pub(super) fn read_all(
    context: &Context<'_>,
    organisation: &Section<'_>,
    owner: &OrganisationId,
    zone: Tz,
) -> Vec<ReceiverSettings> {
    let sections = organisation.sections("events");
    if sections.len() > EVENT_RECEIVERS_MAX {
        organisation.fault(
            "events",
            format!("are {} receivers", sections.len()),
            format!("name at most {EVENT_RECEIVERS_MAX}"),
        );
    }
    sections.into_iter().filter_map(|section| one(context, section, owner, zone)).collect()
}

fn one(
    context: &Context<'_>,
    section: Section<'_>,
    owner: &OrganisationId,
    zone: Tz,
) -> Option<ReceiverSettings> {
    let name =
        section.need("name", "a short name of the receiver, such as \"crm\"").and_then(|field| {
            let name = field.parsed(name)?;
            let whole = format!("{} {name}", owner.as_str());
            context.once("the receiver", &whole, &field, "give every receiver a name of its own");
            Some(name)
        });
    let url = section
        .need("url", "where events are posted, such as \"https://crm.example/hooks/contacts\"")
        .and_then(|field| field.parsed(url));
    let secrets = section
        .need("secrets", "the signing secrets, such as [{ env = \"CRM_EVENTS\" }]")
        .and_then(|field| secrets(context, &field));
    let kinds = section.field("types").map_or(Some(EventKind::ALL.to_vec()), |field| {
        if field.items().is_some_and(|items| items.is_empty()) {
            field.fault("lists no event type", "leave it out to send all");
        }
        field.list(|item| item.choice("a type of event", &choices()))
    });
    section.close();
    Some(ReceiverSettings {
        organisation: owner.clone(),
        zone,
        name: name?,
        url: url?,
        secrets: secrets?,
        kinds: kinds?,
    })
}

fn choices() -> [(&'static str, EventKind); EventKind::ALL.len()] {
    EventKind::ALL.map(|kind| (kind.name(), kind))
}

fn name(text: &str) -> Result<String, Wrong> {
    const NAME_CHARS_MAX: usize = 32;
    let fits = (1..=NAME_CHARS_MAX).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Wrong::new(
            format!("`{}` is not a name of a receiver", brief(text)),
            format!("write at most {NAME_CHARS_MAX} lower-case letters, digits and hyphens"),
        ))
    }
}

/// `https`, or `http` only to this machine: events say who is restricted.
pub(super) fn url(text: &str) -> Result<hyper::Uri, Wrong> {
    let url = endpoint::web_url(text)?;
    if !http_client::is_private(&url) {
        return Err(Wrong::new(
            "would be sent unencrypted",
            "write an https:// URL; http:// is for receivers on this machine",
        ));
    }
    url.as_str()
        .parse()
        .map_err(|_| Wrong::new("is not a URL that can be called", "write it as https://host/path"))
}

fn secrets(context: &Context<'_>, field: &Field<'_>) -> Option<Vec<SecretString>> {
    let secrets = field.list(|item| {
        let secret = context.sources.secret(item)?;
        if context.sources.secrets == Secrets::LookedUp
            && crate::forward::events::signature::Key::new(&secret).is_err()
        {
            item.fault(
                "leads to something that is not a signing secret",
                "put `whsec_` and 24 to 64 random bytes in base64 there, as the receiver has it",
            );
            return None;
        }
        Some(secret)
    })?;
    if field.items().is_some_and(|items| items.is_empty()) {
        field.fault("names no secret", "write [{ env = \"NAME\" }]");
    }
    (!secrets.is_empty()).then_some(secrets)
}
