//! References of issues, which people write in either case, and with blanks around them.

/// Whether two references mean the same issue.
pub(super) fn same_issue(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

/// A reference in the form that quotas count. It must never change: decisions on record contain its digest.
pub(super) fn counted_issue(reference: &str) -> String {
    reference.trim().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_of_one_issue_however_they_are_written() {
        assert!(same_issue(" c-1", "C-1 "));
        assert!(!same_issue("C-1", "C-10"));
        assert_eq!(counted_issue(" c-1 "), "C-1");
    }
}
