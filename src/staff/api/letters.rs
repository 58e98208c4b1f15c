//! A letter as it is read: a page, plain text, a PDF, or its parts.

use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::contacts::NoQuery;
use crate::casework::case::letter::LetterRead;
use crate::render::record::Form;
use crate::staff::own_record::body;
use crate::staff::permit::{Permitted, ReadsCases, ReadsTrail};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Named};

/// A page that runs nothing and loads nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    Page,
    Text,
    Pdf,
    Parts,
}

const OFFERED: [(&str, As); 4] = [
    ("text/html", As::Page),
    ("text/plain", As::Text),
    ("application/pdf", As::Pdf),
    ("application/json", As::Parts),
];

/// A letter: the bytes that were approved, or what a draft would say. By `Accept`: `text/html` (the
/// default), `text/plain`, `application/pdf` where the gateway was built with it, or `application/json` with
/// its parts, what it lacks, and the SHA-256 of the page. The entity tag is that digest.
#[utoipa::path(
    get, path = "/api/v1/people/{person}/letters/{letter}", operation_id = "read_letter", tag = "cases",
    params(("person" = String, Path, description = "the person's id"), ("letter" = String, Path)),
    responses(
        (status = 200, description = "The letter", content_type = "text/html"),
        (status = 406, description = "None of the accepted formats"),
    )
)]
pub async fn read(
    caller: Permitted<ReadsCases>,
    Named((person, letter)): Named<(String, String)>,
    headers: HeaderMap,
    _query: Asked<NoQuery>,
) -> Result<Response, Problem> {
    let wanted = wanted(&headers).ok_or_else(not_acceptable)?;
    let read = caller.casework().desk.letter(caller.organisation(), &person, &letter).await?;
    let tag = HeaderValue::from_str(&format!("\"{}\"", read.sha256));
    let mut headers = HeaderMap::new();
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.extend(tag.ok().map(|tag| (ETAG, tag)));
    Ok(match wanted {
        As::Page => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            (headers, read.html).into_response()
        }
        As::Text => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            (headers, read.text).into_response()
        }
        As::Pdf => {
            let pdf = pdf(&read)?;
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
            (headers, pdf).into_response()
        }
        As::Parts => {
            let LetterRead { sha256, approved, letter, missing, .. } = read;
            let parts = json!({
                "sha256": sha256, "approved": approved, "letter": letter, "missing": missing,
            });
            (headers, axum::Json(parts)).into_response()
        }
    })
}

/// A person's own record, for a request for what is held about them (UK GDPR Art. 15): `text/html` to be read by the
/// person, or `application/json` with `to_decide`: things of which they were not notified, and texts that somebody must
/// read before it is sent. The trail says that it was made. An answer that lacks its end (`is_whole`) is not the whole
/// record.
#[utoipa::path(
    get, path = "/api/v1/people/{person}/record", operation_id = "read_own_record", tag = "cases",
    params(("person" = String, Path, description = "the person's id")),
    responses(
        (status = 200, description = "The record", content_type = "text/html"),
        (status = 406, description = "Neither of the two is accepted"),
    )
)]
pub async fn own_record(
    caller: Permitted<ReadsTrail>,
    Named(person): Named<String>,
    headers: HeaderMap,
    _query: Asked<NoQuery>,
) -> Result<Response, Problem> {
    let (form, kind) = match wanted(&headers) {
        Some(As::Parts) => (Form::Json, "application/json"),
        Some(As::Page) => (Form::Page, "text/html; charset=utf-8"),
        Some(As::Text | As::Pdf) | None => return Err(not_acceptable()),
    };
    let (casework, organisation) = (caller.casework(), caller.organisation());
    let roles = casework.everybody(organisation).await?;
    let record = casework.desk.own_record(organisation, roles, &person, caller.name()).await?;
    let headers = [(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, POLICY), (VARY, "Accept")];
    Ok((headers, body(record, form, organisation)).into_response())
}

/// The first accepted format that is offered.
fn wanted(headers: &HeaderMap) -> Option<As> {
    let Some(accepted) = headers.get(ACCEPT) else { return Some(As::Page) };
    let accepted = accepted.to_str().ok()?;
    accepted.split(',').find_map(|one| {
        let mut pieces = one.split(';').map(str::trim);
        let kind = pieces.next()?.to_ascii_lowercase();
        if pieces.any(|piece| matches!(piece, "q=0" | "q=0.0")) {
            return None;
        }
        match kind.as_str() {
            "*/*" | "text/*" => Some(As::Page),
            kind => OFFERED.into_iter().find(|(known, _)| *known == kind).map(|(_, wanted)| wanted),
        }
    })
}

fn not_acceptable() -> Problem {
    let kinds = OFFERED.map(|(kind, _)| kind).join(", ");
    Problem::new(406, "not-acceptable", "Not acceptable")
        .with_detail(format!("it is offered as one or more of {kinds}"))
}

#[cfg(feature = "pdf")]
fn pdf(read: &LetterRead) -> Result<Vec<u8>, Problem> {
    let refused = |detail: String| {
        Problem::new(409, "letter-changed", "The letter can't be made into a PDF")
            .with_detail(detail)
    };
    let document = read.document.as_ref().ok_or_else(|| {
        refused(
            "its subject has changed since it was approved; the approved page and text are kept"
                .to_owned(),
        )
    })?;
    crate::render::pdf::pdf(document).map_err(|fault| refused(fault.to_string()))
}

#[cfg(not(feature = "pdf"))]
fn pdf(_: &LetterRead) -> Result<Vec<u8>, Problem> {
    Err(Problem::new(406, "not-acceptable", "Not acceptable").with_detail(
        "this gateway was built without PDF (the feature `pdf`); ask for text/html, and print that"
            .to_owned(),
    ))
}
