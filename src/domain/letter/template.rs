//! An organisation's template over the parts of a letter: bounded, without files, every value escaped.

mod nesting;
mod plain_tags;
mod proof;

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, context};

use self::nesting::{NESTED_MAX, TAG_BYTES_MAX};
use super::document::{Block, Document};
use super::lint::must_say;
use super::say::{Section, sections_of, title};
use super::{Letter, Part, markup, missing, plain, samples, says_of};
use crate::domain::case::letter::{Format, LetterKind, parts_of, path_of_part};
use crate::domain::language::Language;
use crate::domain::notice::phrases_of;
use crate::domain::profile::Profile;
use crate::domain::templates::{Template, Templates};

/// Steps of a template; a letter with every part takes some hundreds.
const STEPS_MAX: u64 = 20_000;
/// Bytes of a template's source, and of what it writes.
const SOURCE_BYTES_MAX: usize = 64 * 1024;
const WRITTEN_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a digest that tell one version of a template from another.
const VERSION_BYTES: usize = 6;

/// A fault of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFault {
    /// Counted from 1.
    pub line: Option<usize>,
    pub what: String,
    pub trouble: TemplateTrouble,
}

/// What is wrong with a template; chooses the advice that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateTrouble {
    TooLong,
    TooDeep,
    Syntax,
    /// It uses a name that no letter has, or a function that templates may not use.
    Unknown,
    /// It takes too many steps, or writes too much.
    TooMuch,
    Title,
    /// A tag that is allowed only in configured templates.
    Tag,
}

impl TemplateTrouble {
    /// Advice on how to mend it.
    pub const fn right(self) -> &'static str {
        match self {
            TemplateTrouble::TooLong => "write at most 65,536 bytes",
            TemplateTrouble::TooDeep => "put fewer `if`s within each other, and shorten long tags",
            TemplateTrouble::Syntax => {
                "close each `{{` with `}}`, each `{%` with `%}`, each `if` with `{% endif %}` and each `for` \
                 with `{% endfor %}`"
            }
            TemplateTrouble::Unknown => {
                "use the names that docs/letters.md lists, such as `{{ parts.how_to_appeal }}`"
            }
            TemplateTrouble::TooMuch => "write less, and repeat less in loops",
            TemplateTrouble::Title => "write the title once, on a line of its own: `# {{ title }}`",
            TemplateTrouble::Tag => {
                "use values (`{{ parts.reasons }}`), `{% if kind == \"warning\" %}`, and one loop at a time over \
                 `from`, `to` or `sections`"
            }
        }
    }
}

impl TemplateFault {
    const fn new(trouble: TemplateTrouble, what: String) -> Self {
        TemplateFault { line: None, what, trouble }
    }
}

fn fault(error: &Error) -> TemplateFault {
    let what = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    let trouble = match error.kind() {
        ErrorKind::SyntaxError => TemplateTrouble::Syntax,
        ErrorKind::OutOfFuel => TemplateTrouble::TooMuch,
        _ => TemplateTrouble::Unknown,
    };
    TemplateFault { line: error.line(), what, trouble }
}

/// A part that the policy or the law requires in letters, and that a template omits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsaidPart {
    /// Its name in the policy.
    pub part: String,
    /// The clause of the policy that requires it; `None` if the law does.
    pub clause: Option<String>,
}

impl UnsaidPart {
    /// The tag that inserts it.
    pub fn tag(&self) -> String {
        let part: &str = match Part::asked_for_as(&self.part) {
            Some(part) => part.name(),
            None => &self.part,
        };
        format!("{{{{ parts.{part} }}}}")
    }
}

/// No filters, functions, includes or files: a template puts values and parts where it wants them.
fn environment<'s>() -> Environment<'s> {
    let mut environment = Environment::empty();
    let blocks = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(blocks.unwrap_or_default());
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(STEPS_MAX));
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("letter".into()));
    environment.set_formatter(|out, _, value| {
        if value.is_none() {
            return Ok(());
        }
        if value.is_undefined() {
            return Err(ErrorKind::UndefinedError.into());
        }
        let text = value.to_string();
        let written = if value.is_safe() { text } else { markup::escaped(&text) };
        out.write_str(&written).map_err(Error::from)
    });
    environment
}

/// Everything that a template may name.
fn values(letter: &Letter) -> Value {
    let sections = sections_of(letter);
    let (says, say) = (says_of(letter.language), phrases_of(letter.language));
    let is_record = letter.kind == LetterKind::NoNotificationRecord;
    let name = (!letter.name.is_empty()).then(|| letter.name.clone());
    let to: Vec<String> = name.into_iter().chain(letter.address.iter().cloned()).collect();
    let safe = |text: String| Value::from_safe_string(text);
    let wholes = named(&sections, |section| safe(markup::of_section(section)));
    let bodies = named(&sections, |section| safe(markup::of_blocks(&section.blocks)));
    let every: Vec<Value> =
        sections.iter().map(|section| safe(markup::of_section(section))).collect();
    context! {
        kind => letter.kind.name(),
        language => letter.language.tag(),
        large_print => letter.format == Format::LargePrint,
        organisation => letter.organisation.clone(),
        from => letter.from.clone(),
        to => to,
        date => say.date(letter.date),
        reference => letter.reference.as_ref().map(|one| says.our_reference(one)),
        title => title(letter),
        dear => (!is_record).then(|| says.dear(&letter.name)),
        closing => (!is_record).then(|| says.closing()),
        signed_by => letter.signed_by.as_ref().map(|role| says.signing(&role.0)),
        sections => every,
        parts => wholes,
        bodies => bodies,
    }
}

/// Every part by its name; one that the letter does not have is empty, so that it can be asked for.
fn named(sections: &[Section], value: impl Fn(&Section) -> Value) -> Value {
    let nothing = || Value::from_safe_string(String::new());
    let mut all: BTreeMap<String, Value> =
        Part::ALL.into_iter().map(|part| (part.name().to_owned(), nothing())).collect();
    for section in sections {
        let name = Part::asked_for_as(&section.name).map(|part| part.name().to_owned());
        all.insert(name.unwrap_or_else(|| section.name.clone()), value(section));
    }
    Value::from_object(all)
}

/// Whether it can be parsed within bounds.
fn within_bounds(source: &str) -> Result<(), TemplateFault> {
    if source.len() > SOURCE_BYTES_MAX {
        let what = format!("it is longer than {SOURCE_BYTES_MAX} bytes");
        return Err(TemplateFault::new(TemplateTrouble::TooLong, what));
    }
    if nesting::is_too_deep(source) {
        let what = format!(
            "its blocks or brackets nest deeper than {NESTED_MAX} levels, or a tag is longer than \
             {TAG_BYTES_MAX} bytes"
        );
        return Err(TemplateFault::new(TemplateTrouble::TooDeep, what));
    }
    Ok(())
}

impl Template {
    /// Reads a template, and tries it on sample letters of every kind and on letters with every optional value
    /// missing.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(name: &str, language: Language, source: &str) -> Result<Self, TemplateFault> {
        within_bounds(source)?;
        Template { language, name: name.into(), source: source.into() }.proven()
    }

    /// As [`Template::read`], for an edition that staff wrote. It may use fewer kinds of tags than a configured file,
    /// so that its output can't grow out of proportion: its author looks after the settings, not the machine.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn edited(language: Language, edition: u64, source: &str) -> Result<Self, TemplateFault> {
        within_bounds(source)?;
        if let Some(line) = plain_tags::other_tag(source) {
            let what = "it has a tag that a wording edited here can't have".to_owned();
            let trouble = TemplateTrouble::Tag;
            return Err(TemplateFault { line: Some(line), what, trouble });
        }
        Template::of_edition(language, edition, source).proven()
    }

    fn proven(self) -> Result<Self, TemplateFault> {
        let bare = proof::bare(self.language);
        for letter in samples(self.language).into_iter().chain(bare) {
            let document = self.lay_out(&letter)?;
            let titles = document.blocks.iter().filter(|one| matches!(one, Block::Title(_)));
            if titles.count() != 1 {
                let what = "it writes no title, or more than one: `# {{ title }}`".to_owned();
                return Err(TemplateFault::new(TemplateTrouble::Title, what));
            }
        }
        match self.unknown_name()? {
            None => Ok(self),
            Some(name) => {
                let line = self.source.lines().position(|line| line.contains(&name));
                Err(TemplateFault {
                    line: line.map(|before| before + 1),
                    what: format!("no letter has `{name}`"),
                    trouble: TemplateTrouble::Unknown,
                })
            }
        }
    }

    /// A name that no letter has, even in a branch that no sample reaches.
    fn unknown_name(&self) -> Result<Option<String>, TemplateFault> {
        let environment = environment();
        let parsed = environment.template_from_str(&self.source).map_err(|error| fault(&error))?;
        Ok(proof::unknown_name(&parsed))
    }

    /// The parts that the policy asks letters for and that the template puts nowhere, though a letter
    /// has them.
    pub fn leaves_out(&self, profile: &Profile) -> Result<Vec<String>, TemplateFault> {
        Ok(self.unsaid(profile)?.into_iter().map(|one| one.part).collect())
    }

    /// The same, each with the clause that asks for it.
    ///
    /// # Errors
    /// As [`Template::lay_out`].
    pub fn unsaid(&self, profile: &Profile) -> Result<Vec<UnsaidPart>, TemplateFault> {
        let mut unsaid: BTreeMap<String, Option<String>> = BTreeMap::new();
        let bare = proof::bare(self.language);
        for letter in samples(self.language).into_iter().chain(bare) {
            let document = self.lay_out(&letter)?;
            let has = |name: &String| {
                Part::asked_for_as(name).is_some_and(|part| letter.says(part).is_some())
            };
            let of_policy = parts_of(profile, letter.kind);
            let mut asked = must_say(profile, &letter);
            asked.retain(has);
            for part in missing(&asked, &letter, &document) {
                let path = path_of_part(letter.kind, &part);
                let clause = profile.clause_of(path).filter(|_| of_policy.contains(&part));
                let clause = clause.map(str::to_owned);
                let known = unsaid.entry(part).or_default();
                *known = known.take().or(clause);
            }
        }
        let unsaid = unsaid.into_iter();
        Ok(unsaid.map(|(part, clause)| UnsaidPart { part, clause }).collect())
    }

    /// The name, and what tells this version from another.
    pub fn version(&self) -> String {
        format!("{} {}", self.name, self.mark())
    }

    /// Whether a letter of this version has the same wording, under whatever name.
    pub fn words_as(&self, version: &str) -> bool {
        version.rsplit(' ').next() == Some(self.mark().as_str())
    }

    fn mark(&self) -> String {
        let bytes = digest(&SHA256, self.source.as_bytes());
        bytes.as_ref().iter().take(VERSION_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The letter as the template lays it out.
    ///
    /// # Errors
    /// Whatever keeps the template from being followed: what it names and a letter does not have, or
    /// one of its bounds.
    pub fn lay_out(&self, letter: &Letter) -> Result<Document, TemplateFault> {
        let environment = environment();
        let written = environment
            .template_from_str(&self.source)
            .and_then(|template| template.render(values(letter)))
            .map_err(|error| fault(&error))?;
        if written.len() > WRITTEN_BYTES_MAX {
            let what = format!("it writes more than {WRITTEN_BYTES_MAX} bytes");
            return Err(TemplateFault::new(TemplateTrouble::TooMuch, what));
        }
        Ok(Document {
            language: letter.language,
            large_print: letter.format == Format::LargePrint,
            author: letter.organisation.clone(),
            blocks: markup::parse(&written),
        })
    }
}

impl Templates {
    /// Whether letters in a language may be sent. English is what the policies and the case are
    /// written in; Welsh must have been approved as it is said now.
    pub fn is_approved(&self, language: Language) -> bool {
        match language {
            Language::English => true,
            Language::Welsh => self
                .welsh_approved
                .as_ref()
                .is_some_and(|approved| Ok(approved) == self.fingerprint(language).as_ref()),
        }
    }

    /// A digest of everything that letters in a language say: it changes with the template and with
    /// every sentence of ours, so that an approval covers exactly these words.
    ///
    /// # Errors
    /// As [`Template::lay_out`].
    pub fn fingerprint(&self, language: Language) -> Result<String, TemplateFault> {
        let template = self.of(language);
        // The source counts too: a condition may hide words from every sample.
        let mut said = format!("{}\u{c}", template.source());
        for letter in samples(language) {
            said.push_str(&plain(&template.lay_out(&letter)?));
            said.push('\u{c}');
        }
        let bytes = digest(&SHA256, said.as_bytes());
        Ok(bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
