//! The contacts listener: forms, telephony webhooks and the decision endpoint. It faces the
//! organisation's reverse proxy and the telephony providers.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::num::NonZeroU32;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::{Method, Request, Response, Version};
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::decisions::DecisionEndpoint;
use super::decisions::proxy::ProxyEndpoints;
use super::decisions::settings::ProxySettings;
use super::http::answer::Answer;
use super::http::apart::Apart;
use super::http::body::Body;
use super::http::look::{LookSettings, Looks};
use super::http::page;
use super::http::path;
use super::http::problem::ProblemType;
use super::http::routes::Routes;
use super::http::upstream::Upstream;
use super::telephony::TelephonyEdge;
use super::telephony::settings::TelephonySettings;
use super::web_form::FormEdge;
use super::web_form::settings::FormSettings;
use crate::domain::organisation::OrganisationId;
use crate::intake::Intake;
use crate::ports::{Clock, Mailer};
use crate::runtime::client::Pace;
use crate::runtime::http_client::NoAuthorities;
use crate::runtime::http_server::{self, Bounds};
use crate::runtime::shutdown::Stopping;
use crate::runtime::tokens::TokenTable;

/// What the contacts listener is made of.
pub struct ContactsParts {
    pub forms: Vec<FormSettings>,
    pub telephony: Vec<TelephonySettings>,
    pub decisions: Vec<ProxySettings>,
    /// The organisations' staff tokens, for the decision endpoint.
    pub tokens: TokenTable<OrganisationId>,
    /// Proxies of the organisation's own, whose `X-Forwarded-*` fields hold.
    pub trusted_proxies: Vec<IpNet>,
    /// Posts of one client to forms in a minute; and as many other requests that leave an audit entry.
    pub posts_per_minute: NonZeroU32,
    /// The look of organisations that have one of their own.
    pub looks: BTreeMap<OrganisationId, LookSettings>,
    /// Folder for form bodies in hand; what an earlier run left in it is removed.
    pub spool: PathBuf,
    /// How long the body of one request may take
    /// ([`HTTP_BODY_WHOLE_WAIT`](crate::runtime::limits::HTTP_BODY_WHOLE_WAIT)).
    pub body_wait: Duration,
    pub intake: Arc<Intake>,
    pub mailer: Arc<dyn Mailer>,
    pub clock: Arc<dyn Clock>,
}

/// Why the listener can't start.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    #[error("the folder for form bodies in hand can't be used: {}", .0.kind())]
    Spool(io::Error),
    #[error(transparent)]
    NoAuthorities(#[from] NoAuthorities),
    /// Two entries on one path: neither can be chosen.
    #[error("two entries have the path `{0}`")]
    PathTwice(String),
    /// A call entry that could never tell its provider from anybody else.
    #[error("the telephony entry on `{0}` has no secret with which to check its requests")]
    NoSecret(String),
}

/// Whether anything that was configured is behind TLS.
fn goes_by_https(forms: &[FormSettings], telephony: &[TelephonySettings]) -> bool {
    let of_forms = forms.iter().map(|form| &form.upstream);
    let of_calls = telephony.iter().filter_map(|entry| entry.upstream.as_ref());
    of_forms.chain(of_calls).any(|upstream| upstream.scheme_str() == Some("https"))
}

/// The contacts listener's edges and where each is.
pub struct ContactsEdge {
    routes: Routes<Place>,
    forms: Arc<FormEdge>,
    telephony: Arc<TelephonyEdge>,
    decisions: DecisionEndpoint,
    proxies: ProxyEndpoints,
    looks: Arc<Looks>,
    /// Work that continues when its connection breaks: submissions and calls in hand.
    tasks: TaskTracker,
}

impl ContactsEdge {
    /// # Errors
    /// [`EdgeError`] where the listener can't start.
    pub fn new(parts: ContactsParts) -> Result<Arc<Self>, EdgeError> {
        let ContactsParts {
            forms,
            telephony,
            decisions,
            tokens,
            trusted_proxies,
            posts_per_minute,
            looks,
            spool,
            body_wait,
            intake,
            mailer,
            clock,
        } = parts;
        let looks = Looks::new(intake.organisations(), &looks);
        super::web_form::clear_spool(&spool).map_err(EdgeError::Spool)?;
        let upstream = Upstream::new(goes_by_https(&forms, &telephony))?;
        if let Some(entry) = telephony.iter().find(|entry| entry.secrets.is_empty()) {
            return Err(EdgeError::NoSecret(entry.path.clone()));
        }
        let places = places(forms, telephony, decisions)?;
        let tasks = TaskTracker::new();
        let pace = Arc::new(Pace::new(posts_per_minute, trusted_proxies.clone()));
        let apart = Arc::new(Apart {
            intake: Arc::clone(&intake),
            mailer: Arc::clone(&mailer),
            tasks: tasks.clone(),
        });
        let forms = FormEdge::new(super::web_form::FormParts {
            intake: Arc::clone(&intake),
            mailer,
            apart: Arc::clone(&apart),
            clock: Arc::clone(&clock),
            upstream: upstream.clone(),
            notes_pace: Pace::new(posts_per_minute, trusted_proxies.clone()),
            trusted_proxies,
            pace: Arc::clone(&pace),
            looks: Arc::clone(&looks),
            spool,
            body_wait,
            tasks: tasks.clone(),
        });
        let telephony = TelephonyEdge::new(
            Arc::clone(&intake),
            Arc::clone(&clock),
            upstream,
            body_wait,
            tasks.clone(),
        );
        let tokens = Arc::new(tokens);
        let proxies = ProxyEndpoints {
            tokens: Arc::clone(&tokens),
            intake: Arc::clone(&intake),
            clock: Arc::clone(&clock),
            looks: Arc::clone(&looks),
            pace: Arc::clone(&pace),
            apart,
        };
        let decisions = DecisionEndpoint::new(tokens, intake, clock, pace, body_wait);
        Ok(Arc::new(ContactsEdge {
            routes: Routes::new(places),
            forms,
            telephony,
            decisions,
            proxies,
            looks,
            tasks,
        }))
    }

    /// Answers one request. A panic on the way is answered too, and ends nothing else.
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let asker = page::asked_for(request.headers());
        let answered = async { self.dispatch(request).await };
        let answered = AssertUnwindSafe(answered).catch_unwind().await;
        answered.unwrap_or_else(|_| {
            tracing::error!("a request to the contacts listener panicked");
            page::fault_response(ProblemType::Internal, &asker, self.looks.nobodys())
        })
    }

    /// Answers a request. Boxed, so that the outer futures stay small: it is large, and the layers around
    /// it pass it on.
    fn dispatch(&self, request: Request<Incoming>) -> BoxFuture<'_, Response<Body>> {
        let at_once = |kind: ProblemType| -> BoxFuture<'_, Response<Body>> {
            Box::pin(ready(Answer::from(kind).into()))
        };
        if !is_plainly_addressed(&request) {
            return at_once(ProblemType::Misdirected);
        }
        let path = request.uri().path();
        if path == DECISIONS {
            if request.method() != Method::POST {
                return at_once(ProblemType::MethodNotAllowed);
            }
            return Box::pin(async move { self.decisions.answer(request).await.into() });
        }
        if path::has_dot_segment(path) {
            return at_once(ProblemType::NotFound);
        }
        let Some((place, behind)) = self.routes.find(path) else {
            return at_once(ProblemType::NotFound);
        };
        let behind = behind.to_owned();
        match place {
            Place::Form(form) => {
                Box::pin(async move { self.forms.answer(form, &behind, request).await })
            }
            Place::Telephony(entry) => {
                Box::pin(async move { self.telephony.answer(entry, &behind, request).await })
            }
            Place::Decision(entry) => {
                let (question, _) = request.into_parts();
                Box::pin(async move { self.proxies.answer(entry, &behind, question).await.into() })
            }
        }
    }
}

enum Place {
    Form(Arc<FormSettings>),
    Telephony(Arc<TelephonySettings>),
    Decision(Arc<ProxySettings>),
}

/// The decision endpoint's path.
const DECISIONS: &str = "/decisions/contact";

/// The paths; no path twice.
fn places(
    forms: Vec<FormSettings>,
    telephony: Vec<TelephonySettings>,
    decisions: Vec<ProxySettings>,
) -> Result<Vec<(String, Place)>, EdgeError> {
    let forms = forms.into_iter().map(|form| (form.path.clone(), Place::Form(Arc::new(form))));
    let calls =
        telephony.into_iter().map(|entry| (entry.path.clone(), Place::Telephony(Arc::new(entry))));
    let decisions =
        decisions.into_iter().map(|entry| (entry.path.clone(), Place::Decision(Arc::new(entry))));
    let places: Vec<(String, Place)> = forms.chain(calls).chain(decisions).collect();
    for (at, (path, _)) in places.iter().enumerate() {
        if places.iter().skip(at + 1).any(|(other, _)| other == path) {
            return Err(EdgeError::PathTwice(path.clone()));
        }
    }
    Ok(places)
}

/// Serves the contacts listener until the stop, then finishes the work in hand.
pub async fn serve(listener: TcpListener, edge: Arc<ContactsEdge>, stopping: Stopping) {
    let (tasks, telephony) = (edge.tasks.clone(), Arc::clone(&edge.telephony));
    let service = tower::service_fn(move |request: Request<Incoming>| {
        let edge = Arc::clone(&edge);
        async move { Ok::<_, Infallible>(edge.answer(request).await) }
    });
    let working = stopping.clone();
    http_server::serve(listener, service, Bounds::of("contacts"), stopping).await;
    telephony.end();
    tasks.close();
    tasks.wait().await;
    drop(working);
}

/// Whether a request names its host once (RFC 9112 3.2), and no other one in its target: a proxy that
/// chose by the one would have passed on a request meant for the other (RFC 9112 3.2.2).
fn is_plainly_addressed<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    let named = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    match (first, second, named) {
        (_, Some(_), _) => false,
        (Some(host), None, Some(named)) => host.as_bytes().eq_ignore_ascii_case(named),
        (None, None, _) => request.version() < Version::HTTP_11,
        (Some(_), None, None) => true,
    }
}
