//! The groups of figures in words.

use chrono::TimeDelta;

use super::outlook::lane;
use super::{capitalised, channel, disposition, kind, queue, waited};
use crate::domain::capital::first_upper;
use crate::domain::channel::Channel;
use crate::domain::decision::Disposition;
use crate::domain::lane::Lane;
use crate::domain::language::Language;
use crate::domain::restriction::KindName;
use crate::staff::console::words::{CaseTerms, Reports};

const DISPOSITIONS: [Disposition; 4] =
    [Disposition::Deliver, Disposition::Route, Disposition::Limit, Disposition::File];

/// A group of a figure: kind, ground, channel, outcome, queue; what the organisation named itself stays in its
/// language.
pub(in crate::staff::console) fn group(figure: &str, name: &str, language: Language) -> String {
    let known = match figure {
        "restrictions_by_kind" => {
            let known = KindName::ALL.into_iter().find(|one| one.name() == name);
            known.map(|one| kind(one, language).to_owned())
        }
        "contacts_by_channel" => {
            let known = Channel::ALL.into_iter().find(|one| one.name() == name);
            let known = known.map(|one| channel(one, language).to_owned());
            known.or_else(|| became(name, language))
        }
        "contacts_by_disposition" => became(name, language),
        "observed_by_restriction" => became(name, language)
            .or_else(|| Some(format!("{} {name}", Reports::of(language).of_restriction))),
        "incident_history" => Some(format!("{} {name}", Reports::of(language).of_record)),
        "read_by_queue" | "answered_by_queue" | "minutes_to_read" | "minutes_to_answer"
        | "unanswered_in_time" => Some(queue(name, language).0),
        "safeguard_hits" => of_lane(name, language),
        _ => of_case(figure, name, language),
    };
    known.unwrap_or_else(|| {
        // What earlier decisions said in words is what it is.
        if name.contains(' ') { name.to_owned() } else { capitalised(name) }
    })
}

fn became(name: &str, language: Language) -> Option<String> {
    let known = DISPOSITIONS.into_iter().find(|one| one.name() == name);
    known.map(|one| disposition(one, language).to_owned())
}

fn of_lane(name: &str, language: Language) -> Option<String> {
    let w = Reports::of(language);
    let known = Lane::ALL.into_iter().find(|one| one.name() == name)?;
    Some(match known {
        Lane::ProtectedSender => w.protected_sender.to_owned(),
        Lane::ProtectedRecipient => w.protected_recipient.to_owned(),
        of_words => first_upper(lane(of_words, language)),
    })
}

/// States, outcomes, ages and grounds.
fn of_case(figure: &str, name: &str, language: Language) -> Option<String> {
    let (w, t) = (Reports::of(language), CaseTerms::of(language));
    let known = match (figure, name) {
        ("incidents_by_status", "open") => t.i_open,
        ("incidents_by_status", "answered") => t.i_answered,
        ("incidents_by_status", "no_action") => t.i_no_action,
        ("incidents_by_severity", "ordinary") => w.ordinary,
        ("incidents_by_severity", "severe") => t.severe,
        ("reviews_by_outcome", "keep") => t.v_keep,
        ("reviews_by_outcome", "vary") => t.v_vary,
        ("reviews_by_outcome", "lift") => t.v_lift,
        ("appeals_by_outcome", "upheld") => t.o_upheld,
        ("appeals_by_outcome", "varied") => t.o_varied,
        ("appeals_by_outcome", "quashed") => t.o_quashed,
        ("restrictions_older_than_years", "1") => w.older_1,
        ("restrictions_older_than_years", "2") => w.older_2,
        ("restrictions_older_than_years", "3") => w.older_3,
        ("restrictions_older_than_years", "4") => w.older_4,
        (_, "unknown") => w.ground_unknown,
        (_, "other") => w.ground_other,
        _ => return None,
    };
    Some(first_upper(known))
}

/// A number as shown; one of minutes that make an hour or more with the time that they are.
pub(in crate::staff::console) fn count(figure: &str, count: u64, language: Language) -> String {
    let is_minutes = matches!(figure, "minutes_to_read" | "minutes_to_answer");
    let minutes = i64::try_from(count).ok().filter(|minutes| is_minutes && *minutes >= 60);
    match minutes.and_then(TimeDelta::try_minutes) {
        Some(time) => format!("{count} ({})", waited(time, language)),
        None => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_that_the_gateway_names_is_said_in_either_language() {
        for (figure, name, english, welsh) in [
            ("incidents_by_status", "no_action", "Closed without action", "Caewyd heb weithredu"),
            ("incidents_by_severity", "ordinary", "Ordinary", "Cyffredin"),
            ("reviews_by_outcome", "vary", "Made lighter", "Ysgafnhawyd"),
            ("appeals_by_outcome", "upheld", "The restriction stays", "Mae'r cyfyngiad yn aros"),
            ("restrictions_older_than_years", "2", "More than 2 years", "Mwy na 2 flynedd"),
            ("restrictions_by_ground", "other", "Another ground", "Sail arall"),
            (
                "restrictions_by_ground",
                "unreasonable_demands",
                "Unreasonable demands",
                "Unreasonable demands",
            ),
            ("safeguard_hits", "legal", "A legal matter", "Mater cyfreithiol"),
            ("read_by_queue", "filed", "Filed", "Wedi'i ffeilio"),
            ("answered_by_queue", "sam-okoro", "Sam Okoro", "Sam Okoro"),
            ("incident_history", "K-3", "Record K-3", "Cofnod K-3"),
            ("observed_by_restriction", "R-1", "Restriction R-1", "Cyfyngiad R-1"),
            ("contacts_by_channel", "deliver", "Delivered", "Danfonwyd"),
        ] {
            assert_eq!(group(figure, name, Language::English), english);
            assert_eq!(group(figure, name, Language::Welsh), welsh);
        }
        for lane in Lane::ALL {
            let said = group("safeguard_hits", lane.name(), Language::Welsh);
            assert!(!said.contains('_') && said != capitalised(lane.name()), "{said}");
        }
    }

    #[test]
    fn minutes_that_make_hours_are_said_as_such() {
        assert_eq!(count("minutes_to_read", 59, Language::English), "59");
        assert_eq!(count("minutes_to_read", 130, Language::English), "130 (2 hours)");
        assert_eq!(count("minutes_to_answer", 2900, Language::Welsh), "2900 (2 ddiwrnod)");
        assert_eq!(count("appeals_received", 130, Language::English), "130");
    }
}
