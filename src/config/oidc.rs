//! `[[staff.oidc]]`: identity providers by which staff sign in.

use std::sync::Arc;

use super::context::Context;
use super::endpoint;
use super::fault::Wrong;
use super::reader::{Field, Section, brief};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::profile::Role;
use crate::domain::provider::{Admission, GroupRole, Unknown};
use crate::forward::oidc::settings::ProviderSettings;
use crate::runtime::limits::{PROVIDER_ROLES_MAX, PROVIDERS_MAX};

const SCOPES_DEFAULT: [&str; 2] = ["profile", "email"];
const GROUPS_CLAIM_DEFAULT: &str = "groups";

/// Every provider. `organisations`: all of them, where they could be read.
pub(super) fn read_all(
    context: &Context<'_>,
    staff: &Section<'_>,
    organisations: Option<&[Arc<Organisation>]>,
) -> Vec<ProviderSettings> {
    let Some(field) = staff.field("oidc") else { return Vec::new() };
    if !cfg!(feature = "oidc") {
        field.fault(
            "needs a program with OpenID Connect, and this one was built without",
            "install a package, or build with `--features oidc`",
        );
        return Vec::new();
    }
    let sections = staff.sections("oidc");
    if sections.len() > PROVIDERS_MAX {
        let right = format!("name at most {PROVIDERS_MAX}");
        staff.fault("oidc", format!("are {} providers", sections.len()), right);
    }
    // Its own faults are found where it is read.
    let Some(public_url) = staff.field("public_url") else {
        let right = "say where browsers find the console: the provider sends them back there";
        staff.fault("oidc", "needs staff.public_url", right);
        return Vec::new();
    };
    let public_url = public_url.text().and_then(|url| endpoint::public_origin(url).ok());
    sections
        .into_iter()
        .filter_map(|section| one(context, section, public_url.as_deref(), organisations))
        .collect()
}

fn one(
    context: &Context<'_>,
    section: Section<'_>,
    public_url: Option<&str>,
    organisations: Option<&[Arc<Organisation>]>,
) -> Option<ProviderSettings> {
    let name = section.need("name", "a short name, such as \"entra\"").and_then(|field| {
        let name = field.parsed(name)?;
        context.once("the provider", &name, &field, "give every provider a name of its own");
        Some(name)
    });
    let issuer = section
        .need("issuer", "the provider's own address, such as \"https://id.example.org\"")
        .and_then(|field| field.parsed(endpoint::issuer));
    let client_id = section
        .need("client_id", "the id under which the provider knows the console")
        .and_then(|field| field.words().map(str::to_owned));
    let client_secret = section
        .need(
            "client_secret",
            "{ env = \"NAME\" }, { file = \"PATH\" } or { credential = \"NAME\" }",
        )
        .and_then(|field| context.sources.secret(&field));
    let scopes = match section.field("scopes") {
        Some(field) => field.list(|item| item.parsed(word)),
        None => Some(SCOPES_DEFAULT.map(str::to_owned).to_vec()),
    };
    let groups_claim = match section.field("groups_claim") {
        Some(field) => field.words().map(str::to_owned),
        None => Some(GROUPS_CLAIM_DEFAULT.to_owned()),
    };
    let words = |key| section.field(key).and_then(|field| field.words()).map(str::to_owned);
    let (label, label_welsh) = (words("label"), words("label_welsh"));
    let admission = admission(&section, organisations);
    section.close();
    Some(ProviderSettings {
        name: name?,
        issuer: issuer?,
        client_id: client_id?,
        client_secret: client_secret?,
        scopes: scopes?,
        groups_claim: groups_claim?,
        public_url: public_url?.to_owned(),
        admission: admission?,
        label,
        label_welsh,
    })
}

fn admission(
    section: &Section<'_>,
    organisations: Option<&[Arc<Organisation>]>,
) -> Option<Admission> {
    let choices = [("refuse", Unknown::Refuse), ("no_duties", Unknown::NoDuties)];
    let unknown = match section.field("unknown") {
        Some(field) => field.choice("a choice for people in none of the groups", &choices),
        None => Some(Unknown::default()),
    };
    let texts = |key| section.field(key).map_or(Some(Vec::new()), |field| field.texts());
    let (methods, contexts) = (texts("second_step_amr"), texts("second_step_acr"));
    let example =
        "which group gives which role: { organisation = \"…\", group = \"…\", role = \"…\" }";
    let field = section.need("roles", example)?;
    let items = field.items()?;
    if items.is_empty() || items.len() > PROVIDER_ROLES_MAX {
        field.fault(
            format!("lists {} groups", items.len()),
            format!("list from 1 to {PROVIDER_ROLES_MAX}: nobody else is let in"),
        );
    }
    let roles = items.iter().filter_map(|item| group_role(item, organisations)).collect();
    Some(Admission { roles, unknown: unknown?, methods: methods?, contexts: contexts? })
}

fn group_role(item: &Field<'_>, organisations: Option<&[Arc<Organisation>]>) -> Option<GroupRole> {
    let section = item.section()?;
    let organisation = section.need("organisation", "the id of an [[organisation]]");
    let group = section.need("group", "a group as the provider's claim names it");
    let role = section.need("role", "a role of the organisation's profile");
    section.close();
    let (organisation, group, role) = (organisation?, group?.words()?, role?);
    let (id, named) = (organisation.words()?, role.words()?);
    if let Some(organisations) = organisations {
        let Some(found) = organisations.iter().find(|one| one.id.as_str() == id) else {
            organisation
                .fault("names no organisation of this file", "the id of an [[organisation]]");
            return None;
        };
        let roles = &found.profile.roles;
        if !roles.iter().any(|one| one.0 == named) {
            let all: Vec<&str> = roles.iter().map(|one| one.0.as_str()).collect();
            role.fault(
                format!("`{}` is not a role of `{id}`", brief(named)),
                format!("one of {}", all.join(", ")),
            );
            return None;
        }
    }
    Some(GroupRole {
        organisation: OrganisationId::new(id),
        group: group.to_owned(),
        role: Role(named.to_owned()),
    })
}

fn name(text: &str) -> Result<String, Wrong> {
    const NAME_CHARS_MAX: usize = 32;
    let fits = (1..=NAME_CHARS_MAX).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if fits {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(
        format!("`{}` is not a name of a provider", brief(text)),
        format!("write at most {NAME_CHARS_MAX} lower-case letters, digits and hyphens"),
    ))
}

/// A scope (RFC 6749 3.3).
fn word(text: &str) -> Result<String, Wrong> {
    let fits = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if fits {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(
        format!("`{}` is not a scope", brief(text)),
        "write each as an item of the list",
    ))
}
