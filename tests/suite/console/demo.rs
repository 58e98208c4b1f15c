//! The real program, `demo`, as somebody runs it to try the console.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::real_input::browser::Browser;
use crate::written::Written;

pub struct Demo {
    child: Child,
    links: Vec<(String, String)>,
    /// What the staff API of Karbon Homes is asked with.
    pub token: String,
    /// Where mail is handed in, and the page that shows what arrived behind the gateway.
    pub smtp: String,
    pub sink: String,
    folder: tempfile::TempDir,
    written: Written,
    reader: Option<JoinHandle<()>>,
}

impl Demo {
    pub fn start() -> Demo {
        // Two demos that start in the same moment may choose the same free port: one of them ends.
        let demo = (0..10).find_map(|_| Demo::try_start(&[]));
        demo.expect("a link for each organisation")
    }

    /// On a store of a test's own, which other gateways can join; `None`: as above.
    pub fn on(store: &str) -> Option<Demo> {
        Demo::try_start(&["--store", store])
    }

    fn try_start(more: &[&str]) -> Option<Demo> {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
            .arg("demo")
            .args(more)
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut links = Vec::new();
        let (mut smtp, mut sink, mut token) = (String::new(), String::new(), String::new());
        let mut line = String::new();
        while out.read_line(&mut line).unwrap() > 0 {
            if let Some((_, rest)) = line.split_once("/invitation/") {
                let organisation = rest.split('/').next().unwrap().to_owned();
                links.push((organisation, line.trim().to_owned()));
            }
            let address = |from: &str| {
                let rest = line.split_once(from)?.1;
                let end = rest.find(|c: char| !(c.is_ascii_digit() || ".:".contains(c)))?;
                Some(rest[..end].to_owned())
            };
            if line.contains("what reached the organisations") {
                sink = address("http://").unwrap();
            }
            if let Some(found) = address("smtp://").filter(|_| smtp.is_empty()) {
                smtp = found;
            }
            // The last of what a test needs.
            if let Some((_, rest)) = line.split_once("Bearer karbon-") {
                token = format!("karbon-{}", rest.split('\'').next().unwrap());
                break;
            }
            line.clear();
        }
        if links.len() < 5 {
            let _ = child.wait();
            return None;
        }
        // What else it prints must have somewhere to go.
        std::thread::spawn(move || out.read_to_end(&mut Vec::new()));
        let written = Written::by(&config_in(folder.path()), Vec::new());
        let err = BufReader::new(child.stderr.take().unwrap());
        let reader = Some(written.follow(err.lines()));
        Some(Demo { child, links, token, smtp, sink, folder, written, reader })
    }

    pub fn link(&self, organisation: &str) -> &str {
        &self.links.iter().find(|(id, _)| id == organisation).unwrap().1
    }

    /// `http://host:port` of the console.
    pub fn root(&self) -> String {
        self.link("karbon").split("/invitation/").next().unwrap().to_owned()
    }

    /// The configuration by which the demo runs.
    pub fn config(&self) -> PathBuf {
        config_in(self.folder.path())
    }

    /// A browser in which somebody is signed in, by one press.
    pub fn browser(&self, organisation: &str) -> Browser {
        let mut browser = Browser::start();
        browser.open(self.link(organisation));
        browser.click("main form button");
        wait(&mut browser, "return location.pathname === '/'");
        browser
    }

    /// The links of everybody who works somewhere.
    pub fn links_of(&self, organisation: &str) -> Vec<String> {
        let own = self.links.iter().filter(|(id, _)| id == organisation);
        own.map(|(_, link)| link.clone()).collect()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.written.names_nobody();
    }
}

fn config_in(folder: &Path) -> PathBuf {
    let folders = std::fs::read_dir(folder).unwrap();
    let mut files = folders.map(|one| one.unwrap().path().join("gateway.toml"));
    files.find(|file| file.exists()).unwrap()
}

/// Waits until a script says so.
pub fn wait(browser: &mut Browser, script: &str) {
    wait_at_most(browser, script, Duration::from_secs(60));
}

/// Waits until an open page shows what somebody else did: within two seconds, and more where other tests run beside it.
pub fn wait_for_news(browser: &mut Browser, script: &str) {
    wait_at_most(browser, script, Duration::from_secs(20));
}

fn wait_at_most(browser: &mut Browser, script: &str, most: Duration) {
    let since = Instant::now();
    while browser.run(script) != serde_json::Value::Bool(true) {
        assert!(since.elapsed() < most, "not within {most:?}: {script}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
