//! One item: why it is here, what it says, what to do with it.

mod act;
mod back;
mod side;
mod verb;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

pub(super) use self::act::{act, confirm};
use self::back::back_name;
use self::side::{PersonBar, bar, person_of, taken_off};
use self::verb::{Verb, label};
use super::asked::Asked;
use super::form::{own_path, quoted};
use super::frame::{Frame, Page, Section, Undo, with_status};
use super::presence::{self, AlsoOpen};
use super::say::{self, ReasonLine, ReasonedItem, who};
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::hand_over::Actor;
use crate::domain::channel::Channel;
use crate::domain::decision::Disposition;
use crate::domain::duty::Duty;
use crate::domain::flag::Flag;
use crate::domain::invisible::is_blank;
use crate::domain::lane::Lane;
use crate::domain::language::Language;
use crate::domain::permission;
use crate::domain::person::Person;
use crate::domain::profile::Role;
use crate::domain::queue::{Note, QueueItem, Turn};
use crate::runtime::tokens::{hex, sha256};
use crate::staff::Staff;
use crate::staff::permit::WorksQueues;

/// The address of an item. `from`: the page that led there; `done`: the last action.
pub(super) fn href(item: &str, from: &str, done: Option<&str>) -> String {
    let mut address = format!("/items/{}?from={}", quoted(item), quoted(from));
    if let Some(done) = done {
        address.push_str("&done=");
        address.push_str(done);
    }
    address
}

/// What tells one state of an item from another: a form names the one that it was made from.
fn version(item: &QueueItem) -> String {
    let text = serde_json::to_vec(item).unwrap_or_default();
    let sum = hex(&sha256(&text));
    sum.get(..16).unwrap_or(&sum).to_owned()
}

struct NoteLine {
    by: String,
    at: String,
    text: String,
}

/// Colleagues, as far as this item is concerned.
#[derive(Default)]
struct Others {
    /// The colleagues who can be given it; empty: the reader may not hand it over.
    colleagues: Vec<String>,
    /// Where the page says that it is open, and its number among those that are.
    here: String,
    page: u64,
    also_open: Vec<AlsoOpen>,
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    f: Frame,
    w: &'static words::Item,
    id: String,
    heading: String,
    subject: Option<String>,
    came: String,
    waited: Option<String>,
    disposition: &'static str,
    /// Whether a colleague wrote it.
    is_outbound: bool,
    /// Whether nobody wrote it: something falls due.
    is_reminder: bool,
    /// A call, which has no original.
    is_call: bool,
    /// Whether the reader may open the policy as it is read.
    keeps_settings: bool,
    reasons: Vec<ReasonLine>,
    flags: Vec<String>,
    quota: Vec<String>,
    text: Option<String>,
    new: Vec<String>,
    details: Vec<(&'static str, String)>,
    learnt: Vec<(String, String)>,
    original: Option<String>,
    person: Option<PersonBar>,
    /// Off whose record it was taken, and where that is.
    taken_off: Option<(String, String)>,
    notes: Vec<NoteLine>,
    state: &'static str,
    /// What was done with it last, by whom and when.
    done: Option<String>,
    /// Who has it, where that is somebody else, and since when.
    held_by: Option<String>,
    held_since: Option<String>,
    mine: bool,
    waits: bool,
    verbs: Vec<(&'static str, &'static str)>,
    finals: Vec<(&'static str, &'static str)>,
    /// Where the reader wrote the message and so can't release it: the roles that can.
    released_by: Option<String>,
    others: Others,
    overdue: bool,
    /// What it may be that always goes through.
    may_be: String,
    action: String,
    version: String,
    from: String,
    back: (String, String),
    queue_path: String,
    /// The text, if the action could not be carried out.
    wrote: String,
    changed: bool,
    not_done: Option<String>,
    note_kept: bool,
}

/// What a page says besides the item itself.
#[derive(Default)]
struct Beside<'a> {
    from: &'a str,
    said: Option<&'static str>,
    /// The last action.
    done: Option<Verb>,
    wrote: &'a str,
    changed: bool,
    not_done: Option<String>,
    note_kept: bool,
    /// The number of the trail before the item was read.
    since: u64,
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path(id): Path<String>,
    asked: Asked,
) -> Page {
    let (desk, organisation) = (&staff.casework(&visit).desk, &visit.organisation.id);
    let since = desk.newest_number(organisation).await?;
    let item = desk.item_anywhere(organisation, &id).await?;
    let done = asked.text("done").and_then(Verb::of);
    let w = words::Item::of(visit.language());
    let beside = Beside {
        from: asked.text("from").unwrap_or_default(),
        said: done.map(|verb| verb.said(w)),
        done,
        since,
        ..Beside::default()
    };
    shown(&staff, &visit, item, StatusCode::OK, beside).await
}

async fn shown(
    staff: &Staff,
    visit: &Visit,
    item: QueueItem,
    status: StatusCode,
    beside: Beside<'_>,
) -> Page {
    let person = person_of(staff, visit, &item).await?;
    let decision =
        staff.casework(visit).desk.decision_on(&visit.organisation.id, &item.contact).await?;
    let quota = decision.map(|decision| decision.quotas).unwrap_or_default();
    let language = visit.language();
    let zone = visit.organisation.profile.timezone;
    let quota = quota
        .into_iter()
        .map(|one| {
            let until = one.resets_at.map(|at| say::when(at, visit.now(), zone, language));
            quota_line(one.used, one.limit, until, language)
        })
        .collect();
    let mut page = filled(staff, visit, &item, person.as_deref(), quota, beside);
    page.taken_off = taken_off(staff, visit, &item).await?;
    page.others = others(staff, visit, &item).await?;
    page.released_by = released_by(staff, visit, &item).await?;
    if page.released_by.is_some() {
        page.finals.retain(|(verb, _)| *verb != Verb::Release.name());
    }
    with_status(status, &page)
}

/// The roles that can release a message that the reader wrote; `None`: the reader may.
async fn released_by(
    staff: &Staff,
    visit: &Visit,
    item: &QueueItem,
) -> Result<Option<String>, Fault> {
    let (desk, by) = (&staff.casework(visit).desk, visit.name());
    let is_offered = Verb::Release.is_offered(item, by);
    if !is_offered || !desk.is_own_message(&visit.organisation.id, item, by).await? {
        return Ok(None);
    }
    let roles = permission::roles_with(&visit.organisation.profile, Duty::Record).into_iter();
    let roles: Vec<String> = roles.map(|role| say::role_name(role, visit.language())).collect();
    Ok(Some(roles.join(", ")))
}

async fn others(staff: &Staff, visit: &Visit, item: &QueueItem) -> Result<Others, Fault> {
    let by = Actor { name: visit.name(), role: visit.role() };
    let mut colleagues = if by.may_hand_over(&visit.organisation, item) {
        staff.casework(visit).colleagues(&visit.organisation).await?
    } else {
        Vec::new()
    };
    colleagues.retain(|name| item.claimed_by.as_ref() != Some(name));
    Ok(Others {
        colleagues,
        here: presence::beat(&item.id),
        page: staff.presence.opened(visit, &item.id),
        also_open: staff.presence.others(visit, &item.id),
    })
}

/// How much of a limit is used. `until`: when there is room again, if it is used up.
fn quota_line(used: u32, limit: u32, until: Option<String>, language: Language) -> String {
    match (language, until.filter(|_| used >= limit)) {
        (Language::English, Some(until)) => {
            format!("{used} of {limit} used; the next is possible from {until}")
        }
        (Language::English, None) => format!("{used} of {limit} used"),
        (Language::Welsh, Some(until)) => {
            format!("Defnyddiwyd {used} o {limit}; mae'r nesaf yn bosibl o {until}")
        }
        (Language::Welsh, None) => format!("Defnyddiwyd {used} o {limit}"),
    }
}

fn filled(
    staff: &Staff,
    visit: &Visit,
    item: &QueueItem,
    person: Option<&Person>,
    quota: Vec<String>,
    beside: Beside<'_>,
) -> ItemPage {
    let (language, now) = (visit.language(), visit.now());
    let zone = visit.organisation.profile.timezone;
    let w = words::Item::of(language);
    let of = ReasonedItem { item, person, profile: &visit.organisation.profile };
    let came = say::when(item.at, now, zone, language);
    let (kind, direction, disposition) = way(item, w, language);
    let heading = format!("{kind} {direction} {}", named(item, person, w, language));
    let queue_path = format!("/queues/{}", quoted(&item.queue));
    let queue_name = say::queue(&item.queue, language).0;
    let from = own_path(beside.from).unwrap_or(&queue_path).to_owned();
    let with_name = person.filter(|one| !one.name.is_empty());
    let known = with_name.map(|one| (one.id.as_str(), one.name.as_str()));
    let back = (from.clone(), back_name(&from, known, language));
    let by = visit.name();
    let offered = |finals: bool| {
        let own = Verb::ALL.into_iter().filter(|verb| verb.is_final() == finals);
        let own = own.filter(|verb| verb.is_button() && verb.is_offered(item, by));
        own.map(|verb| (verb.name(), label(verb, item, w))).collect()
    };
    ItemPage {
        f: Frame::of(staff, visit, Section::Queues, &format!("{heading}, {came}"))
            .saying(beside.said)
            .undoable(beside.done.and_then(|done| undo(done, item, &from, by, w)))
            .since(beside.since)
            .in_error(beside.changed || beside.not_done.is_some()),
        w,
        id: item.id.clone(),
        heading,
        subject: say::subject(item),
        came: came.clone(),
        waited: item.state.is_waiting().then(|| say::waited(now - item.at, language)),
        disposition,
        is_outbound: item.sent_by.is_some(),
        is_reminder: say::is_reminder(item),
        is_call: item.channel == Channel::Telephone,
        keeps_settings: visit.may(Duty::Settings),
        reasons: item.reasons.iter().map(|one| say::reason(one, of, language)).collect(),
        flags: doubts(item, language),
        quota,
        text: item.text.clone().filter(|text| !is_blank(text)),
        new: item.new.clone(),
        details: details(visit, item, &came, &queue_name, w),
        learnt: learnt(item, w),
        original: item.archived.is_some().then(|| original(item, &from)),
        person: person.map(|person| bar(visit, item, person)),
        taken_off: None,
        notes: notes(visit, item),
        state: say::state(item.state, language),
        done: say::done(item, now, zone, language),
        held_by: item.claimed_by.clone().filter(|holder| holder != by),
        held_since: item.claimed_at.map(|at| say::when(at, now, zone, language)),
        mine: item.claimed_by.as_deref() == Some(by),
        waits: item.state.is_waiting(),
        verbs: offered(false),
        finals: offered(true),
        released_by: None,
        others: Others::default(),
        overdue: item.turn() == Turn::Overdue,
        may_be: say::may_be(item, language).join(", "),
        action: format!("/items/{}", quoted(&item.id)),
        version: version(item),
        back,
        from,
        queue_path,
        wrote: beside.wrote.to_owned(),
        changed: beside.changed,
        not_done: beside.not_done,
        note_kept: beside.note_kept,
    }
}

/// What it is, whether it is from the person, to them or about them, and its outcome.
fn way(
    item: &QueueItem,
    w: &words::Item,
    of: Language,
) -> (&'static str, &'static str, &'static str) {
    let channel = say::channel(item.channel, of);
    match item.sent_by {
        Some(_) => (channel, w.outbound_to, w.outbound),
        None if say::is_reminder(item) => (words::Queue::of(of).reminder, w.about, w.falls_due),
        None if item.channel == Channel::Telephone && item.disposition == Disposition::Limit => {
            (channel, w.from, w.call_limited)
        }
        None => (channel, w.from, say::disposition(item.disposition, of)),
    }
}

/// Whose it is, within a sentence.
fn named(item: &QueueItem, person: Option<&Person>, w: &words::Item, of: Language) -> String {
    let is_of_nobody = say::is_reminder(item) && item.person.is_none();
    if is_of_nobody {
        w.your_organisation.to_owned()
    } else {
        who(item, person, words::Queue::of(of))
    }
}

/// What the page does not say already.
fn doubts(item: &QueueItem, language: Language) -> Vec<String> {
    let each = item.flags.iter().filter(|flag| **flag != Flag::Reminder);
    each.map(|flag| say::flag(flag, language)).collect()
}

fn learnt(item: &QueueItem, w: &words::Item) -> Vec<(String, String)> {
    let name = |name: &str| match name {
        "voicemail" => w.voicemail.to_owned(),
        "outcome" => w.call_outcome.to_owned(),
        "duration" => w.call_seconds.to_owned(),
        other => say::capitalised(other),
    };
    let each = item.attached.iter();
    each.map(|one| (name(&one.name), one.value.clone())).collect()
}

fn original(item: &QueueItem, from: &str) -> String {
    format!("/items/{}/original?from={}", quoted(&item.id), quoted(from))
}

/// The button that takes back the last action.
fn undo(
    done: Verb,
    item: &QueueItem,
    from: &str,
    by: &str,
    w: &'static words::Item,
) -> Option<Undo> {
    let verb = done.undo(item, by)?;
    Some(Undo {
        action: format!("/items/{}", quoted(&item.id)),
        verb: verb.name(),
        label: w.undo,
        was: version(item),
        from: from.to_owned(),
    })
}

fn notes(visit: &Visit, item: &QueueItem) -> Vec<NoteLine> {
    let zone = visit.organisation.profile.timezone;
    let w = words::Item::of(visit.language());
    let text = |note: &Note| match &note.handed_to {
        Some(to) => format!("{} {to}.", w.handed_to),
        None => note.text.clone(),
    };
    let each = item.notes.iter().map(|note| NoteLine {
        by: note.by.clone(),
        at: say::when(note.at, visit.now(), zone, visit.language()),
        text: text(note),
    });
    each.collect()
}

fn details(
    visit: &Visit,
    item: &QueueItem,
    came: &str,
    queue_name: &str,
    w: &'static words::Item,
) -> Vec<(&'static str, String)> {
    let (language, now) = (visit.language(), visit.now());
    let zone = visit.organisation.profile.timezone;
    let mut details = vec![(w.came, came.to_owned()), (w.queue, queue_name.to_owned())];
    if say::is_reminder(item) {
        return details;
    }
    details.insert(0, (w.channel, say::channel(item.channel, language).to_owned()));
    if let Some(read_by) = item.read_by.filter(|_| item.is_unread()) {
        details.push((w.read_by, say::deadline(read_by, now, zone, language)));
    }
    if let Some(sent_by) = item.sent_by.as_ref().filter(|address| !address.is_empty()) {
        details.push((w.sent_by, sent_by.clone()));
    }
    if !item.original_to.is_empty() {
        details.push((w.to, item.original_to.join(", ")));
    }
    if let Some(used) = item.lane_used {
        details.push((w.lane_used, used.to_string()));
    }
    if let Some(role) = advises(visit, item) {
        details.push((w.advised_by, say::role_name(role, language)));
    }
    details.push((w.reference, item.contact.clone()));
    details
}

/// Who advises on a request under information law, if the policy names somebody.
fn advises<'v>(visit: &'v Visit, item: &QueueItem) -> Option<&'v Role> {
    let is_request = item.reasons.iter().any(|one| one.code.lane() == Some(Lane::Statutory));
    let advises = visit.organisation.profile.responsible.advises_on_requests.as_ref();
    advises.filter(|_| is_request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_contact_waits_for_room_only_if_the_limit_is_used_up() {
        let say = |used, language| quota_line(used, 2, Some("Wed 2 Dec".to_owned()), language);
        assert_eq!(say(1, Language::English), "1 of 2 used");
        assert_eq!(say(1, Language::Welsh), "Defnyddiwyd 1 o 2");
        assert_eq!(say(2, Language::English), "2 of 2 used; the next is possible from Wed 2 Dec");
    }
}
