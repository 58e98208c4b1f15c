//! Webhooks by way of nginx, which ends TLS and takes a prefix off the path.

use std::process::Command;

use contact_gateway::channels::telephony::settings::{Product, Provider};
use serde_json::json;

use super::rig::{FLOW, JO, closed, encoded, rig};
use crate::authority::{Authority, Purpose};
use crate::web_form::proxies::{free_port, nginx};

const HOST: &str = "contact.karbon.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_over_the_public_url_holds_behind_nginx() {
    let port = free_port();
    let public = format!("https://{HOST}:{port}/hooks/karbon/calls");
    let mut rig = rig(Provider::Twilio, Product::Voice, "a token", closed(), |entry| {
        entry.public_url = public.parse().unwrap();
    })
    .await;
    let authority = Authority::new();
    let issued = authority.issue(HOST, Purpose::Server);
    let server = format!(
        "listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {};\n\
         location /hooks/ {{ proxy_pass http://{}/; }}",
        issued.certificate.display(),
        issued.key.display(),
        rig.gateway.address
    );
    let _nginx = nginx(port, "", &server);
    let mut call = |signed: &str, sid: &str, from: &str| -> (String, String) {
        let fields = [
            ("AccountSid", "AC1"),
            ("CallSid", sid),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("From", from),
            ("To", "+441632960000"),
        ];
        let facts = json!({"token": "a token", "url": signed, "fields": fields});
        let signature = rig.sdk.ask("twilio_sign", facts).as_str().unwrap().to_owned();
        let got = Command::new("curl")
            .args(["-sS", "--resolve", &format!("{HOST}:{port}:127.0.0.1"), "--cacert"])
            .arg(authority.certificate())
            .args(["-H", &format!("X-Twilio-Signature: {signature}"), "-d", &encoded(&fields)])
            .args(["-w", "\n%{http_code}", &format!("{public}?a=%2F&b=")])
            .output()
            .unwrap_or_else(|fault| panic!("install the Debian package `curl`: {fault}"));
        assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
        let said = String::from_utf8(got.stdout).unwrap();
        let (body, status) = said.rsplit_once('\n').unwrap();
        (status.to_owned(), body.to_owned())
    };
    let signed = format!("{public}?a=%2F&b=");
    let (status, document) = call(&signed, "CA1", JO);
    assert_eq!(status, "200");
    assert!(document.contains("<Gather"), "{document}");
    assert_eq!(call(&signed, "CA2", "+447700900009"), ("200".to_owned(), FLOW.to_owned()));
    let without_port = signed.replace(&format!(":{port}"), "");
    assert_eq!(call(&without_port, "CA3", "+447700900009").0, "200");
    // The address that nginx asks at, and the query in other words.
    let inside = signed.replace("/hooks", "");
    for wrong in [inside, signed.replace("%2F", "/"), signed.replace("https", "http")] {
        assert_eq!(call(&wrong, "CA4", JO).0, "403", "{wrong}");
    }
    assert_eq!(rig.gateway.queue("limited").await.len(), 1);
    rig.gateway.stop().await;
}
