//! What codes of a record are called, to the person whom it is about.

use crate::domain::capital::name_as_words;

/// What a code is called in one place of the record: the key, the code, the words.
const OF_KEYS: [(&str, &str, &str); 23] = [
    ("days", "mon", "Monday"),
    ("days", "tue", "Tuesday"),
    ("days", "wed", "Wednesday"),
    ("days", "thu", "Thursday"),
    ("days", "fri", "Friday"),
    ("days", "sat", "Saturday"),
    ("days", "sun", "Sunday"),
    ("decision", "deliver", "passed on as usual"),
    ("decision", "route", "passed to the person or team who answers you"),
    ("decision", "limit", "kept back: it was over a limit"),
    ("decision", "file", "kept without a reply"),
    ("instruction", "destroy", "We destroy them"),
    ("instruction", "return", "We send them back to you"),
    ("language", "cy", "Welsh"),
    ("language", "en", "English"),
    ("outcome", "keep", "The limit stayed as it was"),
    ("outcome", "lift", "The limit ended"),
    ("outcome", "quashed", "The limit was withdrawn"),
    ("outcome", "upheld", "The limit stayed as it was"),
    ("outcome", "varied", "The limit was made lighter"),
    ("outcome", "vary", "The limit was made lighter"),
    ("window", "calendar", "By the calendar"),
    ("window", "rolling", "Back from each contact"),
];

/// What a code is called at any key: answers to equality monitoring.
const ANYWHERE: [(&str, &str); 2] =
    [("not_recorded", "Not recorded"), ("prefers_not_to_say", "You prefer not to say")];

/// Each kind of limit.
const KINDS: [(&str, &str); 14] = [
    ("appointment_only", "Visits by appointment only"),
    ("call_length", "A limit on how long calls last"),
    ("channels_only", "You contact us in some ways only"),
    ("complaint_closed", "We do not answer more about a complaint that has ended"),
    ("contact_ended", "We ended contact with you"),
    ("contact_quota", "A limit on how often you contact us"),
    ("documents_returned", "What we do with documents that you send"),
    ("hours_only", "You contact us at some times only"),
    ("issue_closed", "We do not answer more about a matter that is closed"),
    ("issue_quota", "A limit on how many new matters you raise"),
    ("read_and_file", "We read what you send, and answer only what is new"),
    ("representative_only", "Somebody who speaks for you contacts us"),
    ("single_point_of_contact", "One person answers you"),
    ("visits_in_pairs", "Two of our staff visit you together"),
];

/// Why something was decided, where a computer kept no sentence of it.
const REASONS: [(&str, &str); 20] = [
    ("automatic", "It was an automatic message"),
    ("identity.ambiguous", "It was not clear whether it was from you, so no limit applied"),
    ("identity.refuted", "There was evidence that somebody else sent it, so no limit applied"),
    ("identity.shared", "Others use the address or number too, so no limit applied"),
    ("identity.unproven", "It was not certain that it was from you, so no limit applied"),
    ("invited", "We had asked for it, or it answered a message of ours"),
    ("recorded", "We had decided on it before"),
    ("representative", "It was from somebody who may speak for you"),
    ("safeguard.adjustment", "It could be a request for help because of a disability"),
    ("safeguard.appeal", "It could be an appeal"),
    ("safeguard.emergency", "It could be an emergency"),
    ("safeguard.legal", "It could be about a legal matter"),
    ("safeguard.protected_recipient", "It was to somebody whom you can always contact"),
    ("safeguard.protected_sender", "It was from somebody who can always contact us"),
    ("safeguard.safeguarding", "Somebody could be in danger"),
    ("safeguard.statutory", "It could be about a right that the law gives you"),
    ("sender_unknown", "We did not know whom it was from"),
    ("unread", "Our system could not read some of it"),
    ("unrestricted", "No limit applied to you"),
    ("within_limits", "It was within your limits"),
];

/// What staff did with a contact.
const WORK: [(&str, &str); 12] = [
    ("claim", "began to work on a contact of yours"),
    ("close", "finished work on a contact of yours"),
    ("decided-again", "decided again on a contact of yours"),
    ("file", "filed a contact of yours"),
    ("hand_over", "handed a contact of yours to a colleague"),
    ("not-theirs", "found that a contact was not yours"),
    ("note", "wrote a note on a contact of yours"),
    ("original_kept", "kept a contact of yours as it came"),
    ("put_back", "left a contact of yours to a colleague"),
    ("read", "read a contact of yours"),
    ("release", "passed on a contact that was kept back"),
    ("reopen", "opened a contact of yours again"),
];

/// Steps of a case.
const STEPS: [(&str, &str); 35] = [
    ("answer_agreement", "recorded your answer to an agreement"),
    ("approve_letter", "approved a letter to you"),
    ("assign_hearer", "chose who hears your appeal"),
    ("breach_agreement", "recorded that an agreement was not kept"),
    ("close_agreement", "closed an agreement that was kept"),
    ("close_incident", "closed something that was reported to us"),
    ("close_staff_complaint", "closed a complaint of yours about our staff"),
    ("decide_appeal", "decided your appeal"),
    ("decide_engagement", "decided whether to answer a new matter"),
    ("draft_letter", "drafted a letter to you"),
    ("give_warning", "gave you a warning"),
    ("letter_mailed", "sent you a letter by email"),
    ("letter_not_mailed", "could not send you a letter by email"),
    ("lift", "ended a limit"),
    ("mark_read", "read a contact of yours that was kept without a reply"),
    ("notify_appeal", "recorded that you were told the outcome of your appeal"),
    ("offer_agreement", "offered you an agreement"),
    ("propose", "asked for a limit"),
    ("put_in_force", "put a limit in force"),
    ("receive_appeal", "received your appeal"),
    ("reconcile_adjustment", "recorded how a limit and your adjustment go together"),
    ("record_absence", "recorded that your contact here is away"),
    ("record_action", "recorded another action"),
    ("record_adjustment", "recorded an adjustment for you"),
    ("record_incident", "recorded something that was reported to us"),
    ("record_mediation", "recorded mediation"),
    ("record_staff_complaint", "recorded a complaint of yours about our staff"),
    ("review", "looked at a limit again"),
    ("send_back", "sent back a request for a limit"),
    ("send_letter", "sent you a letter"),
    ("sign_off", "agreed to a limit"),
    ("submit", "asked a manager to agree to a limit"),
    ("vary", "changed a limit"),
    ("withdraw_appeal", "recorded that you withdrew your appeal"),
    ("withdraw_proposal", "took back a request for a limit"),
];

/// What staff are reminded of.
const REMINDERS: [(&str, &str); 13] = [
    ("absence_uncovered", "your contact here is away, and nobody takes over"),
    ("adjustment_review", "ask you again about an adjustment"),
    ("agreement_end", "an agreement ends"),
    ("appeal_answer", "decide your appeal"),
    ("appeal_notice", "tell you the outcome of your appeal"),
    ("early_review", "look at a limit early, because things go well"),
    ("engagement", "decide whether to answer a new matter"),
    ("exception_review", "decide whether you can be told of a limit"),
    ("letter", "send you a letter"),
    ("open_way", "you have no way left to contact us"),
    ("read_filed", "read a contact of yours that was kept without a reply"),
    ("restriction_end", "a limit ends"),
    ("review", "look at a limit again"),
];

const ERASURES: [(&str, &str); 5] = [
    ("approved", "agreed that your record is erased"),
    ("asked", "asked for your record to be erased"),
    ("held", "decided that your record must be kept because of the law"),
    ("hold_ended", "ended the decision that your record must be kept"),
    ("withdrawn", "took back the request that your record is erased"),
];

fn known(table: &[(&str, &'static str)], code: &str) -> Option<&'static str> {
    table.iter().find(|(name, _)| *name == code).map(|(_, words)| *words)
}

/// A code at a key of the record; `None`: it has no words of its own.
pub(super) fn of_key(key: &str, code: &str) -> Option<&'static str> {
    let key = if key == "would_have_been" { "decision" } else { key };
    if key == "kind"
        && let Some(words) = known(&KINDS, code)
    {
        return Some(words);
    }
    let own = OF_KEYS.iter().find(|(of, name, _)| *of == key && *name == code);
    own.map(|(.., words)| *words).or_else(|| known(&ANYWHERE, code))
}

/// Why a contact was decided as it was. What comes from a limit names its kind.
pub(super) fn reason(code: &str) -> String {
    let of_kind = || known(&KINDS, code.split_once('.').map_or(code, |(kind, _)| kind));
    let said = known(&REASONS, code).or_else(of_kind);
    said.map_or_else(|| name_as_words(&code.replace('.', ": ")), str::to_owned)
}

pub(super) fn worked(action: &str) -> String {
    known(&WORK, action).unwrap_or("worked on a contact of yours").to_owned()
}

pub(super) fn stepped(act: &str) -> String {
    known(&STEPS, act).unwrap_or("took another step on your case").to_owned()
}

pub(super) fn reminded(what: &str) -> String {
    match known(&REMINDERS, what) {
        Some(of) => format!("reminded staff: {of}"),
        None => "reminded staff of something that was due".to_owned(),
    }
}

pub(super) fn erasing(action: &str) -> String {
    known(&ERASURES, action).unwrap_or("changed the erasure of your record").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::act::Act;
    use crate::domain::diary::What;
    use crate::domain::lane::Lane;
    use crate::domain::queue::{ItemAction, ORIGINAL_KEPT};
    use crate::domain::restriction::KindName;

    /// What serde names when it knows no such name.
    fn names(unknown: &str, skip: usize) -> Vec<String> {
        unknown.split('`').skip(skip).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_kind_step_and_reminder_of_the_domain_has_words_for_the_person() {
        for kind in KindName::ALL {
            assert!(of_key("kind", kind.name()).is_some(), "{}", kind.name());
        }
        let act: Result<Act, _> = serde_json::from_value(serde_json::json!({"act": "?"}));
        for act in names(&act.unwrap_err().to_string(), 3) {
            assert!(known(&STEPS, &act).is_some(), "{act}");
        }
        let what: Result<What, _> = serde_json::from_value("?".into());
        for what in names(&what.unwrap_err().to_string(), 3) {
            // Of the organisation, about nobody.
            let is_theirs = !["profile_unset", "calendar_end"].contains(&what.as_str());
            assert!(!is_theirs || known(&REMINDERS, &what).is_some(), "{what}");
        }
    }

    #[test]
    fn every_lane_and_every_work_on_a_contact_has_words_for_the_person() {
        for lane in Lane::ALL {
            assert!(known(&REASONS, lane.code()).is_some(), "{}", lane.code());
        }
        for action in [
            ItemAction::Claim,
            ItemAction::PutBack,
            ItemAction::Read,
            ItemAction::Reopen,
            ItemAction::Release,
            ItemAction::File,
            ItemAction::Close,
        ] {
            assert!(known(&WORK, action.name()).is_some(), "{}", action.name());
        }
        assert!(known(&WORK, ORIGINAL_KEPT).is_some());
    }

    #[test]
    fn a_reason_of_a_limit_is_its_kind_and_no_code() {
        assert_eq!(reason("contact_quota.over"), "A limit on how often you contact us");
        assert_eq!(reason("safeguard.emergency"), "It could be an emergency");
        assert_eq!(reason("some_new.code"), "Some new: code");
    }
}
