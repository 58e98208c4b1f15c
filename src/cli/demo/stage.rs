//! What a demo's console opens on: somebody to sign in as, and contacts of the last days on the queues.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::cases::STAFF;
use super::scratch::SAMPLES;
use crate::app::Running;
use crate::casework::accounts::NewAccount;
use crate::cli::Fault;
use crate::config::Settings;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::profile::Role;
use crate::intake::Inbound;
use crate::ports::Original;
use crate::runtime::tokens::sha256;

const CONTACTS: &str = include_str!("../../../config/demo/contacts.json");

/// One contact of the last days.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    organisation: String,
    hours_ago: i64,
    channel: Channel,
    /// An address or a number.
    from: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    subject: Option<String>,
    text: String,
    /// The HTML of an e-mail, with its text.
    #[serde(default)]
    html: Option<String>,
    /// Name and text of a file that hangs on an e-mail.
    #[serde(default)]
    attachment: Option<(String, String)>,
}

/// The organisation of the demo that has cases.
const WITH_CASES: &str = "karbon";

/// A link that signs somebody in.
pub(super) struct Link {
    pub organisation: &'static str,
    pub name: &'static str,
    pub role: &'static str,
    pub link: String,
}

/// A link that signs in, for each organisation; where there are cases, one for everybody who works on them.
pub(super) async fn accounts(settings: &Settings, running: &Running) -> Result<Vec<Link>, Fault> {
    let mut links = Vec::new();
    let (Some(accounts), Some(address)) = (running.accounts(), running.addresses.staff) else {
        return Ok(links);
    };
    for sample in &SAMPLES {
        let Some(organisation) = settings.organisation(sample.id) else { continue };
        // Where there are cases, a second person: nobody signs off what they proposed.
        let people = if sample.id == WITH_CASES { STAFF.len() } else { 1 };
        for (name, role) in STAFF.into_iter().take(people) {
            let new = NewAccount {
                login: name.to_lowercase().replace(' ', "."),
                name: name.to_owned(),
                role: Role(role.to_owned()),
            };
            let token = accounts.demo_pass(organisation, new).await.map_err(Fault::internal)?;
            let link = format!("http://{address}/invitation/{}/{token}", sample.id);
            links.push(Link { organisation: sample.id, name, role, link });
        }
    }
    Ok(links)
}

/// Hands in the sample contacts, as their channels would have.
pub(super) async fn contacts(running: &Running, now: DateTime<Utc>) -> Result<(), Fault> {
    let samples: Vec<Sample> = serde_json::from_str(CONTACTS).map_err(Fault::internal)?;
    for (index, sample) in samples.into_iter().enumerate() {
        let at = now - TimeDelta::hours(sample.hours_ago);
        let (organisation, inbound) = inbound(&sample, index, at).map_err(Fault::internal)?;
        running.intake().receive(&organisation, inbound).await;
    }
    Ok(())
}

fn inbound(
    sample: &Sample,
    index: usize,
    at: DateTime<Utc>,
) -> Result<(crate::domain::organisation::OrganisationId, Inbound), serde_json::Error> {
    let to = format!("contact@{}.example", sample.organisation);
    let kind = if sample.from.contains('@') { "email" } else { "phone" };
    let by_mail = sample.channel == Channel::Email;
    let contact: Contact = serde_json::from_value(serde_json::json!({
        "id": format!("demo-{}-{}", sample.organisation, index + 1),
        "channel": sample.channel, "at": at,
        "from": [{"kind": kind, "value": sample.from, "assurance": "proven"}],
        "to": if by_mail { vec![to.as_str()] } else { Vec::new() },
        "subject": sample.subject, "text": sample.text,
    }))?;
    let original = by_mail.then(|| Original::Bytes(Bytes::from(message(sample, &to, at))));
    let digest = sha256(sample.text.as_bytes());
    let organisation = crate::domain::organisation::OrganisationId::new(&sample.organisation);
    Ok((organisation, Inbound { contact, digest, original }))
}

/// The e-mail as it would have come.
fn message(sample: &Sample, to: &str, at: DateTime<Utc>) -> String {
    const BOUNDARY: &str = "a-part-of-the-demo";
    let encoded = |text: &str| {
        let encoded = STANDARD.encode(text);
        let lines: Vec<&str> = encoded
            .as_bytes()
            .chunks(76)
            .filter_map(|line| std::str::from_utf8(line).ok())
            .collect();
        lines.join("\r\n")
    };
    let part = |kind: &str, disposition: &str, text: &str| {
        format!(
            "--{BOUNDARY}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\
             {disposition}\r\n{}\r\n",
            encoded(text)
        )
    };
    let mut parts = part("text/plain; charset=utf-8", "", &sample.text);
    if let Some(html) = &sample.html {
        parts.push_str(&part("text/html; charset=utf-8", "", html));
    }
    let kind = if sample.attachment.is_some() { "mixed" } else { "alternative" };
    if let Some((name, text)) = &sample.attachment {
        let kind = format!("application/octet-stream; name=\"{name}\"");
        let disposition = format!("Content-Disposition: attachment; filename=\"{name}\"\r\n");
        parts.push_str(&part(&kind, &disposition, text));
    }
    format!(
        "From: {} <{}>\r\nTo: {to}\r\nSubject: {}\r\nDate: {}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/{kind}; boundary=\"{BOUNDARY}\"\r\n\r\n{parts}--{BOUNDARY}--\r\n",
        sample.name,
        sample.from,
        sample.subject.as_deref().unwrap_or_default(),
        at.to_rfc2822(),
    )
}
