//! What the gateway's own pages say, in the languages that they speak.

use hyper::header::{ACCEPT_LANGUAGE, HeaderMap};

use crate::channels::http::fields::text;
use crate::channels::http::problem::ProblemType;
use crate::domain::language::Language;

/// The first of the two languages that the asker names (RFC 9110 12.5.4, by weight, then in the order
/// given). Who names neither is spoken to in English.
pub(super) fn asked_language(asker: &HeaderMap) -> Language {
    let asked = text(asker, ACCEPT_LANGUAGE).unwrap_or_default().to_ascii_lowercase();
    let mut best = (0.0, Language::English);
    for range in asked.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let Some(language) = Language::of_tag(parts.next().unwrap_or_default()) else { continue };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| {
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

/// The language of a page, as its markup names it.
pub(super) const fn page_tag(language: Language) -> &'static str {
    match language {
        Language::English => "en-GB",
        Language::Welsh => "cy",
    }
}

/// The detailed page's title.
pub(super) const fn not_passed_on(language: Language, kept: ContactKept) -> &'static str {
    match (language, kept) {
        (Language::English, ContactKept::Whole) => "We did not pass on your message",
        (Language::Welsh, ContactKept::Whole) => "Ni wnaethom anfon eich neges ymlaen",
        (Language::English, ContactKept::Nothing) => "We did not send your message",
        (Language::Welsh, ContactKept::Nothing) => "Ni wnaethom anfon eich neges",
    }
}

/// In place of a notice that is missing.
pub(super) const fn without_notice(language: Language) -> &'static str {
    match language {
        Language::English => {
            "We did not pass on your message. If you think this is wrong, you can appeal. Tell us in \
             any way that you want to."
        }
        Language::Welsh => {
            "Ni wnaethom anfon eich neges ymlaen. Os ydych yn meddwl bod hyn yn anghywir, gallwch \
             apelio. Dywedwch wrthym mewn unrhyw ffordd eich bod am wneud hynny."
        }
    }
}

pub(super) const fn what_you_sent(language: Language) -> &'static str {
    match language {
        Language::English => "What you sent",
        Language::Welsh => "Beth a anfonwyd gennych",
    }
}

/// The neutral page's title.
pub(super) const fn received(language: Language) -> &'static str {
    match language {
        Language::English => "We have received your message",
        Language::Welsh => "Rydym wedi cael eich neges",
    }
}

/// Under the neutral page's title.
pub(super) const fn kept(language: Language) -> &'static str {
    match language {
        Language::English => "Thank you. Your message is safe. You do not need to send it again.",
        Language::Welsh => "Diolch. Mae eich neges yn ddiogel. Nid oes angen i chi ei hanfon eto.",
    }
}

/// Under the title of the neutral page of an endpoint that keeps nothing.
pub(super) const fn not_taken(language: Language) -> &'static str {
    match language {
        Language::English => {
            "We did not send your message, and we did not keep it. You can contact us in another way."
        }
        Language::Welsh => {
            "Ni wnaethom anfon eich neges, ac nid ydym wedi ei chadw. Gallwch gysylltu â ni mewn \
             ffordd arall."
        }
    }
}

pub(super) const fn back_home(language: Language) -> &'static str {
    match language {
        Language::English => "Back to our website",
        Language::Welsh => "Yn ôl i'n gwefan",
    }
}

pub(super) const fn back_to_form(language: Language) -> &'static str {
    match language {
        Language::English => "Back to the form",
        Language::Welsh => "Yn ôl i'r ffurflen",
    }
}

/// What went wrong, as far as it matters to a person.
enum Trouble {
    TooLarge,
    NotNow,
    TooOften,
    FilesNotKept,
    Unreadable,
    NotFound,
    Other,
}

const fn trouble(kind: ProblemType) -> Trouble {
    match kind {
        ProblemType::TooLarge => Trouble::TooLarge,
        ProblemType::UpstreamTimeout
        | ProblemType::UpstreamUnavailable
        | ProblemType::TryAgain
        | ProblemType::TooSlow => Trouble::NotNow,
        ProblemType::UnsupportedEncoding | ProblemType::InvalidBody | ProblemType::Misdirected => {
            Trouble::Unreadable
        }
        ProblemType::TooManyRequests => Trouble::TooOften,
        ProblemType::FilesNotKept => Trouble::FilesNotKept,
        ProblemType::NotFound => Trouble::NotFound,
        ProblemType::Unauthorised
        | ProblemType::TokenExpired
        | ProblemType::Forbidden
        | ProblemType::MethodNotAllowed
        | ProblemType::ContactConflict
        | ProblemType::ContactLimited
        | ProblemType::ChannelClosed
        | ProblemType::NotTaken
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
        (Trouble::TooOften, Language::English) => (
            "Please wait a minute",
            "Too many messages came from your connection. We did not take this one. Please send it \
             again in a minute. If someone is in danger, call 999.",
        ),
        (Trouble::TooOften, Language::Welsh) => (
            "Arhoswch funud",
            "Daeth gormod o negeseuon o'ch cysylltiad. Ni wnaethom dderbyn yr un hon. Anfonwch hi \
             eto ymhen munud. Os oes rhywun mewn perygl, ffoniwch 999.",
        ),
        (Trouble::FilesNotKept, Language::English) => (
            "We have your message, but not your files",
            "We have kept the words of your message. We could not keep the files that came with it, \
             because we have no room for more at the moment. Please send them again later, or bring \
             or post them to us. If someone is in danger, call 999.",
        ),
        (Trouble::FilesNotKept, Language::Welsh) => (
            "Mae eich neges gennym, ond nid eich ffeiliau",
            "Rydym wedi cadw geiriau eich neges. Ni allem gadw'r ffeiliau a ddaeth gyda hi, oherwydd \
             nid oes lle gennym i ragor ar hyn o bryd. Anfonwch nhw eto'n nes ymlaen, neu dewch â \
             nhw neu eu postio atom. Os oes rhywun mewn perygl, ffoniwch 999.",
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

/// Whether the gateway has the message that the page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactKept {
    Whole,
    /// A decision endpoint saw no body: the notice can't say that the message was kept.
    Nothing,
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
            asked_language(&asker)
        };
        for welsh in ["cy", "cy-GB", "cy, en;q=0.8", "en;q=0.5, cy;q=0.9", "fr, cy;q=0.1", "CY"] {
            assert_eq!(of(welsh), Language::Welsh, "{welsh}");
        }
        for english in ["", "en", "en, cy", "fr", "cy;q=0, en", "cy;q=2", "cyx", "cy;q=0.5, en"] {
            assert_eq!(of(english), Language::English, "{english}");
        }
    }
}
