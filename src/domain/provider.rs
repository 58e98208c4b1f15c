//! An identity provider: what it says of somebody, and what that lets them do in an organisation. Pure rules.

use serde::{Deserialize, Serialize};

use super::organisation::OrganisationId;
use super::profile::Role;

/// What a provider says of somebody who signed in there, checked. Of its token nothing else is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub identity: Identity,
    /// What they sign in with, as a proposal for the account's own.
    pub login: Option<String>,
    pub name: Option<String>,
    pub groups: Vec<String>,
    /// How they proved who they are (`amr`, RFC 8176).
    pub methods: Vec<String>,
    /// Which rules that met (`acr`).
    pub context: Option<String>,
}

/// Somebody as their provider knows them: never by e-mail address or name, which may pass to somebody else
/// (OpenID Connect Core 5.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
}

/// A group of the provider's, and the role that it gives in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRole {
    pub organisation: OrganisationId,
    pub group: String,
    pub role: Role,
}

/// What becomes of people who have no group with a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    #[default]
    Refuse,
    /// They have an account that may do nothing until somebody gives it a role.
    NoDuties,
}

/// Who may sign in by a provider, and in which role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admission {
    /// The first that fits counts.
    pub roles: Vec<GroupRole>,
    pub unknown: Unknown,
    /// What of the provider's counts as a second step: one of these in `amr`, or one of these as `acr`. Empty: nothing
    /// does.
    pub methods: Vec<String>,
    pub contexts: Vec<String>,
}

/// What somebody's groups make of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    As(Role),
    WithoutRole,
    Refused,
}

impl Admission {
    /// Whether anybody of an organisation signs in by this provider.
    pub fn serves(&self, organisation: &OrganisationId) -> bool {
        self.roles.iter().any(|one| one.organisation == *organisation)
    }

    pub fn admit(&self, organisation: &OrganisationId, claimed: &Claimed) -> Admitted {
        if !self.serves(organisation) {
            return Admitted::Refused;
        }
        let given = self
            .roles
            .iter()
            .find(|one| one.organisation == *organisation && claimed.groups.contains(&one.group));
        match (given, self.unknown) {
            (Some(given), _) => Admitted::As(given.role.clone()),
            (None, Unknown::NoDuties) => Admitted::WithoutRole,
            (None, Unknown::Refuse) => Admitted::Refused,
        }
    }

    /// Whether the provider asked for a second step that counts here.
    pub fn took_second_step(&self, claimed: &Claimed) -> bool {
        self.methods.iter().any(|method| claimed.methods.contains(method))
            || claimed.context.as_ref().is_some_and(|context| self.contexts.contains(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(unknown: Unknown) -> Admission {
        let role = |organisation, group: &str, role: &str| GroupRole {
            organisation: OrganisationId::new(organisation),
            group: group.to_owned(),
            role: Role(role.to_owned()),
        };
        Admission {
            roles: vec![
                role("karbon", "leads", "manager"),
                role("karbon", "desk", "agent"),
                role("tuntum", "desk", "governance"),
            ],
            unknown,
            methods: vec!["mfa".to_owned()],
            contexts: vec!["urn:strong".to_owned()],
        }
    }

    fn claimed(groups: &[&str]) -> Claimed {
        Claimed {
            identity: Identity { issuer: "https://id.example".to_owned(), subject: "7".to_owned() },
            login: None,
            name: None,
            groups: groups.iter().map(|&one| one.to_owned()).collect(),
            methods: Vec::new(),
            context: None,
        }
    }

    #[test]
    fn the_first_group_that_fits_gives_the_role_in_its_own_organisation_alone() {
        let (karbon, tuntum) = (OrganisationId::new("karbon"), OrganisationId::new("tuntum"));
        let as_role = |role: &str| Admitted::As(Role(role.to_owned()));
        for (groups, in_karbon, in_tuntum) in [
            (&["desk", "leads"][..], as_role("manager"), as_role("governance")),
            (&["desk"], as_role("agent"), as_role("governance")),
            (&["leads"], as_role("manager"), Admitted::Refused),
            (&["Desk", ""], Admitted::Refused, Admitted::Refused),
            (&[], Admitted::Refused, Admitted::Refused),
        ] {
            let refusing = admission(Unknown::Refuse);
            assert_eq!(refusing.admit(&karbon, &claimed(groups)), in_karbon, "{groups:?}");
            assert_eq!(refusing.admit(&tuntum, &claimed(groups)), in_tuntum, "{groups:?}");
        }
        let open = admission(Unknown::NoDuties);
        assert_eq!(open.admit(&karbon, &claimed(&[])), Admitted::WithoutRole);
        // An organisation that is not named has nothing to do with the provider.
        assert_eq!(open.admit(&OrganisationId::new("united"), &claimed(&[])), Admitted::Refused);
    }

    #[test]
    fn only_what_is_configured_counts_as_a_second_step() {
        let open = admission(Unknown::Refuse);
        let with = |methods: &[&str], context: Option<&str>| Claimed {
            methods: methods.iter().map(|&one| one.to_owned()).collect(),
            context: context.map(str::to_owned),
            ..claimed(&[])
        };
        assert!(open.took_second_step(&with(&["pwd", "mfa"], None)));
        assert!(open.took_second_step(&with(&[], Some("urn:strong"))));
        assert!(!open.took_second_step(&with(&["pwd"], Some("urn:weak"))));
        let silent = Admission { methods: Vec::new(), contexts: Vec::new(), ..open };
        assert!(!silent.took_second_step(&with(&["mfa", "hwk"], Some("urn:strong"))));
    }
}
