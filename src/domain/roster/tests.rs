//! Who is found by an identifier, as people come on record, change, are merged and go.

use serde_json::{Value, json};

use super::*;
use crate::domain::identifier::{IdentifierKind, normalise};

const NATION: Nation = Nation::England;

fn person(json: Value) -> Arc<Person> {
    Arc::new(serde_json::from_value(json).unwrap())
}

fn email(value: &str) -> Value {
    json!({"kind": "email", "value": value})
}

/// Somebody with these addresses.
fn with(id: &str, addresses: &[&str]) -> Arc<Person> {
    let identifiers: Vec<Value> = addresses.iter().map(|one| email(one)).collect();
    person(json!({"id": id, "identifiers": identifiers}))
}

fn found(roster: &Roster, address: &str) -> Vec<(String, ListedAs)> {
    let keys = normalise(IdentifierKind::Email, address, NATION).unwrap();
    let listings = keys.exact.iter().flat_map(|key| roster.listings(key));
    let mut found: Vec<_> = listings.map(|one| (one.person.id.clone(), one.listed_as)).collect();
    found.sort();
    found
}

fn own(ids: &[&str]) -> Vec<(String, ListedAs)> {
    ids.iter().map(|id| ((*id).to_owned(), ListedAs::Own)).collect()
}

#[test]
fn everybody_is_on_record_by_the_own_id() {
    // Enough that some ids certainly share a hash in the table's small part.
    let ids: Vec<String> = (0..1_000).map(|number| format!("P-{number}")).collect();
    let roster = Roster::new(ids.iter().map(|id| with(id, &[&format!("{id}@x.example")])), NATION);
    let mut people: Vec<&str> = roster.people().map(|one| one.id.as_str()).collect();
    people.sort_unstable();
    let mut expected: Vec<&str> = ids.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(people, expected);
    for id in &ids {
        assert_eq!(roster.person(id).map(|one| &one.id), Some(id));
        assert_eq!(found(&roster, &format!("{id}@x.example")), own(&[id]));
    }
    assert!(roster.person("P-1000").is_none() && roster.enforced("P-1000").is_none());
}

#[test]
fn whoever_shares_an_address_is_found_by_it_until_off_the_record() {
    let mut roster = Roster::default();
    let address = "both@x.example";
    for id in ["P-1", "P-2", "P-3"] {
        roster.put(with(id, &[address]), NATION);
    }
    assert_eq!(found(&roster, address), own(&["P-1", "P-2", "P-3"]));
    roster.remove("P-2", NATION);
    assert_eq!(found(&roster, address), own(&["P-1", "P-3"]));
    roster.remove("P-9", NATION);
    assert_eq!(found(&roster, address), own(&["P-1", "P-3"]));
    // A record that is put again takes the place of the one that was there.
    roster.put(with("P-3", &["other@x.example"]), NATION);
    assert_eq!(found(&roster, address), own(&["P-1"]));
    assert_eq!(found(&roster, "other@x.example"), own(&["P-3"]));
    roster.remove("P-1", NATION);
    assert_eq!((found(&roster, address), roster.people().count()), (vec![], 1));
}

#[test]
fn a_listing_says_whose_an_address_is() {
    let jo = person(json!({
        "id": "P-1",
        "identifiers": [
            email("jo@x.example"), email("JO@x.example"), email("Jo.Doe@gmail.com"), email("not an address"),
            {"kind": "email", "value": "home@x.example", "shared": true},
        ],
        "representatives": [
            {"name": "Al", "identifiers": [email("al@x.example")]},
            {"name": "Bo", "identifiers": [email("bo@x.example"), email("al@x.example")]},
        ],
    }));
    let roster = Roster::new([jo], NATION);
    for (address, expected) in [
        ("jo@x.example", vec![ListedAs::Own]),
        ("home@x.example", vec![ListedAs::Shared]),
        ("al@x.example", vec![ListedAs::Representative(0), ListedAs::Representative(1)]),
        ("bo@x.example", vec![ListedAs::Representative(1)]),
        ("nobody@x.example", vec![]),
    ] {
        let listed: Vec<ListedAs> = found(&roster, address).into_iter().map(|one| one.1).collect();
        assert_eq!(listed, expected, "{address}");
    }
    // A provider's other spellings are the same mailbox.
    let spelt = normalise(IdentifierKind::Email, "jodoe+x@googlemail.com", NATION).unwrap();
    assert_eq!(roster.listings(&spelt.provider.unwrap()).len(), 1);
}

/// Each with its restriction, and an address.
fn restricted(id: &str, merged_into: Option<&str>) -> Arc<Person> {
    person(json!({
        "id": id, "merged_into": merged_into, "identifiers": [email(&format!("{id}@x.example"))],
        "restrictions": [{"id": format!("R-{id}"), "kind": "visits_in_pairs"}],
    }))
}

/// What restricts somebody as enforced, and as each listing of an address shows them.
fn enforced(roster: &Roster, id: &str) -> Vec<String> {
    let held = |person: &Person| -> Vec<String> {
        person.restrictions.iter().map(|one| one.id.clone()).collect()
    };
    let by_id = held(&roster.enforced(id).unwrap());
    let keys = normalise(IdentifierKind::Email, &format!("{id}@x.example"), NATION).unwrap().exact;
    let [listing] = roster.listings(&keys[0]) else { panic!("{id} is listed once") };
    assert_eq!((&held(&listing.person), listing.person.id.as_str()), (&by_id, id));
    by_id
}

#[test]
fn merged_records_are_enforced_together_until_that_is_undone() {
    let (root, other) = (restricted("P-1", None), restricted("P-2", Some("P-1")));
    for order in [[&root, &other], [&other, &root]] {
        let mut roster = Roster::new(order.map(Arc::clone), NATION);
        roster.put(restricted("P-3", None), NATION);
        assert_eq!(enforced(&roster, "P-1"), ["R-P-1", "R-P-2"]);
        assert_eq!(enforced(&roster, "P-2"), ["R-P-2", "R-P-1"]);
        assert_eq!(enforced(&roster, "P-3"), ["R-P-3"]);
        assert!(roster.enforced("P-3").unwrap().together.is_none());
        // The stored records stay as they are.
        assert_eq!(roster.person("P-1").unwrap(), &root);

        roster.put(restricted("P-3", Some("P-1")), NATION);
        assert_eq!(enforced(&roster, "P-2"), ["R-P-2", "R-P-1", "R-P-3"]);
        roster.put(restricted("P-3", None), NATION);
        assert_eq!(enforced(&roster, "P-2"), ["R-P-2", "R-P-1"]);

        roster.put(restricted("P-2", None), NATION);
        for id in ["P-1", "P-2"] {
            assert_eq!(enforced(&roster, id), [format!("R-{id}")]);
            assert!(roster.enforced(id).unwrap().together.is_none());
        }
    }
}

#[test]
fn a_merged_record_that_goes_takes_its_restrictions_with_it() {
    let records = || [restricted("P-1", None), restricted("P-2", Some("P-1"))];
    let mut roster = Roster::new(records(), NATION);
    roster.remove("P-2", NATION);
    assert_eq!(enforced(&roster, "P-1"), ["R-P-1"]);
    assert!(found(&roster, "P-2@x.example").is_empty());
    // Without the record that it is merged into, the other one is not merged.
    let mut roster = Roster::new(records(), NATION);
    roster.remove("P-1", NATION);
    assert_eq!(enforced(&roster, "P-2"), ["R-P-2"]);
    assert!(found(&roster, "P-1@x.example").is_empty());
}

#[test]
fn to_enforce_takes_the_restricted_who_shares_with_them_and_who_is_merged_with_them() {
    let sharing = |id: &str, with: &str| {
        person(
            json!({"id": id, "identifiers": [email(&format!("{with}@x.example")), email("all@y.example")]}),
        )
    };
    let ended = person(json!({"id": "P-0", "restrictions": [
        {"id": "R-P-0", "kind": "visits_in_pairs", "status": "lifted"},
    ]}));
    let people = [
        restricted("P-2", None),
        sharing("P-4", "P-2"),
        // Shares only with somebody who is not restricted.
        sharing("P-3", "P-9"),
        with("P-1", &["P-1@x.example"]),
        ended,
        restricted("P-6", Some("P-5")),
        with("P-5", &[]),
        person(json!({"id": "P-7", "merged_into": "P-4"})),
    ];
    let roster = Roster::new(people, NATION);
    let needed = roster.needed_to_enforce(NATION);
    let ids: Vec<&str> = needed.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["P-0", "P-2", "P-4", "P-5", "P-6", "P-7"]);
    // As they are on record.
    assert!(needed.iter().all(|one| one.together.is_none()));
}
