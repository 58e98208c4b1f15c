//! The scripts: each is one atomic step on one organisation's keys, called under a name of its own.
//!
//! Answers come in the order of the questions, and nothing in the protocol says which question one
//! answers. One answer too many on the way (a proxy that answers by itself, a fault of either end)
//! and every later one would be taken for its neighbour's: "done" for something never written. So a
//! call carries a name that no other has, and its answer begins with it (`call.lua`).

use std::sync::atomic::{AtomicU64, Ordering};

use redis::{Arg, Cmd, Value};
use serde::Serialize;

use crate::ports::StoreError;
use crate::store::record::{Codec, Label};

pub(super) struct Script {
    text: String,
    digest: String,
    /// It is run in the store that was looked at last, or not at all.
    is_vouched: bool,
}

/// All scripts of the store.
pub(super) struct Scripts {
    pub(super) commit: Script,
    pub(super) plain: Script,
    pub(super) first: Script,
    pub(super) forget: Script,
    pub(super) uncount: Script,
    pub(super) replace: Script,
    pub(super) batch: Script,
    pub(super) entry: Script,
    pub(super) queues: Script,
    pub(super) search: Script,
    pub(super) marked: Script,
    pub(super) check: Script,
    pub(super) carry: Script,
    pub(super) contacts: Script,
    pub(super) ledgers: Script,
    pub(super) digests: Script,
    pub(super) versions: Script,
    pub(super) past: Script,
    pub(super) nameplate: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        let appending =
            |text: &str| Script::new(&[include_str!("scripts/append.lua"), text].join("\n"));
        Scripts {
            commit: appending(include_str!("scripts/commit.lua")).vouched(),
            plain: appending(include_str!("scripts/plain.lua")).vouched(),
            first: Script::new(include_str!("scripts/first.lua")),
            forget: Script::new(include_str!("scripts/forget.lua")).vouched(),
            uncount: Script::new(include_str!("scripts/uncount.lua")),
            replace: appending(include_str!("scripts/replace.lua")),
            batch: appending(include_str!("scripts/batch.lua")),
            entry: appending(include_str!("scripts/entry.lua")),
            search: Script::new(include_str!("scripts/search.lua")),
            marked: Script::new(include_str!("scripts/marked.lua")),
            queues: Script::new(include_str!("scripts/queues.lua")),
            check: Script::new(include_str!("scripts/check.lua")),
            carry: Script::new(include_str!("scripts/carry.lua")),
            contacts: Script::new(include_str!("scripts/contacts.lua")),
            ledgers: Script::new(include_str!("scripts/ledgers.lua")),
            digests: Script::new(include_str!("scripts/digests.lua")),
            versions: Script::new(include_str!("scripts/versions.lua")),
            past: Script::new(include_str!("scripts/past.lua")),
            nameplate: Script::new(include_str!("scripts/nameplate.lua")),
        }
    }
}

impl Script {
    fn new(step: &str) -> Self {
        let text = include_str!("scripts/call.lua").replace("--STEP--", step);
        let digest = redis::Script::new(&text).get_hash().to_owned();
        Script { text, digest, is_vouched: false }
    }

    /// What a decision is written by.
    fn vouched(self) -> Self {
        Script { is_vouched: true, ..self }
    }

    pub(super) const fn is_vouched(&self) -> bool {
        self.is_vouched
    }

    /// A single command. Its first word after its name is the key that it is about.
    pub(super) fn single() -> Self {
        Script::new(include_str!("scripts/single.lua"))
    }
}

/// One call of a script: what it is given, and its name.
pub(super) struct Call<'a> {
    script: &'a Script,
    on: &'a [String],
    with: &'a Arguments,
    name: String,
}

impl<'a> Call<'a> {
    pub(super) fn new(script: &'a Script, on: &'a [String], with: &'a Arguments) -> Self {
        // Only this process uses the connection.
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let name = CALLS.fetch_add(1, Ordering::Relaxed).to_string();
        Call { script, on, with, name }
    }

    /// The same, to be done only in a store whose trail has borne this name.
    pub(super) fn in_store_of(mut self, trail: &str) -> Self {
        self.name.push(' ');
        self.name.push_str(trail);
        self
    }

    pub(super) fn by_digest(&self) -> Cmd {
        self.command("EVALSHA", &self.script.digest)
    }

    pub(super) fn by_text(&self) -> Cmd {
        self.command("EVAL", &self.script.text)
    }

    fn command(&self, how: &str, script: &str) -> Cmd {
        let words = self.on.len() + self.with.ends.len() + 4;
        let bytes = self.on.iter().map(String::len).sum::<usize>() + self.with.texts.len();
        let mut command = Cmd::with_capacity(words, bytes + script.len() + 64);
        command.arg(how).arg(script).arg(self.on.len()).arg(self.on);
        for text in self.with.iter() {
            command.arg(text);
        }
        command.arg(&self.name);
        command
    }

    /// What the server answered to this call; `None`: it answered something else.
    pub(super) fn answer(&self, answer: Value) -> Option<Value> {
        let Value::Array(parts) = answer else { return None };
        let [Value::BulkString(name), answer] = <[Value; 2]>::try_from(parts).ok()? else {
            return None;
        };
        (name == self.name.as_bytes()).then_some(answer)
    }
}

/// The words of a command.
pub(super) fn words(command: &Cmd) -> Arguments {
    let mut words = Arguments::default();
    for arg in command.args_iter() {
        // The others are places of a walk by the library: none of ours.
        if let Arg::Simple(word) = arg {
            words.add(word);
        }
    }
    words
}

/// The arguments of a script: texts joined into one, and where each ends.
#[derive(Default)]
pub(super) struct Arguments {
    texts: Vec<u8>,
    ends: Vec<usize>,
}

impl Arguments {
    pub(super) fn push(&mut self, text: impl AsRef<str>) {
        self.add(text.as_ref().as_bytes());
    }

    fn add(&mut self, text: &[u8]) {
        self.texts.extend_from_slice(text);
        self.ends.push(self.texts.len());
    }

    /// A record as it is stored.
    pub(super) fn record(
        &mut self,
        codec: &Codec,
        label: Label<'_>,
        record: &impl Serialize,
    ) -> Result<(), StoreError> {
        codec.write_to(&mut self.texts, label, record)?;
        self.ends.push(self.texts.len());
        Ok(())
    }

    pub(super) fn number(&mut self, number: i64) {
        self.push(number.to_string());
    }

    pub(super) fn size(&mut self, number: usize) {
        self.push(number.to_string());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).filter_map(|(start, end)| self.texts.get(*start..*end))
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

#[cfg(test)]
impl Call<'_> {
    /// As the server answers it.
    pub(super) fn answered(&self, answer: Value) -> Value {
        Value::Array(vec![Value::BulkString(self.name.clone().into_bytes()), answer])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_told_apart() {
        let mut with = Arguments::default();
        with.push("one");
        with.push("");
        with.number(-7);
        let label = Label::new("karbon", "list", &"l");
        with.record(&Codec::plain(), label, &["a", "b"]).unwrap();
        let texts: Vec<_> = with.iter().collect();
        assert_eq!(texts, [b"one".as_slice(), b"", b"-7", br#" ["a","b"]"#]);
    }

    #[test]
    fn only_a_calls_own_answer_is_its_answer() {
        let script = Script::single();
        let none = Arguments::default();
        let (one, other) = (Call::new(&script, &[], &none), Call::new(&script, &[], &none));
        let answered = || one.answered(Value::Int(1));
        assert_eq!(one.answer(answered()), Some(Value::Int(1)));
        assert_eq!(other.answer(answered()), None);
        for rubbish in [Value::Okay, Value::Nil, Value::Int(1), Value::Array(vec![answered()])] {
            assert_eq!(one.answer(rubbish), None);
        }
    }
}
