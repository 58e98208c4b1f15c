//! One letter: what it says, in a frame without rights; to print, in large print, as text, as PDF.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::cards::{self, Card, Maker};
use super::page::said;
use super::setting::Desktop;
use crate::casework::case::letter::LetterRead;
use crate::domain::letter::{Document, page as laid_out};
use crate::runtime::html;
use crate::staff::Staff;
use crate::staff::console::asked::Asked;
use crate::staff::console::case::describe::two;
use crate::staff::console::case::offered;
use crate::staff::console::form::quoted;
use crate::staff::console::frame::{Frame, Page, Section, page};
use crate::staff::console::person::head::Head;
use crate::staff::console::say;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::visit::{Visit, VisitOf};
use crate::staff::console::words;
use crate::staff::download::saved;
use crate::staff::permit::RecordsCases;

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    f: Frame,
    w: &'static words::Case,
    s: &'static words::Steps,
    l: &'static words::Letter,
    head: Head,
    back: String,
    card: Card,
    own: String,
    /// What it must say and does not.
    missing: Vec<String>,
    approved: bool,
    sha256: String,
    /// It can be laid out in other ways.
    laid_out: bool,
    has_pdf: bool,
}

async fn opened(
    staff: &Staff,
    visit: &Visit,
    person: &str,
    letter: &str,
) -> Result<LetterRead, Trouble> {
    let desk = &staff.casework(visit).desk;
    Ok(desk.letter(&visit.organisation, person, letter).await?)
}

pub(in crate::staff::console) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    Path((person, letter)): Path<(String, String)>,
    asked: Asked,
) -> Page {
    let desktop = Desktop::open(&staff, &visit, &person).await?;
    let read = opened(&staff, &visit, &person, &letter).await?;
    let language = visit.language();
    let one = desktop.read.file.letter(&letter).ok_or(Trouble::NotFound)?;
    let make = Maker::new(&visit, &desktop);
    let mut card = cards::letter(make, one);
    card.links.clear();
    card.alone = true;
    // The next one comes first here.
    card.steps = std::mem::take(&mut card.more);
    if !one.has_gone() {
        let again = two("Draft it again", "Ei ddrafftio eto");
        let link = offered::letter(&visit, &desktop, one.kind.name(), &one.about, again);
        card.more.extend(link.map(|link| offered::StepLink {
            href: format!("{}&letter={}", link.href, quoted(&one.id)),
            ..link
        }));
    }
    let head = Head::of(&visit, &desktop.read.person, None, None);
    let l = words::Letter::of(language);
    let title = format!("{}: {} – {}", l.title, card.title, head.name);
    page(&LetterPage {
        f: Frame::of(&staff, &visit, Section::People, &title)
            .saying(said(&visit, &asked).as_deref()),
        w: make.w,
        s: words::Steps::of(language),
        l,
        head,
        back: format!("/people/{}/case?tab=case", quoted(&person)),
        card,
        own: format!("/people/{}/letters/{}", quoted(&person), quoted(&letter)),
        missing: read.missing.iter().map(|part| say::letter_part(part, language)).collect(),
        approved: read.approved,
        sha256: read.sha256,
        laid_out: read.document.is_some(),
        has_pdf: cfg!(feature = "pdf"),
    })
}

/// The page of the letter itself, as it was approved or as it would be: to be framed, and to be printed.
pub(in crate::staff::console) async fn html(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    Path((person, letter)): Path<(String, String)>,
) -> Page {
    let read = opened(&staff, &visit, &person, &letter).await?;
    Ok(sheet(read.html))
}

/// The same words in large print.
pub(in crate::staff::console) async fn large(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    Path((person, letter)): Path<(String, String)>,
) -> Page {
    let read = opened(&staff, &visit, &person, &letter).await?;
    let document = read.document.ok_or(Trouble::NotFound)?;
    Ok(sheet(laid_out(&Document { large_print: true, ..document })))
}

/// A page by itself, with no right to run, load or post anything.
pub(in crate::staff::console) fn sheet(page: String) -> Response {
    let mut response = page.into_response();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    html::shut(response.headers_mut(), html::FOREIGN_PAGE);
    response
}

pub(in crate::staff::console) async fn text(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    Path((person, letter)): Path<(String, String)>,
) -> Page {
    let read = opened(&staff, &visit, &person, &letter).await?;
    Ok(download("text/plain; charset=utf-8", "txt", &letter, read.text.into_bytes()))
}

/// As PDF, where the gateway was built with it.
pub(in crate::staff::console) async fn pdf(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    Path((person, letter)): Path<(String, String)>,
) -> Page {
    let read = opened(&staff, &visit, &person, &letter).await?;
    let bytes = as_pdf(&read).ok_or(Trouble::NotFound)?;
    Ok(download("application/pdf", "pdf", &letter, bytes))
}

#[cfg(feature = "pdf")]
fn as_pdf(read: &LetterRead) -> Option<Vec<u8>> {
    crate::render::pdf::pdf(read.document.as_ref()?).ok()
}

#[cfg(not(feature = "pdf"))]
const fn as_pdf(_: &LetterRead) -> Option<Vec<u8>> {
    None
}

/// Bytes to be saved under the letter's id.
fn download(kind: &'static str, ending: &str, id: &str, bytes: Vec<u8>) -> Response {
    (saved(kind, id, ending), bytes).into_response()
}
