//! An entry of the audit trail as a sentence.

use super::lower;
use super::step::step;
use super::why::why;
use crate::casework::retention::BY_RULE;
use crate::domain::audit::{AuditEvent, DecidedEntry, GATEWAY, LookedAt};
use crate::domain::diary::What;
use crate::domain::language::Language;
use crate::domain::outbound::OutboundTreatment;
use crate::staff::console::words::{self, CaseTerms};

/// Who did it: a name, or the gateway itself.
pub(in crate::staff::console) fn by(name: &str, language: Language) -> String {
    match name {
        GATEWAY => words::Audit::of(language).gateway.to_owned(),
        BY_RULE => words::Keeping::of(language).by_schedule.to_owned(),
        name => name.to_owned(),
    }
}

/// What happened, without who and when.
pub(in crate::staff::console) fn entry(event: &AuditEvent, language: Language) -> String {
    match language {
        Language::English => english(event),
        Language::Welsh => welsh(event),
    }
}

fn english(event: &AuditEvent) -> String {
    match event {
        AuditEvent::Decided(entry) => decided(entry, Language::English),
        AuditEvent::Imported { people, restrictions, .. } => {
            format!("People loaded: {people}, restrictions: {restrictions}")
        }
        AuditEvent::Item { action, .. } => worked_in_english(action),
        AuditEvent::Unread { .. } => "Nobody read an item in time".to_owned(),
        AuditEvent::Unanswered { .. } => {
            "A point of contact did not answer in time: passed on".to_owned()
        }
        AuditEvent::Released { .. } => "Released an item".to_owned(),
        AuditEvent::PersonChanged { person } => format!("Changed the record {person}"),
        AuditEvent::RecordChanged { person, is_new: true, .. } => {
            format!("Made the record {person}")
        }
        AuditEvent::RecordChanged { person, .. } => format!("Changed the record {person}"),
        AuditEvent::IdentifierAdded { .. } => "Added an address or a number".to_owned(),
        AuditEvent::IdentifierRemoved { .. } => "Removed an address or a number".to_owned(),
        AuditEvent::RestrictionAdded { restriction, .. } => {
            format!("Added the restriction {restriction}")
        }
        AuditEvent::RestrictionVaried { restriction, .. } => {
            format!("Changed the restriction {restriction}")
        }
        AuditEvent::RestrictionLifted { restriction, .. } => {
            format!("Ended the restriction {restriction}")
        }
        AuditEvent::Looked { looked_at, id, .. } => match looked_at {
            LookedAt::Person => format!("Opened the record {id}"),
            LookedAt::People => "Read everybody's records".to_owned(),
            LookedAt::Incidents => "Read everybody's incidents".to_owned(),
            LookedAt::Queue => format!("Read the items of the queue {id}"),
            LookedAt::OwnRecord => format!("Made a copy of all that is held about {id}"),
            LookedAt::Equality => format!("Opened the equality data of {id}"),
            LookedAt::Item => "Opened an item".to_owned(),
            LookedAt::Original => "Opened an original".to_owned(),
        },
        AuditEvent::Account { account, action } => english_account(account, action),
        AuditEvent::ApiToken { holder, action, .. } => match action.as_str() {
            "revoked" => format!("Revoked a token of {holder}"),
            _ => format!("Made a token for {holder}"),
        },
        AuditEvent::LetterTemplate { language, action, .. } => english_wording(*language, action),
        AuditEvent::DeadLetterDiscarded { receiver, .. } => {
            format!("Deleted an event that {receiver} did not take")
        }
        AuditEvent::Outbound(entry) => outbound_in_english(entry.treatment, &entry.sender),
        AuditEvent::Merged { person, other, .. } => format!("Merged {other} into {person}"),
        AuditEvent::Unmerged { person, other, .. } => format!("Parted {other} from {person} again"),
        AuditEvent::Step(step) => step_of_case(&step.act, Language::English),
        AuditEvent::Reminded { what, .. } => reminded(what, Language::English),
        AuditEvent::StoreAccepted { known, found } => accepted_in_english(*known, *found),
        AuditEvent::Anchored(anchored) => {
            format!("Signed for the trail up to entry {}", anchored.entry)
        }
        AuditEvent::Erasure { person, action, .. } => english_erasure(person, action),
        AuditEvent::Erased(erased) if erased.is_complete => {
            format!("Finished erasing what was due ({})", erased.clause)
        }
        AuditEvent::Erased(erased) => format!("Erased a part of what was due ({})", erased.clause),
    }
}

/// What became of a contact, and by which rule.
fn decided(entry: &DecidedEntry, language: Language) -> String {
    let what = lower(super::disposition(entry.disposition, language));
    let channel = super::channel(entry.channel, language);
    match entry.rows.iter().find(|row| row.settled) {
        Some(row) => format!("{channel}: {what} ({})", why(&row.code, language)),
        None => format!("{channel}: {what}"),
    }
}

fn accepted_in_english(known: u64, found: u64) -> String {
    let entries = if found == 1 { "entry" } else { "entries" };
    format!("An operator accepted the store with {found} {entries} where {known} had been known")
}

fn outbound_in_english(treatment: OutboundTreatment, sender: &str) -> String {
    let what = match treatment {
        OutboundTreatment::Noted => "delivered",
        OutboundTreatment::Warned => "delivered with a warning",
        OutboundTreatment::Held => "held",
    };
    format!("A message by {sender}, who is not the point of contact: {what}")
}

fn english_wording(language: Language, action: &str) -> String {
    let letters = match language {
        Language::English => "letters in English",
        Language::Welsh => "letters in Welsh",
    };
    match action {
        "as_configured" => format!("Went back to the configured wording of {letters}"),
        _ => format!("Edited the wording of {letters}"),
    }
}

fn english_erasure(person: &str, action: &str) -> String {
    match action {
        "asked" => format!("Asked for all about {person} to be erased"),
        "approved" => format!("Approved erasing all about {person}"),
        "withdrawn" => format!("Took back the request to erase all about {person}"),
        "held" => format!("Put the record {person} under a legal hold"),
        "hold_ended" => format!("Ended the legal hold on {person}"),
        other => format!("Erasing {person}: {other}"),
    }
}

fn step_of_case(act: &str, language: Language) -> String {
    let other = || match language {
        Language::English => format!("Case: {}", reason(act)),
        Language::Welsh => format!("Achos: {}", reason(act)),
    };
    step(act, language).map_or_else(other, str::to_owned)
}

/// What somebody was reminded of: something of the diary, or that a person has no way left.
fn reminded(what: &str, language: Language) -> String {
    let of = match serde_json::from_value::<What>(what.into()) {
        Ok(known) => super::due(known, language).to_owned(),
        Err(_) if what == "open_way" => CaseTerms::of(language).d_open_way.to_owned(),
        Err(_) => reason(what),
    };
    match language {
        Language::English => format!("Reminder: {of}"),
        Language::Welsh => format!("Nodyn atgoffa: {of}"),
    }
}

fn english_account(account: &str, action: &str) -> String {
    match action {
        "signed_in" => "Signed in".to_owned(),
        "made_by_provider" => "Signed in by their provider for the first time".to_owned(),
        "provider_linked" => "Linked their account with their provider".to_owned(),
        "provider_refused" => "Refused at sign-in: none of their groups has a role".to_owned(),
        "role_by_group" => "Role changed by their groups".to_owned(),
        "invited" => format!("Made an account for {account}"),
        "invited_again" => format!("Made a new link for {account}"),
        "made_first" => "Made the first account".to_owned(),
        "password_chosen" => "Chose a password".to_owned(),
        "password_changed" => "Changed their password".to_owned(),
        "role_changed" => format!("Changed the role of {account}"),
        "closed" => format!("Closed the account {account}"),
        "reopened" => format!("Opened the account {account} again"),
        "leaving_recorded" => format!("Recorded that {account} leaves"),
        "leaving_taken_back" => format!("Took back that {account} leaves"),
        "second_step_on" => "Turned the second step on".to_owned(),
        "second_step_off" => "Turned the second step off".to_owned(),
        "code_used" => "Gave a code of the second step again".to_owned(),
        "code_wrong" => "Gave a wrong code after the right password".to_owned(),
        "preferences" => "Changed their preferences".to_owned(),
        other => format!("Account {account}: {other}"),
    }
}

fn welsh(event: &AuditEvent) -> String {
    match event {
        AuditEvent::Decided(entry) => decided(entry, Language::Welsh),
        AuditEvent::Imported { people, restrictions, .. } => {
            format!("Llwythwyd pobl: {people}, cyfyngiadau: {restrictions}")
        }
        AuditEvent::Item { action, .. } => worked_in_welsh(action),
        AuditEvent::Unread { .. } => "Ni ddarllenodd neb eitem mewn pryd".to_owned(),
        AuditEvent::Unanswered { .. } => {
            "Nid atebodd pwynt cyswllt mewn pryd: trosglwyddwyd".to_owned()
        }
        AuditEvent::Released { .. } => "Rhyddhaodd eitem".to_owned(),
        AuditEvent::RecordChanged { person, is_new: true, .. } => {
            format!("Gwnaeth y cofnod {person}")
        }
        AuditEvent::PersonChanged { person } | AuditEvent::RecordChanged { person, .. } => {
            format!("Newidiodd y cofnod {person}")
        }
        AuditEvent::IdentifierAdded { .. } => "Ychwanegodd gyfeiriad neu rif".to_owned(),
        AuditEvent::IdentifierRemoved { .. } => "Tynnodd gyfeiriad neu rif".to_owned(),
        AuditEvent::RestrictionAdded { restriction, .. } => {
            format!("Ychwanegodd y cyfyngiad {restriction}")
        }
        AuditEvent::RestrictionVaried { restriction, .. } => {
            format!("Newidiodd y cyfyngiad {restriction}")
        }
        AuditEvent::RestrictionLifted { restriction, .. } => {
            format!("Daeth â'r cyfyngiad {restriction} i ben")
        }
        AuditEvent::Looked { looked_at, id, .. } => match looked_at {
            LookedAt::Person => format!("Agorodd y cofnod {id}"),
            LookedAt::People => "Darllenodd gofnodion pawb".to_owned(),
            LookedAt::Incidents => "Darllenodd ddigwyddiadau pawb".to_owned(),
            LookedAt::Queue => format!("Darllenodd eitemau'r ciw {id}"),
            LookedAt::OwnRecord => format!("Gwnaeth gopi o bopeth a gedwir am {id}"),
            LookedAt::Equality => format!("Agorodd ddata cydraddoldeb {id}"),
            LookedAt::Item => "Agorodd eitem".to_owned(),
            LookedAt::Original => "Agorodd neges wreiddiol".to_owned(),
        },
        AuditEvent::Account { account, action } => welsh_account(account, action),
        AuditEvent::ApiToken { holder, action, .. } => match action.as_str() {
            "revoked" => format!("Dirymodd docyn {holder}"),
            _ => format!("Gwnaeth docyn ar gyfer {holder}"),
        },
        AuditEvent::LetterTemplate { language, action, .. } => welsh_wording(*language, action),
        AuditEvent::DeadLetterDiscarded { receiver, .. } => {
            format!("Dilëodd ddigwyddiad na dderbyniodd {receiver}")
        }
        AuditEvent::Outbound(entry) => outbound_in_welsh(entry.treatment, &entry.sender),
        AuditEvent::Merged { person, other, .. } => format!("Cyfunodd {other} â {person}"),
        AuditEvent::Unmerged { person, other, .. } => {
            format!("Gwahanodd {other} oddi wrth {person} eto")
        }
        AuditEvent::Step(step) => step_of_case(&step.act, Language::Welsh),
        AuditEvent::Reminded { what, .. } => reminded(what, Language::Welsh),
        AuditEvent::StoreAccepted { known, found } => accepted_in_welsh(*known, *found),
        AuditEvent::Anchored(anchored) => {
            format!("Llofnododd y cofnodion hyd at gofnod {}", anchored.entry)
        }
        AuditEvent::Erasure { person, action, .. } => welsh_erasure(person, action),
        AuditEvent::Erased(erased) if erased.is_complete => {
            format!("Gorffennodd ddileu'r hyn a oedd yn ddyledus ({})", erased.clause)
        }
        AuditEvent::Erased(erased) => {
            format!("Dilëodd ran o'r hyn a oedd yn ddyledus ({})", erased.clause)
        }
    }
}

fn accepted_in_welsh(known: u64, found: u64) -> String {
    format!("Derbyniodd gweithredwr y storfa gyda {found} cofnod lle'r oedd {known} yn hysbys")
}

fn outbound_in_welsh(treatment: OutboundTreatment, sender: &str) -> String {
    let what = match treatment {
        OutboundTreatment::Noted => "danfonwyd",
        OutboundTreatment::Warned => "danfonwyd gyda rhybudd",
        OutboundTreatment::Held => "daliwyd yn ôl",
    };
    format!("Neges gan {sender}, nad yw'n bwynt cyswllt: {what}")
}

fn welsh_wording(language: Language, action: &str) -> String {
    let letters = match language {
        Language::English => "llythyrau Saesneg",
        Language::Welsh => "llythyrau Cymraeg",
    };
    match action {
        "as_configured" => format!("Aeth yn ôl at eiriad {letters} yn y ffurfweddiad"),
        _ => format!("Golygodd eiriad {letters}"),
    }
}

fn welsh_erasure(person: &str, action: &str) -> String {
    match action {
        "asked" => format!("Gofynnodd am ddileu popeth am {person}"),
        "approved" => format!("Cymeradwyodd ddileu popeth am {person}"),
        "withdrawn" => format!("Tynnodd yn ôl y cais i ddileu popeth am {person}"),
        "held" => format!("Rhoddodd y cofnod {person} dan ataliad cyfreithiol"),
        "hold_ended" => format!("Daeth â'r ataliad cyfreithiol ar {person} i ben"),
        other => format!("Dileu {person}: {other}"),
    }
}

fn welsh_account(account: &str, action: &str) -> String {
    match action {
        "signed_in" => "Mewngofnododd".to_owned(),
        "made_by_provider" => "Mewngofnododd drwy'r darparwr am y tro cyntaf".to_owned(),
        "provider_linked" => "Cysylltodd y cyfrif â'r darparwr".to_owned(),
        "provider_refused" => {
            "Gwrthodwyd wrth fewngofnodi: nid oes rôl gan yr un o'r grwpiau".to_owned()
        }
        "role_by_group" => "Newidiwyd y rôl drwy'r grwpiau".to_owned(),
        "invited" => format!("Gwnaeth gyfrif ar gyfer {account}"),
        "invited_again" => format!("Gwnaeth ddolen newydd ar gyfer {account}"),
        "made_first" => "Gwnaeth y cyfrif cyntaf".to_owned(),
        "password_chosen" => "Dewisodd gyfrinair".to_owned(),
        "password_changed" => "Newidiodd y cyfrinair".to_owned(),
        "role_changed" => format!("Newidiodd rôl {account}"),
        "closed" => format!("Caeodd y cyfrif {account}"),
        "reopened" => format!("Agorodd y cyfrif {account} eto"),
        "leaving_recorded" => format!("Cofnododd fod {account} yn gadael"),
        "leaving_taken_back" => format!("Tynnodd yn ôl fod {account} yn gadael"),
        "second_step_on" => "Trodd yr ail gam ymlaen".to_owned(),
        "second_step_off" => "Diffoddodd yr ail gam".to_owned(),
        "code_used" => "Rhoddodd god yr ail gam eto".to_owned(),
        "code_wrong" => "Rhoddodd god anghywir ar ôl y cyfrinair cywir".to_owned(),
        "preferences" => "Newidiodd ei ddewisiadau".to_owned(),
        other => format!("Cyfrif {account}: {other}"),
    }
}

/// "contact_quota.over" as "contact quota: over".
fn reason(code: &str) -> String {
    code.replace('_', " ").replace('.', ": ")
}

/// What staff did with an item.
fn worked_in_english(action: &str) -> String {
    match action {
        "claim" => "Took an item".to_owned(),
        "put_back" => "Put an item back".to_owned(),
        "hand_over" => "Handed an item over to a colleague".to_owned(),
        "read" => "Marked an item as read".to_owned(),
        "reopen" => "Opened an item again".to_owned(),
        "file" => "Filed an item".to_owned(),
        "close" => "Closed an item".to_owned(),
        "note" => "Wrote a note on an item".to_owned(),
        "not-theirs" => "Said that an item is not the person's".to_owned(),
        "decided-again" => "Decided again on an item that was held".to_owned(),
        "original_kept" => "Kept the original of an item".to_owned(),
        other => format!("Item: {other}"),
    }
}

/// The same in Welsh.
fn worked_in_welsh(action: &str) -> String {
    match action {
        "claim" => "Cymerodd eitem".to_owned(),
        "put_back" => "Rhoddodd eitem yn ôl".to_owned(),
        "hand_over" => "Trosglwyddodd eitem i gydweithiwr".to_owned(),
        "read" => "Marciodd eitem fel wedi'i darllen".to_owned(),
        "reopen" => "Ailagorodd eitem".to_owned(),
        "file" => "Ffeiliodd eitem".to_owned(),
        "close" => "Caeodd eitem".to_owned(),
        "note" => "Ysgrifennodd nodyn ar eitem".to_owned(),
        "not-theirs" => "Dywedodd nad y person a anfonodd eitem".to_owned(),
        "decided-again" => "Penderfynodd eto ar eitem a gadwyd".to_owned(),
        "original_kept" => "Cadwodd neges wreiddiol eitem".to_owned(),
        other => format!("Eitem: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_has_the_words_of_the_diary_in_either_language() {
        for (what, english, welsh) in [
            ("review", "Review the restriction", "Adolygu'r cyfyngiad"),
            ("letter", "Send the letter", "Anfon y llythyr"),
            ("open_way", "Somebody has no way open", "Nid oes unrhyw ffordd ar agor i rywun"),
        ] {
            let (about, state) = ("R-1".to_owned(), "due".to_owned());
            let event = AuditEvent::Reminded { what: what.to_owned(), about, person: None, state };
            assert_eq!(entry(&event, Language::English), format!("Reminder: {english}"));
            assert_eq!(entry(&event, Language::Welsh), format!("Nodyn atgoffa: {welsh}"));
        }
    }

    #[test]
    fn everything_that_is_done_with_an_item_has_words() {
        for action in ["claim", "put_back", "hand_over", "read", "reopen", "file", "close", "note"]
            .into_iter()
            .chain(["not-theirs", "decided-again", crate::domain::queue::ORIGINAL_KEPT])
        {
            for said in [worked_in_english(action), worked_in_welsh(action)] {
                assert!(!said.contains([':', '_']), "{said}");
            }
        }
    }

    #[test]
    fn a_store_that_was_accepted_is_counted_in_the_right_number() {
        for (found, said) in [(1, "with 1 entry where 2 had"), (0, "with 0 entries where 2 had")] {
            let event = AuditEvent::StoreAccepted { known: 2, found };
            assert!(entry(&event, Language::English).contains(said));
        }
    }
}
