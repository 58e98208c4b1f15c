//! How customers reach an organisation: the address, number and hours that it gives for each channel,
//! the languages that it speaks, and how its letters look.

use std::collections::BTreeMap;

use super::channel::Channel;
use super::language::Language;
use super::letter::Templates;
use super::restriction::WeeklyHours;

/// The channels offered where an organisation gives no details at all: those that every public body
/// answers on.
const OFFERED_WITHOUT_DETAILS: [Channel; 3] = [Channel::Email, Channel::Telephone, Channel::Letter];

/// What an organisation says of its own ways of contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// An address, number or link by channel.
    pub details: BTreeMap<Channel, String>,
    /// When somebody answers, by channel: the organisation's own hours, else those of its profile.
    /// No windows: nobody does, and the channel is never offered.
    pub staffed_hours: BTreeMap<Channel, WeeklyHours>,
    /// Where the published policy can be read.
    pub policy_url: Option<String>,
    /// Where appeals are sent; `None`: to any of the ways above.
    pub appeal_to: Option<String>,
    /// The languages of notices where a person's own is not known; empty: the nation's.
    pub languages: Vec<Language>,
    /// How its letters are laid out.
    pub letters: Templates,
}

impl Reach {
    /// Whether the organisation staffs a channel. Once it gives details of any channel, those that it
    /// leaves out are not offered.
    pub fn is_staffed(&self, channel: Channel) -> bool {
        if self.staffed_hours.get(&channel).is_some_and(|hours| hours.windows.is_empty()) {
            return false;
        }
        if self.details.is_empty() && self.staffed_hours.is_empty() {
            return OFFERED_WITHOUT_DETAILS.contains(&channel);
        }
        self.details.contains_key(&channel) || self.staffed_hours.contains_key(&channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_staffed_if_it_has_details_or_hours() {
        let hours = |json: &str| serde_json::from_str::<WeeklyHours>(json).unwrap();
        let mut reach = Reach::default();
        assert!(reach.is_staffed(Channel::Letter) && !reach.is_staffed(Channel::Sms));
        reach.details.insert(Channel::Email, "us@karbon.example".to_owned());
        assert!(!reach.is_staffed(Channel::Letter), "one that is left out is not offered");
        let mondays = r#"{"windows": [{"days": ["mon"], "from": "09:00", "to": "17:00"}]}"#;
        reach.staffed_hours.insert(Channel::Telephone, hours(mondays));
        assert!(reach.is_staffed(Channel::Email) && reach.is_staffed(Channel::Telephone));
        assert!(!reach.is_staffed(Channel::Letter));
        reach.staffed_hours.insert(Channel::Email, hours(r#"{"windows": []}"#));
        assert!(!reach.is_staffed(Channel::Email));
    }
}
