//! A person's own record, as it answers a request for what is held about them (UK GDPR Art. 15): everything about them,
//! what was left out and why, and what somebody must decide before it is sent. Written piece by piece, as a page or as
//! JSON.

mod case;
mod page;
mod trail;
mod words;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::domain::audit::GATEWAY;
use crate::domain::diary::Case;
use crate::domain::own_record::{LeftOut, Piece};
use crate::domain::profile::{Exception, Profile, Role};

/// What is never in it, and why (UK GDPR 15(4); Data Protection Act 2018, Schedule 2, 16).
const LEFT_OUT: [(&str, &str); 5] = [
    (
        "The names of staff who reported, signed, decided, looked at or recorded something.",
        "They are information about other people. We name their roles instead.",
    ),
    (
        "Messages, calls and letters that you sent us, as they came.",
        "Those that we still have are numbered here, and given with this record.",
    ),
    (
        "Whether we informed the police or another body of an incident.",
        "The law may keep us from saying so. You can ask us.",
    ),
    (
        "Codes by which our systems name each entry.",
        "They say nothing about you. We can give them if you ask.",
    ),
    (
        "Fingerprints by which our systems notice that a message repeats another.",
        "Nobody can read anything from them. We can give them if you ask.",
    ),
];

/// A page for the person, or JSON for the staff who prepare the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Page,
    Json,
}

/// What every part of a record is said with.
struct Told {
    profile: Arc<Profile>,
    roles: BTreeMap<String, Role>,
    /// Restrictions, and the proposals of them, that the person is not to know of until somebody decides
    /// otherwise.
    withheld: HashSet<String>,
}

impl Told {
    fn may_tell(&self, of: &str) -> bool {
        !self.withheld.contains(of)
    }

    /// A role in the place of somebody's name.
    fn role(&self, name: &str) -> String {
        match self.roles.get(name) {
            Some(role) => role.0.replace('_', " "),
            None if name == GATEWAY => "our system".to_owned(),
            None => "a member of staff".to_owned(),
        }
    }
}

/// Writes one record. What it returns is to be put together in order.
pub struct Writer {
    form: Form,
    told: Told,
    /// The list that is being written, and whether it has an entry yet.
    list: Option<(&'static str, bool)>,
    lists: &'static [&'static str],
    originals: u64,
    notes: u64,
}

/// The lists behind the case file, in their order.
const LISTS: [&str; 4] = ["equality", "letters", "contacts", "deeds"];

impl Writer {
    /// Begins with the person and the case file, and with those of the person's other records. `made`: the day of it.
    pub fn begin(
        form: Form,
        cases: &[Case<'_>],
        profile: Arc<Profile>,
        roles: BTreeMap<String, Role>,
        made: NaiveDate,
    ) -> (Self, String) {
        let proposals = cases.iter().flat_map(|case| &case.file.proposals);
        let hidden = proposals.filter(|one| one.asked(Exception::NoNotification).is_some());
        let withheld = hidden.flat_map(|one| [one.restriction.id.clone(), one.id.clone()]);
        let told = Told { profile, roles, withheld: withheld.collect() };
        let mut out = match form {
            Form::Page => page::head(&told.profile.name, made),
            Form::Json => "{\"record\":{".to_owned(),
        };
        let mut sections = Vec::new();
        if let Some((own, others)) = cases.split_first() {
            sections = case::sections(*own, &told);
            if !others.is_empty() {
                let others = others.iter().map(|one| case::other_record(*one, &told));
                sections.push(("other_records", others.collect()));
            }
        }
        for (index, (name, part)) in sections.into_iter().enumerate() {
            match form {
                Form::Page => page::section(&mut out, name, &part, told.profile.timezone),
                Form::Json => {
                    let comma = if index == 0 { "" } else { "," };
                    out.push_str(&format!("{comma}\"{name}\":{part}"));
                }
            }
        }
        let writer = Writer { form, told, list: None, lists: &LISTS, originals: 0, notes: 0 };
        (writer, out)
    }

    /// Goes on with what follows.
    pub fn add(&mut self, piece: &Piece) -> String {
        let mut out = String::new();
        match piece {
            Piece::Equality(held) => {
                self.open(&mut out, "equality");
                self.entry(&mut out, &of_record(json!(held.answers), held.record.as_deref()));
            }
            Piece::Letter(letter) => {
                self.open(&mut out, "letters");
                if let Some(said) = case::letter(&letter.letter, &self.told) {
                    self.entry(&mut out, &of_record(said, letter.record.as_deref()));
                }
            }
            Piece::Contacts(contacts) => {
                self.open(&mut out, "contacts");
                for contact in contacts {
                    let kept = contact.item.as_ref().filter(|item| item.archived.is_some());
                    self.originals += u64::from(kept.is_some());
                    let original = kept.map(|_| self.originals);
                    let notes = contact.item.iter().flat_map(|item| &item.notes);
                    self.notes += notes.filter(|note| !note.text.is_empty()).count() as u64;
                    let said = trail::contact(contact, original, &self.told);
                    self.entry(&mut out, &of_record(said, contact.record.as_deref()));
                }
            }
            Piece::Deeds(deeds) => {
                self.open(&mut out, "deeds");
                for deed in deeds {
                    if let Some(said) = trail::deed(&deed.entry, &self.told) {
                        self.entry(&mut out, &of_record(said, deed.record.as_deref()));
                    }
                }
            }
        }
        out
    }

    /// Ends it. Without this the record is not whole, and shows that.
    pub fn end(mut self, left_out: LeftOut) -> String {
        let mut out = String::new();
        self.open(&mut out, "");
        let why = self.left_out(left_out);
        match self.form {
            Form::Page => {
                page::section(&mut out, "left_out", &why, self.told.profile.timezone);
                out.push_str(&page::rights());
            }
            Form::Json => {
                let to_decide = json!(self.to_decide());
                out.push_str(&format!(",\"left_out\":{why}}},\"to_decide\":{to_decide},"));
                out.push_str("\"is_whole\":true}\n");
            }
        }
        out
    }

    /// Only for staff: what somebody must decide on, or read again, before the record goes.
    pub fn to_decide(&self) -> Vec<String> {
        let mut hidden: Vec<&String> = self.told.withheld.iter().collect();
        hidden.sort();
        let mut all: Vec<String> = hidden
            .into_iter()
            .map(|id| {
                format!("{id}: the person was not notified; decide whether they may know now")
            })
            .collect();
        all.push(
            "incidents, proposals and reviews are quoted as staff wrote them: check what they \
             say about other people"
                .to_owned(),
        );
        if self.notes > 0 {
            all.push(format!("so are the notes that staff wrote on contacts: {}", self.notes));
        }
        all
    }

    fn left_out(&self, left_out: LeftOut) -> Value {
        let LeftOut { in_doubt, not_theirs } = left_out;
        let fixed = LEFT_OUT.into_iter().map(|(what, why)| json!({"what": what, "why": why}));
        let counted = [
            (in_doubt, "that may be yours, and may be somebody else's"),
            (not_theirs, "first taken for yours that turned out not to be"),
        ];
        let counted = counted.into_iter().filter(|(many, _)| *many > 0).map(|(many, what)| {
            let contacts = if many == 1 { "contact" } else { "contacts" };
            json!({"what": format!("{many} {contacts} {what}."), "why": "They may be about other people."})
        });
        fixed.chain(counted).collect()
    }

    /// Begins a list, and ends those before it; each is there, even an empty one.
    fn open(&mut self, out: &mut String, name: &str) {
        while self.list.is_none_or(|(open, _)| open != name) {
            if let Some((_, has_entries)) = self.list.take() {
                match self.form {
                    Form::Page => page::end_list(out, has_entries),
                    Form::Json => out.push(']'),
                }
            }
            let Some((next, rest)) = self.lists.split_first() else { return };
            self.lists = rest;
            match self.form {
                Form::Page => page::begin_list(out, next),
                Form::Json => out.push_str(&format!(",\"{next}\":[")),
            }
            self.list = Some((next, false));
        }
    }

    fn entry(&mut self, out: &mut String, entry: &Value) {
        let Some((_, has_entries)) = &mut self.list else { return };
        match self.form {
            Form::Page => page::entry(out, entry, !*has_entries, self.told.profile.timezone),
            Form::Json if *has_entries => out.push_str(&format!(",{entry}")),
            Form::Json => out.push_str(&entry.to_string()),
        }
        *has_entries = true;
    }
}

/// An entry with the record that it is on, where the person has several.
fn of_record(mut entry: Value, record: Option<&str>) -> Value {
    if let (Value::Object(entry), Some(record)) = (&mut entry, record) {
        entry.insert("record".to_owned(), json!(record));
    }
    entry
}

#[cfg(test)]
mod tests;
