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

impl Default for Templates {
    fn default() -> Self {
        Templates {
            english: built_in!(Language::English, "standard.en.txt"),
            welsh: built_in!(Language::Welsh, "standard.cy.txt"),
            welsh_approved: None,
        }
    }
}
