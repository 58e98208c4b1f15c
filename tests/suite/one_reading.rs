//! Messages as broken as people's programs make them, each with what must be read in it. The folders of
//! `tests/faults` hold one message each.

use std::path::Path;
use std::sync::LazyLock;

use contact_gateway::channels::mail::authentication::Border;
use contact_gateway::channels::mail::reading::{MailReading, read};
use contact_gateway::channels::mail::spool::Intaking;
use contact_gateway::config::profile::load;
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::evidence::{Seen, TextNews, fingerprint, news};
use contact_gateway::domain::profile::Profile;
use serde_json::json;

static PROFILE: LazyLock<Profile> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles/karbon-homes.toml");
    load(&file).unwrap_or_else(|faults| panic!("{faults}"))
});

/// Faults with a safeguard in them.
pub const SAFEGUARDS: [&str; 21] = [
    "alt-plain-empty",
    "alt-plain-placeholder",
    "b64-cte-comment",
    "b64-cte-semicolon",
    "b64-footer",
    "b64-longline-illegal",
    "body-as-attachment-only",
    "boundary-wrong",
    "cs-utf8-but-win-apos",
    "ct-enriched",
    "html-unclosed-style",
    "html-zwsp-in-word",
    "plain-shy",
    "sg-alt-related-blank",
    "sg-apos-backtick",
    "sg-gt-only-with-subject",
    "sg-html-lt",
    "sg-midline-boundary",
    "sg-mislabel-welsh",
    "sg-noclose",
    "subj-split-multibyte",
];

/// Faults whose sender is Jo by every reading.
pub const FROM_FIELDS: [&str; 5] = [
    "from-latin1-raw",
    "from-self-displayname",
    "from-trailing-semicolon",
    "from-unquoted-brackets",
    "from-unquoted-comma",
];

/// Faults with new words on a closed matter.
pub const NEW_WORDS: [&str; 4] = [
    "ev2-alt-blank-new",
    "ev2-alt-plain-old-html-new",
    "ev2-midline-boundary",
    "ev3-html-inline-below",
];

/// Faults that a program wrote.
pub const AUTOMATIC: [&str; 2] = ["auto-prec-autoreply", "auto-x-autoreply"];

fn message(bytes: &[u8]) -> MailReading {
    let mut intaking = Intaking::new(&std::env::temp_dir());
    intaking.push(bytes).unwrap();
    read(&intaking.finish(), false, Border { authserv_ids: &[], hosts: &[] }).unwrap()
}

fn fault(name: &str) -> MailReading {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults").join(name);
    message(&std::fs::read(file.join("message.eml")).unwrap())
}

fn contact(reading: &MailReading) -> Contact {
    serde_json::from_value(json!({
        "id": "C", "channel": "email", "at": "2026-11-28T12:00:00Z",
        "subject": reading.subject, "text": reading.text,
    }))
    .unwrap()
}

fn lanes(reading: &MailReading) -> Vec<&'static str> {
    let hits = PROFILE.safeguards.hits(&contact(reading));
    hits.iter().map(|hit| hit.lane.name()).collect()
}

#[test]
fn a_safeguard_is_found_in_whatever_form_a_message_has() {
    for name in SAFEGUARDS {
        let reading = fault(name);
        let lanes = lanes(&reading);
        assert!(
            lanes.iter().any(|lane| matches!(*lane, "emergency" | "safeguarding")),
            "{name}: {lanes:?} in {:?} {:?}",
            reading.subject,
            reading.text
        );
        assert!(!reading.unread, "{name}");
    }
}

#[test]
fn a_from_field_that_is_read_alike_everywhere_has_one_sender() {
    for name in FROM_FIELDS {
        let reading = fault(name);
        assert_eq!(reading.from.len(), 1, "{name}");
        assert_eq!(reading.from[0].text(), "jo@x.example", "{name}");
        assert!(!reading.ambiguous && !reading.unread, "{name}");
    }
}

#[test]
fn a_footer_under_base64_is_read_as_text() {
    let text = fault("b64-footer").text.unwrap();
    assert!(text.contains("gas leak") && text.contains("Sent via list"), "{text}");
}

#[test]
fn new_words_in_any_alternative_are_possible_new_evidence() {
    let known = "The roof has been leaking on and off since March and nobody has ever come to repair \
                 it properly despite many promises";
    for name in NEW_WORDS {
        let contact = contact(&fault(name));
        let mut seen = Seen::default();
        seen.add_text(fingerprint(known));
        let prints = fingerprint(contact.text.as_deref().unwrap());
        let news = news(&contact, &prints, &seen, PROFILE.evidence.new_text_share);
        assert!(matches!(news.text, TextNews::MostlyNew { .. }), "{name}: {news:?}");
        assert!(
            !contact.text.unwrap().lines().any(|line| line.starts_with("Dear customer")),
            "{name}"
        );
    }
}

#[test]
fn the_same_in_plain_text_and_html_is_read_once() {
    let message = message(
        b"From: a@x.example\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\
          The roof leaks\r\nagain.\r\n\r\n> We came on Monday\r\n--b\r\nContent-Type: text/html\r\n\r\n\
          <p>The roof leaks again.</p><blockquote>We came on Monday</blockquote>\r\n--b--\r\n",
    );
    assert_eq!(message.text.unwrap().trim(), "The roof leaks\r\nagain.\r\n\r\n> We came on Monday");
}

#[test]
fn what_one_alternative_quotes_and_another_says_is_said() {
    let message = message(
        b"From: a@x.example\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\
          Thank you.\r\n> There is a gas leak.\r\n--b\r\nContent-Type: text/html\r\n\r\n\
          <p>Thank you.</p><p>There is a gas leak.</p>\r\n--b--\r\n",
    );
    assert_eq!(lanes(&message), ["emergency"]);
}

#[test]
fn attached_messages_and_text_files_are_read() {
    let attached = |head: &str, body: &str| {
        message(
            format!(
                "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\
                 see this\r\n--b\r\n{head}\r\n\r\n{body}\r\n--b--\r\n"
            )
            .as_bytes(),
        )
    };
    let inner = "From: b@x.example\r\nSubject: gas leak\r\n\r\nhello";
    let encoded = "RnJvbTogYkB4CgpUaGVyZSBpcyBhIGdhcyBsZWFrCg==";
    for reading in [
        attached("Content-Type: message/rfc822", inner),
        attached("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64", encoded),
        attached("Content-Type: text/plain; name=a.txt", "There is a gas leak"),
        attached("Content-Type: application/octet-stream; name=a.TXT", "There is a gas leak"),
        attached("Content-Type: text/html; name=a.html", "<p>There is a gas&nbsp;leak"),
    ] {
        assert_eq!(lanes(&reading), ["emergency"]);
        assert_eq!(reading.attachments.len(), 1);
    }
}

/// The notices of the snapshots that are sent, each with its profile, language and title.
fn notices() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notices");
    let mut notices = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for part in text.split("==== ").skip(1) {
            let (title, notice) = part.split_once("\n\n").unwrap();
            // Of the two others, one is heard and one is a page: no mail program quotes them.
            let is_sent = ["by e-mail", "by text message", "mailed to the address on record"];
            if is_sent.iter().any(|end| title.ends_with(end)) {
                notices.push((format!("{file}: {title}"), notice.trim().to_owned()));
            }
        }
    }
    notices
}

/// A message with nothing in it but a notice as mail programs quote it, marked, below a header block, and in HTML.
fn quoting(notice: &str) -> Vec<(&'static str, String)> {
    let head = "From: Repairs <contact@x.example>\nSent: 20 November 2026 16:05\n\
                To: Jo Doe <jo@x.example>\nSubject: Your message\n";
    let marked: String = notice.lines().map(|line| format!("> {line}\n")).collect();
    let lines: String = notice.lines().map(|line| format!("<p>{line}</p>\n")).collect();
    let on_top: String = head
        .lines()
        .map(|line| line.replace('<', "&lt;").replace('>', "&gt;") + "<br>\n")
        .collect();
    vec![
        ("text/plain", notice.to_owned()),
        ("text/plain", format!("{head}\n{notice}\n")),
        ("text/plain", format!("Thank you.\n\n{head}\n{notice}\n")),
        ("text/plain", marked.clone()),
        (
            "text/plain",
            format!("On 20 Nov 2026, at 16:05, Repairs <contact@x.example> wrote:\n\n{marked}"),
        ),
        ("text/html", format!("<blockquote type=cite>{lines}</blockquote>")),
        (
            "text/html",
            format!("<p>&nbsp;</p><div style=\"border-top:solid\"><p>{on_top}</p></div>{lines}"),
        ),
        ("text/html", format!("<p>Thank you.</p><div><p>{on_top}</p></div>{lines}")),
    ]
}

/// A notice speaks of emergencies, help with a disability and appeals: all that a bare reply says of them is ours.
#[test]
fn a_reply_that_quotes_a_notice_of_ours_opens_no_lane() {
    let notices = notices();
    assert!(notices.len() >= 100, "{}", notices.len());
    for (called, notice) in notices {
        for (content_type, body) in quoting(&notice) {
            let reading = message(
                format!(
                    "From: jo@x.example\r\nContent-Type: {content_type}; charset=utf-8\r\n\r\n{}\r\n",
                    body.replace('\n', "\r\n")
                )
                .as_bytes(),
            );
            assert_eq!(lanes(&reading), Vec::<&str>::new(), "{called}: {body}");
        }
    }
}

/// Words of one's own beside it are still found.
#[test]
fn a_word_of_ones_own_above_or_below_a_quoted_notice_is_found() {
    for (called, notice) in notices() {
        for body in [
            format!("There is a gas leak in my flat.\n{notice}"),
            format!("{notice}\nThere is a gas leak in my flat."),
        ] {
            let reading = message(
                format!(
                    "From: jo@x.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
                    body.replace('\n', "\r\n")
                )
                .as_bytes(),
            );
            assert_eq!(lanes(&reading), ["emergency"], "{called}: {body}");
        }
    }
}

#[test]
fn programs_that_reply_by_themselves_are_automatic() {
    for name in AUTOMATIC {
        assert!(fault(name).automatic, "{name}");
    }
    let report =
        "Content-Type: multipart/report; boundary=r\r\n\r\n--r\r\n\r\nnot delivered\r\n--r--\r\n";
    let wrapped = |list: &str, parts: &str| {
        message(
            format!(
                "From: a@x.example\r\n{list}Content-Type: multipart/mixed; boundary=b\r\n\r\n\
                 {parts}--b\r\n\r\nfooter\r\n--b--\r\n"
            )
            .as_bytes(),
        )
        .automatic
    };
    let first = format!("--b\r\n{report}");
    assert!(wrapped("List-Id: <l.x.example>\r\n", &first));
    // Somebody passes one on.
    assert!(!wrapped("", &first));
    assert!(!wrapped("List-Id: <l.x.example>\r\n", &format!("--b\r\n\r\nlook\r\n{first}")));
}

/// The source of every test.
fn tests_below(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.is_dir() {
            true => tests_below(&path),
            false => std::fs::read_to_string(&path).unwrap(),
        })
        .collect()
}

/// Every folder must be named by a test, or it would look tested without being so.
#[test]
fn every_fault_is_named_by_a_test() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let said = tests_below(&tests.join("suite"));
    let mut folders = 0;
    for entry in std::fs::read_dir(tests.join("faults")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_named = said.contains(&format!("\"{name}\"")) || said.contains(&format!("/{name}/"));
        assert!(is_named, "{name}");
        folders += 1;
    }
    assert!(folders >= 50, "{folders}");
}
