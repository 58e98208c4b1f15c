//! Characters that nobody sees, and those that are only seen as an apostrophe.

use std::borrow::Cow;

/// The text without invisible characters, and with one kind of apostrophe.
pub(super) fn removed(text: &str) -> Cow<'_, str> {
    // The one look-alike in ASCII.
    if text.is_ascii() && !text.contains('`') {
        return Cow::Borrowed(text);
    }
    let plain = |c: char| if is_apostrophe(c) { '\'' } else { c };
    Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).map(plain).collect())
}

/// Default_Ignorable_Code_Point of Unicode 16 (DerivedCoreProperties), and the marks that order text
/// within it.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// What keyboards, word processors and phones put for an apostrophe.
const fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '`' | '\u{b4}'
            | '\u{2b9}'
            | '\u{2bb}'..='\u{2bd}'
            | '\u{2c8}'
            | '\u{2ca}'..='\u{2cb}'
            | '\u{2018}'..='\u{201b}'
            | '\u{2032}'
            | '\u{2035}'
            | '\u{a78c}'
            | '\u{ff07}'
            | '\u{ff40}'
    )
}
