//! The templates of an organisation's letters, as they are written; `letter` lays letters out by them.

use std::sync::Arc;

use super::language::Language;

/// A template in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub language: Language,
    pub(super) name: Arc<str>,
    pub(super) source: Arc<str>,
}

impl Template {
    /// A template as an edition by staff, with its number in the name.
    pub fn of_edition(language: Language, edition: u64, source: &str) -> Self {
        let name = format!("edited.{}.{edition}", language.tag()).into();
        Template { language, name, source: source.into() }
    }

    /// The edition that a version names; `None` for any other kind of template.
    pub fn edition_of(version: &str, language: Language) -> Option<u64> {
        let name = version.split(' ').next()?;
        name.strip_prefix("edited.")?.strip_prefix(language.tag())?.strip_prefix('.')?.parse().ok()
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// The name of its file.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The templates of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templates {
    pub english: Template,
    pub welsh: Template,
    /// What [`Templates::fingerprint`] gave when somebody approved the Welsh.
    pub welsh_approved: Option<String>,
}

macro_rules! built_in {
    ($language:expr, $file:literal) => {
        Template {
            language: $language,
            name: $file.into(),
            source: include_str!(concat!("../../config/letters/", $file)).into(),
        }
    };
}

impl Templates {
    pub const fn of(&self, language: Language) -> &Template {
        match language {
            Language::English => &self.english,
            Language::Welsh => &self.welsh,
        }
    }

    /// Replaces the template of its language.
    pub fn put(&mut self, template: Template) {
        match template.language {
            Language::English => self.english = template,
            Language::Welsh => self.welsh = template,
        }
    }

    /// Whether letters in a language use the template that comes with the gateway.
    pub fn is_shipped(&self, language: Language) -> bool {
        self.of(language) == Templates::default().of(language)
    }
}

impl Default for Templates {
    fn default() -> Self {
        Templates {
            english: built_in!(Language::English, "standard.en.txt"),
            welsh: built_in!(Language::Welsh, "standard.cy.txt"),
            welsh_approved: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_is_known_by_the_version_of_its_template() {
        let version = "edited.cy.12 0a1b2c3d4e5f";
        assert_eq!(Template::edition_of(version, Language::Welsh), Some(12));
        assert_eq!(Template::edition_of(version, Language::English), None);
        for other in ["standard.cy.txt 0a1b", "edited.cy", "edited.cy.x 0a1b", ""] {
            assert_eq!(Template::edition_of(other, Language::Welsh), None, "{other}");
        }
        let edited = Template::of_edition(Language::Welsh, 12, "# {{ title }}");
        assert_eq!(Template::edition_of(edited.name(), Language::Welsh), Some(12));
    }

    #[test]
    fn a_template_takes_the_place_of_that_of_its_language() {
        let mut templates = Templates::default();
        assert!(templates.is_shipped(Language::English) && templates.is_shipped(Language::Welsh));
        templates.put(Template::of_edition(Language::Welsh, 1, "# {{ title }}"));
        assert!(templates.is_shipped(Language::English) && !templates.is_shipped(Language::Welsh));
        assert_eq!(templates.of(Language::Welsh).source(), "# {{ title }}");
    }
}
