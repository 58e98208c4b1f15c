//! A form application with CSRF protection of its own, behind the gateway, behind nginx with TLS and a
//! prefix, filled in by a browser.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::browser::Browser;
use crate::authority::{Authority, Purpose};
use crate::contacts_edge::client::{raw, request};
use crate::contacts_edge::upstream::Upstream;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};
use crate::web_form::proxies::{Running, free_port, guide, nginx};

const WAIT: Duration = Duration::from_secs(60);

/// The application, ended where a test leaves it.
struct App {
    child: Child,
    address: SocketAddr,
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl App {
    fn start() -> App {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/clients/bin/python");
        assert!(
            python.exists(),
            "Flask is not installed: run tests/clients/install (it needs the Debian packages \
             python3 and python3-venv)"
        );
        let port = free_port();
        let child = Command::new(python)
            .arg(root.join("tests/clients/form_app.py"))
            .arg(port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let app = App { child, address: SocketAddr::from(([127, 0, 0, 1], port)) };
        let since = Instant::now();
        while TcpStream::connect(app.address).is_err() {
            assert!(since.elapsed() < WAIT, "the application does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        app
    }

    /// The messages that it took.
    async fn taken(&self) -> Vec<String> {
        let got = raw(self.address, &request("GET", "/taken", &[], b"")).await;
        serde_json::from_value(got.json()).unwrap()
    }
}

struct Rig {
    app: App,
    nginx: Running,
    served: Served,
    _place: Place,
    _mail: Sink,
    _calls: Upstream,
}

/// `jo@x.example` may make two contacts a week, `lim@x.example` may write letters only.
async fn rig() -> Rig {
    let (app, mail, calls) =
        (App::start(), Sink::start(&Script::default()).await, Upstream::start().await);
    let behind = Behind { mail: mail.port, form: app.address, calls: calls.address };
    let place = Place::new(&behind, "a secret");
    let config = std::fs::read_to_string(place.config()).unwrap();
    let config = config
        .replace("path = \"/karbon/contact\"", "path = \"/contact\"")
        .replace("[listen]\n", "[listen]\ntrusted_proxies = [\"127.0.0.1/32\"]\n");
    std::fs::write(place.config(), config).unwrap();
    let quota = json!({"kind": "contact_quota", "limit": 2, "per": "week", "window": "rolling"});
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    place.import(&json!([
        person("P-Q", "jo@x.example", "+447700900001", quota),
        person("P-L", "lim@x.example", "+447700900002", letters),
    ]));
    let served = place.serve();
    let authority = Authority::new();
    let issued = authority.issue("localhost", Purpose::Server);
    let port = free_port();
    let front = guide("nginx front").replace("127.0.0.1:8080", &served.contacts.to_string());
    let server = format!(
        "listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {};\n{front}",
        issued.certificate.display(),
        issued.key.display()
    );
    let nginx = nginx(port, "", &server);
    Rig { app, nginx, served, _place: place, _mail: mail, _calls: calls }
}

impl Rig {
    fn fill_in(&self, browser: &mut Browser, email: &str, message: &str) {
        browser.open(&format!("https://localhost:{}/help/contact", self.nginx.address.port()));
        assert_eq!(browser.title(), "Contact us");
        browser.fill("input[name=email]", email);
        browser.fill("textarea", message);
    }

    /// What the button leads to.
    async fn send(&self, browser: &mut Browser, clicks: &str) -> String {
        browser.run(&format!("const form = document.querySelector('form'); {clicks}"));
        let since = Instant::now();
        loop {
            let gone = browser.run(
                "return document.readyState === 'complete' && !(document.title === 'Contact us' \
                 && !document.querySelector('#trouble').textContent)",
            );
            if gone == Value::Bool(true) {
                return browser.title();
            }
            assert!(since.elapsed() < WAIT, "nothing came of the click");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn decided(&self) -> usize {
        self.served.decided().await.len()
    }
}

const CLICK: &str = "form.querySelector('button').click()";
const DOUBLE_CLICK: &str = "form.requestSubmit(); form.requestSubmit()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_with_csrf_protection_works_through_nginx_and_the_gateway() {
    let rig = rig().await;
    let mut browser = Browser::start();
    let port = rig.nginx.address.port();

    // Somebody without restrictions: CSRF cookie and token, redirect after POST, session cookie.
    rig.fill_in(&mut browser, "ann@y.example", "The tap drips.");
    assert_eq!(rig.send(&mut browser, CLICK).await, "Sent");
    assert_eq!(browser.text("h1"), "Thank you, ann@y.example");
    assert_eq!(browser.text("#at"), format!("https://localhost:{port}/help/contact/thanks"));
    let cookies = browser.cookies();
    assert_eq!(cookies[0]["name"], "session");
    assert_eq!((&cookies[0]["path"], &cookies[0]["secure"]), (&json!("/help"), &json!(true)));
    assert_eq!(rig.app.taken().await, ["The tap drips."]);

    // What the form refuses gives its place back; a double click takes one.
    for _ in 0..3 {
        rig.fill_in(&mut browser, "jo@x.example", "no");
        assert_eq!(rig.send(&mut browser, CLICK).await, "Contact us");
        assert_eq!(browser.text("#trouble"), "Please say more");
    }
    rig.fill_in(&mut browser, "jo@x.example", "The first this week");
    assert_eq!(rig.send(&mut browser, DOUBLE_CLICK).await, "Sent");
    rig.fill_in(&mut browser, "jo@x.example", "The second this week");
    assert_eq!(rig.send(&mut browser, CLICK).await, "Sent");
    rig.fill_in(&mut browser, "jo@x.example", "The third this week");
    assert_eq!(
        rig.send(&mut browser, CLICK).await,
        "We did not pass on your message - Karbon Homes"
    );
    assert!(browser.text("main").contains("You can contact us twice in any 7 days"));
    let taken = rig.app.taken().await;
    assert_eq!(taken, ["The tap drips.", "The first this week", "The second this week"]);

    // Who may write letters only sees the page, and the form nothing.
    rig.fill_in(&mut browser, "lim@x.example", "Please call me back");
    assert_eq!(
        rig.send(&mut browser, CLICK).await,
        "We did not pass on your message - Karbon Homes"
    );
    assert!(browser.text("main").contains("only contact us by letter"));
    assert_eq!(rig.app.taken().await.len(), 3);

    // A token of nobody's session is the application's own business: it says no, as it always does.
    rig.fill_in(&mut browser, "ann@y.example", "A forged one");
    browser.run("document.querySelector('[name=csrf_token]').value = 'forged'");
    assert_eq!(rig.send(&mut browser, CLICK).await, "400 Bad Request");
    browser.stop();
    assert!(rig.decided().await >= 7);
    let limited = rig.served.queue("limited").await;
    assert_eq!(limited.len(), 2, "{limited:?}");

    // Released, it meets the same check without a session: the item says so, and waits.
    let item = limited.iter().find(|item| item["person"] == "P-L").unwrap();
    let path = format!("/api/v1/queues/limited/{}", item["id"].as_str().unwrap());
    let refused = rig.served.try_ask("POST", &format!("{path}/release"), &Value::Null).await;
    assert_eq!(refused.status, 502, "{refused:?}");
    assert!(refused.json()["detail"].as_str().unwrap().contains("answered 400"), "{refused:?}");
    let item = rig.served.ask("GET", &path, &Value::Null).await;
    assert_eq!(item["state"], "claimed");
    assert!(item["notes"][0]["text"].as_str().unwrap().contains("download the original"));
    let original = rig.served.try_ask("GET", &format!("{path}/original"), &Value::Null).await;
    assert!(original.text().contains("message=Please+call+me+back"));
    assert_eq!(rig.app.taken().await.len(), 3);
    rig.served.stop();
}
