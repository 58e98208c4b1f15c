//! The console's table of contents: every route with what it needs. What it says the handler says too, and the
//! compiler compares: a handler that takes a visit by another permit, or none, does not compile.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Extension, Router};

use super::asked::Asked;
use super::case::StepForm;
use super::form::Posted;
use super::frame::go;
use super::trouble::Trouble;
use super::visit::{VisitOf, Visitor};
use super::{
    account, assets, audit, by_provider, case, drafts, entrance, equality, erasing, help,
    invitation, item, keeping, landing, leavers, letter_templates, letter_wording, lists, live,
    merging, original, own_origin, people, person, presence, pressed, queue, queues, record_form,
    settings, sign_in, staff_settings, who_answers,
};
use crate::domain::duty::Duty;
use crate::runtime::limits::CONSOLE_SIGNED_OUT_FORM_BYTES_MAX;
use crate::staff::Staff;
use crate::staff::looking::{self, Looker};
use crate::staff::permit::{
    AnswersForData, ApprovesErasures, ChangesPeople, Decides, HearsAppeals, KeepsEquality,
    KeepsSettings, LeadsAppeals, Permit, Proposes, PutsInForce, ReadsTrail, RecordsCases, SignsOff,
    StepPermit, Warns, WorksQueues, WritesLetters,
};

/// What somebody needs to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anybody: signing in, what the pages are made of.
    Nothing,
    /// Somebody who is signed in.
    SignIn,
    /// Whose role has any of these.
    AnyOf(&'static [Duty]),
}

impl Needs {
    /// The duties of which a role must have one; none: anybody signed in.
    pub const fn duties(&self) -> &'static [Duty] {
        match self {
            Needs::Nothing | Needs::SignIn => &[],
            Needs::AnyOf(duties) => duties,
        }
    }
}

/// What a route has before its handler, whose arguments are `T`.
trait Gate<T> {
    const NEEDS: Needs;

    /// The route, with what refuses before the handler runs.
    fn before(route: MethodRouter<Arc<Staff>>) -> MethodRouter<Arc<Staff>>;
}

/// Open to anybody. The handler gets no visit, and so no casework.
struct Anybody;

impl<T> Gate<T> for Anybody {
    const NEEDS: Needs = Needs::Nothing;

    fn before(route: MethodRouter<Arc<Staff>>) -> MethodRouter<Arc<Staff>> {
        route
    }
}

/// Open to anybody who is signed in, for their own account. The handler gets no visit either.
struct AnyVisitor;

impl<T> Gate<T> for AnyVisitor {
    const NEEDS: Needs = Needs::SignIn;

    fn before(route: MethodRouter<Arc<Staff>>) -> MethodRouter<Arc<Staff>> {
        route.layer(from_fn(|request: Request, next: Next| {
            let visitor = Visitor::of(request.extensions()).map(|_| ());
            admitted(visitor, request, next)
        }))
    }
}

/// Open to those who have the permit `P`. The handler must take its visit by it.
struct Holders<P>(PhantomData<fn() -> P>);

impl<P> Holders<P> {
    const ONLY: Self = Holders(PhantomData);
}

impl<P: Permit, T: TakesVisitBy<P>> Gate<T> for Holders<P> {
    const NEEDS: Needs = match P::DUTIES {
        Some(duties) => Needs::AnyOf(duties),
        None => Needs::SignIn,
    };

    fn before(route: MethodRouter<Arc<Staff>>) -> MethodRouter<Arc<Staff>> {
        route.layer(from_fn(|mut request: Request, next: Next| {
            let let_in = VisitOf::<P>::let_in(request.extensions_mut());
            admitted(let_in, request, next)
        }))
    }
}

/// Arguments of a handler, the first or second of which is a [`VisitOf<P>`].
#[diagnostic::on_unimplemented(
    message = "a handler of this route must take a `VisitOf<{P}>` first, or after its `State`"
)]
trait TakesVisitBy<P> {}

macro_rules! take_visit {
    ($($more:ident),*) => {
        impl<P, M, $($more),*> TakesVisitBy<P> for (M, VisitOf<P>, $($more),*) {}
        impl<P, M, $($more),*> TakesVisitBy<P> for (M, State<Arc<Staff>>, VisitOf<P>, $($more),*) {}
    };
}

take_visit!();
take_visit!(A);
take_visit!(A, B);
take_visit!(A, B, C);

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub method: &'static str,
    pub path: &'static str,
    pub needs: Needs,
}

/// Routes in the making. None can be added without a gate before it.
struct Contents {
    router: Router<Arc<Staff>>,
    entries: Vec<Entry>,
}

impl Contents {
    fn with<G, T>(
        mut self,
        method: &'static str,
        path: &'static str,
        route: MethodRouter<Arc<Staff>>,
    ) -> Self
    where
        G: Gate<T>,
    {
        self.entries.push(Entry { method, path, needs: G::NEEDS });
        self.router = self.router.route(path, G::before(route));
        self
    }

    fn page<G, H, T>(self, path: &'static str, _: G, handler: H) -> Self
    where
        G: Gate<T>,
        H: Handler<T, Arc<Staff>>,
        T: 'static,
    {
        self.with::<G, T>("GET", path, on(MethodFilter::GET, handler))
    }

    /// A form that acts once per page.
    fn act<G, H, T>(self, path: &'static str, _: G, handler: H) -> Self
    where
        G: Gate<T>,
        H: Handler<T, Arc<Staff>>,
        T: 'static,
    {
        let route = on(MethodFilter::POST, handler).layer(from_fn(pressed::once));
        self.with::<G, T>("POST", path, route)
    }

    /// A post that acts each time it is sent: ending sessions, and messages from the page itself.
    fn repeated<G, H, T>(self, path: &'static str, _: G, handler: H) -> Self
    where
        G: Gate<T>,
        H: Handler<T, Arc<Staff>>,
        T: 'static,
    {
        self.with::<G, T>("POST", path, on(MethodFilter::POST, handler))
    }

    /// Work on whole records: adding and changing, merging and parting, erasing and keeping.
    fn records(self) -> Self {
        const CHANGES: Holders<ChangesPeople> = Holders::ONLY;
        const ANSWERS: Holders<AnswersForData> = Holders::ONLY;
        // The approver of an erasure sees what they approve.
        const APPROVES: Holders<ApprovesErasures> = Holders::ONLY;
        const EQUALITY: Holders<KeepsEquality> = Holders::ONLY;
        self.page("/people/{person}/equality", EQUALITY, equality::show)
            .act("/people/{person}/equality", EQUALITY, equality::record)
            .page("/reports/equality", EQUALITY, equality::report)
            .page("/reports/equality.csv", EQUALITY, equality::csv)
            .page("/people/new", CHANGES, record_form::show_new)
            .act("/people/new", CHANGES, record_form::add)
            .page("/people/{person}/edit", CHANGES, record_form::show)
            .act("/people/{person}/edit", CHANGES, record_form::change)
            .page("/people/{person}/merge", CHANGES, merging::show)
            .act("/people/{person}/merge", CHANGES, merging::merge)
            .page("/people/{person}/unmerge/{merge}", CHANGES, merging::show_merge)
            .act("/people/{person}/unmerge/{merge}", CHANGES, merging::part)
            .page("/people/{person}/erasure", APPROVES, erasing::show)
            .act("/people/{person}/erasure", ANSWERS, erasing::act)
            .act("/people/{person}/erasure/approval", APPROVES, erasing::approve)
            .page("/retention", APPROVES, keeping::show)
            .act("/retention/{class}", ANSWERS, keeping::act)
            .act("/retention/{class}/approval", APPROVES, keeping::approve)
            .page("/erasures/{erasure}", APPROVES, keeping::proof)
    }

    /// The gateway's settings, and who answers.
    fn settings(self) -> Self {
        const SETTINGS: Holders<KeepsSettings> = Holders::ONLY;
        const RECORD: Holders<RecordsCases> = Holders::ONLY;
        self.page("/settings", SETTINGS, settings::show)
            .page("/settings/profile", SETTINGS, settings::profile)
            .page("/settings/connections", SETTINGS, settings::connections)
            .page("/settings/templates", SETTINGS, letter_templates::show)
            .page(letter_templates::SAMPLE, SETTINGS, letter_templates::sample)
            .page("/settings/templates/{language}", SETTINGS, letter_wording::show)
            .act("/settings/templates/{language}", SETTINGS, letter_wording::act)
            .repeated("/settings/templates/{language}/preview", SETTINGS, letter_wording::preview)
            .page("/settings/rosters", RECORD, who_answers::show)
            .act("/settings/rosters", RECORD, who_answers::record)
            .page("/settings/rosters/leavers", SETTINGS, leavers::show)
            .act("/settings/rosters/leavers", SETTINGS, leavers::record)
            .act("/settings/rosters/leavers/stay", SETTINGS, leavers::take_back)
            .page("/settings/staff", SETTINGS, staff_settings::show)
            .act("/settings/staff", SETTINGS, staff_settings::invite)
            .act("/settings/staff/{login}", SETTINGS, staff_settings::change)
            .act("/settings/tokens", SETTINGS, staff_settings::make_token)
            .act("/settings/tokens/{token}", SETTINGS, staff_settings::revoke_token)
    }

    /// Queues, and items with their originals.
    fn queues(self) -> Self {
        const WORKS: Holders<WorksQueues> = Holders::ONLY;
        self.page("/queues", WORKS, queues::show)
            .page("/queues/{queue}", WORKS, queue::show)
            .act("/queues/{queue}/take", WORKS, queue::take)
            .act("/queues/{queue}/bulk", WORKS, queue::bulk)
            .page("/queues/{queue}/export", WORKS, queue::export)
            .page("/items/{item}", WORKS, item::show)
            .act("/items/{item}", WORKS, item::act)
            .repeated("/items/{item}/here", WORKS, presence::here)
            .page("/items/{item}/confirm/{verb}", WORKS, item::confirm)
            .page("/items/{item}/original", WORKS, original::show)
            .page("/items/{item}/original/html", WORKS, original::html)
            .page("/items/{item}/original/download", WORKS, original::download)
    }

    /// Each step of a case, by its own permit.
    fn steps(mut self) -> Self {
        for step in &case::ALL {
            self = match step.permit {
                StepPermit::RecordsCases => self.step::<RecordsCases>(step),
                StepPermit::Warns => self.step::<Warns>(step),
                StepPermit::Proposes => self.step::<Proposes>(step),
                StepPermit::Decides => self.step::<Decides>(step),
                StepPermit::SignsOff => self.step::<SignsOff>(step),
                StepPermit::PutsInForce => self.step::<PutsInForce>(step),
                StepPermit::LeadsAppeals => self.step::<LeadsAppeals>(step),
                StepPermit::HearsAppeals => self.step::<HearsAppeals>(step),
                StepPermit::WritesLetters => self.step::<WritesLetters>(step),
            };
        }
        self
    }

    /// Two routes for a step: its page, and what the page posts.
    fn step<P: Permit>(self, step: &'static StepForm) -> Self {
        let show = move |State(staff): State<Arc<Staff>>,
                         visit: VisitOf<P>,
                         Path(person): Path<String>,
                         asked: Asked| {
            case::show(staff, visit.into_visit(), step, person, asked)
        };
        let take = move |State(staff): State<Arc<Staff>>,
                         visit: VisitOf<P>,
                         Path(person): Path<String>,
                         posted: Posted| {
            case::take(staff, visit.into_visit(), step, person, posted)
        };
        self.page(step.path, Holders::<P>::ONLY, show).act(step.path, Holders::<P>::ONLY, take)
    }
}

/// Lets a request through whose visitor was let in.
async fn admitted(let_in: Result<(), Trouble>, request: Request, next: Next) -> Response {
    match let_in {
        Ok(()) => {}
        Err(Trouble::SignedOut) => return signed_out(request).await,
        Err(trouble) => return trouble.into_response(),
    }
    let (method, draft) = (request.method().clone(), drafts::named(request.uri()));
    if method != Method::POST {
        return next.run(request).await;
    }
    let (request, wrote) = match drafts::read(request).await {
        Ok(read) => read,
        Err(trouble) => return trouble.into_response(),
    };
    drafts::answered(next.run(request).await, draft, wrote)
}

/// Somebody's session ended: what they were writing is given back.
async fn signed_out(request: Request) -> Response {
    if *request.method() != Method::POST {
        return Trouble::SignedOut.into_response();
    }
    let (parts, body) = request.into_parts();
    let most = CONSOLE_SIGNED_OUT_FORM_BYTES_MAX;
    let wrote = match Posted::read(&parts.extensions, body, most).await {
        Ok(posted) => posted.written(),
        Err(_) => String::new(),
    };
    Trouble::SignedOutWriting { wrote }.into_response()
}

/// Notes what a page shows, for anybody signed in.
async fn noted(State(staff): State<Arc<Staff>>, request: Request, next: Next) -> Response {
    let looker = request.extensions().get::<Visitor>().map(|visit| Looker {
        organisation: visit.organisation.id.clone(),
        name: visit.name().to_owned(),
        is_page: true,
    });
    match looking::noted(&staff, looker, request, next).await {
        Ok(response) => response,
        Err(fault) => Trouble::from(fault).into_response(),
    }
}

/// Where only posts are taken: a browser asks for such an address after its user signed in again, or chose another
/// language, on the page that answered one. It is led to the address before, until one is a page.
async fn no_page(method: Method, address: Uri) -> Response {
    if method != Method::GET {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    match address.path().rsplit_once('/') {
        Some((before, _)) if !before.is_empty() => go(before),
        Some(_) | None => go("/"),
    }
}

/// Every route of the console.
pub fn contents() -> Vec<Entry> {
    built().entries
}

/// The console's routes with their wrappers.
pub fn router(staff: &Arc<Staff>) -> Router<Arc<Staff>> {
    // The last wrapper is the outermost.
    built()
        .router
        .method_not_allowed_fallback(no_page)
        .layer(Extension(pressed::Presses(Arc::clone(staff))))
        .layer(from_fn_with_state(Arc::clone(staff), noted))
        .layer(from_fn_with_state(Arc::clone(staff), own_origin::only))
        .layer(from_fn_with_state(Arc::clone(staff), entrance::enter))
}

fn built() -> Contents {
    const WORKS: Holders<WorksQueues> = Holders::ONLY;
    const RECORD: Holders<RecordsCases> = Holders::ONLY;
    const AUDIT: Holders<ReadsTrail> = Holders::ONLY;
    let contents = Contents { router: Router::new(), entries: Vec::new() };
    contents
        .page("/assets/{file}", Anybody, assets::file)
        .page("/sign-in", Anybody, sign_in::show)
        .repeated("/sign-in", Anybody, sign_in::sign_in)
        .page("/sign-in/code", Anybody, sign_in::show_code)
        .repeated("/sign-in/code", Anybody, sign_in::take_code)
        .page("/sign-in/oidc/{provider}", Anybody, by_provider::depart)
        .page("/sign-in/oidc/{provider}/out", Anybody, by_provider::farewell)
        .page("/sign-in/callback/{provider}", Anybody, by_provider::arrive)
        .repeated("/language", Anybody, sign_in::language)
        .page("/invitation/{organisation}/{token}", Anybody, invitation::show)
        .repeated("/invitation/{organisation}/{token}", Anybody, invitation::take_up)
        .page("/accessibility", Anybody, help::accessibility)
        .repeated("/sign-out", AnyVisitor, sign_in::sign_out)
        .page("/help", AnyVisitor, help::show)
        .page("/account", AnyVisitor, account::show)
        .repeated("/account/stay", AnyVisitor, account::stay)
        .act("/account/preferences", AnyVisitor, account::preferences)
        .act("/account/password", AnyVisitor, account::password)
        .repeated("/account/sessions", AnyVisitor, account::end_sessions)
        .page("/account/second-step", AnyVisitor, account::second_step)
        .act("/account/second-step", AnyVisitor, account::begin_second_step)
        .act("/account/second-step/off", AnyVisitor, account::end_second_step)
        .page("/", WORKS, landing::show)
        .page(live::PATH, WORKS, live::stream)
        .act("/take", WORKS, landing::take)
        .page("/people", RECORD, people::show)
        .page("/people/{person}", RECORD, person::show)
        .page("/people/{person}/record", AUDIT, person::own_record::page)
        .page("/people/{person}/record/json", AUDIT, person::own_record::json)
        .page("/audit", AUDIT, audit::show)
        .page("/people/{person}/case", RECORD, case::show_case)
        .page("/people/{person}/proposals/{proposal}", RECORD, case::check::show)
        .page("/people/{person}/proposals/{proposal}/letter", RECORD, case::check::letter_preview)
        .page("/people/{person}/letters/{letter}", RECORD, case::letter::show)
        .page("/people/{person}/letters/{letter}/page", RECORD, case::letter::html)
        .page("/people/{person}/letters/{letter}/large", RECORD, case::letter::large)
        .page("/people/{person}/letters/{letter}/text", RECORD, case::letter::text)
        .page("/people/{person}/letters/{letter}/pdf", RECORD, case::letter::pdf)
        .page("/cases", RECORD, lists::doors)
        .page("/decisions", RECORD, lists::decisions)
        .page("/appeals", RECORD, lists::appeals)
        .page("/incidents", RECORD, lists::incidents)
        .page("/letters", RECORD, lists::letters)
        .page("/calendar", RECORD, lists::calendar)
        .page("/calendar.ics", RECORD, lists::ics)
        .page("/reports", RECORD, lists::reports)
        .page("/reports.csv", RECORD, lists::csv)
        .page("/reports/chart/{figure}", RECORD, lists::chart)
        .settings()
        .queues()
        .records()
        .steps()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_changed_by_looking_and_every_act_is_a_post() {
        let contents = contents();
        assert!(contents.len() > 30);
        for entry in &contents {
            assert!(matches!(entry.method, "GET" | "POST"), "{entry:?}");
        }
    }
}
