//! A people file: JSON where it begins with `[` or `{`, else CSV.

use std::sync::LazyLock;

use contact_gateway::casework::import::{Format, read_people};
use contact_gateway::domain::organisation::Organisation;

use super::scene::organisation;

pub const TOKENS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"null",
    b"-1",
    b"1e99",
    b"9999-12-31",
    b"\"id\"",
    b"\"restrictions\":[{}]",
    b"\"identifiers\":[]",
    b"\"kind\":\"contact_quota\"",
    b"\"email\"",
    b";",
    b"\r\n",
    b"\n",
    b"\"\"",
    b"id,name,email,kind\n",
    b"\xc3\xb6",
    b"\\ud800",
    b"\0",
    b"true",
    b"+447700900123",
    b"07700 900123",
    b"\xef\xbb\xbf",
];

static ORGANISATION: LazyLock<Organisation> = LazyLock::new(organisation);

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let format = match text.trim_start().chars().next() {
        Some('[' | '{') => Format::Json,
        _ => Format::Csv,
    };
    let read = || read_people(text, format, &ORGANISATION, |_, _| {});
    let lines = text.lines().count().max(1);
    match (read(), read()) {
        (Ok(first), Ok(again)) => assert!(first == again, "it is not read the same twice"),
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
