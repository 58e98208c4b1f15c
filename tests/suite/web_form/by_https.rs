//! A form whose own handler is called by https.

use serde_json::json;

use super::proxies::{Running, free_port, nginx};
use crate::authority::{Authority, Purpose};
use crate::contacts_edge::client::form;
use crate::contacts_edge::upstream::Upstream;
use crate::served::{Behind, Place, person};

/// The handler by https: nginx with a certificate of this authority.
fn by_https(authority: &Authority, handler: &Upstream) -> Running {
    let issued = authority.issue("localhost", Purpose::Server);
    let port = free_port();
    let server = format!(
        "listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {};\n\
         location / {{ proxy_pass http://{}; }}",
        issued.certificate.display(),
        issued.key.display(),
        handler.address
    );
    nginx(port, "", &server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_handler_gets_what_is_delivered_and_a_stranger_with_its_name_gets_nothing() {
    let (authority, handler) = (Authority::new(), Upstream::start().await);
    let front = by_https(&authority, &handler);
    let behind = Behind { mail: 9, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "a secret");
    place.change(
        &format!("http://{}/contact", handler.address),
        &format!("https://localhost:{}/contact", front.address.port()),
    );
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    place.import(&json!([person("P-L", "lim@x.example", "+447700900002", letters)]));

    let served = place.serve_trusting(&authority.certificate());
    for time in 1..=3 {
        let body = format!("email=jo%40y.example&message=The+tap+drips,+day+{time}");
        let got = form(served.contacts, "/karbon/contact", &body).await;
        assert_eq!((got.status, got.text().as_str()), (200, "thanks"));
        assert_eq!(handler.seen().pop().unwrap().body, body.as_bytes());
    }
    let limited = "email=lim%40x.example&message=The+tap+drips";
    let got = form(served.contacts, "/karbon/contact", limited).await;
    assert!(got.text().contains("only contact us by letter"), "{}", got.text());
    assert_eq!(handler.seen().len(), 3);
    served.stop();

    let served = place.serve_trusting(&Authority::new().certificate());
    let body = "email=jo%40y.example&message=Once+more";
    let got = form(served.contacts, "/karbon/contact", body).await;
    assert_eq!(got.status, 502, "{}", got.text());
    assert_eq!(handler.seen().len(), 3);
    served.stop();
}
