//! No word of English or Welsh is taken for a slip of a word that safeguards look for: "parking" is no
//! sparking, "strange" is not strangled. Word lists of Debian's, which `tests/run` installs.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use contact_gateway::config::profile::load;
use contact_gateway::domain::profile::Profile;
use contact_gateway::domain::safeguard::Spelling;

static PROFILE: LazyLock<Profile> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles/tuntum.toml");
    load(&file).unwrap_or_else(|faults| panic!("{faults}"))
});

/// What to do about a failure.
const REMEDY: &str = "add these to config/safeguards/everyday.txt: \
    `cargo bench --bench safeguards -- --everyday LISTS` prints the whole file";

/// Words that are taken for others, with those that they are taken for.
fn taken<'w>(
    words: impl Iterator<Item = &'w str>,
    in_welsh: bool,
    wrongly: impl Fn(Spelling) -> bool,
) -> Vec<String> {
    let safeguards = &PROFILE.safeguards;
    words
        .filter_map(|word| {
            let taken = safeguards.taken_for(word, in_welsh)?;
            wrongly(taken.how).then(|| format!("{word} as {} by {:?}", taken.other, taken.how))
        })
        .collect()
}

#[test]
fn no_english_word_is_taken_for_a_slip_of_another() {
    for list in ["american-english", "british-english"] {
        let file = Path::new("/usr/share/dict").join(list);
        let words = std::fs::read_to_string(&file).unwrap_or_else(|error| {
            panic!("{}: {error}: install wamerican, wbritish", file.display())
        });
        assert!(words.lines().count() > 50_000, "{list} is no list of English words");
        let taken = taken(words.lines(), false, |how| {
            matches!(how, Spelling::Mutation | Spelling::Slip | Spelling::Sound)
        });
        assert!(
            taken.is_empty(),
            "{list}: {} words: {:?}: {REMEDY}",
            taken.len(),
            &taken[..taken.len().min(40)]
        );
    }
}

#[test]
fn no_welsh_word_is_taken_for_a_slip_of_another() {
    let list = "/usr/share/aspell/cy.cwl.gz";
    let unpacked = Command::new("sh")
        .args(["-c", &format!("zcat {list} | word-list-compress d")])
        .output()
        .unwrap();
    // In ISO 8859-1, whose letters are Unicode's first 256.
    let words: String = unpacked.stdout.iter().map(|byte| char::from(*byte)).collect();
    assert!(
        words.lines().count() > 50_000,
        "{list} is no list of Welsh words: install aspell, aspell-cy"
    );
    let taken = taken(words.lines(), true, |how| matches!(how, Spelling::Slip | Spelling::Sound));
    assert!(taken.is_empty(), "{} words: {:?}", taken.len(), &taken[..taken.len().min(40)]);
}
