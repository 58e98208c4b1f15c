//! `tests/bad_configs/`: every folder is a configuration that must be refused, for exactly the
//! reasons in its `expected-error`. `environment`, if it is there, holds variables as NAME=value.
//! A new case needs no Rust: copy a folder, break something else, write down what is right to say
//! (or run the test with BLESS=1, and read what it wrote).

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono::NaiveDate;
use contact_gateway::cli::check::{CheckArgs, run};
use contact_gateway::config::{self, Environment};

use crate::authority::{Authority, Issued, Purpose};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn environment(case: &Path) -> Environment {
    let text = std::fs::read_to_string(case.join("environment")).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// What `check` says to the configuration in a folder, with the folder's own path taken off.
fn said(case: &Path, environment: &Environment) -> Result<String, String> {
    let args = CheckArgs { config: case.join("gateway.toml"), json: false, store: false };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    let prefix = format!("{}/", case.display());
    match run(&args, environment, today, &mut out, &mut err) {
        Ok(_) => Ok(String::from_utf8(err).unwrap()),
        Err(fault) => Err(format!("{fault}\n").replace(&prefix, "")),
    }
}

/// The error to expect. A program without OpenID Connect or OpenTelemetry reports only that.
fn expected_error(case: &Path) -> PathBuf {
    let without = [("oidc", cfg!(feature = "oidc")), ("otlp", cfg!(feature = "otlp"))]
        .into_iter()
        .filter(|(_, is_built)| !is_built)
        .map(|(feature, _)| case.join(format!("expected-error-without-{feature}")))
        .find(|path| path.exists());
    without.unwrap_or_else(|| case.join("expected-error"))
}

#[test]
fn every_bad_configuration_is_refused_for_its_reason() {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder("tests/bad_configs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(cases.len() >= 30, "only {} cases", cases.len());
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = String::new();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let said = match said(&case, &environment(&case)) {
            Err(said) => said,
            Ok(_) => {
                wrong.push_str(&format!("{name}: was not refused\n"));
                continue;
            }
        };
        let file = expected_error(&case);
        if bless {
            std::fs::write(&file, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if said != expected {
            wrong.push_str(&format!("{name}:\n  expected\n{expected}  said\n{said}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The configuration that shows every key, with the lines that are not in force in force as well.
fn shown_whole() -> String {
    let text = std::fs::read_to_string(folder("config/gateway.toml")).unwrap();
    let text = match cfg!(feature = "oidc") {
        true => text,
        false => without(&text, "#[[staff.oidc]]\n", "\n[mail]\n"),
    };
    let text = match cfg!(feature = "otlp") {
        true => text,
        false => without(&text, "#[telemetry.otlp]\n", "\n[staff]\n"),
    };
    text.lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest,
            Some(_) | None => line,
        })
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Leaves out a section that programs without OpenID Connect or OpenTelemetry refuse: it begins with `from` and ends
/// before `next`.
fn without(text: &str, from: &str, next: &str) -> String {
    let (before, rest) = text.split_once(from).unwrap();
    let (_, after) = rest.split_once(next).unwrap();
    format!("{before}{next}{after}")
}

/// What the shown configuration names; made once.
static CERTIFICATES: LazyLock<(Authority, Issued)> = LazyLock::new(|| {
    let authority = Authority::new();
    let issued = authority.issue("gateway.example", Purpose::Server);
    (authority, issued)
});

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let config = scratch.path();
    std::fs::create_dir_all(config.join("profiles")).unwrap();
    std::fs::create_dir_all(config.join("secrets")).unwrap();
    std::fs::create_dir_all(config.join("letters")).unwrap();
    for name in [
        "profiles/karbon-homes.toml",
        "bank-holidays.toml",
        "letters/karbon-homes.en.txt",
        "letters/united-welsh.cy.txt",
    ] {
        std::fs::copy(folder("config").join(name), config.join(name)).unwrap();
    }
    for name in ["karbon-twilio", "s3-access-key-id", "s3-secret-access-key", "s3-session-token"] {
        std::fs::write(config.join("secrets").join(name), "secret\n").unwrap();
    }
    std::fs::create_dir_all(config.join("tls")).unwrap();
    let (authority, issued) = &*CERTIFICATES;
    std::fs::copy(authority.certificate(), config.join("tls/authorities.pem")).unwrap();
    std::fs::copy(&issued.certificate, config.join("tls/certificate.pem")).unwrap();
    std::fs::copy(&issued.key, config.join("tls/key.pem")).unwrap();
    let key = "k-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    std::fs::write(config.join("store-key"), key).unwrap();
    std::fs::write(config.join("fallback.xml"), "<Response/>").unwrap();
    std::fs::write(config.join("logo.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    let file = config.join("gateway.toml");
    std::fs::write(&file, text).unwrap();
    (scratch, file)
}

fn with_secrets() -> Environment {
    let signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    [
        ("KARBON_TWILIO", "a"),
        ("KARBON_SIP", "b"),
        ("KARBON_CRM_EVENTS", signing),
        ("KARBON_OIDC", "c"),
        ("KARBON_OTLP", "d"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[test]
fn the_shown_configuration_is_right_as_it_stands() {
    let warnings = said(&folder("config"), &Environment::new()).unwrap();
    assert!(warnings.contains("organisation `karbon`: unset, and needed"), "{warnings}");
}

#[test]
fn the_shown_configuration_shows_every_key() {
    let text = shown_whole();
    let (_scratch, file) = written(&text);
    let loaded = config::load(&file, &with_secrets()).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(loaded.settings.telephony.len(), 1);
    let shown: toml::Table = text.parse().unwrap();
    let shown = toml::Value::Table(shown);
    // A secret is in one place of three; one of them is shown.
    let sources = [".env", ".file", ".credential"];
    let is_shown = |path: &str| {
        let secret = sources.iter().find_map(|source| path.strip_suffix(source));
        let elsewhere =
            |secret: &str| sources.iter().any(|source| holds(&shown, &format!("{secret}{source}")));
        holds(&shown, path) || secret.is_some_and(elsewhere)
    };
    let is_refused = |path: &str| {
        (path == "staff.oidc" && !cfg!(feature = "oidc"))
            || (path.starts_with("telemetry") && !cfg!(feature = "otlp"))
    };
    let is_missing = |path: &&str| !is_shown(path) && !is_refused(path);
    let missing: Vec<&str> = loaded.known_keys().filter(is_missing).collect();
    assert!(missing.is_empty(), "not in config/gateway.toml: {missing:?}");
}

/// Whether some value stands at a path such as `organisation[].form[].path`.
fn holds(value: &toml::Value, path: &str) -> bool {
    let (part, rest) = path.split_once('.').unwrap_or((path, ""));
    let name = part.trim_end_matches("[]");
    let Some(found) = value.get(name) else { return false };
    let below: Vec<&toml::Value> = match found {
        toml::Value::Array(items) if part.ends_with("[]") => items.iter().collect(),
        found => vec![found],
    };
    rest.is_empty() || below.iter().any(|value| holds(value, rest))
}

#[test]
fn what_is_shown_as_a_default_is_the_default() {
    let whole = shown_whole();
    let bare: String = whole
        .lines()
        .filter(|line| !line.ends_with("# default"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(whole.len() > bare.len());
    let settings = |text: &str| {
        let (scratch, file) = written(text);
        let loaded = config::load(&file, &with_secrets()).unwrap_or_else(|f| panic!("{f}"));
        let shown = format!("{:#?}", loaded.settings);
        shown.replace(&scratch.path().display().to_string(), "")
    };
    assert_eq!(settings(&whole), settings(&bare));
}

#[test]
fn the_environment_goes_over_the_file() {
    let file = folder("config/gateway.toml");
    let environment = [
        ("CONTACT_GATEWAY__STORE__URL", "embedded:/srv/gateway"),
        ("CONTACT_GATEWAY__STATE__FOLDER", "/srv/state"),
        ("CONTACT_GATEWAY__LISTEN__CONTACTS", "127.0.0.1:9999"),
        ("CONTACT_GATEWAY__MAIL__SIZE_LIMIT", "1048576"),
        ("CONTACT_GATEWAY__MAIL__XFORWARD_FROM", "[\"10.0.0.0/8\"]"),
        ("CONTACT_GATEWAY__ORGANISATION__KARBON__EMERGENCY", "+441910000009"),
        ("CONTACT_GATEWAY__ORGANISATION__KARBON__SET__REVIEW__LONGEST_MONTHS", "12"),
        (
            "CONTACT_GATEWAY__ORGANISATION__KARBON__QUEUES__HEAD_OF_SERVICE__EMAIL",
            "h@karbon.example",
        ),
        ("CONTACT_GATEWAY__ORGANISATION__0__FORM__0__TIMEOUT", "5 s"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let loaded = config::load(&file, &environment.into()).unwrap_or_else(|f| panic!("{f}"));
    let settings = &loaded.settings;
    assert_eq!(settings.state, Path::new("/srv/state"));
    assert_eq!(settings.listen.contacts.unwrap().port(), 9999);
    let mail = settings.mail.as_ref().unwrap().with_key([7; 32]);
    assert_eq!((mail.size_limit, mail.pass_key), (1_048_576, [7; 32]));
    assert_eq!(mail.spool, Path::new("/srv/state/spool"));
    assert_eq!(mail.xforward_from[0].to_string(), "10.0.0.0/8");
    let karbon = settings.organisation("karbon").unwrap();
    assert_eq!(karbon.emergency.as_deref(), Some("+441910000009"));
    assert_eq!(karbon.profile.review.longest_months, Some(12));
    assert_eq!(karbon.profile.review.every_months, Some(6));
    assert_eq!(karbon.queue_mailboxes["head-of-service"], "h@karbon.example");
    assert_eq!(settings.forms[0].timeout.as_secs(), 5);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    /// Whatever is done to a line, the answer is settings or faults with a place, never a panic.
    #[test]
    fn no_line_breaks_the_reader(line in 0_usize..200, with in "[ -~]{0,24}", at in 0_usize..40) {
        let text: String = shown_whole()
            .lines()
            .enumerate()
            .map(|(number, written)| match number == line {
                true => {
                    let (before, after) = written.split_at(at.min(written.len()));
                    format!("{before}{with}{after}\n")
                }
                false => format!("{written}\n"),
            })
            .collect();
        let (scratch, file) = written(&text);
        let folder = scratch.path().display().to_string();
        if let Err(faults) = config::load(&file, &with_secrets()) {
            proptest::prop_assert!(!faults.is_empty());
            for fault in faults.iter() {
                // The file itself, or one that it names.
                proptest::prop_assert!(fault.to_string().contains(&folder), "{fault}");
            }
        }
    }
}

#[test]
fn no_fault_shows_a_secret() {
    let text = shown_whole()
        .replace("{ env = \"KARBON_SIP\" }", "\"hunter2\"")
        .replace("embedded:var/gateway", "redis:hunter2@redis.example");
    let (_scratch, file) = written(&text);
    let faults = config::load(&file, &with_secrets()).unwrap_err().to_string();
    assert!(faults.contains("token: is not a source of a secret"), "{faults}");
    assert!(faults.contains("store.url: is not a store"), "{faults}");
    assert!(!faults.contains("hunter2"), "{faults}");
}
