//! One queue: its rows, oldest first, a page by key; taking the next; several at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};

use super::asked::Asked;
use super::form::{Posted, quoted};
use super::frame::{Frame, Page, Section, go, page};
use super::item_rows::{Row, rows};
use super::pressed::idle;
use super::queues::{in_order, named};
use super::say::{self, who};
use super::trouble::Trouble;
use super::trouble_page::of_fault;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::queues::ItemsWanted;
use crate::domain::channel::Channel;
use crate::domain::queue::{
    EMERGENCY, FILED, GOVERNANCE, HEAD_OF_SERVICE, ItemAction, ItemState, LIMITED, QueueItem,
    REVIEW,
};
use crate::render::tickets::Form;
use crate::runtime::limits::CONSOLE_ROWS;
use crate::staff::Staff;
use crate::staff::export::exported;
use crate::staff::permit::WorksQueues;

/// Pages of the store that are looked through for a page with a filter. More: the page ends there, and
/// goes on by its link.
const PAGES_LOOKED_THROUGH: usize = 10;

const OF_EVERYBODY: [&str; 6] = [LIMITED, FILED, REVIEW, HEAD_OF_SERVICE, GOVERNANCE, EMERGENCY];

/// Which items a page shows, as its address says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Waiting,
    Done,
    All,
}

impl Shown {
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("done") => Shown::Done,
            Some("all") => Shown::All,
            _ => Shown::Waiting,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Shown::Waiting => "waiting",
            Shown::Done => "done",
            Shown::All => "all",
        }
    }

    /// What the browser calls the page.
    fn title(self, queue: &str, waiting: u64, q: &words::Queue) -> String {
        match self {
            Shown::Waiting => format!("{queue} ({waiting} {})", q.waiting),
            Shown::Done => format!("{queue}: {}", q.states_done),
            Shown::All => format!("{queue}: {}", q.states_all),
        }
    }

    fn states(self) -> Vec<ItemState> {
        let done = [ItemState::Released, ItemState::Filed, ItemState::Closed];
        match self {
            Shown::Waiting => Vec::new(),
            Shown::Done => done.to_vec(),
            Shown::All => [ItemState::Open, ItemState::Claimed, ItemState::Read]
                .into_iter()
                .chain(done)
                .collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage {
    f: Frame,
    q: &'static words::Queue,
    name: String,
    text: &'static str,
    queue: String,
    /// The queue's own address, without its filter.
    path: String,
    waiting: u64,
    rows: Vec<Row>,
    states: Vec<(&'static str, &'static str, bool)>,
    channels: Vec<(&'static str, &'static str, bool)>,
    filtered: bool,
    /// Something can be done with several at once: they are not done yet.
    several: bool,
    next: Option<String>,
    first: Option<String>,
    /// This list for another system: as JSON lines, and as CSV.
    export: [String; 2],
    /// The next queue with something on it, where this one is empty.
    elsewhere: Option<(String, String, u64)>,
    results: Vec<ResultLine>,
    bulk_none: bool,
    as_of: String,
    /// This page's own address.
    here: String,
}

/// What came of one of several.
pub(super) struct ResultLine {
    item: String,
    who: String,
    text: String,
    done: bool,
}

/// One page of a queue.
struct Wanted {
    queue: String,
    shown: Shown,
    channel: Option<Channel>,
    after: Option<String>,
}

impl Wanted {
    fn of(queue: String, asked: &Asked) -> Self {
        Wanted {
            queue,
            shown: Shown::of(asked.text("state")),
            channel: asked.text("channel").and_then(|name| name.parse().ok()),
            after: asked.text("after").map(str::to_owned),
        }
    }

    fn path(&self) -> String {
        format!("/queues/{}", quoted(&self.queue))
    }

    /// The address of the whole list as a file.
    fn export(&self, form: Form) -> String {
        let state = self.shown.name();
        format!("{}/export?format={}&state={state}", self.path(), form.ending())
    }

    /// The address of the page after this item.
    fn address(&self, after: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if self.shown != Shown::Waiting {
            query.append_pair("state", self.shown.name());
        }
        if let Some(channel) = self.channel {
            query.append_pair("channel", channel.name());
        }
        if let Some(after) = after {
            query.append_pair("after", after);
        }
        match query.finish().as_str() {
            "" => self.path(),
            query => format!("{}?{query}", self.path()),
        }
    }
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path(queue): Path<String>,
    asked: Asked,
) -> Page {
    let said =
        (asked.text("done") == Some("none")).then(|| words::Queue::of(visit.language()).none_left);
    shown(&staff, &visit, &Wanted::of(queue, &asked), Vec::new(), false, said).await
}

async fn shown(
    staff: &Staff,
    visit: &Visit,
    wanted: &Wanted,
    results: Vec<ResultLine>,
    bulk_none: bool,
    said: Option<&'static str>,
) -> Page {
    let (desk, organisation, language) =
        (&staff.casework(visit).desk, &visit.organisation, visit.language());
    let q = words::Queue::of(language);
    let since = desk.newest_number(&organisation.id).await?;
    let counts = in_order(desk.queues(&organisation.id).await?, visit);
    let count = counts.iter().find(|one| one.queue == wanted.queue);
    let waiting = match count {
        Some(count) => count.waiting,
        // Every organisation has these, whether anything is on them or not.
        None if OF_EVERYBODY.contains(&wanted.queue.as_str()) => 0,
        None => return Err(Trouble::NotFound),
    };
    let (items, next) = found(staff, visit, wanted).await?;
    let here = wanted.address(wanted.after.as_deref());
    let mut rows = rows(staff, visit, items, &here).await?;
    for row in &mut rows {
        row.selected = results.iter().any(|one| !one.done && one.item == row.id);
    }
    let zone = organisation.profile.timezone;
    let as_of = say::when(visit.now(), visit.now(), zone, language);
    let elsewhere = counts.iter().find(|one| one.waiting > 0 && one.queue != wanted.queue);
    let elsewhere = elsewhere.filter(|_| waiting == 0).map(|one| {
        (format!("/queues/{}", quoted(&one.queue)), say::queue(&one.queue, language).0, one.waiting)
    });
    let (name, text) = named(&wanted.queue, visit);
    let title = wanted.shown.title(&name, waiting, q);
    let filtered = wanted.shown != Shown::Waiting || wanted.channel.is_some();
    let wrong = bulk_none || results.iter().any(|one| !one.done);
    page(&QueuePage {
        f: Frame::of(staff, visit, Section::Queues, &title)
            .saying(said)
            .since(since)
            .in_error(wrong),
        q,
        name,
        text,
        queue: wanted.queue.clone(),
        path: wanted.path(),
        waiting,
        rows,
        states: [Shown::Waiting, Shown::Done, Shown::All]
            .into_iter()
            .map(|one| {
                let text = match one {
                    Shown::Waiting => q.states_waiting,
                    Shown::Done => q.states_done,
                    Shown::All => q.states_all,
                };
                (one.name(), text, one == wanted.shown)
            })
            .collect(),
        channels: Channel::ALL
            .into_iter()
            .map(|one| (one.name(), say::channel(one, language), Some(one) == wanted.channel))
            .collect(),
        filtered,
        several: wanted.shown != Shown::Done,
        next: next.map(|after| wanted.address(Some(&after))),
        first: wanted.after.is_some().then(|| wanted.address(None)),
        export: [Form::Lines, Form::Csv].map(|form| wanted.export(form)),
        elsewhere,
        results,
        bulk_none,
        as_of,
        here,
    })
}

/// A page of items, and behind which one the next page begins.
async fn found(
    staff: &Staff,
    visit: &Visit,
    wanted: &Wanted,
) -> Result<(Vec<QueueItem>, Option<String>), Fault> {
    let mut items = Vec::new();
    let mut after = wanted.after.clone();
    for _ in 0..PAGES_LOOKED_THROUGH {
        let asked = ItemsWanted {
            states: wanted.shown.states(),
            after: after.clone(),
            // One more than a page has: whether another page follows.
            limit: CONSOLE_ROWS + 1 - items.len(),
        };
        let organisation = &visit.organisation.id;
        let page = staff.casework(visit).desk.items(organisation, &wanted.queue, asked).await?;
        let fits = |item: &QueueItem| wanted.channel.is_none_or(|one| item.channel == one);
        items.extend(page.items.into_iter().filter(fits));
        after = page.next;
        if after.is_none() || items.len() > CONSOLE_ROWS {
            break;
        }
    }
    if items.len() > CONSOLE_ROWS {
        items.truncate(CONSOLE_ROWS);
        after = items.last().map(|item| item.id.clone());
    }
    Ok((items, after))
}

/// The whole queue, to import into another help desk. The filter by channel does not apply: nobody would notice what
/// a file leaves out.
pub(super) async fn export(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path(queue): Path<String>,
    asked: Asked,
) -> Page {
    let organisation = visit.organisation.id.clone();
    let counts = staff.casework(&visit).desk.queues(&organisation).await?;
    if !OF_EVERYBODY.contains(&queue.as_str()) && !counts.iter().any(|one| one.queue == queue) {
        return Err(Trouble::NotFound);
    }
    let form = if asked.text("format") == Some("csv") { Form::Csv } else { Form::Lines };
    let states = Shown::of(asked.text("state")).states();
    Ok(exported(visit.office(staff), organisation, (queue, states), form))
}

/// Takes the oldest that nobody has.
pub(super) async fn take(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path(queue): Path<String>,
) -> Page {
    let path = format!("/queues/{}", quoted(&queue));
    let desk = &staff.casework(&visit).desk;
    let taken = desk.take_next(&visit.organisation.id, &queue, visit.name()).await?;
    Ok(match taken {
        Some(item) => go(&super::item::href(&item.id, &path, Some("take"))),
        None => idle(go(&format!("{path}?done=none"))),
    })
}

/// Does one thing with several items: each has its own result, and those that failed are named.
pub(super) async fn bulk(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path(queue): Path<String>,
    posted: Posted,
) -> Page {
    let language = visit.language();
    let q = words::Queue::of(language);
    let action = match posted.text("verb") {
        "read" => ItemAction::Read,
        "file" => ItemAction::File,
        "close" => ItemAction::Close,
        _ => return Err(Trouble::NotFound),
    };
    let (desk, organisation) = (&staff.casework(&visit).desk, &visit.organisation.id);
    let zone = visit.organisation.profile.timezone;
    let mut results = Vec::new();
    for id in posted.every("item").take(CONSOLE_ROWS) {
        let item = desk.item_anywhere(organisation, id).await;
        let named = match &item {
            Ok(item) => {
                let person = match &item.person {
                    Some(id) => staff.casework(&visit).person_known(organisation, id).await?,
                    None => None,
                };
                let came = say::when(item.at, visit.now(), zone, language);
                format!("{}, {came}", who(item, person.as_deref(), q))
            }
            Err(_) => q.unknown_person.to_owned(),
        };
        let done = desk.work_item(organisation, &queue, id, action.clone(), visit.name()).await;
        let text = match &done {
            Ok(item) => say::state(item.state, language).to_owned(),
            Err(fault) => of_fault(fault, language).1,
        };
        results.push(ResultLine { item: id.to_owned(), who: named, text, done: done.is_ok() });
    }
    let none = results.is_empty();
    let asked = Wanted { queue, shown: Shown::Waiting, channel: None, after: None };
    shown(&staff, &visit, &asked, results, none, None).await
}
