//! The providers' own libraries, asked by way of `tests/clients/sdk.py`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

pub struct Sdk {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Sdk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sdk {
    pub fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/clients/bin/python");
        assert!(
            python.exists(),
            "the providers' libraries are not installed: run tests/clients/install (it needs the \
             Debian packages python3 and python3-venv)"
        );
        let mut child = Command::new(python)
            .arg(root.join("tests/clients/sdk.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Sdk { child, questions, answers }
    }

    pub fn ask(&mut self, question: &str, mut facts: Value) -> Value {
        facts["ask"] = json!(question);
        writeln!(self.questions, "{facts}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer.get("error").is_none(), "{question}: {answer}");
        answer["answer"].take()
    }
}
