//! TLS on the SMTP listener and with the server behind, by the real program and clients of others.

mod by_others;
mod client;
mod forward;
mod listener;

use std::path::Path;

use serde_json::json;

use super::sink::{Script, Sink};
use crate::authority::{Authority, Issued, Purpose};
use crate::served::{Behind, Place, Served, person};

/// The listener's name, and the one that its clients' certificates must bear.
const GATEWAY: &str = "gateway.karbon.example";
const CLIENT: &str = "mail.protection.example";

/// The real program with a certificate, and a server behind that takes everything.
struct Rig {
    authority: Authority,
    own: Issued,
    sink: Sink,
    place: Place,
    served: Served,
}

/// `mode` as `[mail.tls]` has it; `clients`: they are asked for a certificate.
async fn rig(mode: &str, clients: bool) -> Rig {
    let sink = Sink::start(&Script::default()).await;
    let authority = Authority::new();
    let own = authority.issue(GATEWAY, Purpose::Server);
    let place = place(sink.port);
    place.change(
        "\n[[organisation]]",
        &format!("\n{}\n[[organisation]]", {
            let asked = format!(
                "client_ca = \"{}\"\nclient_names = [\"{CLIENT}\"]\n",
                authority.certificate().display()
            );
            tls(mode, &own) + if clients { asked.as_str() } else { "" }
        }),
    );
    place.import(&json!([person(
        "P-L",
        "lim@x.example",
        "+447700900001",
        json!({"kind": "channels_only", "channels": ["letter"]})
    )]));
    let served = place.serve();
    Rig { authority, own, sink, place, served }
}

fn place(mail: u16) -> Place {
    let nowhere = "127.0.0.1:9".parse().unwrap();
    Place::new(&Behind { mail, form: nowhere, calls: nowhere }, "secret")
}

fn tls(mode: &str, own: &Issued) -> String {
    format!(
        "[mail.tls]\nmode = \"{mode}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
        own.certificate.display(),
        own.key.display()
    )
}

impl Rig {
    async fn counted(&self, event: &str) -> u64 {
        let text = self.served.metrics().await;
        let name = format!("contact_gateway_mail_events_total{{event=\"{event}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(name.as_str()));
        line.map_or(0, |value| value.parse().unwrap())
    }

    fn stop(self) {
        self.served.stop();
        drop(self.place);
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
