//! Capitals at the beginning of a text.

/// The text with a capital first letter.
pub fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The name of a key in a profile or report, in words: `point_of_contact` → `Point of contact`.
pub fn name_as_words(name: &str) -> String {
    first_upper(&name.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_as_words() {
        assert_eq!(name_as_words("point_of_contact"), "Point of contact");
        assert_eq!((first_upper("ŵy"), first_upper("")), ("Ŵy".to_owned(), String::new()));
    }
}
