//! The stable code of a reason: a safeguard's lane, a doubt, or what a row of the decision order found.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::doubt::Doubt;
use super::lane::Lane;

/// Declares each code once: its variant and its name.
macro_rules! reason_codes {
    ($($(#[$about:meta])* $code:ident = $name:literal,)+) => {
        /// The code of a reason. Serialised as its name.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum ReasonCode {
            Safeguard(Lane),
            Identity(Doubt),
            $($(#[$about])* $code,)+
            /// One that this version does not know, verbatim: of an older or a newer version.
            Other(String),
        }

        impl ReasonCode {
            pub fn as_str(&self) -> &str {
                match self {
                    ReasonCode::Safeguard(lane) => lane.code(),
                    ReasonCode::Identity(doubt) => doubt.code(),
                    $(ReasonCode::$code => $name,)+
                    ReasonCode::Other(code) => code,
                }
            }

            /// The code of this name, among those that are neither a lane nor a doubt.
            fn named(code: &str) -> Option<Self> {
                match code {
                    $($name => Some(ReasonCode::$code),)+
                    _ => None,
                }
            }
        }

        #[cfg(test)]
        const NAMED: &[(ReasonCode, &str)] = &[$((ReasonCode::$code, $name),)+];
    };
}

reason_codes! {
    /// Decided before (row 0).
    Recorded = "recorded",
    Unrestricted = "unrestricted",
    SenderUnknown = "sender_unknown",
    WithinLimits = "within_limits",
    Representative = "representative",
    Invited = "invited",
    Automatic = "automatic",
    ChannelsOnlyClosed = "channels_only.closed",
    ComplaintClosedNewEvidence = "complaint_closed.new_evidence",
    ComplaintClosedRepeat = "complaint_closed.repeat",
    ContactEndedFiled = "contact_ended.filed",
    ContactEndedNewIssue = "contact_ended.new_issue",
    ContactQuotaOver = "contact_quota.over",
    HoursOnlyOutside = "hours_only.outside",
    IssueClosedNewEvidence = "issue_closed.new_evidence",
    IssueClosedRepeat = "issue_closed.repeat",
    IssueQuotaOver = "issue_quota.over",
    ReadAndFileFiled = "read_and_file.filed",
    ReadAndFileNewEvidence = "read_and_file.new_evidence",
    ReadAndFileNewIssue = "read_and_file.new_issue",
    RepresentativeOnlyDirect = "representative_only.direct",
    PointOfContactRouted = "single_point_of_contact.routed",
    PointOfContactDeputy = "single_point_of_contact.deputy",
    PointOfContactTeam = "single_point_of_contact.team",
    /// Who had it did not take it up in time: it was passed on.
    PointOfContactUnanswered = "single_point_of_contact.unanswered",
    RestrictionsUnknown = "restrictions_unknown",
    DeciderFailed = "decider_failed",
    NotSubmitted = "not_submitted",
    PassedByMark = "passed_by_mark",
    Unread = "unread",
    Unrecorded = "unrecorded",
}

impl ReasonCode {
    /// Whether the cause ends by itself as time passes: a quota, hours, or one that keeps nobody away.
    pub fn opens_by_time(&self) -> bool {
        match self {
            ReasonCode::Safeguard(_)
            | ReasonCode::ContactQuotaOver
            | ReasonCode::IssueQuotaOver
            | ReasonCode::HoursOnlyOutside => true,
            // The codes of a restriction begin with its kind.
            other => !other.as_str().contains('.'),
        }
    }

    /// The lane of a safeguard.
    pub const fn lane(&self) -> Option<Lane> {
        if let ReasonCode::Safeguard(lane) = self { Some(*lane) } else { None }
    }

    /// The doubt about who sent a contact.
    pub const fn doubt(&self) -> Option<Doubt> {
        if let ReasonCode::Identity(doubt) = self { Some(*doubt) } else { None }
    }
}

impl From<&str> for ReasonCode {
    fn from(code: &str) -> Self {
        let lane = || Lane::ALL.into_iter().find(|lane| lane.code() == code);
        let doubt = || Doubt::ALL.into_iter().find(|doubt| doubt.code() == code);
        ReasonCode::named(code)
            .or_else(|| lane().map(ReasonCode::Safeguard))
            .or_else(|| doubt().map(ReasonCode::Identity))
            .unwrap_or_else(|| ReasonCode::Other(code.to_owned()))
    }
}

impl From<String> for ReasonCode {
    fn from(code: String) -> Self {
        ReasonCode::from(code.as_str())
    }
}

impl From<ReasonCode> for String {
    fn from(code: ReasonCode) -> Self {
        match code {
            ReasonCode::Other(code) => code,
            code => code.as_str().to_owned(),
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_by_its_meaning_and_written_as_it_was() {
        for lane in Lane::ALL {
            let code = ReasonCode::from(format!("safeguard.{}", lane.name()));
            assert_eq!((code.lane(), code.as_str()), (Some(lane), lane.code()));
        }
        for doubt in Doubt::ALL {
            assert_eq!(ReasonCode::from(doubt.code()), ReasonCode::Identity(doubt));
        }
        for (code, name) in NAMED {
            assert_eq!((ReasonCode::from(*name), code.as_str()), (code.clone(), *name));
        }
        for code in ["contact_quota.other", "safeguard.unknown", "safeguard", ""] {
            let read: ReasonCode = serde_json::from_value(code.into()).unwrap();
            assert_eq!(read, ReasonCode::Other(code.to_owned()));
            assert_eq!(serde_json::to_value(&read).unwrap(), code);
        }
    }

    #[test]
    fn what_ends_by_itself_as_time_passes_is_known_by_its_code() {
        for (code, opens) in [
            ("safeguard.legal", true),
            ("contact_quota.over", true),
            ("issue_quota.over", true),
            ("hours_only.outside", true),
            ("within_limits", true),
            ("identity.shared", false),
            ("channels_only.closed", false),
            ("contact_ended.filed", false),
            ("later.unknown", false),
        ] {
            assert_eq!(ReasonCode::from(code).opens_by_time(), opens, "{code}");
        }
    }

    #[test]
    fn a_code_is_shown_as_its_name_and_has_a_lane_or_a_doubt_or_neither() {
        let doubtful = ReasonCode::Identity(Doubt::Shared);
        assert_eq!((doubtful.doubt(), doubtful.lane()), (Some(Doubt::Shared), None));
        let over = ReasonCode::ContactQuotaOver;
        assert_eq!((over.doubt(), over.lane()), (None, None));
        assert_eq!(format!("{over} {over:?}"), r#"contact_quota.over "contact_quota.over""#);
        assert_eq!(String::from(over), "contact_quota.over");
    }
}
