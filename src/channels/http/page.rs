//! What a sender sees of the gateway itself: pages for people (WCAG 2.2 AA, no script, nothing
//! loaded from anywhere) and problem details for programs. No page names or confirms a person.

mod notice;
mod words;

use std::fmt::Write;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, RETRY_AFTER, VARY,
};
use hyper::{Response, StatusCode};
use quick_xml::escape::escape;

use self::words::{asked_language, fault_words};
use super::answer::Answer;
use super::body::Body;
use super::fields::prefers_json;
use super::look::Look;
use super::problem::{Problem, ProblemType};
use crate::domain::decision::Decision;
use crate::domain::language::Language;
use crate::domain::notice::{NoticePart, parts_for_everybody, sections, text};
use crate::domain::organisation::Organisation;

pub use self::notice::{Shown, parts as notice_parts};
pub use self::words::ContactKept;

const HTML: &str = "text/html; charset=utf-8";

/// A fault, as page or problem, whichever the asker would rather have.
pub fn fault(kind: ProblemType, asker: &HeaderMap, look: &Look) -> Answer {
    if prefers_json(asker) {
        return kind.into();
    }
    page(kind.status(), asker, look, None, |language| {
        let (title, text) = fault_words(kind, language);
        (title, format!("<p>{text}</p>"))
    })
}

/// Too many posts of one client, and how long to wait.
pub fn too_often(wait: Duration, asker: &HeaderMap, look: &Look) -> Answer {
    let answer = fault(ProblemType::TooManyRequests, asker, look);
    answer.with(RETRY_AFTER.as_str(), HeaderValue::from(wait.as_secs()))
}

/// The header fields that say which answer is wanted, for one that is made when the request is gone.
pub fn asked_for(headers: &HeaderMap) -> HeaderMap {
    let wishes = [ACCEPT, ACCEPT_LANGUAGE].into_iter();
    wishes.filter_map(|name| headers.get(&name).cloned().map(|value| (name, value))).collect()
}

/// A fault's page or problem as a response.
pub fn fault_response(kind: ProblemType, asker: &HeaderMap, look: &Look) -> Response<Body> {
    fault(kind, asker, look).into()
}

/// The neutral page: the same for everybody whose message is kept, whatever was decided. It reveals
/// nothing of the person whose address was entered, since anybody may have typed it.
pub fn received(
    status: StatusCode,
    organisation: &Organisation,
    now: DateTime<Utc>,
    asker: &HeaderMap,
    look: &Look,
    back: Option<&str>,
) -> Answer {
    if prefers_json(asker) {
        let body = serde_json::json!({ "status": "received" }).to_string();
        return Answer::new(status, "application/json", body);
    }
    let parts = parts_for_everybody(organisation, now);
    page(status, asker, look, back, |language| {
        let kept = format!("<p>{}</p>\n", words::kept(language));
        let body = notice::of_sections(&sections(&parts, language));
        (words::received(language), format!("{kept}{body}"))
    })
}

/// The neutral page of an endpoint that keeps nothing: the same for everybody whose request is not passed
/// on. It says what to do instead, and nothing of the person whose address was given.
pub fn not_taken(
    organisation: &Organisation,
    now: DateTime<Utc>,
    asker: &HeaderMap,
    look: &Look,
) -> Answer {
    let kind = ProblemType::NotTaken;
    if prefers_json(asker) {
        let problem = Problem::new(kind).detail(words::not_taken(Language::English));
        return match &organisation.emergency {
            Some(emergency) => problem.member("emergency", emergency.as_str()).answer(),
            None => problem.answer(),
        };
    }
    let mut parts = parts_for_everybody(organisation, now);
    // Nobody reads a contact that is not kept.
    parts.retain(|part| !matches!(part, NoticePart::ReadBy { .. }));
    page(kind.status(), asker, look, None, |language| {
        let said = format!("<p>{}</p>\n", words::not_taken(language));
        let body = notice::of_sections(&sections(&parts, language));
        (words::not_passed_on(language, ContactKept::Nothing), format!("{said}{body}"))
    })
}

/// The page for a limited sender who is known to be the person, or if the form may say so: what,
/// until when, other ways, in an emergency, under which reference.
pub fn limited(
    decision: &Decision,
    organisation: &Organisation,
    now: DateTime<Utc>,
    asker: &HeaderMap,
    look: &Look,
    shown: Shown<'_>,
) -> Answer {
    let opens = decision.notice.as_ref().and_then(|notice| notice.next_slot);
    let kind = if opens.is_some() && opens_by_time(decision) {
        ProblemType::ContactLimited
    } else {
        ProblemType::ChannelClosed
    };
    let answer = if prefers_json(asker) {
        let mut problem = Problem::new(kind)
            .detail(detail(decision, shown.kept))
            .member("reference", &*decision.contact);
        if let Some(opens) = opens {
            problem = problem.member("next_slot", opens.to_rfc3339());
        }
        if let Some(emergency) = &organisation.emergency {
            problem = problem.member("emergency", emergency.as_str());
        }
        problem.answer()
    } else {
        page(kind.status(), asker, look, shown.back, |language| {
            let title = words::not_passed_on(language, shown.kept);
            (title, notice::limited(decision, language, shown))
        })
    };
    let answer = match rate_limit(decision, now) {
        Some((policy, state)) => answer.with("ratelimit-policy", policy).with("ratelimit", state),
        None => answer,
    };
    match opens {
        Some(opens) if kind == ProblemType::ContactLimited => {
            let seconds = opens.signed_duration_since(now).num_seconds().max(1);
            answer.with(RETRY_AFTER.as_str(), HeaderValue::from(seconds))
        }
        Some(_) | None => answer,
    }
}

/// The notice for a program, in English.
fn detail(decision: &Decision, kept: ContactKept) -> String {
    match &decision.notice {
        Some(told) if !told.parts.is_empty() => text(&notice::parts(told, kept), Language::English),
        Some(told) => told.text.clone(),
        None => words::without_notice(Language::English).to_owned(),
    }
}

/// Whether waiting is all that it takes: every reason is a quota's or an hour's.
fn opens_by_time(decision: &Decision) -> bool {
    decision.reasons.iter().all(|reason| reason.code.opens_by_time())
}

/// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-09) of the quotas that
/// apply: how many contacts there are, how many are left, and in how many seconds there are more.
fn rate_limit(decision: &Decision, now: DateTime<Utc>) -> Option<(HeaderValue, HeaderValue)> {
    let mut policies = Vec::new();
    let mut states = Vec::new();
    for (at, quota) in decision.quotas.iter().enumerate() {
        // The restriction's own id stays inside; a number tells several quotas apart.
        let name = if at == 0 { "contacts".to_owned() } else { format!("contacts-{}", at + 1) };
        policies.push(format!("\"{name}\";q={}", quota.limit));
        let left = quota.limit.saturating_sub(quota.used);
        let mut state = format!("\"{name}\";r={left}");
        if let Some(resets) = quota.resets_at {
            let seconds = resets.signed_duration_since(now).num_seconds().max(0);
            state.push_str(&format!(";t={seconds}"));
        }
        states.push(state);
    }
    if policies.is_empty() {
        return None;
    }
    let policies = HeaderValue::try_from(policies.join(", ")).ok()?;
    let states = HeaderValue::try_from(states.join(", ")).ok()?;
    Some((policies, states))
}

/// A page in the language that is asked for; of an organisation that speaks both, in the other one
/// below, with a link to it on top.
fn page(
    status: StatusCode,
    asker: &HeaderMap,
    look: &Look,
    back: Option<&str>,
    content: impl Fn(Language) -> (&'static str, String),
) -> Answer {
    let language = asked_language(asker);
    let tag = words::page_tag(language);
    let (title, body) = content(language);
    let banner = banner(look);
    let Look { style, .. } = look;
    let mut main = String::new();
    if look.bilingual {
        let other = language.other();
        let (tag, name) = (words::page_tag(other), other.own_name());
        main =
            format!("<nav><a href=\"#{tag}\" lang=\"{tag}\" hreflang=\"{tag}\">{name}</a></nav>\n");
    }
    // Writing to a string can't fail.
    let _ = write!(main, "<h1>{title}</h1>\n{body}{}", way_back(look, back, language));
    if look.bilingual {
        let other = language.other();
        let (title, body) = content(other);
        let tag = words::page_tag(other);
        let back = way_back(look, back, other);
        let _ = write!(
            main,
            "<hr>\n<div id=\"{tag}\" lang=\"{tag}\">\n<h2 class=\"title\">{title}</h2>\n\
             {body}{back}</div>"
        );
    }
    let html = format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{}</title>\n\
         <style>{style}</style>\n</head>\n<body>\n{banner}<main>\n{main}\n</main>\n\
         </body>\n</html>\n",
        whole_title(title, look)
    );
    Answer::new(status, HTML, html)
        .with(CONTENT_SECURITY_POLICY.as_str(), look.policy.clone())
        .with(VARY.as_str(), HeaderValue::from_static("accept, accept-language"))
        .with("x-content-type-options", HeaderValue::from_static("nosniff"))
        .with("referrer-policy", HeaderValue::from_static("no-referrer"))
}

/// "We have received your message - Karbon Homes": what the page is, then whose (WCAG 2.2, 2.4.2).
fn whole_title(title: &str, look: &Look) -> String {
    match look.name.as_deref() {
        None | Some("") => title.to_owned(),
        Some(name) => format!("{title} - {}", escape(name)),
    }
}

/// A link to the organisation's own pages, or to the form.
fn way_back(look: &Look, back: Option<&str>, language: Language) -> String {
    let (target, words) = match (look.home.as_deref(), back) {
        (Some(home), _) => (home, words::back_home(language)),
        (None, Some(form)) => (form, words::back_to_form(language)),
        (None, None) => return String::new(),
    };
    format!("<p class=\"back\"><a href=\"{}\">{words}</a></p>\n", escape(target))
}

/// Whose page it is: the logo, or the name. A logo's text is the name that it shows (WCAG 2.2,
/// 1.1.1).
fn banner(look: &Look) -> String {
    let name = look.name.as_deref().unwrap_or_default();
    match (&look.logo, name) {
        (None, "") => String::new(),
        (None, name) => format!("<header>{}</header>\n", escape(name)),
        (Some(logo), name) => {
            format!("<header><img src=\"{}\" alt=\"{}\"></header>\n", escape(logo), escape(name))
        }
    }
}
