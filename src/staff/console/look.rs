//! The look of one organisation's console, and what the console is configured with.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::domain::language::Language;
use crate::domain::organisation::OrganisationId;
use crate::runtime::html::colour::{CONTRAST_MIN, Colour};

/// What the console is configured with.
#[derive(Debug, Clone, Default)]
pub struct ConsoleSettings {
    /// Where browsers find it, `https://staff.karbon.example`; `None`: by the address that they ask.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    pub looks: BTreeMap<OrganisationId, ConsoleLook>,
    pub policies: BTreeMap<OrganisationId, PolicyAsRead>,
    /// What identity providers' buttons say, by the providers' names.
    pub providers: BTreeMap<String, ProviderLabel>,
}

/// What an identity provider's button says; `None`: our own words.
#[derive(Debug, Clone, Default)]
pub struct ProviderLabel {
    pub english: Option<String>,
    pub welsh: Option<String>,
}

impl ProviderLabel {
    /// In a language; in the other one rather than in our words.
    pub fn in_language(&self, language: Language) -> Option<&str> {
        let (first, second) = match language {
            Language::English => (&self.english, &self.welsh),
            Language::Welsh => (&self.welsh, &self.english),
        };
        first.as_deref().or(second.as_deref())
    }
}

/// An organisation's policy as the program reads it.
#[derive(Debug, Clone, Default)]
pub struct PolicyAsRead {
    pub values: Vec<PolicyValue>,
    pub open: Vec<OpenValue>,
}

/// One value, by its dotted path.
#[derive(Debug, Clone)]
pub struct PolicyValue {
    pub path: String,
    pub value: String,
    pub clause: Option<String>,
}

/// One value that the policy leaves open.
#[derive(Debug, Clone)]
pub struct OpenValue {
    pub path: String,
    /// To follow "needed ".
    pub needed_for: &'static str,
    pub blocks_enforcement: bool,
    pub example: &'static str,
}

impl ConsoleSettings {
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}

/// What makes an organisation's console its own.
#[derive(Debug, Clone)]
pub struct ConsoleLook {
    /// `None`: the profile's.
    pub name: Option<String>,
    /// The organisation's colour on light pages and on dark ones; `None`: ours.
    pub accent: Option<Colour>,
    pub dark_accent: Option<Colour>,
}

const WHITE: Colour = Colour::new(0xff, 0xff, 0xff);
const INK: Colour = Colour::new(0x12, 0x16, 0x1c);
/// The ground of dark pages (`--paper` in the style sheet).
const DARK_PAPER: Colour = Colour::new(0x14, 0x18, 0x1d);
/// Of an organisation that has no colour of its own, or one that people can't read.
const OURS: Colour = Colour::new(0x1f, 0x4e, 0x79);
const OURS_DARK: Colour = Colour::new(0x8f, 0xc1, 0xf0);

/// The style sheet that lays an organisation's colours over ours: links and buttons, and the band on top
/// with writing that can be read on it.
pub(super) fn style(look: Option<&ConsoleLook>) -> String {
    let accent = look
        .and_then(|look| look.accent)
        .filter(|accent| accent.contrast(WHITE) >= CONTRAST_MIN)
        .unwrap_or(OURS);
    let dark = look
        .and_then(|look| look.dark_accent)
        .filter(|accent| accent.contrast(DARK_PAPER) >= CONTRAST_MIN)
        .unwrap_or(OURS_DARK);
    let on = |colour: Colour| if colour.contrast(WHITE) >= CONTRAST_MIN { WHITE } else { INK };
    format!(
        ":root{{--accent:{accent};--on-accent:{};--band:{accent};--on-band:{}}}\n\
         @media (prefers-color-scheme:dark){{:root{{--accent:{dark};--on-accent:{}}}}}\n",
        on(accent),
        on(accent),
        on(dark)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_that_nobody_can_read_gives_way_to_ours() {
        let look = |accent: &str| ConsoleLook {
            name: None,
            accent: Colour::parse(accent),
            dark_accent: Colour::parse(accent),
        };
        let yellow = style(Some(&look("#ffee00")));
        // Too light on white, good on a dark page.
        assert!(yellow.contains("--accent:#1f4e79;") && yellow.contains("--accent:#ffee00;"));
        assert!(yellow.contains("--accent:#ffee00;--on-accent:#12161c"));
        let purple = style(Some(&look("#5c2d91")));
        assert!(purple.contains("--accent:#5c2d91;--on-accent:#ffffff"));
        assert!(style(None).contains("--accent:#1f4e79"));
        for colour in [OURS, INK] {
            assert!(colour.contrast(WHITE) >= CONTRAST_MIN);
        }
        assert!(OURS_DARK.contrast(DARK_PAPER) >= CONTRAST_MIN);
    }
}
