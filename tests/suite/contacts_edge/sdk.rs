//! The providers' own libraries, asked by way of `tests/clients`: those for Python, and where they can
//! say something, those for Node.js. Both must say the same.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

pub struct Sdk {
    python: Client,
    /// Started when it is first asked.
    node: Option<Client>,
}

/// What the libraries for Node.js are asked as well.
const NODE: [&str; 5] =
    ["twilio_sign", "twilio_valid", "telnyx_valid", "plivo_valid", "vonage_valid"];

impl Sdk {
    pub fn start() -> Self {
        let python = root().join("target/clients/bin/python");
        assert!(
            python.exists(),
            "the providers' libraries are not installed: run tests/run once (it needs the Debian \
             packages python3 and python3-venv)"
        );
        let script = root().join("tests/clients/sdk.py");
        Sdk { python: Client::start(Command::new(python).arg(script)), node: None }
    }

    pub fn ask(&mut self, question: &str, mut facts: Value) -> Value {
        facts["ask"] = json!(question);
        let answer = self.python.ask(&facts);
        if NODE.contains(&question) {
            let node = self.node.get_or_insert_with(node);
            assert_eq!(node.ask(&facts), answer, "Node.js and Python differ on {facts}");
        }
        answer
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn node() -> Client {
    Client::of_node("sdk.mjs")
}

/// The libraries for Node.js.
fn node_clients() -> PathBuf {
    let clients = root().join("target/node-clients");
    assert!(
        clients.join("node_modules").exists(),
        "the providers' libraries for Node.js are not installed: run tests/run once (it needs the \
         Debian packages nodejs and npm)"
    );
    clients
}

/// A process that answers one question a line.
pub struct Client {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Client {
    /// A script of `tests/clients`.
    pub fn of_node(script: &str) -> Client {
        let mut node = Command::new("node");
        let script = root().join("tests/clients").join(script);
        Client::start(node.arg(script).env("NODE_CLIENTS", node_clients()))
    }

    fn start(command: &mut Command) -> Client {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Client { child, questions, answers }
    }

    pub fn ask(&mut self, facts: &Value) -> Value {
        writeln!(self.questions, "{facts}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer.get("error").is_none(), "{facts}: {answer}");
        answer["answer"].take()
    }
}
