//! What a program wrote is delivered and never counted. Marks can be forged: so it is on the timeline of
//! the person whose address it bears, is found on the trail, and counted in the metrics.

use serde_json::{Value, json};

use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, person};

const LIMITED: &str = "lim@x.example";
const STRANGER: &str = "kim@y.example";

/// Every way in which a message says that nobody wrote it: the envelope's sender, its fields, its text.
fn marked() -> Vec<(&'static str, String, &'static str)> {
    let report = "Content-Type: multipart/report; report-type=delivery-status; boundary=r";
    let parts = "--r\r\n\r\nIt could not be delivered.\r\n--r\r\nContent-Type: \
                 message/delivery-status\r\n\r\nReporting-MTA: dns; x.example\r\n--r--\r\n";
    let wrapped = format!(
        "--w\r\n{report}\r\n\r\n{parts}\r\n--w\r\nContent-Type: text/plain\r\n\r\nThe list's footer\r\n\
         --w--\r\n"
    );
    let list = "List-Id: <repairs.x.example>\r\nContent-Type: multipart/mixed; boundary=w";
    vec![
        ("X-Autoreply: yes", "I am away.".to_owned(), LIMITED),
        ("Precedence: auto_reply", "I am away.".to_owned(), LIMITED),
        ("Auto-Submitted: auto-replied", "I am away.".to_owned(), LIMITED),
        ("Precedence: bulk\r\nList-Id: <x.example>", "News.".to_owned(), LIMITED),
        (report, parts.to_owned(), LIMITED),
        (list, wrapped, LIMITED),
        ("X-Plain: but nobody sent it", "Not delivered.".to_owned(), ""),
    ]
}

async fn send(
    client: &mut Client,
    from: &str,
    number: usize,
    fields: &str,
    text: &str,
    sender: &str,
) {
    let message = format!(
        "From: {from}\r\nSubject: Number {number}\r\nMessage-ID: <{number}@x.example>\r\n\
         MIME-Version: 1.0\r\n{fields}\r\n\r\n{text}\r\n"
    );
    let taken = client.send(sender, &["repairs@karbon.example"], message.as_bytes()).await;
    assert_eq!(taken.0, 250, "{fields}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn automatic_contacts_are_delivered_and_listed_and_counted_for_their_person() {
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "unused");
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let import = || place.import(&json!([person("P-L", LIMITED, "+447700900001", letters)]));
    tokio::task::block_in_place(import);
    let served = tokio::task::block_in_place(|| place.serve());
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    let marked = marked();
    for (number, (fields, text, sender)) in marked.iter().enumerate() {
        send(&mut client, LIMITED, number, fields, text, sender).await;
        let delivered = sink.taken().pop().unwrap().message;
        let delivered = String::from_utf8_lossy(&delivered).into_owned();
        assert!(delivered.contains("X-Contact-Gateway-Flags: automatic"), "{fields}: {delivered}");
    }
    assert_eq!(sink.taken().len(), marked.len());
    // What Jo writes is limited as ever; whatever a stranger's program writes is nobody's.
    send(&mut client, LIMITED, 90, "X-Plain: yes", "It drips.", LIMITED).await;
    send(&mut client, STRANGER, 91, "X-Autoreply: yes", "I am away.", STRANGER).await;
    assert_eq!(served.queue("limited").await.len(), 1);

    let timeline = served.ask("GET", "/api/v1/people/P-L/timeline?limit=100", &Value::Null).await;
    let counts = &timeline["counts"];
    assert_eq!(counts["automatic"], marked.len(), "{counts}");
    assert_eq!(counts["contacts"], marked.len() + 1, "{counts}");
    let on_it = timeline["entries"].as_array().unwrap().iter().filter(|entry| {
        entry["what"] == "contact" && entry["flags"].to_string().contains("automatic")
    });
    assert_eq!(on_it.count(), marked.len());
    let found = async |query: &str| {
        let page = served.ask("GET", &format!("/api/v1/audit?{query}"), &Value::Null).await;
        page["entries"].as_array().unwrap().len()
    };
    assert_eq!(found("flag=automatic&person=P-L").await, marked.len());
    assert_eq!(found("flag=automatic").await, marked.len());
    assert_eq!(found("flag=automatic&disposition=limit").await, 0);
    let metrics = served.metrics().await;
    let counted = format!(
        "contact_gateway_flags_total{{organisation=\"karbon\",flag=\"automatic\"}} {}",
        marked.len()
    );
    assert!(metrics.contains(&counted), "{metrics}");
    let listed = tokio::task::block_in_place(|| {
        let mut audit = place.command("audit");
        audit.args(["--organisation", "karbon", "list", "--flag", "automatic", "--person", "P-L"]);
        String::from_utf8(audit.output().unwrap().stdout).unwrap()
    });
    assert_eq!(listed.lines().count(), marked.len(), "{listed}");
    served.stop();
}
