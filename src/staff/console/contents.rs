//! The console's table of contents: every route with what it needs, said once.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Path, Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};

use super::form::Posted;
use super::frame::go;
use super::trouble::Trouble;
use super::visit::Visit;
use super::{
    account, assets, audit, by_provider, case, drafts, entrance, erasing, help, invitation, item,
    keeping, landing, letter_templates, lists, live, merging, original, own_origin, people, person,
    presence, queue, queues, record_form, settings, sign_in, staff_settings, who_answers,
};
use crate::domain::duty::Duty;
use crate::domain::organisation::Organisation;
use crate::domain::permission;
use crate::domain::profile::Role;
use crate::runtime::limits::CONSOLE_SIGNED_OUT_FORM_BYTES_MAX;
use crate::staff::Staff;
use crate::staff::looking::{self, Looker};
use crate::staff::permit::{AnswersForData, ApprovesErasures, ChangesPeople, Permit};

/// What somebody needs to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anybody: signing in, what the pages are made of.
    Nothing,
    /// Somebody who is signed in.
    SignIn,
    /// Whose role has this duty.
    Duty(Duty),
    /// Whose role has any of these.
    AnyOf(&'static [Duty]),
    /// Whose role changes people's records, as by the API.
    ToChangePeople,
}

impl Needs {
    /// The duties of which a role must have one; none: anybody signed in.
    pub fn duties(&self) -> &[Duty] {
        match self {
            Needs::Nothing | Needs::SignIn => &[],
            Needs::Duty(duty) => std::slice::from_ref(duty),
            Needs::AnyOf(duties) => duties,
            Needs::ToChangePeople => ChangesPeople::DUTIES.unwrap_or_default(),
        }
    }

    /// Whether a role of an organisation is let in.
    fn allows(&self, organisation: &Organisation, role: &Role) -> bool {
        match self {
            Needs::Nothing | Needs::SignIn => true,
            Needs::ToChangePeople => ChangesPeople::allows(organisation, role),
            Needs::Duty(_) | Needs::AnyOf(_) => {
                let profile = &organisation.profile;
                self.duties().iter().any(|duty| permission::has(profile, role, *duty))
            }
        }
    }

    /// As a permit of the API has it.
    const fn of<P: Permit>() -> Self {
        match P::DUTIES {
            Some(duties) => Needs::AnyOf(duties),
            None => Needs::SignIn,
        }
    }
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub method: &'static str,
    pub path: &'static str,
    pub needs: Needs,
}

/// Routes in the making. None can be added without saying what it needs, and the check wraps it from the start.
struct Contents {
    router: Router<Arc<Staff>>,
    entries: Vec<Entry>,
}

impl Contents {
    fn with<H, T>(
        mut self,
        (method, filter): (&'static str, MethodFilter),
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Arc<Staff>>,
        T: 'static,
    {
        self.entries.push(Entry { method, path, needs });
        let route: MethodRouter<Arc<Staff>> = on(filter, handler);
        let route = match needs {
            Needs::Nothing => route,
            Needs::SignIn | Needs::Duty(_) | Needs::AnyOf(_) | Needs::ToChangePeople => {
                let guarded: MethodRouter<Arc<Staff>> = route.layer(from_fn(permitted));
                guarded.layer(Extension(needs))
            }
        };
        self.router = self.router.route(path, route);
        self
    }

    fn page<H, T>(self, path: &'static str, needs: Needs, handler: H) -> Self
    where
        H: Handler<T, Arc<Staff>>,
        T: 'static,
    {
        self.with(("GET", MethodFilter::GET), path, needs, handler)
    }

    /// Work on whole records: adding and changing, merging and parting, erasing and keeping.
    fn records(self) -> Self {
        const CHANGES: Needs = Needs::ToChangePeople;
        // The approver of an erasure sees what they approve.
        const ANSWERS: Needs = Needs::of::<AnswersForData>();
        const APPROVES: Needs = Needs::of::<ApprovesErasures>();
        self.page("/people/new", CHANGES, record_form::show_new)
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

    /// Queues, and items with their originals.
    fn queues(self) -> Self {
        const RECORD: Needs = Needs::Duty(Duty::Record);
        self.page("/queues", RECORD, queues::show)
            .page("/queues/{queue}", RECORD, queue::show)
            .act("/queues/{queue}/take", RECORD, queue::take)
            .act("/queues/{queue}/bulk", RECORD, queue::bulk)
            .page("/queues/{queue}/export", RECORD, queue::export)
            .page("/items/{item}", RECORD, item::show)
            .act("/items/{item}", RECORD, item::act)
            .act("/items/{item}/here", RECORD, presence::here)
            .page("/items/{item}/confirm/{verb}", RECORD, item::confirm)
            .page("/items/{item}/original", RECORD, original::show)
            .page("/items/{item}/original/html", RECORD, original::html)
            .page("/items/{item}/original/download", RECORD, original::download)
    }

    /// Two routes for each step of a case: its page, and what the page posts.
    fn steps(mut self) -> Self {
        for step in &case::ALL {
            let needs = Needs::AnyOf(step.duties);
            let show = move |State(staff), visit, Path(person), asked| {
                case::show(staff, visit, step, person, asked)
            };
            let take = move |State(staff), visit, Path(person), posted| {
                case::take(staff, visit, step, person, posted)
            };
            self = self.page(step.path, needs, show).act(step.path, needs, take);
        }
        self
    }

    fn act<H, T>(self, path: &'static str, needs: Needs, handler: H) -> Self
    where
        H: Handler<T, Arc<Staff>>,
        T: 'static,
    {
        self.with(("POST", MethodFilter::POST), path, needs, handler)
    }
}

/// Lets through whose visit has what the route needs.
async fn permitted(Extension(needs): Extension<Needs>, request: Request, next: Next) -> Response {
    let Some(visit) = request.extensions().get::<Visit>() else {
        return signed_out(request).await;
    };
    if let Some(first) = needs.duties().first() {
        if !needs.allows(&visit.organisation, visit.role()) {
            return Trouble::NotAllowed(*first).into_response();
        }
        // One's own account is open, and nothing else before the step is set up.
        if visit.owes_second_step {
            return go("/account/second-step");
        }
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
    let looker = request.extensions().get::<Visit>().map(|visit| Looker {
        organisation: visit.organisation.id.clone(),
        name: visit.name().to_owned(),
        is_page: true,
    });
    match looking::noted(&staff, looker, request, next).await {
        Ok(response) => response,
        Err(fault) => Trouble::from(fault).into_response(),
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
        .layer(from_fn_with_state(Arc::clone(staff), noted))
        .layer(from_fn_with_state(Arc::clone(staff), own_origin::only))
        .layer(from_fn_with_state(Arc::clone(staff), entrance::enter))
}

fn built() -> Contents {
    use Needs::{Nothing, SignIn};
    const RECORD: Needs = Needs::Duty(Duty::Record);
    const AUDIT: Needs = Needs::Duty(Duty::ReadAudit);
    const SETTINGS: Needs = Needs::Duty(Duty::Settings);
    let contents = Contents { router: Router::new(), entries: Vec::new() };
    contents
        .page("/assets/{file}", Nothing, assets::file)
        .page("/sign-in", Nothing, sign_in::show)
        .act("/sign-in", Nothing, sign_in::sign_in)
        .page("/sign-in/code", Nothing, sign_in::show_code)
        .act("/sign-in/code", Nothing, sign_in::take_code)
        .page("/sign-in/oidc/{provider}", Nothing, by_provider::depart)
        .page("/sign-in/oidc/{provider}/out", Nothing, by_provider::farewell)
        .page("/sign-in/callback/{provider}", Nothing, by_provider::arrive)
        .act("/language", Nothing, sign_in::language)
        .page("/invitation/{organisation}/{token}", Nothing, invitation::show)
        .act("/invitation/{organisation}/{token}", Nothing, invitation::take_up)
        .page("/accessibility", Nothing, help::accessibility)
        .act("/sign-out", SignIn, sign_in::sign_out)
        .page("/help", SignIn, help::show)
        .page("/account", SignIn, account::show)
        .act("/account/stay", SignIn, account::stay)
        .act("/account/preferences", SignIn, account::preferences)
        .act("/account/password", SignIn, account::password)
        .act("/account/sessions", SignIn, account::end_sessions)
        .page("/account/second-step", SignIn, account::second_step)
        .act("/account/second-step", SignIn, account::begin_second_step)
        .act("/account/second-step/off", SignIn, account::end_second_step)
        .page("/", RECORD, landing::show)
        .page(live::PATH, RECORD, live::stream)
        .act("/take", RECORD, landing::take)
        .page("/people", RECORD, people::show)
        .page("/people/{person}", RECORD, person::show)
        .page("/people/{person}/record", AUDIT, person::own_record::page)
        .page("/people/{person}/record/json", AUDIT, person::own_record::json)
        .page("/audit", AUDIT, audit::show)
        .page("/settings", SETTINGS, settings::show)
        .page("/settings/profile", SETTINGS, settings::profile)
        .page("/settings/connections", SETTINGS, settings::connections)
        .page("/settings/templates", SETTINGS, letter_templates::show)
        .page(letter_templates::SAMPLE, SETTINGS, letter_templates::sample)
        .page("/settings/rosters", RECORD, who_answers::show)
        .act("/settings/rosters", RECORD, who_answers::record)
        .page("/settings/staff", SETTINGS, staff_settings::show)
        .act("/settings/staff", SETTINGS, staff_settings::invite)
        .act("/settings/staff/{login}", SETTINGS, staff_settings::change)
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
