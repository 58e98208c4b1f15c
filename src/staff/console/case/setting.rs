//! What the page of a step is made from: the case as it was read, who works with it, and what it is about.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::describe::{Ask, Field, Only, StepForm, Two, parameters, two};
use super::values::Values;
use crate::casework::Desk;
use crate::casework::case::StaffList;
use crate::casework::case::around::ContactsAround;
use crate::casework::case::record::CaseRead;
use crate::domain::case::letter::{LetterKind, own_email, parts_of};
use crate::domain::organisation::Organisation;
use crate::domain::profile::{Exception, Profile};
use crate::domain::restriction::{KindName, Restriction};
use crate::domain::tally::Contacted;
use crate::staff::Staff;
use crate::staff::console::say;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::visit::Visit;

/// A case, to be worked on.
pub(super) struct Desktop {
    pub read: CaseRead,
    pub staff: StaffList,
    /// The visitor's organisation, with the current wording of its letters.
    pub worded: Organisation,
    /// The contacts around each incident, where they are shown.
    pub around: BTreeMap<String, ContactsAround>,
    /// The beginning of what contacts were about, by their ids, where a step asks for some.
    pub subjects: BTreeMap<String, String>,
}

impl Desktop {
    /// # Errors
    /// Nobody of this id is on record; the store is away.
    pub(super) async fn open(staff: &Staff, visit: &Visit, person: &str) -> Result<Self, Trouble> {
        let casework = staff.casework(visit);
        let read = casework.desk.read_whole_case(&visit.organisation, person).await?;
        let mut list = casework.everybody(&visit.organisation).await?;
        list.insert(visit.name().to_owned(), visit.role().clone());
        let worded = casework.desk.with_wording(&visit.organisation).await?.into_owned();
        Ok(Desktop {
            read,
            staff: list,
            worded,
            around: BTreeMap::new(),
            subjects: BTreeMap::new(),
        })
    }

    /// The same, with the contacts around each incident.
    ///
    /// # Errors
    /// The store is away.
    pub(super) async fn with_contacts(
        mut self,
        desk: &Desk,
        organisation: &Organisation,
    ) -> Result<Self, Trouble> {
        self.around = desk.contacts_around(organisation, &self.read.file).await?;
        Ok(self)
    }

    /// What a contact was about, to follow its name; empty: nothing of it is known.
    pub(super) fn about_contact(&self, id: &str) -> String {
        self.subjects.get(id).map(|about| format!(" – {about}")).unwrap_or_default()
    }

    /// A restriction of the person, in force or not.
    pub(super) fn restriction(&self, id: &str) -> Option<&Restriction> {
        self.read.person.restrictions.iter().find(|one| one.id == id)
    }
}

/// A field as it is asked for: where its answer goes, with the level that the kind's own parameters have.
pub(super) struct AskedField {
    pub name: String,
    pub field: Field,
    /// What a group of fields is called, before its first.
    pub heading: Option<Two>,
}

/// One step's page.
pub(super) struct Setting<'a> {
    pub visit: &'a Visit,
    pub desktop: &'a Desktop,
    pub step: &'static StepForm,
    /// What it is about; empty: nothing yet.
    pub about: &'a str,
    /// Of a proposal: the kind that was chosen.
    pub kind: Option<KindName>,
    pub letter: Option<LetterKind>,
    /// The person's latest contacts.
    pub contacts: &'a [Contacted],
}

impl Setting<'_> {
    pub(super) fn profile(&self) -> &Profile {
        &self.visit.organisation.profile
    }

    /// The restriction that something changes about: the one named, or the one of the appeal named.
    pub(super) fn changing(&self) -> Option<&Restriction> {
        let appeal = self.desktop.read.file.appeal(self.about);
        let id = appeal.map_or(self.about, |appeal| appeal.restriction.as_str());
        self.desktop.restriction(id)
    }

    /// Every field of the step, the kind's parameters and what belongs to a letter among them.
    pub(super) fn fields(&self) -> Vec<AskedField> {
        let mut found = Vec::new();
        for field in self.step.fields {
            if field.only == Only::OfVariation && self.letter != Some(LetterKind::Variation) {
                continue;
            }
            // Chosen on a page before this one.
            if self.letter.is_some() && field.key == "kind" {
                continue;
            }
            match field.ask {
                Ask::Terms => {
                    let Some(kind) = self.kind else { continue };
                    self.below("restriction", field, parameters(kind), &mut found);
                }
                Ask::Changes => {
                    let Some(before) = self.changing() else { continue };
                    let own = parameters(before.kind.name());
                    let ends = [ENDS];
                    let all: Vec<Field> = own.iter().chain(&ends).copied().collect();
                    self.below("changes", field, &all, &mut found);
                }
                _ => found.push(AskedField {
                    name: field.key.to_owned(),
                    field: *field,
                    heading: None,
                }),
            }
        }
        found
    }

    fn below(&self, level: &str, of: &Field, own: &[Field], found: &mut Vec<AskedField>) {
        for (index, field) in own.iter().enumerate() {
            let mut field = *field;
            field.optional |= of.optional;
            let name = format!("{level}.{}", field.key);
            found.push(AskedField { name, field, heading: (index == 0).then_some(of.label) });
        }
    }

    /// The parts that a letter of this kind must have.
    pub(super) fn parts(&self) -> Vec<String> {
        self.letter.map(|kind| parts_of(self.profile(), kind)).unwrap_or_default()
    }

    /// The same, each with what it is called.
    pub(super) fn named_parts(&self) -> Vec<(String, String)> {
        let language = self.visit.language();
        let named = |part: String| {
            let said = say::letter_part(&part, language);
            (part, said)
        };
        self.parts().into_iter().map(named).collect()
    }

    /// The exceptions that the policy allows: the one for ending contact only where that is proposed.
    pub(super) fn exceptions(&self) -> Vec<(Exception, Option<&str>)> {
        let ends_contact = self.kind.is_none_or(|kind| kind == KindName::ContactEnded);
        let fits = |one: Exception| ends_contact || one != Exception::ContactEnded;
        let all = self.profile().exceptions.iter();
        let all = all.filter(|(exception, rule)| rule.allowed && fits(**exception));
        all.map(|(exception, rule)| (*exception, rule.clause.as_deref())).collect()
    }

    /// The restriction as its published flat shape has it.
    pub(super) fn flat(restriction: &Restriction) -> Value {
        serde_json::to_value(restriction).unwrap_or_default()
    }

    /// The fields' first values, besides those in the address: a letter drafted again with its words, changes with the
    /// present terms.
    pub(super) fn begin(&self, values: &mut Values) {
        if self.step.act == "draft_letter" {
            let again = values.said("letter").and_then(|id| self.desktop.read.file.letter(id));
            let kept = |part: &String| again.is_none_or(|letter| letter.parts.contains(part));
            for part in self.parts().into_iter().filter(kept) {
                values.put("parts", part);
            }
            if let Some(letter) = again {
                let said = json!({
                    "language": letter.language, "format": letter.format, "why": letter.why,
                    "words": letter.words, "changes": letter.changes,
                });
                values.begin_with("", &said);
            }
            if !values.is_set("language") {
                let own = self.desktop.read.person.language;
                values.put("language", own.map_or("en", |one| one.tag()));
            }
        }
        if self.step.act == "send_letter"
            && let Some(own) = own_email(&self.desktop.read.person)
        {
            values.begin_with("", &json!({ "to": own }));
        }
        if let Some(before) = self.changing() {
            values.begin_with("changes", &Self::flat(before));
        }
    }
}

/// A day on which a restriction ends by itself, which a variation may bring forward.
const ENDS: Field = Field {
    key: "ends",
    ask: Ask::Day,
    label: two("Does it end on a day of its own?", "A yw'n dod i ben ar ddiwrnod penodol?"),
    hint: None,
    optional: true,
    only: Only::Always,
};
