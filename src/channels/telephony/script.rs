//! What a caller meets, step by step, in words that every provider's document can say.

use super::settings::TelephonySettings;
use crate::domain::lane::AskedLane;
use crate::domain::language::Language;

/// The words, with their language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Speech {
    pub language: Language,
    pub text: String,
}

impl Speech {
    pub(super) fn new(language: Language, text: &str) -> Self {
        Speech { language, text: text.to_owned() }
    }

    /// The tag of the voice: the entry's own for its language, so that Welsh is never read by an
    /// English voice, nor English by a Welsh one.
    pub(super) fn tag<'e>(&self, entry: &'e TelephonySettings) -> &'e str {
        match Language::of_tag(&entry.language) {
            Some(own) if own == self.language => &entry.language,
            Some(_) | None => self.language.regional_tag(),
        }
    }

    /// The name of a voice if the language does not select one: the one Welsh voice of Twilio, Telnyx
    /// and Plivo is Amazon's.
    pub(super) const fn voice(&self) -> Option<&'static str> {
        match self.language {
            Language::Welsh => Some("Polly.Gwyneth"),
            Language::English => None,
        }
    }
}

/// One step of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Say(Vec<Speech>),
    /// Speaks, and waits for one key. Without one the next step follows.
    Ask {
        say: Vec<Speech>,
        next: Next,
    },
    Dial {
        to: Target,
        /// Seconds that it rings.
        ring: u32,
        /// Minutes that the call lasts at most.
        minutes: Option<u32>,
        next: Next,
    },
    Record {
        /// Seconds at most.
        seconds: u32,
        next: Next,
    },
    /// Not answered at all. The only element of its script.
    Reject,
    HangUp,
}

/// Who is dialled.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Target {
    Number(String),
    Sip(String),
}

impl Target {
    /// A number, or a SIP URI, as a setting gives it.
    pub(super) fn of(value: &str) -> Self {
        let lowered = value.get(..5).unwrap_or(value).to_ascii_lowercase();
        if lowered.starts_with("sip:") || lowered.starts_with("sips:") {
            Target::Sip(value.to_owned())
        } else {
            Target::Number(value.to_owned())
        }
    }
}

/// Shows only the kind.
impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Target::Number(_) => "Number",
            Target::Sip(_) => "Sip",
        })
    }
}

/// Where the provider asks what follows. Every step that takes time names one: without it a
/// provider asks at the call's own address again, and the call would seem to be a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The point of contact, or the deputy with this number, was rung.
    DialResult { leg: usize },
    /// The emergency number was rung.
    EmergencyResult,
    /// A key was pressed, or none, at a place of the menu.
    Menu(MenuPlace),
    /// A voicemail was left, the call still on; on the lane that the caller asked for.
    Recorded { about: Option<AskedLane> },
    /// A voicemail is ready to be heard.
    Recording { about: Option<AskedLane> },
    /// How the call went, as the provider tells it on its own.
    Status,
    /// Nothing follows.
    Done,
}

impl Next {
    /// What follows the entry's own address.
    pub fn path(self) -> String {
        match self {
            Next::DialResult { leg } => format!("/dial-result?leg={leg}"),
            Next::EmergencyResult => "/emergency-result".to_owned(),
            Next::Menu(MenuPlace { page, tries, steps, language }) => {
                let language = language.map(|one| format!("&lang={}", one.tag()));
                let language = language.unwrap_or_default();
                format!("/menu?page={page}&tries={tries}&steps={steps}{language}")
            }
            Next::Recorded { about } => format!("/recorded{}", about_query(about)),
            Next::Recording { about } => format!("/recording{}", about_query(about)),
            Next::Status => "/status".to_owned(),
            Next::Done => "/done".to_owned(),
        }
    }

    /// Where the recording of a voicemail is announced.
    pub const fn recording(self) -> Self {
        match self {
            Next::Recorded { about } => Next::Recording { about },
            Next::DialResult { .. }
            | Next::EmergencyResult
            | Next::Menu(_)
            | Next::Recording { .. }
            | Next::Status
            | Next::Done => Next::Recording { about: None },
        }
    }

    /// The continuation at a path, with its query. Other paths belong to the existing
    /// call flow.
    pub fn at(behind: &str, query: &[(String, String)]) -> Option<Self> {
        let value = |name: &str| {
            query.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
        };
        let number = |name| value(name).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
        let place = |name| usize::try_from(number(name)).unwrap_or(0);
        let about = AskedLane::ALL.into_iter().find(|lane| Some(lane.name()) == value("about"));
        Some(match behind {
            "/dial-result" => Next::DialResult { leg: place("leg") },
            "/emergency-result" => Next::EmergencyResult,
            "/menu" => Next::Menu(MenuPlace {
                page: place("page"),
                tries: number("tries"),
                steps: number("steps"),
                language: value("lang").and_then(Language::of_tag),
            }),
            // Calls that began under an earlier version ask here.
            "/emergency" => Next::Menu(MenuPlace::FIRST),
            "/recorded" => Next::Recorded { about },
            "/recording" => Next::Recording { about },
            "/status" => Next::Status,
            "/done" => Next::Done,
            _ => return None,
        })
    }
}

fn about_query(about: Option<AskedLane>) -> String {
    about.map(|lane| format!("?about={}", lane.name())).unwrap_or_default()
}

/// The full address of a continuation, as the provider is given it.
pub(super) fn address(entry: &TelephonySettings, next: Next) -> String {
    let mut base = entry.public_url.clone();
    base.set_query(None);
    base.set_fragment(None);
    format!("{}{}", base.as_str().trim_end_matches('/'), next.path())
}

/// Where a caller is in the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MenuPlace {
    /// 0: what every caller hears first; then the notice, piece by piece.
    pub page: usize,
    /// Wrong keys and silences in a row.
    pub tries: u32,
    /// Everything heard so far.
    pub steps: u32,
    /// The language that the caller chose; `None`: the one that it began in.
    pub language: Option<Language>,
}

impl MenuPlace {
    pub const FIRST: MenuPlace = MenuPlace { page: 0, tries: 0, steps: 0, language: None };

    pub(super) const fn at(self, page: usize, tries: u32) -> Self {
        MenuPlace { page, tries, steps: self.steps.saturating_add(1), language: self.language }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_continuation_is_found_at_its_path() {
        let all = [
            Next::DialResult { leg: 2 },
            Next::EmergencyResult,
            Next::Menu(MenuPlace { page: 2, tries: 1, steps: 7, language: Some(Language::Welsh) }),
            Next::Menu(MenuPlace::FIRST),
            Next::Recorded { about: None },
            Next::Recorded { about: Some(AskedLane::Appeal) },
            Next::Recording { about: Some(AskedLane::Adjustment) },
            Next::Status,
            Next::Done,
        ];
        for next in all {
            let path = next.path();
            let (behind, query) = path.split_once('?').unwrap_or((&*path, ""));
            let query: Vec<(String, String)> =
                form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            assert_eq!(Next::at(behind, &query), Some(next));
        }
        assert_eq!(Next::at("/sales", &[]), None);
        assert_eq!(Next::at("", &[]), None);
    }

    #[test]
    fn a_sip_uri_is_told_from_a_number() {
        assert_eq!(Target::of("+441910000000"), Target::Number("+441910000000".to_owned()));
        assert_eq!(Target::of("SIP:a@b.example"), Target::Sip("SIP:a@b.example".to_owned()));
        assert_eq!(Target::of("é"), Target::Number("é".to_owned()));
    }
}
