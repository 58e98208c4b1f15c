//! Web forms: a reverse proxy in front of a form's own handler.
//!
//! Only submissions (`methods`; by default POST, PUT, PATCH) are examined. Delivered ones are passed on byte
//! for byte; routed, limited or filed ones are kept by intake and never reach the handler.

mod disposition;
mod doubt;
mod forward;
pub mod found;
mod json;
pub mod parse;
pub mod release;
pub mod settings;
pub mod submission;
mod submits;
mod told;
pub mod translate;

pub use json::made_strict;
pub use submission::clear_spool;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, COOKIE, HeaderMap};
use hyper::http::request;
use hyper::{Request, Response, StatusCode};
use ipnet::IpNet;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use self::parse::{Parsed, parse};
use self::settings::{FormFields, FormSettings};
use self::submission::{ReadError, Submission};
use self::submits::is_encoded;
use super::http::body::Body;
use crate::channels::http::answer::Answer;
use crate::channels::http::apart::{self, Apart};
use crate::channels::http::look::Looks;
use crate::channels::http::once::{Given, Key, Once, OnceTurn, Recent, keyed};
use crate::channels::http::page::{self, ContactKept, Shown};
use crate::channels::http::patient::patient_to_the_end;
use crate::channels::http::peer;
use crate::channels::http::problem::ProblemType;
use crate::channels::http::to_the_end::ToTheEnd;
use crate::channels::http::upstream::{Reply, Upstream};
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::domain::organisation::Organisation;
use crate::intake::treatment::{Queued, Treatment, Unreached};
use crate::intake::{Identified, Inbound, Intake, Outcome};
use crate::ports::{Clock, Mailer, OwnMail, OwnMailKind};
use crate::runtime::client::Pace;
use crate::runtime::limits::{
    FORM_COPY_BYTES_MAX, FORM_LARGE_PARSES_MAX, FORM_MAIL_WAIT, FORM_REPEAT_STEP,
    FORM_REPEAT_WINDOW, FORM_REPEATS_MAX,
};
use crate::runtime::metrics::Abuse;
use crate::runtime::tokens::hex;
use crate::runtime::trace::{TraceSpan, TraceStep, TracedEdge};

/// What the form edge is made of.
pub struct FormParts {
    pub intake: Arc<Intake>,
    pub mailer: Arc<dyn Mailer>,
    pub apart: Arc<Apart>,
    pub clock: Arc<dyn Clock>,
    pub upstream: Upstream,
    pub trusted_proxies: Vec<IpNet>,
    pub pace: Arc<Pace>,
    /// Of requests that only leave an audit entry, so that the steps of a form use up nobody's posts.
    pub notes_pace: Pace,
    pub looks: Arc<Looks>,
    pub spool: PathBuf,
    /// How long the body of one request may take.
    pub body_wait: Duration,
    pub tasks: TaskTracker,
}

/// All configured forms.
pub struct FormEdge {
    parts: FormParts,
    /// Answers by submission and session, for a double click.
    answers: Arc<Once<Answer>>,
    /// Contact ids by submission, for a repeat in another session.
    ids: Recent<String>,
    /// How often a submission was refused by its handler; the next try is a contact of its own.
    refusals: Recent<u32>,
    large: Semaphore,
}

/// One submission, read and understood.
struct Job {
    form: Arc<FormSettings>,
    organisation: Arc<Organisation>,
    behind: String,
    head: request::Parts,
    /// Which answer is wanted, for when the head has gone on.
    asker: HeaderMap,
    submission: Submission,
    parsed: Parsed,
}

impl FormEdge {
    pub fn new(parts: FormParts) -> Arc<Self> {
        Arc::new(FormEdge {
            parts,
            answers: Once::new(FORM_REPEAT_WINDOW, FORM_REPEATS_MAX, Answer::weight),
            ids: Recent::new(FORM_REPEAT_WINDOW, FORM_REPEATS_MAX),
            refusals: Recent::new(FORM_REPEAT_WINDOW, FORM_REPEATS_MAX),
            large: Semaphore::new(FORM_LARGE_PARSES_MAX),
        })
    }

    /// Answers one request to a form. `behind` is the rest of the path after the form's.
    pub async fn answer(
        self: &Arc<Self>,
        form: &Arc<FormSettings>,
        behind: &str,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let asker = page::asked_for(request.headers());
        let look = self.parts.looks.of(&form.organisation);
        if !form.takes(behind, &request) {
            return Box::pin(self.pass(form, behind, request))
                .await
                .unwrap_or_else(|kind| page::fault_response(kind, &asker, look));
        }
        if let Err(wait) = self.parts.pace.take(peer(&request), request.headers()) {
            tracing::warn!(path = form.path, "a client posts too often and has to wait");
            self.parts.intake.count_abuse(Abuse::FormFlooded);
            return page::too_often(wait, &asker, look).into();
        }
        let trusted = self.is_trusted(peer(&request)).then(|| request.headers());
        let trace = self.parts.intake.trace(TracedEdge::Form, trusted);
        let job = match self.read(form, behind, request).await {
            Ok(job) => job,
            Err(kind) => return page::fault_response(kind, &asker, look),
        };
        // A sender who breaks off, or clicks again, leaves no half-done work.
        let edge = Arc::clone(self);
        let work = trace.around(async move { edge.submit(job).await });
        let work = AssertUnwindSafe(work).catch_unwind();
        match ToTheEnd::new(work, &self.parts.tasks).await {
            Ok(Reply::Whole(answer)) => answer.into(),
            Ok(Reply::Streaming(response)) => response,
            Err(_) => {
                tracing::error!("a form submission panicked");
                page::fault_response(ProblemType::Internal, &asker, look)
            }
        }
    }

    /// Reads a submission whole and looks into it.
    async fn read(
        &self,
        form: &Arc<FormSettings>,
        behind: &str,
        request: Request<Incoming>,
    ) -> Result<Box<Job>, ProblemType> {
        let organisation =
            self.parts.intake.organisation(&form.organisation).ok_or(ProblemType::Internal)?;
        // Browsers never compress a form; a body that can't be looked into would be a way round.
        if is_encoded(request.headers()) {
            return Err(ProblemType::UnsupportedEncoding);
        }
        let from = peer(&request);
        let (mut head, body) = request.into_parts();
        let submission = self.held(form, &head, body).await?;
        let mut parsed = self.parse(&head, &submission, &form.fields).await?;
        if let Some(query) = head.uri.query() {
            // Handlers read it as they read the body: the same body under another is another submission.
            parsed.content = keyed(&[&parsed.content, query.as_bytes()]);
        }
        let asker = page::asked_for(&head.headers);
        head.headers = self.headers(form, head.headers, from);
        let (form, behind) = (Arc::clone(form), behind.to_owned());
        Ok(Box::new(Job { form, organisation, behind, head, asker, submission, parsed }))
    }

    /// Reads a body whole, up to the form's bound.
    async fn held(
        &self,
        form: &FormSettings,
        head: &request::Parts,
        body: Incoming,
    ) -> Result<Submission, ProblemType> {
        let announced = head
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|bytes| bytes > form.body_limit) {
            return Err(ProblemType::TooLarge);
        }
        let body = patient_to_the_end(body, self.parts.body_wait);
        let kept = forward::kept_head(head);
        let read = Submission::read(body, kept, form.body_limit, &self.parts.spool).await;
        read.map_err(|error| match error {
            ReadError::TooLarge => ProblemType::TooLarge,
            ReadError::TooSlow => ProblemType::TooSlow,
            ReadError::Broken => ProblemType::InvalidBody,
            ReadError::Disk(error) => {
                tracing::error!(error = %error.kind(), "a form could not be spooled");
                ProblemType::TryAgain
            }
        })
    }

    async fn parse(
        &self,
        head: &request::Parts,
        submission: &Submission,
        names: &FormFields,
    ) -> Result<Parsed, ProblemType> {
        let turn = match submission.is_spooled() {
            // The semaphore is never closed.
            true => self.large.acquire().await.ok(),
            false => None,
        };
        let parsed = parse(submission, submits::content_type(&head.headers), names).await;
        drop(turn);
        parsed.map_err(|error| forward::unreadable(&error))
    }

    /// Carries a submission out, once.
    async fn submit(self: &Arc<Self>, mut job: Box<Job>) -> Reply {
        let names = &job.form.fields;
        let nation = job.organisation.profile.nation;
        let query = parse::query(job.head.uri.query(), names);
        let sender = translate::sender(&job.parsed.fields, &query, names, nation);
        let unread = doubt::unread(&job.submission, &job.parsed).await;
        let say_so = |mut contact: Contact| {
            contact.unread = unread.is_some();
            contact.obscure.clone_from(&unread);
            contact
        };
        let now = self.parts.clock.now();
        if sender.identifiers.is_empty() {
            // Nobody in particular: two of these may well be two senders.
            let id = format!("form-{}", uuid::Uuid::now_v7().simple());
            let path = &job.form.path;
            let contact = say_so(translate::contact(id, now, path, &job.parsed, sender, names));
            let from = self.parts.intake.identify(&job.organisation, &contact);
            return self.decide(&mut job, contact, from).await.into_inner();
        }
        let content = keyed(&[
            job.form.organisation.as_str().as_bytes(),
            job.form.path.as_bytes(),
            job.behind.as_bytes(),
            &job.parsed.content,
        ]);
        let cookies = job.head.headers.get_all(COOKIE).iter();
        let session: Vec<u8> = cookies.flat_map(|value| value.as_bytes().iter().copied()).collect();
        // An answer may belong to a session; it is repeated only to that session.
        let first = match self.answers.turn(keyed(&[&content, &session]), Instant::now()).await {
            OnceTurn::Again(answer) => return Reply::Whole(answer),
            OnceTurn::First(first) => first,
        };
        let path = &job.form.path;
        let mut contact =
            say_so(translate::contact(String::new(), now, path, &job.parsed, sender, names));
        let mut from = self.parts.intake.identify(&job.organisation, &contact);
        // Of a sender without restrictions nothing is counted, and nothing need be looked up.
        let repeats = if from.may_be_restricted() { Repeats::Anywhere } else { Repeats::Here };
        contact.id = self.contact_id(&job, now, content, repeats).await;
        if repeats == Repeats::Anywhere {
            // By now more may be known of the sender.
            from = self.parts.intake.identify(&job.organisation, &contact);
        }
        let given = self.decide(&mut job, contact, from).await;
        if matches!(given, Given::ForNow(_)) {
            let refused = self.refusals.get(&content, Instant::now()).unwrap_or_default();
            self.refusals.put(content, Instant::now(), refused + 1);
        }
        match given {
            Given::ForGood(Reply::Whole(answer)) => {
                Reply::Whole(first.give(Given::ForGood(answer)))
            }
            Given::ForNow(Reply::Whole(answer)) => Reply::Whole(first.give(Given::ForNow(answer))),
            Given::ForGood(streaming) | Given::ForNow(streaming) => streaming,
        }
    }

    /// The id of a submission's contact: the same for the same content within
    /// [`FORM_REPEAT_WINDOW`], after a crash and on another gateway too.
    ///
    /// An id carries the step of time in which the submission was first seen; a repeat finds the
    /// recorded one by looking back step by step.
    async fn contact_id(
        &self,
        job: &Job,
        now: DateTime<Utc>,
        content: Key,
        repeats: Repeats,
    ) -> String {
        let refused = self.refusals.get(&content, Instant::now()).unwrap_or_default();
        let name = keyed(&[&content, &refused.to_be_bytes()]);
        if let Some(id) = self.ids.get(&name, Instant::now()) {
            return id;
        }
        let (digits, _) = name.split_at(CONTACT_ID_BYTES);
        let digits = hex(digits);
        let seconds = i64::try_from(FORM_REPEAT_STEP.as_secs()).unwrap_or(1);
        let steps = FORM_REPEAT_WINDOW.as_secs() / FORM_REPEAT_STEP.as_secs();
        let step = now.timestamp().div_euclid(seconds);
        let id_at = |back: u64| format!("form-{digits}-{}", step.saturating_sub_unsigned(back));
        let mut id = id_at(0);
        if repeats == Repeats::Anywhere {
            let candidates: Vec<String> = (0..=steps).map(id_at).collect();
            let organisation = &job.form.organisation;
            let known = self.parts.intake.first_recorded(organisation, &candidates).await;
            // With the store away nothing can be looked up; intake's own journal then tells a
            // repeat within the same step.
            if let Ok(Some(known)) = known {
                known.clone_into(&mut id);
            }
        }
        self.ids.put(name, Instant::now(), id.clone());
        id
    }

    /// Decides a submission and carries the decision out. If the form's own handler refuses it or is unreachable, it
    /// does not count as a contact: the answer is temporary, and the same submission again is a new contact.
    async fn decide(
        self: &Arc<Self>,
        job: &mut Job,
        mut contact: Contact,
        from: Identified,
    ) -> Given<Reply> {
        let now = contact.at;
        let may_show = told::may_show(&job.form, &contact);
        if !may_show {
            apart::mark(&mut contact, &job.organisation, &from);
        }
        let notice_to = apart::notice_address(&contact, &from);
        let is_shown = |text: &&String| may_show && text.len() <= FORM_COPY_BYTES_MAX;
        let sent = contact.text.as_ref().filter(is_shown).cloned();
        let inbound = Inbound {
            contact,
            digest: job.parsed.content,
            original: Some(job.submission.original()),
        };
        let intake = &self.parts.intake;
        let outcome = intake.receive_from(&job.organisation, from, inbound).await;
        let asker = &job.asker;
        let look = self.parts.looks.of(&job.form.organisation);
        let back = Some(job.form.path.as_str());
        // Files are in the original only.
        let has_files = !job.parsed.files.is_empty();
        let lacks_files = |queued| has_files && queued == Queued::TextOnly;
        let received = |status, queued| {
            if lacks_files(queued) {
                return page::fault(ProblemType::FilesNotKept, asker, look);
            }
            page::received(status, &job.organisation, now, asker, look, back)
        };
        let answer = match outcome.treatment(Channel::WebForm) {
            // Nothing was accepted: the same again is a new contact.
            Treatment::TryAgain(_) => {
                let answer = page::fault(ProblemType::TryAgain, asker, look);
                return Given::ForNow(Reply::Whole(answer));
            }
            Treatment::PassOn => return self.deliver(job, &outcome).await,
            Treatment::Route { queued, unreached } => {
                let was_mailed = Box::pin(self.mail(job, &outcome.decision)).await;
                // The mail has no files.
                let is_reached = was_mailed && !lacks_files(queued);
                if !is_reached && unreached == Unreached::PassOn {
                    return self.deliver(job, &outcome).await;
                }
                received(StatusCode::OK, queued)
            }
            Treatment::Limit(queued) if may_show && !lacks_files(queued) => {
                let shown = Shown { kept: ContactKept::Whole, sent: sent.as_deref(), back };
                page::limited(&outcome.decision, &job.organisation, now, asker, look, shown)
            }
            Treatment::Limit(queued) | Treatment::File(queued) if may_show => {
                received(StatusCode::OK, queued)
            }
            Treatment::Limit(queued) | Treatment::File(queued) => {
                self.parts.apart.mail(&job.organisation, notice_to, &outcome, ContactKept::Whole);
                received(StatusCode::ACCEPTED, queued)
            }
        };
        Given::ForGood(Reply::Whole(answer))
    }

    /// Hands a submission to the form's own handler, and gives its place back where the handler
    /// does not take it.
    async fn deliver(&self, job: &mut Job, outcome: &Outcome) -> Given<Reply> {
        forward::say_what_was_decided(&mut job.head.headers, &outcome.decision);
        let sent = self.send(job).await;
        let taken = match &sent {
            Ok(Reply::Whole(answer)) => answer.status,
            Ok(Reply::Streaming(response)) => response.status(),
            Err(kind) => kind.status(),
        };
        let taken = taken.is_success() || taken.is_redirection();
        if !taken && !outcome.decision.quotas.is_empty() {
            let contact = &outcome.decision.contact;
            if let Err(error) = self.parts.intake.uncount(&job.form.organisation, contact).await {
                tracing::error!(%error, contact, "a refused form's place could not be given back");
            }
        }
        let reply = sent.unwrap_or_else(|kind| {
            let look = self.parts.looks.of(&job.form.organisation);
            Reply::Whole(page::fault(kind, &job.asker, look))
        });
        if taken { Given::ForGood(reply) } else { Given::ForNow(reply) }
    }

    /// Mails a routed submission to its mailbox as well. It is on the queue already: trouble with the
    /// mail loses nothing. `false`: the mailbox does not have it.
    async fn mail(&self, job: &Job, decision: &Decision) -> bool {
        let Some(to) = decision.route.as_ref().and_then(|route| route.email.clone()) else {
            return false;
        };
        let (fields, names) = (&job.parsed.fields, &job.form.fields);
        let subject = translate::subject(fields, names);
        let text = translate::text(fields, names);
        let mail = OwnMail {
            organisation: job.form.organisation.clone(),
            key: format!("{}:route", decision.contact),
            kind: OwnMailKind::Internal,
            to,
            subject: subject.unwrap_or_else(|| "A message from a web form".to_owned()),
            text: forward::routed_text(decision, &job.form.path, text.as_deref()),
            html: None,
            in_reply_to: None,
            original: None,
        };
        let sending = TraceSpan::during(TraceStep::OwnMail, self.parts.mailer.send(mail));
        let sent = tokio::time::timeout(FORM_MAIL_WAIT, sending).await;
        match sent {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => {
                tracing::warn!(%error, contact = decision.contact, "a routed form was not mailed");
            }
            Err(_) => {
                tracing::warn!(contact = decision.contact, "mailing a routed form took too long");
            }
        }
        false
    }
}

/// Bytes of the submission's digest in a contact id: 80 bits, far more than tells the submissions
/// of one organisation apart.
const CONTACT_ID_BYTES: usize = 10;

/// Where a submission's repeats are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeats {
    /// In this process: nothing is counted of the sender.
    Here,
    /// In the store too, where other gateways and earlier runs recorded theirs.
    Anywhere,
}
