//! What a restriction says, in one line: "2 contacts a week, by e-mail or letter".

use chrono::Weekday;

use super::by_channel;
use crate::domain::calendar::Per;
use crate::domain::channel::Channel;
use crate::domain::language::Language;
use crate::domain::profile::Profile;
use crate::domain::restriction::{
    ChannelOrGroup, ChannelSet, DocumentInstruction, Hours, Kind, Quota, WeeklyHours, Window,
    WindowEnd,
};

/// The terms.
pub(in crate::staff::console) fn terms(
    kind: &Kind,
    profile: &Profile,
    language: Language,
) -> String {
    match language {
        Language::English => english(kind, profile),
        Language::Welsh => welsh(kind, profile),
    }
}

fn english(kind: &Kind, profile: &Profile) -> String {
    let list = |set: &ChannelSet| channels(set, profile, Language::English);
    match kind {
        Kind::SinglePointOfContact(point) => {
            format!("Everything goes to {}", point.contact.name)
        }
        Kind::ChannelsOnly { channels } => format!("Contact by {} only", list(channels)),
        Kind::HoursOnly(hours) => format!(
            "{} only {}",
            hours.channels.as_ref().map_or_else(
                || "Telephone, visits and web chat".to_owned(),
                |set| super::capitalised(&list(set))
            ),
            windows(hours, Language::English)
        ),
        Kind::ContactQuota { quota, channels } => {
            let by = channels.as_ref().map(|set| format!(", by {}", list(set)));
            format!("{}{}", quota_english(*quota, "contact"), by.unwrap_or_default())
        }
        Kind::IssueQuota(quota) => quota_english(*quota, "new issue"),
        Kind::IssueClosed(closed) => about("Closed issue", &closed.issues),
        Kind::ComplaintClosed(closed) => about("Closed complaint", &closed.issues),
        Kind::RepresentativeOnly { names: Some(names) } => {
            format!("Contact through {} only", names.join(" or "))
        }
        Kind::RepresentativeOnly { names: None } => "Contact through a representative only".into(),
        Kind::ReadAndFile { issues } => {
            about("Read and file, without a reply", issues.as_deref().unwrap_or_default())
        }
        Kind::ContactEnded => "All contact ended, except what is always open".to_owned(),
        Kind::CallLength { minutes } => format!("Calls of up to {minutes} minutes"),
        Kind::VisitsInPairs => "Visits by two colleagues together".to_owned(),
        Kind::AppointmentOnly => "Visits by appointment only".to_owned(),
        Kind::DocumentsReturned { instruction } => match instruction {
            DocumentInstruction::Return => "Documents are returned".to_owned(),
            DocumentInstruction::Destroy => "Documents are destroyed".to_owned(),
        },
    }
}

fn welsh(kind: &Kind, profile: &Profile) -> String {
    let list = |set: &ChannelSet| channels(set, profile, Language::Welsh);
    match kind {
        Kind::SinglePointOfContact(point) => {
            format!("Mae popeth yn mynd at {}", point.contact.name)
        }
        Kind::ChannelsOnly { channels } => format!("Cysylltu drwy {} yn unig", list(channels)),
        Kind::HoursOnly(hours) => format!(
            "{} yn unig {}",
            hours.channels.as_ref().map_or_else(
                || "Ffôn, ymweliadau a sgwrs we".to_owned(),
                |set| super::capitalised(&list(set))
            ),
            windows(hours, Language::Welsh)
        ),
        Kind::ContactQuota { quota, channels } => {
            let by = channels.as_ref().map(|set| format!(", drwy {}", list(set)));
            let contacts = counted(quota.limit, ["cysylltiad", "gysylltiad", "chysylltiad"]);
            format!("{contacts} {}{}", per_welsh(quota.per), by.unwrap_or_default())
        }
        Kind::IssueQuota(quota) => {
            let issues = counted(quota.limit, ["mater", "fater", "mater"]);
            format!("{issues} newydd {}", per_welsh(quota.per))
        }
        Kind::IssueClosed(closed) => about("Mater ar gau", &closed.issues),
        Kind::ComplaintClosed(closed) => about("Cwyn ar gau", &closed.issues),
        Kind::RepresentativeOnly { names: Some(names) } => {
            format!("Cysylltu drwy {} yn unig", names.join(" neu "))
        }
        Kind::RepresentativeOnly { names: None } => "Cysylltu drwy gynrychiolydd yn unig".into(),
        Kind::ReadAndFile { issues } => {
            about("Darllen a ffeilio, heb ateb", issues.as_deref().unwrap_or_default())
        }
        Kind::ContactEnded => {
            "Pob cysylltiad wedi dod i ben, heblaw'r hyn sydd bob amser ar agor".to_owned()
        }
        Kind::CallLength { minutes } => format!("Galwadau o hyd at {minutes} munud"),
        Kind::VisitsInPairs => "Ymweliadau gan ddau gydweithiwr gyda'i gilydd".to_owned(),
        Kind::AppointmentOnly => "Ymweliadau drwy apwyntiad yn unig".to_owned(),
        Kind::DocumentsReturned { instruction } => match instruction {
            DocumentInstruction::Return => "Dychwelir dogfennau".to_owned(),
            DocumentInstruction::Destroy => "Dinistrir dogfennau".to_owned(),
        },
    }
}

fn quota_english(quota: Quota, what: &str) -> String {
    let per = match quota.per {
        Per::Day => "a day",
        Per::Week => "a week",
        Per::Month => "a month",
    };
    let s = if quota.limit == 1 { "" } else { "s" };
    format!("{} {what}{s} {per}", quota.limit)
}

const fn per_welsh(per: Per) -> &'static str {
    match per {
        Per::Day => "y dydd",
        Per::Week => "yr wythnos",
        Per::Month => "y mis",
    }
}

/// A masculine noun after a number: 2 softens it, 3 and 6 make it breathe.
fn counted(number: u32, [plain, soft, breathed]: [&str; 3]) -> String {
    let noun = match number {
        2 => soft,
        3 | 6 => breathed,
        _ => plain,
    };
    format!("{number} {noun}")
}

fn about(what: &str, issues: &[String]) -> String {
    if issues.is_empty() { what.to_owned() } else { format!("{what}: {}", issues.join(", ")) }
}

/// Channels by name; a group as the channels that the policy means by it.
fn channels(set: &ChannelSet, profile: &Profile, language: Language) -> String {
    let mut named: Vec<Channel> = Vec::new();
    let mut groups: Vec<String> = Vec::new();
    for entry in &set.0 {
        match entry {
            ChannelOrGroup::Channel(channel) => named.push(*channel),
            ChannelOrGroup::Group(group) => match profile.channel_groups.get(group) {
                Some(Some(channels)) => named.extend(channels),
                Some(None) | None => groups.push(group.replace('_', " ")),
            },
        }
    }
    let mut names: Vec<String> = Vec::new();
    for channel in named {
        let name = by_channel(channel, language).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.extend(groups);
    let or = match language {
        Language::English => "or",
        Language::Welsh => "neu",
    };
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {or} {last}", first.join(", ")),
    }
}

/// When somebody is there, a line for each window.
pub(in crate::staff::console) fn staffed(hours: &WeeklyHours, language: Language) -> Vec<String> {
    hours.windows.iter().map(|window| one_window(window, language)).collect()
}

fn windows(hours: &Hours, language: Language) -> String {
    let each = hours.windows.iter().map(|window| one_window(window, language));
    each.collect::<Vec<_>>().join("; ")
}

fn one_window(window: &Window, language: Language) -> String {
    let to = match window.to {
        WindowEnd::At(time) => time.format("%H:%M").to_string(),
        WindowEnd::Midnight => "24:00".to_owned(),
    };
    format!("{} {}–{to}", days(&window.days, language), window.from.format("%H:%M"))
}

/// "Mon–Fri": three or more that follow each other; else "Tue, Thu".
fn days(all: &[Weekday], language: Language) -> String {
    let say = |day: &Weekday| super::weekday(*day, language);
    let follow = all.iter().zip(all.iter().skip(1)).all(|(day, next)| day.succ() == *next);
    match (all, all.last()) {
        ([first, _, _, ..], Some(last)) if follow => format!("{}–{}", say(first), say(last)),
        _ => all.iter().map(say).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};

    use super::*;

    #[test]
    fn days_that_follow_each_other_are_a_range() {
        for (all, english, welsh) in [
            (&[Mon, Tue, Wed, Thu, Fri][..], "Mon–Fri", "Llun–Gwe"),
            (&[Sat, Sun, Mon], "Sat–Mon", "Sad–Llun"),
            (&[Mon, Tue], "Mon, Tue", "Llun, Maw"),
            (&[Mon, Tue, Thu], "Mon, Tue, Thu", "Llun, Maw, Iau"),
            (&[Thu], "Thu", "Iau"),
        ] {
            assert_eq!(days(all, Language::English), english);
            assert_eq!(days(all, Language::Welsh), welsh);
        }
    }
}
