//! A kept original: as text, as it was laid out without anything that acts, as a download.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use super::asked::Asked;
use super::form::quoted;
use super::frame::{Frame, Page, Section, page};
use super::say;
use super::trouble::Trouble;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::message::{self, Message};
use crate::domain::channel::Channel;
use crate::domain::queue::QueueItem;
use crate::runtime::html;
use crate::staff::permit::WorksQueues;
use crate::staff::{Staff, download};

#[derive(Template)]
#[template(path = "original.html")]
struct OriginalPage {
    f: Frame,
    w: &'static words::Item,
    back: String,
    message: Message,
    fields: Vec<(&'static str, String)>,
    laid_out: bool,
    as_text: String,
    as_sent: String,
    frame: String,
    download: String,
}

/// One attachment's size, in KB, at least 1.
const fn kilobytes(bytes: usize) -> usize {
    bytes.div_ceil(1024)
}

async fn fetched(
    staff: &Staff,
    visit: &Visit,
    id: &str,
) -> Result<(QueueItem, bytes::Bytes), Trouble> {
    let (desk, organisation) = (&staff.casework(visit).desk, &visit.organisation.id);
    let item = desk.item_anywhere(organisation, id).await?;
    Ok(desk.original(organisation, &item.queue, id).await?)
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path(id): Path<String>,
    asked: Asked,
) -> Page {
    let (item, bytes) = fetched(&staff, &visit, &id).await?;
    let w = words::Item::of(visit.language());
    let message = if item.channel == Channel::Email {
        message::read(bytes).await
    } else {
        Message { text: item.text.unwrap_or_default(), ..Message::default() }
    };
    // As the sender's own clock has it, said on the organisation's.
    let date = message.date.parse().map_or_else(
        |_| message.date.clone(),
        |at| {
            let zone = visit.organisation.profile.timezone;
            say::when(at, visit.now(), zone, visit.language())
        },
    );
    let fields = [
        (w.who_sent, &message.from),
        (w.to, &message.to),
        (w.copy, &message.cc),
        (w.subject, &message.subject),
        (w.date, &date),
    ];
    let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
    let fields = fields.map(|(name, value)| (name, value.clone())).collect();
    let title = [w.original_title, message.subject.as_str()].join(": ");
    let title = title.trim_end_matches(": ").to_owned();
    let from = asked.text("from").unwrap_or("/");
    let own = format!("/items/{}/original", quoted(&id));
    page(&OriginalPage {
        f: Frame::of(&staff, &visit, Section::Queues, &title),
        w,
        back: super::item::href(&id, from, None),
        laid_out: message.has_html && asked.text("as") == Some("sent"),
        fields,
        message,
        as_text: format!("{own}?from={}", quoted(from)),
        as_sent: format!("{own}?as=sent&from={}", quoted(from)),
        frame: format!("{own}/html"),
        download: format!("{own}/download"),
    })
}

/// The content of the frame: cleaned, and under a policy that would keep it from loading or running
/// anything even if it were not.
pub(super) async fn html(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path(id): Path<String>,
) -> Page {
    let (item, bytes) = fetched(&staff, &visit, &id).await?;
    if item.channel != Channel::Email {
        return Err(Trouble::NotFound);
    }
    let cleaned = message::harmless_html(bytes).await.ok_or(Trouble::NotFound)?;
    let page = format!(
        "<!doctype html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n\
         <style>body{{font:16px/1.5 system-ui,sans-serif;margin:1rem;color:#111;background:#fff;\
         overflow-wrap:anywhere}}table{{border-collapse:collapse}}td,th{{padding:.15rem .4rem;\
         vertical-align:top}}</style>\n</head>\n<body>\n{cleaned}\n</body>\n</html>\n",
        words::Item::of(visit.language()).original_title
    );
    let mut response = page.into_response();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    html::shut(response.headers_mut(), html::FOREIGN_PAGE);
    Ok(response)
}

/// The bytes, to be saved and never shown by the browser as a page of ours.
pub(super) async fn download(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path(id): Path<String>,
) -> Page {
    let (item, bytes) = fetched(&staff, &visit, &id).await?;
    let ending = if item.channel == Channel::Email { "eml" } else { "bin" };
    let headers = download::saved("application/octet-stream", &item.id, ending);
    Ok((headers, download::body(bytes, staff.folder.as_deref())).into_response())
}
