//! All that is held about a person, for a request of theirs: as a page to print, and as JSON to save.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::render::record::Form;
use crate::runtime::html;
use crate::staff::Staff;
use crate::staff::console::frame::Page;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::visit::{Visit, VisitOf};
use crate::staff::download::saved;
use crate::staff::own_record::body;
use crate::staff::permit::ReadsTrail;

async fn made(staff: &Staff, visit: &Visit, person: &str, form: Form) -> Result<Response, Trouble> {
    let (casework, organisation) = (staff.casework(visit), &visit.organisation);
    let roles = casework.everybody(organisation).await?;
    let record = casework.desk.own_record(organisation, roles, person, visit.name()).await?;
    Ok(body(record, form, organisation).into_response())
}

pub(in crate::staff::console) async fn page(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ReadsTrail>,
    Path(person): Path<String>,
) -> Page {
    let mut response = made(&staff, &visit, &person, Form::Page).await?;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    html::shut(response.headers_mut(), html::FOREIGN_PAGE);
    Ok(response)
}

pub(in crate::staff::console) async fn json(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ReadsTrail>,
    Path(person): Path<String>,
) -> Page {
    let response = made(&staff, &visit, &person, Form::Json).await?;
    Ok((saved("application/json", "record", "json"), response).into_response())
}
