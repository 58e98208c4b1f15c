//! What requests to staff bring shares one room, and no route gets round it.

use std::path::Path;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use contact_gateway::runtime::limits::{
    API_VALUES_MAX, CONSOLE_FIELDS_MAX, CONSOLE_FORM_BYTES_MAX, CONSOLE_OPEN_FORM_BYTES_MAX,
    CONSOLE_SIGNED_OUT_FORM_BYTES_MAX, SMALL_ORIGINALS_MEMORY_BYTES_MAX, STAFF_MEMORY_BYTES_MAX,
};
use contact_gateway::runtime::room::IncomingRoom;
use contact_gateway::staff::console::{Needs, contents};
use http_body_util::BodyExt as _;
use hyper::{Request, StatusCode};
use tower::ServiceExt as _;

use super::browsing::Browsing;
use super::routes::filled;
use crate::office::{GOVERNANCE, MANAGER, Office};

/// All the room that bodies have.
fn all_room() -> IncomingRoom {
    let mut room = IncomingRoom::for_staff();
    assert!(room.grow(STAFF_MEMORY_BYTES_MAX));
    room
}

#[tokio::test]
async fn every_route_that_takes_a_body_says_when_there_is_no_room_for_it() {
    let office = Office::with_person().await;
    let document = office.get(MANAGER, "/api/v1/openapi.json").await.json();
    let taken = all_room();
    let mut asked = 0;
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for (verb, described) in verbs.as_object().unwrap() {
            if described.get("requestBody").is_none() {
                continue;
            }
            let (verb, path) = (verb.to_uppercase(), path.replace(['{', '}'], ""));
            let mut answer = office.ask(&verb, Some(MANAGER), &path, "{}".to_owned()).await;
            if answer.status == StatusCode::FORBIDDEN {
                answer = office.ask(&verb, Some(GOVERNANCE), &path, "{}".to_owned()).await;
            }
            asked += 1;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{verb} {path}: {answer:?}");
            assert_eq!(answer.problem(), "no-room", "{verb} {path}");
            assert!(answer.headers.contains_key(RETRY_AFTER), "{verb} {path}");
        }
    }
    assert!(asked > 30, "{asked}");
    // What brings nothing takes none.
    assert_eq!(office.get(MANAGER, "/api/v1/people/P-1").await.status, StatusCode::OK);
    drop(taken);
    let body = "{\"id\": \"c-9\", \"channel\": \"letter\"}".to_owned();
    let answer = office.ask("POST", Some(MANAGER), "/api/v1/contacts", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let _whole_again = all_room();
}

async fn posted(office: &Office, path: &str, form: String) -> hyper::Response<Body> {
    let request = Request::post(path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(form));
    office.router.clone().oneshot(request.unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_form_that_needs_no_session_is_short() {
    let office = Office::with_person().await;
    let long = |bytes: usize| format!("login={}", "a".repeat(bytes));
    let mut asked = 0;
    let open = contents();
    for entry in open.iter().filter(|e| e.method == "POST" && e.needs == Needs::Nothing) {
        asked += 1;
        let path = filled(entry, "c-2", "P-1");
        let answer = posted(&office, &path, long(CONSOLE_OPEN_FORM_BYTES_MAX)).await;
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{entry:?}");
        let taken = all_room();
        let answer = posted(&office, &path, long(10)).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{entry:?}");
        assert!(answer.headers().contains_key(RETRY_AFTER), "{entry:?}");
        drop(taken);
        let answer = posted(&office, &path, long(10)).await;
        assert_ne!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{entry:?}");
    }
    assert!(asked > 2, "{asked}");
}

#[tokio::test]
async fn a_form_of_somebody_signed_in_has_a_bound_in_bytes_and_in_fields() {
    let office = Office::with_person().await;
    let mut ann = Browsing::signed_in(&office, "Ann", "manager").await;
    let mut preferences =
        async |form: String| ann.ask("POST", "/account/preferences", Some(form)).await.status;
    let long = |bytes: usize| format!("language=en&x={}", "a".repeat(bytes));
    assert_eq!(preferences(long(100_000)).await, StatusCode::SEE_OTHER);
    let over = preferences(long(CONSOLE_FORM_BYTES_MAX)).await;
    assert_eq!(over, StatusCode::PAYLOAD_TOO_LARGE);
    let many = format!("language=en{}", "&".repeat(CONSOLE_FIELDS_MAX));
    assert_eq!(preferences(many).await, StatusCode::PAYLOAD_TOO_LARGE);
    let taken = all_room();
    assert_eq!(preferences(long(10)).await, StatusCode::SERVICE_UNAVAILABLE);
    drop(taken);
}

#[tokio::test]
async fn what_somebody_wrote_when_the_session_ended_is_given_back_up_to_a_bound() {
    let office = Office::with_person().await;
    let wrote = |bytes: usize| format!("text=It+is+said{}", "a".repeat(bytes));
    let ended = async |form: String| {
        let answer = posted(&office, "/items/c-2", form).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let page = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8_lossy(&page).contains("It is said")
    };
    let fits = CONSOLE_SIGNED_OUT_FORM_BYTES_MAX - wrote(0).len();
    assert!(ended(wrote(fits)).await);
    assert!(!ended(wrote(fits + 1)).await, "the page comes without it");
    let taken = all_room();
    assert!(!ended(wrote(10)).await, "there is no room for it");
    drop(taken);
    assert!(ended(wrote(10)).await);
}

#[tokio::test]
async fn json_of_many_small_values_is_refused_before_it_is_read() {
    let office = Office::with_person().await;
    let issues = |count: usize| {
        format!("[{{\"id\":\"P-1\",\"issues\":[{}]}}]", vec!["\"\""; count].join(","))
    };
    let answer = office.ask("PUT", Some(MANAGER), "/api/v1/people", issues(1_300_000)).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (413, "body-too-large"));
    let said = answer.json()["detail"].to_string();
    assert!(said.contains(&API_VALUES_MAX.to_string()), "{said}");
    // As many as may be are read, one at a time: what they are made into counts.
    let fits =
        office.ask("PUT", Some(MANAGER), "/api/v1/people", issues(API_VALUES_MAX - 10)).await;
    assert!(![413, 503].contains(&fits.status.as_u16()), "{}", fits.status);
    let mut half = IncomingRoom::for_staff();
    assert!(half.grow(STAFF_MEMORY_BYTES_MAX / 2));
    let waits =
        office.ask("PUT", Some(MANAGER), "/api/v1/people", issues(API_VALUES_MAX - 10)).await;
    assert_eq!((waits.status.as_u16(), waits.problem().as_str()), (503, "no-room"));
}

#[tokio::test(start_paused = true)]
async fn an_original_that_there_is_no_room_for_is_asked_for_again() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    let mut ann = Browsing::signed_in(&office, "Ann", "manager").await;
    let api = "/api/v1/queues/limited/c-2/original";
    assert_eq!(office.get(MANAGER, api).await.status, StatusCode::OK);
    let mut taken = IncomingRoom::for_original(1);
    assert!(taken.grow(SMALL_ORIGINALS_MEMORY_BYTES_MAX));
    let answer = office.get(MANAGER, api).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "store-unavailable"));
    assert!(answer.headers.contains_key(RETRY_AFTER));
    let page = ann.get("/items/c-2/original").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    drop(taken);
    assert_eq!(ann.get("/items/c-2/original/download").await.status, StatusCode::OK);
}

/// Whatever takes a request's body into memory counts it, so that there is one place that does. `pressed.rs` takes answers
/// of our own, of a known length.
#[test]
fn no_other_file_of_the_staff_side_takes_a_body_into_memory() {
    fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files(&path, found),
                false => found.push(path),
            }
        }
    }
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/staff"), &mut found);
    assert!(found.len() > 50);
    let rust = |path: &&std::path::PathBuf| path.extension().is_some_and(|one| one == "rs");
    let counted = |path: &&std::path::PathBuf| {
        path.ends_with("incoming.rs") || path.ends_with("console/pressed.rs")
    };
    for path in found.iter().filter(rust).filter(|path| !counted(path)) {
        let text = std::fs::read_to_string(path).unwrap();
        let (text, _tests) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        for way in [
            " to_bytes(",
            ":to_bytes(",
            ".frame()",
            ".collect().await",
            "axum::Form",
            "Multipart",
            "}: axum::Json",
            "): axum::Json",
        ] {
            assert!(!text.contains(way), "{}: `{way}`; take bodies by `incoming`", path.display());
        }
    }
}
