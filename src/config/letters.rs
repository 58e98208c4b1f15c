//! `[organisation.letters]`: the templates of an organisation's letters.

use super::context::Context;
use super::fault::Wrong;
use super::node;
use super::reader::{Field, brief};
use crate::domain::language::Language;
use crate::domain::letter::{Template, Templates};
use crate::domain::profile::Profile;
use crate::runtime::tokens::sha256_of_hex;

pub(super) fn read(
    context: &Context<'_>,
    field: &Field<'_>,
    organisation: &str,
    profile: Option<&Profile>,
) -> Templates {
    let mut templates = Templates::default();
    let Some(section) = field.section() else { return templates };
    let one = |key, language| {
        let field = section.field(key)?;
        template(context, &field, language, profile)
    };
    if let Some(english) = one("english", Language::English) {
        templates.english = english;
    }
    let has_welsh = section.field("welsh").is_some();
    if let Some(welsh) = one("welsh", Language::Welsh) {
        templates.welsh = welsh;
    }
    templates.welsh_approved = section.field("welsh_approved").and_then(|f| f.parsed(fingerprint));
    section.close();
    let approves = templates.welsh_approved.is_some();
    if (has_welsh || approves) && !templates.is_approved(Language::Welsh) {
        let why =
            if approves { "were changed since they were approved" } else { "are not approved" };
        context.warn(
            organisation,
            format!(
                "letters in Welsh {why}, so none is sent: read `contact-gateway letter samples \
                 --language cy`, and put the fingerprint at its end into `letters.welsh_approved`"
            ),
        );
    }
    templates
}

fn template(
    context: &Context<'_>,
    field: &Field<'_>,
    language: Language,
    profile: Option<&Profile>,
) -> Option<Template> {
    let path = field.file_beside(context.file)?;
    let source = match node::read(&path) {
        Ok(source) => source,
        Err(faults) => {
            context.reader.add(faults);
            return None;
        }
    };
    let name =
        path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    let right = "docs/letters.md says what a template may name";
    let found = Template::read(&name, language, &source);
    let checked = found.and_then(|template| {
        let left_out = match profile {
            Some(profile) => template.leaves_out(profile)?,
            None => Vec::new(),
        };
        Ok((template, left_out))
    });
    match checked {
        Err(fault) => {
            let place = match fault.line {
                Some(line) => format!("{}:{line}", path.display()),
                None => path.display().to_string(),
            };
            field.fault(format!("can't be followed: {place}: {}", fault.what), right);
            None
        }
        Ok((_, left_out)) if !left_out.is_empty() => {
            field.fault(
                format!(
                    "omits required parts of letters: {}: {}",
                    path.display(),
                    left_out.join(", ")
                ),
                "put each part in, as `{{ parts.how_to_appeal }}`, or all that a letter has: \
                 `{% for section in sections %}`",
            );
            None
        }
        Ok((template, _)) => Some(template),
    }
}

/// 64 hexadecimal digits.
fn fingerprint(text: &str) -> Result<String, Wrong> {
    let text = text.trim().to_ascii_lowercase();
    if sha256_of_hex(&text).is_some() {
        return Ok(text);
    }
    Err(Wrong::new(
        format!("`{}` is not a fingerprint", brief(&text)),
        "write the 64 digits that `contact-gateway letter samples --language cy` ends with"
            .to_owned(),
    ))
}
