//! Who sent a contact, and how far that is proven.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::channel::Channel;
use super::contact::{Contact, SenderIdentifier};
use super::doubt::Doubt;
use super::identifier::{
    Assurance, IdentifierFault, IdentifierKey, IdentifierKeys, IdentifierKind, normalise,
};
use super::mention;
use super::merge::root_of;
use super::person::Person;
use super::profile::Profile;
use super::roster::{ListedAs, Listing, Roster};

/// The sender of a contact, as far as the roster tells.
#[derive(Debug, Clone)]
pub struct Sender {
    pub standing: Standing,
    /// Everybody the identifiers point to, in the order of their ids.
    pub candidates: Vec<Arc<Person>>,
    /// Everybody whose identifier appears in a part that could not be read for certain, in the order of their ids.
    /// Nothing is decided on it.
    pub mentioned: Vec<Arc<Person>>,
    /// An identifier is written so that it can't be read as one.
    pub unread: bool,
}

/// People of one contact that was passed in doubt. More: the first of them.
const IN_DOUBT_MAX: usize = 16;

/// What the identifiers settle.
#[derive(Debug, Clone)]
pub enum Standing {
    /// They match nobody.
    Unknown,
    /// A sufficiently proven identifier is this person's own.
    Own(Arc<Person>),
    /// A sufficiently proven identifier is that of a current representative of this person.
    Representative { person: Arc<Person>, name: String },
    /// They do not settle it. The person is named where they can only mean one.
    Doubtful { doubts: BTreeSet<Doubt>, person: Option<Arc<Person>> },
}

impl Sender {
    /// The person whom the contact is from or for, where the identifiers can only mean one.
    pub fn person(&self) -> Option<&Arc<Person>> {
        match &self.standing {
            Standing::Unknown => None,
            Standing::Own(person) | Standing::Representative { person, .. } => Some(person),
            Standing::Doubtful { person, .. } => person.as_ref(),
        }
    }

    /// Others the contact may be from, besides [`Sender::person`], as far as they have a
    /// restriction in force: on their timelines it was passed in doubt.
    pub fn in_doubt(&self, profile: &Profile, at: DateTime<Utc>) -> Vec<String> {
        let doubtful = matches!(self.standing, Standing::Doubtful { .. });
        let named = self.person().map(|person| &person.id);
        let possible = self.candidates.iter().filter(|_| doubtful).chain(&self.mentioned);
        each_once(possible)
            .into_iter()
            .filter(|person| Some(&person.id) != named)
            .filter(|person| has_restriction_in_force(person, profile, at))
            .map(|person| person.id.clone())
            .take(IN_DOUBT_MAX)
            .collect()
    }

    /// Everybody whose identifier the contact carries, as far as they have a restriction in force.
    pub fn named(&self, profile: &Profile, at: DateTime<Utc>) -> Vec<String> {
        each_once(self.candidates.iter().chain(&self.mentioned))
            .into_iter()
            .filter(|person| has_restriction_in_force(person, profile, at))
            .map(|person| person.id.clone())
            .take(IN_DOUBT_MAX)
            .collect()
    }

    /// Whether the contact came from identifiers of several records of one person.
    pub fn is_of_several_records(&self) -> bool {
        self.person().is_some_and(|person| {
            self.candidates.iter().filter(|one| root_of(one) == root_of(person)).count() > 1
        })
    }

    /// Whether the identifiers are proven enough to settle who it is.
    pub const fn is_believed(&self) -> bool {
        matches!(self.standing, Standing::Own(_) | Standing::Representative { .. })
    }
}

/// One identifier of the contact that somebody lists.
struct Match {
    believed: bool,
    assurance: Assurance,
    listings: Vec<Listing>,
}

/// Finds who sent a contact.
pub fn resolve(roster: &Roster, profile: &Profile, contact: &Contact, at: DateTime<Utc>) -> Sender {
    let asked = profile.assurance_asked(contact.channel);
    let matches: Vec<Match> = contact
        .from
        .iter()
        .filter_map(|from| {
            let keys = normalise(from.kind, &from.value, profile.nation).ok()?;
            let listings = listings(roster, &keys, profile, at);
            let believed = from.assurance != Assurance::Refuted && from.assurance >= asked;
            (!listings.is_empty()).then_some(Match {
                believed,
                assurance: from.assurance,
                listings,
            })
        })
        .collect();
    let candidates = everybody(&matches);
    // Doubt before anything else: an uncertain sender is not the same as an unknown one.
    let standing = if contact.ambiguous {
        Standing::Doubtful { doubts: BTreeSet::from([Doubt::Ambiguous]), person: None }
    } else if candidates.is_empty() {
        Standing::Unknown
    } else {
        settle(&matches, &candidates, profile, at)
    };
    let channel = contact.channel;
    let unreadable = || contact.from.iter().filter(|from| is_unreadable(from, channel, profile));
    Sender {
        standing,
        candidates,
        mentioned: mentioned(roster, profile, contact, unreadable().map(|from| &*from.value)),
        unread: unreadable().next().is_some(),
    }
}

/// Whether an identifier is meant to be one and can't be read.
fn is_unreadable(from: &SenderIdentifier, channel: Channel, profile: &Profile) -> bool {
    match normalise(from.kind, &from.value, profile.nation) {
        Ok(_) => false,
        // A network announces service numbers; nobody who types one names themselves.
        Err(IdentifierFault::ShortCode) => !is_of_network(channel),
        Err(fault) => fault.leaves_doubt() && !is_name_of_network(from, channel),
    }
}

/// Whether a network says who the sender is, and not the sender.
const fn is_of_network(channel: Channel) -> bool {
    matches!(channel, Channel::Telephone | Channel::Sms | Channel::Whatsapp)
}

/// Whether a network gives a name in place of a number, which is not a number at all: a SIP user
/// (`sip:reception@…`), or the name that a firm sends texts under (3GPP TS 23.040 9.1.2.5).
fn is_name_of_network(from: &SenderIdentifier, channel: Channel) -> bool {
    if from.kind != IdentifierKind::Phone || from.value.chars().any(char::is_numeric) {
        return false;
    }
    let scheme = from.value.trim().split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match channel {
        Channel::Telephone => matches!(scheme.as_deref(), Some("sip" | "sips")),
        Channel::Sms => !from.value.contains('@'),
        _ => false,
    }
}

/// Everybody whose identifier appears in a part that was not read for certain.
fn mentioned<'a>(
    roster: &Roster,
    profile: &Profile,
    contact: &'a Contact,
    unreadable: impl Iterator<Item = &'a str>,
) -> Vec<Arc<Person>> {
    let keys: Vec<IdentifierKey> = unreadable
        .chain(contact.obscure.as_deref())
        .flat_map(|text| mention::mentioned(text, profile.nation))
        .collect();
    let people = keys.iter().flat_map(|key| roster.listings(key)).map(|listing| &listing.person);
    each_once(people).into_iter().map(Arc::clone).collect()
}

/// Who lists an identifier: by the exact key, or where that matches nobody by the provider's. A
/// representative counts only while in date.
pub fn listings(
    roster: &Roster,
    keys: &IdentifierKeys,
    profile: &Profile,
    at: DateTime<Utc>,
) -> Vec<Listing> {
    let in_date = |listing: &Listing| match listing.listed_as {
        ListedAs::Own | ListedAs::Shared => true,
        ListedAs::Representative(index) => listing
            .person
            .representatives
            .get(index as usize)
            .is_some_and(|one| one.until.is_none_or(|until| at < until.end(profile.timezone))),
    };
    let of = |keys: &mut dyn Iterator<Item = &IdentifierKey>| -> Vec<Listing> {
        keys.flat_map(|key| roster.listings(key)).filter(|one| in_date(one)).cloned().collect()
    };
    let mut found = of(&mut keys.exact.iter());
    if found.is_empty() {
        found = of(&mut keys.provider.iter());
    }
    // A number may be on record as a telephone and as WhatsApp: it is still one person's.
    found.sort_by(|a, b| (&a.person.id, a.listed_as).cmp(&(&b.person.id, b.listed_as)));
    found.dedup_by(|a, b| a.person.id == b.person.id && a.listed_as == b.listed_as);
    found
}

/// Everybody once, in the order of their ids.
fn each_once<'a>(people: impl Iterator<Item = &'a Arc<Person>>) -> Vec<&'a Arc<Person>> {
    let mut people: Vec<&Arc<Person>> = people.collect();
    people.sort_by(|a, b| a.id.cmp(&b.id));
    people.dedup_by(|a, b| a.id == b.id);
    people
}

/// Everybody once, however many records of one person there are: by the record that the others are merged into,
/// or else the first.
fn each_human<'a>(people: impl Iterator<Item = &'a Arc<Person>>) -> Vec<&'a Arc<Person>> {
    let mut people: Vec<&Arc<Person>> = people.collect();
    let place =
        |one: &Arc<Person>| (root_of(one).to_owned(), root_of(one) != one.id, one.id.clone());
    people.sort_by_key(|one| place(one));
    people.dedup_by(|a, b| root_of(a) == root_of(b));
    people.sort_by(|a, b| a.id.cmp(&b.id));
    people
}

fn everybody(matches: &[Match]) -> Vec<Arc<Person>> {
    let people = matches.iter().flat_map(|found| &found.listings).map(|listing| &listing.person);
    each_once(people).into_iter().map(Arc::clone).collect()
}

fn settle(
    matches: &[Match],
    candidates: &[Arc<Person>],
    profile: &Profile,
    at: DateTime<Utc>,
) -> Standing {
    let believed = || matches.iter().filter(|found| found.believed);
    let sole = each_human(believed().filter_map(|found| sole_owner(&found.listings)));
    let representing = representing(believed());
    match (sole.as_slice(), representing.as_slice()) {
        // Somebody's own identifier, who also acts for others by the very same.
        ([person], [acts_for, ..]) if acts_for.same_identifier_as(person) => {
            acting_for_others(person, &representing, profile, at)
        }
        ([person], _) => Standing::Own(Arc::clone(person)),
        ([], [one]) if each_human(candidates.iter()).len() == 1 => one.standing(),
        _ => doubtful(matches, candidates),
    }
}

/// A sufficiently proven identifier of a representative.
struct Acting {
    person: Arc<Person>,
    name: String,
    /// Everybody else who lists the same identifier as their own.
    owners: Vec<Arc<Person>>,
}

impl Acting {
    fn same_identifier_as(&self, person: &Arc<Person>) -> bool {
        self.owners.iter().any(|owner| owner.id == person.id) && self.person.id != person.id
    }

    fn standing(&self) -> Standing {
        Standing::Representative { person: Arc::clone(&self.person), name: self.name.clone() }
    }
}

/// The people that proven identifiers act for, each once, in the order of their ids.
fn representing<'a>(believed: impl Iterator<Item = &'a Match>) -> Vec<Acting> {
    let mut acting: BTreeMap<String, Acting> = BTreeMap::new();
    for found in believed {
        let owners = || -> Vec<Arc<Person>> {
            let own = found.listings.iter().filter(|listing| listing.listed_as == ListedAs::Own);
            own.map(|listing| Arc::clone(&listing.person)).collect()
        };
        for listing in &found.listings {
            let ListedAs::Representative(index) = listing.listed_as else { continue };
            let Some(one) = listing.person.representatives.get(index as usize) else { continue };
            acting.entry(listing.person.id.clone()).or_insert_with(|| Acting {
                person: Arc::clone(&listing.person),
                name: one.name.clone(),
                owners: owners(),
            });
        }
    }
    acting.into_values().collect()
}

/// Somebody on record who represents others: a representative, unless restricted or acting for
/// several; then nobody can say who this contact is for.
fn acting_for_others(
    person: &Arc<Person>,
    representing: &[Acting],
    profile: &Profile,
    at: DateTime<Utc>,
) -> Standing {
    match representing {
        [one] if !has_restriction_in_force(person, profile, at) => one.standing(),
        _ => Standing::Doubtful { doubts: BTreeSet::from([Doubt::Ambiguous]), person: None },
    }
}

/// Whether any restriction of a person, enforced or observed, is in force.
pub fn has_restriction_in_force(person: &Person, profile: &Profile, at: DateTime<Utc>) -> bool {
    person.restrictions.iter().any(|one| one.is_in_force(at, profile))
}

/// The one person whose own an identifier is, where nobody else lists it as theirs.
fn sole_owner(listings: &[Listing]) -> Option<&Arc<Person>> {
    let listed = listings
        .iter()
        .filter(|listing| matches!(listing.listed_as, ListedAs::Own | ListedAs::Shared));
    if listed.clone().any(|listing| listing.listed_as == ListedAs::Shared) {
        return None;
    }
    match each_human(listed.map(|listing| &listing.person)).as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

fn doubtful(matches: &[Match], candidates: &[Arc<Person>]) -> Standing {
    let mut doubts = BTreeSet::new();
    for found in matches {
        if !found.believed {
            let refuted = found.assurance == Assurance::Refuted;
            doubts.insert(if refuted { Doubt::Refuted } else { Doubt::Unproven });
        } else if found.listings.iter().any(|listing| listing.listed_as == ListedAs::Shared) {
            doubts.insert(Doubt::Shared);
        }
    }
    let person = match each_human(candidates.iter()).as_slice() {
        [one] => Some(Arc::clone(one)),
        _ => {
            doubts.insert(Doubt::Ambiguous);
            None
        }
    };
    Standing::Doubtful { doubts, person }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_gives_a_name_in_place_of_a_number_only() {
        let named = |kind, value: &str, channel| {
            let assurance = Assurance::Asserted;
            is_name_of_network(
                &SenderIdentifier { kind, value: value.to_owned(), assurance },
                channel,
            )
        };
        let phone = |value, channel| named(IdentifierKind::Phone, value, channel);
        assert!(phone("sip:reception@firm.example", Channel::Telephone));
        assert!(phone("PARCELS", Channel::Sms));
        assert!(!phone("reception", Channel::Telephone) && !phone("jo@x.example", Channel::Sms));
        assert!(!phone("PARCELS2", Channel::Sms) && !phone("PARCELS", Channel::Whatsapp));
        assert!(!named(IdentifierKind::Account, "PARCELS", Channel::Sms));
    }

    #[test]
    fn everybody_whom_a_contact_names_and_a_restriction_holds_is_listed_once() {
        let person = |id: &str, status: &str| -> Arc<Person> {
            let held =
                serde_json::json!([{"id": "R", "kind": "visits_in_pairs", "status": status}]);
            Arc::new(
                serde_json::from_value(serde_json::json!({"id": id, "restrictions": held}))
                    .unwrap(),
            )
        };
        let (amy, bob, cy) =
            (person("P-1", "active"), person("P-2", "active"), person("P-3", "lifted"));
        let sender = |standing: Standing| Sender {
            standing,
            candidates: vec![amy.clone(), cy.clone()],
            mentioned: vec![amy.clone(), bob.clone()],
            unread: false,
        };
        let profile = Profile::silent("Bare Homes", crate::domain::nation::Nation::England);
        let at = DateTime::UNIX_EPOCH;
        let own = sender(Standing::Own(amy.clone()));
        assert_eq!(own.named(&profile, at), ["P-1", "P-2"]);
        // If one person is proven, only the others mentioned are in doubt.
        assert_eq!(own.in_doubt(&profile, at), ["P-2"]);
        assert!(own.is_believed() && !own.is_of_several_records());
        let doubts = BTreeSet::from([Doubt::Ambiguous]);
        let doubtful = sender(Standing::Doubtful { doubts, person: None });
        assert_eq!(doubtful.in_doubt(&profile, at), ["P-1", "P-2"]);
        assert!(!doubtful.is_believed() && doubtful.person().is_none());
        let nobody = sender(Standing::Unknown);
        assert_eq!(nobody.in_doubt(&profile, at), ["P-1", "P-2"]);
    }

    #[test]
    fn who_is_proven_by_their_own_identifier_acts_for_nobody_by_another() {
        let person = |record: serde_json::Value| -> Arc<Person> {
            Arc::new(serde_json::from_value(record).unwrap())
        };
        let amy = person(serde_json::json!({"id": "P-1"}));
        let cy = person(serde_json::json!({"id": "P-2", "representatives": [{"name": "Amy"}]}));
        let own = Listing { person: amy.clone(), listed_as: ListedAs::Own };
        let acting = Listing { person: cy.clone(), listed_as: ListedAs::Representative(0) };
        let profile = Profile::silent("Bare Homes", crate::domain::nation::Nation::England);
        let settled = |identifiers: Vec<Vec<Listing>>| {
            let matched = identifiers.into_iter().map(|listings| Match {
                believed: true,
                assurance: Assurance::Proven,
                listings,
            });
            let matches: Vec<Match> = matched.collect();
            settle(&matches, &[amy.clone(), cy.clone()], &profile, DateTime::UNIX_EPOCH)
        };
        let by_two = settled(vec![vec![own.clone()], vec![acting.clone()]]);
        assert!(matches!(by_two, Standing::Own(one) if one.id == "P-1"));
        let by_one = settled(vec![vec![own, acting]]);
        assert!(matches!(by_one, Standing::Representative { person, .. } if person.id == "P-2"));
    }
}
