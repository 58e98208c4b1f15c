//! Writes that count only when replicas have them (`[store] replicas_acknowledged`).
//!
//! Behind every write goes, by the same connection and in the same packet, `WAIT`: the server
//! answers it when so many replicas have received all that this connection wrote (redis.io,
//! "WAIT"). A small write comes between the two, so that a record found already written by somebody
//! else is waited for too: a decision is returned for its id only once it can't be lost.
//!
//! Too few in time: the call fails, as with a server that is away. What it wrote may stay or be lost with the master,
//! and its id says which: a retry finds the recorded decision, and a replay from the journal is counted once. After a
//! few such failures nothing is written until a probe is acknowledged, so that contacts do not wait for replicas that
//! are gone.

use std::sync::Arc;

use redis::{Cmd, Pipeline, Value};

use super::breaker::{Breaker, Breakers, REPLICAS};
use super::failure::{Failure, own};
use super::keys::Keys;
use super::script::Call;
use crate::runtime::limits::REDIS_REPLICAS_WAIT;

pub(super) struct Replicas {
    /// How many must acknowledge. 0: none is asked.
    asked: u32,
    breakers: Breakers,
}

impl Replicas {
    pub(super) fn new(asked: u32) -> Self {
        Replicas { asked, breakers: Breakers::new(&REPLICAS) }
    }

    pub(super) const fn asked(&self) -> u32 {
        self.asked
    }

    pub(super) const fn are_asked(&self) -> bool {
        self.asked > 0
    }

    pub(super) fn breaker(&self, place: &str) -> Arc<Breaker> {
        self.breakers.of(place)
    }

    /// The places whose replicas are to be probed.
    pub(super) fn open(&self) -> Vec<String> {
        self.breakers.open()
    }

    /// A command, and behind it the wait for the replicas.
    pub(super) fn behind(&self, command: &Cmd, keys: &Keys) -> Pipeline {
        let mut commands = redis::pipe();
        commands.add_command(command.clone());
        commands.cmd("SET").arg(keys.acknowledged()).arg("");
        commands.cmd("WAIT").arg(self.asked).arg(REDIS_REPLICAS_WAIT.as_millis().to_string());
        commands
    }

    /// The command's own answer, if enough replicas have what it wrote.
    pub(super) fn read(&self, call: &Call<'_>, answers: Vec<Value>) -> Result<Value, Failure> {
        let mut answers = answers.into_iter();
        let (first, set, waited) = (answers.next(), answers.next(), answers.next());
        let own = own(call, first.ok_or(Failure::NoAnswer)?)?;
        match (set, waited) {
            (Some(Value::Okay), Some(Value::Int(count))) if count >= i64::from(self.asked) => {
                Ok(own)
            }
            // A master that has become a replica unblocks `WAIT` with an error.
            _ => Err(Failure::NotAcknowledged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::organisation::OrganisationId;
    use crate::store::redis::script::{Arguments, Script};
    use crate::store::settings::Codec;

    #[test]
    fn enough_replicas_make_an_answer() {
        let replicas = Replicas::new(2);
        let (script, with) = (Script::single(), Arguments::default());
        let call = Call::new(&script, &[], &with);
        let own = || call.answered(Value::Int(7));
        let read = |count| replicas.read(&call, vec![own(), Value::Okay, Value::Int(count)]);
        assert!(matches!(read(2), Ok(Value::Int(7))));
        assert!(matches!(read(3), Ok(Value::Int(7))));
        assert!(matches!(read(1), Err(Failure::NotAcknowledged)));
        let unwritten = vec![own(), Value::Nil, Value::Int(2)];
        assert!(matches!(replicas.read(&call, unwritten), Err(Failure::NotAcknowledged)));
        assert!(matches!(replicas.read(&call, vec![own()]), Err(Failure::NotAcknowledged)));
        assert!(matches!(replicas.read(&call, Vec::new()), Err(Failure::NoAnswer)));
        let others = Call::new(&script, &[], &with).answered(Value::Int(7));
        let shifted = vec![others, Value::Okay, Value::Int(2)];
        assert!(matches!(replicas.read(&call, shifted), Err(Failure::NotOurs)));
    }

    #[test]
    fn the_wait_follows_a_write_on_the_same_keys() {
        let keys = Keys::of(&OrganisationId::new("karbon"), &Codec::plain());
        let sent = Replicas::new(1).behind(&redis::cmd("PING"), &keys);
        let sent = String::from_utf8(sent.get_packed_pipeline()).unwrap();
        assert!(sent.contains("cg1:{karbon}:acknowledged") && sent.contains("WAIT"), "{sent}");
    }
}
