//! A mail server that takes everything and keeps it, and does wrong where it is told to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the server is and does (`downstream.json` of a dialogue).
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// `smtp` or `lmtp`.
    pub protocol: String,
    pub offer: Vec<String>,
    /// Nobody listens at all.
    pub absent: bool,
    pub faults: Vec<Fault>,
}

impl Default for Script {
    fn default() -> Self {
        let offer = ["PIPELINING", "SIZE 0", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"];
        Script {
            protocol: "smtp".into(),
            offer: offer.map(str::to_owned).to_vec(),
            absent: false,
            faults: Vec::new(),
        }
    }
}

/// Something that goes wrong.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    /// `CONNECT`, a verb, or `END` behind the message (with LMTP for each recipient).
    pub at: String,
    /// Only where the command (or recipient) holds this.
    pub matching: String,
    /// How often; 0: always.
    pub times: usize,
    /// So many are let pass first.
    pub after: usize,
    /// Say this in place of what is right.
    pub reply: Option<String>,
    /// Close the connection without a word.
    pub drop: bool,
    pub delay_ms: u64,
}

/// A message that was taken.
#[derive(Clone, Default)]
pub struct Taken {
    pub xforward: Vec<String>,
    pub mail: String,
    pub rcpt: Vec<String>,
    pub message: Vec<u8>,
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let message = String::from_utf8_lossy(&self.message).replace('\r', "");
        write!(f, "{}\n{:?}\n{message}\n----\n", self.mail, self.rcpt)
    }
}

#[derive(Default)]
struct State {
    taken: Vec<Taken>,
    commands: Vec<String>,
    faults: Vec<(Fault, usize)>,
}

pub struct Sink {
    pub port: u16,
    state: Arc<Mutex<State>>,
    _sessions: JoinSet<()>,
}

impl Sink {
    pub async fn start(script: &Script) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        state.lock().unwrap().faults = script.faults.iter().map(|f| (f.clone(), 0)).collect();
        let mut sessions = JoinSet::new();
        if !script.absent {
            let (script, state) = (script.clone(), Arc::clone(&state));
            sessions.spawn(async move {
                let mut sessions = JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    let session = Session {
                        stream: BufReader::new(stream),
                        script: script.clone(),
                        state: Arc::clone(&state),
                        taken: Taken::default(),
                    };
                    sessions.spawn(async move {
                        session.run().await;
                    });
                }
            });
        }
        Sink { port, state, _sessions: sessions }
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    pub fn commands(&self) -> Vec<String> {
        self.state.lock().unwrap().commands.clone()
    }
}

struct Session {
    stream: BufReader<TcpStream>,
    script: Script,
    state: Arc<Mutex<State>>,
    taken: Taken,
}

impl Session {
    /// The reply at a point: the right one, or a fault's. `None`: the connection is dropped.
    async fn reply(&self, at: &str, text: &str, right: &str) -> Option<String> {
        let fault = {
            let mut state = self.state.lock().unwrap();
            state.faults.iter_mut().find_map(|(fault, seen)| {
                if fault.at != at || !text.contains(&fault.matching) {
                    return None;
                }
                *seen += 1;
                let due =
                    *seen > fault.after && (fault.times == 0 || *seen <= fault.after + fault.times);
                due.then(|| fault.clone())
            })
        };
        let Some(fault) = fault else { return Some(right.to_owned()) };
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        if fault.drop {
            return None;
        }
        Some(fault.reply.unwrap_or_else(|| right.to_owned()))
    }

    async fn write(&mut self, reply: &str) -> Option<()> {
        self.stream.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await.ok()
    }

    async fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).await.ok()?;
        assert!(line.is_empty() || line.ends_with(b"\r\n"), "a bare LF came out: {line:?}");
        (!line.is_empty()).then_some(line)
    }

    async fn run(mut self) -> Option<()> {
        let greeting = self.reply("CONNECT", "", "220 sink").await?;
        self.write(&greeting).await?;
        loop {
            let line = self.line().await?;
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            self.state.lock().unwrap().commands.push(line.clone());
            let offer = self.script.offer.join("\r\n250-");
            let right = match verb.as_str() {
                "LHLO" if self.script.protocol == "lmtp" => {
                    format!("250-sink\r\n250-{offer}\r\n250 HELP")
                }
                "EHLO" if self.script.protocol == "smtp" => {
                    format!("250-sink\r\n250-{offer}\r\n250 HELP")
                }
                "HELO" if self.script.protocol == "smtp" => "250 sink".into(),
                "MAIL" => "250 2.1.0 Ok".into(),
                "RCPT" => "250 2.1.5 Ok".into(),
                "XFORWARD" | "RSET" | "NOOP" => "250 2.0.0 Ok".into(),
                "DATA" => "354 go".into(),
                "QUIT" => "221 2.0.0 Bye".into(),
                _ => "500 5.5.2 what?".into(),
            };
            let reply = self.reply(&verb, &line, &right).await?;
            self.write(&reply).await?;
            match (verb.as_str(), reply.as_bytes().first()) {
                ("XFORWARD", Some(b'2')) => self.taken.xforward.push(line),
                ("MAIL", Some(b'2')) => self.taken.mail = line,
                ("RCPT", Some(b'2')) => self.taken.rcpt.push(line),
                ("RSET" | "EHLO" | "LHLO", _) => self.taken = Taken::default(),
                ("DATA", Some(b'3')) => self.message().await?,
                ("QUIT", _) => return None,
                _ => {}
            }
        }
    }

    async fn message(&mut self) -> Option<()> {
        loop {
            let line = self.line().await?;
            if line == b".\r\n" {
                break;
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            assert!(!line[..line.len() - 2].contains(&b'\r'), "a bare CR came out");
            self.taken.message.extend_from_slice(line);
        }
        let mut taken = std::mem::take(&mut self.taken);
        if self.script.protocol == "lmtp" {
            let mut got = Vec::new();
            for rcpt in std::mem::take(&mut taken.rcpt) {
                let reply = self.reply("END", &rcpt, "250 2.0.0 Ok").await?;
                if reply.starts_with('2') {
                    got.push(rcpt);
                }
                self.write(&reply).await?;
            }
            taken.rcpt = got;
            if !taken.rcpt.is_empty() {
                self.state.lock().unwrap().taken.push(taken);
            }
            return Some(());
        }
        // A fault that only drops or delays comes after the message was taken: the reply is lost.
        let reply = self.reply("END", &taken.mail.clone(), "250 2.0.0 Ok").await;
        if reply.as_ref().is_none_or(|reply| reply.starts_with('2')) {
            self.state.lock().unwrap().taken.push(taken);
        }
        self.write(&reply?).await
    }
}
