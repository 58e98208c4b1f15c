//! What the gateway's own pages say, in the languages that they speak.

use hyper::header::{ACCEPT_LANGUAGE, HeaderMap};

use crate::channels::http::fields::text;
use crate::channels::http::problem::ProblemType;

/// The languages that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Welsh,
}

impl Language {
    /// The first of the two that the asker names (RFC 9110 12.5.4, by weight, then in the order
    /// given). Who names neither is spoken to in English.
    pub fn of(asker: &HeaderMap) -> Self {
        let asked = text(asker, ACCEPT_LANGUAGE).unwrap_or_default().to_ascii_lowercase();
        let mut best = (0.0, Language::English);
        for range in asked.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let language = match tag.split('-').next() {
                Some("cy") => Language::Welsh,
                Some("en") => Language::English,
                Some(_) | None => continue,
            };
            let weight =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| {
                    weight.trim().parse::<f64>().ok().filter(|weight| (0.0..=1.0).contains(weight))
                });
            if let Some(weight) = weight
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }

    pub const fn other(self) -> Self {
        match self {
            Language::English => Language::Welsh,
            Language::Welsh => Language::English,
        }
    }

    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en-GB",
            Language::Welsh => "cy",
        }
    }

    /// The limit page's title.
    pub const fn not_passed_on(self) -> &'static str {
        match self {
            Language::English => "Your message was not passed on",
            Language::Welsh => "Ni chafodd eich neges ei throsglwyddo",
        }
    }

    /// In place of a notice that is missing.
    pub const fn without_notice(self) -> &'static str {
        match self {
            Language::English => {
                "Your message was not passed on. You can ask us for a review of this decision in \
                 any way that is open to you."
            }
            Language::Welsh => {
                "Ni chafodd eich neges ei throsglwyddo. Gallwch ofyn i ni adolygu'r penderfyniad \
                 hwn mewn unrhyw ffordd sydd ar agor i chi."
            }
        }
    }

    /// What stands on the limit page where nothing of the message reached the gateway.
    pub const fn not_kept(self) -> &'static str {
        match self {
            Language::English => {
                "Your message has not been sent, and no copy of it was kept. An arrangement is in \
                 place on how you contact us."
            }
            Language::Welsh => {
                "Nid yw eich neges wedi'i hanfon, ac ni chadwyd copi ohoni. Mae trefniant ar waith \
                 ynghylch sut yr ydych yn cysylltu â ni."
            }
        }
    }

    /// The neutral acknowledgement: a title and paragraphs.
    pub const fn thanks(self) -> (&'static str, &'static str) {
        match self {
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
        }
    }
}

/// What went wrong, as far as it matters to a person.
enum Trouble {
    TooLarge,
    NotNow,
    Unreadable,
    NotFound,
    Other,
}

const fn trouble(kind: ProblemType) -> Trouble {
    match kind {
        ProblemType::TooLarge => Trouble::TooLarge,
        ProblemType::UpstreamTimeout | ProblemType::UpstreamUnavailable | ProblemType::TryAgain => {
            Trouble::NotNow
        }
        ProblemType::UnsupportedEncoding | ProblemType::InvalidBody | ProblemType::Misdirected => {
            Trouble::Unreadable
        }
        ProblemType::NotFound => Trouble::NotFound,
        ProblemType::Unauthorised
        | ProblemType::Forbidden
        | ProblemType::MethodNotAllowed
        | ProblemType::ContactConflict
        | ProblemType::ContactLimited
        | ProblemType::ChannelClosed
        | ProblemType::Internal => Trouble::Other,
    }
}

/// Fault pages: a title and a sentence or two.
pub(super) const fn fault_words(
    kind: ProblemType,
    language: Language,
) -> (&'static str, &'static str) {
    match (trouble(kind), language) {
        (Trouble::TooLarge, Language::English) => (
            "Your message is too large",
            "The files that you attached are larger than this form takes. Please send fewer or \
             smaller files. Nothing has been sent yet.",
        ),
        (Trouble::TooLarge, Language::Welsh) => (
            "Mae eich neges yn rhy fawr",
            "Mae'r ffeiliau a atodwyd yn fwy nag y mae'r ffurflen hon yn eu derbyn. Anfonwch lai \
             o ffeiliau neu ffeiliau llai. Nid oes dim wedi'i anfon eto.",
        ),
        (Trouble::NotNow, Language::English) => (
            "We could not take your message just now",
            "The form is not working at the moment. Your message has not been sent. Please try \
             again in a few minutes.",
        ),
        (Trouble::NotNow, Language::Welsh) => (
            "Ni allem dderbyn eich neges ar hyn o bryd",
            "Nid yw'r ffurflen yn gweithio ar hyn o bryd. Nid yw eich neges wedi'i hanfon. Rhowch \
             gynnig arall arni ymhen ychydig funudau.",
        ),
        (Trouble::Unreadable, Language::English) => (
            "We could not read your message",
            "Your message did not arrive whole. Please try again.",
        ),
        (Trouble::Unreadable, Language::Welsh) => (
            "Ni allem ddarllen eich neges",
            "Ni chyrhaeddodd eich neges yn gyfan. Rhowch gynnig arall arni.",
        ),
        (Trouble::NotFound, Language::English) => {
            ("Page not found", "There is nothing at this address.")
        }
        (Trouble::NotFound, Language::Welsh) => {
            ("Heb ddod o hyd i'r dudalen", "Nid oes dim yn y cyfeiriad hwn.")
        }
        (Trouble::Other, Language::English) => (
            "Something went wrong",
            "Your message may not have been sent. Please try again in a few minutes.",
        ),
        (Trouble::Other, Language::Welsh) => (
            "Aeth rhywbeth o'i le",
            "Efallai na chafodd eich neges ei hanfon. Rhowch gynnig arall arni ymhen ychydig \
             funudau.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn the_language_is_the_one_that_is_asked_for_most() {
        let of = |value: &'static str| {
            let mut asker = HeaderMap::new();
            asker.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(value));
            Language::of(&asker)
        };
        for welsh in ["cy", "cy-GB", "cy, en;q=0.8", "en;q=0.5, cy;q=0.9", "fr, cy;q=0.1", "CY"] {
            assert_eq!(of(welsh), Language::Welsh, "{welsh}");
        }
        for english in ["", "en", "en, cy", "fr", "cy;q=0, en", "cy;q=2", "cyx", "cy;q=0.5, en"] {
            assert_eq!(of(english), Language::English, "{english}");
        }
    }
}
