//! Putting somebody on record, and changing who they are and by what they are known. What restricts them changes by
//! only the steps of their case.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::form::{Posted, quoted};
use super::frame::{Frame, Page, Section, go, with_status};
use super::trouble::Trouble;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::acting::Acting;
use crate::casework::expected::{Expected, Tag};
use crate::casework::new_person::NewPersonId;
use crate::casework::person_check::PersonFault;
use crate::domain::identifier::IdentifierKind;
use crate::domain::invisible::is_blank;
use crate::domain::language::Language;
use crate::domain::person::{ListedIdentifier, Person};
use crate::staff::Staff;
use crate::staff::permit::ChangesPeople;

/// What a form holds, as it was typed.
#[derive(Default)]
struct Typed {
    name: String,
    reference: String,
    address: String,
    language: Option<Language>,
    emails: String,
    phones: String,
    why: String,
}

/// The kinds that the form has a field for.
const KINDS: [(IdentifierKind, &str); 2] =
    [(IdentifierKind::Email, "emails"), (IdentifierKind::Phone, "phones")];

/// Whether an identifier is edited here: one that is shared with others stays as it is.
fn is_edited(one: &ListedIdentifier) -> bool {
    !one.shared && KINDS.iter().any(|(kind, _)| *kind == one.kind)
}

impl Typed {
    fn of(posted: &Posted) -> Self {
        let text = |name| posted.text(name).trim().to_owned();
        Typed {
            name: text("name"),
            reference: text("reference"),
            address: text("address"),
            language: Language::of_tag(posted.text("language")),
            emails: text("emails"),
            phones: text("phones"),
            why: text("why"),
        }
    }

    fn of_person(person: &Person) -> Self {
        let lines = |kind| {
            let own = person.identifiers.iter().filter(|one| is_edited(one) && one.kind == kind);
            own.map(|one| one.value.as_str()).collect::<Vec<_>>().join("\n")
        };
        Typed {
            name: person.name.clone(),
            reference: person.reference.clone().unwrap_or_default(),
            address: person.address.clone().unwrap_or_default(),
            language: person.language,
            emails: lines(IdentifierKind::Email),
            phones: lines(IdentifierKind::Phone),
            why: String::new(),
        }
    }

    fn lines(&self, kind: IdentifierKind) -> impl Iterator<Item = ListedIdentifier> {
        let text = if kind == IdentifierKind::Email { &self.emails } else { &self.phones };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(move |line| ListedIdentifier { kind, value: line.to_owned(), shared: false })
    }

    /// The record with the typed values.
    fn on(&self, person: Person) -> Person {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let kept = person.identifiers.iter().filter(|one| !is_edited(one)).cloned();
        let typed = KINDS.into_iter().flat_map(|(kind, _)| self.lines(kind));
        Person {
            name: self.name.clone(),
            reference: some(&self.reference),
            address: some(&self.address),
            language: self.language,
            identifiers: typed.chain(kept).collect(),
            ..person
        }
    }

    /// The field to which a fault of the record leads, and the text that says it.
    fn fault(&self, fault: &PersonFault) -> (&'static str, String) {
        let index = fault.path.strip_prefix("identifiers[").and_then(|rest| rest.split(']').next());
        let index = index.and_then(|index| index.parse().ok());
        let mut typed = KINDS
            .into_iter()
            .flat_map(|(kind, field)| self.lines(kind).map(move |one| (field, one.value)));
        match index.and_then(|index: usize| typed.nth(index)) {
            Some((field, value)) => (field, format!("{value}: {}", fault.message)),
            None => ("name", format!("{}: {}", fault.path, fault.message)),
        }
    }
}

/// One thing that is wrong: the field, the text, whether it is in English on whatever page.
struct Wrong {
    field: &'static str,
    text: String,
    foreign: bool,
}

#[derive(Template)]
#[template(path = "record_form.html")]
struct RecordPage {
    f: Frame,
    w: &'static words::RecordForm,
    p: &'static words::Person,
    title: String,
    back: (String, String),
    action: String,
    typed: Typed,
    /// The state of the record that is changed, or the id of a new one.
    was: Option<String>,
    id: Option<String>,
    languages: Vec<(&'static str, &'static str, bool)>,
    wrong: Vec<Wrong>,
}

impl RecordPage {
    fn fault(&self, field: &str) -> Option<&Wrong> {
        self.wrong.iter().find(|one| one.field == field)
    }
}

/// Whose record a form is about.
enum Whose<'a> {
    OnRecord(&'a Person),
    New(&'a NewPersonId),
}

/// The page, with the record that it makes or changes.
fn shown(staff: &Staff, visit: &Visit, whose: &Whose<'_>, typed: Typed, wrong: Vec<Wrong>) -> Page {
    let w = words::RecordForm::of(visit.language());
    let (title, back, action) = match whose {
        Whose::OnRecord(person) => {
            let own = format!("/people/{}", quoted(&person.id));
            let name = person.shown_name().to_owned();
            let title = format!("{}: {name}", w.change);
            (title, (format!("{own}?tab=identifiers"), name), format!("{own}/edit"))
        }
        Whose::New(_) => {
            let people = words::People::of(visit.language()).title.to_owned();
            (w.add.to_owned(), ("/people".to_owned(), people), "/people/new".to_owned())
        }
    };
    let (was, id) = match whose {
        Whose::OnRecord(person) => (Some(Tag::of(person).as_str().to_owned()), None),
        Whose::New(id) => (None, Some(id.as_str().to_owned())),
    };
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let languages =
        Language::ALL.map(|one| (one.tag(), one.own_name(), typed.language == Some(one))).to_vec();
    let page = RecordPage {
        f: Frame::of(staff, visit, Section::People, &title).in_error(!wrong.is_empty()),
        w,
        p: words::Person::of(visit.language()),
        title,
        back,
        action,
        was,
        id,
        languages,
        typed,
        wrong,
    };
    with_status(status, &page)
}

pub(super) async fn show_new(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ChangesPeople>,
) -> Page {
    let id = NewPersonId::random()?;
    shown(&staff, &visit, &Whose::New(&id), Typed::default(), Vec::new())
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ChangesPeople>,
    Path(id): Path<String>,
) -> Page {
    let person = staff.casework(&visit).desk.read_person(&visit.organisation.id, &id).await?;
    let typed = Typed::of_person(&person);
    shown(&staff, &visit, &Whose::OnRecord(&person), typed, Vec::new())
}

fn missing(typed: &Typed, visit: &Visit) -> Vec<Wrong> {
    let w = words::RecordForm::of(visit.language());
    let none = is_blank(&typed.name);
    let text = w.name_missing.to_owned();
    if none { vec![Wrong { field: "name", text, foreign: false }] } else { Vec::new() }
}

fn invalid(typed: &Typed, faults: &[PersonFault]) -> Vec<Wrong> {
    let each = faults.iter().map(|fault| {
        let (field, text) = typed.fault(fault);
        Wrong { field, text, foreign: true }
    });
    each.collect()
}

pub(super) async fn add(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ChangesPeople>,
    posted: Posted,
) -> Page {
    let typed = Typed::of(&posted);
    // Every form of ours has one.
    let id = match NewPersonId::parse(posted.text("id")) {
        Some(id) => id,
        None => NewPersonId::random()?,
    };
    let whose = Whose::New(&id);
    let wrong = missing(&typed, &visit);
    if !wrong.is_empty() {
        return shown(&staff, &visit, &whose, typed, wrong);
    }
    let empty: Person = serde_json::from_value(serde_json::json!({"id": id.as_str()}))
        .map_err(|_| Trouble::Ours)?;
    let acting = Acting::from(visit.name()).because(Some(&typed.why));
    let desk = &staff.casework(&visit).desk;
    match desk.add_person(&visit.organisation, &id, typed.on(empty), acting).await {
        Ok(person) => Ok(go(&format!("/people/{}?tab=identifiers", quoted(&person.id)))),
        Err(Fault::Invalid(faults)) => {
            let wrong = invalid(&typed, &faults);
            shown(&staff, &visit, &whose, typed, wrong)
        }
        // Somebody went back to a form that had been carried out.
        Err(Fault::Exists(_)) => {
            let text = words::RecordForm::of(visit.language()).exists.to_owned();
            let wrong = vec![Wrong { field: "name", text, foreign: false }];
            shown(&staff, &visit, &whose, typed, wrong)
        }
        Err(fault) => Err(fault.into()),
    }
}

pub(super) async fn change(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ChangesPeople>,
    Path(id): Path<String>,
    posted: Posted,
) -> Page {
    let typed = Typed::of(&posted);
    let desk = &staff.casework(&visit).desk;
    let person = desk.read_person(&visit.organisation.id, &id).await?;
    let whose = Whose::OnRecord(&person);
    let wrong = missing(&typed, &visit);
    if !wrong.is_empty() {
        return shown(&staff, &visit, &whose, typed, wrong);
    }
    let expected = Expected::OneOf(vec![Tag::from(posted.text("was").to_owned())]);
    let acting = Acting::from(visit.name()).because(Some(&typed.why));
    let with_typed = |person: &Person| Ok(typed.on(person.clone()));
    let done = desk.change_person(&visit.organisation, &id, &expected, acting, with_typed).await;
    match done {
        Ok(_) => Ok(go(&format!("/people/{}?tab=identifiers", quoted(&id)))),
        Err(Fault::Invalid(faults)) => {
            let wrong = invalid(&typed, &faults);
            shown(&staff, &visit, &whose, typed, wrong)
        }
        // Somebody changed it in the meantime: typed values stay, over the record as it is now.
        Err(Fault::Changed(_)) => {
            let text = words::RecordForm::of(visit.language()).changed.to_owned();
            let wrong = vec![Wrong { field: "name", text, foreign: false }];
            shown(&staff, &visit, &whose, typed, wrong)
        }
        Err(fault) => Err(fault.into()),
    }
}
