//! dkimpy, asked by way of `tests/clients/dkim_mail.py`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const SELECTOR: &str = "test";

/// A signer with a key of its own.
pub struct Signer {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    private: String,
    /// What DNS says of the key.
    pub record: String,
}

impl Drop for Signer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Signer {
    pub fn start() -> Signer {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/clients/bin/python");
        assert!(
            python.exists(),
            "dkimpy is not installed: run tests/clients/install (it needs the Debian packages \
             python3-venv and openssl)"
        );
        let mut child = Command::new(python)
            .arg(root.join("tests/clients/dkim_mail.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let (private, record) = (String::new(), String::new());
        let mut signer = Signer { child, questions, answers, private, record };
        let key = signer.ask(&json!({"ask": "key"}));
        signer.private = key["private"].as_str().unwrap().to_owned();
        signer.record = key["record"].as_str().unwrap().to_owned();
        signer
    }

    fn ask(&mut self, facts: &Value) -> Value {
        writeln!(self.questions, "{facts}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The name under which DNS has the key of a domain.
    pub fn name(domain: &str) -> String {
        format!("{SELECTOR}._domainkey.{domain}")
    }

    /// The message with its signature. `canonicalize`: `simple/simple`, `relaxed/relaxed`, …
    pub fn sign(&mut self, m: &[u8], domain: &str, canonicalize: &str, oversign: bool) -> Vec<u8> {
        let facts = json!({
            "ask": "sign", "message": STANDARD.encode(m), "private": self.private,
            "domain": domain, "selector": SELECTOR, "canonicalize": canonicalize,
            "oversign": oversign
        });
        let signed = self.ask(&facts);
        STANDARD.decode(signed["message"].as_str().unwrap()).unwrap()
    }

    /// How many signatures verify; -1 where one does not.
    pub fn verified(&mut self, message: &[u8], domain: &str) -> i64 {
        let records = BTreeMap::from([(Signer::name(domain), self.record.clone())]);
        let message = STANDARD.encode(message);
        let answer = self.ask(&json!({"ask": "verify", "message": message, "records": records}));
        answer.as_i64().unwrap()
    }
}
