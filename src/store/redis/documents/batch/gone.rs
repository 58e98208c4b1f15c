//! What a batch removes for good. People are removed by the script itself, which tells gateways of it.

use super::{Step, agreed, some};
use crate::domain::person::Person;
use crate::domain::queue::QueueItem;
use crate::ports::StoreError;
use crate::ports::documents::{Conflict, Gone, WriteFault};
use crate::store::record::{kind, unless_destroyed};
use crate::store::redis::Redis;
use crate::store::redis::items;
use crate::store::redis::keys::Keys;
use crate::store::trail::{marks, of_person};

/// The records that are removed, in their order; `None`: of those not compared, too.
pub(super) async fn stood(
    redis: &Redis,
    keys: &Keys,
    gone: &[Gone],
) -> Result<Vec<Option<String>>, StoreError> {
    let mut stood = Vec::with_capacity(gone.len());
    for gone in gone {
        let records = match gone {
            Gone::Person(person) => some(redis, keys, &keys.people(), &[&person.id]).await?,
            Gone::Item(item) => some(redis, keys, &keys.items(), &[&item.id]).await?,
            Gone::Ledger { .. } | Gone::Contact { .. } | Gone::Entry { .. } => Vec::new(),
        };
        stood.push(records.into_iter().next().flatten());
    }
    Ok(stood)
}

pub(super) fn look(
    gone: &Gone,
    stands: Option<&str>,
    step: &mut Step<'_>,
) -> Result<Option<Conflict>, WriteFault> {
    let Some(conflict) = gone.conflict() else { return Ok(None) };
    let is_as_read = match gone {
        Gone::Person(person) => {
            let read = |it| unless_destroyed(step.keys.read(it, kind::PERSON, &person.id));
            let is: Option<Person> = stands.map(read).transpose()?.flatten();
            step.look(step.keys.people(), &person.id, stands);
            is.as_ref() == Some(person.as_ref())
        }
        Gone::Item(item) => {
            let read = |it| unless_destroyed(step.keys.read(it, kind::ITEM, &item.id));
            let is: Option<QueueItem> = stands.map(read).transpose()?.flatten();
            step.look(step.keys.items(), &item.id, stands);
            is.as_ref() == Some(item.as_ref())
        }
        Gone::Ledger { .. } | Gone::Contact { .. } | Gone::Entry { .. } => true,
    };
    agreed(is_as_read, conflict).map(Some)
}

impl Step<'_> {
    pub(super) fn gone(&mut self, gone: &Gone) {
        let keys = self.keys;
        match gone {
            Gone::Person(person) => {
                for restriction in &person.restrictions {
                    self.write(&["SREM", &keys.restricted(&restriction.id), &person.id]);
                }
            }
            Gone::Ledger { person } => {
                for key in [
                    keys.ledger(person),
                    keys.counted(person),
                    keys.received(person),
                    keys.traces(person),
                ] {
                    self.write(&["DEL", &key]);
                }
            }
            Gone::Item(item) => {
                items::leave(keys, &item.queue, &item.id, |words| self.write(words));
                self.write(&["HDEL", &keys.items(), &item.id]);
            }
            Gone::Contact { contact, person } => {
                self.write(&["DEL", &keys.contact(contact)]);
                self.write(&["ZREM", &keys.received(person), contact]);
                self.write(&["HDEL", &keys.traces(person), contact]);
            }
            Gone::Entry { entry, of } => {
                let number = entry.number.to_string();
                self.write(&["XDEL", &keys.audit(), &format!("{number}-0")]);
                let mut unmark = |mark: &str| {
                    self.write(&["ZREM", &keys.marked(mark), &number]);
                    Ok::<_, std::convert::Infallible>(())
                };
                let Ok(()) = unmark(&of_person(of));
                let Ok(()) = marks(&entry.event, None, unmark);
            }
        }
    }
}
