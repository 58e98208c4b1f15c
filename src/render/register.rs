//! The register of restrictions as it may be published: the restriction, its ground, its start; no
//! name, no id, and no day by which somebody could be recognised.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::figures::line;
use crate::domain::calendar::add_months;
use crate::domain::case::anchors::day;
use crate::domain::diary::Case;
use crate::domain::moment::midnight;
use crate::domain::profile::Profile;
use crate::domain::restriction::Status;

/// One restriction that is in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Listed {
    /// The quarter in which it began: `2026 Q1`.
    pub since: String,
    pub kind: String,
    pub ground: String,
    /// The quarter in which it is reviewed next or ends.
    pub until: Option<String>,
    /// Whole years for which it has been in force.
    pub years: u32,
    pub appealed: bool,
    pub reviews: usize,
}

/// Everything in force on a day, in an order that says nothing of people.
pub fn register<'a>(
    cases: impl IntoIterator<Item = Case<'a>>,
    profile: &Profile,
    today: NaiveDate,
) -> Vec<Listed> {
    let at = midnight(profile.timezone, today);
    let mut listed = Vec::new();
    for Case { file, person } in cases {
        for restriction in &person.restrictions {
            // One under appeal is on the register whether or not it applies in the meantime.
            let held = restriction.is_in_force(at, profile)
                || (restriction.status == Status::UnderAppeal
                    && !restriction.has_run_out(at, profile));
            if !held {
                continue;
            }
            let known = file.known_or_elsewhere(profile, restriction, at);
            let of_it = |id: &str| id == restriction.id;
            let last = restriction.ends.or(restriction.review_due);
            listed.push(Listed {
                since: quarter(known.since()),
                kind: restriction.kind.name().name().replace('_', " "),
                ground: match restriction.grounds.as_deref() {
                    None => "not on record".to_owned(),
                    given => profile.published_ground(given).replace('_', " "),
                },
                until: last.map(|last| quarter(last.day(profile.timezone))),
                years: whole_years(known.since(), today),
                appealed: file.appeals.iter().any(|one| of_it(&one.restriction)),
                reviews: file
                    .reviews
                    .iter()
                    .filter(|one| of_it(&one.restriction) && day(profile, one.at) <= today)
                    .count(),
            });
        }
    }
    listed.sort();
    listed
}

fn quarter(day: NaiveDate) -> String {
    format!("{} Q{}", day.year(), day.month0() / 3 + 1)
}

fn whole_years(from: NaiveDate, to: NaiveDate) -> u32 {
    const YEARS_MAX: u32 = 100;
    (1..=YEARS_MAX).take_while(|years| add_months(from, 12 * years) <= to).last().unwrap_or(0)
}

/// The register as CSV.
pub fn csv(listed: &[Listed]) -> String {
    let mut out = String::from("\u{feff}since,kind,ground,until,years,appealed,reviews\r\n");
    for one in listed {
        let (years, reviews) = (one.years.to_string(), one.reviews.to_string());
        out.push_str(&line(&[
            &one.since,
            &one.kind,
            &one.ground,
            one.until.as_deref().unwrap_or_default(),
            &years,
            if one.appealed { "yes" } else { "no" },
            &reviews,
        ]));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::case::CaseFile;
    use crate::domain::nation::Nation;
    use crate::domain::person::Person;
    use crate::domain::profile::Ground;

    #[test]
    fn what_is_in_force_is_listed_and_nobody_is() {
        let person: Person = serde_json::from_value(json!({
            "id": "P-77", "name": "Jo Doe", "address": "1 High Street", "reference": "T-9",
            "restrictions": [
                {"id": "R-8", "kind": "contact_quota", "limit": 2, "per": "week", "grounds": "demands",
                 "starts": "2024-02-10", "review_due": "2026-12-24", "decided_by": "Ann Bell"},
                {"id": "R-10", "kind": "contact_quota", "limit": 2, "per": "week",
                 "grounds": "Threatened Ann Bell at 3 High Street", "starts": "2024-05-10",
                 "review_due": "2026-12-24", "decided_by": "Ann Bell"},
                {"id": "R-11", "kind": "contact_quota", "limit": 2, "per": "week",
                 "grounds": "Refusal to cooperate", "starts": "2024-08-10", "review_due": "2026-12-24"},
                {"id": "R-9", "kind": "visits_in_pairs", "status": "lifted", "starts": "2024-02-10"}
            ]
        }))
        .unwrap();
        let file = CaseFile::of("P-77");
        let mut profile = Profile::silent("Example", Nation::England);
        let ground = |name: &str| Ground { name: name.to_owned(), clause: None, severe: false };
        profile.grounds = vec![ground("demands"), ground("refusal_to_cooperate")];
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let listed = register([Case { file: &file, person: &person }], &profile, today);
        let written = csv(&listed);
        assert_eq!(
            written,
            "\u{feff}since,kind,ground,until,years,appealed,reviews\r\n\
             2024 Q1,contact quota,demands,2026 Q4,2,no,0\r\n\
             2024 Q2,contact quota,other,2026 Q4,2,no,0\r\n\
             2024 Q3,contact quota,refusal to cooperate,2026 Q4,2,no,0\r\n"
        );
        for secret in ["Jo", "P-77", "R-8", "T-9", "High Street", "Ann", "2024-02-10"] {
            assert!(!written.contains(secret), "{secret}");
        }
    }
}
