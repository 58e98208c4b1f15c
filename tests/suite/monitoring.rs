//! Alerts and the dashboard ask for metrics and labels that there are, from the start.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use contact_gateway::runtime::metrics::{
    AbuseLabels, ContactLabels, EventLabels, FlagLabels, LaneLabels, ListenerLabels, MailLabels,
    Metrics, NoticeLabels, OrganisationLabels, PartLabels, QueueLabels, RequestLabels, TokenLabels,
};

use crate::served::{Behind, Place};

const PREFIX: &str = "contact_gateway_";

/// The text with one of everything.
fn exposed() -> String {
    let metrics = Metrics::new();
    let organisation = || "karbon".to_owned();
    metrics.part("store", true);
    let contact = ContactLabels {
        organisation: organisation(),
        channel: "email",
        disposition: "limit",
        mode: "enforce",
    };
    metrics.contacts.get_or_create(&contact).inc();
    let lane = LaneLabels { organisation: organisation(), lane: "emergency" };
    metrics.safeguards.get_or_create(&lane).inc();
    let flag = FlagLabels { organisation: organisation(), flag: "unread".to_owned() };
    metrics.flags.get_or_create(&flag).inc();
    let notice = NoticeLabels { organisation: organisation(), channel: "email", result: "sent" };
    metrics.notices.get_or_create(&notice).inc();
    metrics.abuse.get_or_create(&AbuseLabels { kind: "form_flooded" }).inc();
    metrics.mail_events.get_or_create(&MailLabels { event: "unread" }).inc();
    let of = OrganisationLabels { organisation: organisation() };
    metrics.store_behind.get_or_create(&of).set(0);
    metrics.clock_doubt.get_or_create(&of).set(0);
    metrics.casework_behind.get_or_create(&of).set(0);
    metrics.unanswered.get_or_create(&of).inc();
    metrics.originals_bytes.get_or_create(&of).set(0);
    metrics.part_up.get_or_create(&PartLabels { part: "store" }).set(1);
    let queue = QueueLabels { organisation: organisation(), queue: "limited".to_owned() };
    metrics.queue_waiting.get_or_create(&queue).set(1);
    metrics.incomplete_case_files.get_or_create(&of).set(0);
    metrics.queue_oldest_seconds.get_or_create(&queue).set(1);
    metrics.queue_overdue.get_or_create(&queue).set(1);
    metrics.asked_helper("karbon", "failed");
    metrics.spans("lost", 1);
    let tokens = TokenLabels { organisation: organisation(), state: "expired" };
    metrics.tokens.get_or_create(&tokens).set(1);
    metrics.sessions.get_or_create(&ListenerLabels { listener: "smtp" }).set(1);
    let request =
        RequestLabels { organisation: organisation(), route: "/metrics".to_owned(), status: 200 };
    metrics.requests.get_or_create(&request).inc();
    let event =
        EventLabels { organisation: organisation(), receiver: "crm".to_owned(), result: "taken" };
    metrics.events.get_or_create(&event).inc();
    metrics.text_for("karbon")
}

/// The names by which metrics are registered, without prefix and ending.
fn registered() -> Vec<&'static str> {
    let source = include_str!("../../src/runtime/metrics.rs");
    let calls = source.split("registry.register(").skip(1);
    calls.map(|call| call.split('"').nth(1).unwrap()).collect()
}

/// Whether a name is one of those under which a registered metric is exposed.
fn is_of(name: &str, registered: &str) -> bool {
    let ending = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(registered));
    ending.is_some_and(|ending| ["", "_total", "_bucket"].contains(&ending))
}

/// Each `contact_gateway_NAME{LABELS}` of a text: the name, and the names of its labels.
fn asked(text: &str) -> Vec<(String, Vec<String>)> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(PREFIX)
        .map(|(at, _)| {
            let rest = &text[at..];
            let (name, rest) = rest.split_at(rest.find(|c| !word(c)).unwrap_or(rest.len()));
            let labels = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let labels = labels.map_or("", |(labels, _)| labels);
            // Values may hold commas and braces, and no quoted `=`.
            let pieces: Vec<&str> = labels.split('=').collect();
            let names = pieces.iter().take(pieces.len().saturating_sub(1)).map(|piece| {
                piece.rsplit(|c| !word(c)).find(|word| !word.is_empty()).unwrap().to_owned()
            });
            (name.to_owned(), names.collect())
        })
        .collect()
}

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/monitoring").join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let exposed = asked(&exposed());
    // What Prometheus itself adds.
    let always: BTreeSet<&str> = ["instance", "job", "le"].into();
    let alerts = file("alerts.yml");
    let dashboard: serde_json::Value = serde_json::from_str(&file("dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let expressions: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    assert!(expressions.len() >= 15, "the dashboard lost its panels");
    let mut used = asked(&alerts);
    assert!(used.len() >= 10, "the alerts lost their expressions");
    used.extend(expressions.iter().flat_map(|expression| asked(expression)));
    for (name, labels) in &used {
        let there: Vec<_> = exposed.iter().filter(|(exposed, _)| exposed == name).collect();
        assert!(!there.is_empty(), "there is no metric {name}");
        for label in labels {
            let is_there = always.contains(label.as_str())
                || there.iter().any(|(_, labels)| labels.contains(label));
            assert!(is_there, "{name} has no label {label}");
        }
    }
    // Everything that is counted can be seen.
    let registered = registered();
    assert!(registered.len() >= 20, "{registered:?}");
    for metric in registered {
        let is_exposed = exposed.iter().any(|(name, _)| is_of(name, metric));
        assert!(is_exposed, "`exposed` lacks {metric}");
        let is_shown = used.iter().any(|(name, _)| is_of(name, metric));
        assert!(is_shown, "{metric} is on neither alert nor dashboard");
    }
}

/// Each counter whose increase an expression asks for, with the labels that it must have.
fn watched(expressions: &str) -> Vec<(&str, &str)> {
    let calls = ["increase(", "rate("].into_iter();
    let calls = calls.flat_map(|call| expressions.split(call).skip(1));
    calls
        .map(|call| {
            let selector = call.split('[').next().unwrap();
            let (name, labels) = selector.split_once('{').unwrap_or((selector, ""));
            (name, labels.trim_end_matches('}'))
        })
        .collect()
}

#[tokio::test]
async fn what_an_alert_watches_for_an_increase_is_there_before_the_first() {
    let alerts = file("alerts.yml");
    let watched = watched(&alerts);
    assert!(watched.len() >= 11, "{watched:?}");
    let nowhere = "127.0.0.1:9".parse().unwrap();
    let behind = Behind { mail: 9, form: nowhere, calls: nowhere };
    let place = Place::new(&behind, "whsec_bm90aGluZyB0aGF0IGFueWJvZHkgd291bGQgZ3Vlc3M=");
    let receiver = format!(
        "[[organisation.events]]\nname = \"crm\"\nurl = \"http://127.0.0.1:9/hooks\"\n\
         secrets = [{{ file = \"{}\" }}]\n",
        place.folder.path().join("secret").display()
    );
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), format!("{config}\n{receiver}")).unwrap();
    let served = place.serve();
    let metrics = served.metrics().await;
    for (name, labels) in watched {
        let is_there = |line: &str| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(['{', ' ']) && rest.contains(labels))
        };
        assert!(metrics.lines().any(is_there), "{name} {labels}: {metrics}");
    }
    served.stop();
}

#[test]
fn the_guide_lists_every_metric_with_its_labels_and_no_other() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let table = guide.split_once("\n### Metrics\n").unwrap().1.split_once("\n## ").unwrap().0;
    let quoted = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let mut listed = BTreeMap::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').collect();
        let labels: BTreeSet<String> = quoted(cells[2]).into_iter().collect();
        for name in quoted(cells[1]) {
            assert!(
                listed.insert(format!("{PREFIX}{name}"), labels.clone()).is_none(),
                "{name} twice"
            );
        }
    }
    let exposed = asked(&exposed());
    for metric in registered() {
        let (name, labels) = listed
            .iter()
            .find(|(name, _)| is_of(name, metric))
            .unwrap_or_else(|| panic!("docs/operations.md lacks {metric}"));
        let found: BTreeSet<String> = exposed
            .iter()
            .filter(|(exposed, _)| is_of(exposed, metric))
            .flat_map(|(_, labels)| labels.iter().cloned())
            .filter(|label| label != "le")
            .collect();
        assert_eq!(*labels, found, "{name}");
    }
    assert_eq!(listed.len(), registered().len());
}
