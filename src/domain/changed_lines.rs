//! Where two texts differ, by lines: shown to somebody whose text was changed by somebody else meanwhile.

/// The lines left after removing the common beginning and end of both texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedLines<'t> {
    /// The number of the first one, from 1.
    pub first: usize,
    pub before: &'t str,
    pub after: &'t str,
}

impl<'t> ChangedLines<'t> {
    /// `None` if the texts are equal.
    pub fn between(before: &'t str, after: &'t str) -> Option<Self> {
        if before == after {
            return None;
        }
        let same = |(one, other): &(&str, &str)| one == other;
        let lines = |text: &'t str| text.split_inclusive('\n');
        let ahead: Vec<&str> =
            lines(before).zip(lines(after)).take_while(same).map(|(line, _)| line).collect();
        let start: usize = ahead.iter().map(|line| line.len()).sum();
        let before = before.get(start..).unwrap_or_default();
        let after = after.get(start..).unwrap_or_default();
        let behind = lines(before).rev().zip(lines(after).rev()).take_while(same);
        let end: usize = behind.map(|(line, _)| line.len()).sum();
        let without_end = |text: &'t str| text.get(..text.len() - end).unwrap_or(text).trim_end();
        Some(ChangedLines {
            first: ahead.len() + 1,
            before: without_end(before),
            after: without_end(after),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between<'t>(before: &'t str, after: &'t str) -> Option<(usize, &'t str, &'t str)> {
        ChangedLines::between(before, after).map(|one| (one.first, one.before, one.after))
    }

    #[test]
    fn only_what_differs_is_shown_with_its_line() {
        assert_eq!(between("a\nb\nc\n", "a\nb\nc\n"), None);
        assert_eq!(between("a\nb\nc\n", "a\nx\ny\nc\n"), Some((2, "b", "x\ny")));
        assert_eq!(between("a\nb\n", "a\n"), Some((2, "b", "")));
        assert_eq!(between("a\n", "a\nb\n"), Some((2, "", "b")));
        assert_eq!(between("a\na\n", "a\na\na\n"), Some((3, "", "a")));
        assert_eq!(between("", "ŵ"), Some((1, "", "ŵ")));
        assert_eq!(between("a\nb", "a\nb\n"), Some((2, "b", "b")));
    }
}
