//! The languages that customers are written and spoken to in.

use serde::{Deserialize, Serialize};

/// English or Welsh, named as BCP 47 names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Language {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "cy")]
    Welsh,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::Welsh];

    /// The tag in JSON and TOML.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Welsh => "cy",
        }
    }

    /// The tag with its region, for a page or a voice.
    pub const fn regional_tag(self) -> &'static str {
        match self {
            Language::English => "en-GB",
            Language::Welsh => "cy-GB",
        }
    }

    /// Of a tag such as `cy-GB`; `None`: a language that we don't speak.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let main = tag.split('-').next().unwrap_or_default();
        Language::ALL.into_iter().find(|one| main.eq_ignore_ascii_case(one.tag()))
    }

    pub const fn other(self) -> Self {
        match self {
            Language::English => Language::Welsh,
            Language::Welsh => Language::English,
        }
    }

    /// What the language calls itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Welsh => "Cymraeg",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_tags_its_name_and_the_other() {
        let all =
            Language::ALL.map(|one| (one.tag(), one.regional_tag(), one.own_name(), one.other()));
        let expected = [
            ("en", "en-GB", "English", Language::Welsh),
            ("cy", "cy-GB", "Cymraeg", Language::English),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_tag_is_known_in_any_region_and_case() {
        for (tag, language) in [
            ("en", Some(Language::English)),
            ("EN-us", Some(Language::English)),
            ("cy", Some(Language::Welsh)),
            ("Cy-GB", Some(Language::Welsh)),
            ("cym", None),
            ("fr-GB", None),
            ("-en", None),
            ("", None),
        ] {
            assert_eq!(Language::of_tag(tag), language, "{tag}");
        }
    }
}
