//! A browser without script: it keeps cookies, posts forms with its origin, follows where it is sent.

use std::collections::BTreeMap;

use axum::body::Body;
use contact_gateway::casework::accounts::NewAccount;
use contact_gateway::domain::profile::Role;
use contact_gateway::runtime::http_server::Peer;
use http_body_util::BodyExt;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use hyper::{HeaderMap, Request, StatusCode};
use tower::ServiceExt;

use crate::office::Office;

pub const PASSWORD: &str = "quiet lamps mend fences";

pub struct Browsing<'a> {
    pub office: &'a Office,
    pub cookies: BTreeMap<String, String>,
    /// Sent with every post; none: as a program that is no browser.
    pub origin: Option<String>,
    pub source: &'static str,
    /// `X-Forwarded-For`, a field each.
    pub forwarded: Vec<&'static str>,
}

#[derive(Debug)]
pub struct Seen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    /// Where the answer leads.
    pub fn leads(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers[LOCATION].to_str().unwrap()
    }

    /// The text of the page, tags taken out.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in self.body.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    text.push(' ');
                }
                c if !inside => text.push(c),
                _ => {}
            }
        }
        let text = text.replace("&#39;", "'").replace("&amp;", "&");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let from = self.body.find(&mark).unwrap_or_else(|| panic!("no {name}: {}", self.body));
        let rest = &self.body[from + mark.len()..];
        rest[..rest.find('"').unwrap()].replace("&#38;", "&").replace("&amp;", "&")
    }

    pub fn has(&self, text: &str) -> bool {
        self.text().contains(text)
    }
}

impl<'a> Browsing<'a> {
    pub fn new(office: &'a Office) -> Self {
        Browsing {
            office,
            cookies: BTreeMap::new(),
            origin: Some("http://desk.example".to_owned()),
            source: "192.0.2.7:50000",
            forwarded: Vec::new(),
        }
    }

    /// Signed in at Tuntum with an account of this name and role.
    pub async fn signed_in(office: &'a Office, name: &str, role: &str) -> Browsing<'a> {
        let mut browsing = Browsing::new(office);
        let login = name.to_lowercase().replace(' ', ".");
        invited(office, &login, name, role, &mut browsing).await;
        browsing
    }

    pub async fn get(&mut self, path: &str) -> Seen {
        self.ask("GET", path, None).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        self.ask("POST", path, Some(form.finish())).await
    }

    pub async fn ask(&mut self, method: &str, path: &str, form: Option<String>) -> Seen {
        let path = path.split('#').next().unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "desk.example")
            .header("accept", "text/html");
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(origin) = self.origin.as_ref().filter(|_| method != "GET") {
            request = request.header(ORIGIN, origin);
        }
        for one in &self.forwarded {
            request = request.header("x-forwarded-for", *one);
        }
        if form.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let mut request = request.body(Body::from(form.unwrap_or_default())).unwrap();
        request.extensions_mut().insert(Peer(self.source.parse().unwrap()));
        let response = self.office.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        // A stream has no end: its first event is what is seen.
        let is_stream =
            parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream {
            let mut body = body;
            body.frame().await.unwrap().unwrap().into_data().unwrap()
        } else {
            body.collect().await.unwrap().to_bytes()
        };
        let body = String::from_utf8_lossy(&body).into_owned();
        Seen { status: parts.status, headers: parts.headers, body }
    }
}

/// Makes an account by invitation, and takes it up in this browser.
pub async fn invited(
    office: &Office,
    login: &str,
    name: &str,
    role: &str,
    browsing: &mut Browsing<'_>,
) {
    let new =
        NewAccount { login: login.to_owned(), name: name.to_owned(), role: Role(role.to_owned()) };
    let token = office.staff.accounts().invite(&office.tuntum, new, "test").await.unwrap();
    let path = format!("/invitation/tuntum/{token}");
    let page = browsing.get(&path).await;
    assert!(page.has("Choose your password") && page.has(name), "{}", page.body);
    let answer = browsing.post(&path, &[("password", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(answer.leads(), "/");
}
