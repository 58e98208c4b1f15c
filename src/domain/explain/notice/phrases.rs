//! The sentences of a notice in one language, with what they name put in.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc, Weekday};
use chrono_tz::Tz;

use crate::domain::channel::Channel;
use crate::domain::explain::{instant_in_words, notice, quota_in_words};
use crate::domain::moment::Moment;
use crate::domain::profile::{Anchor, Deadline, Length};
use crate::domain::restriction::{Per, Quota, QuotaWindow};

/// What is counted by a quota.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counted {
    Contacts,
    Issues,
}

/// The sentences that a notice is made of, each whole.
pub(super) trait Phrases {
    /// What became of the contact, and that an arrangement is why.
    fn opening(&self, channel: Channel, organisation: &str) -> String;
    fn by(&self, channel: Channel) -> &'static str;
    /// "You can contact us by letter or in person."
    fn ways(&self, channels: &[Channel]) -> String;
    fn only_ways(&self, channels: &[Channel]) -> String;
    /// `windows`: days, and the times from and to.
    fn hours(&self, channel: Channel, windows: &[(Vec<Weekday>, String, String)]) -> String;
    fn quota(&self, quota: Quota, counted: Counted) -> String;
    fn representative(&self) -> &'static str;
    fn procedure_ended(&self, ombudsman: Option<&str>) -> String;
    fn limited(&self) -> &'static str;
    fn lasts_until(&self, moment: Moment, zone: Tz) -> String;
    fn reviewed_by(&self, moment: Moment, zone: Tz) -> String;
    fn reviewed(&self) -> &'static str;
    fn next(&self, instant: DateTime<Utc>, zone: Tz) -> String;
    fn emergency(&self, number: Option<&str>) -> String;
    /// Statutory requests are always open.
    fn always(&self) -> &'static str;
    /// `how`: the policy's own words, in English.
    fn appeal(&self, within: Option<Deadline>, how: Option<&str>) -> String;
    fn ombudsman(&self, name: &str, website: &str) -> String;
    fn reference(&self, contact: &str) -> String;
}

fn joined(parts: &[&str], last: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

pub(super) struct English;

impl Phrases for English {
    fn opening(&self, channel: Channel, organisation: &str) -> String {
        let what = match channel {
            Channel::Telephone => "We can't connect this call",
            Channel::InPerson => "We can't see you at this visit",
            Channel::WebChat => "We can't go on with this chat",
            Channel::Email
            | Channel::WebForm
            | Channel::Sms
            | Channel::Whatsapp
            | Channel::Letter
            | Channel::Social => {
                return format!(
                    "We received your message {} and have kept it. It has not been passed on, \
                     because an arrangement is in place on how you contact {organisation}.",
                    self.by(channel)
                );
            }
        };
        format!("{what}, because an arrangement is in place on how you contact {organisation}.")
    }

    fn by(&self, channel: Channel) -> &'static str {
        channel.by()
    }

    fn ways(&self, channels: &[Channel]) -> String {
        let ways: Vec<&str> = channels.iter().map(|one| self.by(*one)).collect();
        format!("You can contact us {}.", joined(&ways, "or"))
    }

    fn only_ways(&self, channels: &[Channel]) -> String {
        let ways: Vec<&str> = channels.iter().map(|one| self.by(*one)).collect();
        format!("You can contact us {} only.", joined(&ways, "or"))
    }

    fn hours(&self, channel: Channel, windows: &[(Vec<Weekday>, String, String)]) -> String {
        let windows: Vec<String> = windows
            .iter()
            .map(|(days, from, to)| {
                let days: Vec<&str> = days.iter().map(|day| notice::full_name(*day)).collect();
                format!("{} {from} to {to}", joined(&days, "and"))
            })
            .collect();
        let windows: Vec<&str> = windows.iter().map(String::as_str).collect();
        let by = self.by(channel);
        format!("You can contact us {by} at these times: {}.", joined(&windows, "and"))
    }

    fn quota(&self, quota: Quota, counted: Counted) -> String {
        match counted {
            Counted::Contacts => {
                format!("You can make {}.", quota_in_words(&quota, "contact", "contacts"))
            }
            Counted::Issues => {
                format!("We consider {}.", quota_in_words(&quota, "issue", "issues"))
            }
        }
    }

    fn representative(&self) -> &'static str {
        "You contact us through your representative."
    }

    fn procedure_ended(&self, ombudsman: Option<&str>) -> String {
        match ombudsman {
            Some(name) => format!(
                "Our complaints procedure has ended; you can take the complaint to the {name}."
            ),
            None => "Our complaints procedure has ended.".to_owned(),
        }
    }

    fn limited(&self) -> &'static str {
        "How you contact us is limited."
    }

    fn lasts_until(&self, moment: Moment, zone: Tz) -> String {
        format!("This lasts until {}.", notice::moment_in_words(moment, zone))
    }

    fn reviewed_by(&self, moment: Moment, zone: Tz) -> String {
        format!("This will be reviewed by {}.", notice::moment_in_words(moment, zone))
    }

    fn reviewed(&self) -> &'static str {
        "This will be reviewed; ask us for the date."
    }

    fn next(&self, instant: DateTime<Utc>, zone: Tz) -> String {
        format!("You can next contact us this way from {}.", instant_in_words(instant, zone))
    }

    fn emergency(&self, number: Option<&str>) -> String {
        match number {
            Some(number) => format!(
                "In an emergency, or if somebody is in danger, call {number} at any time; call 999 \
                 if a life is at risk."
            ),
            None => {
                "In an emergency, contact us in any way, at any time; call 999 if a life is at \
                     risk."
                    .to_owned()
            }
        }
    }

    fn always(&self) -> &'static str {
        "Requests for your personal data, other requests that the law gives you a right to, and \
         requests for an adjustment because of a disability are always accepted, in any way."
    }

    fn appeal(&self, within: Option<Deadline>, how: Option<&str>) -> String {
        let how = how.unwrap_or("tell us in any way, also by telephone, that you appeal");
        let within = within.map(|window| format!(" {}", english_within(window)));
        format!(
            "If you think that this is wrong you can appeal{}: {how}.",
            within.unwrap_or_default()
        )
    }

    fn ombudsman(&self, name: &str, website: &str) -> String {
        format!("You can also turn to the {name}{website}.")
    }

    fn reference(&self, contact: &str) -> String {
        format!("Reference: {contact}")
    }
}

fn english_within(deadline: Deadline) -> String {
    let length = match deadline.length {
        Length::WorkingDays(1) => "1 working day".to_owned(),
        Length::WorkingDays(days) => format!("{days} working days"),
        Length::Months(1) => "1 month".to_owned(),
        Length::Months(months) => format!("{months} months"),
    };
    let from = match deadline.from {
        Some(Anchor::Decision) => " of the decision",
        Some(Anchor::Letter) => " of our letter",
        Some(Anchor::Implementation) => " of its start",
        Some(Anchor::Receipt) => " of receiving it",
        Some(Anchor::AppealDecision) => " of the decision on the appeal",
        None => "",
    };
    format!("within {length}{from}")
}

pub(super) struct Welsh;

impl Phrases for Welsh {
    fn opening(&self, channel: Channel, organisation: &str) -> String {
        let what = match channel {
            Channel::Telephone => "Ni allwn gysylltu'r alwad hon",
            Channel::InPerson => "Ni allwn eich gweld yn ystod yr ymweliad hwn",
            Channel::WebChat => "Ni allwn barhau â'r sgwrs hon",
            Channel::Email
            | Channel::WebForm
            | Channel::Sms
            | Channel::Whatsapp
            | Channel::Letter
            | Channel::Social => {
                return format!(
                    "Cawsom eich neges {} ac rydym wedi'i chadw. Nid yw wedi'i throsglwyddo, \
                     oherwydd bod trefniant ar waith ynghylch sut yr ydych yn cysylltu â \
                     {organisation}.",
                    self.by(channel)
                );
            }
        };
        format!(
            "{what}, oherwydd bod trefniant ar waith ynghylch sut yr ydych yn cysylltu â \
             {organisation}."
        )
    }

    fn by(&self, channel: Channel) -> &'static str {
        match channel {
            Channel::Email => "drwy e-bost",
            Channel::WebForm => "drwy ffurflen ar y we",
            Channel::Telephone => "dros y ffôn",
            Channel::Sms => "drwy neges destun",
            Channel::Whatsapp => "drwy WhatsApp",
            Channel::Letter => "drwy lythyr",
            Channel::InPerson => "wyneb yn wyneb",
            Channel::Social => "drwy'r cyfryngau cymdeithasol",
            Channel::WebChat => "drwy sgwrs ar y we",
        }
    }

    fn ways(&self, channels: &[Channel]) -> String {
        let ways: Vec<&str> = channels.iter().map(|one| self.by(*one)).collect();
        format!("Gallwch gysylltu â ni {}.", joined(&ways, "neu"))
    }

    fn only_ways(&self, channels: &[Channel]) -> String {
        let ways: Vec<&str> = channels.iter().map(|one| self.by(*one)).collect();
        format!("Gallwch gysylltu â ni {} yn unig.", joined(&ways, "neu"))
    }

    fn hours(&self, channel: Channel, windows: &[(Vec<Weekday>, String, String)]) -> String {
        let windows: Vec<String> = windows
            .iter()
            .map(|(days, from, to)| {
                let days: Vec<&str> = days.iter().map(|day| welsh_day(*day)).collect();
                format!("{}, {from} i {to}", joined(&days, "a"))
            })
            .collect();
        let by = self.by(channel);
        format!("Gallwch gysylltu â ni {by} ar yr adegau hyn: {}.", windows.join("; "))
    }

    fn quota(&self, quota: Quota, counted: Counted) -> String {
        let period = match (quota.per, quota.window) {
            (Per::Day, QuotaWindow::Calendar) => "bob dydd",
            (Per::Week, QuotaWindow::Calendar) => "bob wythnos (dydd Llun i ddydd Sul)",
            (Per::Month, QuotaWindow::Calendar) => "bob mis calendr",
            (Per::Day, QuotaWindow::Rolling) => "mewn unrhyw 24 awr",
            (Per::Week, QuotaWindow::Rolling) => "mewn unrhyw 7 diwrnod",
            (Per::Month, QuotaWindow::Rolling) => "mewn unrhyw 30 diwrnod",
        };
        let limit = quota.limit;
        match counted {
            Counted::Contacts => {
                format!("Nifer y cysylltiadau y gallwch eu gwneud {period}: {limit}.")
            }
            Counted::Issues => {
                format!("Nifer y materion yr ydym yn eu hystyried {period}: {limit}.")
            }
        }
    }

    fn representative(&self) -> &'static str {
        "Rydych yn cysylltu â ni drwy eich cynrychiolydd."
    }

    fn procedure_ended(&self, ombudsman: Option<&str>) -> String {
        let ended = "Mae ein gweithdrefn gwyno wedi dod i ben";
        match ombudsman {
            Some(name) => format!("{ended}; gallwch fynd â'r gŵyn at: {name}."),
            None => format!("{ended}."),
        }
    }

    fn limited(&self) -> &'static str {
        "Mae terfyn ar sut yr ydych yn cysylltu â ni."
    }

    fn lasts_until(&self, moment: Moment, zone: Tz) -> String {
        format!("Mae hyn yn para tan {}.", welsh_moment(moment, zone))
    }

    fn reviewed_by(&self, moment: Moment, zone: Tz) -> String {
        format!("Caiff hyn ei adolygu erbyn {}.", welsh_moment(moment, zone))
    }

    fn reviewed(&self) -> &'static str {
        "Caiff hyn ei adolygu; gofynnwch i ni am y dyddiad."
    }

    fn next(&self, instant: DateTime<Utc>, zone: Tz) -> String {
        format!("Gallwch gysylltu â ni nesaf fel hyn o {} ymlaen.", welsh_instant(instant, zone))
    }

    fn emergency(&self, number: Option<&str>) -> String {
        match number {
            Some(number) => format!(
                "Mewn argyfwng, neu os oes rhywun mewn perygl, ffoniwch {number} unrhyw bryd; \
                 ffoniwch 999 os oes bywyd mewn perygl."
            ),
            None => "Mewn argyfwng, cysylltwch â ni mewn unrhyw ffordd, unrhyw bryd; ffoniwch 999 \
                     os oes bywyd mewn perygl."
                .to_owned(),
        }
    }

    fn always(&self) -> &'static str {
        "Derbynnir bob amser, mewn unrhyw ffordd, geisiadau am eich data personol, ceisiadau eraill \
         y mae'r gyfraith yn rhoi hawl i chi iddynt, a cheisiadau am addasiad oherwydd anabledd."
    }

    /// The policy's own words are English; what holds in every policy is said here in their place.
    fn appeal(&self, within: Option<Deadline>, _how: Option<&str>) -> String {
        let within = within.map(|window| format!(" {}", welsh_within(window)));
        format!(
            "Os ydych yn meddwl bod hyn yn anghywir gallwch apelio{}: dywedwch wrthym mewn unrhyw \
             ffordd, hefyd dros y ffôn, eich bod yn apelio.",
            within.unwrap_or_default()
        )
    }

    fn ombudsman(&self, name: &str, website: &str) -> String {
        format!("Gallwch hefyd droi at: {name}{website}.")
    }

    fn reference(&self, contact: &str) -> String {
        format!("Cyfeirnod: {contact}")
    }
}

fn welsh_within(deadline: Deadline) -> String {
    let length = match deadline.length {
        Length::WorkingDays(days) => format!("{days} diwrnod gwaith"),
        Length::Months(months) => format!("{months} mis"),
    };
    let from = match deadline.from {
        Some(Anchor::Decision) => " i'r penderfyniad",
        Some(Anchor::Letter) => " i'n llythyr",
        Some(Anchor::Implementation) => " i'w ddechrau",
        Some(Anchor::Receipt) => " i'w dderbyn",
        Some(Anchor::AppealDecision) => " i'r penderfyniad ar yr apêl",
        None => "",
    };
    format!("o fewn {length}{from}")
}

const fn welsh_day(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "dydd Llun",
        Weekday::Tue => "dydd Mawrth",
        Weekday::Wed => "dydd Mercher",
        Weekday::Thu => "dydd Iau",
        Weekday::Fri => "dydd Gwener",
        Weekday::Sat => "dydd Sadwrn",
        Weekday::Sun => "dydd Sul",
    }
}

fn welsh_date(day: NaiveDate) -> String {
    const MONTHS: [&str; 12] = [
        "Ionawr",
        "Chwefror",
        "Mawrth",
        "Ebrill",
        "Mai",
        "Mehefin",
        "Gorffennaf",
        "Awst",
        "Medi",
        "Hydref",
        "Tachwedd",
        "Rhagfyr",
    ];
    let month = usize::try_from(day.month0()).ok().and_then(|month| MONTHS.get(month));
    format!("{} {} {}", day.day(), month.copied().unwrap_or_default(), day.year())
}

fn welsh_moment(moment: Moment, zone: Tz) -> String {
    match moment {
        Moment::Day(day) => welsh_date(day),
        Moment::Instant(instant) => welsh_instant(instant, zone),
    }
}

fn welsh_instant(instant: DateTime<Utc>, zone: Tz) -> String {
    let local = instant.with_timezone(&zone);
    format!(
        "{} {} am {:02}:{:02}",
        welsh_day(local.weekday()),
        welsh_date(local.date_naive()),
        local.hour(),
        local.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_said_in_welsh() {
        let instant: DateTime<Utc> = "2026-11-23T00:00:00Z".parse().unwrap();
        let zone = chrono_tz::Europe::London;
        assert_eq!(welsh_instant(instant, zone), "dydd Llun 23 Tachwedd 2026 am 00:00");
        let summer: DateTime<Utc> = "2026-08-01T08:30:00Z".parse().unwrap();
        assert_eq!(welsh_instant(summer, zone), "dydd Sadwrn 1 Awst 2026 am 09:30");
        let day = NaiveDate::from_ymd_opt(2027, 1, 2).unwrap();
        assert_eq!(welsh_moment(Moment::Day(day), zone), "2 Ionawr 2027");
    }
}
