//! The page of a step: its fields, its refusals next to them, with typed values kept.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::ask::{self, FieldView, id_of};
use super::cards::{self, Card, Maker};
use super::choose;
use super::describe::{Ask, StepForm};
use super::read::{self, Unread};
use super::refusal::{self, Refusal};
use super::setting::{Desktop, Setting};
use super::step_request::StepRequest;
use super::values::Values;
use crate::casework::Fault;
use crate::casework::audit::{NewestWanted, TrailFilter};
use crate::casework::case::{Asked as Step, Done};
use crate::domain::audit::AuditEvent;
use crate::domain::broken::Broken;
use crate::domain::case::act::Act;
use crate::domain::invisible::is_blank;
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::KindName;
use crate::domain::tally::Contacted;
use crate::runtime::limits::{CONSOLE_CONTACT_WEEKS, CONSOLE_ROWS};
use crate::staff::Staff;
use crate::staff::console::asked::Asked;
use crate::staff::console::form::{Posted, quoted};
use crate::staff::console::frame::{Frame, Page, Section, go, with_status};
use crate::staff::console::person::head::Head;
use crate::staff::console::pressed::idle;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::visit::Visit;
use crate::staff::console::{say, words};

#[derive(Template)]
#[template(path = "step.html")]
struct StepPage {
    f: Frame,
    w: &'static words::Case,
    s: &'static words::Steps,
    head: Head,
    back: String,
    title: &'static str,
    lead: &'static str,
    /// Of a proposal: what is proposed.
    kind: Option<&'static str>,
    button: &'static str,
    careful: bool,
    card: Option<Card>,
    fields: Vec<FieldView>,
    /// Carried along unseen.
    hidden: Vec<(&'static str, String)>,
    action: String,
    refusals: Vec<Refusal>,
    /// What others did in the meantime: who, when, what.
    changes: Option<Vec<(String, String)>>,
}

/// The faults of the post.
#[derive(Default)]
struct Wrong {
    unread: Unread,
    broken: Vec<Broken>,
    /// Nothing of it could be made into a step.
    unreadable: bool,
    changed: Option<Vec<(String, String)>>,
}

/// The page of a step, as its link asks for it.
pub(in crate::staff::console) async fn show(
    staff: Arc<Staff>,
    visit: Visit,
    step: &'static StepForm,
    person: String,
    asked: Asked,
) -> Page {
    let step = step.as_taken_by(&visit.organisation);
    let desktop = Desktop::open(&staff, &visit, &person).await?;
    let mut request = StepRequest { step, person, values: Values::asked(&asked) };
    begin_again(&desktop, &mut request);
    if choose::is_needed(&request) {
        return choose::page(&staff, &visit, &desktop, &request);
    }
    let contacts = contacts_of(&staff, &visit, &desktop).await?;
    let desktop = with_subjects(&staff, &visit, desktop, step, &contacts).await?;
    let mut values = request.values.clone();
    request.setting(&visit, &desktop, &contacts).begin(&mut values);
    request.values = values;
    shown(&staff, &visit, &desktop, &contacts, &request, Wrong::default())
}

/// A proposal that is changed begins with what it says; a heavier form of a restriction with that.
fn begin_again(desktop: &Desktop, request: &mut StepRequest) {
    if request.step.act != "propose" {
        return;
    }
    let file = &desktop.read.file;
    let again = request.values.said("proposal").and_then(|id| file.proposal(id));
    let heavier = request.values.said("of").and_then(|id| desktop.restriction(id));
    if let Some(proposal) = again {
        request.values.begin_with("restriction", &Setting::flat(&proposal.restriction));
        if proposal.restriction.mode == crate::domain::restriction::Mode::Observe {
            request.values.put("restriction.observe", "yes");
        }
        let mut whole = json!({
            "incidents": proposal.incidents, "aim": proposal.aim,
            "why_no_lesser": proposal.why_no_lesser,
            "adjustments_considered": {"outcome": proposal.adjustments_considered},
        });
        if let Some(map) = whole.as_object_mut() {
            map.insert("kind".to_owned(), proposal.restriction.kind.name().name().into());
        }
        request.values.begin_with("", &whole);
        for asked in &proposal.exceptions {
            let name = format!("exceptions.{}", asked.exception.name());
            request.values.put(format!("{name}.why"), asked.justification.clone());
            if let Some(due) = asked.review_due {
                request.values.put(format!("{name}.review_due"), due.to_string());
            }
            request.values.put(name, "yes");
        }
    } else if let Some(restriction) = heavier {
        request.values.begin_with("restriction", &Setting::flat(restriction));
        request.values.begin_with("", &json!({"kind": restriction.kind.name().name()}));
    }
}

/// The person's contacts of the last weeks, for a step that asks for some.
async fn contacts_of(
    staff: &Staff,
    visit: &Visit,
    desktop: &Desktop,
) -> Result<Vec<Contacted>, Trouble> {
    let from = visit.now() - chrono::TimeDelta::weeks(CONSOLE_CONTACT_WEEKS);
    let (desk, to) = (&staff.casework(visit).desk, visit.now());
    let mut found = desk.timeline(&visit.organisation, &desktop.read.person.id, from, to).await?;
    let too_many = found.len().saturating_sub(CONSOLE_ROWS);
    Ok(found.split_off(too_many))
}

/// The desktop with what the contacts were about, for a step that asks for some: of those that were put on a queue.
async fn with_subjects(
    staff: &Staff,
    visit: &Visit,
    mut desktop: Desktop,
    step: &'static StepForm,
    contacts: &[Contacted],
) -> Result<Desktop, Trouble> {
    if !step.fields.iter().any(|field| matches!(field.ask, Ask::Contacts)) {
        return Ok(desktop);
    }
    let desk = &staff.casework(visit).desk;
    for one in contacts {
        let item = match desk.item_anywhere(&visit.organisation.id, &one.contact).await {
            Ok(item) => item,
            Err(Fault::NotFound(_)) => continue,
            Err(fault) => return Err(fault.into()),
        };
        if let Some(about) = item.subject.or(item.text).filter(|about| !is_blank(about)) {
            desktop.subjects.insert(one.contact.clone(), ask::short(&about));
        }
    }
    Ok(desktop)
}

/// Takes the step.
pub(in crate::staff::console) async fn take(
    staff: Arc<Staff>,
    visit: Visit,
    step: &'static StepForm,
    person: String,
    posted: Posted,
) -> Page {
    let step = step.as_taken_by(&visit.organisation);
    let desktop = Desktop::open(&staff, &visit, &person).await?;
    let request = StepRequest { step, person, values: Values::posted(&posted) };
    if choose::is_needed(&request) {
        return choose::page(&staff, &visit, &desktop, &request).map(idle);
    }
    let contacts = contacts_of(&staff, &visit, &desktop).await?;
    let desktop = with_subjects(&staff, &visit, desktop, step, &contacts).await?;
    let again = |wrong: Wrong| shown(&staff, &visit, &desktop, &contacts, &request, wrong);
    let setting = request.setting(&visit, &desktop, &contacts);
    let mut fields = match read::read(&setting, &request.values) {
        Ok(fields) => fields,
        Err(unread) => return again(Wrong { unread, ..Wrong::default() }),
    };
    let id = prepare(&desktop, &request, &mut fields);
    let Ok(act) = serde_json::from_value::<Act>(Value::Object(fields)) else {
        return again(Wrong { unreadable: true, ..Wrong::default() });
    };
    let version = request.values.text("version").parse().ok();
    let asked =
        Step { person: &request.person, act: &act, id: id.as_deref(), by: visit.name(), version };
    let (casework, organisation) = (staff.casework(&visit), &visit.organisation);
    match casework.step(organisation, visit.role(), asked).await {
        Ok(done) => Ok(go(&after(&request, &done))),
        Err(Fault::Broken(broken)) => again(Wrong { broken, ..Wrong::default() }),
        Err(Fault::VersionChanged { .. }) => {
            let since = version.unwrap_or_default();
            let changes = changes_since(&staff, &visit, &request, since).await?;
            // Made on what the page shows now.
            again(Wrong { changed: Some(changes), ..Wrong::default() })
        }
        Err(fault) => Err(fault.into()),
    }
}

/// What no field says: names of new records. The id of a letter or a proposal that is made again.
fn prepare(
    desktop: &Desktop,
    request: &StepRequest,
    fields: &mut Map<String, Value>,
) -> Option<String> {
    if let Some(letter) = request.letter() {
        fields.insert("kind".to_owned(), letter.name().into());
        return request.values.said("letter").map(str::to_owned);
    }
    if request.step.act != "propose" {
        return None;
    }
    let file = &desktop.read.file;
    let again = request.values.said("proposal").and_then(|id| file.proposal(id));
    let before = again
        .map(|proposal| &proposal.restriction)
        .or_else(|| request.values.said("of").and_then(|id| desktop.restriction(id)));
    let id = before.map_or_else(|| free_id(desktop), |before| before.id.clone());
    let kind = request.kind().map_or("", KindName::name);
    let restriction = fields.entry("restriction").or_insert_with(|| json!({}));
    if let Value::Object(restriction) = restriction {
        // What the page does not ask about stays: queues, rosters, absences.
        if let Some(Value::Object(was)) = before.map(Setting::flat) {
            for key in ["absences", "threads", "attachments"] {
                if let Some(value) = was.get(key) {
                    restriction.entry(key).or_insert_with(|| value.clone());
                }
            }
            if let (Some(Value::Object(now)), Some(Value::Object(was))) =
                (restriction.get_mut("contact"), was.get("contact"))
            {
                for key in ["queue", "sip", "roster"] {
                    if let Some(value) = was.get(key) {
                        now.entry(key).or_insert_with(|| value.clone());
                    }
                }
            }
        }
        restriction.insert("id".to_owned(), id.into());
        restriction.insert("kind".to_owned(), kind.into());
        restriction.insert("status".to_owned(), "proposed".into());
    }
    again.map(|proposal| proposal.id.clone())
}

/// The next id of a restriction of this person.
fn free_id(desktop: &Desktop) -> String {
    let (file, person) = (&desktop.read.file, &desktop.read.person);
    let taken = |id: &str| {
        person.restrictions.iter().any(|one| one.id == id)
            || file.proposals.iter().any(|one| one.restriction.id == id)
    };
    let number = |number: usize| format!("{}-R-{number}", person.id);
    let most = person.restrictions.len() + file.proposals.len() + 1;
    (1..=most).map(number).find(|id| !taken(id)).unwrap_or_else(|| number(most + 1))
}

fn case_href(person: &str, act: &str, released: usize, about: &str) -> String {
    let released = if released > 0 { format!("&released={released}") } else { String::new() };
    let anchor =
        if about.is_empty() { String::new() } else { format!("#{}", cards::anchor(about)) };
    format!("/people/{}/case?done={act}{released}{anchor}", quoted(person))
}

/// Where a step leads: to what it made, where that has a page, else to the case.
fn after(request: &StepRequest, done: &Done) -> String {
    let made = done.made.get("id").and_then(Value::as_str);
    let about = request.about();
    let person = quoted(&request.person);
    let act = request.step.act;
    let page = |part: &str, id: &str| format!("/people/{person}/{part}/{}?done={act}", quoted(id));
    match act {
        "propose" => page("proposals", made.unwrap_or_default()),
        "submit" | "sign_off" | "send_back" => page("proposals", about),
        "draft_letter" => page("letters", made.unwrap_or_default()),
        "approve_letter" | "send_letter" => page("letters", about),
        _ => case_href(&request.person, act, done.released.len(), made.unwrap_or(about)),
    }
}

/// Changes to the case since a version, the latest first.
async fn changes_since(
    staff: &Staff,
    visit: &Visit,
    request: &StepRequest,
    version: u64,
) -> Result<Vec<(String, String)>, Trouble> {
    let filter = TrailFilter { person: Some(request.person.clone()), ..TrailFilter::default() };
    let wanted = NewestWanted { filter, by: None, before: None, limit: CONSOLE_ROWS };
    let desk = &staff.casework(visit).desk;
    let trail = desk.newest_audit(&visit.organisation.id, wanted).await?;
    let zone = visit.organisation.profile.timezone;
    let mut changes = Vec::new();
    for entry in &trail.entries {
        let AuditEvent::Step(step) = &entry.event else { continue };
        if step.version <= version {
            continue;
        }
        let at = say::when(entry.at, visit.now(), zone, visit.language());
        let what = say::entry(&entry.event, visit.language());
        changes.push((format!("{}, {at}", entry.by), what));
    }
    Ok(changes)
}

fn shown(
    staff: &Staff,
    visit: &Visit,
    desktop: &Desktop,
    contacts: &[Contacted],
    request: &StepRequest,
    wrong: Wrong,
) -> Page {
    let language = visit.language();
    let setting = request.setting(visit, desktop, contacts);
    let s = words::Steps::of(language);
    let (faults, refusals) = in_words(&setting, &request.values, &wrong);
    let fields = ask::views(&setting, &request.values, &faults);
    let status = match (&wrong.changed, refusals.is_empty()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, true) => StatusCode::OK,
    };
    let mut hidden = vec![
        ("version", desktop.read.file.version.to_string()),
        ("of", request.about().to_owned()),
    ];
    for name in ["kind", "proposal", "letter", "exception"] {
        let own = request.step.fields.iter().any(|field| field.key == name);
        let chosen = request.step.act == "draft_letter" && name == "kind";
        if let Some(value) = request.values.said(name).filter(|_| !own || chosen) {
            hidden.push((name, value.to_owned()));
        }
    }
    let title = request.step.title.of(language);
    let head = Head::of(visit, &desktop.read.person, None, None);
    let whole = format!("{title} – {}", head.name);
    let page = StepPage {
        f: Frame::of(staff, visit, Section::People, &whole)
            .in_error(!refusals.is_empty() || wrong.changed.is_some()),
        w: words::Case::of(language),
        s,
        head,
        back: format!("/people/{}/case?tab=case", quoted(&request.person)),
        title,
        lead: request.step.lead.of(language),
        kind: request.kind().map(|kind| say::kind(kind, language)),
        button: request.step.button.of(language),
        careful: request.step.careful,
        card: card_of(&setting),
        fields,
        hidden,
        action: format!("/people/{}/steps/{}", quoted(&request.person), request.step.act),
        refusals,
        changes: wrong.changed,
    };
    with_status(status, &page)
}

/// The faults, next to the fields and in the summary.
fn in_words(setting: &Setting<'_>, values: &Values, wrong: &Wrong) -> (Unread, Vec<Refusal>) {
    let language = setting.visit.language();
    let s = words::Steps::of(language);
    let mut faults = wrong.unread.clone();
    let anchors = ask::views(setting, values, &Unread::new());
    let place = |name: &str| {
        let view = anchors.iter().find(|view| view.name == name);
        view.map(|view| format!("#{}", view.anchor()))
    };
    let mut refusals: Vec<Refusal> = Vec::new();
    let plain =
        |sentence: String, href| Refusal { href, sentence, right: "", clause: None, detail: None };
    for (name, why) in &wrong.unread {
        let label = anchors.iter().find(|view| view.name == *name).map(|view| view.label.as_str());
        let sentence = label.map_or_else(|| why.clone(), |label| format!("{label} {why}"));
        refusals.push(plain(sentence, place(name).or_else(|| Some(format!("#{}", id_of(name))))));
    }
    if wrong.unreadable {
        refusals.push(plain(s.unreadable.to_owned(), None));
    }
    for broken in &wrong.broken {
        let field = broken.key.as_deref().and_then(|key| field_of(&anchors, key));
        let refusal = refusal::of(broken, setting.step, field.as_deref().and_then(place), language);
        if let Some(name) = field {
            // Its label is above it.
            let is_missing = broken.code == RefusalCode::FieldMissing;
            let fault =
                if is_missing { format!("{}.", s.fill_in) } else { refusal.sentence.clone() };
            faults.entry(name).or_insert(fault);
        }
        refusals.push(refusal);
    }
    (faults, refusals)
}

/// The field of the page that a key of the domain is about.
fn field_of(fields: &[FieldView], key: &str) -> Option<String> {
    let ends = |name: &str| name == key || name.ends_with(&format!(".{key}"));
    let exact = fields.iter().find(|one| ends(&one.name));
    let part = || {
        let first = key.split('.').next().unwrap_or(key);
        fields.iter().find(|one| one.name == first || one.name.starts_with(&format!("{first}.")))
    };
    exact.or_else(part).map(|one| one.name.clone())
}

/// What the step is about, as its card without steps of its own.
fn card_of(setting: &Setting<'_>) -> Option<Card> {
    let make = Maker::new(setting.visit, setting.desktop);
    let file = &setting.desktop.read.file;
    let id = setting.about;
    let card = if let Some(one) = file.proposal(id) {
        cards::proposal(make, one)
    } else if let Some(one) = setting.desktop.restriction(id) {
        cards::restriction(make, one)
    } else if let Some(one) = file.incident(id) {
        cards::incident(make, one)
    } else if let Some(one) = file.warning(id) {
        cards::warning(make, one)
    } else if let Some(one) = file.appeal(id) {
        cards::appeal(make, one)
    } else if let Some(one) = file.letter(id) {
        cards::letter(make, one)
    } else if let Some(one) = file.agreements.iter().find(|one| one.id == id) {
        cards::agreement(make, one)
    } else {
        let one = file.staff_complaints.iter().find(|one| one.id == id)?;
        cards::complaint(make, one)
    };
    Some(Card { steps: Vec::new(), more: Vec::new(), shut: Vec::new(), alone: true, ..card })
}
