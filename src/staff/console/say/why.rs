//! Why a contact was decided as it was, in a few words: a line of the trail, where its item says more.

use super::lower;
use crate::domain::flag::Flag;
use crate::domain::language::Language;
use crate::domain::reason_code::ReasonCode;

/// "the limit is used up".
pub(super) fn why(code: &ReasonCode, language: Language) -> String {
    let (english, welsh) = match code {
        ReasonCode::Safeguard(lane) => return flag(&Flag::Safeguard(*lane), language),
        ReasonCode::Identity(doubt) => return flag(&Flag::Identity(*doubt), language),
        ReasonCode::RestrictionsUnknown => return flag(&Flag::RestrictionsUnknown, language),
        ReasonCode::DeciderFailed => return flag(&Flag::DeciderFailed, language),
        ReasonCode::NotSubmitted => return flag(&Flag::NotSubmitted, language),
        ReasonCode::PassedByMark => return flag(&Flag::PassedByMark, language),
        ReasonCode::Unread => return flag(&Flag::Unread, language),
        ReasonCode::Unrecorded => return flag(&Flag::Unrecorded, language),
        ReasonCode::Recorded => ("decided before", "penderfynwyd o'r blaen"),
        ReasonCode::Unrestricted => ("no restriction in force", "dim cyfyngiad mewn grym"),
        ReasonCode::SenderUnknown => ("sender not on record", "dim cofnod o'r anfonwr"),
        ReasonCode::WithinLimits => ("within the limits", "o fewn y terfynau"),
        ReasonCode::Representative => ("from a representative", "gan gynrychiolydd"),
        ReasonCode::Invited => ("you invited it", "chi a'i gwahoddodd"),
        ReasonCode::Automatic => ("an automatic message", "neges awtomatig"),
        ReasonCode::ChannelsOnlyClosed => {
            ("by a way that is not open to them", "drwy ffordd nad yw ar agor iddynt")
        }
        ReasonCode::ContactQuotaOver | ReasonCode::IssueQuotaOver => {
            ("the limit is used up", "mae'r terfyn wedi'i ddefnyddio")
        }
        ReasonCode::HoursOnlyOutside => {
            ("outside the agreed hours", "y tu allan i'r oriau a gytunwyd")
        }
        ReasonCode::ComplaintClosedNewEvidence
        | ReasonCode::IssueClosedNewEvidence
        | ReasonCode::ReadAndFileNewEvidence => {
            ("may hold new evidence", "gall gynnwys tystiolaeth newydd")
        }
        ReasonCode::ComplaintClosedRepeat | ReasonCode::IssueClosedRepeat => {
            ("repeats a closed matter", "mae'n ailadrodd mater sydd ar gau")
        }
        ReasonCode::ContactEndedNewIssue | ReasonCode::ReadAndFileNewIssue => {
            ("may be a new issue", "gall fod yn fater newydd")
        }
        ReasonCode::ContactEndedFiled => ("contact has ended", "mae cysylltiad wedi dod i ben"),
        ReasonCode::ReadAndFileFiled => ("read and file", "darllen a ffeilio"),
        ReasonCode::RepresentativeOnlyDirect => {
            ("only through a representative", "drwy gynrychiolydd yn unig")
        }
        ReasonCode::PointOfContactRouted => ("to the point of contact", "at y pwynt cyswllt"),
        ReasonCode::PointOfContactDeputy => {
            ("to a deputy of the point of contact", "at ddirprwy'r pwynt cyswllt")
        }
        ReasonCode::PointOfContactTeam => (
            "to the team: every point of contact is away",
            "at y tîm: mae pob pwynt cyswllt i ffwrdd",
        ),
        ReasonCode::PointOfContactUnanswered => {
            ("the point of contact did not answer in time", "nid atebodd y pwynt cyswllt mewn pryd")
        }
        ReasonCode::Other(code) => return code.replace('_', " ").replace('.', ": "),
    };
    if language == Language::English { english.to_owned() } else { welsh.to_owned() }
}

fn flag(flag: &Flag, language: Language) -> String {
    lower(&super::flag(flag, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_has_words_in_either_language_and_no_code() {
        for code in [
            "contact_quota.over",
            "single_point_of_contact.routed",
            "read_and_file.new_evidence",
            "safeguard.emergency",
            "identity.shared",
            "unread",
        ] {
            for language in [Language::English, Language::Welsh] {
                let said = why(&ReasonCode::from(code), language);
                assert!(!said.contains(['.', '_', ':']), "{code}: {said}");
            }
        }
        assert_eq!(why(&"contact_quota.over".into(), Language::English), "the limit is used up");
    }
}
