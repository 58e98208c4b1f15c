//! Telephone numbers, in every format that providers and people write.

use std::borrow::Cow;

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat};
use unicode_normalization::UnicodeNormalization;

use super::IdentifierFault;
use super::written::visible;
use crate::domain::nation::Nation;
use crate::domain::percent;

/// The digit nought of the scripts whose digits people type (Unicode, general category Nd), in their
/// order.
const ZEROS: &[char] = &[
    '0',
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{17e0}',
    '\u{1810}',
    '\u{ff10}',
    '\u{1d7ce}',
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

/// Longer than any written form of a 15-digit number with separators and an extension.
const PHONE_CHARS_MAX: usize = 64;

/// Fewer digits than this are a short code (101, 116 123) and no subscriber.
const PHONE_DIGITS_MIN: usize = 7;

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
    let value = &*user_part(value);
    if value.chars().count() > PHONE_CHARS_MAX {
        return Err(IdentifierFault::TooLong);
    }
    let folded = ascii_digits(value);
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
    let bare = without_fraction(bare)?;
    parse_number(the_number(bare)?, nation)
}

/// The user part of a URI, with what is escaped in it undone: two URIs that differ only in that are the same (RFC 3261
/// 19.1.4). Any other value as it is.
fn user_part(value: &str) -> Cow<'_, str> {
    let is_scheme = |scheme: &str| URI_SCHEMES.iter().any(|one| scheme.eq_ignore_ascii_case(one));
    let Some((_, rest)) = value.split_once(':').filter(|(scheme, _)| is_scheme(scheme.trim()))
    else {
        return Cow::Borrowed(value);
    };
    let user = rest.split(['@', ';', '?']).next().unwrap_or_default();
    if !user.contains('%') {
        return Cow::Borrowed(user);
    }
    Cow::Owned(String::from_utf8_lossy(&percent::decoded(user.as_bytes())).into_owned())
}

const URI_SCHEMES: [&str; 3] = ["sip", "sips", "tel"];

/// `+44` and ten digits without the trunk prefix are already E.164, and what providers send most:
/// the rules of numbering need not be asked.
fn is_plain_british(value: &str) -> bool {
    value.strip_prefix("+44").is_some_and(|national| {
        national.len() == 10
            && !national.starts_with('0')
            && national.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Compatibility forms and the digits of every script as ASCII, in lower case, without what can't be
/// seen.
fn ascii_digits(value: &str) -> String {
    let ascii = |c: char| {
        let zero = ZEROS.iter().rev().find(|zero| **zero <= c)?;
        let digit = u32::from(c) - u32::from(*zero);
        char::from_digit(digit, 10).filter(|_| digit < 10)
    };
    visible(value).nfkc().map(|c| ascii(c).unwrap_or(c)).collect::<String>().to_lowercase()
}

/// A spreadsheet writes a number as a fraction (`447700900123.0`), which is the number, or by its
/// leading digits (`7.7009E+11`), which is no longer a number.
fn without_fraction(bare: &str) -> Result<&str, IdentifierFault> {
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if let Some((mantissa, exponent)) = bare.split_once('e') {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
        let plain = mantissa.replace(['.', ','], "");
        if all_digits(&plain) && all_digits(exponent) {
            return Err(IdentifierFault::Rounded);
        }
    }
    match bare.split_once(['.', ',']) {
        Some((whole, zeros)) if all_digits(whole) && zeros.bytes().all(|c| c == b'0') => Ok(whole),
        _ => Ok(bare),
    }
}

/// The number in a value that may say more behind it (`07700 900123 (mum)`). Letters are words and no
/// keys of a dial: a reading that made digits of them would be somebody else's number.
fn the_number(bare: &str) -> Result<&str, IdentifierFault> {
    let of_words = |c: char| c.is_alphabetic() || matches!(c, ':' | '/' | ',' | '|' | '&');
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let mut numbers = bare.split(of_words).filter(|run| digits(run) > 0);
    let number = numbers.next().ok_or(IdentifierFault::NotANumber)?;
    let others: Vec<&str> = numbers.collect();
    let is_whole = |run: &&str| digits(run) >= PHONE_DIGITS_MIN;
    match (is_whole(&number), others.iter().any(is_whole)) {
        (true, false) => Ok(number.trim_end_matches(['(', '-', '.', ' ', '+', '[', '#'])),
        (true, true) => Err(IdentifierFault::TwoNumbers),
        // The digits in front may be a house number, or belong to it.
        (false, true) => Err(IdentifierFault::NotANumber),
        (false, false) if others.is_empty() => Err(IdentifierFault::ShortCode),
        (false, false) => Err(IdentifierFault::NotANumber),
    }
}

/// Parses with the nation's rules; a number with its country code but no `+` (as Vonage and Plivo
/// send it) is tried as an international one where it starts with that code.
fn parse_number(bare: &str, nation: Nation) -> Result<String, IdentifierFault> {
    let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
    let written = if !bare.starts_with('+') && digits.starts_with("44") && digits.len() >= 11 {
        format!("+{digits}")
    } else {
        bare.to_owned()
    };
    let number = PhoneNumber::parse(written, Some(nation.region()));
    let number = number.map_err(|_| IdentifierFault::NotANumber)?;
    let written = number.format_as(PhoneNumberFormat::E164).into_owned();
    // British numbers have nine or ten digits behind the country code; the few with seven are of 0800
    // and 0845 (Ofcom, National Telephone Numbering Plan, A1.1). A local number without its area code
    // would otherwise become that of somebody far away.
    match written.strip_prefix("+44") {
        Some(national) if national.len() < 9 && !is_old_service(national) => {
            Err(IdentifierFault::TooShort)
        }
        _ => Ok(written),
    }
}

fn is_old_service(national: &str) -> bool {
    national.len() == 7 && (national.starts_with("800") || national.starts_with("845"))
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
            "sip:%2B447700900123@h",
            "SIP:+44%37700900123@h;user=phone",
            "sips:%2b44%37%3700%3900%312%33@h?x=1",
            "tel:%2B447700900123",
            "sip:+447700900123@a-border-of-a-region.with-a-long-name.telephony.example;user=phone",
            "０７７００９００１２３",
            "٠٧٧٠٠٩٠٠١٢٣",
            "۰۷۷۰۰۹۰۰۱۲۳",
            "\u{200b}07700\u{2060} 900123",
            "07700 900123 (mum)",
            "07700900123 mum",
            "07700 900123 - work, flat 3",
            "Tel: 07700 900123",
            "447700900123.0",
            "7700900123",
            "7700900123.00",
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
                assert_eq!(parse_number(&number, nation).as_ref(), Ok(&number));
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
    fn what_is_no_whole_number_is_never_somebody_elses() {
        for (written, fault) in [
            ("7.7009E+11", IdentifierFault::Rounded),
            ("4,47701e+11", IdentifierFault::Rounded),
            ("9600123", IdentifierFault::TooShort),
            ("7946 0001", IdentifierFault::TooShort),
            ("960123", IdentifierFault::ShortCode),
            ("Flat 3, 07700 900123", IdentifierFault::NotANumber),
            ("07700 900123 / 07700 900124", IdentifierFault::TwoNumbers),
            ("07700 900 or so 12", IdentifierFault::TooShort),
        ] {
            assert_eq!(phone(written), Err(fault), "{written}");
        }
        assert_eq!(phone("0800 1111").as_deref(), Ok("+448001111"));
        assert_eq!(phone("020 7946 0001 ext 3").as_deref(), Ok("+442079460001"));
    }

    #[test]
    fn a_value_of_64_characters_may_be_a_number_and_a_longer_one_is_none() {
        let padded = |chars: usize| format!("{:<chars$}", "07700 900123");
        assert_eq!(phone(&padded(PHONE_CHARS_MAX)).as_deref(), Ok("+447700900123"));
        for more in [1, 2, 50] {
            let fault = phone(&padded(PHONE_CHARS_MAX + more));
            assert_eq!(fault, Err(IdentifierFault::TooLong), "{more}");
        }
    }

    #[test]
    fn a_number_is_read_beside_words_and_never_from_two_of_them() {
        for (written, number) in [
            ("mobile 07700 900123", Ok("+447700900123")),
            ("07700.900123", Ok("+447700900123")),
            ("07700900123ext3", Ok("+447700900123")),
            ("44.7700900123", Ok("+447700900123")),
            ("+44 1204 56789", Ok("+44120456789")),
            ("0845 4647", Ok("+448454647")),
            ("+44 800 12345", Err(IdentifierFault::TooShort)),
            ("12 or so", Err(IdentifierFault::ShortCode)),
            ("12 or 34", Err(IdentifierFault::NotANumber)),
            ("1234567", Err(IdentifierFault::TooShort)),
            ("123456", Err(IdentifierFault::ShortCode)),
            ("e5", Err(IdentifierFault::ShortCode)),
            ("", Err(IdentifierFault::NotANumber)),
            ("tel:", Err(IdentifierFault::NotANumber)),
            ("no digits", Err(IdentifierFault::NotANumber)),
        ] {
            assert_eq!(phone(written).as_deref(), number.as_ref().copied(), "{written}");
        }
    }

    #[test]
    fn a_withheld_number_is_known_however_it_is_spelt() {
        for value in
            ["ANONYMOUS", "anonymous.invalid", "No Caller-ID", "sip:restricted", "266 696 687"]
        {
            assert!(is_withheld(value), "{value}");
        }
        for value in ["", "sip", "07700900123", "not anonymous", "un-restricted"] {
            assert!(!is_withheld(value), "{value}");
        }
    }

    #[test]
    fn only_the_user_of_a_uri_counts() {
        for (value, user) in [
            ("sip:jo@h", "jo"),
            ("SIPS:%6ao@h;x=1", "jo"),
            (" tel :+44;ext=1", "+44"),
            ("sip:jo?x", "jo"),
            ("http:jo@h", "http:jo@h"),
            ("50%3a@h", "50%3a@h"),
        ] {
            assert_eq!(user_part(value), user, "{value}");
        }
    }
}
