//! What a sender sees of the gateway itself: pages for people (WCAG 2.2 AA, no script, nothing
//! loaded from anywhere) and problem details for programs. No page names or confirms a person.

use chrono::{DateTime, Utc};
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use quick_xml::escape::escape;

use crate::channels::http::answer::{Answer, Body};
use crate::channels::http::fields::prefers_json;
use crate::channels::http::problem::{Problem, ProblemType};
use crate::domain::decision::Decision;
use crate::domain::organisation::Organisation;

const HTML: &str = "text/html; charset=utf-8";

/// Nothing but the page's own style, and no address to send a form to.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// Dark on light at a ratio above 12:1, text that grows with the reader's own settings,
/// lines short enough to follow.
const STYLE: &str = "body{font:1.125rem/1.6 system-ui,sans-serif;color:#1d1d1d;background:#fff;\
margin:0}main{max-width:38rem;margin:0 auto;padding:2rem 1rem}h1{font-size:1.75rem;line-height:1.25}\
p{overflow-wrap:anywhere}";

/// Fault pages: what went wrong, said to a person.
const fn words(kind: ProblemType) -> (&'static str, &'static str) {
    match kind {
        ProblemType::TooLarge => (
            "Your message is too large",
            "The files that you attached are larger than this form takes. Please send fewer or \
             smaller files. Nothing has been sent yet.",
        ),
        ProblemType::UpstreamTimeout | ProblemType::UpstreamUnavailable | ProblemType::TryAgain => {
            (
                "We could not take your message just now",
                "The form is not working at the moment. Your message has not been sent. Please try \
             again in a few minutes.",
            )
        }
        ProblemType::UnsupportedEncoding | ProblemType::InvalidBody => (
            "We could not read your message",
            "Your message did not arrive whole. Please try again.",
        ),
        ProblemType::NotFound => ("Page not found", "There is nothing at this address."),
        ProblemType::Unauthorised
        | ProblemType::Forbidden
        | ProblemType::MethodNotAllowed
        | ProblemType::ContactConflict
        | ProblemType::ContactLimited
        | ProblemType::ChannelClosed
        | ProblemType::Internal => (
            "Something went wrong",
            "Your message may not have been sent. Please try again in a few minutes.",
        ),
    }
}

/// A fault, as page or problem, whichever the asker would rather have.
pub fn fault(kind: ProblemType, asker: &HeaderMap) -> Answer {
    if prefers_json(asker) {
        return kind.into();
    }
    let (title, text) = words(kind);
    page(kind.status(), title, &format!("<p>{text}</p>"))
}

/// The neutral acknowledgement: the same for what is routed and what is filed.
pub fn acknowledgement(asker: &HeaderMap) -> Answer {
    if prefers_json(asker) {
        let body = serde_json::json!({ "status": "received" }).to_string();
        return Answer::new(StatusCode::OK, "application/json", body);
    }
    page(
        StatusCode::OK,
        "Thank you",
        "<p>We have received your message.</p>\
         <p>If anybody is in danger, call 999.</p>",
    )
}

/// What a limited sender is told, every time: what, until when, other ways, in an emergency,
/// under which reference.
pub fn limited(
    decision: &Decision,
    organisation: &Organisation,
    now: DateTime<Utc>,
    asker: &HeaderMap,
) -> Answer {
    let opens = decision.notice.as_ref().and_then(|notice| notice.next_slot);
    let kind = if opens.is_some() && opens_by_time(decision) {
        ProblemType::ContactLimited
    } else {
        ProblemType::ChannelClosed
    };
    let text = decision.notice.as_ref().map(|notice| notice.text.as_str()).unwrap_or(
        "Your message was not passed on. It has been kept, and you can ask us for a review of \
         this decision in any way that is open to you.",
    );
    let answer = if prefers_json(asker) {
        let mut problem = Problem::new(kind).detail(text).member("reference", &*decision.contact);
        if let Some(opens) = opens {
            problem = problem.member("next_slot", opens.to_rfc3339());
        }
        if let Some(emergency) = &organisation.emergency {
            problem = problem.member("emergency", emergency.as_str());
        }
        problem.answer()
    } else {
        page(kind.status(), "Your message was not passed on", &limited_body(text))
    };
    match opens {
        Some(opens) if kind == ProblemType::ContactLimited => {
            let seconds = opens.signed_duration_since(now).num_seconds().max(1);
            answer.with(RETRY_AFTER.as_str(), HeaderValue::from(seconds))
        }
        Some(_) | None => answer,
    }
}

/// Whether waiting is all that it takes: every reason is a quota's or an hour's.
fn opens_by_time(decision: &Decision) -> bool {
    const BY_TIME: [&str; 3] = ["contact_quota.over", "issue_quota.over", "hours_only.outside"];
    let limiting = |code: &str| code.contains('.') && !code.starts_with("safeguard.");
    decision
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .filter(|code| limiting(code))
        .all(|code| BY_TIME.contains(&code))
}

/// The notice, a paragraph a line: it names other ways, the emergency number, the reference and
/// how to appeal.
fn limited_body(text: &str) -> String {
    let paragraphs = text.split('\n').map(str::trim).filter(|line| !line.is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>\n", escape(paragraph))).collect()
}

fn page(status: StatusCode, title: &str, body: &str) -> Answer {
    let html = format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n\
         </body>\n</html>\n"
    );
    Answer::new(status, HTML, html)
        .with(CONTENT_SECURITY_POLICY.as_str(), HeaderValue::from_static(POLICY))
        .with("x-content-type-options", HeaderValue::from_static("nosniff"))
        .with("referrer-policy", HeaderValue::from_static("no-referrer"))
}

/// A fault's page or problem as a response.
pub fn fault_response(kind: ProblemType, asker: &HeaderMap) -> Response<Body> {
    fault(kind, asker).into()
}
