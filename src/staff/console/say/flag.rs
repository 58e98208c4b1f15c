//! What a decision's flag warns of, in words.

use crate::domain::doubt::Doubt;
use crate::domain::flag::Flag;
use crate::domain::lane::Lane;
use crate::domain::language::Language;

/// The flag in words, with its parameter.
pub(in crate::staff::console) fn flag(flag: &Flag, language: Language) -> String {
    match language {
        Language::English => english(flag),
        Language::Welsh => welsh(flag),
    }
}

fn english(flag: &Flag) -> String {
    match flag {
        Flag::Safeguard(lane) => lane.says(),
        Flag::Identity(doubt) => match doubt {
            Doubt::Shared => "Others use this address or number too",
            Doubt::Ambiguous => "It is not clear which person this is",
            Doubt::Unproven => "Who sent it is not proven",
            Doubt::Refuted => "There is evidence that somebody else sent it",
        },
        Flag::Unread => "Some of it could not be read by the gateway",
        Flag::Automatic => "It is an automatic message",
        Flag::PossibleNewEvidence => "It may hold new evidence",
        Flag::PossibleNewIssue => "It may be a new issue",
        Flag::IssueUnknown => "It is not known which issue this is about",
        Flag::VisitsInPairs => "Visit in pairs only",
        Flag::AppointmentOnly => "See them by appointment only",
        Flag::CallLength { minutes } => return format!("End the call after {minutes} minutes"),
        Flag::DocumentsReturned(instruction) => {
            return format!("What to do with documents they send: {}", instruction.name());
        }
        Flag::LimitsUnchecked => "The counters could not be asked, so the limits were not checked",
        Flag::StoreBehind => "Decided on what was last known: the records were not up to date",
        Flag::Unrecorded => "The decision could not be put on record",
        Flag::NotHeldBack => {
            "It would have been held back, but this line has nothing to answer with: it went on"
        }
        Flag::NoticeNotSent => "The sender was not notified",
        Flag::Reminder => "A reminder",
        Flag::Outbound => "A message to this person, written by one of your colleagues",
        Flag::NotTheirs => "Somebody said that this is not the person's",
        Flag::DecidedAgain => "It was held, and is decided again",
        Flag::PassesNow => "It passes now; if its original was not kept, somebody must answer",
        Flag::OriginalNotKept => "Only its text is kept: there was no room for the message itself",
        Flag::PassedByMark => "It came round a second time, and was passed on as before",
        Flag::NotSubmitted => {
            "A form was opened with this person's details, and nothing was submitted"
        }
        Flag::OfSeveralRecords => {
            "It came from addresses or numbers of several records of one person"
        }
        Flag::RestrictionsUnknown => "The restrictions were not known at the time",
        Flag::DeciderFailed => "The decision failed because of a fault in the gateway",
        Flag::Other(name) => return super::capitalised(name),
    }
    .to_owned()
}

fn welsh(flag: &Flag) -> String {
    match flag {
        Flag::Safeguard(lane) => lane_in_welsh(*lane),
        Flag::Identity(doubt) => match doubt {
            Doubt::Shared => "Mae eraill yn defnyddio'r cyfeiriad neu'r rhif hwn hefyd",
            Doubt::Ambiguous => "Nid yw'n glir pa berson yw hwn",
            Doubt::Unproven => "Nid yw wedi'i brofi pwy a'i hanfonodd",
            Doubt::Refuted => "Mae tystiolaeth mai rhywun arall a'i hanfonodd",
        },
        Flag::Unread => "Ni allai'r porth ddarllen rhan ohono",
        Flag::Automatic => "Neges awtomatig yw hon",
        Flag::PossibleNewEvidence => "Gall gynnwys tystiolaeth newydd",
        Flag::PossibleNewIssue => "Gall fod yn fater newydd",
        Flag::IssueUnknown => "Nid yw'n hysbys pa fater yw hwn",
        Flag::VisitsInPairs => "Ymweld mewn parau yn unig",
        Flag::AppointmentOnly => "Eu gweld trwy apwyntiad yn unig",
        Flag::CallLength { minutes } => {
            return format!("Dewch â'r alwad i ben ar ôl {minutes} munud");
        }
        Flag::DocumentsReturned(instruction) => {
            return format!("Beth i'w wneud â dogfennau a anfonant: {}", instruction.name());
        }
        Flag::LimitsUnchecked => "Ni ellid holi'r cyfrifyddion, felly ni wiriwyd y terfynau",
        Flag::StoreBehind => {
            "Penderfynwyd ar yr hyn oedd yn hysbys: nid oedd y cofnodion yn gyfredol"
        }
        Flag::Unrecorded => "Ni ellid cofnodi'r penderfyniad",
        Flag::NotHeldBack => {
            "Byddai wedi'i ddal yn ôl, ond nid oes gan y llinell hon ddim i ateb ag ef: aeth ymlaen"
        }
        Flag::NoticeNotSent => "Ni hysbyswyd yr anfonwr",
        Flag::Reminder => "Nodyn atgoffa",
        Flag::Outbound => "Neges at y person hwn, gan un o'ch cydweithwyr",
        Flag::NotTheirs => "Dywedodd rhywun nad y person hwn a'i hanfonodd",
        Flag::DecidedAgain => "Cafodd ei ddal, ac mae'n cael ei benderfynu eto",
        Flag::PassesNow => "Mae'n mynd drwodd nawr; os na chadwyd y gwreiddiol, rhaid i rywun ateb",
        Flag::OriginalNotKept => "Dim ond ei destun a gadwyd: nid oedd lle i'r neges ei hun",
        Flag::PassedByMark => "Daeth yr eildro, ac fe'i hanfonwyd ymlaen fel o'r blaen",
        Flag::NotSubmitted => "Agorwyd ffurflen gyda manylion y person hwn, heb gyflwyno dim",
        Flag::OfSeveralRecords => "Daeth o gyfeiriadau neu rifau sawl cofnod am un person",
        Flag::RestrictionsUnknown => "Nid oedd y cyfyngiadau'n hysbys ar y pryd",
        Flag::DeciderFailed => "Methodd y penderfyniad oherwydd nam yn y porth",
        Flag::Other(name) => return super::capitalised(name),
    }
    .to_owned()
}

const fn lane_in_welsh(lane: Lane) -> &'static str {
    match lane {
        Lane::Emergency => "Gall fod yn argyfwng",
        Lane::Safeguarding => "Gall rhywun fod mewn perygl",
        Lane::Statutory => {
            "Gall fod yn defnyddio hawl yn ôl y gyfraith: i wybodaeth neu ddata, i gartref neu i gwyno"
        }
        Lane::Legal => "Gall ymwneud ag achos cyfreithiol",
        Lane::Appeal => "Gall fod yn apêl yn erbyn y cyfyngiad",
        Lane::Adjustment => "Gall ofyn am addasiad rhesymol",
        Lane::ProtectedSender => "Mae'r anfonwr wedi'i ddiogelu",
        Lane::ProtectedRecipient => "Mae derbynnydd wedi'i ddiogelu",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_and_doubt_is_said_in_words() {
        let lanes = Lane::ALL.into_iter().map(Flag::Safeguard);
        let doubts = Doubt::ALL.into_iter().map(Flag::Identity);
        let others = ["unread", "issue_unknown", "call_length:12", "documents_returned:return"];
        for flag_said in lanes.chain(doubts).chain(others.map(Flag::from)) {
            for language in [Language::English, Language::Welsh] {
                let said = flag(&flag_said, language);
                assert!(!said.contains(['.', '_', '{']), "{flag_said}: {said}");
            }
        }
        let fifteen = Flag::CallLength { minutes: 15 };
        assert_eq!(flag(&fifteen, Language::English), "End the call after 15 minutes");
    }
}
