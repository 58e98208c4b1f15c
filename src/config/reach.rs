//! `[organisation.contact_details]`, `[organisation.staffed_hours]` and what else a notice says of how
//! to reach an organisation.

use std::collections::BTreeMap;

use super::endpoint::address;
use super::fault::Wrong;
use super::languages::languages;
use super::profile::staffed_hours;
use super::reader::{Field, Section, brief};
use crate::domain::channel::Channel;
use crate::domain::identifier::e164;
use crate::domain::letter::Templates;
use crate::domain::nation::Nation;
use crate::domain::profile::Profile;
use crate::domain::reach::Reach;

/// What an organisation's section says of how to reach it.
pub(super) fn read(section: &Section<'_>, profile: Option<&Profile>) -> Reach {
    let nation = profile.map_or(Nation::England, |profile| profile.nation);
    let details =
        by_channel(section, "contact_details", |channel, field| detail(channel, field, nation));
    let by_profile = || profile.and_then(|profile| profile.staffed_hours.clone());
    Reach {
        details,
        staffed_hours: staffed_hours(section).or_else(by_profile).unwrap_or_default(),
        policy_url: section.field("policy_url").and_then(|f| f.parsed(link)),
        appeal_to: section.field("appeal_to").and_then(|f| address(&f, nation)),
        languages: section.field("languages").and_then(|f| languages(&f)).unwrap_or_default(),
        letters: Templates::default(),
    }
}

fn by_channel<T>(
    section: &Section<'_>,
    key: &'static str,
    read: impl Fn(Channel, &Field<'_>) -> Option<T>,
) -> BTreeMap<Channel, T> {
    let Some(table) = section.field(key).and_then(|f| f.section()) else {
        return BTreeMap::new();
    };
    let found = Channel::ALL
        .into_iter()
        .filter_map(|channel| Some((channel, read(channel, &table.field(channel.name())?)?)))
        .collect();
    table.close();
    found
}

/// Where a channel leads, in the form that it has.
fn detail(channel: Channel, field: &Field<'_>, nation: Nation) -> Option<String> {
    match channel {
        Channel::Email => address(field, nation),
        Channel::Telephone | Channel::Sms | Channel::Whatsapp => field.parsed(|text| {
            e164(text, nation)
                .map_err(|_| Wrong::new("is not a telephone number", "write it as 0191 498 0123"))
        }),
        Channel::WebForm | Channel::WebChat => field.parsed(link),
        Channel::Letter | Channel::InPerson | Channel::Social => {
            field.words().map(|text| text.trim().to_owned())
        }
    }
}

/// A link that a customer can follow.
pub(super) fn link(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    match url::Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.host_str().is_some() => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(Wrong::new(
            format!("`{}` is not a link that a customer can follow", brief(text)),
            "write it as https://www.karbon.example/contact",
        )),
    }
}
