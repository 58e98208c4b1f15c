//! A step of a case as the audit trail says it.

use super::in_words;
use crate::domain::language::Language;

/// Each step: English, and Welsh.
const STEPS: [(&str, &str, &str); 35] = [
    ("record_incident", "Recorded an incident", "Cofnododd ddigwyddiad"),
    ("close_incident", "Closed an incident", "Caeodd ddigwyddiad"),
    ("give_warning", "Gave a warning", "Rhoddodd rybudd"),
    ("offer_agreement", "Offered an agreement", "Cynigiodd gytundeb"),
    ("answer_agreement", "Recorded the answer to an agreement", "Cofnododd yr ateb i gytundeb"),
    ("breach_agreement", "Recorded a breach of an agreement", "Cofnododd dorri cytundeb"),
    ("close_agreement", "Closed an agreement that was kept", "Caeodd gytundeb a gadwyd"),
    ("record_mediation", "Recorded mediation", "Cofnododd gyfryngu"),
    ("propose", "Proposed a restriction", "Cynigiodd gyfyngiad"),
    ("submit", "Sent a proposal for sign-off", "Anfonodd gynnig i'w lofnodi"),
    ("sign_off", "Signed a proposal", "Llofnododd gynnig"),
    ("send_back", "Sent a proposal back", "Anfonodd gynnig yn ôl"),
    ("withdraw_proposal", "Withdrew a proposal", "Tynnodd gynnig yn ôl"),
    ("put_in_force", "Put a restriction in force", "Rhoddodd gyfyngiad ar waith"),
    ("draft_letter", "Drafted a letter", "Drafftiodd lythyr"),
    ("approve_letter", "Approved a letter", "Cymeradwyodd lythyr"),
    ("send_letter", "Sent a letter", "Anfonodd lythyr"),
    ("letter_mailed", "Mailed a letter", "Anfonodd lythyr drwy e-bost"),
    ("letter_not_mailed", "Could not mail a letter", "Methodd anfon llythyr drwy e-bost"),
    ("vary", "Varied a restriction", "Newidiodd gyfyngiad"),
    ("lift", "Lifted a restriction", "Cododd gyfyngiad"),
    ("review", "Reviewed a restriction", "Adolygodd gyfyngiad"),
    ("receive_appeal", "Received an appeal", "Derbyniodd apêl"),
    ("assign_hearer", "Chose who hears an appeal", "Dewisodd pwy sy'n gwrando apêl"),
    ("decide_appeal", "Decided an appeal", "Penderfynodd ar apêl"),
    (
        "notify_appeal",
        "Recorded that the person was notified of an appeal",
        "Cofnododd fod y person wedi cael gwybod am apêl",
    ),
    ("withdraw_appeal", "Withdrew an appeal", "Tynnodd apêl yn ôl"),
    (
        "decide_engagement",
        "Decided whether to engage with a new issue",
        "Penderfynodd a ddylid ymgysylltu â mater newydd",
    ),
    (
        "mark_read",
        "Marked a filed contact as read",
        "Nododd fod cysylltiad a ffeiliwyd wedi'i ddarllen",
    ),
    (
        "reconcile_adjustment",
        "Said how an adjustment and a restriction go together",
        "Dywedodd sut mae addasiad a chyfyngiad yn cyd-fynd",
    ),
    (
        "record_staff_complaint",
        "Recorded a complaint about a colleague",
        "Cofnododd gŵyn am gydweithiwr",
    ),
    ("close_staff_complaint", "Closed a complaint about a colleague", "Caeodd gŵyn am gydweithiwr"),
    ("record_adjustment", "Recorded an adjustment", "Cofnododd addasiad"),
    (
        "record_absence",
        "Recorded that a point of contact is away",
        "Cofnododd fod pwynt cyswllt i ffwrdd",
    ),
    ("record_action", "Recorded other action", "Cofnododd gamau eraill"),
];

/// `None`: this version knows no such step.
pub(super) fn step(act: &str, language: Language) -> Option<&'static str> {
    in_words(&STEPS, act, language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::act::Act;

    #[test]
    fn every_step_of_the_domain_is_said_in_words() {
        // What serde names when it knows no such step.
        let unknown: Result<Act, _> = serde_json::from_value(serde_json::json!({"act": "?"}));
        let said = unknown.unwrap_err().to_string();
        let known: Vec<&str> = said.split('`').skip(3).step_by(2).collect();
        assert!(known.len() > 30, "{said}");
        for act in known {
            for language in [Language::English, Language::Welsh] {
                assert!(step(act, language).is_some(), "{act} has no words");
            }
        }
    }
}
