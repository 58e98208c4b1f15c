//! Decision endpoints that proxies ask before they pass a request on: nginx, HAProxy, Traefik, Envoy.
//!
//! They see a request's head and never its body, so that what they limit is kept nowhere; the page
//! says so. Routed and filed requests are passed on with the decision in header fields: held back, it
//! would be lost.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::http::request;
use hyper::{Method, StatusCode};

use super::guessed;
use super::settings::{Proxy, ProxyFields, ProxySettings, Source};
use crate::channels::http::answer::Answer;
use crate::channels::http::apart::{self, Apart};
use crate::channels::http::fields;
use crate::channels::http::look::Looks;
use crate::channels::http::once::keyed;
use crate::channels::http::page::{self, ContactKept, Shown};
use crate::channels::http::peer_of;
use crate::channels::http::problem::ProblemType;
use crate::channels::web_form::found::Found;
use crate::channels::web_form::parse::{Fields, Parsed};
use crate::channels::web_form::settings::FormFields;
use crate::channels::web_form::settings::SUBMITTING;
use crate::channels::web_form::translate;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::decision::{Decision, Disposition};
use crate::domain::flag;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::intake::treatment::Treatment;
use crate::intake::{Inbound, Intake};
use crate::ports::Clock;
use crate::runtime::client::Pace;
use crate::runtime::metrics::Abuse;
use crate::runtime::tokens::{Presented, TokenTable, hex, sha256};
use crate::runtime::trace::TracedEdge;

/// Below an endpoint's path: the page of a decision, for proxies that throw bodies away.
const LIMITED: &str = "/limited";
const REFERENCE: &str = "x-contact-reference";
const DECISION: &str = "x-contact-decision";
/// In place of a contact's id, where nothing was decided: no contact has such an id here.
const TOO_OFTEN: &str = "too-often";
/// Who Envoy's client is, as far as it trusts those in front of it.
const ENVOY_CLIENT: &str = "x-envoy-external-address";
/// Hexadecimal digits of a request's digest in a contact id: 80 bits.
const CONTACT_ID_DIGITS: usize = 20;

/// All decision endpoints for proxies.
pub struct ProxyEndpoints {
    pub tokens: Arc<TokenTable<OrganisationId>>,
    pub intake: Arc<Intake>,
    pub clock: Arc<dyn Clock>,
    pub looks: Arc<Looks>,
    pub pace: Arc<Pace>,
    pub apart: Arc<Apart>,
}

/// The client's request, as the proxy tells of it.
struct Asked {
    method: Option<Method>,
    /// Path and query.
    target: String,
}

impl ProxyEndpoints {
    /// Answers a proxy's question. `behind` is the rest of the path after the endpoint's.
    ///
    /// The question's body is not waited for: a proxy may announce the client's, and not send it.
    pub async fn answer(
        &self,
        entry: &ProxySettings,
        behind: &str,
        question: request::Parts,
    ) -> Answer {
        let peer = peer_of(&question.extensions);
        if let Some(problem) = self.refusal(entry, peer, &question.headers) {
            return problem;
        }
        let Some(organisation) = self.intake.organisation(&entry.organisation) else {
            return ProblemType::Internal.into();
        };
        if behind == LIMITED && throws_bodies_away(entry.proxy) {
            return self.page(entry, &organisation, &question.headers).await;
        }
        let asked = asked(entry.proxy, behind, &question);
        match &asked.method {
            // Viewing a page is not a contact.
            Some(method) if !SUBMITTING.contains(method) => return passed(None),
            Some(_) => {}
            None => {
                tracing::warn!(
                    path = entry.path,
                    "a proxy does not send the request's method, so nothing is decided"
                );
                return passed(None);
            }
        }
        if let Err(wait) = self.pace_of(entry, peer, &question.headers) {
            tracing::warn!(path = entry.path, "a proxy's client posts too often and has to wait");
            self.intake.count_abuse(Abuse::ProxyFlooded);
            let asker = &question.headers;
            let page = page::too_often(wait, asker, self.looks.of(&entry.organisation));
            return refused(entry.proxy, page, TOO_OFTEN);
        }
        let contact = self.contact(entry, &organisation, &asked, &question.headers);
        let Ok(content) = contact.canonical(false) else {
            return ProblemType::Internal.into();
        };
        let digest = sha256(&content);
        let mut contact = Contact { id: id(entry, &question.headers, &digest), ..contact };
        let now = contact.at;
        let from = self.intake.identify(&organisation, &contact);
        let shows = entry.shows();
        if !shows {
            apart::mark(&mut contact, &organisation, &from);
        }
        let notice_to = apart::notice_address(&contact, &from);
        let inbound = Inbound { contact, digest, original: None };
        let trace = self.intake.trace(TracedEdge::Proxy, Some(&question.headers));
        let receiving = self.intake.receive_from(&organisation, from, inbound);
        let outcome = trace.around(receiving).await;
        match outcome.treatment(Channel::WebForm) {
            Treatment::Limit(_) => {}
            // A proxy knows no more than whether to pass a request on.
            Treatment::TryAgain(_)
            | Treatment::PassOn
            | Treatment::Route { .. }
            | Treatment::File(_) => return passed(Some(&outcome.decision)),
        }
        if !shows {
            self.apart.mail(&organisation, notice_to, &outcome, ContactKept::Nothing);
        }
        let page = self.limited(entry, &organisation, &outcome.decision, now, &question.headers);
        refused(entry.proxy, page, &outcome.decision.contact)
    }

    /// Counts one more question about the proxy's client.
    fn pace_of(
        &self,
        entry: &ProxySettings,
        peer: Option<IpAddr>,
        headers: &HeaderMap,
    ) -> Result<(), Duration> {
        match entry.proxy {
            Proxy::Nginx | Proxy::Haproxy | Proxy::Traefik => self.pace.take_for(peer, headers),
            // What it sends as X-Forwarded-For ends with its own address.
            Proxy::Envoy => match fields::text(headers, ENVOY_CLIENT).map(str::parse) {
                Some(Ok(client)) => self.pace.take_of(client),
                Some(Err(_)) | None => Ok(()),
            },
        }
    }

    /// What a limited sender sees.
    fn limited(
        &self,
        entry: &ProxySettings,
        organisation: &Organisation,
        decision: &Decision,
        now: DateTime<Utc>,
        asker: &HeaderMap,
    ) -> Answer {
        let look = self.looks.of(&organisation.id);
        if entry.shows() {
            page::limited(decision, organisation, now, asker, look, SHOWN)
        } else {
            page::not_taken(organisation, now, asker, look)
        }
    }

    /// Why the peer may not ask; `None`: it has a token of the organisation's, or needs none.
    fn refusal(
        &self,
        entry: &ProxySettings,
        peer: Option<IpAddr>,
        headers: &HeaderMap,
    ) -> Option<Answer> {
        if peer.is_some_and(|peer| entry.trusted_sources.iter().any(|net| net.contains(&peer))) {
            return None;
        }
        let token = fields::text(headers, AUTHORIZATION);
        match self.tokens.authorise(token, self.clock.now()) {
            Presented::Holds(holder) if *holder == entry.organisation => None,
            Presented::Expired => Some(ProblemType::TokenExpired.into()),
            Presented::Holds(_) | Presented::Unknown => {
                let waits = guessed(&self.intake, &self.pace, &entry.path, (peer, headers));
                Some(waits.unwrap_or_else(|| ProblemType::Unauthorised.into()))
            }
        }
    }

    fn contact(
        &self,
        entry: &ProxySettings,
        organisation: &Organisation,
        asked: &Asked,
        headers: &HeaderMap,
    ) -> Contact {
        let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
        let (parsed, names) = read(&entry.fields, query, headers);
        // What the query says of the sender is among the fields already.
        let nation = organisation.profile.nation;
        let mut sender = translate::sender(&parsed.fields, &Fields::Unread, &names, nation);
        for identifier in &mut sender.identifiers {
            identifier.assurance = entry.assurance;
        }
        let now = self.clock.now();
        translate::contact(String::new(), now, path, &parsed, sender, &names)
    }

    /// The page of a limited contact, by the reference that the decision's answer gave.
    async fn page(
        &self,
        entry: &ProxySettings,
        organisation: &Organisation,
        headers: &HeaderMap,
    ) -> Answer {
        let look = self.looks.of(&organisation.id);
        let Some(reference) = fields::text(headers, REFERENCE) else {
            return page::fault(ProblemType::NotFound, headers, look);
        };
        if reference == TOO_OFTEN {
            return page::fault(ProblemType::TooManyRequests, headers, look);
        }
        match self.intake.recorded(&organisation.id, reference).await {
            Ok(Some(decision)) if is_limited(&decision) => {
                self.limited(entry, organisation, &decision, self.clock.now(), headers)
            }
            Ok(_) => page::fault(ProblemType::NotFound, headers, look),
            Err(_) => page::fault(ProblemType::TryAgain, headers, look),
        }
    }
}

/// A decision endpoint sees no body, and does not know where its page is.
const SHOWN: Shown<'static> = Shown { kept: ContactKept::Nothing, sent: None, back: None };

fn is_limited(recorded: &Decision) -> bool {
    matches!(Treatment::recorded(recorded, Channel::WebForm), Treatment::Limit(_))
}

/// Whether the proxy throws the answer's body away, and fetches the page by itself.
const fn throws_bodies_away(proxy: Proxy) -> bool {
    match proxy {
        Proxy::Nginx => true,
        Proxy::Haproxy | Proxy::Traefik | Proxy::Envoy => false,
    }
}

fn asked(proxy: Proxy, behind: &str, question: &request::Parts) -> Asked {
    let named = |method: &str, target: &str| {
        let method = fields::text(&question.headers, method);
        let target = fields::text(&question.headers, target).unwrap_or("/").to_owned();
        Asked { method: method.and_then(|method| method.parse().ok()), target }
    };
    match proxy {
        Proxy::Nginx | Proxy::Haproxy => named("x-original-method", "x-original-uri"),
        Proxy::Traefik => named("x-forwarded-method", "x-forwarded-uri"),
        Proxy::Envoy => {
            let path = if behind.is_empty() { "/" } else { behind };
            let query = question.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            Asked { method: Some(question.method.clone()), target: format!("{path}{query}") }
        }
    }
}

/// What the configured sources hold, under names of our own.
fn read(fields: &ProxyFields, query: &str, headers: &HeaderMap) -> (Parsed, FormFields) {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut take = |name: &str, source: &Option<Source>| {
        let values: Vec<String> = match source.as_ref()? {
            Source::Header(field) => headers
                .get_all(field)
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .collect(),
            Source::Query(parameter) => form_urlencoded::parse(query.as_bytes())
                .filter(|(name, _)| name == parameter)
                .map(|(_, value)| value.into_owned())
                .collect(),
        };
        pairs.extend(values.into_iter().map(|value| (name.to_owned(), value)));
        Some(name.to_owned())
    };
    let names = FormFields {
        email: take("email", &fields.email),
        phone: take("phone", &fields.phone),
        account: take("account", &fields.account),
        text: take("text", &fields.text),
        subject: take("subject", &fields.subject),
        issue: take("issue", &fields.issue),
    };
    let mut kept = Found::new(["email", "phone", "account", "text", "subject", "issue"], false);
    pairs.iter().for_each(|(name, value)| kept.field(name, value));
    (Parsed { fields: Fields::Read(kept), files: Vec::new(), content: [0; 32] }, names)
}

/// The same for a retry of the same request, another for everything else: a made-up request id can repeat a contact,
/// and never hide behind another's.
fn id(entry: &ProxySettings, headers: &HeaderMap, digest: &[u8; 32]) -> String {
    let named = entry.request_id.as_ref().and_then(|field| headers.get(field));
    match named.filter(|id| !id.is_empty()) {
        Some(request) => {
            let owner = entry.organisation.as_str().as_bytes();
            let key = keyed(&[owner, entry.path.as_bytes(), request.as_bytes(), digest]);
            let digits: String = hex(&key).chars().take(CONTACT_ID_DIGITS).collect();
            format!("proxy-{digits}")
        }
        None => format!("proxy-{}", uuid::Uuid::now_v7().simple()),
    }
}

/// The proxy passes the request on. Of somebody without restrictions nothing is said, be they known
/// or not.
fn passed(decision: Option<&Decision>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = decision.map_or(Disposition::Deliver, |decision| decision.disposition);
    headers.insert(DECISION, HeaderValue::from_static(disposition.name()));
    if let Some(decision) = decision {
        let mut insert = |name: &'static str, value: &str| {
            if !value.is_empty()
                && let Ok(value) = HeaderValue::try_from(value)
            {
                headers.insert(name, value);
            }
        };
        insert("x-contact-flags", &flag::in_a_line(&decision.flags, ","));
        if decision.is_queued() {
            insert(REFERENCE, &decision.contact);
        }
        if let Some(route) = &decision.route {
            insert("x-contact-queue", &route.queue);
        }
    }
    Answer { status: StatusCode::OK, headers, body: Bytes::new() }
}

/// The proxy does not pass the request on.
fn refused(proxy: Proxy, page: Answer, reference: &str) -> Answer {
    let answer = match proxy {
        Proxy::Haproxy | Proxy::Traefik | Proxy::Envoy => page,
        // Any status but these two is an error to nginx.
        Proxy::Nginx => {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            if let Some(wait) = page.headers.get(RETRY_AFTER) {
                headers.insert(RETRY_AFTER, wait.clone());
            }
            Answer { status: StatusCode::FORBIDDEN, headers, body: Bytes::new() }
        }
    };
    let answer = answer.with(DECISION, HeaderValue::from_static(Disposition::Limit.name()));
    match HeaderValue::try_from(reference) {
        Ok(reference) => answer.with(REFERENCE, reference),
        Err(_) => answer,
    }
}
