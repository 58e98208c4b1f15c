//! The terms of a restriction: what of it a decision depends on while it is in force.

use super::shape::FlatRestriction;
use super::{Restriction, Status};
use crate::domain::digest::digest_of;

impl Restriction {
    /// The restriction by its terms: in force at every instant. Its dates, its grounds and who decided it are left out.
    #[must_use]
    pub fn always_in_force(&self) -> Restriction {
        Restriction {
            id: self.id.clone(),
            kind: self.kind.clone(),
            mode: self.mode,
            clause: self.clause.clone(),
            status: Status::Active,
            grounds: None,
            starts: None,
            review_due: None,
            ends: None,
            decided_by: None,
            signed_off_by: None,
            profile_version: None,
        }
    }

    /// The same, in force at no instant.
    #[must_use]
    pub fn never_in_force(&self) -> Restriction {
        Restriction { status: Status::Ended, ..self.always_in_force() }
    }

    /// A digest of its terms, by which a later reader sees whether they are still the ones that a decision was made on.
    /// It is recorded: a key of the JSON form that is added later must be left out where it is empty.
    pub fn terms(&self) -> String {
        let terms = FlatRestriction::from(self.always_in_force());
        // Every restriction has a JSON form.
        digest_of(&serde_json::to_vec(&terms).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restriction(json: &str) -> Restriction {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_terms_stay_the_same_when_it_ends_and_change_when_it_is_varied() {
        let active = restriction(
            r#"{"id":"R","kind":"contact_quota","limit":2,"per":"week","ends":"2027-01-01"}"#,
        );
        let ended = restriction(
            r#"{"id":"R","kind":"contact_quota","limit":2,"per":"week","status":"lifted",
                "grounds":"demands","decided_by":"Max"}"#,
        );
        let varied = restriction(r#"{"id":"R","kind":"contact_quota","limit":3,"per":"week"}"#);
        assert_eq!(active.terms(), ended.terms());
        assert_ne!(active.terms(), varied.terms());
    }

    /// Decisions on record name it.
    #[test]
    fn a_digest_stays_what_it_is() {
        let one = restriction(r#"{"id":"R","kind":"contact_ended"}"#);
        let json = r#"{"id":"R","kind":"contact_ended","status":"active","mode":"enforce","grounds":null,"clause":null,"starts":null,"review_due":null,"ends":null,"decided_by":null,"signed_off_by":null}"#;
        assert_eq!(one.terms(), digest_of(json.as_bytes()));
    }
}
