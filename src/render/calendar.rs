//! The diary as an iCalendar object (RFC 5545), for the calendars that staff keep anyway.
//!
//! Calendars are synchronised to telephones and shown on screens in meeting rooms: a title names the task and the
//! reference of its subject, and no person.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};

use crate::domain::diary::{Entry, State, What};

/// Octets of a line without its end (RFC 5545 3.1).
const LINE_OCTETS_MAX: usize = 75;
/// Bytes of a digest that make a UID.
const UID_BYTES: usize = 16;

/// The calendar of an organisation's diary, as it is at an instant.
pub fn calendar(entries: &[Entry], organisation: &str, at: DateTime<Utc>) -> String {
    let mut out = String::new();
    for line in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//contact-gateway//diary//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ] {
        put(&mut out, line);
    }
    for entry in entries {
        event(&mut out, entry, organisation, at);
    }
    put(&mut out, "END:VCALENDAR");
    out
}

fn event(out: &mut String, entry: &Entry, organisation: &str, at: DateTime<Utc>) {
    let done = match entry.state {
        State::Met | State::Late => " (done)",
        State::Overdue => " (overdue)",
        State::Upcoming | State::Due => "",
    };
    let summary = format!("{}{done}: {}", words(entry.what), reference(entry));
    put(out, "BEGIN:VEVENT");
    put(out, &format!("UID:{}", uid(entry, organisation)));
    put(out, &format!("DTSTAMP:{}", at.format("%Y%m%dT%H%M%SZ")));
    // Without an end, a date is the whole of its day (3.6.1).
    put(out, &format!("DTSTART;VALUE=DATE:{}", entry.due.format("%Y%m%d")));
    put(out, &format!("SUMMARY:{}", escaped(&summary)));
    let mut description = Vec::new();
    let who: Vec<String> = entry.who.iter().map(|role| role.0.replace('_', " ")).collect();
    if !who.is_empty() {
        description.push(format!("Who must act: {}.", who.join(" or ")));
    }
    if let Some(clause) = &entry.clause {
        description.push(format!("Clause {clause} of the policy."));
    }
    if !description.is_empty() {
        put(out, &format!("DESCRIPTION:{}", escaped(&description.join("\n"))));
    }
    put(out, "TRANSP:TRANSPARENT");
    put(out, "END:VEVENT");
}

const fn words(what: What) -> &'static str {
    match what {
        What::Review => "Review a restriction",
        What::RestrictionEnd => "A restriction ends",
        What::Letter => "Send a letter",
        What::AppealAnswer => "Decide an appeal",
        What::AppealNotice => "Tell the outcome of an appeal",
        What::Engagement => "Decide whether to engage",
        What::ReadFiled => "Read what was filed",
        What::AgreementEnd => "An agreement ends",
        What::AdjustmentReview => "Review an adjustment",
        What::EarlyReview => "Consider an early review",
        What::ExceptionReview => "Review an exception",
        What::AbsenceUncovered => "Cover an absence",
        What::ProfileUnset => "Choose what the policy leaves open",
        What::CalendarEnd => "Add bank holidays",
    }
}

/// The reference of what an entry is about. That of an absence names the member of staff who is away: left out.
fn reference(entry: &Entry) -> &str {
    match entry.what {
        What::AbsenceUncovered => "point of contact",
        _ => &entry.about,
    }
}

/// The same obligation has the same UID whenever the calendar is read, and says nothing of anybody.
fn uid(entry: &Entry, organisation: &str) -> String {
    let person = entry.person.as_deref().unwrap_or_default();
    let named =
        format!("{organisation}\n{}\n{person}\n{}\n{}", words(entry.what), entry.about, entry.due);
    let bytes = digest(&SHA256, named.as_bytes());
    let hex: String =
        bytes.as_ref().iter().take(UID_BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}@contact-gateway")
}

/// A value of type TEXT (3.3.11).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A content line, folded before its 76th octet and never within a character.
fn put(out: &mut String, line: &str) {
    let mut octets = 0;
    for c in line.chars() {
        if octets + c.len_utf8() > LINE_OCTETS_MAX {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(c);
        octets += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::domain::profile::Role;

    fn entry(what: What, about: &str) -> Entry {
        Entry {
            what,
            about: about.to_owned(),
            person: Some("P-1 Jo Doe".to_owned()),
            due: NaiveDate::from_ymd_opt(2026, 11, 9).unwrap(),
            anchor: None,
            anchor_date: None,
            clause: Some("8.4; 8.8, and further".to_owned()),
            who: vec![Role("head_of_service".to_owned()), Role("manager".to_owned())],
            state: State::Upcoming,
        }
    }

    #[test]
    fn a_calendar_is_as_rfc_5545_has_it() {
        let at = DateTime::from_timestamp(1_764_000_000, 0).unwrap();
        let long = "ŵ".repeat(60);
        let entries = [entry(What::Review, "R-1"), entry(What::Letter, &long)];
        let written = calendar(&entries, "karbon", at);
        assert!(written.lines().all(|line| line.len() <= LINE_OCTETS_MAX));
        assert_eq!(written.matches("\r\n").count(), written.matches('\n').count());
        let unfolded = written.replace("\r\n ", "");
        assert!(unfolded.contains(&format!("SUMMARY:Send a letter: {long}\r\n")));
        assert!(unfolded.contains("SUMMARY:Review a restriction: R-1\r\n"));
        assert!(unfolded.contains("DTSTART;VALUE=DATE:20261109\r\n"));
        assert!(unfolded.contains(
            "DESCRIPTION:Who must act: head of service or manager.\\nClause 8.4\\; 8.8\\, and further"
        ));
        assert!(!written.contains("Jo Doe"));
    }

    #[test]
    fn a_uid_is_the_same_later_and_another_for_anything_else() {
        let uids = |entry: &Entry, organisation: &str| uid(entry, organisation);
        let one = entry(What::Review, "R-1");
        let later = Entry { state: State::Overdue, ..one.clone() };
        assert_eq!(uids(&one, "karbon"), uids(&later, "karbon"));
        assert_ne!(uids(&one, "karbon"), uids(&one, "tuntum"));
        assert_ne!(uids(&one, "karbon"), uids(&entry(What::Review, "R-2"), "karbon"));
        assert_ne!(uids(&one, "karbon"), uids(&entry(What::RestrictionEnd, "R-1"), "karbon"));
    }

    #[test]
    fn nobody_is_named_in_a_title() {
        let away = entry(What::AbsenceUncovered, "Sam Reed");
        let at = DateTime::from_timestamp(0, 0).unwrap();
        assert!(!calendar(&[away], "karbon", at).contains("Sam"));
    }
}
