//! Why an item is on its queue. The reason is recorded in English; the Welsh is composed from its code.

use chrono::NaiveDate;

use super::by_channel;
use super::lower;
use super::policy_key::policy_matter;
use crate::domain::decision::Reason;
use crate::domain::diary::What;
use crate::domain::doubt::Doubt;
use crate::domain::explain::{self, Facts, OBSERVED, THE_POINT_OF_CONTACT, THE_TEAM};
use crate::domain::flag::Flag;
use crate::domain::lane::Lane;
use crate::domain::language::Language;
use crate::domain::person::Person;
use crate::domain::profile::Profile;
use crate::domain::queue::QueueItem;
use crate::domain::reason_code::ReasonCode;

/// When something falls due, as reminders are recorded, and as they are read in English and Welsh.
const DUE: [(&str, &str, &str); 4] = [
    (" falls due on ", "due on", "i'w wneud erbyn"),
    (" falls due today, ", "due today,", "i'w wneud heddiw,"),
    (" was due on ", "was due on", "roedd i'w wneud erbyn"),
    (" is possible since ", "possible since", "yn bosibl ers"),
];

/// A reason in the reader's language.
pub(in crate::staff::console) struct ReasonLine {
    pub text: String,
    /// It is in English on a Welsh page.
    pub foreign: bool,
}

/// What an item's reasons are about.
#[derive(Clone, Copy)]
pub(in crate::staff::console) struct ReasonedItem<'a> {
    pub item: &'a QueueItem,
    pub person: Option<&'a Person>,
    pub profile: &'a Profile,
}

pub(in crate::staff::console) fn reason(
    reason: &Reason,
    of: ReasonedItem<'_>,
    language: Language,
) -> ReasonLine {
    let said = match (reason.code.as_str().strip_prefix("diary."), language) {
        (Some(what), _) => reminder(what, reason, of, language),
        (None, Language::English) => None,
        (None, Language::Welsh) => welsh(reason, of),
    };
    match said {
        Some(text) => ReasonLine { text, foreign: false },
        None => ReasonLine { text: reason.text.clone(), foreign: language == Language::Welsh },
    }
}

/// An item's subject, in its sender's words. A reminder has none: its reason says everything.
pub(in crate::staff::console) fn subject(item: &QueueItem) -> Option<String> {
    item.subject.clone().filter(|_| !is_reminder(item))
}

/// Whether nobody wrote it: something falls due.
pub(in crate::staff::console) fn is_reminder(item: &QueueItem) -> bool {
    item.flags.contains(&Flag::Reminder)
}

fn welsh(reason: &Reason, of: ReasonedItem<'_>) -> Option<String> {
    let mut line = of_restriction(reason, of).or_else(|| of_contact(reason))?;
    if let Some(clause) = reason.clause.as_deref() {
        line.push_str(&format!(" ({}, cymal {clause})", of.profile.name));
    }
    if reason.text.ends_with(OBSERVED) {
        line.push_str(" [arsylwi yn unig]");
    }
    Some(line)
}

/// A reason that comes from a restriction.
fn of_restriction(reason: &Reason, of: ReasonedItem<'_>) -> Option<String> {
    let text = reason.text.as_str();
    let words = match &reason.code {
        ReasonCode::ContactQuotaOver | ReasonCode::IssueQuotaOver => {
            let terms = terms_told(reason, of).map(|terms| format!(": {terms}"));
            return Some(format!("Mae'r terfyn wedi'i ddefnyddio{}", terms.unwrap_or_default()));
        }
        ReasonCode::ChannelsOnlyClosed => {
            let by = by_channel(of.item.channel, Language::Welsh);
            return Some(format!("Ni chaiff y person hwn gysylltu â ni drwy {by}"));
        }
        ReasonCode::PointOfContactRouted => {
            let (name, _) = text.split_once(" is this person's point of contact")?;
            return Some(format!("{name} yw pwynt cyswllt y person hwn"));
        }
        ReasonCode::PointOfContactDeputy => {
            let (name, _) = text.split_once(" is away: a deputy")?;
            return Some(format!(
                "Mae {name} i ffwrdd: mae dirprwy yn cymryd cysylltiadau'r person hwn"
            ));
        }
        ReasonCode::PointOfContactTeam => {
            let (name, _) = text.split_once(" and every deputy are away")?;
            return Some(format!("Mae {name} a phob dirprwy i ffwrdd: mae'r tîm yn ei gymryd"));
        }
        ReasonCode::PointOfContactUnanswered => return unanswered(text),
        ReasonCode::HoursOnlyOutside => "Y tu allan i'r oriau a gytunwyd â'r person hwn",
        ReasonCode::IssueClosedNewEvidence | ReasonCode::ComplaintClosedNewEvidence => {
            "Ar fater sydd ar gau, a gall gynnwys tystiolaeth newydd: rhaid i rywun edrych"
        }
        ReasonCode::IssueClosedRepeat => {
            "Mae'n ailadrodd yr hyn a atebwyd ar fater sydd ar gau: ffeiliwyd, nid oes angen ateb"
        }
        ReasonCode::ComplaintClosedRepeat => {
            "Mae'n ailadrodd cwyn sydd wedi dod i ben: ffeiliwyd, nid oes angen ateb"
        }
        ReasonCode::RepresentativeOnlyDirect => {
            "Mae'r person hwn yn cysylltu â ni drwy gynrychiolydd yn unig"
        }
        ReasonCode::ReadAndFileNewIssue => {
            "Darllen a ffeilio, ond gall hwn fod yn fater newydd: rhaid i rywun edrych"
        }
        ReasonCode::ReadAndFileNewEvidence => {
            "Darllen a ffeilio, ond gall hwn gynnwys tystiolaeth newydd: rhaid i rywun edrych"
        }
        ReasonCode::ReadAndFileFiled => {
            "Darllen a ffeilio: rhaid i rywun ei farcio fel wedi'i ddarllen; nid oes angen ateb"
        }
        ReasonCode::ContactEndedNewIssue => {
            "Mae cysylltiad wedi dod i ben, ond gall hwn fod yn fater newydd: penderfynwch a ddylid \
             ymgysylltu"
        }
        ReasonCode::ContactEndedFiled => {
            "Mae cysylltiad wedi dod i ben: ffeiliwyd, nid oes angen ateb"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

/// The restriction's terms, if they have not changed since the reason was recorded.
fn terms_told(reason: &Reason, of: ReasonedItem<'_>) -> Option<String> {
    let id = reason.restriction.as_deref()?;
    let restriction = of.person?.restrictions.iter().find(|one| one.id == id)?;
    let now = explain::reason(
        of.profile,
        Facts {
            code: &reason.code,
            restriction: Some(restriction),
            clause: reason.clause.clone(),
            hit: None,
            channel: of.item.channel,
            observed: reason.text.ends_with(OBSERVED),
        },
    );
    let are_told = now.text == reason.text;
    are_told.then(|| super::terms(&restriction.kind, of.profile, Language::Welsh))
}

fn unanswered(text: &str) -> Option<String> {
    let (from, rest) = text.split_once(" did not answer within ")?;
    let (hours, to) = rest.split_once(" working hours: ")?;
    let from = if from == THE_POINT_OF_CONTACT { "y pwynt cyswllt" } else { from };
    let takes = match to.strip_suffix(" takes over.")? {
        THE_TEAM => "mae'r tîm".to_owned(),
        name => format!("mae {name}"),
    };
    Some(format!("Nid atebodd {from} o fewn {hours} awr waith: {takes} yn cymryd drosodd"))
}

/// A reason that comes from no restriction.
fn of_contact(reason: &Reason) -> Option<String> {
    let words = match &reason.code {
        ReasonCode::Safeguard(lane) => return Some(safeguard(*lane, &reason.text)),
        ReasonCode::Identity(doubt) => of_doubt(*doubt),
        ReasonCode::Unrestricted => "Nid oes cyfyngiad mewn grym ar yr anfonwr hwn",
        ReasonCode::SenderUnknown => "Nid yw'r anfonwr yn cyfateb i neb ar gofnod",
        ReasonCode::WithinLimits => "O fewn y terfynau sydd mewn grym",
        ReasonCode::Representative => "Gan gynrychiolydd a gaiff gysylltu â ni dros y person hwn",
        ReasonCode::Invited => "Ni a wahoddodd y cysylltiad hwn, neu mae'n ateb neges gennym ni",
        ReasonCode::Automatic => "Neges awtomatig: ni chaiff ei chyfrif na'i hateb",
        ReasonCode::RestrictionsUnknown => return flagged(&Flag::RestrictionsUnknown),
        ReasonCode::DeciderFailed => return flagged(&Flag::DeciderFailed),
        ReasonCode::NotSubmitted => return flagged(&Flag::NotSubmitted),
        ReasonCode::PassedByMark => return flagged(&Flag::PassedByMark),
        ReasonCode::Unread => return flagged(&Flag::Unread),
        ReasonCode::Unrecorded => return flagged(&Flag::Unrecorded),
        ReasonCode::Other(code) => of_outgoing(code)?,
        // From a restriction, with a recorded line that could not be read.
        ReasonCode::Recorded
        | ReasonCode::ChannelsOnlyClosed
        | ReasonCode::ComplaintClosedNewEvidence
        | ReasonCode::ComplaintClosedRepeat
        | ReasonCode::ContactEndedFiled
        | ReasonCode::ContactEndedNewIssue
        | ReasonCode::ContactQuotaOver
        | ReasonCode::HoursOnlyOutside
        | ReasonCode::IssueClosedNewEvidence
        | ReasonCode::IssueClosedRepeat
        | ReasonCode::IssueQuotaOver
        | ReasonCode::ReadAndFileFiled
        | ReasonCode::ReadAndFileNewEvidence
        | ReasonCode::ReadAndFileNewIssue
        | ReasonCode::RepresentativeOnlyDirect
        | ReasonCode::PointOfContactRouted
        | ReasonCode::PointOfContactDeputy
        | ReasonCode::PointOfContactTeam
        | ReasonCode::PointOfContactUnanswered => return None,
    };
    Some(words.to_owned())
}

fn flagged(flag: &Flag) -> Option<String> {
    Some(super::flag(flag, Language::Welsh))
}

/// With the passage that was found, in the sender's words.
fn safeguard(lane: Lane, text: &str) -> String {
    let says = super::flag(&Flag::Safeguard(lane), Language::Welsh);
    let quoted = text.split_once('“').and_then(|(_, rest)| rest.rsplit_once('”'));
    match quoted {
        Some((found, _)) => format!("{says}: “{found}”"),
        None => says,
    }
}

const fn of_doubt(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Shared => {
            "Mae eraill yn defnyddio'r cyfeiriad neu'r rhif hwn hefyd, felly ni orfodir dim"
        }
        Doubt::Ambiguous => "Nid yw'n glir pa berson yw hwn, felly ni orfodir dim",
        Doubt::Unproven => {
            "Nid yw wedi'i brofi'n ddigonol pwy a anfonodd hwn, felly ni orfodir dim"
        }
        Doubt::Refuted => "Mae tystiolaeth mai rhywun arall a anfonodd hwn; ni orfodir dim",
    }
}

/// Why a colleague's message is held.
fn of_outgoing(code: &str) -> Option<&'static str> {
    match code {
        "single_point_of_contact.other" => Some(
            "Mae cysylltu â'r person hwn yn mynd drwy'r pwynt cyswllt, neu pwy bynnag sydd yn ei le",
        ),
        "contact_ended" => Some("Mae pob cysylltiad wedi dod i ben"),
        "channels_only" => Some("Cytunwyd ar ffordd arall o gysylltu â'r person hwn"),
        "representative_only" => Some("Mae cysylltu â'r person hwn yn mynd drwy gynrychiolydd"),
        "read_and_file" => Some("Darllenir a ffeilir negeseuon y person hwn, heb ateb"),
        _ => None,
    }
}

/// What falls due, in words: the item has the ids, and the recorded line the day.
fn reminder(
    what: &str,
    reason: &Reason,
    of: ReasonedItem<'_>,
    language: Language,
) -> Option<String> {
    let day_after = |words: &str| day_after(&reason.text, words, language);
    let terms = restricted_by(of, language);
    let about = terms.as_ref().map(|terms| format!(" ({terms})")).unwrap_or_default();
    let broken = terms.map(|terms| format!(": {}", lower(&terms))).unwrap_or_default();
    let said = match (what, language) {
        ("open_way", Language::English) => format!(
            "No way is open: in the 7 days from {} the restrictions together leave no way that somebody answers",
            day_after("in the 7 days from ")?
        ),
        ("open_way", Language::Welsh) => format!(
            "Nid oes unrhyw ffordd ar agor: yn y 7 diwrnod o {} nid yw'r cyfyngiadau gyda'i gilydd yn gadael yr un \
             ffordd y mae rhywun yn ei hateb",
            day_after("in the 7 days from ")?
        ),
        ("breach", Language::English) => {
            format!(
                "Contact on {} in breach of a restriction{broken}",
                day_after(" made contact on ")?
            )
        }
        ("breach", Language::Welsh) => {
            format!(
                "Cysylltiad ar {} sy'n torri cyfyngiad{broken}",
                day_after(" made contact on ")?
            )
        }
        _ => {
            let known: What = serde_json::from_value(what.into()).ok()?;
            let due = DUE.iter().find_map(|(recorded, english, welsh)| {
                let day = day_after(recorded)?;
                let said = if language == Language::English { english } else { welsh };
                Some(format!("{said} {day}"))
            })?;
            format!("{}{about}: {due}", super::due(known, language))
        }
    };
    let cited = reason.clause.as_ref().map(|clause| match language {
        Language::English => format!(" (clause {clause})"),
        Language::Welsh => format!(" (cymal {clause})"),
    });
    Some(format!("{said}{}", cited.unwrap_or_default()))
}

/// The terms of the restriction that a reminder is about; of the organisation's own matters, what they decide.
fn restricted_by(of: ReasonedItem<'_>, language: Language) -> Option<String> {
    let about = of.item.contact.as_str();
    let Some(person) = of.person else {
        return of.item.person.is_none().then(|| policy_matter(about, language));
    };
    let restriction = person.restrictions.iter().find(|one| one.id == about)?;
    Some(super::terms(&restriction.kind, of.profile, language))
}

/// The day that follows these words.
fn day_after(text: &str, words: &str, language: Language) -> Option<String> {
    let (_, rest) = text.rsplit_once(words)?;
    let day: NaiveDate = rest.get(..10)?.parse().ok()?;
    Some(super::day(day, language))
}

#[cfg(test)]
mod tests;
