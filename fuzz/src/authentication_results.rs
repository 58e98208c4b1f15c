//! The Authentication-Results parser: the bytes are the value of one such field, or a header block
//! of several fields where they begin with a letter and a colon follows on the first line.

use contact_gateway::channels::mail::authentication::{Border, assurance};
use contact_gateway::channels::mail::mailbox::Address;
use contact_gateway::domain::identifier::Assurance;
use contact_gateway::ports::message::HeaderBlock;

pub const TOKENS: &[&[u8]] = &[
    b"mx.example",
    b"; ",
    b"dmarc=pass",
    b"dmarc=fail",
    b"dkim=pass header.d=x.example",
    b"spf=pass smtp.mailfrom=a@x.example",
    b"header.from=mail.x.example",
    b"none",
    b"(",
    b")",
    b"\"",
    b"\\",
    b"=",
    b" = ",
    b"/1",
    b"\r\n ",
    b"\r\n",
    b"Received: from a by border.example; x\r\n",
    b"Received: from a by evil.example; x\r\n",
    b"Authentication-Results: mx.example; ",
    b"reason=",
    b"policy.dmarc=none",
    b"\xff",
    b"\0",
    b"1",
    b"header.i=@mail.x.example",
    b"\t",
];

pub fn run(bytes: &[u8]) {
    let field = [b"Authentication-Results: ", bytes, b"\r\n\r\n"].concat();
    let listed = believed(&field, "mx.example");
    assert_eq!(listed, believed(&field, "mx.example"), "it is not the same twice");
    // Another's word counts for nothing, whatever it says.
    assert_eq!(believed(&field, "nobody.test"), Assurance::Asserted);
    assert_eq!(believed(&refolded(&field), "mx.example"), listed, "a fold changes it");
    // Below a foreign server's field it came in with the message.
    let foreign = [&b"Received: from a by evil.example; x\r\n"[..], &field].concat();
    assert_eq!(believed(&foreign, "mx.example"), Assurance::Asserted);
    // Below the border's own refusal nothing counts.
    let refused = [&b"Authentication-Results: mx.example; dmarc=fail\r\n"[..], &field].concat();
    assert_eq!(believed(&refused, "mx.example"), Assurance::Refuted);
    // As a whole header block: no more is asked than that it is read.
    believed(bytes, "mx.example");
}

fn believed(head: &[u8], id: &str) -> Assurance {
    let block = HeaderBlock::scan(head, true);
    let ids = [id.to_owned()];
    let hosts = ["border.example".to_owned()];
    let from = Address { local: "jo".into(), domain: "mail.x.example".into() };
    let found = assurance(head, &block, Border { authserv_ids: &ids, hosts: &hosts }, &from);
    // Where the border has not looked, the sender is what the message says.
    found.unwrap_or(Assurance::Asserted)
}

/// The same field with every fold made that can be made (RFC 5322 2.2.3): before a space that
/// neither begins a line nor is escaped.
fn refolded(field: &[u8]) -> Vec<u8> {
    let mut folded = Vec::new();
    let mut in_value = false;
    for (at, byte) in field.iter().enumerate() {
        let before = at.checked_sub(1).map_or(b'\n', |at| field[at]);
        if in_value && *byte == b' ' && !matches!(before, b'\\' | b'\r' | b'\n') {
            folded.extend_from_slice(b"\r\n");
        }
        // The next line may be a field of its own, whose name takes no fold.
        let folds_on = matches!(field.get(at + 1), Some(b' ' | b'\t'));
        in_value = (in_value || *byte == b':') && (*byte != b'\n' || folds_on);
        folded.push(*byte);
    }
    folded
}
