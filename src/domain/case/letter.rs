//! Letters of a case: what each must have, and how far it is on its way.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::identifier::IdentifierKind;
use crate::domain::language::Language;
use crate::domain::person::{AdjustmentKind, ListedIdentifier, Person};
use crate::domain::profile::Profile;

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    Warning,
    Restriction,
    Variation,
    Lifted,
    UpcomingReview,
    ReviewOutcome,
    AppealAcknowledged,
    AppealOutcome,
    ContactEnded,
    NoNotificationRecord,
}

impl LetterKind {
    pub const fn name(self) -> &'static str {
        match self {
            LetterKind::Warning => "warning",
            LetterKind::Restriction => "restriction",
            LetterKind::Variation => "variation",
            LetterKind::Lifted => "lifted",
            LetterKind::UpcomingReview => "upcoming_review",
            LetterKind::ReviewOutcome => "review_outcome",
            LetterKind::AppealAcknowledged => "appeal_acknowledged",
            LetterKind::AppealOutcome => "appeal_outcome",
            LetterKind::ContactEnded => "contact_ended",
            LetterKind::NoNotificationRecord => "no_notification_record",
        }
    }

    /// Whether it tells the person of a restriction that begins, so that every part that the policy
    /// asks for must be in it.
    pub const fn imposes(self) -> bool {
        matches!(self, LetterKind::Restriction | LetterKind::ContactEnded | LetterKind::Variation)
    }

    /// Whether the ombudsman must be named, where the policy names one.
    pub const fn names_ombudsman(self) -> bool {
        self.imposes() || matches!(self, LetterKind::AppealOutcome)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Standard,
    LargePrint,
    ColouredPaper,
    EasyRead,
    Braille,
    Audio,
}

impl Format {
    /// The format that the person's adjustments ask for.
    pub fn of(person: &Person) -> Self {
        let asked = person.adjustments.iter().find_map(|adjustment| match adjustment.kind {
            AdjustmentKind::LargePrint => Some(Format::LargePrint),
            AdjustmentKind::ColouredPaper => Some(Format::ColouredPaper),
            AdjustmentKind::EasyRead => Some(Format::EasyRead),
            AdjustmentKind::Braille => Some(Format::Braille),
            AdjustmentKind::Audio => Some(Format::Audio),
            AdjustmentKind::NeedsChannel
            | AdjustmentKind::Translation
            | AdjustmentKind::Interpreter
            | AdjustmentKind::Representative
            | AdjustmentKind::ClearWarnings
            | AdjustmentKind::ExtraTime
            | AdjustmentKind::Other => None,
        });
        asked.unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    Post,
    Email,
}

/// What an approved letter says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Words {
    /// Everything that its words are made of, as it was approved.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content: String,
    /// The exact bytes that were approved, as a page and as plain text: these are sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub html: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Words {
    pub const fn is_empty(&self) -> bool {
        self.content.is_empty() && self.html.is_empty() && self.text.is_empty()
    }
}

/// Somebody approved the letter as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub at: DateTime<Utc>,
    pub by: String,
    /// In a store, a document of its own holds them, and the file has none.
    #[serde(flatten)]
    pub words: Words,
    /// The document that holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_as: Option<String>,
    /// SHA-256 of the page, in hexadecimal.
    pub sha256: String,
    /// The template that it was written by: its name and the start of its digest.
    pub template: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub at: DateTime<Utc>,
    pub by: String,
    pub means: Means,
    /// Where the gateway mails it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Mailed>,
}

/// The mail of a letter, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailed {
    /// The person's address.
    pub to: String,
    pub state: MailState,
    /// When it came to this state.
    pub at: DateTime<Utc>,
    /// Of one that failed: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// No server has taken it yet.
    Waiting,
    Accepted,
    /// No server will take it. The letter did not go.
    Failed,
}

/// A letter to the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLetter {
    pub id: String,
    pub kind: LetterKind,
    /// The id of the proposal, restriction, warning or appeal that it is about.
    pub about: String,
    pub language: Language,
    pub format: Format,
    /// The parts that it has, by the profile's names.
    pub parts: Vec<String>,
    /// Of a variation or a lift that comes after it: the new terms, and why.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub changes: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What some parts say instead, in words of the drafter's own and in the letter's language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, String>,
    pub drafted_at: DateTime<Utc>,
    pub drafted_by: String,
    pub approval: Option<Approval>,
    pub sent: Option<Sent>,
}

impl CaseLetter {
    /// Whether it went, or is on its way: a letter that no mail server takes did not go, and may be sent again.
    pub fn has_gone(&self) -> bool {
        self.sent.is_some() && self.mail_failed().is_none()
    }

    /// The mail that no server takes.
    pub fn mail_failed(&self) -> Option<&Mailed> {
        let mail = self.sent.as_ref().and_then(|sent| sent.mail.as_ref());
        mail.filter(|mail| mail.state == MailState::Failed)
    }

    pub fn state(&self) -> &'static str {
        if self.has_gone() {
            "sent"
        } else if self.approval.is_some() {
            "approved"
        } else {
            "draft"
        }
    }
}

/// The e-mail addresses on a person's record.
pub fn emails_of(person: &Person) -> impl Iterator<Item = &ListedIdentifier> {
    person.identifiers.iter().filter(|one| one.kind == IdentifierKind::Email)
}

/// The address on a person's record that somebody wrote, as it is there.
pub fn email_of<'p>(person: &'p Person, written: &str) -> Option<&'p str> {
    let found = emails_of(person).find(|one| one.value.eq_ignore_ascii_case(written.trim()));
    found.map(|one| one.value.as_str())
}

/// Where letters go where nothing else is said: the first address that the person shares with nobody.
pub fn own_email(person: &Person) -> Option<&str> {
    emails_of(person).find(|one| !one.shared).map(|one| one.value.as_str())
}

/// The part that names the ombudsman.
pub const OMBUDSMAN: &str = "ombudsman";

/// The parts that a letter of a kind must have: those of the policy, and the ombudsman.
pub fn parts_of(profile: &Profile, kind: LetterKind) -> Vec<String> {
    let mut parts = match kind {
        LetterKind::Warning => {
            let asked = &profile.warn_first.must_say;
            if asked.is_empty() {
                ["behaviour", "must_change"].map(str::to_owned).to_vec()
            } else {
                asked.clone()
            }
        }
        kind if kind.imposes() => profile.letter.must_say.clone(),
        LetterKind::AppealOutcome => vec!["outcome".to_owned(), "reasons".to_owned()],
        _ => vec!["outcome".to_owned()],
    };
    let has_ombudsman = parts.iter().any(|part| part == OMBUDSMAN);
    if kind.names_ombudsman() && profile.ombudsman.is_some() && !has_ombudsman {
        parts.push(OMBUDSMAN.to_owned());
    }
    parts
}

/// The path in the profile that asks for a part.
pub fn path_of_part(kind: LetterKind, part: &str) -> &'static str {
    match (kind, part) {
        (_, OMBUDSMAN) => "ombudsman",
        (LetterKind::Warning, _) => "warn_first.must_say",
        _ => "letter.must_say",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::case::tests::{AT, sent, with};
    use crate::domain::nation::Nation;
    use crate::domain::profile::Ombudsman;

    #[test]
    fn a_letter_that_no_server_takes_has_not_gone() {
        let letter = |mail: serde_json::Value| -> CaseLetter {
            let at = "2026-03-02T10:00:00Z";
            let sent = json!({"at": at, "by": "Ann Bell", "means": "email", "mail": mail});
            serde_json::from_value(json!({
                "id": "L-1", "kind": "restriction", "about": "PR-1", "language": "en", "format": "standard",
                "parts": [], "drafted_at": at, "drafted_by": "Ann Bell", "approval": null, "sent": sent,
            }))
            .unwrap()
        };
        let mailed = |state: &str| json!({"to": "jo@x.example", "state": state, "at": "2026-03-02T10:05:00Z"});
        for (mail, has_gone) in [
            (json!(null), true),
            (mailed("waiting"), true),
            (mailed("accepted"), true),
            (mailed("failed"), false),
        ] {
            let letter = letter(mail.clone());
            assert_eq!(letter.has_gone(), has_gone, "{mail}");
            assert_eq!(letter.mail_failed().is_some(), !has_gone, "{mail}");
            assert_eq!(letter.state(), if has_gone { "sent" } else { "draft" }, "{mail}");
        }
        let drafted = CaseLetter { sent: None, ..letter(json!(null)) };
        assert!(!drafted.has_gone() && drafted.mail_failed().is_none());
        assert_eq!(drafted.state(), "draft");
    }

    #[test]
    fn a_kind_of_letter_has_its_name_and_those_that_impose_or_answer_an_appeal_name_the_ombudsman()
    {
        for (kind, imposes, names_ombudsman) in [
            (LetterKind::Warning, false, false),
            (LetterKind::Restriction, true, true),
            (LetterKind::Variation, true, true),
            (LetterKind::Lifted, false, false),
            (LetterKind::UpcomingReview, false, false),
            (LetterKind::ReviewOutcome, false, false),
            (LetterKind::AppealAcknowledged, false, false),
            (LetterKind::AppealOutcome, false, true),
            (LetterKind::ContactEnded, true, true),
            (LetterKind::NoNotificationRecord, false, false),
        ] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(
                (kind.imposes(), kind.names_ombudsman()),
                (imposes, names_ombudsman),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn a_letter_has_the_parts_that_the_policy_asks_for_and_names_the_ombudsman_once() {
        let mut profile = Profile::silent("Bare Homes", Nation::England);
        let warning = |profile: &Profile| parts_of(profile, LetterKind::Warning);
        assert_eq!(warning(&profile), ["behaviour", "must_change"]);
        assert_eq!(parts_of(&profile, LetterKind::Restriction), [] as [&str; 0]);
        profile.warn_first.must_say = vec!["consequences".to_owned()];
        profile.letter.must_say = vec!["reasons".to_owned(), "duration".to_owned()];
        let outcomes =
            [LetterKind::Lifted, LetterKind::ReviewOutcome, LetterKind::AppealAcknowledged];
        let imposing = [LetterKind::Restriction, LetterKind::Variation, LetterKind::ContactEnded];
        for has_ombudsman in [false, true] {
            let ombudsman: &[&str] = if has_ombudsman { &[OMBUDSMAN] } else { &[] };
            assert_eq!(warning(&profile), ["consequences"]);
            for kind in outcomes {
                assert_eq!(parts_of(&profile, kind), ["outcome"], "{kind:?}");
            }
            for kind in imposing {
                let expected = [&["reasons", "duration"][..], ombudsman].concat();
                assert_eq!(parts_of(&profile, kind), expected, "{kind:?}");
            }
            let appeal = [&["outcome", "reasons"][..], ombudsman].concat();
            assert_eq!(parts_of(&profile, LetterKind::AppealOutcome), appeal);
            profile.ombudsman = Some(Ombudsman {
                name: "Housing Ombudsman".to_owned(),
                welsh_name: None,
                website: None,
                phone: None,
                when: None,
            });
        }
        profile.letter.must_say = vec![OMBUDSMAN.to_owned(), "reasons".to_owned()];
        assert_eq!(parts_of(&profile, LetterKind::Restriction), [OMBUDSMAN, "reasons"]);
        for (kind, part, path) in [
            (LetterKind::Warning, "behaviour", "warn_first.must_say"),
            (LetterKind::Warning, OMBUDSMAN, "ombudsman"),
            (LetterKind::Restriction, OMBUDSMAN, "ombudsman"),
            (LetterKind::Restriction, "reasons", "letter.must_say"),
        ] {
            assert_eq!(path_of_part(kind, part), path, "{kind:?} {part}");
        }
    }

    #[test]
    fn the_format_is_the_first_that_an_adjustment_asks_for() {
        let person = |kinds: &[&str]| -> Person {
            let adjustments: Vec<_> = kinds.iter().map(|kind| json!({"kind": kind})).collect();
            serde_json::from_value(json!({"id": "P-1", "adjustments": adjustments})).unwrap()
        };
        for (kinds, expected) in [
            (vec!["extra_time", "translation"], Format::Standard),
            (vec!["large_print"], Format::LargePrint),
            (vec!["coloured_paper"], Format::ColouredPaper),
            (vec!["other", "easy_read", "braille"], Format::EasyRead),
            (vec!["braille"], Format::Braille),
            (vec!["audio"], Format::Audio),
        ] {
            assert_eq!(Format::of(&person(&kinds)), expected, "{kinds:?}");
        }
    }

    #[test]
    fn a_letter_is_mailed_to_an_address_on_record_and_by_itself_only_to_the_persons_own() {
        let listed = |kind: &str, value: &str, shared: bool| json!({"kind": kind, "value": value, "shared": shared});
        let person = |identifiers: serde_json::Value| -> Person {
            serde_json::from_value(json!({"id": "P-1", "identifiers": identifiers})).unwrap()
        };
        let jo = person(json!([
            listed("phone", "+447700900123", false),
            listed("email", "home@x.example", true),
            listed("email", "Jo@x.example", false),
            listed("email", "other@x.example", false),
        ]));
        assert_eq!(own_email(&jo), Some("Jo@x.example"));
        for (written, expected) in [
            (" jo@X.example ", Some("Jo@x.example")),
            ("home@x.example", Some("home@x.example")),
            ("+447700900123", None),
            ("al@x.example", None),
        ] {
            assert_eq!(email_of(&jo, written), expected, "{written}");
        }
        assert_eq!(own_email(&person(json!([listed("email", "home@x.example", true)]))), None);
    }

    #[test]
    fn words_are_empty_where_nothing_is_kept_of_them() {
        for (words, is_empty) in [
            (json!({}), true),
            (json!({"content": "x"}), false),
            (json!({"html": "x"}), false),
            (json!({"text": "x"}), false),
        ] {
            let read: Words = serde_json::from_value(words.clone()).unwrap();
            assert_eq!(read.is_empty(), is_empty, "{words}");
        }
    }

    #[test]
    fn a_letter_that_is_approved_says_so_until_it_goes() {
        let approval =
            json!({"approval": {"at": AT, "by": "Ed Fox", "sha256": "00", "template": "t"}});
        let state = |more: &serde_json::Value| -> &'static str {
            let letter = crate::domain::case::tests::letter("L-1", "restriction", "PR-1", more);
            serde_json::from_value::<CaseLetter>(letter).unwrap().state()
        };
        assert_eq!(state(&json!({})), "draft");
        assert_eq!(state(&approval), "approved");
        assert_eq!(state(&with(approval, &sent(AT))), "sent");
    }
}
