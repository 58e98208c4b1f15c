//! What a sender sees of the gateway itself: pages for people (WCAG 2.2 AA, no script, nothing
//! loaded from anywhere) and problem details for programs. No page names or confirms a person.

use chrono::{DateTime, Utc};
use hyper::header::{
    ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, RETRY_AFTER,
};
use hyper::{Response, StatusCode};
use quick_xml::escape::escape;

use crate::channels::http::answer::{Answer, Body};
use crate::channels::http::fields::{prefers_json, text};
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

/// The languages that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    English,
    Welsh,
}

impl Language {
    /// Welsh for who asks for it before English (RFC 9110 12.5.4, in the order given), English for
    /// everybody else.
    fn of(asker: &HeaderMap) -> Self {
        let asked = text(asker, ACCEPT_LANGUAGE).unwrap_or_default().to_ascii_lowercase();
        let known = asked
            .split(',')
            .map(|range| range.trim().split(['-', ';']).next().unwrap_or_default())
            .find(|language| matches!(*language, "cy" | "en"));
        if known == Some("cy") { Language::Welsh } else { Language::English }
    }

    const fn tag(self) -> &'static str {
        match self {
            Language::English => "en-GB",
            Language::Welsh => "cy",
        }
    }

    /// The limit page's title.
    const fn not_passed_on(self) -> &'static str {
        match self {
            Language::English => "Your message was not passed on",
            Language::Welsh => "Ni chafodd eich neges ei throsglwyddo",
        }
    }
}

/// Fault pages: what went wrong, said to a person.
const fn words(kind: ProblemType, language: Language) -> (&'static str, &'static str) {
    match (kind, language) {
        (ProblemType::TooLarge, Language::English) => (
            "Your message is too large",
            "The files that you attached are larger than this form takes. Please send fewer or \
             smaller files. Nothing has been sent yet.",
        ),
        (ProblemType::TooLarge, Language::Welsh) => (
            "Mae eich neges yn rhy fawr",
            "Mae'r ffeiliau a atodwyd yn fwy nag y mae'r ffurflen hon yn eu derbyn. Anfonwch lai \
             o ffeiliau neu ffeiliau llai. Nid oes dim wedi'i anfon eto.",
        ),
        (
            ProblemType::UpstreamTimeout | ProblemType::UpstreamUnavailable | ProblemType::TryAgain,
            Language::English,
        ) => (
            "We could not take your message just now",
            "The form is not working at the moment. Your message has not been sent. Please try \
             again in a few minutes.",
        ),
        (
            ProblemType::UpstreamTimeout | ProblemType::UpstreamUnavailable | ProblemType::TryAgain,
            Language::Welsh,
        ) => (
            "Ni allem dderbyn eich neges ar hyn o bryd",
            "Nid yw'r ffurflen yn gweithio ar hyn o bryd. Nid yw eich neges wedi'i hanfon. Rhowch \
             gynnig arall arni ymhen ychydig funudau.",
        ),
        (ProblemType::UnsupportedEncoding | ProblemType::InvalidBody, Language::English) => (
            "We could not read your message",
            "Your message did not arrive whole. Please try again.",
        ),
        (ProblemType::UnsupportedEncoding | ProblemType::InvalidBody, Language::Welsh) => (
            "Ni allem ddarllen eich neges",
            "Ni chyrhaeddodd eich neges yn gyfan. Rhowch gynnig arall arni.",
        ),
        (ProblemType::NotFound, Language::English) => {
            ("Page not found", "There is nothing at this address.")
        }
        (ProblemType::NotFound, Language::Welsh) => {
            ("Heb ddod o hyd i'r dudalen", "Nid oes dim yn y cyfeiriad hwn.")
        }
        (
            ProblemType::Unauthorised
            | ProblemType::Forbidden
            | ProblemType::MethodNotAllowed
            | ProblemType::ContactConflict
            | ProblemType::ContactLimited
            | ProblemType::ChannelClosed
            | ProblemType::Internal,
            Language::English,
        ) => (
            "Something went wrong",
            "Your message may not have been sent. Please try again in a few minutes.",
        ),
        (
            ProblemType::Unauthorised
            | ProblemType::Forbidden
            | ProblemType::MethodNotAllowed
            | ProblemType::ContactConflict
            | ProblemType::ContactLimited
            | ProblemType::ChannelClosed
            | ProblemType::Internal,
            Language::Welsh,
        ) => (
            "Aeth rhywbeth o'i le",
            "Efallai na chafodd eich neges ei hanfon. Rhowch gynnig arall arni ymhen ychydig \
             funudau.",
        ),
    }
}

/// A fault, as page or problem, whichever the asker would rather have.
pub fn fault(kind: ProblemType, asker: &HeaderMap) -> Answer {
    if prefers_json(asker) {
        return kind.into();
    }
    let language = Language::of(asker);
    let (title, text) = words(kind, language);
    page(kind.status(), language, title, &format!("<p>{text}</p>"))
}

/// The neutral acknowledgement: the same for what is routed and what is filed.
pub fn acknowledgement(asker: &HeaderMap) -> Answer {
    if prefers_json(asker) {
        let body = serde_json::json!({ "status": "received" }).to_string();
        return Answer::new(StatusCode::OK, "application/json", body);
    }
    let language = Language::of(asker);
    let (title, body) = match language {
        Language::English => (
            "Thank you",
            "<p>We have received your message.</p>\
             <p>If anybody is in danger, call 999.</p>",
        ),
        Language::Welsh => (
            "Diolch",
            "<p>Rydym wedi derbyn eich neges.</p>\
             <p>Os oes rhywun mewn perygl, ffoniwch 999.</p>",
        ),
    };
    page(StatusCode::OK, language, title, body)
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
        let language = Language::of(asker);
        page(kind.status(), language, language.not_passed_on(), &limited_body(text))
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

/// The notice, in the language that it is written in, a paragraph a line: it names other ways, the
/// emergency number, the reference and how to appeal.
fn limited_body(text: &str) -> String {
    let paragraphs = text.split('\n').map(str::trim).filter(|line| !line.is_empty());
    let paragraphs: String =
        paragraphs.map(|paragraph| format!("<p>{}</p>\n", escape(paragraph))).collect();
    format!("<div lang=\"en-GB\">\n{paragraphs}</div>")
}

fn page(status: StatusCode, language: Language, title: &str, body: &str) -> Answer {
    let tag = language.tag();
    let html = format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
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
