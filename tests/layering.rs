//! The house rules that a text scan can hold: who may name whom, how long files are, what the
//! domain may not touch. A scan can be fooled by macros and re-exports; it is here to catch slips.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[path = "layering/blank.rs"]
mod blank;
#[path = "layering/imports.rs"]
mod imports;
#[path = "layering/kinds.rs"]
mod kinds;
#[path = "layering/names.rs"]
mod names;
#[path = "layering/pages.rs"]
mod pages;
#[path = "layering/started.rs"]
mod started;
#[path = "layering/tried_again.rs"]
mod tried_again;

/// A room and the rooms that it may name besides itself. `ARCHITECTURE.md` shows the same table.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("runtime", &[]),
    ("ports", &["domain"]),
    ("intake", &["domain", "ports", "runtime"]),
    ("casework", &["domain", "ports", "runtime"]),
    ("store", &["domain", "ports", "runtime"]),
    ("forward", &["domain", "ports", "runtime"]),
    ("channels", &["domain", "intake", "ports", "runtime"]),
    ("render", &["domain"]),
    ("staff", &["domain", "casework", "render", "runtime"]),
    ("config", &["domain", "runtime"]),
    ("cli", EVERYTHING),
    ("app", EVERYTHING),
];

const EVERYTHING: &[&str] = &[
    "domain", "runtime", "ports", "intake", "casework", "store", "forward", "channels", "render",
    "staff", "config", "cli", "app",
];

/// What a room may name of a room that it may not name as a whole: settings types are configured.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    // Every bound is in one file, those of what ports carry as well.
    ("ports", &["crate::runtime::limits"]),
    (
        "config",
        &[
            "crate::store::settings",
            "crate::staff::settings",
            "crate::channels::mail::settings",
            "crate::channels::web_form::settings",
            "crate::channels::telephony::settings",
            "crate::channels::http::look",
            "crate::channels::decisions::settings",
            "crate::forward::events::settings",
            "crate::forward::helper::settings",
            "crate::forward::oidc::settings",
            // Whether a secret is one is found before the start.
            "crate::forward::events::signature",
        ],
    ),
];

/// Drawers in which anything ends up.
const BANNED_MODULES: &[&str] = &["util", "utils", "common", "helpers", "types", "misc"];

/// Files of `store` that read or write JSON without `store/record.rs`, each with its reason.
///
/// Outside of Rust, SQL and Lua read JSON too, which this does not see: an old migration of
/// `store/embedded/migration.rs` finds marks for entries that have none yet, and `append.lua` and `uncount.lua` of
/// `store/redis` read what `store/redis` itself wrote for them (marks of an entry, members of counters). None of
/// the three reads a record of today's format.
const JSON_ELSEWHERE: &[(&str, &str)] = &[(
    "store/backup/manifest.rs",
    "not a record of a store: a file for people and other programs, which names its own format",
)];

/// What the domain may not contain: it does no I/O, reads no clock, and waits for nothing.
const BANNED_IN_DOMAIN: &[&str] = &[
    "async ",
    ".await",
    "tokio",
    "std::fs",
    "std::env",
    "std::net",
    "std::io",
    "tracing",
    "::now(",
    "Instant::",
    "SystemTime",
    "rand::",
    "std::thread",
];

const FILE_LINES_MAX: usize = 500;

struct Source {
    path: PathBuf,
    room: String,
    text: String,
}

impl Source {
    /// The code: without comments, and without the unit tests at its end.
    fn code(&self) -> String {
        let end = self.text.find("#[cfg(test)]").unwrap_or(self.text.len());
        self.text[..end]
            .lines()
            .map(|line| match line.find("//") {
                // `https://` in a text is no comment.
                Some(at) if !line[..at].ends_with(':') => &line[..at],
                _ => line,
            })
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_under(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    files_under(&src, &mut files);
    files.sort();
    assert!(files.len() > 50, "the scan found too little to be right");
    files
        .into_iter()
        .map(|path| {
            let inner = path.strip_prefix(&src).unwrap();
            let first = inner.components().next().unwrap().as_os_str().to_str().unwrap();
            let room = first.trim_end_matches(".rs").to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            Source { path: inner.to_owned(), room, text }
        })
        .filter(|source| !matches!(source.room.as_str(), "lib" | "main" | "bin"))
        .collect()
}

/// Every path that the code names from the crate's root, `crate::a::b` and `crate::{a::b, c}`.
fn named(code: &str) -> BTreeSet<String> {
    let flat: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut paths = BTreeSet::new();
    for (at, _) in flat.match_indices("crate::") {
        let rest = &flat[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut part = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        paths.insert(format!("crate::{}", part.trim()));
                        part.clear();
                        continue;
                    }
                    _ => {}
                }
                part.push(c);
            }
            paths.insert(format!("crate::{}", part.trim()));
        } else {
            let end = rest.find(|c: char| !c.is_alphanumeric() && !"_:".contains(c));
            paths.insert(format!("crate::{}", &rest[..end.unwrap_or(rest.len())]));
        }
    }
    paths
}

fn violations(source: &Source) -> Vec<String> {
    let table: BTreeMap<&str, &[&str]> = MAY_NAME.iter().copied().collect();
    let Some(allowed) = table.get(source.room.as_str()) else {
        return vec![format!("{}: the room is not in the table", source.path.display())];
    };
    let exceptions: Vec<&str> = EXCEPTIONS
        .iter()
        .filter(|(room, _)| *room == source.room)
        .flat_map(|(_, paths)| paths.iter().copied())
        .collect();
    named(&source.code())
        .into_iter()
        .filter(|path| {
            let target = path.split("::").nth(1).unwrap_or_default();
            let is_room = table.contains_key(target);
            is_room
                && target != source.room
                && !allowed.contains(&target)
                && !exceptions.iter().any(|exception| path.starts_with(exception))
        })
        .map(|path| format!("{}: `{}` may not name `{path}`", source.path.display(), source.room))
        .collect()
}

#[test]
fn rooms_name_only_whom_they_may() {
    let found: Vec<String> = sources().iter().flat_map(violations).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_scan_finds_a_planted_violation() {
    let planted = |text: &str| Source {
        path: PathBuf::from("channels/planted.rs"),
        room: "channels".to_owned(),
        text: text.to_owned(),
    };
    for text in [
        "use crate::store::memory::Memory;",
        "use crate::{\n    domain::queue,\n    casework::Desk,\n};",
        "fn f() { crate::forward::smtp::send() }",
    ] {
        assert_eq!(violations(&planted(text)).len(), 1, "{text}");
    }
    assert!(violations(&planted("use crate::intake::Intake; // crate::store")).is_empty());
}

#[test]
fn no_way_round_the_table() {
    for source in sources() {
        let code = source.code();
        let path = source.path.display();
        assert!(!code.contains("super::super::super"), "{path}: name it from `crate`");
        assert!(!code.contains("contact_gateway::"), "{path}: name it from `crate`");
    }
}

/// The module that a file of `src` holds.
fn module(path: &Path) -> imports::Module {
    path.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect()
}

/// The modules that a file declares for tests only, as paths without ending, and their files.
fn test_modules(source: &Source) -> Vec<PathBuf> {
    let folder = source.path.with_extension("");
    let declared = source.text.split("#[cfg(test)]\n").skip(1);
    declared
        .filter_map(|rest| rest.split_once("mod ")?.1.split_once(';'))
        .filter(|(name, _)| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .flat_map(|(name, _)| [folder.join(name), folder.join(name).with_extension("rs")])
        .collect()
}

/// What is shared belongs below those who share it. Only parent and child of one module may name each
/// other: in every folder, what the children name of each other runs one way.
#[test]
fn no_modules_name_each_other() {
    let sources = sources();
    let built_for_tests: BTreeSet<PathBuf> = sources.iter().flat_map(test_modules).collect();
    let files = sources
        .iter()
        .filter(|source| !source.path.ancestors().any(|path| built_for_tests.contains(path)))
        .map(|source| (module(&source.path), source.text.as_str()));
    let imports = imports::Crate::read(files).imports();
    assert!(imports.len() > 2_000, "the scan found too little to be right: {}", imports.len());
    let mut found = String::new();
    for (folder, ring, imports) in imports::circles(&imports) {
        writeln!(found, "{}: {}", folder.join("/"), ring.join(", ")).unwrap();
        for imports::Import { from, to, written } in imports {
            writeln!(found, "    {} names {} ({written})", from.join("/"), to.join("/")).unwrap();
        }
    }
    assert!(found.is_empty(), "modules name each other in a circle:\n{found}");
}

#[test]
fn the_scan_finds_a_planted_circle() {
    let circles = |files: &[(&str, &str)]| {
        let files = files.iter().map(|(path, text)| (module(Path::new(path)), *text));
        let found = imports::circles(&imports::Crate::read(files).imports());
        found.into_iter().map(|(_, ring, _)| ring.join(" ")).collect::<Vec<_>>()
    };
    let parent = ("room.rs", "mod a;\nmod b;\npub use b::B;");
    for names_b in [
        "use super::b;",
        "use crate::room::b::B;",
        "use crate::{room::{self, b::{B as Other}}};",
        "fn f() { super::b::f() }",
        // By its parent's name for it.
        "use super::B;",
        "const TEXT: &str = \"// \\\"\"; use super::b::B;",
    ] {
        let a = ("room/a.rs", names_b);
        assert_eq!(circles(&[parent, a, ("room/b.rs", "use super::a::A;")]), ["a b"], "{names_b}");
        assert_eq!(
            circles(&[parent, a, ("room/b/c.rs", "super::super::a::f();"), ("room/b.rs", "")]),
            ["a b"],
            "{names_b}"
        );
        assert!(circles(&[parent, a, ("room/b.rs", "use super::f;")]).is_empty(), "{names_b}");
    }
    for nothing in [
        "// use super::b::B;",
        "/// As [`super::b::B`].",
        "const TEXT: &str = r#\"\"super::b::B\"#;",
        "#[cfg(test)]\nmod tests { use super::super::b::B; }",
        "use super::f;",
    ] {
        let a = ("room/a.rs", nothing);
        assert!(circles(&[parent, a, ("room/b.rs", "use super::a::A;")]).is_empty(), "{nothing}");
    }
}

#[test]
fn the_domain_is_pure() {
    for source in sources().iter().filter(|source| source.room == "domain") {
        let code = source.code();
        for banned in BANNED_IN_DOMAIN {
            assert!(!code.contains(banned), "{}: contains `{banned}`", source.path.display());
        }
    }
}

#[test]
fn no_channel_names_a_restriction_kind() {
    // A channel that looks at kinds is about to decide (invariant 2).
    for source in sources().iter().filter(|source| source.room == "channels") {
        let code = source.code();
        for banned in ["domain::restriction::Kind", "KindName::", "Kind::ContactQuota"] {
            assert!(!code.contains(banned), "{}: names `{banned}`", source.path.display());
        }
    }
}

/// What a disposition means for an answer, and what follows if something could not be kept, is said once, by
/// `intake/treatment.rs`; a proxy's endpoint only names a disposition in a header.
#[test]
fn no_channel_reads_a_disposition_by_itself() {
    for source in sources().iter().filter(|source| source.room == "channels") {
        let is_test = source.path.ends_with("tests.rs");
        let may_name = source.path.ends_with("decisions/proxy.rs");
        let code = source.code();
        let path = source.path.display();
        assert!(is_test || may_name || !code.contains("Disposition::"), "{path}");
        for banned in [
            ".disposition {",
            ".disposition ==",
            ".disposition !=",
            ".goes_on(",
            ".durable",
            ".conflicting",
            ".unkept",
            ".defer.",
        ] {
            assert!(!code.contains(banned), "{path}: `{banned}`");
        }
    }
}

/// A handler reaches casework only by its extractor, and does not let its caller in by itself.
#[test]
fn only_the_extractors_of_permits_give_a_pass() {
    let asks = |source: &Source| source.code().contains("Pass::of");
    let sources = sources();
    let mut found: Vec<_> = sources.iter().filter(|source| asks(source)).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let found: Vec<&Path> = found.into_iter().map(|source| source.path.as_path()).collect();
    assert_eq!(found, [Path::new("staff/console/visit.rs"), Path::new("staff/permit.rs")]);
}

/// Every stored record passes through one codec, so that its format can change in one place.
#[test]
fn only_the_codec_of_the_store_names_json() {
    let names_json = |source: &Source| source.code().contains("serde_json");
    let sources = sources();
    let mut found: Vec<&Path> = sources
        .iter()
        .filter(|source| source.room == "store" && names_json(source))
        .map(|source| source.path.as_path())
        .filter(|path| !path.ends_with("tests.rs"))
        .collect();
    found.sort();
    let mut expected = vec![Path::new("store/record.rs")];
    expected.extend(JSON_ELSEWHERE.iter().map(|(path, _)| Path::new(*path)));
    expected.sort();
    assert_eq!(found, expected, "a record is written and read by `store/record.rs`");
}

#[test]
fn only_stores_have_trouble_of_a_store() {
    // Whoever is asked what to do about it must not take a slow mail server for the store.
    let edges = ["forward", "channels", "staff"];
    for source in sources().iter().filter(|source| edges.contains(&source.room.as_str())) {
        let is_test = source.path.ends_with("tests.rs");
        let path = source.path.display();
        assert!(is_test || !source.code().contains("StoreError::"), "{path}: is no store");
    }
}

#[test]
fn files_are_short_and_no_module_is_a_drawer() {
    let sources = sources();
    let long: Vec<_> = sources
        .iter()
        .map(|source| (source.path.display(), source.text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .collect();
    assert!(long.is_empty(), "more than {FILE_LINES_MAX} lines: {long:?}");
    for source in &sources {
        let path = source.path.display();
        for part in source.path.iter().map(|part| part.to_str().unwrap().trim_end_matches(".rs")) {
            assert!(!BANNED_MODULES.contains(&part), "{path}: a module called `{part}`");
            assert_ne!(part, "mod", "{path}: `foo.rs` beside `foo/`, not `foo/mod.rs`");
        }
    }
}
