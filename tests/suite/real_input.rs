//! Input by the programs that people and providers use, to the real program: curl, swaks, a browser
//! and Twilio's own library. What came out, what is kept, and what is on the audit trail.

pub mod accessible;
pub mod browser;
mod calls;
mod csrf;
mod forms;
mod letters;
mod messages;
mod pictures;

use serde_json::{Value, json};

use crate::contacts_edge::upstream::Upstream;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};

const SECRET: &str = "an auth token";
const LIMITED: &str = "+447700900001";
const ROUTED: &str = "+447700900002";
const ANYBODY: &str = "+447700900003";

/// The real program with what stands behind it. `lim@x.example` may write letters only, and
/// `routed@x.example` has a single point of contact.
struct Rig {
    served: Served,
    sink: Sink,
    form: Upstream,
    calls: Upstream,
    place: Place,
}

async fn rig() -> Rig {
    let sink = Sink::start(&Script::default()).await;
    let (form, calls) = (Upstream::start().await, Upstream::start().await);
    let behind = Behind { mail: sink.port, form: form.address, calls: calls.address };
    let place = Place::new(&behind, SECRET);
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let point = json!({"kind": "single_point_of_contact", "contact": {"name": "Pat Point",
        "email": "pat@karbon.example", "phone": "+441910000001", "queue": "pat"}});
    place.import(&json!([
        person("P-L", "lim@x.example", LIMITED, letters),
        person("P-R", "routed@x.example", ROUTED, point),
    ]));
    Rig { served: place.serve(), sink, form, calls, place }
}

/// Has the organisation say how it is reached.
fn give_details(place: &Place) {
    let details = "[organisation.contact_details]\nemail = \"contact@karbon.example\"\n\
                   telephone = \"+441914980123\"\nletter = \"1 High Street\"\n[organisation.mail]";
    place.change("[organisation.mail]", details);
}

impl Rig {
    /// The audit entries of contacts, each as person, channel and disposition.
    async fn decided(&self) -> Vec<(Value, Value, Value)> {
        // What is simply delivered is recorded within a moment.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let entries = self.served.decided().await;
        entries
            .into_iter()
            .map(|entry| {
                let of = |key: &str| entry[key].clone();
                (of("person"), of("channel"), of("disposition"))
            })
            .collect()
    }

    /// The one item on a queue.
    async fn item(&self, queue: &str) -> Value {
        let mut items = self.served.queue(queue).await;
        assert_eq!(items.len(), 1, "{items:?}");
        items.remove(0)
    }

    fn stop(self) {
        self.served.stop();
        drop(self.place);
    }
}

fn entry(person: Option<&str>, channel: &str, disposition: &str) -> (Value, Value, Value) {
    (json!(person), json!(channel), json!(disposition))
}
