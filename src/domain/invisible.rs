//! Characters that show nothing, in which copies from web pages and chats differ from typed text.

use unicode_normalization::char::is_combining_mark;

/// Default_Ignorable_Code_Point of Unicode 16 (DerivedCoreProperties), and the marks that order text
/// within it.
pub(super) const fn is_invisible(c: char) -> bool {
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

/// Whether a text shows nothing at all: no character of it would be seen on paper.
pub fn is_blank(text: &str) -> bool {
    let shows = |c: char| {
        !c.is_whitespace()
            && !c.is_control()
            && !is_invisible(c)
            && !is_combining_mark(c)
            // Braille without dots.
            && c != '\u{2800}'
    };
    !text.chars().any(shows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_something_if_a_character_of_it_can_be_seen() {
        for blank in [
            "",
            " \t\n",
            "\u{200b}",
            "\u{a0}\u{3000}",
            "\u{ad}\u{2060}",
            "\u{3164}",
            "\u{2800}",
            "\u{301}",
            "\u{e0020}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for text in ["x", " \u{200b}.", "ŵ", "家", "\u{2801}"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
