//! The record as a page that a person can read, and that prints well: no script, nothing loaded.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::words;
use crate::domain::letter::escaped;
use crate::domain::notice::Line;
use crate::render::figures::title;

/// As letters look (`domain::letter::page`), with lists of terms.
const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:12pt/1.5 Arial,Helvetica,\"Liberation Sans\",sans-serif;margin:0 auto;padding:2rem 1rem;\
max-width:48em;overflow-wrap:break-word;color:#1d1d1d;background:#fff}
h1{font-size:1.4em;line-height:1.25;margin:1.5em 0 .75em}
h2{font-size:1.12em;line-height:1.25;margin:1.5em 0 .4em;break-after:avoid}
p,ol,dl{margin:0 0 .75em}
li{margin:0 0 .75em}
dl{display:grid;grid-template-columns:minmax(6em,13em) 1fr;gap:.15em 1em}
dt{font-weight:bold;break-after:avoid}
dd{margin:0;white-space:pre-wrap;orphans:3;widows:3}
dd.parts{white-space:normal}
dd>ol,dd>dl,dd>p{margin-bottom:0}
dd>ol{padding-left:1.4em}
@media (max-width:36em){dl{display:block}dd{margin:0 0 .4em 1em}}
@media (prefers-color-scheme:dark){body{color:#f2f2f2;background:#161616}}
@page{size:A4;margin:20mm 22mm;@bottom-center{content:counter(page) \" / \" counter(pages);\
font:10pt Arial,Helvetica,\"Liberation Sans\",sans-serif}}
@media print{:root{color-scheme:light}body{max-width:none;padding:0;color:#000;background:#fff}}
";

/// Each section's heading, and what it is.
const SECTIONS: [(&str, &str, &str); 17] = [
    ("person", "Who you are to us", ""),
    (
        "restrictions",
        "Limits on how you contact us",
        "Limits that are in force, and those that have ended.",
    ),
    ("incidents", "What was reported to us", ""),
    ("warnings", "Warnings", ""),
    ("agreements", "What we agreed, or offered to agree, with you", ""),
    ("mediations", "Mediation", ""),
    ("proposals", "Limits that somebody asked for", "Not all of them came into force."),
    ("reviews", "Reviews of a limit", ""),
    ("appeals", "Your appeals", ""),
    ("staff_complaints", "Your complaints about our staff", ""),
    ("reconciliations", "How a limit and your adjustments go together", ""),
    (
        "other_records",
        "What we hold about you on another record",
        "We had you on record more than once. This is what the other records say.",
    ),
    (
        "equality",
        "What you told us for equality monitoring",
        "We use it only to count how fairly our limits work. It is kept apart from what our staff see when you \
         contact us.",
    ),
    ("letters", "Letters that we sent you", ""),
    (
        "contacts",
        "When you contacted us, and what we decided",
        "A computer applies the limits that people decided on. Here is what it decided on each of your \
         contacts, and why.",
    ),
    ("deeds", "What was done with your record, and who looked at it", ""),
    ("left_out", "What is not in this record, and why", ""),
];

/// What comes first in an entry; the rest follows in the order of the alphabet.
const FIRST: [&str; 10] =
    ["day", "at", "name", "kind", "channel", "what", "decision", "reasons", "state", "text"];

/// Values of these keys are codes, said as words.
const CODES: [&str; 16] = [
    "kind",
    "channel",
    "channels",
    "ground",
    "grounds",
    "severity",
    "state",
    "status",
    "medium",
    "means",
    "step",
    "outcome",
    "decision",
    "would_have_been",
    "exception",
    "per",
];

/// Keys that say too little by themselves.
const LABELS: [(&str, &str); 30] = [
    ("adjustments", "Adjustments for you"),
    ("agreed_by", "Agreed by"),
    ("also_kept", "Files that came with it"),
    ("answered", "What we have answered already"),
    ("bank_holidays", "On bank holidays too"),
    ("channels", "Ways of contacting us"),
    ("clause", "Clause of our policy"),
    ("contact", "Who answers you"),
    ("decided", "Decided on"),
    ("deputies", "Who else answers you"),
    ("ends", "Until"),
    ("identifiers", "Your addresses and numbers"),
    ("instruction", "What we do with them"),
    ("issues", "Your case references"),
    ("kept", "What we kept of it"),
    ("letter_sent", "We wrote to you on"),
    ("limit", "How many"),
    ("original", "Number of the copy"),
    ("per", "In each"),
    ("reference", "Your reference"),
    ("representatives", "Who may speak for you"),
    ("review_due", "To be looked at again by"),
    ("sha256", "Fingerprint of its exact words"),
    ("shared", "Used by others too"),
    ("signed_off_by", "Agreed by"),
    ("starts", "From"),
    ("state", "Where it is now"),
    ("status", "Where it is now"),
    ("value", "Address or number"),
    ("window", "How we count"),
];

pub(super) fn head(organisation: &str, made: NaiveDate) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>What we hold about you</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>What we hold about you</h1>\n<p>{}</p>\n<p>We made this copy on {}.</p>\n",
        escaped(organisation),
        made.format("%-d %B %Y"),
    )
}

/// The end of the page, without which it is not whole.
pub(super) fn rights() -> String {
    "<h2>If something here is wrong</h2>\n\
     <p>Tell us, and we will put it right. You can also ask us to delete what we hold about you, or to stop \
     using it. If we say no, we will tell you why.</p>\n\
     <p>If you are not happy with how we use what we hold about you, you can complain to the Information \
     Commissioner's Office.</p>\n<p>This is the end of the record.</p>\n</main>\n</body>\n</html>\n"
        .to_owned()
}

pub(super) fn section(out: &mut String, name: &str, part: &Value, zone: Tz) {
    heading(out, name);
    value(out, name, part, zone);
}

fn heading(out: &mut String, name: &str) {
    let said = SECTIONS.into_iter().find(|(known, _, _)| *known == name);
    let (_, heading, note) = said.unwrap_or(("", name, ""));
    out.push_str(&format!("<h2>{}</h2>\n", escaped(heading)));
    if !note.is_empty() {
        out.push_str(&format!("<p>{}</p>\n", escaped(note)));
    }
}

pub(super) fn begin_list(out: &mut String, name: &str) {
    heading(out, name);
}

pub(super) fn entry(out: &mut String, entry: &Value, is_first: bool, zone: Tz) {
    if is_first {
        out.push_str("<ol>\n");
    }
    out.push_str("<li>");
    value(out, "", entry, zone);
    out.push_str("</li>\n");
}

pub(super) fn end_list(out: &mut String, has_entries: bool) {
    out.push_str(if has_entries { "</ol>\n" } else { "<p>Nothing.</p>\n" });
}

fn value(out: &mut String, key: &str, of: &Value, zone: Tz) {
    match of {
        Value::Array(all) if all.is_empty() => out.push_str("<p>Nothing.</p>\n"),
        Value::Array(all) if all.iter().all(is_short) => {
            let each = all.iter().filter_map(Value::as_str).map(|one| said(key, one, zone));
            let line = each.collect::<Vec<_>>().join(", ");
            out.push_str(&format!("<p>{}</p>\n", escaped(&line)));
        }
        Value::Array(all) => {
            out.push_str("<ol>\n");
            for one in all {
                out.push_str("<li>");
                value(out, key, one, zone);
                out.push_str("</li>\n");
            }
            out.push_str("</ol>\n");
        }
        Value::Object(all) => {
            let mut there: Vec<(&String, &Value)> =
                all.iter().filter(|(_, one)| !one.is_null()).collect();
            if there.is_empty() {
                return;
            }
            let place = |key: &str| FIRST.iter().position(|one| *one == key).unwrap_or(FIRST.len());
            there.sort_by_key(|(key, _)| (place(key), *key));
            out.push_str("<dl>\n");
            // What came of a complaint about staff is in their own words.
            let has_codes = key != "staff_complaints";
            for (name, one) in there {
                let parts = if one.is_array() || one.is_object() { " class=\"parts\"" } else { "" };
                out.push_str(&format!("<dt>{}</dt><dd{parts}>", escaped(&label(name))));
                value(out, if has_codes { name.as_str() } else { "" }, one, zone);
                out.push_str("</dd>\n");
            }
            out.push_str("</dl>\n");
        }
        Value::String(text) => out.push_str(&escaped(&said(key, text, zone))),
        Value::Bool(true) => out.push_str("yes"),
        Value::Bool(false) => out.push_str("no"),
        Value::Null => out.push_str("not on record"),
        Value::Number(number) => out.push_str(&number.to_string()),
    }
}

/// The longest text, in characters, that shares a line with others.
const SHORT_MAX: usize = 30;

/// A code, a name or a reference, of which a list is one line.
fn is_short(one: &Value) -> bool {
    one.as_str().is_some_and(|text| text.chars().count() <= SHORT_MAX)
}

/// What a key is called on the page.
fn label(key: &str) -> String {
    let said = LABELS.into_iter().find(|(known, _)| *known == key);
    said.map_or_else(|| title(key), |(_, label)| label.to_owned())
}

/// The longest instant that is recorded: nanoseconds, and an offset.
const INSTANT_MAX: usize = "2026-11-21T10:00:00.000000000+00:00".len();

/// Days and instants in words, codes as words.
fn said(key: &str, text: &str, zone: Tz) -> String {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return day.format("%-d %B %Y").to_string();
    }
    if text.len() <= INSTANT_MAX
        && let Ok(at) = text.parse::<DateTime<Utc>>()
    {
        return at.with_timezone(&zone).format("%-d %B %Y, %H:%M").to_string();
    }
    // As people here write it.
    if matches!(key, "value" | "phone") && text.starts_with('+') {
        return Line::default().phone(text).text();
    }
    if let Some(words) = words::of_key(key, text) {
        return words.to_owned();
    }
    if CODES.contains(&key) { title(text) } else { text.to_owned() }
}
