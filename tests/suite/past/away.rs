//! While Redis is away, a preview answers as a contact is answered, and what was decided on a counter
//! says that nobody could look at it.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::served::{Behind, Place, Served, person};
use crate::store_contract::servers::{self, until};

const JO: &str = "jo@x.example";
const SAM: &str = "sam@x.example";
const KIM: &str = "kim@x.example";
const STRANGER: &str = "stranger@y.example";

async fn asked(served: &Served, target: &str, id: &str, from: &str) -> Value {
    let contact = json!({"id": id, "channel": "email", "text": "The tap drips.",
        "from": [{"kind": "email", "value": from, "assurance": "asserted"}]});
    served.ask("POST", target, &contact).await
}

fn has(decision: &Value, flag: &str) -> bool {
    decision["flags"].as_array().unwrap().iter().any(|one| one == flag)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_a_preview_and_the_first_decision_say_what_could_not_be_looked_at() {
    let mut ground = servers::single().await;
    let nobody: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "a secret");
    place.store_at(&ground.url);
    let quota = json!({"kind": "contact_quota", "limit": 5, "per": "week", "window": "rolling"});
    let closed = json!({"kind": "channels_only", "channels": ["letter"]});
    let served = tokio::task::block_in_place(|| {
        place.import(&json!([
            person("P-1", JO, "+447700900001", quota.clone()),
            person("P-2", SAM, "+447700900002", closed),
            person("P-3", KIM, "+447700900003", quota),
        ]));
        place.serve()
    });
    // The counters of these two are known to the gateway, which decides on them.
    for (id, from) in [("a-1", JO), ("a-3", KIM)] {
        let admitted = asked(&served, "/api/v1/contacts", id, from).await;
        assert_eq!(
            (&admitted["stale"], has(&admitted, "limits_unchecked")),
            (&json!(false), false)
        );
    }
    ground.servers[0].kill();
    let first = asked(&served, "/api/v1/contacts", "b-1", JO).await;
    assert_eq!((&first["stale"], &first["disposition"]), (&json!(true), &json!("deliver")));
    assert!(has(&first, "limits_unchecked"), "{first}");

    for (from, disposition) in [(JO, "deliver"), (SAM, "limit"), (STRANGER, "deliver")] {
        let preview = asked(&served, "/api/v1/decisions/preview", "p", from).await;
        let decided = asked(&served, "/api/v1/contacts", &format!("c-{from}"), from).await;
        assert_eq!(
            (&preview["disposition"], &decided["disposition"]),
            (&json!(disposition), &json!(disposition))
        );
        for decision in [&preview, &decided] {
            assert_eq!(decision["stale"], from != STRANGER, "{decision}");
            assert_eq!(has(decision, "limits_unchecked"), from == JO, "{decision}");
        }
    }
    ground.servers[0].restart().await;
    until("a preview is fresh again", || async {
        asked(&served, "/api/v1/decisions/preview", "q", JO).await["stale"] == false
    })
    .await;
    served.stop();
}
