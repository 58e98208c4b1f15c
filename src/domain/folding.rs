//! A text's words as fingerprints know them. They are stored, so that this stays as it is over versions.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of a text: lower case, without accents, split at everything that is neither letter
/// nor digit. An apostrophe joins (`can't` → `cant`).
pub(super) fn words(text: &str) -> Vec<String> {
    each_word(&folded(text), str::to_owned)
}

/// A text in lower case, without accents and apostrophes.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        let mut folded = text.replace('\'', "");
        folded.make_ascii_lowercase();
        return folded;
    }
    let mut folded = String::with_capacity(text.len());
    each_decomposed(text, |c| {
        if !matches!(c, '\'' | '’' | '‘' | 'ʼ') {
            folded.push(c);
        }
    });
    folded.to_lowercase()
}

/// Hands over the characters of a text, compatibility forms resolved (NFKD), without accents.
pub(crate) fn each_decomposed(text: &str, mut take: impl FnMut(char)) {
    let mut rest = text;
    while !rest.is_empty() {
        // ASCII decomposes to itself, and no mark is reordered across it (Unicode Standard Annex 15, 1.3): most of a
        // text needs no lookup.
        let (ascii, after) = split_where(rest, |byte| !byte.is_ascii());
        ascii.bytes().for_each(|byte| take(byte.into()));
        let (beyond, next) = split_where(after, |byte| byte.is_ascii());
        beyond.nfkd().filter(|c| !is_combining_mark(*c)).for_each(&mut take);
        rest = next;
    }
}

fn split_where(text: &str, ends: impl Fn(&u8) -> bool) -> (&str, &str) {
    text.split_at(text.as_bytes().iter().position(ends).unwrap_or(text.len()))
}

/// The folded form of each word of a text.
pub(crate) fn each_word<'t, T>(folded: &'t str, make: impl Fn(&'t str) -> T) -> Vec<T> {
    // Words are seldom shorter on average.
    const LETTERS_OF_A_WORD: usize = 5;
    let mut made = Vec::with_capacity(folded.len() / LETTERS_OF_A_WORD + 1);
    if !folded.is_ascii() {
        let words = folded.split(|c: char| !c.is_alphanumeric());
        made.extend(words.filter(|word| !word.is_empty()).map(make));
        return made;
    }
    let mut from = 0;
    for (at, byte) in folded.bytes().enumerate() {
        if !is_of_word(byte) {
            if from < at {
                made.extend(folded.get(from..at).map(&make));
            }
            from = at + 1;
        }
    }
    made.extend(folded.get(from..).filter(|word| !word.is_empty()).map(make));
    made
}

/// Whether a byte is an ASCII letter or digit.
pub(super) fn is_of_word(byte: u8) -> bool {
    IN_WORDS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Which bytes of ASCII are letters or digits: a look-up for each byte of a text takes a fifth of what
/// decoding it does.
const IN_WORDS: [bool; 256] = {
    let mut in_words = [false; 256];
    let mut rest: &mut [bool] = &mut in_words;
    let mut byte: u8 = 0;
    while let Some((in_word, after)) = rest.split_first_mut() {
        *in_word = byte.is_ascii_alphanumeric();
        byte = byte.wrapping_add(1);
        rest = after;
    }
    in_words
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_decomposed_as_it_is_as_a_whole(
            text in "([a-cŵÉéßﬁ²‘ \u{301}\u{323}\u{1e69}\u{ac00}\u{1100}\u{1161}]){0,16}",
        ) {
            let mut found = String::new();
            each_decomposed(&text, |c| found.push(c));
            let whole: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect();
            prop_assert_eq!(found, whole);
        }
    }

    #[test]
    fn words_are_split_at_everything_else_in_any_script() {
        for text in ["  tân! yma—ŵyl 24x7…naïve\u{a0}ß ", " a-b c3;d", "", "-", "one", "\u{2014}"]
        {
            let by_characters = text.split(|c: char| !c.is_alphanumeric());
            let expected: Vec<&str> = by_characters.filter(|word| !word.is_empty()).collect();
            assert_eq!(each_word(text, |word| word), expected);
        }
    }

    #[test]
    fn case_accents_and_apostrophes_make_no_difference() {
        for (text, plain) in [
            ("DON'T", "dont"),
            ("Don\u{2019}t", "dont"),
            ("\u{2018}n \u{2bc}Gŵr\u{2019}", "n gwr"),
            ("Café, ÉÉ ﬁ ²", "cafe, ee fi 2"),
            ("", ""),
        ] {
            assert_eq!(folded(text), plain, "{text}");
        }
        assert_eq!(words("Can't you, Siân? 24x7"), ["cant", "you", "sian", "24x7"]);
        assert!(words(" … ").is_empty());
    }
}
