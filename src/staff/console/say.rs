//! Codes, times and numbers in words.

mod case;
mod figure;
mod flag;
mod missing;
mod outlook;
mod policy_key;
mod reason;
mod restriction;
mod step;
mod timeline;
mod trail;
mod why;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc, Weekday};
use chrono_tz::Tz;

use super::words::{self, Terms};
use crate::domain::capital::first_upper;
use crate::domain::channel::Channel;
use crate::domain::decision::Disposition;
use crate::domain::duty::Duty;
use crate::domain::identifier::IdentifierKind;
use crate::domain::language::Language;
use crate::domain::person::{Adjustment, AdjustmentKind, Person};
use crate::domain::profile::{Profile, Role};
use crate::domain::queue::{ItemState, QueueItem};
use crate::domain::restriction::{KindName, Status};

pub(super) use self::case::{
    agreement, appeal, appeal_outcome, due, format, incident, letter, letter_kind, letter_part,
    mail_state, means, mediation, not_on_record, proposal, review, warning,
};
pub(super) use self::figure::{count, group};
pub(super) use self::flag::flag;
pub(super) use self::missing::missing;
pub(super) use self::outlook::{channel as outlook, lane, may_be, span};
pub(super) use self::policy_key::policy_matter;
pub(super) use self::reason::{ReasonLine, ReasonedItem, is_reminder, reason, subject};
pub(super) use self::restriction::{staffed, terms};
pub(super) use self::timeline::entry_of_person;
pub(super) use self::trail::{by, entry};

const MONTHS: [(&str, &str); 12] = [
    ("Jan", "Ion"),
    ("Feb", "Chwef"),
    ("Mar", "Maw"),
    ("Apr", "Ebr"),
    ("May", "Mai"),
    ("Jun", "Meh"),
    ("Jul", "Gorff"),
    ("Aug", "Awst"),
    ("Sep", "Medi"),
    ("Oct", "Hyd"),
    ("Nov", "Tach"),
    ("Dec", "Rhag"),
];

pub(super) const fn weekday(day: Weekday, language: Language) -> &'static str {
    match (day, language) {
        (Weekday::Mon, Language::English) => "Mon",
        (Weekday::Tue, Language::English) => "Tue",
        (Weekday::Wed, Language::English) => "Wed",
        (Weekday::Thu, Language::English) => "Thu",
        (Weekday::Fri, Language::English) => "Fri",
        (Weekday::Sat, Language::English) => "Sat",
        (Weekday::Sun, Language::English) => "Sun",
        (Weekday::Mon, Language::Welsh) => "Llun",
        (Weekday::Tue, Language::Welsh) => "Maw",
        (Weekday::Wed, Language::Welsh) => "Mer",
        (Weekday::Thu, Language::Welsh) => "Iau",
        (Weekday::Fri, Language::Welsh) => "Gwe",
        (Weekday::Sat, Language::Welsh) => "Sad",
        (Weekday::Sun, Language::Welsh) => "Sul",
    }
}

/// A day with its weekday: "Mon 23 Nov 2026".
pub(super) fn day(day: NaiveDate, language: Language) -> String {
    format!("{} {}", short_day(day, language), day.year())
}

/// The month that a day is in: "Nov 2026".
pub(super) fn month(day: NaiveDate, language: Language) -> String {
    format!("{} {}", month_name(day, language), day.year())
}

fn month_name(day: NaiveDate, language: Language) -> &'static str {
    let month = MONTHS.get(day.month0() as usize).copied().unwrap_or_default();
    match language {
        Language::English => month.0,
        Language::Welsh => month.1,
    }
}

fn short_day(day: NaiveDate, language: Language) -> String {
    let month = month_name(day, language);
    format!("{} {} {month}", weekday(day.weekday(), language), day.day())
}

/// An instant on the organisation's clock: "Mon 23 Nov, 16:05", with the year where it is another one.
pub(super) fn when(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, language: Language) -> String {
    let (at, now) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let on = if at.year() == now.year() {
        short_day(at.date_naive(), language)
    } else {
        day(at.date_naive(), language)
    };
    format!("{on}, {:02}:{:02}", at.hour(), at.minute())
}

/// An instant by which something is due: at midnight "end of Mon 23 Nov", the day before it.
pub(super) fn deadline(
    at: DateTime<Utc>,
    now: DateTime<Utc>,
    zone: Tz,
    language: Language,
) -> String {
    let local = at.with_timezone(&zone);
    let day_before =
        local.date_naive().pred_opt().filter(|_| (local.hour(), local.minute()) == (0, 0));
    let Some(last) = day_before else { return when(at, now, zone, language) };
    let on = if last.year() == now.with_timezone(&zone).year() {
        short_day(last, language)
    } else {
        day(last, language)
    };
    match language {
        Language::English => format!("end of {on}"),
        Language::Welsh => format!("diwedd {on}"),
    }
}

/// How long something has waited: "3 days", "2 hours", "5 minutes".
pub(super) fn waited(time: TimeDelta, language: Language) -> String {
    let (days, hours, minutes) = (time.num_days(), time.num_hours(), time.num_minutes().max(0));
    match language {
        Language::English => {
            let (number, one, many) = match (days, hours) {
                (1.., _) => (days, "day", "days"),
                (_, 1..) => (hours, "hour", "hours"),
                _ => (minutes, "minute", "minutes"),
            };
            format!("{number} {}", if number == 1 { one } else { many })
        }
        // After a number Welsh has the singular; 2 mutates it.
        Language::Welsh => match (days, hours, minutes) {
            (2, ..) => "2 ddiwrnod".to_owned(),
            (1.., ..) => format!("{days} diwrnod"),
            (_, 1.., _) => format!("{hours} awr"),
            (_, _, 2) => "2 funud".to_owned(),
            _ => format!("{minutes} munud"),
        },
    }
}

pub(super) const fn channel(channel: Channel, language: Language) -> &'static str {
    let terms = Terms::of(language);
    match channel {
        Channel::Email => terms.email,
        Channel::WebForm => terms.web_form,
        Channel::Telephone => terms.telephone,
        Channel::Sms => terms.sms,
        Channel::Whatsapp => terms.whatsapp,
        Channel::Letter => terms.letter,
        Channel::InPerson => terms.in_person,
        Channel::Social => terms.social,
        Channel::WebChat => terms.web_chat,
    }
}

/// A channel within a sentence.
const fn by_channel(channel: Channel, language: Language) -> &'static str {
    let terms = Terms::of(language);
    match channel {
        Channel::Email => terms.by_email,
        Channel::WebForm => terms.by_web_form,
        Channel::Telephone => terms.by_telephone,
        Channel::Sms => terms.by_sms,
        Channel::Whatsapp => terms.by_whatsapp,
        Channel::Letter => terms.by_letter,
        Channel::InPerson => terms.by_in_person,
        Channel::Social => terms.by_social,
        Channel::WebChat => terms.by_web_chat,
    }
}

/// A queue's name and content.
pub(super) fn queue(id: &str, language: Language) -> (String, &'static str) {
    use crate::domain::queue as known;
    let terms = Terms::of(language);
    let (name, text) = match id {
        known::LIMITED => (terms.q_limited, terms.q_limited_text),
        known::FILED => (terms.q_filed, terms.q_filed_text),
        known::REVIEW => (terms.q_review, terms.q_review_text),
        known::HEAD_OF_SERVICE => (terms.q_head_of_service, terms.q_head_of_service_text),
        known::GOVERNANCE => (terms.q_governance, terms.q_governance_text),
        known::EMERGENCY => (terms.q_emergency, terms.q_emergency_text),
        // Often a name: "sam-okoro".
        other => return (every_word_capitalised(other), terms.q_other_text),
    };
    (name.to_owned(), text)
}

/// "head_of_service" as "Head of service": a name of the organisation's own, in its own language.
pub(super) fn capitalised(name: &str) -> String {
    first_upper(&name.replace(['_', '-'], " "))
}

/// The words for a name, from a table of names with their English and Welsh.
fn in_words(
    table: &[(&str, &'static str, &'static str)],
    name: &str,
    language: Language,
) -> Option<&'static str> {
    let (_, english, welsh) = table.iter().find(|(known, ..)| *known == name)?;
    Some(match language {
        Language::English => *english,
        Language::Welsh => *welsh,
    })
}

/// With a small letter, within a sentence.
pub(super) fn lower(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn every_word_capitalised(name: &str) -> String {
    let words: Vec<String> = name.split(['_', '-']).map(capitalised).collect();
    words.join(" ")
}

/// A ground of the policy by its name, or what an earlier decision said in words.
pub(super) fn grounds(text: &str) -> String {
    if text.contains(' ') { text.to_owned() } else { capitalised(text) }
}

pub(super) fn role_name(role: &Role, language: Language) -> String {
    if role.is_none() { Terms::of(language).no_role.to_owned() } else { capitalised(&role.0) }
}

pub(super) const fn state(state: ItemState, language: Language) -> &'static str {
    let terms = Terms::of(language);
    match state {
        ItemState::Open => terms.s_open,
        ItemState::Claimed => terms.s_claimed,
        ItemState::Read => terms.s_read,
        ItemState::Released => terms.s_released,
        ItemState::Filed => terms.s_filed,
        ItemState::Closed => terms.s_closed,
    }
}

/// "Closed by Ann Hall, Mon 23 Nov, 16:05"; none: it waits, or an earlier version finished it.
pub(super) fn done(
    item: &QueueItem,
    now: DateTime<Utc>,
    zone: Tz,
    language: Language,
) -> Option<String> {
    let (name, at) = item.done_by.as_deref().zip(item.done_at)?;
    let what = first_upper(state(item.state, language));
    let (name, at) = (by(name, language), when(at, now, zone, language));
    Some(format!("{what} {} {name}, {at}", words::Item::of(language).done_by))
}

pub(super) const fn disposition(disposition: Disposition, language: Language) -> &'static str {
    let terms = Terms::of(language);
    match disposition {
        Disposition::Deliver => terms.d_deliver,
        Disposition::Route => terms.d_route,
        Disposition::Limit => terms.d_limit,
        Disposition::File => terms.d_file,
    }
}

pub(super) const fn status(status: Status, language: Language) -> &'static str {
    let terms = Terms::of(language);
    match status {
        Status::Proposed => terms.r_proposed,
        Status::Active => terms.r_active,
        Status::UnderAppeal => terms.r_under_appeal,
        Status::Varied => terms.r_varied,
        Status::Lifted => terms.r_lifted,
        Status::Quashed => terms.r_quashed,
        Status::Expired => terms.r_expired,
        Status::Ended => terms.r_ended,
    }
}

pub(super) const fn identifier(kind: IdentifierKind, language: Language) -> &'static str {
    let terms = Terms::of(language);
    match kind {
        IdentifierKind::Email => terms.id_email,
        IdentifierKind::Phone => terms.id_phone,
        IdentifierKind::Whatsapp => terms.id_whatsapp,
        IdentifierKind::Account => terms.id_account,
        IdentifierKind::Social => terms.id_social,
    }
}

/// An identifier as people write it: 0115 496 0123.
pub(super) fn identifier_value(kind: IdentifierKind, value: &str) -> String {
    match kind {
        IdentifierKind::Phone | IdentifierKind::Whatsapp => {
            crate::domain::notice::Line::default().phone(value).text()
        }
        IdentifierKind::Email | IdentifierKind::Account | IdentifierKind::Social => {
            value.to_owned()
        }
    }
}

pub(super) fn adjustment(adjustment: &Adjustment, language: Language) -> String {
    let terms = Terms::of(language);
    let name = match adjustment.kind {
        AdjustmentKind::NeedsChannel => terms.a_needs_channel,
        AdjustmentKind::LargePrint => terms.a_large_print,
        AdjustmentKind::ColouredPaper => terms.a_coloured_paper,
        AdjustmentKind::EasyRead => terms.a_easy_read,
        AdjustmentKind::Braille => terms.a_braille,
        AdjustmentKind::Audio => terms.a_audio,
        AdjustmentKind::Translation => terms.a_translation,
        AdjustmentKind::Interpreter => terms.a_interpreter,
        AdjustmentKind::Representative => terms.a_representative,
        AdjustmentKind::ClearWarnings => terms.a_clear_warnings,
        AdjustmentKind::ExtraTime => terms.a_extra_time,
        AdjustmentKind::Other => terms.a_other,
    };
    match (adjustment.channel, &adjustment.note) {
        (Some(needed), Some(note)) => format!("{name}: {}, {note}", by_channel(needed, language)),
        (Some(needed), None) => format!("{name}: {}", by_channel(needed, language)),
        (None, Some(note)) => format!("{name}: {note}"),
        (None, None) => name.to_owned(),
    }
}

pub(super) const fn duty(duty: Duty, language: Language) -> &'static str {
    let terms = Terms::of(language);
    match duty {
        Duty::Record => terms.duty_record,
        Duty::Warn => terms.duty_warn,
        Duty::Propose => terms.duty_propose,
        Duty::Decide => terms.duty_decide,
        Duty::SignOff => terms.duty_sign_off,
        Duty::Hear => terms.duty_hear,
        Duty::ReadAudit => terms.duty_read_audit,
        Duty::Settings => terms.duty_settings,
    }
}

/// What a role includes, in one line.
pub(super) fn duties(profile: &Profile, role: &Role, language: Language) -> String {
    let all =
        Duty::ALL.into_iter().filter(|one| crate::domain::permission::has(profile, role, *one));
    all.map(|one| duty(one, language)).collect::<Vec<_>>().join("; ")
}

pub(super) const fn kind(kind: KindName, language: Language) -> &'static str {
    let terms = Terms::of(language);
    match kind {
        KindName::SinglePointOfContact => terms.k_single_point_of_contact,
        KindName::ChannelsOnly => terms.k_channels_only,
        KindName::HoursOnly => terms.k_hours_only,
        KindName::ContactQuota => terms.k_contact_quota,
        KindName::IssueClosed => terms.k_issue_closed,
        KindName::IssueQuota => terms.k_issue_quota,
        KindName::RepresentativeOnly => terms.k_representative_only,
        KindName::ReadAndFile => terms.k_read_and_file,
        KindName::ContactEnded => terms.k_contact_ended,
        KindName::ComplaintClosed => terms.k_complaint_closed,
        KindName::CallLength => terms.k_call_length,
        KindName::VisitsInPairs => terms.k_visits_in_pairs,
        KindName::AppointmentOnly => terms.k_appointment_only,
        KindName::DocumentsReturned => terms.k_documents_returned,
    }
}

/// The name on record; else who it is known to be not.
pub(super) fn who(item: &QueueItem, person: Option<&Person>, w: &words::Queue) -> String {
    match (person, &item.person) {
        (Some(person), _) => person.shown_name().to_owned(),
        (None, Some(id)) => id.clone(),
        (None, None) if is_reminder(item) => w.whole_organisation.to_owned(),
        (None, None) => w.unknown_person.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_on_the_organisations_clock_with_the_weekday() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-25T10:00:00Z");
        let london = Tz::Europe__London;
        let say = |text: &str, language| when(at(text), now, london, language);
        assert_eq!(say("2026-11-23T16:05:00Z", Language::English), "Mon 23 Nov, 16:05");
        assert_eq!(say("2026-07-01T23:30:00Z", Language::English), "Thu 2 Jul, 00:30");
        assert_eq!(say("2025-12-31T09:00:00Z", Language::English), "Wed 31 Dec 2025, 09:00");
        assert_eq!(say("2026-11-23T16:05:00Z", Language::Welsh), "Llun 23 Tach, 16:05");
    }

    #[test]
    fn midnight_is_said_as_the_end_of_the_day_before() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let say = |text: &str, language| {
            deadline(at(text), at("2026-11-25T10:00:00Z"), Tz::Europe__London, language)
        };
        assert_eq!(say("2026-12-01T00:00:00Z", Language::English), "end of Mon 30 Nov");
        assert_eq!(say("2026-06-30T23:00:00Z", Language::Welsh), "diwedd Maw 30 Meh");
        assert_eq!(say("2027-01-01T00:00:00Z", Language::English), "end of Thu 31 Dec");
        assert_eq!(say("2027-01-02T00:00:00Z", Language::English), "end of Fri 1 Jan 2027");
        assert_eq!(say("2026-12-01T09:30:00Z", Language::English), "Tue 1 Dec, 09:30");
    }

    #[test]
    fn waiting_is_said_in_its_largest_unit() {
        for (minutes, english, welsh) in [
            (0, "0 minutes", "0 munud"),
            (1, "1 minute", "1 munud"),
            (2, "2 minutes", "2 funud"),
            (61, "1 hour", "1 awr"),
            (60 * 24, "1 day", "1 diwrnod"),
            (60 * 49, "2 days", "2 ddiwrnod"),
        ] {
            let time = TimeDelta::minutes(minutes);
            assert_eq!(waited(time, Language::English), english);
            assert_eq!(waited(time, Language::Welsh), welsh);
        }
    }
}
