//! Figures by calendar month, and the register of what is in force, as shown and as handed out.

use contact_gateway::store::memory::Memory;
use serde_json::json;

use super::rig::{CaseOffice, made, profile, shipped, staff};

async fn office() -> CaseOffice {
    let staff = staff(&[("Ann", "agent"), ("Max", "manager")]);
    let office = CaseOffice::open(Memory::new(), profile(&shipped("tuntum.toml"), None), &staff);
    office.clock.set("2026-01-15T09:00:00Z".parse().unwrap());
    let person = json!({"id": "P-1", "name": "Jo Doe", "identifiers": []});
    office.put_on_record(vec![serde_json::from_value(person).unwrap()]).await;
    // Six in January, two in February, none in March.
    for (at, many) in [("2026-01-31T23:30:00Z", 6), ("2026-02-01T00:30:00Z", 2)] {
        office.clock.set(at.parse().unwrap());
        for _ in 0..many {
            let incident = json!({
                "act": "record_incident", "ground": "demands", "severity": "ordinary",
                "happened_at": at, "channel": "telephone", "what": "Calls all day."
            });
            made(&office.step("Ann", "P-1", incident).await);
        }
    }
    office.clock.set("2026-03-20T09:00:00Z".parse().unwrap());
    office
}

#[tokio::test]
async fn each_month_is_counted_by_itself_and_no_small_month_is_given_away() {
    let office = office().await;
    let of = async |name: &str, query: &str| {
        let days = "from=2026-01-10&to=2026-03-20&by=month";
        office.get("Max", &format!("/api/v1/reports/{name}?{days}{query}")).await
    };
    let figures = of("figures", "").await.json();
    let months = &figures["figures"]["incidents_by_ground"];
    assert_eq!(months["2026-01"], json!({"demands": 6}), "{figures}");
    assert_eq!(months["2026-02"], json!({"demands": 2}), "{figures}");
    let letters = json!({"2026-01": 0, "2026-02": 0, "2026-03": 0});
    assert_eq!(figures["figures"]["warning_letters"], letters);

    let csv = of("incidents_by_ground", "&format=csv").await;
    let csv = String::from_utf8(csv.body.to_vec()).unwrap();
    let expected = "\u{feff}figure,month,group,within,count\r\n\
        incidents_by_ground,2026-01,demands,,6\r\nincidents_by_ground,2026-02,demands,,2\r\n";
    assert_eq!(csv, expected);
    let text = of("incidents_by_ground", "&format=text").await;
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    assert!(text.contains("2026-01, demands  6"), "{text}");

    // February's two could be worked out from January's and those of the whole period.
    let board = of("incidents_by_ground", "&board=true").await.json();
    let hidden = json!({"2026-01": {"demands": null}, "2026-02": {"demands": null}});
    assert_eq!(board["figures"]["incidents_by_ground"], hidden);
    assert_eq!(of("no_such_figure", "").await.status, 404);
    // Whole months count, whatever the day of the month: 36 pass, 37 do not.
    for (from, status) in [("2023-04-01", 200), ("2023-03-31", 422)] {
        let long = format!("/api/v1/reports/figures?from={from}&to=2026-03-20&by=month");
        assert_eq!(office.get("Max", &long).await.status, status, "{from}");
    }
}

#[tokio::test]
async fn the_register_lists_what_is_in_force_today_and_names_nobody() {
    let office = office().await;
    let person = json!({
        "id": "P-2", "name": "Kim Roe",
        "identifiers": [{"kind": "email", "value": "kim@home.example"}],
        "restrictions": [
            {"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week", "grounds": "demands",
             "clause": "8.3", "starts": "2026-02-10", "review_due": "2026-08-10", "decided_by": "Max"},
            {"id": "R-2", "kind": "visits_in_pairs", "grounds": "demands", "clause": "8.3",
             "starts": "2026-02-10", "ends": "2026-03-01", "decided_by": "Max"}
        ]
    });
    office.put_on_record(vec![serde_json::from_value(person).unwrap()]).await;
    let read = "/api/v1/reports/register";
    let csv = office.get("Max", &format!("{read}?format=csv")).await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8; header=present");
    let csv = String::from_utf8(csv.body.to_vec()).unwrap();
    let expected = "\u{feff}since,kind,ground,until,years,appealed,reviews\r\n\
        2026 Q1,contact quota,demands,2026 Q3,0,no,0\r\n";
    assert_eq!(csv, expected);
    let json = office.get("Max", read).await.json();
    assert_eq!(json["on"], "2026-03-20");
    assert_eq!(json["register"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(json["register"][0]["kind"], "contact quota");
}
