//! Gateways that share a store, and what is sent to them.

use serde_json::{Value, json};

use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served};

pub struct Fleet {
    pub gateways: Vec<Served>,
    pub sink: Sink,
    _handler: Upstream,
    places: Vec<Place>,
}

impl Fleet {
    /// On the store of a URL. The people are loaded by the real `import`.
    pub async fn start(
        gateways: usize,
        url: &str,
        people: &Value,
        change: impl Fn(Place) -> Place,
    ) -> Fleet {
        let sink = Sink::start(&Script::default()).await;
        let handler = Upstream::start().await;
        let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
        let place = |_| {
            let place = Place::new(&behind, "a secret");
            place.store_at(url);
            change(place)
        };
        let places: Vec<Place> = (0..gateways).map(place).collect();
        for place in &places {
            place.archive_at(&places[0].folder.path().join("archive"));
        }
        places[0].import(people);
        let gateways = places.iter().map(Place::serve).collect();
        Fleet { gateways, sink, _handler: handler, places }
    }

    /// The path at which the first account of an organisation is made: of the gateway that started last.
    pub fn first_link(&self, organisation: &str) -> String {
        self.places.last().unwrap().first_link(organisation)
    }

    /// `kill -9`. Until it is served again, those behind it have other numbers.
    pub fn kill(&mut self, gateway: usize) {
        self.gateways.remove(gateway).kill();
    }

    /// The gateway that was killed again: on its folder, and on other ports.
    pub fn serve_again(&mut self, gateway: usize) {
        self.gateways.insert(gateway, self.places[gateway].serve());
    }

    /// The contacts of these senders that the mail server behind was given, by their tokens, each
    /// once.
    pub fn delivered(&self) -> std::collections::BTreeSet<String> {
        let taken = self.sink.taken();
        // Notices have no sender, and answer what they quote.
        let messages = taken.iter().filter(|taken| !taken.mail.starts_with("MAIL FROM:<>"));
        let tokens = messages.map(|taken| {
            let message = String::from_utf8_lossy(&taken.message);
            let at = message.find("Subject: about ").unwrap() + "Subject: about ".len();
            message[at..].split_whitespace().next().unwrap().to_owned()
        });
        tokens.collect()
    }
}

/// One message by LMTP, as the mail server in front sends it; the code behind its last byte.
pub async fn mail(gateway: &Served, from: &str, token: &str) -> u16 {
    let mut client = Client::connect(gateway.lmtp.port(), "LHLO").await;
    assert_eq!(client.ask(&format!("XFORWARD IDENT={token}")).await.0, 250);
    let message = format!(
        "From: {from}\r\nTo: repairs@karbon.example\r\nSubject: about {token}\r\n\
         Message-ID: <{token}@x.example>\r\nDate: Mon, 16 Nov 2026 10:00:00 +0000\r\n\r\n\
         About {token}: the tap drips.\r\n"
    );
    client.send(from, &["repairs@karbon.example"], message.as_bytes()).await.0
}

/// One letter that staff log; the decision.
pub async fn letter(gateway: &Served, from: &str, token: &str) -> Value {
    let body = json!({
        "id": token, "channel": "letter", "text": format!("About {token}: the tap drips."),
        "from": [{"kind": "email", "value": from, "assurance": "asserted"}],
    });
    gateway.ask("POST", "/api/v1/contacts", &body).await
}

/// The `decided` entries of a person, having checked that the trail's numbers have no gap.
pub async fn decided(gateway: &Served, person: &str) -> Vec<Value> {
    let audit = gateway.audit().await;
    for (at, entry) in audit.iter().enumerate() {
        assert_eq!(entry["number"], at + 1);
    }
    let of_person = |entry: &Value| entry["event"] == "decided" && entry["person"] == person;
    audit.into_iter().filter(of_person).collect()
}
