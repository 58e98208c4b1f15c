//! What a decision's flag warns of, in words.

use crate::domain::language::Language;

/// The flag in words; one that bears a value after a colon is said with it.
pub(in crate::staff::console) fn flag(flag: &str, language: Language) -> String {
    let (name, value) = flag.split_once(':').unwrap_or((flag, ""));
    let Some((english, welsh)) = known(name) else { return super::capitalised(flag) };
    let said = match language {
        Language::English => english,
        Language::Welsh => welsh,
    };
    said.replace("{}", value)
}

/// Each flag, in English and in Welsh.
const FLAGS: [(&str, &str, &str); 33] = [
    ("safeguard.emergency", "It may be an emergency", "Gall fod yn argyfwng"),
    ("safeguard.safeguarding", "Somebody may be at risk", "Gall rhywun fod mewn perygl"),
    (
        "safeguard.statutory",
        "It may use a right given by law: to information or data, a home or a complaint",
        "Gall fod yn defnyddio hawl yn ôl y gyfraith: i wybodaeth neu ddata, i gartref neu i gwyno",
    ),
    ("safeguard.legal", "It may be about legal proceedings", "Gall ymwneud ag achos cyfreithiol"),
    (
        "safeguard.appeal",
        "It may be an appeal against the restriction",
        "Gall fod yn apêl yn erbyn y cyfyngiad",
    ),
    (
        "safeguard.adjustment",
        "It may ask for a reasonable adjustment",
        "Gall ofyn am addasiad rhesymol",
    ),
    ("safeguard.protected_sender", "The sender is protected", "Mae'r anfonwr wedi'i ddiogelu"),
    ("safeguard.protected_recipient", "A recipient is protected", "Mae derbynnydd wedi'i ddiogelu"),
    (
        "identity_shared",
        "Others use this address or number too",
        "Mae eraill yn defnyddio'r cyfeiriad neu'r rhif hwn hefyd",
    ),
    (
        "identity_ambiguous",
        "It is not clear which person this is",
        "Nid yw'n glir pa berson yw hwn",
    ),
    ("identity_unproven", "Who sent it is not proven", "Nid yw wedi'i brofi pwy a'i hanfonodd"),
    (
        "identity_refuted",
        "There is evidence that somebody else sent it",
        "Mae tystiolaeth mai rhywun arall a'i hanfonodd",
    ),
    (
        "unread",
        "Some of it could not be read by the gateway",
        "Ni allai'r porth ddarllen rhan ohono",
    ),
    ("automatic", "It is an automatic message", "Neges awtomatig yw hon"),
    ("possible_new_evidence", "It may hold new evidence", "Gall gynnwys tystiolaeth newydd"),
    ("possible_new_issue", "It may be a new issue", "Gall fod yn fater newydd"),
    (
        "issue_unknown",
        "It is not known which issue this is about",
        "Nid yw'n hysbys pa fater yw hwn",
    ),
    ("visits_in_pairs", "Visit in pairs only", "Ymweld mewn parau yn unig"),
    ("appointment_only", "See them by appointment only", "Eu gweld trwy apwyntiad yn unig"),
    ("call_length", "End the call after {} minutes", "Dewch â'r alwad i ben ar ôl {} munud"),
    (
        "documents_returned",
        "What to do with documents they send: {}",
        "Beth i'w wneud â dogfennau a anfonant: {}",
    ),
    (
        "limits_unchecked",
        "The counters could not be asked, so the limits were not checked",
        "Ni ellid holi'r cyfrifyddion, felly ni wiriwyd y terfynau",
    ),
    (
        "store_behind",
        "Decided on what was last known: the records were not up to date",
        "Penderfynwyd ar yr hyn oedd yn hysbys: nid oedd y cofnodion yn gyfredol",
    ),
    ("unrecorded", "The decision could not be put on record", "Ni ellid cofnodi'r penderfyniad"),
    (
        "not_held_back",
        "It would have been held back, but this line has nothing to answer with: it went on",
        "Byddai wedi'i ddal yn ôl, ond nid oes gan y llinell hon ddim i ateb ag ef: aeth ymlaen",
    ),
    ("notice_not_sent", "The sender was not notified", "Ni hysbyswyd yr anfonwr"),
    ("reminder", "A reminder", "Nodyn atgoffa"),
    (
        "not_theirs",
        "Somebody said that this is not the person's",
        "Dywedodd rhywun nad y person hwn a'i hanfonodd",
    ),
    (
        "decided_again",
        "It was held, and is decided again",
        "Cafodd ei ddal, ac mae'n cael ei benderfynu eto",
    ),
    (
        "passes_now",
        "It passes now; if its original was not kept, somebody must answer",
        "Mae'n mynd drwodd nawr; os na chadwyd y gwreiddiol, rhaid i rywun ateb",
    ),
    (
        "original_not_kept",
        "Only its text is kept: there was no room for the message itself",
        "Dim ond ei destun a gadwyd: nid oedd lle i'r neges ei hun",
    ),
    (
        "passed_by_mark",
        "It came round a second time, and was passed on as before",
        "Daeth yr eildro, ac fe'i hanfonwyd ymlaen fel o'r blaen",
    ),
    (
        "not_submitted",
        "A form was opened with this person's details, and nothing was submitted",
        "Agorwyd ffurflen gyda manylion y person hwn, heb gyflwyno dim",
    ),
];

fn known(flag: &str) -> Option<(&'static str, &'static str)> {
    let found = FLAGS.iter().find(|(name, ..)| *name == flag);
    found.map(|(_, english, welsh)| (*english, *welsh))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::safeguard::Lane;

    #[test]
    fn every_lane_and_doubt_is_said_in_words() {
        let lanes = Lane::ALL.into_iter().map(Lane::code);
        for name in lanes.chain(["unread", "issue_unknown", "call_length", "documents_returned"]) {
            for language in [Language::English, Language::Welsh] {
                let said = flag(&format!("{name}:12"), language);
                assert!(!said.contains(['.', '_', '{']), "{name}: {said}");
            }
        }
        for lane in Lane::ALL {
            assert_eq!(flag(lane.code(), Language::English), lane.says());
        }
        assert_eq!(flag("call_length:15", Language::English), "End the call after 15 minutes");
    }
}
