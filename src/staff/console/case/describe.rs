//! What each step asks for: one description per step, from which its page, its reading and its refusals are
//! made. Every text is in both languages; one that is missing in either does not compile.

mod appeals;
mod beside;
mod conduct;
mod letters;
mod proposals;
mod restrictions;

pub(in crate::staff::console) use self::restrictions::parameters;

use crate::domain::language::Language;
use crate::domain::organisation::Organisation;
use crate::staff::permit::StepPermit;

/// A text in English and Welsh.
#[derive(Debug, Clone, Copy)]
pub(in crate::staff::console) struct Two(&'static str, &'static str);

impl Two {
    pub(in crate::staff::console) const fn of(self, language: Language) -> &'static str {
        match language {
            Language::English => self.0,
            Language::Welsh => self.1,
        }
    }
}

pub(in crate::staff::console) const fn two(english: &'static str, welsh: &'static str) -> Two {
    Two(english, welsh)
}

/// One answer of several.
#[derive(Debug, Clone, Copy)]
pub(in crate::staff::console) struct Choice {
    pub value: &'static str,
    pub text: Two,
    pub hint: Option<Two>,
}

const fn choice(value: &'static str, english: &'static str, welsh: &'static str) -> Choice {
    Choice { value, text: two(english, welsh), hint: None }
}

const fn explained(value: &'static str, text: Two, hint: Two) -> Choice {
    Choice { value, text, hint: Some(hint) }
}

/// How a field is asked for, and what its answer becomes.
#[derive(Debug, Clone, Copy)]
pub(in crate::staff::console) enum Ask {
    /// A line, as text.
    Line,
    /// Several lines, each an entry of a list.
    Lines,
    /// Some sentences.
    Text,
    Number,
    /// A day of the organisation.
    Day,
    /// A time on the organisation's clock.
    Time,
    /// The same, from which records count: now, where nothing else is said.
    TimeOrNow,
    /// One box, as `true`.
    Tick,
    YesNo,
    /// One of several.
    One(&'static [Choice]),
    /// Any of several, as a list.
    Any(&'static [Choice]),
    /// One of the policy's grounds.
    Ground,
    /// Any of the policy's grounds of appeal.
    AppealGrounds,
    Channel,
    Channels,
    /// Any of the incidents on file.
    Incidents,
    /// Any of the person's latest contacts.
    Contacts,
    /// One of the staff, or any of them.
    Staff,
    StaffAny,
    /// One of the staff whose role hears appeals.
    Hearer,
    /// One of the people at a point of contact.
    PointOfContact,
    /// One of the person's adjustments, or of their restrictions and proposals.
    Adjustment,
    Restriction,
    /// One of the person's e-mail addresses.
    Email,
    /// A language, a format.
    Language,
    Format,
    /// The parts of a letter: which stay in, and words of one's own for each.
    Parts,
    Words,
    /// The kind's own parameters: of a new restriction, or what changes of one in force.
    Terms,
    Changes,
    /// The policy's exceptions, each with why.
    Exceptions,
    /// Weekly windows, people, as the kind has them.
    Windows,
    Deputies,
}

/// When a field is part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::staff::console) enum Only {
    Always,
    /// Of letters about something that is to change.
    OfVariation,
}

/// One field of a step. Its key is where the answer goes in the step, a dot for each level.
#[derive(Debug, Clone, Copy)]
pub(in crate::staff::console) struct Field {
    pub key: &'static str,
    pub ask: Ask,
    pub label: Two,
    pub hint: Option<Two>,
    /// May be left empty.
    pub optional: bool,
    pub only: Only,
}

const fn field(key: &'static str, ask: Ask, english: &'static str, welsh: &'static str) -> Field {
    let label = two(english, welsh);
    Field { key, ask, label, hint: None, optional: false, only: Only::Always }
}

impl Field {
    const fn hint(self, english: &'static str, welsh: &'static str) -> Field {
        Field { hint: Some(two(english, welsh)), ..self }
    }

    const fn optional(self) -> Field {
        Field { optional: true, ..self }
    }

    const fn only(self, only: Only) -> Field {
        Field { only, ..self }
    }
}

/// One step as a page.
#[derive(Debug, Clone, Copy)]
pub(in crate::staff::console) struct StepForm {
    pub act: &'static str,
    pub path: &'static str,
    /// Who may open it.
    pub permit: StepPermit,
    /// The step's key for what it is about.
    pub about: Option<&'static str>,
    pub title: Two,
    pub lead: Two,
    pub button: Two,
    pub done: Two,
    /// Something that can't be taken back.
    pub careful: bool,
    pub fields: &'static [Field],
}

impl StepForm {
    /// The step as an organisation takes it: without an address of its own it mails no letters, and records that
    /// they went.
    pub(in crate::staff::console) fn as_taken_by(
        &'static self,
        organisation: &Organisation,
    ) -> &'static StepForm {
        match organisation.notice_from {
            None if self.act == letters::SEND_LETTER.act => &letters::RECORD_LETTER_SENT,
            _ => self,
        }
    }
}

macro_rules! steps {
    ($($name:ident: $act:literal, $permit:ident, $about:expr, $careful:expr,
        title: $title:expr, lead: $lead:expr, button: $button:expr, done: $done:expr,
        [$($field:expr),* $(,)?];)*) => {$(
        pub(in crate::staff::console) const $name: super::StepForm = super::StepForm {
            act: $act,
            path: concat!("/people/{person}/steps/", $act),
            permit: $crate::staff::permit::StepPermit::$permit,
            about: $about,
            title: $title,
            lead: $lead,
            button: $button,
            done: $done,
            careful: $careful,
            fields: &[$($field),*],
        };
    )*};
}

use steps;

/// Everything that staff do to a case.
pub(in crate::staff::console) static ALL: [StepForm; 33] = [
    conduct::RECORD_INCIDENT,
    conduct::CLOSE_INCIDENT,
    conduct::GIVE_WARNING,
    conduct::OFFER_AGREEMENT,
    conduct::ANSWER_AGREEMENT,
    conduct::BREACH_AGREEMENT,
    conduct::CLOSE_AGREEMENT,
    conduct::RECORD_MEDIATION,
    proposals::PROPOSE,
    proposals::SUBMIT,
    proposals::SIGN_OFF,
    proposals::SEND_BACK,
    proposals::WITHDRAW_PROPOSAL,
    proposals::PUT_IN_FORCE,
    letters::DRAFT_LETTER,
    letters::APPROVE_LETTER,
    letters::SEND_LETTER,
    restrictions::VARY,
    restrictions::LIFT,
    restrictions::REVIEW,
    appeals::RECEIVE_APPEAL,
    appeals::ASSIGN_HEARER,
    appeals::DECIDE_APPEAL,
    appeals::NOTIFY_APPEAL,
    appeals::WITHDRAW_APPEAL,
    beside::DECIDE_ENGAGEMENT,
    beside::MARK_READ,
    beside::RECONCILE_ADJUSTMENT,
    beside::RECORD_STAFF_COMPLAINT,
    beside::CLOSE_STAFF_COMPLAINT,
    beside::RECORD_ADJUSTMENT,
    beside::RECORD_ABSENCE,
    beside::RECORD_ACTION,
];

/// A step by its name.
pub(in crate::staff::console) fn step(act: &str) -> Option<&'static StepForm> {
    ALL.iter().find(|one| one.act == act)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::act::Act;

    #[test]
    fn every_step_of_the_domain_has_a_page_and_every_page_a_step() {
        for one in &ALL {
            let read: Result<Act, _> = serde_json::from_value(serde_json::json!({"act": one.act}));
            assert_eq!(read.unwrap().name(), one.act);
            assert!(one.path.ends_with(one.act));
        }
        // What serde names when it knows no such step.
        let unknown: Result<Act, _> = serde_json::from_value(serde_json::json!({"act": "?"}));
        let said = unknown.unwrap_err().to_string();
        let known: Vec<&str> = said.split('`').skip(3).step_by(2).collect();
        assert!(known.len() > 30, "{said}");
        for act in known {
            assert!(step(act).is_some(), "{act} has no page");
        }
    }

    #[test]
    fn every_field_goes_to_a_key_that_the_step_has() {
        for one in ALL.iter().chain([&letters::RECORD_LETTER_SENT]) {
            for field in one.fields {
                let key = field.key.split('.').next().unwrap();
                let read: Result<Act, _> =
                    serde_json::from_value(serde_json::json!({"act": one.act, key: null}));
                let said = read.err().map(|fault| fault.to_string()).unwrap_or_default();
                assert!(!said.contains("unknown field"), "{}: {}", one.act, field.key);
            }
        }
    }
}
