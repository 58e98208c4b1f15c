//! Whether a person's record conforms to the organisation's profile: every fault at once.
//!
//! The same for a file that is imported and for a record that is written through the API. Faults
//! name the person's id and the key; they hold no address, number or name.

mod labels;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::domain::activation::{BrokenRule, closed_together, dates, kind_fault, on_record};
use crate::domain::explain::cited;
use crate::domain::identifier::{IdentifierKind, cleaned, e164, listed_keys};
use crate::domain::invisible::is_blank;
use crate::domain::nation::Nation;
use crate::domain::organisation::Organisation;
use crate::domain::person::{ListedIdentifier, Person};
use crate::domain::profile::Profile;
use crate::domain::restriction::{
    ChannelOrGroup, ChannelSet, Kind, Mode, PointOfContact, Restriction, StaffContact, Status,
};

/// A fault of one key of a record, with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PersonFault {
    /// The key's path within the person: `restrictions[0].review_due`.
    pub path: String,
    pub message: String,
}

/// The person as it is stored: telephone numbers in E.164, read by the organisation's nation, and
/// restrictions with the version of the profile under which they are made.
///
/// An invalid number stays as it is; [`faults`] reports it.
#[must_use]
pub fn normalised(mut person: Person, organisation: &Organisation) -> Person {
    let profile = &organisation.profile;
    let listed = person
        .identifiers
        .iter_mut()
        .chain(person.representatives.iter_mut().flat_map(|one| one.identifiers.iter_mut()));
    for identifier in listed {
        normalise(identifier, profile.nation);
    }
    for restriction in &mut person.restrictions {
        restriction.profile_version.get_or_insert_with(|| profile.version.clone());
        if let Kind::SinglePointOfContact(point) = &mut restriction.kind {
            for contact in std::iter::once(&mut point.contact).chain(&mut point.deputies) {
                if let Some(Ok(number)) =
                    contact.phone.as_deref().map(|phone| e164(phone, profile.nation))
                {
                    contact.phone = Some(number);
                }
            }
        }
    }
    person
}

fn normalise(identifier: &mut ListedIdentifier, nation: Nation) {
    let value = cleaned(identifier.kind, &identifier.value).into_owned();
    identifier.value = match identifier.kind {
        IdentifierKind::Phone => e164(&value, nation).unwrap_or(value),
        // A business-scoped id holds letters and a dot, a number neither: only a number is
        // rewritten.
        IdentifierKind::Whatsapp if !value.contains('.') => e164(&value, nation).unwrap_or(value),
        IdentifierKind::Whatsapp
        | IdentifierKind::Email
        | IdentifierKind::Account
        | IdentifierKind::Social => value,
    };
}

/// The day of each restriction's last review, by its id.
pub type LastReviews = BTreeMap<String, NaiveDate>;

/// Everything that is wrong with a person's record.
#[must_use]
pub fn faults(person: &Person, organisation: &Organisation) -> Vec<PersonFault> {
    faults_since(person, organisation, &LastReviews::new())
}

/// The same where restrictions were reviewed since they began.
#[must_use]
pub fn faults_since(
    person: &Person,
    organisation: &Organisation,
    reviewed: &LastReviews,
) -> Vec<PersonFault> {
    let mut found = rules_broken(person, organisation, reviewed);
    found.extend(labels::faults(person, None));
    found
}

fn rules_broken(
    person: &Person,
    organisation: &Organisation,
    reviewed: &LastReviews,
) -> Vec<PersonFault> {
    let mut found = Faults { found: Vec::new() };
    if is_blank(&person.id) {
        found.add("id", "is empty; every person has an id of the organisation's own".to_owned());
    }
    check_identifiers(person, organisation.profile.nation, &mut found);
    for (index, representative) in person.representatives.iter().enumerate() {
        if is_blank(&representative.name) {
            found.add(&format!("representatives[{index}].name"), "is empty".to_owned());
        }
    }
    let mut ids = BTreeSet::new();
    for (index, restriction) in person.restrictions.iter().enumerate() {
        let path = format!("restrictions[{index}]");
        if !ids.insert(&restriction.id) {
            found.add(
                &format!("{path}.id"),
                format!("`{}` is the id of another restriction of this person", restriction.id),
            );
        }
        let reviewed = reviewed.get(&restriction.id).copied();
        RestrictionCheck { person, organisation, restriction, reviewed, path, found: &mut found }
            .run();
    }
    check_open_way(person, organisation, &mut found);
    found.found
}

/// The faults in what a record newly says: a restriction or a label that is on record unchanged stays as it
/// is, whatever its faults, so that a change of the policy keeps nobody from lifting another.
#[must_use]
pub fn faults_of_change(
    person: &Person,
    before: Option<&Person>,
    organisation: &Organisation,
) -> Vec<PersonFault> {
    faults_of_change_since(person, before, organisation, &LastReviews::new())
}

/// The same where restrictions were reviewed since they began.
#[must_use]
pub fn faults_of_change_since(
    person: &Person,
    before: Option<&Person>,
    organisation: &Organisation,
    reviewed: &LastReviews,
) -> Vec<PersonFault> {
    let Some(before) = before else { return faults_since(person, organisation, reviewed) };
    let mut found = rules_broken(person, organisation, reviewed);
    for (index, restriction) in person.restrictions.iter().enumerate() {
        if before.restrictions.contains(restriction) {
            let key = format!("restrictions[{index}].");
            found.retain(|fault| !fault.path.starts_with(&key));
        }
    }
    found.extend(labels::faults(person, Some(before)));
    found
}

/// Restrictions that together shut every way of contact. The last of them is where to look.
fn check_open_way(person: &Person, organisation: &Organisation, found: &mut Faults) {
    let Some(together) = closed_together(organisation, person) else { return };
    let named: Vec<String> = together
        .iter()
        .filter_map(|index| person.restrictions.get(*index))
        .map(|one| format!("`{}`", one.id))
        .collect();
    let last = together.last().and_then(|index| Some((index, person.restrictions.get(*index)?)));
    let Some((index, restriction)) = last else { return };
    let key = match restriction.kind {
        Kind::ChannelsOnly { .. } => "channels",
        Kind::HoursOnly(_) => "windows",
        Kind::SinglePointOfContact(_)
        | Kind::ContactQuota { .. }
        | Kind::IssueClosed(_)
        | Kind::IssueQuota(_)
        | Kind::RepresentativeOnly { .. }
        | Kind::ReadAndFile { .. }
        | Kind::ContactEnded
        | Kind::ComplaintClosed(_)
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => "kind",
    };
    let path = format!("restrictions[{index}].{key}");
    let message = match named.as_slice() {
        [one] => format!("{one} leaves the person no way to contact you that somebody answers"),
        several => format!(
            "{} together leave the person no way to contact you that somebody answers; leave one \
             channel open in all of them",
            several.join(" and ")
        ),
    };
    found.add(&path, message);
}

struct Faults {
    found: Vec<PersonFault>,
}

impl Faults {
    fn add(&mut self, path: &str, message: String) {
        self.found.push(PersonFault { path: path.to_owned(), message });
    }
}

fn check_identifiers(person: &Person, nation: Nation, found: &mut Faults) {
    let own = person
        .identifiers
        .iter()
        .enumerate()
        .map(|(index, identifier)| (format!("identifiers[{index}].value"), identifier));
    let others = person.representatives.iter().enumerate().flat_map(|(index, representative)| {
        representative.identifiers.iter().enumerate().map(move |(inner, identifier)| {
            (format!("representatives[{index}].identifiers[{inner}].value"), identifier)
        })
    });
    for (path, identifier) in own.chain(others) {
        if let Err(fault) = listed_keys(identifier.kind, &identifier.value, nation) {
            found.add(&path, format!("the {} {fault}", identifier.kind.name()));
        }
    }
}

struct RestrictionCheck<'a> {
    person: &'a Person,
    organisation: &'a Organisation,
    restriction: &'a Restriction,
    reviewed: Option<NaiveDate>,
    path: String,
    found: &'a mut Faults,
}

impl<'a> RestrictionCheck<'a> {
    fn run(mut self) {
        let may_hold = match self.restriction.status {
            Status::Proposed | Status::Active | Status::UnderAppeal => true,
            // An ended restriction has no effect, and stays on record as it was.
            Status::Varied | Status::Lifted | Status::Quashed | Status::Expired | Status::Ended => {
                false
            }
        };
        self.check_names();
        if matches!(self.restriction.status, Status::Active | Status::UnderAppeal) {
            self.check_recorded();
        }
        if may_hold {
            self.check_rules();
            self.check_groups();
        }
    }

    fn profile(&self) -> &'a Profile {
        &self.organisation.profile
    }

    fn add(&mut self, key: &str, message: String) {
        let path = format!("{}.{key}", self.path);
        self.found.add(&path, message);
    }

    /// The rules of the domain that also hold for decisions made elsewhere.
    fn check_rules(&mut self) {
        let kind = kind_fault(self.profile(), self.restriction.kind.name());
        let dates = dates(self.organisation, self.restriction, self.reviewed);
        self.add_broken(kind.into_iter().chain(dates));
    }

    fn check_recorded(&mut self) {
        self.add_broken(on_record(self.profile(), self.restriction));
    }

    fn add_broken(&mut self, broken: impl IntoIterator<Item = BrokenRule>) {
        for BrokenRule { what, clause, key } in broken {
            let message = format!("{what}{}", cited(clause.as_deref()));
            let path = format!("{}.{key}", self.path);
            // A proposal has its dates looked at as well.
            if !self.found.found.iter().any(|known| known.path == path && known.message == message)
            {
                self.add(key, message);
            }
        }
    }

    fn check_groups(&mut self) {
        let (key, set) = match &self.restriction.kind {
            Kind::ChannelsOnly { channels } => ("channels", Some(channels)),
            Kind::HoursOnly(hours) => ("channels", hours.channels.as_ref()),
            Kind::ContactQuota { channels, .. } => ("channels", channels.as_ref()),
            Kind::SinglePointOfContact(_)
            | Kind::IssueClosed(_)
            | Kind::IssueQuota(_)
            | Kind::RepresentativeOnly { .. }
            | Kind::ReadAndFile { .. }
            | Kind::ContactEnded
            | Kind::ComplaintClosed(_)
            | Kind::CallLength { .. }
            | Kind::VisitsInPairs
            | Kind::AppointmentOnly
            | Kind::DocumentsReturned { .. } => return,
        };
        let Some(ChannelSet(entries)) = set else { return };
        let enforced =
            self.organisation.mode == Mode::Enforce && self.restriction.mode == Mode::Enforce;
        for (index, entry) in entries.iter().enumerate() {
            let ChannelOrGroup::Group(group) = entry else { continue };
            let message = match self.profile().channel_groups.get(group) {
                Some(Some(_)) => continue,
                // Observed, an unset group limits nobody by mistake.
                Some(None) if !enforced => continue,
                Some(None) => format!(
                    "the profile leaves unset what `{group}` means; name the channels, or let the \
                     organisation choose with `channel_groups.{group}`"
                ),
                None => format!(
                    "`{group}` is neither a channel nor a channel group of the profile; channels \
                     are \
                     email, web_form, telephone, sms, whatsapp, letter, in_person, social, web_chat"
                ),
            };
            self.add(&format!("{key}[{index}]"), message);
        }
    }

    fn check_names(&mut self) {
        match &self.restriction.kind {
            Kind::SinglePointOfContact(point) => self.check_point_of_contact(point),
            Kind::RepresentativeOnly { names } => {
                let known = &self.person.representatives;
                if known.is_empty() {
                    self.add(
                        "kind",
                        "the person has no `representatives`; one way in always stays open"
                            .to_owned(),
                    );
                }
                for (index, name) in names.iter().flatten().enumerate() {
                    if !known.iter().any(|representative| representative.name == *name) {
                        self.add(
                            &format!("representatives[{index}]"),
                            "is not one of the person's `representatives`".to_owned(),
                        );
                    }
                }
            }
            Kind::ChannelsOnly { .. }
            | Kind::HoursOnly(_)
            | Kind::ContactQuota { .. }
            | Kind::IssueClosed(_)
            | Kind::IssueQuota(_)
            | Kind::ReadAndFile { .. }
            | Kind::ContactEnded
            | Kind::ComplaintClosed(_)
            | Kind::CallLength { .. }
            | Kind::VisitsInPairs
            | Kind::AppointmentOnly
            | Kind::DocumentsReturned { .. } => {}
        }
    }

    fn check_point_of_contact(&mut self, point: &PointOfContact) {
        let zone = self.profile().timezone;
        self.check_reachable("contact", &point.contact);
        for (index, deputy) in point.deputies.iter().enumerate() {
            self.check_reachable(&format!("deputies[{index}]"), deputy);
            if point.members().take(index + 1).any(|one| one.name == deputy.name) {
                let key = format!("deputies[{index}].name");
                self.add(&key, "is the name of the contact or of a deputy before".to_owned());
            }
        }
        for (index, absence) in point.absences.iter().enumerate() {
            if !point.names(&absence.contact) {
                self.add(
                    &format!("absences[{index}].contact"),
                    "is the name neither of the contact nor of a deputy".to_owned(),
                );
            }
            if absence.to.end(zone) <= absence.from.start(zone) {
                self.add(&format!("absences[{index}].to"), "is before `from`".to_owned());
            }
        }
    }

    fn check_reachable(&mut self, key: &str, contact: &StaffContact) {
        let nation = self.profile().nation;
        let values = [
            ("email", IdentifierKind::Email, contact.email.as_deref()),
            ("phone", IdentifierKind::Phone, contact.phone.as_deref()),
        ];
        for (name, kind, value) in values {
            if let Some(Err(fault)) = value.map(|value| listed_keys(kind, value, nation)) {
                self.add(&format!("{key}.{name}"), format!("the {} {fault}", kind.name()));
            }
        }
        if is_blank(&contact.name) {
            self.add(&format!("{key}.name"), "is empty".to_owned());
        }
    }
}
