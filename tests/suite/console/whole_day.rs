//! A whole day in a real browser, against the real program: the next item is taken, read and released, an incident
//! recorded, a warning given, a restriction proposed that somebody else signs, the letter sent, the restriction at work
//! on the next e-mail, an appeal, and what it releases. On one gateway with the embedded store, and without script on
//! two with Redis behind nginx.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::demo::{Demo, wait};
use super::monday_browser::without_script;
use crate::real_input::browser::Browser;
use crate::served::{Place, Served};
use crate::servers::checks::free_port;
use crate::servers::nginx::nginx;
use crate::store_contract::servers::{Server, until};

const KIM: usize = 3;
const BO: usize = 2;
const DEE: usize = 1;
const SAM: usize = 0;

struct Day<'d> {
    demo: &'d Demo,
    /// `http://host:port` at which the console is found.
    root: String,
    /// Where mail is handed in, in turn.
    doors: Vec<String>,
    browser: Browser,
}

impl Day<'_> {
    /// Somebody else sits down at the browser.
    fn becomes(&mut self, number: usize) {
        let link = self.demo.links_of("karbon")[number].replace(&self.demo.root(), &self.root);
        self.browser.open(&link);
        self.browser.click("main form button");
        let there = "return location.pathname === '/' && document.readyState === 'complete'";
        wait(&mut self.browser, there);
    }

    fn open(&mut self, path: &str) {
        self.browser.open(&format!("{}{path}", self.root));
    }

    /// Follows a link or presses a button by what it says.
    fn press(&mut self, text: &str) {
        let found = self.browser.run(&format!(
            "const said = {};
             const all = [...document.querySelectorAll('main a, main button')];
             const one = all.find(it => it.textContent.trim().startsWith(said));
             if (!one) return document.querySelector('main').innerText;
             one.setAttribute('data-pressed', ''); window.left = false; return true;",
            json!(text)
        ));
        assert_eq!(found, json!(true), "nothing says {text:?}");
        self.browser.click("[data-pressed]");
        // The click answers before the page is left.
        let there = "return window.left !== false && document.readyState === 'complete'";
        wait(&mut self.browser, there);
    }

    fn fill(&mut self, fields: &[(&str, &str)]) {
        fill(&mut self.browser, fields);
    }

    fn text(&mut self) -> String {
        let text = self.browser.run("return document.querySelector('main').innerText");
        text.as_str().unwrap().to_owned()
    }

    fn reads(&mut self, text: &str) {
        let whole = self.text();
        assert!(whole.contains(text), "{text:?} is not on the page: {whole}");
    }
}

/// Fills in fields by their names: boxes and buttons by value, everything else as typed.
pub(super) fn fill(browser: &mut Browser, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        let filled = browser.run(&format!(
            "const [name, value] = {};
             const all = [...document.querySelectorAll(`main [name=\"${{name}}\"]`)];
             const box = all.find(it => it.type !== 'hidden' && it.value === value);
             if (box && box.matches('[type=radio],[type=checkbox]')) {{ box.checked = true; return true; }}
             const one = all.find(it => it.type !== 'hidden');
             if (!one) return false;
             one.value = value; return one.value === value;",
            json!([name, value])
        ));
        assert_eq!(filled, json!(true), "{name} can't be {value:?}: {}", browser.text("main"));
    }
}

/// An e-mail handed to the gateway by SMTP (RFC 5321).
pub(super) fn mail(smtp: &str, from: &str, subject: &str) {
    let mut stream = TcpStream::connect(smtp).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut answered = |expected: &str| {
        loop {
            let mut line = String::new();
            answers.read_line(&mut line).unwrap();
            assert!(line.starts_with(expected), "{line}");
            if line.as_bytes().get(3) != Some(&b'-') {
                break;
            }
        }
    };
    answered("220");
    let message = format!(
        "From: <{from}>\r\nTo: repairs@karbon.example\r\nSubject: {subject}\r\n\
         Message-ID: <{}@mail.example>\r\n\r\n{subject}: please write to me about it.\r\n.",
        subject.replace(' ', "-")
    );
    let sender = format!("MAIL FROM:<{from}>");
    for (command, expected) in [
        ("EHLO home.example", "250"),
        (sender.as_str(), "250"),
        ("RCPT TO:<repairs@karbon.example>", "250"),
        ("DATA", "354"),
        (message.as_str(), "250"),
        ("QUIT", "221"),
    ] {
        stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
        answered(expected);
    }
}

/// What has reached the organisations, each by itself, by the sink's own page.
pub(super) fn reached(sink: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(sink).unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {sink}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut page = String::new();
    std::io::Read::read_to_string(&mut stream, &mut page).unwrap();
    page.split(&"-".repeat(72)).map(str::to_owned).collect()
}

fn arrived(sink: &str, text: &str) -> bool {
    reached(sink).iter().any(|one| one.contains(text))
}

pub(super) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = std::time::Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_whole_day_from_an_incident_to_what_an_appeal_releases() {
    let demo = Demo::start();
    whole_day(&demo, (demo.root(), vec![demo.smtp.clone()]), Browser::start());
}

/// Two gateways on one Redis, which take requests and messages in turn. No script runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_day_on_two_gateways_behind_nginx() {
    // A demo that found its port taken leaves something behind: the next one has a Redis of its own.
    let mut redis = Server::start(&[]).await;
    let mut demo = None;
    for _ in 0..10 {
        demo = Demo::on(&format!("redis://127.0.0.1:{}", redis.port));
        if demo.is_some() {
            break;
        }
        redis = Server::start(&[]).await;
    }
    let demo = demo.expect("a demo on Redis");
    let second = second_gateway(&demo);
    let folder = tempfile::Builder::new().prefix("nginx").tempdir_in("/var/tmp").unwrap();
    let (one, other) = (demo.root().replace("http://", ""), second.staff);
    let port = free_port();
    let location = format!(
        "location / {{ proxy_pass http://gateways; proxy_http_version 1.1; proxy_set_header Host $http_host; \
         proxy_set_header Connection \"\"; }}\n}}\nupstream gateways {{ server {one}; server {other};\n"
    );
    let _nginx = nginx(folder.path(), &location, port);
    until("nginx serves", || async { TcpStream::connect(("127.0.0.1", port)).is_ok() }).await;
    let doors = vec![demo.smtp.clone(), second.smtp.to_string()];
    tokio::task::block_in_place(|| {
        whole_day(&demo, (format!("http://127.0.0.1:{port}"), doors), without_script());
    });
    // Both served it: the queue's page, which came by turns, is open on each alone.
    for gateway in [demo.root(), format!("http://{}", second.staff)] {
        let mut browser = Browser::start();
        let link = demo.links_of("karbon")[KIM].replace(&demo.root(), &gateway);
        browser.open(&link);
        browser.click("main form button");
        wait(&mut browser, "return location.pathname === '/'");
        browser.open(&format!("{gateway}/people/K-4"));
        let page = browser.text("main");
        assert!(page.contains("1 contact a week") && page.contains("Not in force"), "{page}");
        browser.stop();
    }
}

/// A gateway on the demo's store and archive, with listeners and a state of its own.
fn second_gateway(demo: &Demo) -> Served {
    let config = demo.config();
    let folder = config.parent().unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    let lines = text.lines().map(|line| match line.split_once(" = \"127.0.0.1:") {
        Some((key @ ("contacts" | "staff" | "smtp" | "lmtp" | "outbound"), _)) => {
            format!("{key} = \"127.0.0.1:0\"")
        }
        _ => line.to_owned(),
    });
    let own = folder.join("second.toml");
    let state = format!("{}/state\"", folder.display());
    assert!(text.contains(&state), "{text}");
    let lines = lines.map(|line| line.replace(&state, &state.replace("/state", "/second-state")));
    std::fs::write(&own, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let mut serve = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    serve.arg("serve").arg("--config").arg(&own).current_dir(folder);
    Place::served(serve)
}

fn whole_day(demo: &Demo, (root, doors): (String, Vec<String>), browser: Browser) {
    let mut day = Day { demo, root, doors, browser };
    taken_and_released(&mut day);
    recorded_and_warned(&mut day);
    proposed(&mut day);
    signed_and_sent(&mut day);
    let kept = kept_by_it(&mut day);
    appealed(&mut day);
    wait_until("it is released", || arrived(&demo.sink, &kept));
    day.browser.stop();
}

/// Monday morning: the next one is taken, read, and let go.
fn taken_and_released(day: &mut Day<'_>) {
    day.becomes(KIM);
    day.open("/queues/limited");
    day.press("Take the next");
    day.reads("Taken. It is in your name.");
    day.press("Mark as read");
    day.reads("Release…");
    // The oldest of those that wait.
    let subject = "Third message about the fence";
    day.reads(subject);
    let subject = &format!("Subject: {subject}");
    assert!(!arrived(&day.demo.sink, subject), "it is kept");
    day.press("Release…");
    day.press("Release it");
    day.reads("Released. The mail server has taken it.");
    wait_until("what is released arrives", || arrived(&day.demo.sink, subject));
}

fn recorded_and_warned(day: &mut Day<'_>) {
    let lately = chrono::Utc::now() - chrono::TimeDelta::days(10);
    let lately = lately.format("%Y-%m-%dT%H:%M").to_string();
    // Monday morning: the desk opens on what is due.
    day.open("/cases");
    day.reads("Decisions to sign");
    day.becomes(KIM);
    day.open("/people?q=reeve");
    day.press("Tom Reeve");
    day.press("Case");
    day.press("Record an incident");
    day.fill(&[
        ("ground", "abuse"),
        ("severity", "ordinary"),
        ("happened_at", &lately),
        ("channel", "email"),
        ("what", "Four e-mails with insults before noon."),
    ]);
    day.press("Record the incident");
    day.reads("The incident is recorded.");
    day.reads("Four e-mails with insults before noon.");

    day.becomes(BO);
    day.open("/people/K-4/case");
    day.press("Give a warning");
    day.fill(&[("kind", "formal"), ("medium", "verbal"), ("behaviour", "You sent insults.")]);
    day.press("Record the warning");
    // Refused beside the fields, with what was typed kept.
    day.reads("It can't be done yet");
    day.reads("What must change?");
    day.fill(&[
        ("incidents", "K-4-I-2"),
        ("must_change", "Write without insults."),
        ("consequences", "We may limit how often you can write."),
    ]);
    day.press("Record the warning");
    day.reads("The warning is recorded.");
}

fn proposed(day: &mut Day<'_>) {
    day.press("Propose a restriction");
    day.fill(&[("kind", "contact_quota")]);
    day.press("Continue");
    day.fill(&[
        ("restriction.grounds", "abuse"),
        ("incidents", "K-4-I-1"),
        ("incidents", "K-4-I-2"),
        ("restriction.limit", "1"),
        ("restriction.per", "week"),
        ("restriction.window", "rolling"),
        ("aim", "E-mails that can be answered."),
        ("why_no_lesser", "He was warned, and it went on."),
        ("adjustments_considered.outcome", "None is needed."),
    ]);
    day.press("Save and check");
    day.reads("Gets through, once; after that: kept, and the person is notified");
    day.reads("No letter to the person is drafted");
    // Half done, it is found again in one's own work.
    day.open("/");
    day.reads("your draft");
    let proposal = "/people/K-4/proposals/K-4-PR-1";
    let listed = format!("return document.querySelector('main a[href=\"{proposal}\"]') !== null");
    assert_eq!(day.browser.run(&listed), json!(true), "{}", day.text());
    day.open(proposal);
    day.press("Send a proposal for sign-off");
    day.press("Send for sign-off");
    day.reads("It waits for a signature now.");
    // Others must sign; the proposal's page names their roles.
    day.open(proposal);
    day.reads("manager or head of service signs it.");
    let signs = "return document.querySelector('a[href*=\"/steps/sign_off\"]') === null";
    assert_eq!(day.browser.run(signs), json!(true), "{}", day.text());
}

fn signed_and_sent(day: &mut Day<'_>) {
    day.becomes(SAM);
    day.open("/decisions");
    day.press("1 contact a week");
    day.press("Sign off a proposal");
    day.press("Sign off");
    day.reads("You signed it off.");

    day.becomes(BO);
    day.open("/people/K-4/proposals/K-4-PR-1");
    day.press("Draft the letter");
    day.press("Draft and preview");
    day.reads("The letter is drafted.");
    day.becomes(SAM);
    day.open("/letters");
    day.open("/people/K-4/letters/K-4-L-1");
    day.press("Approve a letter");
    day.press("Approve the letter");
    day.reads("These are the exact words that were approved.");
    has_its_fingerprint(day);
    day.becomes(KIM);
    day.open("/people/K-4/letters/K-4-L-1");
    day.press("Send a letter");
    day.fill(&[("means", "post")]);
    day.press("Send");
    day.reads("The letter is recorded as sent.");
    day.becomes(BO);
    day.open("/people/K-4/proposals/K-4-PR-1");
    day.reads("Nothing is missing.");
    day.press("Put a restriction in force");
    day.press("Put it in force");
    day.reads("The restriction is in force.");
}

/// The preview on a letter's page is the bytes that are kept.
fn has_its_fingerprint(day: &mut Day<'_>) {
    let sum = day.browser.run_async(
        "const done = arguments[arguments.length - 1];
         const hex = sum => [...new Uint8Array(sum)].map(one => one.toString(16).padStart(2, '0')).join('');
         fetch(document.querySelector('iframe.letter').src).then(answer => answer.arrayBuffer())
             .then(bytes => crypto.subtle.digest('SHA-256', bytes)).then(sum => done(hex(sum)), fault => done(String(fault)))",
    );
    assert_eq!(json!(day.browser.text(".copy-line code")), sum);
}

/// The subject line of the message that was kept.
fn kept_by_it(day: &mut Day<'_>) -> String {
    // At work on the next e-mails. Intake follows the store's changes: one may still get through before.
    day.becomes(KIM);
    let mut each = (1..=6).map(|number| (number, format!("Message {number} about the gate")));
    let kept = each.find(|(number, subject)| {
        let door = &day.doors[number % day.doors.len()];
        mail(door, "tom.reeve@mail.example", subject);
        day.open("/queues/limited");
        day.text().contains(subject)
    });
    let kept = format!("Subject: {}", kept.expect("one of six is kept").1);
    assert!(arrived(&day.demo.sink, "Subject: Message 1 about the gate"), "the first got through");
    assert!(!arrived(&day.demo.sink, &kept), "it is kept");
    kept
}

fn appealed(day: &mut Day<'_>) {
    day.open("/people/K-4/case");
    day.press("Record an appeal");
    day.fill(&[("channel", "telephone"), ("text", "One a week is too little.")]);
    day.press("Record the appeal");
    day.reads("nobody hears it yet");
    day.becomes(BO);
    day.open("/people/K-4/case");
    day.press("Choose who hears an appeal");
    day.fill(&[("name", "Dee Price")]);
    day.press("Choose them");
    day.becomes(DEE);
    day.open("/appeals");
    day.press("1 contact a week");
    day.press("Decide an appeal");
    day.fill(&[("outcome", "quashed"), ("why", "One week is too short to judge by.")]);
    day.press("Decide the appeal");
    day.reads("1 contact that was held was released.");
    day.reads("The restriction was quashed");
}
