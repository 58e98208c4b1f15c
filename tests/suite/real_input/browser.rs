//! Chromium without a window, driven by WebDriver (W3C) through chromedriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Far above what any step takes, even where the machine is busy.
const STEP_WAIT: Duration = Duration::from_secs(60);
/// The key under which WebDriver gives an element (W3C WebDriver, 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    folder: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its session, then its driver.
        if !self.session.is_empty() {
            let _ = tell(self.port, "DELETE", &format!("/session/{}", self.session), &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Judging a long page takes a while on a busy machine.
const SCRIPT_MILLIS_MAX: u64 = 120_000;

impl Browser {
    pub fn start() -> Browser {
        let folder = tempfile::tempdir().unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|fault| panic!("install the package `chromium-driver`: {fault}"));
        let mut browser = Browser { driver, port, session: String::new(), folder };
        let since = Instant::now();
        while tell(port, "GET", "/status", &Value::Null)
            .is_none_or(|status| status["value"]["ready"] != true)
        {
            assert!(since.elapsed() < STEP_WAIT, "chromedriver does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        let profile = format!("--user-data-dir={}", browser.folder.path().join("data").display());
        let options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            profile.as_str(),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "acceptInsecureCerts": true, "timeouts": {"script": SCRIPT_MILLIS_MAX},
            "goog:chromeOptions": {"args": options}}}});
        let made = tell(port, "POST", "/session", &wanted).unwrap();
        browser.session = made["value"]["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("is the Debian package `chromium` installed? {made}"))
            .to_owned();
        browser
    }

    /// Ends it, and makes sure that nothing of it is left.
    pub fn stop(self) {
        let folder = self.folder.path().display().to_string();
        drop(self);
        let since = Instant::now();
        while running_with(&folder) > 0 {
            assert!(since.elapsed() < STEP_WAIT, "the browser does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn open(&mut self, page: &str) {
        self.ask("POST", "/url", &json!({"url": page}));
    }

    /// The tab that is looked at.
    pub fn tab(&mut self) -> String {
        self.ask("GET", "/window", &Value::Null).as_str().unwrap().to_owned()
    }

    /// Opens another tab, and goes on looking at this one.
    pub fn new_tab(&mut self) -> String {
        let made = self.ask("POST", "/window/new", &json!({"type": "tab"}));
        made["handle"].as_str().unwrap().to_owned()
    }

    pub fn look_at(&mut self, tab: &str) {
        self.ask("POST", "/window", &json!({"handle": tab}));
    }

    /// Closes a tab; another one is to be looked at then.
    pub fn close_tab(&mut self, tab: &str) {
        self.look_at(tab);
        self.ask("DELETE", "/window", &Value::Null);
    }

    pub fn title(&mut self) -> String {
        self.ask("GET", "/title", &Value::Null).as_str().unwrap().to_owned()
    }

    pub fn fill(&mut self, element: &str, text: &str) {
        let path = format!("/element/{}/value", self.find(element));
        self.ask("POST", &path, &json!({"text": text}));
    }

    pub fn click(&mut self, element: &str) {
        let path = format!("/element/{}/click", self.find(element));
        self.ask("POST", &path, &json!({}));
    }

    /// What a person reads in an element.
    pub fn text(&mut self, element: &str) -> String {
        let path = format!("/element/{}/text", self.find(element));
        self.ask("GET", &path, &Value::Null).as_str().unwrap().to_owned()
    }

    /// Runs a script in the page; what it returns.
    pub fn run(&mut self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Runs a script whose last argument is to be called with what it comes to.
    pub fn run_async(&mut self, script: &str) -> Value {
        self.ask("POST", "/execute/async", &json!({"script": script, "args": []}))
    }

    pub fn cookies(&mut self) -> Value {
        self.ask("GET", "/cookie", &Value::Null)
    }

    /// Shows pages in a window of this size, without scrollbars.
    pub fn sized(&mut self, width: u64, height: u64) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.tell_chromium("Emulation.setDeviceMetricsOverride", &size);
        self.tell_chromium("Emulation.setScrollbarsHidden", &json!({"hidden": true}));
    }

    /// A picture of the window, as PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let taken = self.ask_chromium("Page.captureScreenshot", &json!({"format": "png"}));
        STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// A command of Chromium's own (DevTools protocol).
    pub fn tell_chromium(&mut self, command: &str, parameters: &Value) {
        let body = json!({"cmd": command, "params": parameters});
        self.ask("POST", "/goog/cdp/execute", &body);
    }

    /// The same, for what it answers.
    pub fn ask_chromium(&mut self, command: &str, parameters: &Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.ask("POST", "/goog/cdp/execute", &body)
    }

    fn find(&mut self, element: &str) -> String {
        let wanted = json!({"using": "css selector", "value": element});
        self.ask("POST", "/element", &wanted)[ELEMENT].as_str().unwrap().to_owned()
    }

    fn ask(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        let mut answer = tell(self.port, method, &path, body).unwrap();
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].take()
    }
}

/// Processes that were started with this on their line.
fn running_with(text: &str) -> usize {
    let lines = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = lines.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(text)).count()
}

/// One request to the driver; `None`: nobody answered.
fn tell(port: u16, method: &str, path: &str, body: &Value) -> Option<Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(STEP_WAIT)).ok()?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    // The driver keeps connections open, whatever it is asked.
    let mut answer = BufReader::new(stream);
    let mut bytes = 0;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line).ok()?;
        let (name, value) = line.split_once(':').unwrap_or((line.trim_end(), ""));
        if name.is_empty() {
            break;
        }
        if name.eq_ignore_ascii_case("content-length") {
            bytes = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; bytes];
    answer.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
