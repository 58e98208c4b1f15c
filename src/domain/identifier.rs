//! Identifiers of people, normalised once so that one identity is one key.
//!
//! E-mail: the domain as lower-case A-label (RFC 5891), the local part without case, then the
//! provider's own rules for listed providers only. Telephone: E.164, for every format that a
//! provider sends; never gated on "valid", since number ranges are opened faster than tables.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::nation::Nation;

mod number;
mod written;

pub use number::{e164, is_withheld};
pub use written::{cleaned, in_brackets, visible};

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

/// How far an identifier on a contact is proven, from least to most.
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
/// The text is `kind:value`. `Debug` shows only the kind, so that no address reaches a log.
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

/// Why a value is not an identifier of its kind.
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
    #[error("represents a withheld number, which identifies nobody")]
    Withheld,
    #[error("is too short to be a whole telephone number; write it with its area code")]
    TooShort,
    #[error("is a telephone number that a spreadsheet has rounded; write all of its digits")]
    Rounded,
    #[error("holds two telephone numbers; write one")]
    TwoNumbers,
}

impl IdentifierFault {
    /// Whether the value may well be meant to be an identifier, and can't be read as one. An empty or withheld value or
    /// a service number identifies nobody, and is not a fault.
    pub const fn leaves_doubt(&self) -> bool {
        match self {
            IdentifierFault::Empty | IdentifierFault::ShortCode | IdentifierFault::Withheld => {
                false
            }
            IdentifierFault::TooLong
            | IdentifierFault::NotAnAddress
            | IdentifierFault::NotANumber
            | IdentifierFault::TooShort
            | IdentifierFault::Rounded
            | IdentifierFault::TwoNumbers => true,
        }
    }
}

/// RFC 5321 allows 64 octets of local part and 255 of domain.
const IDENTIFIER_CHARS_MAX: usize = 320;

/// Providers that ignore anything after a `+`, and those that also ignore dots.
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
    let value = &*cleaned(kind, value);
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

/// The key under which a person's own identifier is found. A WhatsApp number is found only under `whatsapp:`; a contact
/// from WhatsApp looks under `phone:` as well.
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

fn only(key: IdentifierKey) -> IdentifierKeys {
    IdentifierKeys { exact: vec![key], provider: None }
}

fn folded(value: &str) -> String {
    value.nfkc().collect::<String>().to_lowercase()
}

/// A WhatsApp number is one identity with the telephone number; a business-scoped id
/// (`GB.1349…`) is kept as it is, in its case, which is significant.
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

/// A domain as lower-case A-label, or `None` if invalid.
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

    #[test]
    fn addresses_fold_case_and_domain_and_keep_their_dots() {
        let one = email_keys("Jo.Doe@Exämple.org").unwrap();
        let two = email_keys("jo.doe@xn--exmple-cua.org").unwrap();
        assert_eq!(one, two);
        assert_ne!(one, email_keys("jodoe@xn--exmple-cua.org").unwrap());
        assert_eq!(one.provider, None);
    }

    #[test]
    fn a_key_in_a_log_shows_its_kind_and_no_more() {
        let keys = email_keys("jo.doe@example.org").unwrap().exact;
        assert_eq!(format!("{keys:?}"), "[IdentifierKey(email:…)]");
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

    fn keys(kind: IdentifierKind, value: &str) -> Result<Vec<String>, IdentifierFault> {
        let keys = normalise(kind, value, Nation::England)?;
        Ok(keys.exact.iter().chain(&keys.provider).map(|key| key.as_str().to_owned()).collect())
    }

    fn some(keys: &[&str]) -> Result<Vec<String>, IdentifierFault> {
        Ok(keys.iter().map(|&key| key.to_owned()).collect())
    }

    #[test]
    fn each_kind_has_its_name_and_its_keys() {
        for (kind, name, value, expected) in [
            (
                IdentifierKind::Email,
                "email",
                "Jo <J.Doe@Gmail.com>",
                &["email:j.doe@gmail.com", "email~:jdoe@gmail.com"][..],
            ),
            (IdentifierKind::Phone, "phone", "07700 900123", &["phone:+447700900123"]),
            (
                IdentifierKind::Whatsapp,
                "whatsapp",
                "07700 900123",
                &["whatsapp:+447700900123", "phone:+447700900123"],
            ),
            (IdentifierKind::Account, "account", " ＡB-Ç ", &["account:ab-ç"]),
            (IdentifierKind::Social, "social", "@Jo", &["social:@jo"]),
        ] {
            assert_eq!(kind.name(), name);
            assert_eq!(keys(kind, value), some(expected), "{name}");
            assert_eq!(keys(kind, " \u{200b} "), Err(IdentifierFault::Empty), "{name}");
        }
    }

    #[test]
    fn a_value_has_at_most_so_many_characters() {
        let of = |chars: usize| keys(IdentifierKind::Account, &"é".repeat(chars));
        assert!(of(IDENTIFIER_CHARS_MAX).is_ok());
        for more in [1, 2, 100] {
            assert_eq!(of(IDENTIFIER_CHARS_MAX + more), Err(IdentifierFault::TooLong));
        }
    }

    #[test]
    fn what_identifies_nobody_leaves_no_doubt() {
        for (fault, doubt) in [
            (IdentifierFault::Empty, false),
            (IdentifierFault::ShortCode, false),
            (IdentifierFault::Withheld, false),
            (IdentifierFault::TooLong, true),
            (IdentifierFault::NotAnAddress, true),
            (IdentifierFault::NotANumber, true),
            (IdentifierFault::TooShort, true),
            (IdentifierFault::Rounded, true),
            (IdentifierFault::TwoNumbers, true),
        ] {
            assert_eq!(fault.leaves_doubt(), doubt, "{fault}");
        }
    }

    #[test]
    fn a_persons_whatsapp_number_is_listed_under_whatsapp_only() {
        let listed = |kind| listed_keys(kind, "07700 900123", Nation::England).unwrap();
        let of = |kind: &str| vec![IdentifierKey::new(kind, "+447700900123")];
        assert_eq!(listed(IdentifierKind::Whatsapp).exact, of("whatsapp"));
        assert_eq!(listed(IdentifierKind::Phone).exact, of("phone"));
    }

    #[test]
    fn only_two_letters_a_dot_and_letters_or_digits_are_a_scoped_id() {
        let number = &["whatsapp:+447700900123", "phone:+447700900123"][..];
        for (value, expected) in [
            ("GB.447700900123", &["whatsapp:GB.447700900123"][..]),
            ("whatsapp:GB.4477aZ", &["whatsapp:GB.4477aZ"]),
            ("GBR.447700900123", number),
            ("44.7700900123", number),
            ("07700.900123", number),
            ("GB.447700-900123", number),
            ("GB.", &["whatsapp:GB."]),
            ("jo", &["whatsapp:jo"]),
        ] {
            assert_eq!(keys(IdentifierKind::Whatsapp, value), some(expected), "{value}");
        }
    }

    #[test]
    fn a_local_part_is_plain_or_quoted() {
        for (address, local) in [
            ("Jo.O'Neil+x@x.example", "jo.o'neil+x"),
            ("\"a b\"@x.example", "\"a b\""),
            ("\"\"@x.example", "\"\""),
            ("Siân@x.example", "siân"),
            ("SIA\u{302}N@x.example", "siân"),
        ] {
            let exact = email_keys(address).unwrap().exact;
            assert_eq!(exact, [IdentifierKey::new("email", &format!("{local}@x.example"))]);
        }
        for other in [
            "x.example",
            "@x.example",
            "\"@x.example",
            "\"ab@x.example",
            "ab\"@x.example",
            "a b@x.example",
            "a;b@x.example",
            "a\u{1}b@x.example",
            "\"a\u{1}b\"@x.example",
            "a@b@x.example",
            "a@",
            "a@x..example",
        ] {
            assert_eq!(email_keys(other), Err(IdentifierFault::NotAnAddress), "{other:?}");
        }
    }

    #[test]
    fn a_domain_and_its_labels_have_their_longest_length() {
        let label = |letters: usize| "a".repeat(letters);
        let of =
            |lengths: &[usize]| lengths.iter().map(|&one| label(one)).collect::<Vec<_>>().join(".");
        for (domain, wellformed) in [
            ("a", true),
            ("a.b", true),
            ("", false),
            ("a..b", false),
            (".a", false),
            (of(&[63, 1]).as_str(), true),
            (&of(&[64, 1]), false),
            (&of(&[1, 70]), false),
            (&of(&[63, 63, 63, 63]), true),
            (&of(&[63, 63, 63, 61, 1]), true),
            (&of(&[63, 63, 63, 62, 1]), false),
            (&of(&[63, 63, 63, 63, 63]), false),
        ] {
            assert_eq!(is_wellformed(domain), wellformed, "{domain}");
            let ascii = wellformed.then(|| domain.to_owned());
            assert_eq!(domain_to_ascii(&domain.to_uppercase()), ascii, "{domain}");
        }
    }

    #[test]
    fn a_providers_form_is_without_tag_and_dots_where_it_ignores_them() {
        for (local, domain, form) in [
            ("j.o+news", "gmail.com", Some("jo@gmail.com")),
            ("j.o", "googlemail.com", Some("jo@gmail.com")),
            ("j.o+a+b", "hotmail.co.uk", Some("j.o@hotmail.co.uk")),
            ("jo", "me.com", Some("jo@icloud.com")),
            ("jo", "protonmail.com", Some("jo@proton.me")),
            ("+news", "gmail.com", None),
            ("...", "gmail.com", None),
            ("jo", "gmail.co", None),
        ] {
            assert_eq!(provider_form(local, domain).as_deref(), form, "{local}@{domain}");
        }
    }
}
