//! The people's records, and that organisations never meet.

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::ledger::Ledger;
use contact_gateway::ports::{ItemFilter, Store};

use super::Ground;
use super::facts::{
    at, committed, karbon, ledger, limited, person, put_people, request, stamp, tuntum,
};

fn imported() -> AuditEvent {
    AuditEvent::Imported {
        people: 2,
        restrictions: 2,
        ended: Vec::new(),
        added: None,
        cases: None,
        reason: None,
    }
}

pub async fn people_are_put_and_read(ground: &dyn Ground) {
    let store = ground.gateway();
    let people = vec![person("P-2", "Two"), person("P-1", "One")];
    put_people(&*store, &karbon(), people.clone(), stamp(), imported()).await.unwrap();
    put_people(&*store, &karbon(), people, stamp(), imported()).await.unwrap();
    let changed = vec![person("P-1", "One, changed")];
    put_people(&*store, &karbon(), changed, stamp(), imported()).await.unwrap();

    let store = ground.gateway();
    let snapshot = store.people(&karbon()).await.unwrap();
    let mut names: Vec<&str> = snapshot.people.iter().map(|person| &*person.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["One, changed", "Two"]);
    let one = store.person(&karbon(), "P-1").await.unwrap().unwrap();
    assert_eq!(*one, person("P-1", "One, changed"));
    assert!(store.person(&karbon(), "P-3").await.unwrap().is_none());
    let trail = store.audit(&karbon(), 0, 9).await.unwrap();
    assert_eq!(trail.len(), 3);
    assert_eq!(trail[2].event, imported());
}

/// The same ids in two organisations.
pub async fn organisations_never_meet(ground: &dyn Ground) {
    let store = ground.gateway();
    let ours = vec![person("P-1", "Ours")];
    let theirs = vec![person("P-1", "Theirs")];
    put_people(&*store, &karbon(), ours, stamp(), imported()).await.unwrap();
    put_people(&*store, &tuntum(), theirs, stamp(), imported()).await.unwrap();
    assert_eq!(store.person(&karbon(), "P-1").await.unwrap().unwrap().name, "Ours");
    assert_eq!(store.people(&tuntum()).await.unwrap().people.len(), 1);

    let in_tuntum = |seconds| {
        let mut asked = request("c-1", move |ledger| {
            assert_eq!(*ledger, Ledger::default());
            limited("c-1", at(seconds))
        });
        asked.organisation = tuntum();
        asked
    };
    store.commit(request("c-1", |_| limited("c-1", at(0)))).await.unwrap();
    let answer = committed(&*store, in_tuntum(7)).await;
    assert!(!answer.repeated, "the same id of another organisation is another contact");
    assert_eq!(ledger(&*store).await.counted.len(), 1);
    store.uncount(&tuntum(), "c-1").await.unwrap();
    assert_eq!(ledger(&*store).await.counted.len(), 1);
    store.remember_delivered(&karbon(), vec!["c-1 a".to_owned()], at(0)).await.unwrap();
    let keys = ["c-1 a".to_owned()];
    assert_eq!(store.delivered(&tuntum(), &keys).await.unwrap(), [false]);
    nothing_is_known_of(&*store).await;
}

/// An organisation whose id begins as another's, with what a key of that one would go on with.
async fn nothing_is_known_of(store: &dyn Store) {
    for id in ["karbo", "karbon2", "karbon:P-1", "karbon}", "{karbon}", "*", "kar?on", ""] {
        let organisation = contact_gateway::domain::organisation::OrganisationId::new(id);
        assert!(store.people(&organisation).await.unwrap().people.is_empty(), "{id}");
        assert!(store.recorded(&organisation, "c-1").await.unwrap().is_none(), "{id}");
        assert!(store.queues(&organisation).await.unwrap().is_empty(), "{id}");
        assert!(store.audit(&organisation, 0, 9).await.unwrap().is_empty(), "{id}");
        let items = store.items(&organisation, "limited", ItemFilter::default()).await.unwrap();
        assert!(items.is_empty(), "{id}");
    }
}
