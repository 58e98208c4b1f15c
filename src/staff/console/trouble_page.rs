//! What went wrong with a request, as a page that says what may be missing and leads on.

use askama::Template;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::form::quoted;
use super::frame::{Frame, Section, go, with_status};
use super::say::role_name;
use super::trouble::Trouble;
use super::visit::{Guest, Visitor};
use super::words;
use crate::casework::Fault;
use crate::domain::broken::Broken;
use crate::domain::language::Language;
use crate::domain::permission;
use crate::domain::queue::ItemFault;
use crate::staff::Staff;

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    f: Frame,
    w: &'static words::Troubles,
    heading: &'static str,
    text: String,
    roles: Vec<String>,
    wrote: Option<String>,
    /// Where a link leads on, and what it says.
    on: (String, &'static str),
}

/// The page.
pub(super) fn in_words(
    staff: &Staff,
    guest: &Guest,
    visit: Option<&Visitor>,
    trouble: Trouble,
    wrote: Option<String>,
) -> Response {
    let w = words::Troubles::of(guest.language);
    let status = trouble.status();
    let sign_in = |back: &str| (format!("/sign-in?next={}", quoted(back)), w.sign_in);
    let mut on = ("/".to_owned(), w.home);
    let mut roles = Vec::new();
    let mut written = wrote.filter(|wrote| !wrote.is_empty());
    let (heading, text) = match trouble {
        Trouble::SignedOut => return go(&sign_in(&guest.here).0),
        Trouble::SignedOutWriting { wrote } => {
            on = sign_in(before_act(&guest.here));
            let empty = wrote.is_empty();
            written = (!empty).then_some(wrote);
            let text = if empty { w.signed_out_plain } else { w.signed_out_text };
            (w.signed_out, text.to_owned())
        }
        Trouble::OwesSecondStep => return go("/account/second-step"),
        Trouble::NotAllowed(duties) => {
            let profile = visit.map(|visit| &visit.organisation.profile);
            let able = profile
                .zip(duties.first())
                .map(|(profile, duty)| permission::roles_with(profile, *duty));
            let able = able.unwrap_or_default();
            roles = able.into_iter().map(|role| role_name(role, guest.language)).collect();
            let role = visit.map(|visit| role_name(visit.role(), guest.language));
            let text = if roles.is_empty() { w.nobody } else { w.not_allowed_text };
            let own = role.map(|role| format!("{} {role}. ", w.your_role)).unwrap_or_default();
            (w.not_allowed, format!("{own}{text}"))
        }
        Trouble::NotFound => (w.not_found, w.not_found_text.to_owned()),
        Trouble::OtherSite => (w.other_site, w.other_site_text.to_owned()),
        Trouble::TooLong => (w.too_long, w.too_long_text.to_owned()),
        Trouble::NoRoom => (w.away, w.no_room.to_owned()),
        Trouble::BeingDone => (w.being_done, w.being_done_text.to_owned()),
        Trouble::Ours => (w.ours, w.ours_text.to_owned()),
        Trouble::Casework(fault) => of_fault(&fault, guest.language),
    };
    let frame = match visit {
        Some(visit) => Frame::of(staff, visit, Section::Beside, heading),
        None => {
            if !matches!(on.1, link if link == w.sign_in) {
                on = ("/sign-in".to_owned(), w.sign_in);
            }
            Frame::outside(staff, guest, None, heading)
        }
    };
    let page = TroublePage { f: frame, w, heading, text, roles, wrote: written, on };
    let mut response = with_status(status, &page).unwrap_or_else(|_| status.into_response());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("30"));
    }
    response
}

/// The page on which something was to be done: its own address, or the part before the act's.
fn before_act(here: &str) -> &str {
    let path = here.split('?').next().unwrap_or("/");
    let acts = ["/take", "/bulk", "/preferences", "/password", "/sessions", "/off"];
    acts.iter()
        .find_map(|act| path.strip_suffix(act))
        .map(|page| if page.is_empty() { "/" } else { page })
        .unwrap_or(path)
}

/// What a verb ran into, in a heading and a sentence.
pub(super) fn of_fault(fault: &Fault, language: Language) -> (&'static str, String) {
    let w = words::Troubles::of(language);
    let (heading, text) = match fault {
        Fault::NotFound(_) | Fault::Moved { .. } => (w.not_found, w.not_found_text),
        Fault::Item(ItemFault::Done(_)) => (w.refused, w.item_done),
        Fault::Item(ItemFault::ClaimedByAnother) => (w.refused, w.item_taken),
        Fault::Item(ItemFault::NothingDone(_)) => (w.refused, w.item_not_done),
        Fault::Item(ItemFault::NothingKept) => (w.refused, w.nothing_kept),
        Fault::Item(ItemFault::OwnMessage) => (w.refused, w.own_message),
        Fault::ReleaseUnderWay => (w.busy, w.under_way),
        Fault::OriginalMissing(_) => (w.refused, w.original_missing),
        Fault::OriginalAltered(_) => (w.refused, w.original_altered),
        Fault::Delivery(error) => {
            tracing::warn!(%error, "a release could not be delivered");
            (w.refused, w.not_delivered)
        }
        Fault::Exists(_) => (w.refused, w.exists),
        Fault::Contended | Fault::Changed(_) | Fault::VersionChanged { .. } => {
            (w.busy, w.busy_text)
        }
        Fault::DeadLetters(_) => (w.away, w.away_text),
        Fault::Store(error) if error.is_retryable() => (w.away, w.away_text),
        Fault::Store(error) => {
            tracing::error!(%error, "a page met a fault of the store");
            (w.ours, w.ours_text)
        }
        Fault::Broken(broken) => return (w.refused, rules(broken)),
        Fault::AmbiguousRestriction(_)
        | Fault::Invalid(_)
        | Fault::WouldEnd(_)
        | Fault::StepNeeded { .. }
        | Fault::Refused(_) => return (w.refused, fault.to_string()),
    };
    (heading, text.to_owned())
}

/// Every rule that a step breaks, in the policy's words with the clause.
fn rules(broken: &[Broken]) -> String {
    let one = |rule: &Broken| match &rule.clause {
        Some(clause) => format!("{} ({clause}).", rule.what),
        None => format!("{}.", rule.what),
    };
    broken.iter().map(one).collect::<Vec<_>>().join(" ")
}
