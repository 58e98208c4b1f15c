//! The sentences of a notice in Welsh. What the organisation says in its own words stays out, since
//! that is English. Mutations occur where the word before requires one: *o ddydd Sul*, *tan
//! ddiwedd*, *2 fater*, and none after *erbyn*.

mod dates;

use chrono::{NaiveDate, NaiveDateTime};

use self::dates::{date, days, instant, long_day, spoken_instant, time_of_day};
use super::line::Line;
use super::phrases::{Phrases, SectionKind, joined};
use super::{Day, Handling, Limit, NoticePart, OpenHours, Policy, QuotaWords, Until, Way};
use crate::domain::calendar::{Per, QuotaWindow};
use crate::domain::channel::Channel;
use crate::domain::profile::{Anchor, Deadline, Length};

/// Ways that one sentence names. More follow a colon.
const WAYS_IN_A_SENTENCE: usize = 4;

pub(super) struct Welsh;

impl Phrases for Welsh {
    fn heading(&self, kind: SectionKind) -> &'static str {
        match kind {
            SectionKind::Emergency => "Mewn argyfwng",
            SectionKind::WhatHappened => "Beth sydd wedi digwydd",
            SectionKind::Why => "Pam",
            SectionKind::Limit => "Beth yw'r terfyn",
            SectionKind::HowToReach => "Sut y gallwch gysylltu â ni nawr",
            SectionKind::AlwaysOpen => "Beth y gallwch gysylltu â ni amdano bob amser",
            SectionKind::HowAlways => "Sut i gysylltu â ni am y rhain",
            SectionKind::Appeal => "Os ydych yn meddwl bod hyn yn anghywir",
            SectionKind::Reference => "Cyfeirnod",
        }
    }

    fn emergency(&self, number: Option<&str>) -> Line {
        let line = Line::words("Os oes rhywun mewn perygl, ffoniwch ").phone("999").then(". ");
        match number {
            Some(number) => line
                .then("Mewn unrhyw argyfwng arall, ffoniwch ni ar ")
                .phone(number)
                .then(" unrhyw bryd."),
            None => line.then(
                "Mewn unrhyw argyfwng arall, cysylltwch â ni mewn unrhyw ffordd, unrhyw bryd.",
            ),
        }
    }

    /// *Neges* is feminine (ei chadw), *e-bost* and *llythyr* are masculine (ei gadw).
    fn what_happened(&self, channel: Channel, handling: Handling) -> Line {
        Line::words(match (handling, channel) {
            (Handling::Kept, Channel::Email | Channel::Letter) => {
                let what = if channel == Channel::Email { "e-bost" } else { "llythyr" };
                format!(
                    "Mae eich {what} wedi ein cyrraedd. Rydym wedi ei gadw, ond heb ei anfon \
                     ymlaen. Nid oes angen i chi ei anfon eto."
                )
            }
            (Handling::Kept, _) => {
                "Mae eich neges wedi ein cyrraedd. Rydym wedi ei chadw, ond heb \
                                    ei hanfon ymlaen. Nid oes angen i chi ei hanfon eto."
                    .to_owned()
            }
            (Handling::InYourName, _) => {
                "Cawsom neges drwy ein ffurflen ar y we gyda'ch enw neu'ch cyfeiriad arni. Rydym \
                 wedi ei chadw, ond heb ei hanfon ymlaen. Nid oes angen i chi ei hanfon eto. Os \
                 nad chi a'i hanfonodd, rhowch wybod i ni."
                    .to_owned()
            }
            (Handling::NotKept, _) => {
                "Nid ydym wedi anfon eich neges, ac nid ydym wedi ei chadw. Cadwch gopi os oes \
                 angen un arnoch."
                    .to_owned()
            }
            (Handling::NotConnected, Channel::InPerson) => {
                "Ni allwn eich gweld yn ystod yr ymweliad hwn.".to_owned()
            }
            (Handling::NotConnected, Channel::WebChat) => {
                "Ni allwn barhau â'r sgwrs hon.".to_owned()
            }
            (Handling::NotConnected, _) => "Ni allwn gysylltu eich galwad.".to_owned(),
        })
    }

    fn read_by(&self, channel: Option<Channel>, day: NaiveDate) -> Line {
        let read = match channel {
            Some(Channel::Email | Channel::Letter) => "ei ddarllen",
            Some(_) | None => "ei darllen",
        };
        Line::words(format!("Bydd aelod o'n staff yn {read} erbyn diwedd {}.", long_day(day)))
    }

    fn why(&self, part: &NoticePart) -> Line {
        let NoticePart::Why { organisation, since, policy, clause, written } = part else {
            return Line::default();
        };
        let mut line = Line::words(format!(
            "Mae {organisation} wedi gwneud penderfyniad am sut y gallwch gysylltu â ni. "
        ));
        if let Some(since) = since {
            line = line.then(&format!("Dechreuodd ar {}. ", date(*since)));
        }
        line = line.and(under(policy, clause.as_deref()));
        line.then(if *written {
            "Gwnaethom ysgrifennu atoch am hyn."
        } else {
            "Gwnaethom ddweud wrthych am hyn."
        })
    }

    fn limit(&self, limit: &Limit) -> Line {
        Line::words(match limit {
            Limit::OnlyChannels { channels } => {
                let ways: Vec<&str> = channels.iter().map(|one| by(*one)).collect();
                match ways.len() {
                    // A long list is separate, so that the sentence stays short.
                    0..=WAYS_IN_A_SENTENCE => {
                        format!("Dim ond {} y gallwch gysylltu â ni.", joined(&ways, "neu"))
                    }
                    _ => format!(
                        "Dim ond fel hyn y gallwch gysylltu â ni: {}.",
                        joined(&ways, "neu")
                    ),
                }
            }
            Limit::OnlyHours { channel, hours } => {
                let hours: Vec<String> = hours.iter().map(|one| self.hours(one)).collect();
                format!(
                    "Dim ond ar yr adegau hyn y gallwch gysylltu â ni {}: {}.",
                    by(*channel),
                    hours.join("; ")
                )
            }
            Limit::Contacts { quota, channels } => {
                let ways: Vec<&str> = channels.iter().map(|one| by(*one)).collect();
                let (often, week) = (times(*quota), week(*quota));
                match &*ways {
                    [] => format!("Gallwch gysylltu â ni {often}.{week}"),
                    [way] => format!("Gallwch gysylltu â ni {way} {often}.{week}"),
                    ways => format!(
                        "Gallwch gysylltu â ni {often}.{week} Mae hyn yn cyfrif cysylltu {}.",
                        joined(ways, "neu")
                    ),
                }
            }
            Limit::Issues { quota } => format!(
                "Gallwch gysylltu â ni am {} {}.{}",
                matters(quota.limit),
                period(*quota),
                week(*quota)
            ),
            Limit::OnlyRepresentative => {
                "Rhaid i'ch cynrychiolydd gysylltu â ni ar eich rhan.".to_owned()
            }
            Limit::ComplaintEnded => "Mae ein proses gwyno wedi dod i ben.".to_owned(),
            Limit::Other => "Mae terfyn ar sut y gallwch gysylltu â ni.".to_owned(),
        })
    }

    fn until(&self, until: Until) -> Line {
        Line::words(match until {
            // `Tan` mutates softly: diwedd, ddiwedd.
            Until::Ends(Day { day, time: None }) => {
                format!("Mae hyn yn para tan ddiwedd {}.", date(day))
            }
            Until::Ends(Day { day, time: Some(time) }) => {
                format!("Mae hyn yn para tan {} ar {}.", time_of_day(time), date(day))
            }
            Until::ReviewedBy(Day { day, .. }) => {
                format!("Byddwn yn edrych ar y penderfyniad hwn eto erbyn {}.", date(day))
            }
            Until::Reviewed => {
                "Byddwn yn edrych ar y penderfyniad hwn eto. Gallwch ofyn i ni am y \
                                dyddiad."
                    .to_owned()
            }
        })
    }

    fn next_slot(&self, channel: Channel, at: NaiveDateTime) -> Line {
        let again = match channel {
            Channel::Telephone => "ein ffonio eto",
            Channel::Email => "anfon e-bost atom eto",
            Channel::Letter => "ysgrifennu atom eto",
            Channel::InPerson => "ymweld â ni eto",
            // What a short form governs is mutated softly: defnyddio, cysylltu.
            Channel::WebForm => "ddefnyddio'r ffurflen hon eto",
            Channel::Sms | Channel::Whatsapp => "anfon neges atom eto",
            Channel::Social => "gysylltu â ni fel hyn eto",
            Channel::WebChat => "sgwrsio â ni eto",
        };
        Line::words(format!("Gallwch {again} o {} ymlaen.", instant(at)))
    }

    fn way(&self, way: &Way) -> Line {
        let name = match way.channel {
            Channel::Email => "E-bost",
            Channel::WebForm => "Ffurflen ar y we",
            Channel::Telephone => "Ffôn",
            Channel::Sms => "Neges destun",
            Channel::Whatsapp => "WhatsApp",
            Channel::Letter => "Llythyr",
            Channel::InPerson => "Wyneb yn wyneb",
            Channel::Social => "Cyfryngau cymdeithasol",
            Channel::WebChat => "Sgwrs ar y we",
        };
        let mut line = Line::words(name);
        if let Some(detail) = &way.detail {
            line = line.then(": ").detail(detail);
        }
        if !way.hours.is_empty() {
            let hours: Vec<String> = way.hours.iter().map(|one| self.hours(one)).collect();
            line = line.then(&format!(" ({})", hours.join("; ")));
        }
        line
    }

    fn ways(&self, channels: &[Channel]) -> Line {
        let ways: Vec<&str> = channels.iter().map(|one| by(*one)).collect();
        Line::words(format!("Gallwch gysylltu â ni {}.", joined(&ways, "neu")))
    }

    fn or(&self) -> &'static str {
        "neu"
    }

    /// `I` mutates what follows it softly: rhoi, i roi; gofyn, i ofyn.
    fn always(&self) -> &'static str {
        "Gallwch gysylltu â ni bob amser, mewn unrhyw ffordd, i:"
    }

    fn always_list(&self) -> [&'static str; 5] {
        [
            "roi gwybod i ni am argyfwng, neu am rywun sydd mewn perygl",
            "ofyn am yr wybodaeth sydd gennym amdanoch",
            "ofyn am help oherwydd anabledd",
            "anfon papurau llys neu gyfreithiol atom",
            "apelio",
        ]
    }

    fn appeal(&self, part: &NoticePart) -> Vec<Line> {
        let NoticePart::Appeal { within, heard_by, uninvolved, to, how: _ } = part else {
            return Vec::new();
        };
        let mut line = Line::words("Gallwch apelio. ");
        line = match to {
            Some(to) => line
                .then("Anfonwch eich apêl at ")
                .detail(to)
                .then(", neu dywedwch wrthym mewn unrhyw ffordd arall eich bod am apelio."),
            None => line
                .then("Dywedwch wrthym mewn unrhyw ffordd, dros y ffôn hefyd, eich bod am apelio."),
        };
        if let Some(within) = within {
            line = line.then(&format!(" Gwnewch hyn {}.", welsh_within(*within)));
        }
        if let Some(role) = heard_by {
            line = line.then(&format!(" Bydd eich apêl yn mynd at {}.", welsh_role(role)));
        }
        if *uninvolved {
            line = line.then(" Ni chymerodd y person hwnnw ran yn y penderfyniad.");
        }
        vec![line]
    }

    fn ombudsman(&self, part: &NoticePart) -> Line {
        let NoticePart::Ombudsman { name, welsh_name, website, phone, after_ours } = part else {
            return Line::default();
        };
        let name = welsh_name.as_ref().unwrap_or(name);
        let mut line = Line::words(if *after_ours {
            format!("Os nad ydych yn fodlon wedi hynny, gallwch droi at: {name}.")
        } else {
            format!("Gallwch hefyd droi at: {name}.")
        });
        line = match (website, phone) {
            (Some(website), Some(phone)) => {
                line.then(" Ewch i ").link(website).then(" neu ffoniwch ").detail(phone).then(".")
            }
            (Some(website), None) => line.then(" Ewch i ").link(website).then("."),
            (None, Some(phone)) => line.then(" Ffoniwch ").detail(phone).then("."),
            (None, None) => line,
        };
        line
    }

    fn reference(&self, contact: &str) -> Line {
        Line::words(format!("Cyfeirnod: {contact}"))
    }

    fn short_emergency(&self, number: Option<&str>) -> Line {
        let line = Line::words("Mewn perygl? Ffoniwch ").phone("999").then(".");
        match number {
            Some(number) => line.then(" Argyfwng arall: ").phone(number).then("."),
            None => line.then(" Argyfwng arall: cysylltwch â ni mewn unrhyw ffordd."),
        }
    }

    fn short_happened(&self) -> &'static str {
        "Mae eich neges gennym ond nid ydym wedi ei hanfon ymlaen. Nid oes angen i chi ei hanfon \
         eto."
    }

    fn short_why(&self, organisation: &str) -> Line {
        Line::words(format!(
            "Gwnaeth {organisation} benderfyniad am sut y gallwch gysylltu â ni, ac ysgrifennu atoch."
        ))
    }

    fn short_always(&self) -> &'static str {
        "Gallwch gysylltu â ni bob amser i ofyn am eich gwybodaeth, neu am help oherwydd anabledd."
    }

    fn short_appeal(&self) -> &'static str {
        "I apelio, atebwch gyda'r gair APELIO."
    }

    fn not_connected(&self, organisation: &str) -> String {
        format!(
            "Ni all {organisation} gysylltu eich galwad. Gwnaethom benderfyniad am sut rydych yn \
             cysylltu â ni."
        )
    }

    fn call_again(&self, at: NaiveDateTime) -> String {
        format!("Gallwch ffonio eto o {} ymlaen.", spoken_instant(at))
    }

    fn address_spoken(&self, address: &str) -> String {
        address.replace('@', " at ").replace('.', " dot ")
    }

    fn hours(&self, hours: &OpenHours) -> String {
        let from = time_of_day(hours.from);
        let to = hours.to.map_or_else(|| "hanner nos".to_owned(), time_of_day);
        format!("{}, {from} tan {to}", days(&hours.days))
    }

    fn date(&self, day: NaiveDate) -> String {
        date(day)
    }

    fn by(&self, channel: Channel) -> &'static str {
        by(channel)
    }

    fn role(&self, role: &str) -> String {
        welsh_role(role).to_owned()
    }

    fn within(&self, deadline: Deadline) -> String {
        welsh_within(deadline)
    }

    fn under(&self, policy: &Policy, clause: Option<&str>) -> Line {
        under(policy, clause)
    }
}

fn by(channel: Channel) -> &'static str {
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

fn under(policy: &Policy, clause: Option<&str>) -> Line {
    let section = clause.map(|clause| format!("adran {clause} o'n")).unwrap_or("ein".to_owned());
    let line = match &policy.welsh_title {
        Some(title) => Line::words(format!("Gwnaethom hyn o dan {section} {title}. ")),
        None => Line::words(format!("Gwnaethom hyn o dan {section} polisi cyhoeddedig. ")),
    };
    match &policy.url {
        Some(url) => line.then("Gallwch ddarllen y polisi yn ").link(url).then(". "),
        None => line,
    }
}

/// How often, as an adverb, which is mutated softly: dwywaith, ddwywaith; teirgwaith, deirgwaith.
fn times(quota: QuotaWords) -> String {
    const TIMES: [&str; 10] = [
        "unwaith",
        "ddwywaith",
        "deirgwaith",
        "bedair gwaith",
        "bum gwaith",
        "chwe gwaith",
        "saith gwaith",
        "wyth gwaith",
        "naw gwaith",
        "ddeg gwaith",
    ];
    let period = period(quota);
    let at = usize::try_from(quota.limit).ok().and_then(|limit| limit.checked_sub(1));
    match at.and_then(|at| TIMES.get(at)) {
        Some(times) => format!("{times} {period}"),
        None => format!("hyd at {} gwaith {period}", quota.limit),
    }
}

/// `Dau` mutates softly: 2 fater.
fn matters(count: u32) -> String {
    match count {
        2 => "2 fater gwahanol".to_owned(),
        1 => "1 mater".to_owned(),
        many => format!("{many} mater gwahanol"),
    }
}

fn period(quota: QuotaWords) -> &'static str {
    match (quota.per, quota.window) {
        (Per::Day, QuotaWindow::Calendar) => "y dydd",
        (Per::Week, QuotaWindow::Calendar) => "yr wythnos",
        (Per::Month, QuotaWindow::Calendar) => "y mis",
        (Per::Day, QuotaWindow::Rolling) => "mewn unrhyw 24 awr",
        (Per::Week, QuotaWindow::Rolling) => "mewn unrhyw 7 diwrnod",
        (Per::Month, QuotaWindow::Rolling) => "mewn unrhyw 30 diwrnod",
    }
}

fn week(quota: QuotaWords) -> &'static str {
    match (quota.per, quota.window) {
        (Per::Week, QuotaWindow::Calendar) => " Mae'r wythnos yn rhedeg o ddydd Llun i ddydd Sul.",
        (Per::Month, QuotaWindow::Calendar) => " Mae'r mis yn dechrau ar ei ddiwrnod cyntaf.",
        (Per::Day, QuotaWindow::Calendar) | (_, QuotaWindow::Rolling) => "",
    }
}

fn welsh_within(deadline: Deadline) -> String {
    let length = match deadline.length {
        Length::WorkingDays(days) => format!("{days} diwrnod gwaith"),
        Length::Months(months) => format!("{months} mis"),
    };
    let from = match deadline.from {
        Some(Anchor::Decision) => " i'n penderfyniad",
        Some(Anchor::Letter) => " i'n llythyr",
        Some(Anchor::Implementation) => " i'r diwrnod y dechreuodd",
        Some(Anchor::Receipt) => " i gael ein llythyr",
        Some(Anchor::AppealDecision) => " i'r penderfyniad ar eich apêl",
        None => "",
    };
    format!("o fewn {length}{from}")
}

/// A role of a policy. One that has no name here is called what it is: somebody senior.
fn welsh_role(role: &str) -> &'static str {
    match role {
        "manager" => "reolwr",
        "head_of_service" => "bennaeth gwasanaeth",
        "director" => "gyfarwyddwr",
        "chief_executive" => "brif weithredwr",
        "executive_team" => "ein tîm gweithredol",
        "customer_experience_team" => "ein tîm profiad cwsmeriaid",
        _ => "uwch aelod o staff",
    }
}
