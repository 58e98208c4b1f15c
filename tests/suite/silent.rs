//! What is allowed and silently does nothing: `check` warns of each, counts it, and exits 0. And what
//! commands of an office need of the environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

const MAIL: &str = "[mail]\ndownstream = \"smtp://127.0.0.1:10026\"\n";

/// A configuration with these listeners, mail settings and what else stands under the organisation.
fn config(listen: &str, mail: &str, organisation: &str) -> String {
    format!(
        "[listen]\nstaff = \"127.0.0.1:8081\"\n{listen}\n{mail}\n[[organisation]]\nid = \"tuntum\"\n\
         profile = \"{}\"\nmode = \"observe\"\nmail_domains = [\"tuntum.example\"]\n{organisation}",
        root("config/profiles/tuntum.toml").display()
    )
}

fn run(text: &str, arguments: &[&str]) -> Output {
    run_in(tempfile::tempdir().unwrap().path(), text, arguments)
}

/// In a folder that may have a store.
fn run_in(folder: &Path, text: &str, arguments: &[&str]) -> Output {
    let file = folder.join("gateway.toml");
    std::fs::write(&file, text).unwrap();
    Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
        .args(arguments)
        .arg("--config")
        .arg(&file)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// A folder with a store that has people.
fn imported(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let people = root("config/demo/tuntum.json").display().to_string();
    let output = run_in(folder.path(), text, &["import", "--organisation", "tuntum", &people]);
    assert!(output.status.success(), "{output:?}");
    folder
}

fn call(entry: &str) -> String {
    format!("[[organisation.telephony]]\npath = \"/t\"\n{entry}\n")
}

/// A configuration, and what is said of it.
type Case = (String, &'static str);

const LMTP: &str = "lmtp = \"127.0.0.1:10024\"";
const CONTACTS: &str = "contacts = \"127.0.0.1:8080\"";
const REDIS: &str = "[store]\nurl = \"redis://127.0.0.1:6379\"\n";

fn mail_and_access() -> Vec<Case> {
    let check = "check = { nameserver = \"127.0.0.1:53\", listeners = [\"smtp\"] }";
    let proxy = "[[organisation.decision]]\npath = \"/decisions/t\"\nproxy = \"nginx\"\n\
                 fields = { email = \"header:X-E\" }";
    let form = "[[organisation.form]]\npath = \"/f\"\nupstream = \"http://127.0.0.1:9000/f\"\n\
                fields = { email = \"email\" }";
    let notices = "[organisation.mail]\nnotice_from = \"a@tuntum.example\"";
    let queues = "[organisation.queues]\nreview = { email = \"a@tuntum.example\" }";
    let page = "[organisation.page]\nname = \"Tuntum\"";
    let with = |more: &str| config(LMTP, &format!("{MAIL}{more}"), "");
    let other = format!(
        "[[organisation]]\nid = \"karbon\"\nprofile = \"{}\"\nmode = \"observe\"\n\
         mail_domains = [\"karbon.example\"]\n",
        root("config/profiles/karbon-homes.toml").display()
    );
    let staff = format!(
        "[[organisation.staff]]\nname = \"Front desk\"\nrole = \"governance\"\ntoken_sha256 = \"{}\"\n",
        "0".repeat(64)
    );
    let unheard = config(CONTACTS, "", &staff).replace("staff = \"127.0.0.1:8081\"\n", "");
    vec![
        (with(""), "has neither a mailbox `queues.emergency` nor a number `emergency`"),
        (with(""), "has no mailbox `queues.governance`"),
        (config(LMTP, MAIL, &other), "no `mail.default_organisation`: mail to an address without"),
        (unheard, "has `staff`, but there is no `listen.staff`"),
        (with(""), "has no `mail.notice_from`: nobody whose e-mail is limited"),
        (with(""), "a forged From field"),
        (with(check), "`mail.check` names no configured listener"),
        (with("milter_kept = \"quarantine\""), "`mail.milter_kept` has no effect"),
        (config("", "", notices), "no `[mail] downstream` to send notices through"),
        (
            config("", "", "set = { \"outbound_answers\" = \"hold\" }"),
            "no `listen.outbound`: no answer",
        ),
        (config("outbound = \"127.0.0.1:10027\"", MAIL, ""), "leaves `outbound_answers` unset"),
        (config("", "", queues), "has mailboxes of queues"),
        (config("", "", page), "has a `page`, but no form"),
        (config("", "", ""), "has no `staff`: nobody can see"),
        (
            format!("{REDIS}read_through = \"360 min\"\n{}", config("", "", "")),
            "`store.read_through` has no effect",
        ),
        (config(CONTACTS, "", proxy), "`/decisions/t` answers nobody"),
        (config(CONTACTS, "", proxy), "`/decisions/t` has no `text`: emergencies"),
        (
            config(CONTACTS, "", proxy),
            "without `mail.notice_from` and `[mail] downstream` no notice",
        ),
        (config(CONTACTS, "", form), "`/f` shows a limited sender a neutral page, and without"),
        (config(CONTACTS, MAIL, form), "without `mail.notice_from` no notice is sent"),
    ]
}

fn calls() -> Vec<Case> {
    // A file that is there serves as the secret.
    let secret = "{ file = \"gateway.toml\" }";
    let sip = |more: &str| {
        let entry = format!("provider = \"sip\"\ntoken = {secret}\n{more}");
        config(CONTACTS, "", &call(&entry))
    };
    let signed = |provider: &str, more: &str| {
        let entry = format!(
            "provider = \"{provider}\"\npublic_url = \"https://c.example/t\"\n\
             secrets = [{secret}]\n{more}"
        );
        config(CONTACTS, "", &call(&entry))
    };
    let text = "product = \"messaging\"\nwhen_limited = \"reject\"";
    vec![
        (sip(""), "`/t` has no `sip_domain`: a point of contact"),
        (sip("when_limited = \"voicemail\""), "has no `targets.voicemail`"),
        (
            sip(""),
            "`/t` has neither `targets.announcement` nor `targets.voicemail`: limited calls go on",
        ),
        (signed("vonage", "product = \"messaging\""), "its provider allows no reply to a text"),
        (signed("telnyx", "product = \"messaging\""), "its provider allows no reply to a text"),
        (signed("vonage", ""), "`/t` has no `caller_id`: Vonage connects no call"),
        (signed("twilio", ""), "`/t` has none of `upstream`, `fallback` and `targets.queue`"),
        (signed("twilio", "sip_domain = \"x\""), "`/t` has `sip_domain`, which only `sip` uses"),
        (
            signed("twilio", "trusted_sources = [\"10.0.0.0/8\"]"),
            "`/t` has `trusted_sources`, but its provider",
        ),
        (signed("twilio", text), "`/t` has `when_limited`, which applies only to calls"),
    ]
}

#[test]
fn what_silently_does_nothing_is_warned_of() {
    for (text, warning) in mail_and_access().into_iter().chain(calls()) {
        let output = run(&text, &["check"]);
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{text}\n{err}");
        let warned = err.lines().filter(|line| line.starts_with("warning: ")).count();
        assert!(err.lines().any(|line| line.contains(warning)), "{warning}\n{text}\n{err}");
        let counted =
            if warned == 1 { "1 warning".to_owned() } else { format!("{warned} warnings") };
        assert!(out.contains(&format!("no faults, {counted}")), "{warned}\n{out}");
    }
}

#[test]
fn a_store_is_accepted_without_secrets_of_services() {
    let receiver = "[[organisation.events]]\nname = \"crm\"\nurl = \"https://crm.example/\"\n\
                    secrets = [{ env = \"A_KEY_THAT_IS_NOT_SET\" }]\n";
    let output = run(&config("", "", receiver), &["store", "accept"]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_shown_configuration_leaves_nothing_silent() {
    let output = Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
        .args(["check", "--config"])
        .arg(root("config/gateway.toml"))
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    for line in err.lines() {
        // What this machine lacks is no matter of the configuration's.
        let expected = ["unset, and needed", "emergency", "machine: "];
        assert!(expected.iter().any(|part| line.contains(part)), "{line}");
    }
    // Whoever copies it starts in observe mode.
    let shown = std::fs::read_to_string(root("config/gateway.toml")).unwrap();
    let modes: Vec<&str> = shown.lines().filter(|line| line.starts_with("mode = ")).collect();
    assert!(
        !modes.is_empty() && modes.iter().all(|mode| *mode == "mode = \"observe\""),
        "{modes:?}"
    );
}

#[test]
fn commands_of_an_office_need_no_secrets_of_services() {
    let sip = "provider = \"sip\"\ntoken = { env = \"A_TOKEN_THAT_IS_NOT_SET\" }\n\
               sip_domain = \"pbx.example\"\n";
    let receiver = "[[organisation.events]]\nname = \"crm\"\nurl = \"https://crm.example/\"\n\
                    secrets = [{ env = \"A_KEY_THAT_IS_NOT_SET\" }]\n";
    let text = config("contacts = \"127.0.0.1:8080\"", "", &(call(sip) + receiver));
    let contact = root("config/demo/contact.json").display().to_string();
    let which = ["--organisation", "tuntum"];
    let folder = imported(&text);
    for arguments in [&["queue", "list"][..], &["decide", &contact]] {
        let arguments: Vec<&str> = arguments.iter().copied().chain(which).collect();
        let output = run_in(folder.path(), &text, &arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
    for verb in ["check", "serve"] {
        let output = run(&text, &[verb]);
        assert_eq!(output.status.code(), Some(2), "{verb}");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(err.contains("`A_TOKEN_THAT_IS_NOT_SET` is not set"), "{err}");
    }
}

#[test]
fn a_contact_without_a_time_is_decided_now() {
    let contact = root("config/demo/contact.json");
    let written = std::fs::read_to_string(&contact).unwrap();
    assert!(!written.contains("\"at\""));
    let text = config("", "", "");
    let path = contact.display().to_string();
    let folder = imported(&text);
    let output = run_in(folder.path(), &text, &["decide", "--organisation", "tuntum", &path]);
    assert!(output.status.success(), "{output:?}");
    let decision: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(decision["disposition"], "deliver", "{decision}");
}

#[test]
fn a_profile_shows_what_is_to_choose_and_how() {
    let output = Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
        .args(["profile", "show"])
        .arg(root("config/profiles/karbon-homes.toml"))
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("with [[organisation]] set = { … }"), "{out}");
    assert!(out.contains("\"review.every_months\" = 6   before anything is enforced"), "{out}");
}

#[test]
fn a_store_that_cant_be_made_is_named() {
    let text = config("", "", "") + "";
    let text = format!("[store]\nurl = \"embedded:/proc/no-such-place\"\n{text}");
    let people = root("config/demo/tuntum.json").display().to_string();
    let output = run(&text, &["import", "--organisation", "tuntum", &people]);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("the store's folder /proc/no-such-place can't be made: "), "{err}");
    let text = format!("[archive]\nurl = \"file:/proc/no-such-place\"\n{}", config("", "", ""));
    let output = run(&text, &["import", "--organisation", "tuntum", &people]);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("/proc/no-such-place: the archive can't be used: "), "{err}");
}

#[test]
fn a_command_that_asks_a_store_makes_none() {
    let text = config("", "", "");
    let folder = tempfile::tempdir().unwrap();
    let contact = root("config/demo/contact.json").display().to_string();
    let to = folder.path().join("copy").display().to_string();
    for arguments in [
        &["queue", "list"][..],
        &["decide", &contact],
        &["audit", "verify"],
        &["audit", "list"],
        &["report"],
        &["case", "diary"],
        &["retention", "preview"],
        &["person", "export", "P-1", "--by", "Ann", "--to", &to],
        &["may-contact", "P-1", "--channel", "email", "--purpose", "reply"],
    ] {
        let arguments = [arguments, &["--organisation", "tuntum"]].concat();
        let output = run_in(folder.path(), &text, &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(err.contains("there is no store in "), "{arguments:?}: {err}");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{arguments:?}: the configuration alone: {left:?}");
    }
    // Those of every organisation.
    for arguments in [&["backup", &to][..], &["store", "rekey"]] {
        let output = run_in(folder.path(), &text, arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{arguments:?}: the configuration alone: {left:?}");
    }
}
