//! The real program, `serve --config`, in a folder of its own, on ports that it was given, and the
//! staff listener asked as scripts ask it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use contact_gateway::runtime::tokens::{hex, sha256};
use serde_json::{Value, json};

use crate::contacts_edge::client::{Got, raw, request};
use crate::written::people::note_json;
use crate::written::{self, Written};

const NO_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
pub const TOKEN: &str = "the token of the front desk";

/// A folder with a configuration; what runs in it keeps everything there.
pub struct Place {
    pub folder: tempfile::TempDir,
}

/// What the gateway of a test stands in front of.
pub struct Behind {
    pub mail: u16,
    pub form: SocketAddr,
    pub calls: SocketAddr,
}

impl Place {
    /// `secret`: what calls are signed with.
    pub fn new(behind: &Behind, secret: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles");
        std::fs::write(at("secret"), secret).unwrap();
        let config = format!(
            r#"
[store]
url = "embedded:{store}"
[archive]
url = "file:{archive}"
[state]
folder = "{state}"
[listen]
contacts = "127.0.0.1:0"
staff = "127.0.0.1:0"
smtp = "127.0.0.1:0"
lmtp = "127.0.0.1:0"
milter = "127.0.0.1:0"
[mail]
downstream = "smtp://127.0.0.1:{mail}"
trusted_authserv_ids = ["mx.karbon.example"]
border_hosts = ["mx.karbon.example"]
xforward_from = ["127.0.0.0/8"]

[[organisation]]
id = "karbon"
profile = "{profile}"
mode = "enforce"
mail_domains = ["karbon.example"]
emergency = "+441910000000"
set = {{ "review.every_months" = 6 }}
[organisation.mail]
notice_from = "contact@karbon.example"
[[organisation.staff]]
name = "Front desk"
role = "governance"
token_sha256 = "{token}"
[[organisation.form]]
path = "/karbon/contact"
upstream = "http://{form}/contact"
fields = {{ email = "email", text = "message" }}
reveal = "asserted"
[[organisation.form]]
path = "/karbon/public"
upstream = "http://{form}/contact"
fields = {{ email = "email", text = "message" }}
[[organisation.telephony]]
provider = "twilio"
product = "voice"
path = "/karbon/voice"
public_url = "https://contact.karbon.example/karbon/voice"
secrets = [{{ file = "{secret}" }}]
upstream = "http://{calls}/voice"
"#,
            store = at("store"),
            archive = at("archive"),
            state = at("state"),
            mail = behind.mail,
            profile = profile.join("karbon-homes.toml").display(),
            token = hex(&sha256(TOKEN.as_bytes())),
            form = behind.form,
            secret = at("secret"),
            calls = behind.calls,
        );
        std::fs::write(at("gateway.toml"), config).unwrap();
        Place { folder }
    }

    /// With a guide's `[listen]` and `[mail]`, and one organisation.
    pub fn around(guide: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles");
        let config = format!(
            r#"
{guide}
[store]
url = "embedded:{at}/store"
[archive]
url = "file:{at}/archive"
[state]
folder = "{at}/state"
[[organisation]]
id = "karbon"
profile = "{profile}"
mode = "enforce"
mail_domains = ["karbon.example"]
set = {{ "review.every_months" = 6 }}
[organisation.mail]
notice_from = "contact@karbon.example"
[[organisation.staff]]
name = "Front desk"
role = "governance"
token_sha256 = "{token}"
"#,
            profile = profile.join("karbon-homes.toml").display(),
            token = hex(&sha256(TOKEN.as_bytes())),
        );
        std::fs::write(folder.path().join("gateway.toml"), config).unwrap();
        Place { folder }
    }

    /// With a profile that defers mail which depends on counters while they are away.
    pub fn deferring(self) -> Place {
        let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles");
        let profile = profile.join("karbon-homes.toml");
        let text = std::fs::read_to_string(&profile).unwrap();
        let own = self.folder.path().join("profile.toml");
        std::fs::write(&own, format!("store_away = \"defer\"\n{text}")).unwrap();
        self.change(&profile.display().to_string(), &own.display().to_string());
        self
    }

    /// Other text in the configuration's place of this.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("gateway.toml")
    }

    /// Keeps everything in the store at this address from now on.
    pub fn store_at(&self, url: &str) {
        let config = std::fs::read_to_string(self.config()).unwrap();
        let lines = config.lines().map(|line| match line.strip_prefix("url = \"") {
            Some(rest) if !rest.starts_with("file:") => format!("url = \"{url}\""),
            _ => line.to_owned(),
        });
        std::fs::write(self.config(), lines.collect::<Vec<_>>().join("\n")).unwrap();
    }

    /// Keeps originals in this folder from now on, as every gateway on one store does.
    pub fn archive_at(&self, folder: &Path) {
        let own = self.folder.path().join("archive").display().to_string();
        let config = std::fs::read_to_string(self.config()).unwrap();
        std::fs::write(self.config(), config.replace(&own, &folder.display().to_string())).unwrap();
    }

    /// Changes the configuration where it says `from`.
    pub fn change(&self, from: &str, to: &str) {
        let config = std::fs::read_to_string(self.config()).unwrap();
        assert!(config.contains(from), "{from}");
        std::fs::write(self.config(), config.replacen(from, to, 1)).unwrap();
    }

    /// Lays one more choice of the organisation over its profile.
    pub fn choose(&self, choice: &str) {
        let config = std::fs::read_to_string(self.config()).unwrap();
        let more = config.replace("set = { ", &format!("set = {{ {choice}, "));
        std::fs::write(self.config(), more).unwrap();
    }

    /// The program with this verb and the configuration.
    pub fn command(&self, verb: &str) -> Command {
        written::of_command(&self.config());
        let mut command = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
        command.arg(verb).arg("--config").arg(self.config()).current_dir(self.folder.path());
        command
    }

    /// Loads people by the real `import`.
    pub fn import(&self, people: &Value) {
        note_json(people);
        std::fs::write(self.folder.path().join("people.json"), people.to_string()).unwrap();
        let mut import = self.command("import");
        let output = import.args(["--organisation", "karbon", "people.json"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The path at which the first account of an organisation is made, once the gateway is served.
    pub fn first_link(&self, organisation: &str) -> String {
        let file = format!("state/first-link-{organisation}");
        let link = std::fs::read_to_string(self.folder.path().join(file)).unwrap();
        let from = link.find("/invitation/").unwrap();
        link[from..].trim().to_owned()
    }

    /// An entry for calls of any source at `/karbon/calls`, its token the place's secret.
    pub fn with_calls(self) -> Place {
        let generic = format!(
            "[[organisation.telephony]]\nprovider = \"generic\"\npath = \"/karbon/calls\"\n\
             token = {{ file = \"{}\" }}\ntargets = {{ queue = \"sip:queue@pbx.example\" }}\n",
            self.folder.path().join("secret").display()
        );
        let config = std::fs::read_to_string(self.config()).unwrap();
        std::fs::write(self.config(), config + &generic).unwrap();
        self
    }

    pub fn serve(&self) -> Served {
        Place::served(self.command("serve"))
    }

    /// The program with this verb, by a shell that does something first.
    pub fn command_by_shell(&self, first: &str, verb: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{first}; exec \"$@\""), "sh"]);
        let command = self.command(verb);
        shell.arg(command.get_program()).args(command.get_args()).current_dir(self.folder.path());
        shell
    }

    /// As `serve`, by a shell that does something first.
    pub fn serve_by_shell(&self, first: &str) -> Served {
        Place::served(self.command_by_shell(first, "serve"))
    }

    /// As `serve`, with the certificates in this file as those of all authorities.
    pub fn serve_trusting(&self, authority: &Path) -> Served {
        let mut serve = self.command("serve");
        serve.env("SSL_CERT_FILE", authority).env_remove("SSL_CERT_DIR");
        Place::served(serve)
    }

    /// Every gateway of a test starts here, so that what it writes is searched for people as it ends.
    pub fn served(mut serve: Command) -> Served {
        let mut arguments = serve.get_args().skip_while(|one| one.to_str() != Some("--config"));
        let config = PathBuf::from(arguments.nth(1).expect("it is served by a configuration"));
        let mut child = serve.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        loop {
            let Some(Ok(line)) = lines.next() else {
                let _ = child.wait();
                panic!("it ended before it was ready:\n{}", said.join("\n"));
            };
            if line == "ready" {
                break;
            }
            said.push(line);
        }
        let address = |what: &str| {
            let begin = format!("listening: {what} ");
            let said = said.iter().find_map(|line| line.strip_prefix(&begin));
            // Not wanted, or a socket file, which is where the configuration put it.
            said.filter(|said| !said.starts_with("unix:"))
                .map_or(NO_ADDRESS, |said| said.parse().unwrap())
        };
        let (contacts, staff) = (address("contacts"), address("staff"));
        let (smtp, lmtp) = (address("smtp"), address("lmtp"));
        let milter = address("milter");
        let written = Written::by(&config, said);
        let reader = Some(written.follow(lines));
        Served { child, contacts, staff, smtp, lmtp, milter, written, reader }
    }
}

/// A running gateway. It is killed where a test leaves it.
pub struct Served {
    child: Child,
    pub contacts: SocketAddr,
    pub staff: SocketAddr,
    pub smtp: SocketAddr,
    pub lmtp: SocketAddr,
    pub milter: SocketAddr,
    written: Written,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.written.names_nobody();
    }
}

impl Served {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`; what it logged.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        self.written.lines()
    }

    /// What it logged so far.
    pub fn said(&self) -> Vec<String> {
        self.written.lines()
    }

    /// What it logged since it began.
    pub fn said_from_the_start(&self) -> Vec<String> {
        self.written.all_lines()
    }

    /// SIGSTOP: the process is there, and does nothing. A drop ends it all the same.
    pub fn freeze(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-STOP", &id]).status().unwrap().success());
    }

    /// SIGTERM, upon which it finishes and ends with 0.
    pub fn stop(self) {
        let (code, said) = self.ended();
        assert_eq!(code, Some(0), "{said:?}");
    }

    /// SIGTERM; its exit code, `None` if something killed it, and what it logged.
    pub fn ended(mut self) -> (Option<i32>, Vec<String>) {
        if let Some(metrics) = metrics_now(self.staff) {
            self.written.measured(&metrics);
        }
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let ended = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        (ended.code(), self.written.lines())
    }

    pub async fn ask(&self, method: &str, target: &str, body: &Value) -> Value {
        let got = self.try_ask(method, target, body).await;
        assert_eq!(got.status, 200, "{target}: {got:?}");
        got.json()
    }

    /// Whatever the answer is.
    pub async fn try_ask(&self, method: &str, target: &str, body: &Value) -> Got {
        raw(self.staff, &asking(method, target, body)).await
    }

    pub async fn metrics(&self) -> String {
        let got = raw(self.staff, &asking("GET", "/metrics", &Value::Null)).await;
        let metrics = String::from_utf8_lossy(&got.body).into_owned();
        self.written.measured(&metrics);
        metrics
    }

    /// Whether the store behind it answers.
    pub async fn has_its_store(&self) -> bool {
        let bearer = format!("Bearer {TOKEN}");
        let fields = [("Authorization", bearer.as_str())];
        raw(self.staff, &request("GET", "/api/v1/audit", &fields, b"")).await.status == 200
    }

    /// Everything of a list that comes in pages.
    async fn all(&self, path: &str, list: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.ask("GET", &format!("{path}{after}"), &Value::Null).await;
            all.extend(page[list].as_array().unwrap().iter().cloned());
            after = match &page["next"] {
                Value::Null => return all,
                Value::String(text) => format!("?after={text}"),
                number => format!("?after={number}"),
            };
        }
    }

    pub async fn audit(&self) -> Vec<Value> {
        self.all("/api/v1/audit", "entries").await
    }

    /// The audit entries of contacts: what the keeper writes beside them depends on the moment.
    pub async fn decided(&self) -> Vec<Value> {
        let mut entries = self.audit().await;
        entries.retain(|entry| entry["event"] == "decided");
        entries
    }

    pub async fn queue(&self, queue: &str) -> Vec<Value> {
        self.all(&format!("/api/v1/queues/{queue}"), "items").await
    }
}

/// The answer to a last look at its metrics, unless the listener is busy, gone or speaks TLS.
fn metrics_now(staff: SocketAddr) -> Option<String> {
    const WAIT: Duration = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&staff, WAIT).ok()?;
    stream.set_read_timeout(Some(WAIT)).ok()?;
    stream.set_write_timeout(Some(WAIT)).ok()?;
    stream.write_all(&asking("GET", "/metrics", &Value::Null)).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

/// A request with the front desk's token.
pub fn asking(method: &str, target: &str, body: &Value) -> Vec<u8> {
    let bearer = format!("Bearer {TOKEN}");
    let fields = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    request(method, target, &fields, body.as_bytes())
}

/// A person with an e-mail address, a number and one restriction in force, whatever day it is.
pub fn person(id: &str, email: &str, phone: &str, restriction: Value) -> Value {
    let today = Utc::now().date_naive();
    let mut whole = json!({
        "id": format!("R-{id}"), "status": "active", "grounds": "frequency", "clause": "6.2",
        "starts": today - TimeDelta::days(10), "review_due": today + TimeDelta::days(90),
        "decided_by": "A", "signed_off_by": "B"
    });
    for (key, value) in restriction.as_object().unwrap() {
        whole[key] = value.clone();
    }
    json!({
        "id": id, "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": email}, {"kind": "phone", "value": phone}],
        "restrictions": [whole]
    })
}
