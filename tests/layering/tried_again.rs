//! Which tests have more than one try.

use super::{files_under, root};

/// Calls that start servers of others, whose timing a test depends on.
const STARTS: &[&str] = &["servers::single()", "servers::sentinel()", "servers::cluster()"];

#[test]
fn a_test_that_starts_redis_may_try_again() {
    let settings = std::fs::read_to_string(root().join(".config/nextest.toml")).unwrap();
    let words = settings.split_once("test(/").unwrap().1.split_once("/)").unwrap().0;
    let words: Vec<&str> = words.split('|').collect();
    let suite = root().join("tests/suite");
    let mut files = Vec::new();
    files_under(&suite, &mut files);
    let (mut tried_again, mut once) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let within = file.strip_prefix(&suite).unwrap().with_extension("");
        for test in text.split("tokio::test").skip(1) {
            let body = test.split("\n}\n").next().unwrap();
            let Some((_, named)) = body.split_once("fn ") else { continue };
            let name = named.split('(').next().unwrap();
            // A macro's are in a module that it names.
            if name.starts_with('$') || !STARTS.iter().any(|starts| body.contains(starts)) {
                continue;
            }
            let path = format!("{}/{name}", within.display());
            if words.iter().any(|word| path.contains(word)) {
                tried_again += 1;
            } else {
                once.push(path);
            }
        }
    }
    assert_eq!(once, [""; 0], "their names have none of {words:?}");
    assert!(tried_again >= 40, "the scan found too little to be right: {tried_again}");
}
