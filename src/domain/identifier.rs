//! Identifiers of people, normalised once so that one identity is one key.
//!
//! E-mail: the domain as lower-case A-label (RFC 5891), the local part without case, then the
//! provider's own rules for listed providers only. Telephone: E.164, for every format that a
//! provider sends; never gated on "valid", since number ranges are opened faster than tables.

use std::fmt;

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::profile::Nation;

/// What kind of identifier a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    Email,
    Phone,
    Whatsapp,
    Account,
    Social,
}

impl IdentifierKind {
    pub const fn name(self) -> &'static str {
        match self {
            IdentifierKind::Email => "email",
            IdentifierKind::Phone => "phone",
            IdentifierKind::Whatsapp => "whatsapp",
            IdentifierKind::Account => "account",
            IdentifierKind::Social => "social",
        }
    }
}

/// How far an identifier on a contact is believed. The order is that of belief.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// There is evidence against it (DMARC fail and the like).
    Refuted,
    /// Nothing is known against it.
    Asserted,
    /// DMARC pass, aligned DKIM or SPF, a signed-in session, an attested caller.
    Proven,
}

/// A normalised identifier: what two spellings of one identity have in common.
///
/// The text is `kind:value`. `Debug` shows the kind alone, so that no address reaches a log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentifierKey(Box<str>);

impl IdentifierKey {
    fn new(kind: &str, value: &str) -> Self {
        IdentifierKey([kind, ":", value].concat().into_boxed_str())
    }

    /// The key's text, `kind:value`. Personal data: for the store, never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdentifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.0.split(':').next().unwrap_or_default();
        write!(f, "IdentifierKey({kind}:…)")
    }
}

/// The keys of one identifier, exact first. A provider's own rules give a second, looser key that
/// counts only where the exact one matches nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifierKeys {
    pub exact: Vec<IdentifierKey>,
    pub provider: Option<IdentifierKey>,
}

/// Why a value is no identifier of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierFault {
    #[error("is empty")]
    Empty,
    #[error("is longer than {IDENTIFIER_CHARS_MAX} characters")]
    TooLong,
    #[error("is not an e-mail address of the form name@example.org")]
    NotAnAddress,
    #[error("is not a telephone number; write it as +44… or as it is dialled in the country")]
    NotANumber,
    #[error("is a short code or service number, which identifies nobody")]
    ShortCode,
    #[error("stands for a withheld number, which identifies nobody")]
    Withheld,
}

/// RFC 5321 allows 64 octets of local part and 255 of domain.
const IDENTIFIER_CHARS_MAX: usize = 320;

/// Longer than any written form of a 15-digit number with separators and an extension.
const PHONE_CHARS_MAX: usize = 64;

/// Fewer digits than this are a short code (101, 116 123) and no subscriber.
const PHONE_DIGITS_MIN: usize = 7;

/// Providers that ignore what stands behind a `+`, and those that also ignore dots.
/// `(domain, canonical domain, dots count)`.
const PROVIDERS: &[(&str, &str, bool)] = &[
    ("gmail.com", "gmail.com", false),
    ("googlemail.com", "gmail.com", false),
    ("outlook.com", "outlook.com", true),
    ("hotmail.com", "hotmail.com", true),
    ("hotmail.co.uk", "hotmail.co.uk", true),
    ("live.com", "live.com", true),
    ("live.co.uk", "live.co.uk", true),
    ("icloud.com", "icloud.com", true),
    ("me.com", "icloud.com", true),
    ("fastmail.com", "fastmail.com", true),
    ("proton.me", "proton.me", true),
    ("protonmail.com", "proton.me", true),
];

/// What providers send where the caller withheld the number. Compared in lower case without
/// separators. The digits are the keypad spellings of ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and
/// UNAVAILABLE that some networks send.
const WITHHELD: &[&str] = &[
    "anonymous",
    "restricted",
    "private",
    "withheld",
    "unknown",
    "unavailable",
    "blocked",
    "nocallerid",
    "266696687",
    "7378742833",
    "2562533",
    "8656696",
    "86282452253",
];

/// Normalises a value of the given kind to its keys.
///
/// `nation` gives the country whose national formats are understood.
///
/// # Errors
/// [`IdentifierFault`] says what the value is instead.
pub fn normalise(
    kind: IdentifierKind,
    value: &str,
    nation: Nation,
) -> Result<IdentifierKeys, IdentifierFault> {
    let value = value.trim();
    if value.is_empty() {
        return Err(IdentifierFault::Empty);
    }
    if value.chars().count() > IDENTIFIER_CHARS_MAX {
        return Err(IdentifierFault::TooLong);
    }
    match kind {
        IdentifierKind::Email => email_keys(value),
        IdentifierKind::Phone => Ok(only(IdentifierKey::new("phone", &e164(value, nation)?))),
        IdentifierKind::Whatsapp => Ok(whatsapp_keys(value, nation)),
        IdentifierKind::Account => Ok(only(IdentifierKey::new("account", &folded(value)))),
        IdentifierKind::Social => Ok(only(IdentifierKey::new("social", &folded(value)))),
    }
}

/// The key under which a person's own identifier is found. A WhatsApp number is found under
/// `whatsapp:` alone; a contact from WhatsApp looks under `phone:` as well.
pub fn listed_keys(
    kind: IdentifierKind,
    value: &str,
    nation: Nation,
) -> Result<IdentifierKeys, IdentifierFault> {
    let mut keys = normalise(kind, value, nation)?;
    if kind == IdentifierKind::Whatsapp {
        keys.exact.retain(|key| key.as_str().starts_with("whatsapp:"));
    }
    Ok(keys)
}

/// Whether a caller's value says that the number was withheld.
pub fn is_withheld(value: &str) -> bool {
    let lowered: String =
        value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let lowered = lowered.strip_prefix("sip").unwrap_or(&lowered);
    WITHHELD.contains(&lowered) || lowered.starts_with("anonymous")
}

/// The E.164 form of a telephone number in any of the formats that providers and people write.
pub fn e164(value: &str, nation: Nation) -> Result<String, IdentifierFault> {
    if is_plain_british(value) {
        return Ok(value.to_owned());
    }
    if value.chars().count() > PHONE_CHARS_MAX {
        return Err(IdentifierFault::TooLong);
    }
    // Full-width and other digits become ASCII ones (NFKC).
    let folded: String = value.nfkc().collect::<String>().to_lowercase();
    let bare = folded
        .trim()
        .trim_start_matches("whatsapp:")
        .trim_start_matches("tel:")
        .trim_start_matches("sips:")
        .trim_start_matches("sip:");
    // What follows in a URI is its host or its parameters.
    let bare = bare.split(['@', ';', '?']).next().unwrap_or_default().trim();
    if bare.is_empty() {
        return Err(IdentifierFault::NotANumber);
    }
    if is_withheld(bare) {
        return Err(IdentifierFault::Withheld);
    }
    let digits = bare.chars().filter(char::is_ascii_digit).count();
    if digits == 0 {
        return Err(IdentifierFault::NotANumber);
    }
    if digits < PHONE_DIGITS_MIN {
        return Err(IdentifierFault::ShortCode);
    }
    parse_number(bare, nation).ok_or(IdentifierFault::NotANumber)
}

/// `+44` and ten digits without the trunk prefix are E.164 as they stand, and what providers send most:
/// the rules of numbering need not be asked.
fn is_plain_british(value: &str) -> bool {
    value.strip_prefix("+44").is_some_and(|national| {
        national.len() == 10
            && !national.starts_with('0')
            && national.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Parses with the nation's rules; a number with its country code but no `+` (as Vonage and Plivo
/// send it) is tried as an international one where it starts with that code.
fn parse_number(bare: &str, nation: Nation) -> Option<String> {
    let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
    let written = if !bare.starts_with('+') && digits.starts_with("44") && digits.len() >= 11 {
        format!("+{digits}")
    } else {
        bare.to_owned()
    };
    let number = PhoneNumber::parse(written, Some(nation.region())).ok()?;
    Some(number.format_as(PhoneNumberFormat::E164).into_owned())
}

fn only(key: IdentifierKey) -> IdentifierKeys {
    IdentifierKeys { exact: vec![key], provider: None }
}

fn folded(value: &str) -> String {
    value.nfkc().collect::<String>().to_lowercase()
}

/// A WhatsApp number is one identity with the telephone number; a business-scoped id
/// (`GB.1349…`) stands for itself and keeps its case, which is part of it.
fn whatsapp_keys(value: &str, nation: Nation) -> IdentifierKeys {
    let bare = value.strip_prefix("whatsapp:").unwrap_or(value);
    let scoped = bare.split_once('.').is_some_and(|(country, rest)| {
        country.len() == 2
            && country.chars().all(|c| c.is_ascii_alphabetic())
            && !rest.is_empty()
            && rest.chars().all(|c| c.is_ascii_alphanumeric())
    });
    match (scoped, e164(bare, nation)) {
        (false, Ok(number)) => IdentifierKeys {
            exact: vec![
                IdentifierKey::new("whatsapp", &number),
                IdentifierKey::new("phone", &number),
            ],
            provider: None,
        },
        _ => only(IdentifierKey::new("whatsapp", bare)),
    }
}

fn email_keys(value: &str) -> Result<IdentifierKeys, IdentifierFault> {
    let (local, domain) = value.rsplit_once('@').ok_or(IdentifierFault::NotAnAddress)?;
    let quoted = local.len() >= 2 && local.starts_with('"') && local.ends_with('"');
    let plain = !local.is_empty()
        && !local
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || "<>(),;:\\\"@[]".contains(c));
    if !(plain || quoted) || local.chars().any(char::is_control) {
        return Err(IdentifierFault::NotAnAddress);
    }
    let domain = domain_to_ascii(domain).ok_or(IdentifierFault::NotAnAddress)?;
    let local = if local.is_ascii() {
        local.to_ascii_lowercase()
    } else {
        local.nfc().collect::<String>().to_lowercase()
    };
    let exact = IdentifierKey(["email:", &local, "@", &domain].concat().into_boxed_str());
    let provider = provider_form(&local, &domain).map(|form| IdentifierKey::new("email~", &form));
    Ok(IdentifierKeys { exact: vec![exact], provider })
}

/// A domain as lower-case A-label, or `None` where it is none.
pub fn domain_to_ascii(domain: &str) -> Option<String> {
    let domain = domain.trim_end_matches('.');
    // A name of plain letters is its own A-label; no label of it is one already ("xn--").
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    if domain.bytes().all(plain) && !domain.contains("--") {
        let lowered = domain.to_ascii_lowercase();
        return is_wellformed(&lowered).then_some(lowered);
    }
    let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::URL).ok()?;
    is_wellformed(&ascii).then(|| ascii.to_ascii_lowercase())
}

/// Lengths as in RFC 1035 2.3.4.
fn is_wellformed(domain: &str) -> bool {
    !domain.is_empty()
        && domain.len() <= 255
        && domain.split('.').all(|label| !label.is_empty() && label.len() <= 63)
}

/// The form under which a listed provider delivers an address, or `None` for other providers.
fn provider_form(local: &str, domain: &str) -> Option<String> {
    let (_, canonical, dots_count) = PROVIDERS.iter().find(|(name, _, _)| *name == domain)?;
    let base = local.split('+').next().unwrap_or(local);
    let base = if *dots_count { base.to_owned() } else { base.replace('.', "") };
    (!base.is_empty()).then(|| format!("{base}@{canonical}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(value: &str) -> Result<String, IdentifierFault> {
        e164(value, Nation::England)
    }

    #[test]
    fn every_written_form_of_a_number_is_one_identity() {
        for form in [
            "+447700900123",
            "07700 900123",
            "00447700900123",
            "447700900123",
            "+44 (0)7700 900123",
            "whatsapp:+447700900123",
            "tel:+447700900123;phone-context=x",
            "sip:+447700900123@trunk.example",
            "０７７００９００１２３",
        ] {
            assert_eq!(phone(form).as_deref(), Ok("+447700900123"), "{form}");
        }
    }

    #[test]
    fn a_plain_british_number_is_what_the_rules_of_numbering_make_of_it() {
        // Every first four digits, so that every range is among them.
        for range in 1_000..10_000 {
            let number = format!("+44{range}900123");
            assert!(is_plain_british(&number));
            for nation in [Nation::England, Nation::Scotland] {
                assert_eq!(parse_number(&number, nation).as_ref(), Some(&number));
            }
        }
        for other in
            ["+4407700900123", "+44770090012", "+4477009001234", "+447700 90012", "447700900123"]
        {
            assert!(!is_plain_british(other), "{other}");
        }
    }

    #[test]
    fn short_codes_and_withheld_numbers_identify_nobody() {
        assert_eq!(phone("101"), Err(IdentifierFault::ShortCode));
        assert_eq!(phone("116123"), Err(IdentifierFault::ShortCode));
        for form in ["Anonymous", "+266696687", "Restricted", "sip:anonymous@anonymous.invalid"] {
            assert_eq!(phone(form), Err(IdentifierFault::Withheld), "{form}");
        }
        assert_eq!(phone("client:bob"), Err(IdentifierFault::NotANumber));
    }

    #[test]
    fn addresses_fold_case_and_domain_and_keep_their_dots() {
        let one = email_keys("Jo.Doe@Exämple.org").unwrap();
        let two = email_keys("jo.doe@xn--exmple-cua.org").unwrap();
        assert_eq!(one, two);
        assert_ne!(one, email_keys("jodoe@xn--exmple-cua.org").unwrap());
        assert_eq!(one.provider, None);
    }

    #[test]
    fn a_plain_domain_is_read_as_idna_reads_it() {
        for domain in [
            "mail.example",
            "Mail.EXAMPLE",
            "-a-.example",
            "1.2.3.4",
            "a..b",
            ".a",
            "",
            "a.b.",
            "ab--cd.example",
            "xn--exmple-cua.org",
            "xn--a.example",
            "a_b.example",
            "a b",
            "exämple.org",
        ] {
            let idna = idna::domain_to_ascii_cow(
                domain.trim_end_matches('.').as_bytes(),
                idna::AsciiDenyList::URL,
            );
            let read = idna.ok().filter(|ascii| is_wellformed(ascii)).map(|one| one.to_string());
            assert_eq!(domain_to_ascii(domain), read, "{domain}");
        }
    }

    #[test]
    fn listed_providers_alone_ignore_tags_and_dots() {
        let dotted = email_keys("j.o.doe+x@googlemail.com").unwrap();
        let plain = email_keys("jodoe@gmail.com").unwrap();
        assert_ne!(dotted.exact, plain.exact);
        assert_eq!(dotted.provider, plain.provider);
        assert_eq!(email_keys("a+b@example.org").unwrap().provider, None);
    }

    #[test]
    fn a_whatsapp_number_is_also_the_telephone_number_and_a_scoped_id_is_not() {
        let number = normalise(IdentifierKind::Whatsapp, "+447700900123", Nation::Wales).unwrap();
        assert_eq!(number.exact.len(), 2);
        let scoped = normalise(IdentifierKind::Whatsapp, "GB.1349aZ", Nation::Wales).unwrap();
        assert_eq!(scoped.exact, vec![IdentifierKey::new("whatsapp", "GB.1349aZ")]);
    }

    #[test]
    fn a_key_shows_no_address_in_debug() {
        let shown = format!("{:?}", email_keys("a@b.example").unwrap());
        assert!(!shown.contains("b.example"), "{shown}");
    }
}
