//! Counts of contacts as they are decided: by day for the figures, by person for the person's own
//! timeline.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::audit::DecidedEntry;
use super::channel::Channel;
use super::disposition::Disposition;
use super::lane::Lane;
use super::reason_code::ReasonCode;

pub type Counts = BTreeMap<String, u64>;

/// Counts one more.
pub fn count(counts: &mut Counts, name: &str) {
    *counts.entry(name.to_owned()).or_default() += 1;
}

/// Counts one less, and forgets what nothing is left of.
fn uncount(counts: &mut Counts, name: &str) {
    if let Some(number) = counts.get_mut(name) {
        *number = number.saturating_sub(1);
    }
    counts.retain(|_, number| *number > 0);
}

fn uncount_in(groups: &mut BTreeMap<String, Counts>, group: &str, name: &str) {
    if let Some(counts) = groups.get_mut(group) {
        uncount(counts, name);
    }
    groups.retain(|_, counts| !counts.is_empty());
}

/// One contact of a person: when, how, and what was decided. No text of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacted {
    pub contact: String,
    #[serde(serialize_with = "super::instant::written")]
    pub at: DateTime<Utc>,
    pub channel: Channel,
    pub disposition: Disposition,
    /// The reason codes of enforced restrictions.
    pub codes: Vec<ReasonCode>,
    /// What observed restrictions would have done, by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub observed: BTreeMap<String, Disposition>,
}

impl Contacted {
    pub fn of(decided: &DecidedEntry) -> Self {
        let (observed, enforced): (Vec<_>, Vec<_>) =
            decided.rows.iter().partition(|row| row.observed);
        let would = decided.would.unwrap_or(decided.disposition);
        Contacted {
            contact: decided.contact.clone(),
            at: decided.contact_at,
            channel: decided.channel,
            disposition: decided.disposition,
            codes: enforced.iter().map(|row| row.code.clone()).collect(),
            observed: observed
                .iter()
                .filter_map(|row| Some((row.restriction.clone()?, would)))
                .collect(),
        }
    }

    /// Whether a reason was enforced.
    pub fn has(&self, code: &ReasonCode) -> bool {
        self.codes.contains(code)
    }

    /// The safeguard lanes that it met, by name.
    pub fn lanes(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.codes.iter().filter_map(ReasonCode::lane).map(Lane::name)
    }
}

/// How long something took, over all that were waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waited {
    pub times: u64,
    /// All of them together.
    pub minutes: u64,
}

impl Waited {
    pub fn add(&mut self, minutes: u64) {
        self.times += 1;
        self.minutes += minutes;
    }

    /// Minutes on average, rounded down.
    pub const fn average(self) -> Option<u64> {
        self.minutes.checked_div(self.times)
    }
}

/// What was decided of the contacts of one local day, and how long staff took on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTally {
    pub day: NaiveDate,
    /// By channel, then by disposition.
    #[serde(default)]
    pub by_channel: BTreeMap<String, Counts>,
    #[serde(default)]
    pub lanes: Counts,
    /// What observed restrictions would have done: by restriction, then by disposition.
    #[serde(default)]
    pub observed: BTreeMap<String, Counts>,
    /// Items that a point of contact did not take up in time, by queue.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub unanswered: Counts,
    /// Until an item was read, by queue.
    #[serde(default)]
    pub read: BTreeMap<String, Waited>,
    /// Until an item was dealt with, by queue.
    #[serde(default)]
    pub answered: BTreeMap<String, Waited>,
}

impl DayTally {
    pub const fn of(day: NaiveDate) -> Self {
        DayTally {
            day,
            by_channel: BTreeMap::new(),
            lanes: BTreeMap::new(),
            observed: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            read: BTreeMap::new(),
            answered: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, contacted: &Contacted) {
        let channel = contacted.channel.name().to_owned();
        count(self.by_channel.entry(channel).or_default(), contacted.disposition.name());
        for lane in contacted.lanes() {
            count(&mut self.lanes, lane);
        }
        for (restriction, would) in &contacted.observed {
            count(self.observed.entry(restriction.clone()).or_default(), would.name());
        }
    }

    /// Takes a contact out again that was added: it is as if it had never been.
    pub fn take_out(&mut self, contacted: &Contacted) {
        let disposition = contacted.disposition.name();
        uncount_in(&mut self.by_channel, contacted.channel.name(), disposition);
        for lane in contacted.lanes() {
            uncount(&mut self.lanes, lane);
        }
        for (restriction, would) in &contacted.observed {
            uncount_in(&mut self.observed, restriction, would.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decided(would: Option<&str>) -> Contacted {
        let row = |code: &str, restriction: Option<&str>, observed: bool| json!({"row": 8, "code": code, "restriction": restriction, "clause": null, "observed": observed});
        let rows = [
            row("safeguard.legal", None, false),
            row("contact_quota.over", Some("R-1"), true),
            row("contact_quota.over", None, true),
            row("within_limits", None, false),
        ];
        let decided: DecidedEntry = serde_json::from_value(json!({
            "contact": "c-1", "person": "P-1", "channel": "email", "contact_at": "2026-03-02T10:00:00Z",
            "disposition": "deliver", "mode": "enforce", "would": would, "stale": false, "profile_version": "1",
            "rows": rows,
        }))
        .unwrap();
        Contacted::of(&decided)
    }

    #[test]
    fn a_contact_has_the_codes_that_were_enforced_and_what_each_observed_restriction_would_have_done()
     {
        for (would, expected) in [(Some("limit"), Disposition::Limit), (None, Disposition::Deliver)]
        {
            let found = decided(would);
            let codes = ["safeguard.legal", "within_limits"].map(ReasonCode::from);
            let expected = Contacted {
                contact: "c-1".to_owned(),
                at: "2026-03-02T10:00:00Z".parse().unwrap(),
                channel: Channel::Email,
                disposition: Disposition::Deliver,
                codes: codes.to_vec(),
                observed: BTreeMap::from([("R-1".to_owned(), expected)]),
            };
            assert_eq!(found, expected);
            assert!(found.has(&codes[0]) && !found.has(&ReasonCode::ContactQuotaOver));
            assert_eq!(found.lanes().collect::<Vec<_>>(), ["legal"]);
        }
    }

    #[test]
    fn a_day_counts_each_contact_and_forgets_one_that_is_taken_out() {
        let day = DayTally::of("2026-03-02".parse().unwrap());
        let (first, second) = (decided(Some("limit")), decided(Some("file")));
        let filed =
            Contacted { disposition: Disposition::File, codes: Vec::new(), ..decided(None) };
        let mut tally = day.clone();
        for contacted in [&first, &second, &filed] {
            tally.add(contacted);
        }
        let both = json!({"day": "2026-03-02",
            "by_channel": {"email": {"deliver": 2, "file": 1}}, "lanes": {"legal": 2},
            "observed": {"R-1": {"limit": 1, "file": 1, "deliver": 1}}, "read": {}, "answered": {}});
        assert_eq!(serde_json::to_value(&tally).unwrap(), both);
        tally.take_out(&filed);
        tally.take_out(&second);
        let mut one = day.clone();
        one.add(&first);
        assert_eq!(tally, one);
        tally.take_out(&first);
        assert_eq!(tally, day);
        // A contact that was never counted can't be subtracted.
        tally.take_out(&first);
        assert_eq!(tally, day);
    }

    #[test]
    fn minutes_are_averaged_over_all_that_were_waited_for() {
        let mut waited = Waited::default();
        assert_eq!(waited.average(), None);
        for minutes in [2, 3, 5] {
            waited.add(minutes);
        }
        assert_eq!((waited, waited.average()), (Waited { times: 3, minutes: 10 }, Some(3)));
    }
}
