//! The From parser. Values of several From fields are separated by NUL, which none can hold.

use contact_gateway::channels::mail::mailbox::{FromField, from_field};
use contact_gateway::runtime::limits::MAIL_MAILBOXES_MAX;

pub const TOKENS: &[&[u8]] = &[
    b"@",
    b"<",
    b">",
    b",",
    b";",
    b":",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"[",
    b"]",
    b".",
    b" ",
    b"\r\n ",
    b"\t",
    b"\0",
    b"=?utf-8?q?a=40x.test?=",
    b"=?utf-8?b?DQo=?=",
    b"jo@x.example",
    b"<a@b.example>",
    b"\"a@x.test\"@evil.test",
    b"@r1,@r2:",
    b"Group: a@x.test;",
    b"\xc3\xb6",
    b"\xff",
    b"\r",
    b"\n",
    b"\x7f",
    b"\xe2\x80\xae",
    b"xn--bcher-kva.example",
];

pub fn run(bytes: &[u8]) {
    let values: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    let read = from_field(values.iter().copied());
    assert_eq!(read, from_field(values.iter().copied()), "it is not the same twice");
    let one = match read {
        FromField::One(address) => address,
        FromField::Ambiguous(addresses) => {
            assert!(addresses.len() <= MAIL_MAILBOXES_MAX);
            return;
        }
    };
    assert_eq!(values.len(), 1, "one address of several fields");
    let text = one.text();
    assert!(!one.local.is_empty() && !one.domain.is_empty());
    assert!(!text.chars().any(char::is_control), "a control character in an address");
    assert!(!one.domain.contains('@') && !one.domain.contains(char::is_whitespace));
    // Everything of the address stands in the field, in its order: nothing was made up.
    // Around the address there may be bytes in any charset.
    let field = String::from_utf8_lossy(values[0]);
    let mut field = field.chars();
    let from_field_alone = |c: char| c == '"' || c == '\\' || field.any(|other| other == c);
    assert!(text.chars().all(from_field_alone), "the address is not the field's");
    // Written plainly, it is the same address; white space and comments change nothing.
    for again in [text.clone(), format!("<{text}>"), format!(" (a \\) b)\r\n\t{text} (c)")] {
        let again = from_field([again.as_bytes()]);
        assert!(matches!(again, FromField::One(same) if same == one), "read again it is another");
    }
    // Beside another, neither is the one. (No input has this address: it may name one twice.)
    let two = [values[0], b", beside-it@another.test"].concat();
    assert!(matches!(from_field([&two[..]]), FromField::Ambiguous(_)), "one of two");
    assert!(matches!(from_field([values[0], values[0]]), FromField::Ambiguous(_)));
}
