//! The built-in words of the safeguard lanes, `config/safeguards/`: always in force, the same for every
//! organisation, read once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::lane_words::lane_words;
use crate::config::fault::Faults;
use crate::config::node;
use crate::config::reader::{Field, Reader, Section};
use crate::domain::lane::Lane;
use crate::domain::safeguard::{BuiltIn, Everyday, Wording, Written};

/// A file of the folder and its text.
struct File {
    name: &'static str,
    text: &'static str,
}

macro_rules! file {
    ($name:literal) => {
        File { name: $name, text: include_str!(concat!("../../../config/safeguards/", $name)) }
    };
}

const SETS: File = file!("sets.toml");
const MESSAGES: File = file!("messages.toml");
const LANES: [File; 6] = [
    file!("emergency.toml"),
    file!("safeguarding.toml"),
    file!("statutory.toml"),
    file!("legal.toml"),
    file!("appeal.toml"),
    file!("adjustment.toml"),
];
/// Words of the language that are a slip away from one of the others, one per line.
const EVERYDAY: File = file!("everyday.txt");
/// The wording of the lanes, learnt from labelled texts (`cargo bench --bench safeguards -- --learn`).
const WORDING: &[u8] = include_bytes!("../../../config/safeguards/wording.bin");
const PROTECTED: File = file!("protected.toml");

/// Everything that is built in.
pub(super) struct Rights {
    pub words: Arc<BuiltIn>,
    pub senders: Vec<String>,
    pub recipients: Vec<String>,
}

/// The built-in words, or their fault.
pub(super) fn built_in() -> &'static Result<Rights, Faults> {
    static BUILT_IN: LazyLock<Result<Rights, Faults>> = LazyLock::new(|| {
        let words = written(|file| Ok(file.text.to_owned()))?;
        let (senders, recipients) = protected()?;
        let words = BuiltIn::new(words).with_wording(Wording::read(WORDING).unwrap_or_default());
        Ok(Rights { words: Arc::new(words), senders, recipients })
    });
    &BUILT_IN
}

/// The words of a folder like `config/safeguards/`, for people who work on them.
///
/// # Errors
/// Every fault of the files at once.
pub fn safeguard_words(folder: &Path) -> Result<Written, Faults> {
    written(|file| node::read(&folder.join(file.name)))
}

fn written(read: impl Fn(&File) -> Result<String, Faults>) -> Result<Written, Faults> {
    let reader = Reader::default();
    let mut written = Written::default();
    with_section(&reader, &SETS, &read, |section| {
        for (name, field) in tables(&section, "english") {
            written.sets.entry(name).or_default().words = field.texts().unwrap_or_default();
        }
        for (name, field) in tables(&section, "welsh") {
            written.sets.entry(name).or_default().welsh = field.texts().unwrap_or_default();
        }
        section.close();
    })?;
    with_section(&reader, &MESSAGES, &read, |section| {
        let texts = |key| section.field(key).and_then(|f| f.texts()).unwrap_or_default();
        written.harmless = texts("harmless");
        written.ordinary = texts("ordinary");
        written.fillers = texts("fillers");
        written.welsh_fillers = texts("welsh_fillers");
        for (short, field) in tables(&section, "texting") {
            written.texting.insert(short, field.text().unwrap_or_default().to_owned());
        }
        section.close();
    })?;
    for (lane, file) in Lane::OF_WORDS.into_iter().zip(&LANES) {
        with_section(&reader, file, &read, |section| {
            written.lanes.insert(lane, lane_words(&section, &written.sets));
            section.close();
        })?;
    }
    written.everyday = Everyday::new(read(&EVERYDAY)?.lines().filter(|line| !line.is_empty()));
    written.concepts_are_hints = true;
    if reader.is_clean() { Ok(written) } else { Err(reader.faults()) }
}

fn protected() -> Result<(Vec<String>, Vec<String>), Faults> {
    let reader = Reader::default();
    let mut found = (Vec::new(), Vec::new());
    with_section(&reader, &PROTECTED, &|file| Ok(file.text.to_owned()), |section| {
        let texts = |key| section.field(key).and_then(|f| f.texts()).unwrap_or_default();
        found = (texts("protected_senders"), texts("protected_recipients"));
        section.close();
    })?;
    if reader.is_clean() { Ok(found) } else { Err(reader.faults()) }
}

fn with_section(
    reader: &Reader,
    file: &File,
    read: &impl Fn(&File) -> Result<String, Faults>,
    take: impl FnOnce(Section<'_>),
) -> Result<(), Faults> {
    let name = format!("config/safeguards/{} (built in)", file.name);
    let root = node::parse(&name, &read(file)?)?;
    if let Some(section) = reader.section(&root, "") {
        take(section);
    }
    Ok(())
}

/// The entries of a table whose keys are free.
fn tables<'r>(section: &Section<'r>, key: &'static str) -> BTreeMap<String, Field<'r>> {
    let table = section.field(key).and_then(|field| field.section());
    let entries = table.map(|table| table.entries()).unwrap_or_default();
    entries.into_iter().map(|(name, field)| (name.to_owned(), field)).collect()
}
