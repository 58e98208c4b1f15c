//! A form's body: the first byte says in which of the three forms it is sent.

use bytes::{Bytes, BytesMut};
use contact_gateway::channels::http::body::whole;
use contact_gateway::channels::web_form::made_strict;
use contact_gateway::channels::web_form::parse::{Fields, Parsed, parse};
use contact_gateway::channels::web_form::settings::FormFields;
use contact_gateway::channels::web_form::submission::Submission;
use contact_gateway::runtime::limits::{FORM_BODY_BYTES_DEFAULT, FORM_VALUES_MAX};

pub const TOKENS: &[&[u8]] = &[
    b"&",
    b"=",
    b"%",
    b"%00",
    b"+",
    b"email",
    b"email=",
    b"&email=a%40x.example",
    b"{\"email\":",
    b"\"email\"",
    b"{\"\":0},",
    b"{\"\":",
    b"[",
    b"]",
    b"}",
    b",",
    b"\\ud800",
    b"1e999",
    b"\xff",
    b"\xef\xbb\xbf",
    b"--b\r\n",
    b"--b--\r\n",
    b"\r\n\r\n",
    b"Content-Disposition: form-data; name=\"email\"\r\n",
    b"Content-Disposition: form-data; name=\"email\"; filename=\"a\"\r\n",
    b"Content-Type: text/plain; charset=utf-16\r\n",
];

pub fn run(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else { return };
    let content_type = match kind {
        b'u' => "application/x-www-form-urlencoded",
        b'm' => "multipart/form-data; boundary=b",
        b'j' => "application/json",
        _ => return,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for text in [None, Some("message")] {
        let named = |name: &str| Some(name.to_owned());
        let names = FormFields {
            email: named("email"),
            phone: named("/customer/phone"),
            text: text.map(str::to_owned),
            ..FormFields::default()
        };
        let read = || runtime.block_on(parsed(body, content_type, &names));
        let form = read();
        assert_eq!(format!("{form:?}"), format!("{:?}", read()), "it is not read the same twice");
        let emails = form.fields.values("email");
        assert!(emails.len() <= FORM_VALUES_MAX);
        assert!(emails.iter().all(|email| !email.trim().is_empty()));
        // Nothing is kept that nobody asked for.
        assert!(text.is_none() || form.fields.others().is_empty());
        assert!(form.fields.values("other").is_empty());
        if kind == &b'j' {
            let strict = made_strict(body);
            // What is read is JSON, or becomes JSON by what lenient readers forgive; and JSON stays what it is.
            if matches!(form.fields, Fields::Read(_)) {
                assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&strict).is_ok());
            }
            if let Ok(said) = serde_json::from_slice::<serde_json::Value>(body) {
                assert_eq!(serde_json::from_slice::<serde_json::Value>(&strict).ok(), Some(said));
            }
        }
    }
}

async fn parsed(body: &[u8], content_type: &str, names: &FormFields) -> Parsed {
    let body = whole(Bytes::copy_from_slice(body));
    let folder = std::env::temp_dir();
    let read = Submission::read(body, BytesMut::new(), FORM_BODY_BYTES_DEFAULT, &folder).await;
    let submission = read.expect("within the limit");
    parse(&submission, Some(content_type), names).await.expect("it can be read again")
}
