//! A spreadsheet register: its mapping as TOML, NUL, and the CSV in whatever encoding; without NUL only the CSV.

use std::sync::LazyLock;

use contact_gateway::casework::import::{Format, Mapping, decode, read_register};
use contact_gateway::domain::organisation::Organisation;

use super::scene::organisation;

pub const TOKENS: &[&[u8]] = &[
    b",",
    b";",
    b"\"",
    b"\"\"",
    b"\n",
    b"\r\n",
    b"\0",
    b"Tenancy Ref",
    b"Date Imposed",
    b"Review Date",
    b"Appeal Outcome",
    b"SPOC email",
    b"31/01/2026",
    b"29/02/2026",
    b"2 February 2026",
    b"9999-12-31",
    b"Letters only",
    b"2 calls per week",
    b"99999999999 emails a month",
    b"Single point of contact",
    b"Pending",
    b"Decision upheld",
    b"[columns]\n\"Notes\" = \"leave_out\"\n",
    b"[restrictions]\n\"x\" = { kind = \"channels_only\", channels = [\"letter\"] }\n",
    b"\x92",
    b"\xe2",
    b"\xc3\xa2",
    b"\xef\xbb\xbf",
    b"0115 496 0123",
    b"=1+1",
];

static ORGANISATION: LazyLock<Organisation> = LazyLock::new(organisation);

pub fn run(bytes: &[u8]) {
    let (mapping, csv) = match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default()),
        None => (&b""[..], bytes),
    };
    let Ok(mapping) = std::str::from_utf8(mapping) else { return };
    let mapping = match Mapping::read(mapping) {
        Ok(mapping) => mapping,
        Err(why) => return assert!(!why.is_empty(), "refused without a word"),
    };
    let Ok(read) = decode(csv, Format::Csv) else { return };
    let people = || read_register(&read.text, &mapping, &ORGANISATION, |_, _| {});
    let lines = read.text.lines().count().max(1);
    match (people(), people()) {
        (Ok(first), Ok(again)) => {
            assert!(first == again, "it is not read the same twice");
            assert!(first.iter().all(|one| !one.person.id.is_empty()), "somebody has no id");
        }
        (Err(first), Err(again)) => {
            assert_eq!(first, again, "it is not read the same twice");
            assert!(!first.is_empty(), "refused without a fault");
            for fault in first {
                assert!((1..=lines + 1).contains(&fault.line), "line {} of {lines}", fault.line);
                assert!(!fault.message.is_empty());
            }
        }
        _ => panic!("it is not read the same twice"),
    }
}
