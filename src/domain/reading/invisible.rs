//! Characters that nobody sees, and those that are only seen as an apostrophe.

use std::borrow::Cow;

use crate::domain::invisible::is_invisible;

/// The text without invisible characters, and with one kind of apostrophe.
pub(super) fn removed(text: &str) -> Cow<'_, str> {
    // The one look-alike in ASCII.
    if text.is_ascii() && !text.contains('`') {
        return Cow::Borrowed(text);
    }
    let plain = |c: char| if is_apostrophe(c) { '\'' } else { c };
    Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).map(plain).collect())
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
