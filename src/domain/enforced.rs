//! A person's record as everybody's is held in memory: what decides a contact, and what the person is found by.
//!
//! A record grows over the years, and there are very many. Whatever is added to one has to be named here: it
//! is held, or it is left to the store.

use std::sync::Arc;

use super::person::Person;
use super::restriction::Restriction;

impl Person {
    /// The record without what neither decides a contact nor finds the person.
    #[must_use]
    pub fn for_the_roster(self: Arc<Self>) -> Arc<Self> {
        let mut held = Arc::unwrap_or_clone(self);
        let Person {
            id: _,
            // Staff find people by these, as they write.
            name: _,
            reference: _,
            address: _,
            language: _,
            identifiers: _,
            representatives: _,
            adjustments: _,
            issues: _,
            invitations: _,
            engaged: _,
            restrictions,
            merged_into: _,
            merged: _,
            together: _,
        } = &mut held;
        restrictions.iter_mut().for_each(keep_what_enforces);
        Arc::new(held)
    }
}

/// Leaves of a restriction what it is, and from when until when it holds. One that has ended stays: somebody who had a
/// restriction is not a stranger.
fn keep_what_enforces(restriction: &mut Restriction) {
    let Restriction {
        id: _,
        kind: _,
        status: _,
        mode: _,
        clause: _,
        starts: _,
        review_due: _,
        ends: _,
        grounds,
        decided_by,
        signed_off_by,
        profile_version,
    } = restriction;
    *grounds = None;
    *decided_by = None;
    *signed_off_by = None;
    *profile_version = None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_in_memory_has_what_decides_and_what_finds_and_no_more() {
        let whole: Person = serde_json::from_str(
            r#"{"id": "P-1", "name": "Jo Roe", "reference": "T-1", "issues": ["C-3"],
                "identifiers": [{"kind": "email", "value": "jo@mail.example"}],
                "restrictions": [
                    {"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week", "status": "active",
                     "grounds": "demands", "clause": "6.2", "starts": "2026-11-01",
                     "review_due": "2027-05-01", "decided_by": "A. Manager",
                     "signed_off_by": "A. Director", "profile_version": "3"},
                    {"id": "R-0", "kind": "contact_ended", "status": "lifted", "grounds": "abuse"}]}"#,
        )
        .unwrap();
        let whole = Arc::new(whole);
        let held = Arc::clone(&whole).for_the_roster();
        let said: Vec<_> =
            held.restrictions.iter().map(|one| (&one.grounds, &one.decided_by)).collect();
        assert_eq!(said, [(&None, &None), (&None, &None)]);
        // All else is the record's.
        let mut expected = Person::clone(&whole);
        for restriction in &mut expected.restrictions {
            restriction.grounds = None;
            restriction.decided_by = None;
            restriction.signed_off_by = None;
            restriction.profile_version = None;
        }
        assert_eq!(*held, expected);
        assert_eq!(held.restrictions[0].review_due, whole.restrictions[0].review_due);
    }
}
