//! From a case to a letter that can be read, approved and sent.

use aws_lc_rs::digest::{SHA256, digest};

use super::compose::{About, compose};
use super::document::Document;
use super::lint::{missing, must_say};
use super::template::TemplateFault;
use super::{Letter, page, plain};

/// A letter as it would be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub letter: Letter,
    pub document: Document,
    pub html: String,
    pub text: String,
    /// SHA-256 of the page, in hexadecimal.
    pub sha256: String,
    pub template: String,
    /// The required parts that it lacks, by the policy's names if it has any.
    pub missing: Vec<String>,
}

/// Writes the letter that a draft asks for.
///
/// # Errors
/// Where the organisation's template can't be followed.
pub fn write(about: About<'_>) -> Result<Written, TemplateFault> {
    let letter = compose(about);
    let template = about.organisation.reach.letters.of(letter.language);
    let document = template.lay_out(&letter)?;
    // This letter is judged, not the template: conditions may give other parts than in any sample.
    let asked = must_say(&about.organisation.profile, &letter);
    let html = page(&document);
    let sha256 = digest(&SHA256, html.as_bytes());
    Ok(Written {
        text: plain(&document),
        sha256: sha256.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        template: template.version(),
        missing: missing(&asked, &letter, &document),
        letter,
        document,
        html,
    })
}
