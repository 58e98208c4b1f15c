//! A webhook as it came: raw bytes for the signature, fields for everything else.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, Request};
use serde_json::Value;

use super::script::Next;
use crate::channels::http::body::collected;
use crate::channels::http::patient::patient_to_the_end;
use crate::channels::http::problem::ProblemType;
use crate::channels::http::{fields, peer};
use crate::runtime::json::has_at_most;
use crate::runtime::limits::{WEBHOOK_BODY_BYTES_MAX, WEBHOOK_VALUES_MAX};

/// One request of a provider.
#[derive(Clone)]
pub struct Webhook {
    pub method: Method,
    /// The rest of the path after the configured one.
    pub behind: String,
    /// The query as it came, without the `?`.
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub peer: Option<IpAddr>,
    /// The fields of the query, in order, blank and repeated ones too.
    pub asked: Vec<(String, String)>,
    /// The fields of an urlencoded body, in order, blank and repeated ones too.
    pub form: Vec<(String, String)>,
    /// A JSON body; null if it is absent or broken.
    pub json: Value,
    /// Why the request's fields can't be read; `None`: they can, or there are none.
    pub fault: Option<String>,
}

impl Webhook {
    /// Reads a request whole, whose body may take so long.
    ///
    /// # Errors
    /// It is too large, too slow, or breaks off.
    pub async fn read(
        behind: &str,
        request: Request<Incoming>,
        body_wait: Duration,
    ) -> Result<Self, ProblemType> {
        let peer = peer(&request);
        let (head, body) = request.into_parts();
        let body = collected(patient_to_the_end(body, body_wait), WEBHOOK_BODY_BYTES_MAX).await?;
        Ok(Webhook::of(behind, head, body, peer))
    }

    /// A request that is here whole.
    pub fn of(behind: &str, head: Parts, body: Bytes, peer: Option<IpAddr>) -> Self {
        let mut webhook = Webhook {
            method: head.method,
            behind: behind.to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body,
            peer,
            asked: Vec::new(),
            form: Vec::new(),
            json: Value::Null,
            fault: None,
        };
        webhook.fault = webhook.read_fields().err();
        webhook
    }

    /// Finds the fields, or says why they can't be read.
    fn read_fields(&mut self) -> Result<(), String> {
        match pairs(self.query.as_deref().unwrap_or_default().as_bytes()) {
            Ok(asked) => self.asked = asked,
            // If there is a body, the gateway does not rely on the query.
            Err(fault) if self.body.is_empty() => return Err(fault),
            Err(_) => {}
        }
        if self.body.is_empty() {
            return Ok(());
        }
        if self.is_form() {
            self.form = pairs(&self.body)?;
            return Ok(());
        }
        if !self.is_json() {
            return Err("the Content-Type is neither application/json nor \
                        application/x-www-form-urlencoded"
                .to_owned());
        }
        if !has_at_most(WEBHOOK_VALUES_MAX, &self.body) {
            return Err(format!("the body holds more than {WEBHOOK_VALUES_MAX} values"));
        }
        let json: Value = serde_json::from_slice(&self.body).map_err(|fault| fault.to_string())?;
        match json.is_object() {
            true => self.json = json,
            false => return Err("the body is JSON, but no object".to_owned()),
        }
        Ok(())
    }

    fn content_type(&self) -> String {
        let full = fields::text(&self.headers, CONTENT_TYPE).unwrap_or_default();
        full.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    pub fn is_form(&self) -> bool {
        self.content_type() == "application/x-www-form-urlencoded"
    }

    fn is_json(&self) -> bool {
        let content_type = self.content_type();
        content_type == "application/json" || content_type.ends_with("+json")
    }

    /// A field that is not blank: of the body, or where there is none, of the query. Of a request
    /// with a body some providers sign nothing else, so that its query could be anybody's.
    pub fn field(&self, name: &str) -> Option<String> {
        if self.body.is_empty() {
            return first(&self.asked, name);
        }
        first(&self.form, name).or_else(|| plain(self.json.get(name)))
    }

    /// The names of all fields that are not blank, where [`Webhook::field`] looks for them.
    pub fn names(&self) -> Vec<String> {
        let named = |fields: &[(String, String)]| -> Vec<String> {
            let filled = fields.iter().filter(|(_, value)| !value.is_empty());
            filled.map(|(name, _)| name.clone()).collect()
        };
        if self.body.is_empty() {
            return named(&self.asked);
        }
        let mut names = named(&self.form);
        if let Value::Object(members) = &self.json {
            let filled = members.iter().filter(|(_, value)| !value.is_null() && *value != "");
            names.extend(filled.map(|(name, _)| name.clone()));
        }
        names
    }

    /// The step of a call that a continuation's address names, which is ours.
    pub fn step(&self) -> Option<Next> {
        Next::at(&self.behind, &self.asked)
    }
}

fn first(fields: &[(String, String)], name: &str) -> Option<String> {
    let found = fields.iter().find(|(field, value)| field == name && !value.is_empty());
    found.map(|(_, value)| value.clone())
}

/// A JSON text or number that is not blank.
pub fn plain(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

/// The fields, unless there are more than [`WEBHOOK_VALUES_MAX`].
pub(super) fn pairs(encoded: &[u8]) -> Result<Vec<(String, String)>, String> {
    let fields: Vec<_> = form_urlencoded::parse(encoded)
        .take(WEBHOOK_VALUES_MAX + 1)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    match fields.len() > WEBHOOK_VALUES_MAX {
        true => Err(format!("the request holds more than {WEBHOOK_VALUES_MAX} fields")),
        false => Ok(fields),
    }
}
