//! What a telephony provider, a SIP server or a program sends: the first byte says in which form.

use bytes::Bytes;
use contact_gateway::channels::telephony::webhook::Webhook;
use contact_gateway::domain::contact::Contact;
use contact_gateway::runtime::json;

pub const TOKENS: &[&[u8]] = &[
    b"&",
    b"=",
    b"%",
    b"From=%2B447700900123",
    b"CallSid=CA1",
    b"{\"data\":{\"payload\":",
    b"\"from\":",
    b"\"+447700900123\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"1e999",
    b"\\ud800",
    b"{\"id\":\"1\",\"channel\":\"telephone\"",
    b"\xff",
];

pub fn run(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else { return };
    let content_type = match kind {
        b'f' => "application/x-www-form-urlencoded",
        b'j' => "application/json",
        _ => return,
    };
    let read = || {
        let request = hyper::Request::post("/karbon/voice?digits=1")
            .header("content-type", content_type)
            .body(())
            .expect("a request");
        let (head, ()) = request.into_parts();
        Webhook::of("", head, Bytes::copy_from_slice(body), None)
    };
    let (first, again) = (read(), read());
    assert_eq!(first.form, again.form);
    assert_eq!(first.json, again.json);
    assert!(first.form.len() <= body.len() + 1);
    if let Ok(text) = std::str::from_utf8(body)
        && let Err(fault) = json::parse::<Contact>(text)
    {
        assert!(!fault.to_string().is_empty());
    }
}
