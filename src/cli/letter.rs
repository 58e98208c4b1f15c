//! `letter samples`: every letter that an organisation's template can write, to be read and approved.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Fault, Outcome, Which, load, say};
use crate::domain::language::Language;
use crate::domain::letter::{Document, TemplateFault, Templates, page, plain, samples};

/// Show the wording of letters
#[derive(Debug, Clone, clap::Args)]
pub struct LetterArgs {
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    command: LetterCommand,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum LetterCommand {
    /// Write sample letters of every kind, and the fingerprint by which their wording is approved
    Samples(SamplesArgs),
}

#[derive(Debug, Clone, clap::Args)]
struct SamplesArgs {
    /// The language
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: String,
    /// Write a file for each letter into this folder, instead of all of them as text on stdout
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Write pages in large print
    #[arg(long)]
    large_print: bool,
}

/// Writes the samples of an organisation, or of the built-in templates.
///
/// # Errors
/// The configuration's faults, or files that can't be written.
pub fn run(args: &LetterArgs, out: &mut dyn Write) -> Result<Outcome, Fault> {
    let LetterCommand::Samples(asked) = &args.command;
    let language = Language::of_tag(&asked.language)
        .ok_or_else(|| Fault::input("--language: letters are written in `en` and `cy`"))?;
    let templates = match args.which.given_or_none()? {
        None => Templates::default(),
        Some((config, organisation)) => {
            let loaded = load::without_secrets(config)?;
            load::organisation(&loaded, organisation)?.reach.letters.clone()
        }
    };
    if let Some(folder) = &asked.folder {
        std::fs::create_dir_all(folder)
            .map_err(|error| Fault::input(format!("{}: {error}", folder.display())))?;
    }
    let unfollowed = |fault: TemplateFault| Fault::input(format!("the template: {}", fault.what));
    for (at, letter) in samples(language).iter().enumerate() {
        let mut document = templates.of(language).lay_out(letter).map_err(unfollowed)?;
        document.large_print = asked.large_print;
        match &asked.folder {
            Some(folder) => {
                let name = format!("{at:02}-{}", letter.kind.name());
                files(&folder.join(name), &document)?;
            }
            None => {
                say(out, format_args!("{:=^72}\n", format!(" {} ", letter.kind.name())));
                say(out, format_args!("{}", plain(&document)));
            }
        }
    }
    let fingerprint = templates.fingerprint(language).map_err(unfollowed)?;
    say(out, format_args!("fingerprint {fingerprint}"));
    Ok(Outcome::Yes)
}

/// A letter as a page and as text.
fn files(path: &Path, document: &Document) -> Result<(), Fault> {
    let write = |ending: &str, bytes: &[u8]| {
        let path = path.with_extension(ending);
        std::fs::write(&path, bytes)
            .map_err(|error| Fault::input(format!("{}: {error}", path.display())))
    };
    write("html", page(document).as_bytes())?;
    #[cfg(feature = "pdf")]
    {
        let pdf = crate::render::pdf::pdf(document);
        write("pdf", &pdf.map_err(|fault| Fault::input(fault.to_string()))?)?;
    }
    write("txt", plain(document).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_samples_is_made() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("letters/cy");
        let asked = SamplesArgs {
            language: "cy".to_owned(),
            folder: Some(folder.clone()),
            large_print: false,
        };
        let which = Which { config: None, organisation: None };
        let args = LetterArgs { which, command: LetterCommand::Samples(asked) };
        let mut out = Vec::new();
        assert!(matches!(run(&args, &mut out), Ok(Outcome::Yes)));
        assert!(folder.join("00-warning.html").exists());
        assert!(String::from_utf8(out).unwrap().starts_with("fingerprint "));
    }
}
