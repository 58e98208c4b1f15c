//! What each role may do by the API: the whole table, and that it follows the profile's duties.

use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use crate::casework::rig::{CaseOffice, profile, shipped, staff};
use crate::served::{Behind, Place};

/// Roles of every organisation, and one of the policy's own.
const ROLES: [&str; 6] =
    ["program", "agent", "point_of_contact", "customer_excellence_leader", "manager", "governance"];

async fn is_allowed(office: &CaseOffice, role: &str, route: &str) -> bool {
    let (method, path) = route.split_once(' ').unwrap();
    let path = path.replace(['{', '}'], "");
    let body = if method == "GET" { String::new() } else { "{}".to_owned() };
    let answer = office.ask(method, role, &path, &[], body).await;
    assert_ne!(answer.status, 401, "{role}: {route}");
    answer.status != 403 || answer.problem() != "role-not-allowed"
}

/// Each route that needs a token, with the roles that it opens for.
async fn table(office: &CaseOffice) -> String {
    let mut table = String::new();
    for route in include_str!("routes.txt").lines().filter(|route| !route.contains("/health/")) {
        let mut allowed = Vec::new();
        for role in ROLES {
            if is_allowed(office, role, route).await {
                allowed.push(role);
            }
        }
        table.push_str(&format!("{route}: {}\n", allowed.join(" ")));
    }
    table
}

fn office(partial: Option<&Value>) -> CaseOffice {
    let roles: Vec<(&str, &str)> = ROLES.iter().map(|role| (*role, *role)).collect();
    CaseOffice::open(Memory::new(), profile(&shipped("tuntum.toml"), partial), &staff(&roles))
}

#[tokio::test]
async fn each_route_opens_for_the_roles_whose_duty_it_is() {
    let found = table(&office(None)).await;
    assert_eq!(
        found,
        include_str!("permits.txt"),
        "a permit is new: see tests/suite/permits.txt\n{found}"
    );
}

#[tokio::test]
async fn a_program_logs_contacts_and_asks_and_nothing_else() {
    let office = office(None);
    let mut opens = Vec::new();
    for route in include_str!("routes.txt").lines().filter(|route| !route.contains("/health/")) {
        if is_allowed(&office, "program", route).await {
            opens.push(route);
        }
    }
    assert_eq!(
        opens,
        [
            "GET /api/v1/openapi.json",
            "GET /metrics",
            "POST /api/v1/contacts",
            "POST /api/v1/decisions/preview",
            "POST /api/v1/may-contact",
        ]
    );
}

#[tokio::test]
async fn as_soon_as_a_profile_lists_duties_only_those_count() {
    let listed = json!({"roles": [
        {"name": "agent", "duties": ["record"]},
        {"name": "manager", "duties": ["read_audit"]},
        {"name": "customer_excellence_leader", "duties": ["record", "propose", "decide"]},
        {"name": "governance", "duties": ["settings"]},
    ]});
    let office = office(Some(&listed));
    let cases = [
        ("PUT /api/v1/people", "customer_excellence_leader"),
        ("PUT /api/v1/people/P-1", "customer_excellence_leader"),
        ("GET /api/v1/audit", "manager"),
        ("GET /api/v1/people/P-1/record", "manager"),
        ("GET /api/v1/events/dead-letters", "governance"),
        ("DELETE /api/v1/events/dead-letters/crm/e-1", "governance"),
    ];
    for (route, role) in cases {
        for other in ROLES {
            assert_eq!(is_allowed(&office, other, route).await, other == role, "{route}: {other}");
        }
    }
    for (route, roles) in [
        ("POST /api/v1/queues/limited/c-1/release", "agent customer_excellence_leader"),
        ("POST /api/v1/contacts", "program agent customer_excellence_leader"),
        ("GET /api/v1/people", "agent customer_excellence_leader"),
    ] {
        for role in ROLES {
            let wanted = roles.split(' ').any(|one| one == role);
            assert_eq!(is_allowed(&office, role, route).await, wanted, "{route}: {role}");
        }
    }
}

#[tokio::test]
async fn who_deletes_a_dead_letter_is_on_the_trail() {
    let behind = Behind {
        mail: 9,
        form: "127.0.0.1:9".parse().unwrap(),
        calls: "127.0.0.1:9".parse().unwrap(),
    };
    let place = Place::new(&behind, "unused");
    let folder = place.folder.path().join("state/events/karbon");
    std::fs::create_dir_all(&folder).unwrap();
    let letter = json!([{
        "receiver": "crm", "id": "e-1", "at": "2026-11-21T10:00:00Z", "tried_at": "2026-11-21T10:05:00Z",
        "why": "400", "is_due": false, "event": {"subject": "c-1"}
    }]);
    std::fs::write(folder.join("dead-letters"), letter.to_string()).unwrap();
    let served = place.serve();
    let path = "/api/v1/events/dead-letters/crm/e-1";
    assert_eq!(served.try_ask("DELETE", &format!("{path}2"), &Value::Null).await.status, 404);
    assert_eq!(served.try_ask("DELETE", path, &Value::Null).await.status, 204);
    assert_eq!(served.try_ask("DELETE", path, &Value::Null).await.status, 404);
    let trail = served.audit().await;
    let noted: Vec<&Value> =
        trail.iter().filter(|entry| entry["event"] == "dead_letter_discarded").collect();
    assert_eq!(noted.len(), 1, "{trail:?}");
    let entry = noted[0];
    assert_eq!(
        (&entry["by"], &entry["receiver"], &entry["id"]),
        (&json!("Front desk"), &json!("crm"), &json!("e-1"))
    );
    served.stop();
}
