//! The warnings of a decision, beside its disposition: an enum here, a name on record and on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::doubt::Doubt;
use super::lane::Lane;
use super::restriction::DocumentInstruction;

const CALL_LENGTH: &str = "call_length";
const DOCUMENTS_RETURNED: &str = "documents_returned";

/// Declares each flag without a parameter once: its variant and its name.
macro_rules! flags {
    ($($(#[$about:meta])* $flag:ident = $name:literal,)+) => {
        /// One warning. Serialised as its name and, after a colon, its parameter.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum Flag {
            Safeguard(Lane),
            Identity(Doubt),
            /// The call must end after this many minutes.
            CallLength { minutes: u32 },
            DocumentsReturned(DocumentInstruction),
            $($(#[$about])* $flag,)+
            /// One that this version does not know, verbatim: of an older or a newer version.
            Other(String),
        }

        impl Flag {
            /// Its name, without a parameter.
            pub fn name(&self) -> &str {
                match self {
                    Flag::Safeguard(lane) => lane.code(),
                    Flag::Identity(doubt) => doubt.flag(),
                    Flag::CallLength { .. } => CALL_LENGTH,
                    Flag::DocumentsReturned(_) => DOCUMENTS_RETURNED,
                    $(Flag::$flag => $name,)+
                    Flag::Other(flag) => flag.split_once(':').map_or(flag, |(name, _)| name),
                }
            }

            /// The flag of this name, among those without a parameter.
            fn named(flag: &str) -> Option<Self> {
                match flag {
                    $($name => Some(Flag::$flag),)+
                    _ => None,
                }
            }
        }

        #[cfg(test)]
        const NAMED: &[(Flag, &str)] = &[$((Flag::$flag, $name),)+];
    };
}

flags! {
    /// It was not written by a person.
    Automatic = "automatic",
    PossibleNewEvidence = "possible_new_evidence",
    PossibleNewIssue = "possible_new_issue",
    IssueUnknown = "issue_unknown",
    VisitsInPairs = "visits_in_pairs",
    AppointmentOnly = "appointment_only",
    /// It came from identifiers of several records of one person. It stays on the record that the others were merged
    /// into, because it can't be divided.
    OfSeveralRecords = "merged_records",
    /// Some of it could not be read.
    Unread = "unread",
    /// Decided without a counter that a limit depends on, or with one that may be out of date.
    LimitsUnchecked = "limits_unchecked",
    /// The store is older than last seen (`past`).
    StoreBehind = "store_behind",
    /// Neither the store nor the journal recorded the decision.
    Unrecorded = "unrecorded",
    RestrictionsUnknown = "restrictions_unknown",
    DeciderFailed = "decider_failed",
    /// It would be limited or filed, but its channel has no way to do so.
    NotHeldBack = "not_held_back",
    /// On an item whose sender should be notified, but whose channel can't do that: staff may notify them in another
    /// way.
    NoticeNotSent = "notice_not_sent",
    /// Only its text is kept: the quota of kept originals left no room.
    OriginalNotKept = "original_not_kept",
    /// A request to a form that is not a submission.
    NotSubmitted = "not_submitted",
    /// A message that came back with the gateway's own mark: decided before.
    PassedByMark = "passed_by_mark",
    /// On an item that is a reminder of what falls due, not a contact. `contact` names what it is about, and its
    /// channel has no meaning.
    Reminder = "reminder",
    /// The item is a message of staff, held on its way to the person.
    Outbound = "outbound",
    /// On an item that, as staff said, did not come from the person on whose record it was.
    NotTheirs = "not_theirs",
    /// Of a second decision on a held contact: it is not another contact.
    DecidedAgain = "decided_again",
    /// On a held item that would pass now. If its original is kept, it is on its way; otherwise staff answer it.
    PassesNow = "passes_now",
}

impl From<&str> for Flag {
    fn from(flag: &str) -> Self {
        let lane = || Lane::ALL.into_iter().find(|lane| lane.code() == flag);
        let doubt = || Doubt::ALL.into_iter().find(|doubt| doubt.flag() == flag);
        Flag::named(flag)
            .or_else(|| lane().map(Flag::Safeguard))
            .or_else(|| doubt().map(Flag::Identity))
            .or_else(|| with_parameter(flag))
            .unwrap_or_else(|| Flag::Other(flag.to_owned()))
    }
}

fn with_parameter(flag: &str) -> Option<Flag> {
    let (name, parameter) = flag.split_once(':')?;
    let read = match name {
        CALL_LENGTH => Flag::CallLength { minutes: parameter.parse().ok()? },
        DOCUMENTS_RETURNED => Flag::DocumentsReturned(
            DocumentInstruction::ALL.into_iter().find(|one| one.name() == parameter)?,
        ),
        _ => return None,
    };
    // A record is written back as it was read: "+5" and "05" parse as 5, too.
    (read.to_string() == flag).then_some(read)
}

impl From<String> for Flag {
    fn from(flag: String) -> Self {
        Flag::from(flag.as_str())
    }
}

impl From<Flag> for String {
    fn from(flag: Flag) -> Self {
        match flag {
            Flag::Other(flag) => flag,
            flag => flag.to_string(),
        }
    }
}

/// The serialised form.
impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flag::CallLength { minutes } => write!(f, "{CALL_LENGTH}:{minutes}"),
            Flag::DocumentsReturned(instruction) => {
                write!(f, "{DOCUMENTS_RETURNED}:{}", instruction.name())
            }
            Flag::Other(flag) => f.write_str(flag),
            flag => f.write_str(flag.name()),
        }
    }
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

/// The flags in one line, for a header field or text.
pub fn in_a_line(flags: &[Flag], between: &str) -> String {
    flags.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_read_by_its_meaning_and_written_as_it_was() {
        let known = [
            (Flag::CallLength { minutes: 15 }, "call_length:15"),
            (Flag::DocumentsReturned(DocumentInstruction::Destroy), "documents_returned:destroy"),
            (Flag::Safeguard(Lane::Legal), "safeguard.legal"),
            (Flag::Identity(Doubt::Shared), "identity_shared"),
        ];
        for (flag, name) in NAMED.iter().chain(&known) {
            assert_eq!((&Flag::from(*name), flag.to_string().as_str()), (flag, *name));
        }
        for flag in ["call_length:long", "call_length:+5", "call_length", "older:7", "safeguard.x"]
        {
            let read: Flag = serde_json::from_value(flag.into()).unwrap();
            assert_eq!(read, Flag::Other(flag.to_owned()));
            assert_eq!(serde_json::to_value(&read).unwrap(), flag);
        }
        assert_eq!(Flag::from("older:7").name(), "older");
        assert_eq!(Flag::CallLength { minutes: 15 }.name(), "call_length");
    }

    #[test]
    fn flags_are_shown_as_they_are_written() {
        let flags = [Flag::Unread, Flag::CallLength { minutes: 15 }];
        assert_eq!(in_a_line(&flags, ", "), "unread, call_length:15");
        assert_eq!(format!("{flags:?}"), r#"["unread", "call_length:15"]"#);
        assert_eq!(in_a_line(&[], ", "), "");
        for doubt in Doubt::ALL {
            assert_eq!(Flag::from(doubt.flag()), Flag::Identity(doubt));
        }
        for lane in Lane::ALL {
            assert_eq!(Flag::from(lane.code()), Flag::Safeguard(lane));
        }
        let destroy = Flag::DocumentsReturned(DocumentInstruction::Destroy);
        assert_eq!(destroy.name(), "documents_returned");
        assert_eq!(
            Flag::from("documents_returned:burn"),
            Flag::Other("documents_returned:burn".to_owned())
        );
    }
}
