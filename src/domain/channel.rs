//! The ways a contact can reach an organisation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One way of contact. The names are the published ones, in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    WebForm,
    Telephone,
    Sms,
    Whatsapp,
    Letter,
    InPerson,
    Social,
    WebChat,
}

impl Channel {
    pub const ALL: [Channel; 9] = [
        Channel::Email,
        Channel::WebForm,
        Channel::Telephone,
        Channel::Sms,
        Channel::Whatsapp,
        Channel::Letter,
        Channel::InPerson,
        Channel::Social,
        Channel::WebChat,
    ];

    /// The published name, as in JSON and TOML.
    pub const fn name(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::WebForm => "web_form",
            Channel::Telephone => "telephone",
            Channel::Sms => "sms",
            Channel::Whatsapp => "whatsapp",
            Channel::Letter => "letter",
            Channel::InPerson => "in_person",
            Channel::Social => "social",
            Channel::WebChat => "web_chat",
        }
    }

    /// How the channel is called in a sentence to a customer: "by e-mail".
    pub const fn by(self) -> &'static str {
        match self {
            Channel::Email => "by e-mail",
            Channel::WebForm => "by web form",
            Channel::Telephone => "by telephone",
            Channel::Sms => "by text message",
            Channel::Whatsapp => "by WhatsApp",
            Channel::Letter => "by letter",
            Channel::InPerson => "in person",
            Channel::Social => "by social media",
            Channel::WebChat => "by web chat",
        }
    }

    /// Channels that leave something written. A channel group that a policy leaves unset is
    /// read as all of these, the reading that helps the sender.
    pub const fn is_written(self) -> bool {
        !matches!(self, Channel::Telephone | Channel::InPerson)
    }

    /// Whether a limited sender is notified at once, by voice or on a page, rather than by a message
    /// sent afterwards. An immediate notice is given every time.
    pub const fn tells_at_once(self) -> bool {
        matches!(self, Channel::Telephone | Channel::WebForm | Channel::InPerson | Channel::WebChat)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An unknown channel name.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not a channel; use one of email, web_form, telephone, sms, whatsapp, letter, in_person, social, web_chat"
)]
pub struct UnknownChannel(pub String);

impl FromStr for Channel {
    type Err = UnknownChannel;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Channel::ALL
            .into_iter()
            .find(|channel| channel.name() == name)
            .ok_or_else(|| UnknownChannel(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_has_its_names_and_manners() {
        let all =
            Channel::ALL.map(|one| (one.name(), one.by(), one.is_written(), one.tells_at_once()));
        let expected = [
            ("email", "by e-mail", true, false),
            ("web_form", "by web form", true, true),
            ("telephone", "by telephone", false, true),
            ("sms", "by text message", true, false),
            ("whatsapp", "by WhatsApp", true, false),
            ("letter", "by letter", true, false),
            ("in_person", "in person", false, true),
            ("social", "by social media", true, false),
            ("web_chat", "by web chat", true, true),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_channel_is_read_by_the_name_that_it_is_written_with() {
        for channel in Channel::ALL {
            assert_eq!(channel.to_string().parse::<Channel>().ok(), Some(channel));
        }
        for other in ["", "Email", "fax", "web form"] {
            let fault = other.parse::<Channel>().unwrap_err().to_string();
            assert!(
                fault.starts_with(&format!("`{other}` is not a channel; use one of email, ")),
                "{fault}"
            );
        }
    }
}
