//! What a word sounds like, so that "sewidge" is sewage and "baylifs" are bailiffs. A small relative of
//! Metaphone (Lawrence Philips, 1990), for English as it is misspelt: consonants that sound alike are one
//! letter, vowels count only where a word begins.

/// Shorter words sound like too many others.
const LETTERS_MIN: usize = 4;
/// And so do those of which fewer consonants are left.
const KEY_MIN: usize = 3;

/// The key of a word in lower case; `None` where it would be like too many others, or is not ASCII.
pub(super) fn key(word: &str) -> Option<String> {
    if word.len() < LETTERS_MIN || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let word = without_silent_beginning(word);
    let letters = word.as_bytes();
    let at = |index: usize| letters.get(index).copied().unwrap_or(b' ');
    let mut key = String::new();
    let mut index = 0;
    while index < letters.len() {
        let (letter, next, after) = (at(index), at(index + 1), at(index + 2));
        let (sound, taken): (&str, usize) = match (letter, next) {
            (b'd', b'g') if is_soft(after) => ("j", 2),
            (b't', b'c') if after == b'h' => ("x", 3),
            (b's' | b'c', b'h') => ("x", 2),
            (b't', b'i') if index > 0 && after == b'o' => ("x", 2),
            (b't', b'h') => ("0", 2),
            (b'p', b'h') => ("f", 2),
            (b'g', b'h') => (if index == 0 { "g" } else { "" }, 2),
            (b'c', b'k' | b'c' | b'q') => ("k", 2),
            (b's', b'c') if is_soft(after) => ("s", 2),
            (b'c', _) => (if is_soft(next) { "s" } else { "k" }, 1),
            (b'g', b'g') => ("g", 2),
            (b'g', _) => (if is_soft(next) { "j" } else { "g" }, 1),
            (b'q', _) => ("k", 1),
            (b'x', _) => ("ks", 1),
            (b'z', _) => ("s", 1),
            (b'h', _) => (if index == 0 { "h" } else { "" }, 1),
            (b'w', _) => (if is_vowel(next) { "w" } else { "" }, 1),
            (b'y', _) => (if index == 0 { "y" } else { "" }, 1),
            (vowel, _) if is_vowel(vowel) => (if index == 0 { "a" } else { "" }, 1),
            (other, _) => (letter_of(other), 1),
        };
        if !key.ends_with(sound) {
            key.push_str(sound);
        }
        index += taken;
    }
    (key.len() >= KEY_MIN).then_some(key)
}

fn without_silent_beginning(word: &str) -> &str {
    let silent = word.starts_with("kn") || word.starts_with("gn") || word.starts_with("wr");
    word.get(usize::from(silent)..).unwrap_or(word)
}

const fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u')
}

const fn is_soft(letter: u8) -> bool {
    matches!(letter, b'e' | b'i' | b'y')
}

const fn letter_of(letter: u8) -> &'static str {
    match letter {
        b'b' => "b",
        b'd' => "d",
        b'f' => "f",
        b'j' => "j",
        b'k' => "k",
        b'l' => "l",
        b'm' => "m",
        b'n' => "n",
        b'p' => "p",
        b'r' => "r",
        b's' => "s",
        b't' => "t",
        b'v' => "v",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn what_sounds_alike_has_one_key() {
        for (written, meant) in [
            ("sewidge", "sewage"),
            ("baylifs", "bailiffs"),
            ("apeel", "appeal"),
            ("solisiter", "solicitor"),
            ("ombudzman", "ombudsman"),
            ("sylinder", "cylinder"),
            ("neglekt", "neglect"),
        ] {
            assert_eq!(key(written), key(meant), "{written} {meant}");
            assert!(key(meant).is_some(), "{meant}");
        }
    }

    #[test]
    fn short_words_and_other_scripts_have_none() {
        assert_eq!(key("gas"), None);
        assert_eq!(key("boil"), None);
        assert_eq!(key("tân"), None);
    }

    #[test]
    fn each_sound_is_one_letter() {
        for (word, sounds) in [
            ("help", Some("hlp")),
            ("bandgap", Some("bndgp")),
            ("bridges", Some("brjs")),
            ("scratch", Some("skrx")),
            ("outcome", Some("atkm")),
            ("station", Some("stxn")),
            ("patient", Some("ptnt")),
            ("tiotropium", Some("trpm")),
            ("thermostat", Some("0rmst")),
            ("phones", Some("fns")),
            ("ghosts", Some("gsts")),
            ("neighbour", Some("nbr")),
            ("accuse", Some("aks")),
            ("acquitted", Some("aktd")),
            ("packet", Some("pkt")),
            ("scissors", Some("srs")),
            ("scald", Some("skld")),
            ("shower", Some("xwr")),
            ("school", Some("sxl")),
            ("bigger", Some("bgr")),
            ("gentle", Some("jntl")),
            ("quarrel", Some("krl")),
            ("boxes", Some("bks")),
            ("behaviour", Some("bvr")),
            ("window", Some("wnd")),
            ("yesterday", Some("ystrd")),
            ("payment", Some("pmnt")),
            ("letter", Some("ltr")),
            ("knocking", Some("nkng")),
            ("gnawing", Some("nwng")),
            ("wrecked", Some("rkd")),
            ("flooding", Some("fldng")),
            ("january", Some("jnr")),
            ("eviction", Some("avkxn")),
            ("medicine", Some("mdsn")),
            ("plumber", Some("plmbr")),
            ("valves", Some("vlvs")),
            // Too few letters, before or after folding.
            ("judges", None),
            ("box", None),
            ("cyfreithŵr", None),
        ] {
            assert_eq!(key(word).as_deref(), sounds, "{word}");
        }
    }
}
