//! `[[organisation.telephony]]`.

use secrecy::SecretString;
use url::Url;

use super::context::Context;
use super::endpoint;
use super::fault::Wrong;
use super::node::{self, Value};
use super::reader::{Field, Section};
use super::web_form::path;
use crate::channels::telephony::settings::{
    Product, Provider, Targets, TelephonySettings, WhenLimited,
};
use crate::domain::organisation::OrganisationId;

const PROVIDERS: [(&str, Provider); 6] = [
    ("twilio", Provider::Twilio),
    ("vonage", Provider::Vonage),
    ("telnyx", Provider::Telnyx),
    ("plivo", Provider::Plivo),
    ("sip", Provider::Sip),
    ("generic", Provider::Generic),
];

const PRODUCTS: [(&str, Product); 2] =
    [("voice", Product::Voice), ("messaging", Product::Messaging)];

const WHEN_LIMITED: [(&str, WhenLimited); 3] = [
    ("notice", WhenLimited::Notice),
    ("voicemail", WhenLimited::Voicemail),
    ("reject", WhenLimited::Reject),
];

const LANGUAGE_DEFAULT: &str = "en-GB";

/// Whether the provider proves itself by a signature over the public URL, rather than by a token.
const fn signs(provider: Provider) -> bool {
    match provider {
        Provider::Twilio | Provider::Vonage | Provider::Telnyx | Provider::Plivo => true,
        Provider::Sip | Provider::Generic => false,
    }
}

pub(super) fn read(
    context: &Context<'_>,
    section: Section<'_>,
    organisation: &OrganisationId,
) -> Option<TelephonySettings> {
    let provider = section
        .need("provider", "one of twilio, vonage, telnyx, plivo, sip, generic")
        .and_then(|f| f.choice("a provider", &PROVIDERS));
    let product =
        section.field("product").map_or(Some(Product::Voice), |f| f.choice("a product", &PRODUCTS));
    let path = path(context, &section);
    let public_url = public_url(context, &section, provider, path.as_deref());
    let secrets = secrets(context, &section, provider);
    let upstream = section.field("upstream");
    let upstream = upstream.map_or(Some(None), |f| f.parsed(endpoint::upstream).map(Some));
    let upstream_url = section.field("upstream_url").and_then(|f| f.parsed(endpoint::web_url));
    let when_limited = section
        .field("when_limited")
        .map_or(Some(WhenLimited::default()), |f| f.choice("an answer", &WHEN_LIMITED));
    let text = |key| section.field(key).and_then(|f| f.words().map(str::to_owned));
    let caller_id = text("caller_id");
    let targets = targets(&section);
    let fallback = section.field("fallback").and_then(|f| fallback(context, &f));
    let trusted_sources = section
        .field("trusted_sources")
        .and_then(|f| f.list(|item| item.parsed(endpoint::network)))
        .unwrap_or_default();
    let sip_domain = text("sip_domain");
    let language = section.field("language").and_then(|f| f.parsed(language));
    section.close();
    Some(TelephonySettings {
        organisation: organisation.clone(),
        provider: provider?,
        product: product?,
        path: path?,
        public_url: public_url?,
        secrets: secrets?,
        upstream: upstream?,
        upstream_url,
        when_limited: when_limited?,
        caller_id,
        targets,
        fallback,
        trusted_sources,
        sip_domain,
        language: language.unwrap_or_else(|| LANGUAGE_DEFAULT.to_owned()),
    })
}

/// The URL as the provider calls it. Those that carry a token need none: theirs is the listener's.
fn public_url(
    context: &Context<'_>,
    section: &Section<'_>,
    provider: Option<Provider>,
    path: Option<&str>,
) -> Option<Url> {
    if let Some(field) = section.field("public_url") {
        return field.parsed(endpoint::web_url);
    }
    if signs(provider?) {
        section.missing(
            "public_url",
            "the URL as the provider calls it: its signature is made over it",
        );
        return None;
    }
    let host = context.contacts.map_or("localhost".to_owned(), |address| address.to_string());
    Url::parse(&format!("http://{host}{}", path?)).ok()
}

/// `secrets` of a provider that signs, `token` (or several `secrets`) of one that carries a token.
fn secrets(
    context: &Context<'_>,
    section: &Section<'_>,
    provider: Option<Provider>,
) -> Option<Vec<SecretString>> {
    let several = match section.field("secrets") {
        Some(field) => field.items()?,
        None => Vec::new(),
    };
    let fields: Vec<Field<'_>> = several.into_iter().chain(section.field("token")).collect();
    if fields.is_empty() {
        let (key, example) = if signs(provider?) {
            ("secrets", "[{ env = \"NAME\" }] or [{ file = \"PATH\" }]")
        } else {
            ("token", "{ env = \"NAME\" } or { file = \"PATH\" }")
        };
        section.missing(key, example);
        return None;
    }
    let found: Vec<SecretString> =
        fields.iter().filter_map(|field| context.sources.secret(field)).collect();
    (found.len() == fields.len()).then_some(found)
}

fn targets(section: &Section<'_>) -> Targets {
    let Some(targets) = section.field("targets").and_then(|f| f.section()) else {
        return Targets::default();
    };
    let text = |key| targets.field(key).and_then(|f| f.words().map(str::to_owned));
    let found = Targets {
        queue: text("queue"),
        voicemail: text("voicemail"),
        announcement: text("announcement"),
    };
    targets.close();
    found
}

/// A document, or the file that holds it.
fn fallback(context: &Context<'_>, field: &Field<'_>) -> Option<String> {
    if !matches!(field.node().value, Value::Table(_)) {
        return field.words().map(str::to_owned);
    }
    let section = field.section()?;
    let file = section.need("file", "the document's file");
    section.close();
    let file = file?;
    let path = file.file_beside(context.file)?;
    match node::read(&path) {
        Ok(text) => Some(text),
        Err(faults) => {
            let wrong = faults.iter().next().map(|fault| fault.wrong.clone()).unwrap_or_default();
            file.fault(format!("`{}` {wrong}", path.display()), "name a file that can be read");
            None
        }
    }
}

/// A language tag (BCP 47): letters, then letters and digits in parts.
fn language(text: &str) -> Result<String, Wrong> {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let fits = (2..=3).contains(&first.len())
        && first.chars().all(|c| c.is_ascii_alphabetic())
        && parts
            .all(|p| (1..=8).contains(&p.len()) && p.chars().all(|c| c.is_ascii_alphanumeric()));
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Wrong::new("is not a language", "write it as en-GB or cy-GB"))
    }
}
