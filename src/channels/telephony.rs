//! Telephony webhooks: calls and messages of the providers.
//!
//! The signature comes first; after it every request is answered in time, and never with an error:
//! what goes wrong on our side lets the call go on as if the gateway were not there.

mod doubt;
mod event;
mod first;
mod flow;
mod generic;
mod menu;
mod notes;
mod plivo;
mod provider;
mod script;
pub mod settings;
mod signed;
mod sip;
mod telnyx;
pub mod twilio;
mod twiml;
mod vonage;
pub mod webhook;
mod words;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use self::event::{Call, Event, Note, Text};
use self::menu::Menu;
use self::notes::Notes;
use self::script::Next;
use self::settings::{Provider, TelephonySettings};
use self::webhook::Webhook;
use super::http::body::{Body, whole};
use crate::channels::http::answer::Answer;
use crate::channels::http::fields::{forwarded, text};
use crate::channels::http::once::{Given, Key, Once, OnceTurn, Recent, keyed};
use crate::channels::http::problem::{Problem, ProblemType};
use crate::channels::http::upstream::{Upstream, address};
use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::domain::flag::{self, Flag};
use crate::intake::treatment::Treatment;
use crate::intake::{Inbound, Intake, Outcome};
use crate::ports::Clock;
use crate::runtime::limits::{
    CALL_DECIDE_WAIT, CALL_DOCUMENT_BYTES_MAX, CALL_REPEAT_WINDOW, CALL_REPEATS_MAX,
    CALL_STATE_WINDOW,
};
use crate::runtime::metrics::Abuse;
use crate::runtime::tokens::sha256;
use crate::runtime::trace::{TraceSpan, TracedEdge};

/// All configured telephony entries.
pub struct TelephonyEdge {
    intake: Arc<Intake>,
    clock: Arc<dyn Clock>,
    upstream: Upstream,
    body_wait: Duration,
    tasks: TaskTracker,
    notes: Notes,
    /// Answers to webhooks, for copies of them.
    answers: Arc<Once<Answer>>,
    /// Decisions of calls in progress.
    decisions: Recent<Arc<Decision>>,
    /// Unreadable webhooks that are on the trail already: a source that gets no answer tries again.
    unread: Recent<()>,
}

/// Tells a provider's retry from a new request with the same fields.
const IDEMPOTENCY: &str = "i-twilio-idempotency-token";

/// What the existing call flow learns of a call's decision.
const FLAGS: &str = "x-contact-gateway-flags";

impl TelephonyEdge {
    pub fn new(
        intake: Arc<Intake>,
        clock: Arc<dyn Clock>,
        upstream: Upstream,
        body_wait: Duration,
        tasks: TaskTracker,
    ) -> Arc<Self> {
        Arc::new(TelephonyEdge {
            notes: Notes::new(Arc::clone(&intake), tasks.clone()),
            intake,
            clock,
            upstream,
            body_wait,
            tasks,
            answers: Once::new(CALL_REPEAT_WINDOW, CALL_REPEATS_MAX, Answer::weight),
            decisions: Recent::new(CALL_STATE_WINDOW, CALL_REPEATS_MAX),
            unread: Recent::new(CALL_STATE_WINDOW, CALL_REPEATS_MAX),
        })
    }

    /// No more webhooks come: what waits for one need not any more.
    pub fn end(&self) {
        self.notes.end();
    }

    /// Answers one webhook. `behind` is the rest of the path after the entry's.
    pub async fn answer(
        self: &Arc<Self>,
        entry: &Arc<TelephonySettings>,
        behind: &str,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let webhook = match Webhook::read(behind, request, self.body_wait).await {
            Ok(webhook) => webhook,
            Err(kind) => return Answer::from(kind).into(),
        };
        if provider::verify(entry, &webhook, self.clock.now()).is_err() {
            tracing::warn!(path = entry.path, "a webhook without a valid signature was refused");
            self.intake.count_abuse(Abuse::WebhookForged);
            let problem = Problem::new(ProblemType::Forbidden).detail(
                "The request has no valid signature or token for this entry. A signature must \
                 cover its public_url.",
            );
            return problem.answer().into();
        }
        let webhook = Arc::new(webhook);
        let deadline = Instant::now() + provider::waits(entry).0;
        let (edge, handled) = (Arc::clone(self), (Arc::clone(entry), Arc::clone(&webhook)));
        let task = self.tasks.spawn(async move {
            let (entry, webhook) = handled;
            edge.handle(&entry, &webhook, deadline).await
        });
        match timeout_at(deadline, task).await {
            Ok(Ok(answer)) => answer.into(),
            Ok(Err(_)) => {
                tracing::error!(path = entry.path, "a webhook panicked; the call is passed on");
                provider::fallback(entry, &webhook, &[Flag::LimitsUnchecked]).into()
            }
            Err(_) => {
                tracing::warn!(path = entry.path, "a webhook took too long; the call is passed on");
                provider::fallback(entry, &webhook, &[Flag::LimitsUnchecked]).into()
            }
        }
    }

    async fn handle(
        self: &Arc<Self>,
        entry: &Arc<TelephonySettings>,
        webhook: &Webhook,
        deadline: Instant,
    ) -> Answer {
        match provider::event(entry, webhook, self.clock.now()) {
            Event::PassOn => self.pass_on(entry, webhook, &[], deadline).await.into_inner(),
            Event::Told(call) => self.told(entry, webhook, &call, deadline).await,
            Event::UnderWay(call) => self.under_way(entry, webhook, &call, deadline).await,
            Event::Next(next, call) => self.next(entry, webhook, next, &call).await,
            // A call under way that asks at this address again is in the existing call flow, where
            // the same fields may well mean something new.
            Event::Call(call) if !call.began => {
                let work = self.call(entry, webhook, &call, deadline);
                self.trace(entry).around(work).await.into_inner()
            }
            Event::Call(call) => {
                let work = self.call(entry, webhook, &call, deadline);
                self.once(entry, webhook, self.trace(entry).around(work)).await
            }
            Event::Text(text) => {
                let work = self.text(entry, webhook, &text, deadline);
                self.once(entry, webhook, self.trace(entry).around(work)).await
            }
            Event::Handed(contact) => {
                let work = self.handed(entry, webhook, *contact);
                self.once(entry, webhook, self.trace(entry).around(work)).await
            }
            Event::Unread(fault) => {
                self.once(entry, webhook, self.unread(entry, webhook, &fault, deadline)).await
            }
            Event::Noted(contact, notes) => {
                for note in notes {
                    self.notes.take(&entry.organisation, &contact, note);
                }
                generic::noted(webhook)
            }
        }
    }

    /// Begins a contact's trace. Providers are not trusted to continue one.
    fn trace(&self, entry: &TelephonySettings) -> TraceSpan {
        let edge = match entry.provider {
            Provider::Twilio | Provider::Vonage | Provider::Telnyx | Provider::Plivo => {
                TracedEdge::Telephony
            }
            Provider::Sip | Provider::Generic => TracedEdge::Switchboard,
        };
        self.intake.trace(edge, None)
    }

    /// Gives repeats of a webhook the same answer.
    async fn once(
        &self,
        entry: &TelephonySettings,
        webhook: &Webhook,
        work: impl Future<Output = Given<Answer>>,
    ) -> Answer {
        let first = match self.answers.turn(key_of(entry, webhook), Instant::now()).await {
            OnceTurn::Again(answer) => return answer,
            OnceTurn::First(first) => first,
        };
        first.give(work.await)
    }

    async fn call(
        self: &Arc<Self>,
        entry: &TelephonySettings,
        webhook: &Webhook,
        call: &Call,
        deadline: Instant,
    ) -> Given<Answer> {
        let contact = Contact {
            unstoppable: entry.lets_everything_through(),
            ..call.contact(self.clock.now())
        };
        let Some(outcome) = self.decide(entry, contact).await else {
            return self.pass_on(entry, webhook, &[Flag::LimitsUnchecked], deadline).await;
        };
        let Some(organisation) = self.intake.organisation(&entry.organisation) else {
            return self.pass_on(entry, webhook, &[], deadline).await;
        };
        match provider::opening(entry, webhook, &outcome, &organisation) {
            None => self.pass_on(entry, webhook, &outcome.decision.flags, deadline).await,
            Some(answer) => {
                let (key, now) = (state_key(entry, &call.id), Instant::now());
                self.decisions.put(key, now, Arc::new(outcome.decision));
                Given::ForGood(answer)
            }
        }
    }

    /// A contact that a system of the organisation's hands in whole.
    async fn handed(
        self: &Arc<Self>,
        entry: &TelephonySettings,
        webhook: &Webhook,
        contact: Contact,
    ) -> Given<Answer> {
        let by = generic::By { channel: contact.channel, key: contact.lane };
        let organisation = self.intake.organisation(&entry.organisation);
        match (self.decide(entry, contact).await, organisation) {
            (Some(outcome), Some(organisation)) => {
                Given::ForGood(generic::answer(entry, webhook, by, &outcome, &organisation))
            }
            (_, _) => Given::ForNow(generic::undecided(webhook, None, &[Flag::LimitsUnchecked])),
        }
    }

    async fn text(
        self: &Arc<Self>,
        entry: &TelephonySettings,
        webhook: &Webhook,
        text: &Text,
        deadline: Instant,
    ) -> Given<Answer> {
        let contact = Contact {
            unanswerable: provider::reply(entry, text, "").is_none(),
            ..text.contact(self.clock.now())
        };
        let channel = contact.channel;
        let Some(outcome) = self.decide(entry, contact).await else {
            return self.pass_on(entry, webhook, &[Flag::LimitsUnchecked], deadline).await;
        };
        let decision = &outcome.decision;
        let reply = match outcome.treatment(channel) {
            Treatment::TryAgain(_) | Treatment::PassOn => {
                return self.pass_on(entry, webhook, &decision.flags, deadline).await;
            }
            Treatment::Limit(_) => {
                decision.notice.as_ref().and_then(|it| provider::reply(entry, text, &it.text))
            }
            Treatment::Route { .. } | Treatment::File(_) => None,
        };
        Given::ForGood(reply.unwrap_or_else(|| provider::empty(entry, webhook)))
    }

    /// Decides in a task of its own, so that a commit in hand is finished even where nobody waits
    /// for it any more. `None`: it takes too long; should it limit the contact after all, its item
    /// says that the contact was passed on.
    async fn decide(&self, entry: &TelephonySettings, contact: Contact) -> Option<Outcome> {
        let (intake, id) = (Arc::clone(&self.intake), contact.id.clone());
        let organisation = entry.organisation.clone();
        // A call is its id: what a provider says of it changes during the call.
        let digest = sha256(contact.id.as_bytes());
        let task = self.tasks.spawn(TraceSpan::current().around(async move {
            intake.receive(&organisation, Inbound { contact, digest, original: None }).await
        }));
        match tokio::time::timeout(provider::waits(entry).1, task).await {
            Ok(Ok(outcome)) => Some(outcome),
            Ok(Err(_)) => {
                tracing::error!(contact = id, "deciding a call panicked; it is passed on");
                None
            }
            Err(_) => {
                tracing::warn!(contact = id, "deciding a call took too long; it is passed on");
                let late = Note { name: "outcome", value: DECIDED_LATE.to_owned() };
                self.notes.take(&entry.organisation, &id, late);
                None
            }
        }
    }

    /// The next step of a call that was decided. Never counts.
    async fn next(
        self: &Arc<Self>,
        entry: &Arc<TelephonySettings>,
        webhook: &Webhook,
        next: Next,
        call: &Call,
    ) -> Answer {
        let Some(organisation) = self.intake.organisation(&entry.organisation) else {
            return provider::empty(entry, webhook);
        };
        let decision = self.decision_of(entry, &call.id).await;
        let decision = decision.as_deref();
        let menu = Menu { decision, organisation: &organisation, entry };
        let following = flow::following(next, call, &menu);
        let about = following.about.map_or_else(|| call.id.clone(), |lane| call.asked_id(lane));
        for note in following.notes {
            self.notes.take(&entry.organisation, &about, note);
        }
        if let Some(lane) = following.asked {
            let (intake, organisation) = (Arc::clone(&self.intake), entry.organisation.clone());
            let contact = call.asked(lane, self.clock.now());
            let digest = sha256(contact.id.as_bytes());
            // The caller is put through, or heard, without waiting for it.
            self.tasks.spawn(self.trace(entry).around(async move {
                intake.receive(&organisation, Inbound { contact, digest, original: None }).await;
            }));
        }
        match following.steps.is_empty() {
            true => provider::empty(entry, webhook),
            false => provider::document(entry, webhook, &following.steps),
        }
    }

    /// A report on a call. Never a contact: if the call was decided here, its course is noted;
    /// any other belongs to the existing call flow, whose silence is answered with nothing.
    async fn told(
        self: &Arc<Self>,
        entry: &Arc<TelephonySettings>,
        webhook: &Webhook,
        call: &Call,
        deadline: Instant,
    ) -> Answer {
        if let Some(decision) = self.decision_of(entry, &call.id).await
            && decision.is_queued()
        {
            return self.next(entry, webhook, Next::Status, call).await;
        }
        if entry.upstream.is_none() {
            return provider::empty(entry, webhook);
        }
        match self.pass_on(entry, webhook, &[], deadline).await {
            Given::ForGood(answer) => answer,
            Given::ForNow(_) => provider::empty(entry, webhook),
        }
    }

    /// Something on the way of a call. If the call was decided here, that decision holds again; any other
    /// is in the existing call flow, and counts nothing. Without one the fallback answers: whoever calls is
    /// never hung up on.
    async fn under_way(
        self: &Arc<Self>,
        entry: &Arc<TelephonySettings>,
        webhook: &Webhook,
        call: &Call,
        deadline: Instant,
    ) -> Answer {
        if self.decision_of(entry, &call.id).await.is_some() {
            return self.call(entry, webhook, call, deadline).await.into_inner();
        }
        tracing::info!(
            path = entry.path,
            "an event of a call that was not decided here counts nothing"
        );
        self.pass_on(entry, webhook, &[], deadline).await.into_inner()
    }

    async fn decision_of(&self, entry: &TelephonySettings, contact: &str) -> Option<Arc<Decision>> {
        if let Some(decision) = self.decisions.get(&state_key(entry, contact), Instant::now()) {
            return Some(decision);
        }
        let recorded = self.intake.recorded(&entry.organisation, contact);
        match tokio::time::timeout(CALL_DECIDE_WAIT, recorded).await {
            Ok(Ok(decision)) => decision.map(Arc::new),
            Ok(Err(error)) => {
                tracing::warn!(%error, contact, "a call's decision could not be read");
                None
            }
            Err(_) => None,
        }
    }

    /// Hands a webhook to the existing call flow and returns its answer, byte for byte; if there is none, the fallback,
    /// as a temporary answer.
    async fn pass_on(
        &self,
        entry: &TelephonySettings,
        webhook: &Webhook,
        flags: &[Flag],
        deadline: Instant,
    ) -> Given<Answer> {
        let Some(request) = upstream_request(entry, webhook, flags) else {
            return Given::ForGood(provider::fallback(entry, webhook, flags));
        };
        let wait = deadline.saturating_duration_since(Instant::now()).mul_f32(UPSTREAM_SHARE);
        match self.upstream.whole(request, wait, CALL_DOCUMENT_BYTES_MAX).await {
            Ok(answer) if answer.status.is_success() || answer.status.is_redirection() => {
                Given::ForGood(answer)
            }
            Ok(answer) => {
                let status = answer.status.as_u16();
                tracing::warn!(path = entry.path, status, "the call flow refused a webhook");
                Given::ForNow(provider::fallback(entry, webhook, flags))
            }
            Err(error) => {
                tracing::warn!(path = entry.path, %error, "the call flow gave no answer");
                Given::ForNow(provider::fallback(entry, webhook, flags))
            }
        }
    }
}

/// On the item of a contact that was decided when its provider could not wait any longer.
const DECIDED_LATE: &str = "passed on, decided too late";

/// Of the time that is left, the share that the existing call flow gets; the rest is for giving the
/// fallback in time.
const UPSTREAM_SHARE: f32 = 0.95;

/// The webhook as the existing call flow would get it from the provider.
fn upstream_request(
    entry: &TelephonySettings,
    webhook: &Webhook,
    flags: &[Flag],
) -> Option<Request<Body>> {
    let upstream = entry.upstream.as_ref()?;
    let uri = address(upstream, &webhook.behind, webhook.query.as_deref()).ok()?;
    let mut headers = forwarded(webhook.headers.clone(), webhook.peer, false);
    headers.remove(HOST);
    if let Some(host) = entry.upstream_url.as_ref().and_then(|url| url.host_str())
        && let Ok(host) = HeaderValue::try_from(host)
    {
        headers.insert(HOST, host);
    }
    provider::sign_again(entry, webhook, &mut headers);
    if !flags.is_empty()
        && let Ok(flags) = HeaderValue::try_from(flag::in_a_line(flags, ", "))
    {
        headers.insert(FLAGS, flags);
    }
    let mut request = Request::new(whole(webhook.body.clone()));
    *request.method_mut() = webhook.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Some(request)
}

/// The key by which repeats of a webhook are recognised.
fn key_of(entry: &TelephonySettings, webhook: &Webhook) -> Key {
    keyed(&[
        entry.path.as_bytes(),
        webhook.behind.as_bytes(),
        webhook.query.as_deref().unwrap_or_default().as_bytes(),
        text(&webhook.headers, IDEMPOTENCY).unwrap_or_default().as_bytes(),
        &webhook.body,
    ])
}

fn state_key(entry: &TelephonySettings, contact: &str) -> Key {
    keyed(&[entry.organisation.as_str().as_bytes(), contact.as_bytes()])
}
