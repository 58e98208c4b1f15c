//! The store in memory is simple enough to be read as the rule: every other store does as it does,
//! whatever comes in whichever order.

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::queue::{ItemAction, ItemState};
use contact_gateway::ports::{Attachment, ItemFilter, Settled, Store};
use contact_gateway::store::memory::Memory;

use super::Ground;
use super::facts::{
    admitted, at, committed, digest, item, journalled, karbon, ledger_of, limited, request, stamp,
};

const STEPS: u64 = 400;
const PEOPLE: u64 = 3;
const CONTACTS: u64 = 60;
const QUEUES: [&str; 3] = ["limited", "review", "filed"];

/// Numbers that look random and are the same in every run (Knuth's linear congruence).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

pub async fn it_does_as_the_store_in_memory_does(ground: &dyn Ground) {
    let model = Memory::new();
    let gateways = [ground.gateway(), ground.gateway()];
    let mut dice = Dice(7);
    for step in 0..STEPS {
        let (kind, contact) = (dice.below(8), format!("c-{}", dice.below(CONTACTS)));
        let (person, queue) = (format!("P-{}", dice.below(PEOPLE)), dice.below(3));
        // No two steps at the same instant, and not in the order of time.
        let seconds = i64::try_from(dice.below(1_000) * STEPS + step).unwrap();
        let queue = QUEUES[usize::try_from(queue).unwrap()];
        let store = &*gateways[usize::try_from(step % 2).unwrap()];
        let one = take(&*model, kind, &contact, &person, queue, seconds).await;
        let other = take(store, kind, &contact, &person, queue, seconds).await;
        assert_eq!(one, other, "step {step}");
    }
    same(&*model, &*gateways[0]).await;
    same(&*model, &*ground.gateway()).await;
}

/// One step; what it answered, as text.
async fn take(
    store: &dyn Store,
    kind: u64,
    contact: &str,
    person: &str,
    queue: &str,
    seconds: i64,
) -> String {
    let settled = settled(kind, contact, queue, seconds);
    match kind {
        0..=2 => {
            let mut asked = request(contact, move |_| settled.clone());
            asked.person = Some(person.to_owned());
            asked.digest = digest(&format!("{contact}{}", seconds % 2));
            asked.at = at(seconds);
            let answer = committed(store, asked).await;
            format!("{:?}{}{}", answer.decision, answer.repeated, answer.conflicting)
        }
        3 => {
            let mut entry = journalled(contact);
            entry.settled = settled;
            entry.person = Some(person.to_owned());
            format!("{:?}", store.replay(entry).await.map_err(|fault| fault.to_string()))
        }
        4 => format!("{:?}", store.uncount(&karbon(), contact).await.is_ok()),
        5 => {
            let with_item = seconds % 2 == 0;
            let attachment = Attachment {
                name: "outcome".to_owned(),
                value: (seconds % 5).to_string(),
                item: with_item.then(|| item(contact, queue, at(seconds))),
            };
            format!("{:?}", store.attach(&karbon(), contact, attachment).await.is_ok())
        }
        _ => {
            let Some(was) = store.item(&karbon(), contact).await.unwrap() else {
                return "no item".to_owned();
            };
            let actions = [ItemAction::Claim, ItemAction::Read, ItemAction::File];
            let action = &actions[usize::try_from(seconds % 3).unwrap()];
            let Ok(now) = was.clone().after(action, "A. Agent", at(seconds)) else {
                return "done already".to_owned();
            };
            let event = AuditEvent::Item { item: was.id.clone(), action: action.name().to_owned() };
            format!(
                "{:?}",
                store.replace_item(&karbon(), &was, &now, stamp(), event).await.unwrap()
            )
        }
    }
}

fn settled(kind: u64, contact: &str, queue: &str, seconds: i64) -> Settled {
    let mut settled = match kind {
        0 => admitted(contact, at(seconds)),
        _ => limited(contact, at(seconds)),
    };
    if let Some(item) = &mut settled.item {
        queue.clone_into(&mut item.queue);
    }
    if seconds % 3 == 0 {
        settled.additions.counted.push(super::facts::counted(at(seconds + 1_000_000)));
    }
    settled
}

/// Everything that can be read is the same.
async fn same(one: &dyn Store, other: &dyn Store) {
    for person in 0..PEOPLE {
        let person = format!("P-{person}");
        assert_eq!(ledger_of(one, &person).await, ledger_of(other, &person).await, "{person}");
    }
    for contact in 0..CONTACTS {
        let contact = format!("c-{contact}");
        let recorded = async |store: &dyn Store| store.recorded(&karbon(), &contact).await.unwrap();
        assert_eq!(recorded(one).await, recorded(other).await, "{contact}");
    }
    assert_eq!(one.queues(&karbon()).await.unwrap(), other.queues(&karbon()).await.unwrap());
    for queue in QUEUES {
        for states in [vec![], vec![ItemState::Filed, ItemState::Read], vec![ItemState::Open]] {
            let filter = ItemFilter { states, limit: 7, ..ItemFilter::default() };
            let list = async |store: &dyn Store| {
                store.items(&karbon(), queue, filter.clone()).await.unwrap()
            };
            assert_eq!(list(one).await, list(other).await, "{queue} {:?}", filter.states);
        }
    }
    let in_hand = async |store: &dyn Store| {
        store.items_in_hand(&karbon(), ItemFilter::default()).await.unwrap()
    };
    assert_eq!(in_hand(one).await, in_hand(other).await);
    let trail = async |store: &dyn Store| store.audit(&karbon(), 0, 0).await.unwrap();
    assert_eq!(trail(one).await, trail(other).await);
}
