//! The scripts: each is one atomic step on one organisation's keys.

use redis::Cmd;

use crate::ports::StoreError;

pub(super) struct Script {
    text: String,
    digest: String,
}

/// All scripts of the store.
pub(super) struct Scripts {
    pub(super) commit: Script,
    pub(super) plain: Script,
    pub(super) uncount: Script,
    pub(super) replace: Script,
    pub(super) people: Script,
    pub(super) entry: Script,
    pub(super) queues: Script,
    pub(super) check: Script,
    pub(super) carry: Script,
    pub(super) contacts: Script,
    pub(super) ledgers: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        let appending =
            |text: &str| Script::new(concat(&[include_str!("scripts/append.lua"), text]));
        Scripts {
            commit: appending(include_str!("scripts/commit.lua")),
            plain: appending(include_str!("scripts/plain.lua")),
            uncount: Script::new(include_str!("scripts/uncount.lua").to_owned()),
            replace: appending(include_str!("scripts/replace.lua")),
            people: appending(include_str!("scripts/people.lua")),
            entry: appending(include_str!("scripts/entry.lua")),
            queues: Script::new(include_str!("scripts/queues.lua").to_owned()),
            check: Script::new(include_str!("scripts/check.lua").to_owned()),
            carry: Script::new(include_str!("scripts/carry.lua").to_owned()),
            contacts: Script::new(include_str!("scripts/contacts.lua").to_owned()),
            ledgers: Script::new(include_str!("scripts/ledgers.lua").to_owned()),
        }
    }
}

fn concat(texts: &[&str]) -> String {
    texts.join("\n")
}

impl Script {
    fn new(text: String) -> Self {
        let digest = redis::Script::new(&text).get_hash().to_owned();
        Script { text, digest }
    }

    pub(super) fn by_digest(&self, on: &[String], with: &[Vec<u8>]) -> Cmd {
        command("EVALSHA", &self.digest, on, with)
    }

    pub(super) fn by_text(&self, on: &[String], with: &[Vec<u8>]) -> Cmd {
        command("EVAL", &self.text, on, with)
    }
}

fn command(name: &str, script: &str, on: &[String], with: &[Vec<u8>]) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(script).arg(on.len()).arg(on).arg(with);
    command
}

/// What a script is given.
#[derive(Default)]
pub(super) struct Arguments(Vec<Vec<u8>>);

impl Arguments {
    pub(super) fn push(&mut self, text: impl AsRef<str>) {
        self.0.push(text.as_ref().as_bytes().to_vec());
    }

    pub(super) fn number(&mut self, number: i64) {
        self.push(number.to_string());
    }

    pub(super) fn size(&mut self, number: usize) {
        self.push(number.to_string());
    }

    pub(super) fn as_slice(&self) -> &[Vec<u8>] {
        &self.0
    }
}

/// An answer's parts, or `rubbish` where it has another form.
pub(super) fn parts(answer: redis::Value) -> Result<Vec<redis::Value>, StoreError> {
    match answer {
        redis::Value::Array(parts) => Ok(parts),
        _ => Err(super::fault::rubbish()),
    }
}

pub(super) fn take<T: redis::FromRedisValue>(part: Option<redis::Value>) -> Result<T, StoreError> {
    let part = part.ok_or_else(super::fault::rubbish)?;
    T::from_redis_value(part).map_err(|_| super::fault::rubbish())
}
