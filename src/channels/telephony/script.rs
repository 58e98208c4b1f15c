//! What a caller meets, step by step, in words that every provider's document can say.

use super::settings::TelephonySettings;

/// One step of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Say(String),
    /// Speaks, and waits for one key. Without one the next step follows.
    Ask {
        say: String,
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
    /// Not answered at all. Stands alone.
    Reject,
    HangUp,
}

/// Who is dialled.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    Number(String),
    Sip(String),
}

impl Target {
    /// A number, or a SIP URI, as a setting gives it.
    pub fn of(value: &str) -> Self {
        let lowered = value.get(..5).unwrap_or(value).to_ascii_lowercase();
        if lowered.starts_with("sip:") || lowered.starts_with("sips:") {
            Target::Sip(value.to_owned())
        } else {
            Target::Number(value.to_owned())
        }
    }
}

/// Shows the kind alone.
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
    /// A key was pressed after the notice.
    Key,
    /// A voicemail was left, the call still on.
    Recorded,
    /// A voicemail is ready to be heard.
    Recording,
    /// How the call went, as the provider tells it on its own.
    Status,
    /// Nothing follows.
    Done,
}

impl Next {
    /// What stands behind the entry's own address.
    pub fn path(self) -> String {
        match self {
            Next::DialResult { leg } => format!("/dial-result?leg={leg}"),
            Next::EmergencyResult => "/emergency-result".to_owned(),
            Next::Key => "/emergency".to_owned(),
            Next::Recorded => "/recorded".to_owned(),
            Next::Recording => "/recording".to_owned(),
            Next::Status => "/status".to_owned(),
            Next::Done => "/done".to_owned(),
        }
    }

    /// The continuation at a path, `leg` from the query. Paths that are none of ours belong to the
    /// existing call flow.
    pub fn at(behind: &str, leg: Option<&str>) -> Option<Self> {
        Some(match behind {
            "/dial-result" => {
                Next::DialResult { leg: leg.and_then(|leg| leg.parse().ok()).unwrap_or(0) }
            }
            "/emergency-result" => Next::EmergencyResult,
            "/emergency" => Next::Key,
            "/recorded" => Next::Recorded,
            "/recording" => Next::Recording,
            "/status" => Next::Status,
            "/done" => Next::Done,
            _ => return None,
        })
    }
}

/// The full address of a continuation, as the provider is given it.
pub fn address(entry: &TelephonySettings, next: Next) -> String {
    let mut base = entry.public_url.clone();
    base.set_query(None);
    base.set_fragment(None);
    format!("{}{}", base.as_str().trim_end_matches('/'), next.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_continuation_is_found_at_its_path() {
        let all = [
            Next::DialResult { leg: 2 },
            Next::EmergencyResult,
            Next::Key,
            Next::Recorded,
            Next::Recording,
            Next::Status,
            Next::Done,
        ];
        for next in all {
            let path = next.path();
            let (behind, leg) =
                path.split_once("?leg=").map_or((&*path, None), |(b, l)| (b, Some(l)));
            assert_eq!(Next::at(behind, leg), Some(next));
        }
        assert_eq!(Next::at("/menu", None), None);
        assert_eq!(Next::at("", None), None);
    }

    #[test]
    fn a_sip_uri_is_told_from_a_number() {
        assert_eq!(Target::of("+441910000000"), Target::Number("+441910000000".to_owned()));
        assert_eq!(Target::of("SIP:a@b.example"), Target::Sip("SIP:a@b.example".to_owned()));
        assert_eq!(Target::of("é"), Target::Number("é".to_owned()));
    }
}
