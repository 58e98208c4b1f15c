//! Where the suite starts gateways.

use super::{files_under, root};

/// Files that start a gateway whose log is not searched for people, with the reason.
const NOT_SEARCHED: &[(&str, &str)] = &[
    ("archives/gateways.rs", REFUSED),
    ("backup/killed.rs", REFUSED),
    ("json_logs.rs", "it reads every line itself, and sends nothing"),
    ("mail/sockets.rs", REFUSED),
    ("mail/tls/by_others.rs", "in a network of its own; clients say hello and no more"),
    ("past/redis.rs", REFUSED),
    ("redis_gateways/late.rs", REFUSED),
    ("service_manager.rs", "a manager starts it; clients ask for its health"),
    ("silent.rs", REFUSED),
    ("store_copy.rs", REFUSED),
];

const REFUSED: &str = "it can't start, and says why to the operator";

#[test]
fn what_a_gateway_of_the_suite_writes_is_searched_for_people() {
    let suite = root().join("tests/suite");
    let mut files = Vec::new();
    files_under(&suite, &mut files);
    let starts = |text: &str| {
        ["\"serve\"", "\" serve ", "\"demo\""].iter().any(|started| text.contains(started))
    };
    let is_searched =
        |text: &str| text.contains("Place::served(") || text.contains(".names_nobody()");
    let (mut searched, mut not_searched) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        if starts(&text) && is_searched(&text) {
            searched += 1;
        } else if starts(&text) {
            not_searched.push(file.strip_prefix(&suite).unwrap().to_str().unwrap().to_owned());
        }
    }
    not_searched.sort();
    let listed: Vec<&str> = NOT_SEARCHED.iter().map(|(file, _)| *file).collect();
    assert_eq!(not_searched, listed, "start it by `Place::served`, or give a reason here");
    assert!(searched >= 4, "the scan found too little to be right: {searched}");
}
