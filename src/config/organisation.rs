//! `[[organisation]]` and what belongs to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;

use super::context::Context;
use super::endpoint::address;
use super::fault::Wrong;
use super::profile::{self, UnsetValue, unset};
use super::reader::{Field, Reader, Section, brief};
use super::{
    decision, equality, events, helper, letters, node, page, reach, retention, telephony, web_form,
};
use crate::channels::decisions::settings::ProxySettings;
use crate::channels::http::look::LookSettings;
use crate::channels::telephony::settings::{Product, TelephonySettings};
use crate::channels::web_form::settings::FormSettings;
use crate::domain::duty::PROGRAM;
use crate::domain::identifier::{domain_to_ascii, e164};
use crate::domain::nation::Nation;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::profile::{Profile, Role};
use crate::domain::reach::Reach;
use crate::domain::restriction::Mode;
use crate::domain::retention::Schedule;
use crate::domain::token_life::TokenLife;
use crate::forward::events::settings::ReceiverSettings;
use crate::forward::helper::settings::HelperSettings;
use crate::runtime::tokens::sha256_of_hex;
use crate::staff::settings::StaffMember;

const MODES: [(&str, Mode); 2] = [("enforce", Mode::Enforce), ("observe", Mode::Observe)];

/// Everything under `[[organisation]]`.
#[derive(Default)]
pub(super) struct Read {
    pub(super) organisations: Vec<Arc<Organisation>>,
    pub(super) forms: Vec<FormSettings>,
    pub(super) decisions: Vec<ProxySettings>,
    pub(super) looks: BTreeMap<OrganisationId, LookSettings>,
    pub(super) telephony: Vec<TelephonySettings>,
    pub(super) staff: Vec<StaffMember>,
    pub(super) receivers: Vec<ReceiverSettings>,
    pub(super) helpers: BTreeMap<OrganisationId, HelperSettings>,
    pub(super) retention: BTreeMap<OrganisationId, Schedule>,
}

/// Reads every organisation. `has_mail`: there is a mail listener.
pub(super) fn read_all(context: &Context<'_>, root: &Section<'_>, has_mail: bool) -> Read {
    let mut read = Read::default();
    let helper = helper::read(root);
    let sections = root.sections("organisation");
    if sections.is_empty() {
        root.missing("organisation", "[[organisation]] with id and profile, at least once");
    }
    for section in sections {
        one(context, section, has_mail, &mut read);
    }
    if let Some(helper) = helper {
        for organisation in &read.organisations {
            read.helpers.entry(organisation.id.clone()).or_insert_with(|| helper.clone());
        }
    }
    read
}

/// Calls are enforced only where "press 1" has a number to connect.
fn emergency_is_named(section: &Section<'_>, mode: Mode, entries: &[TelephonySettings]) {
    let speaks = entries.iter().any(|entry| entry.product == Product::Voice);
    if mode == Mode::Enforce && speaks && section.field("emergency").is_none() {
        section.missing(
            "emergency",
            "the number that \"press 1 for an emergency\" connects: calls are not enforced without it",
        );
    }
}

fn one(context: &Context<'_>, section: Section<'_>, has_mail: bool, read: &mut Read) {
    let id = section.need("id", "a short name, such as \"karbon\"");
    if let Some(field) = &id
        && let Some(text) = field.text()
    {
        context.once("the id", text, field, "give every organisation an id of its own");
    }
    let id = id.and_then(|f| f.parsed(organisation_id));
    let shown = id.clone().unwrap_or_else(|| "unnamed".to_owned());
    let mode = section.field("mode").map_or(Some(Mode::Enforce), |f| f.choice("a mode", &MODES));
    let profile = own_profile(context, &section);
    let nation = profile.as_ref().map_or(Nation::England, |profile| profile.nation);
    let emergency = section.field("emergency").and_then(|f| f.parsed(|text| line(text, nation)));
    let mail_domains = section
        .field("mail_domains")
        .and_then(|f| f.list(|item| mail_domain(context, item)))
        .unwrap_or_default();
    let queue_mailboxes = queues(&section, nation);
    let notice_from = notice_from(&section, nation);
    let mut reach = reach::read(&section, profile.as_deref());
    if let Some(field) = section.field("letters") {
        reach.letters = letters::read(context, &field, &shown, profile.as_deref());
    }
    let profile = profile.map(|profile| staffed(profile, &reach));
    let equality = section.field("equality").map(|f| equality::read(&f)).unwrap_or_default();

    let owner = OrganisationId::new(&shown);
    if let Some(look) = section.field("page").and_then(|f| page::read(context, &f)) {
        read.looks.insert(owner.clone(), look);
    }
    if let Some(field) = section.field("retention") {
        read.retention.insert(owner.clone(), retention::read(&field));
    }
    if let Some(helper) = helper::read(&section) {
        read.helpers.insert(owner.clone(), helper);
    }
    let staff = section.sections("staff");
    read.staff.extend(
        staff.into_iter().filter_map(|s| staff_member(context, s, &owner, profile.as_deref())),
    );
    let forms = section.sections("form");
    read.forms.extend(forms.into_iter().filter_map(|s| web_form::read(context, s, &owner)));
    let zone = profile.as_ref().map_or(chrono_tz::Tz::UTC, |profile| profile.timezone);
    read.receivers.extend(events::read_all(context, &section, &owner, zone));
    let decisions = section.sections("decision");
    read.decisions.extend(decisions.into_iter().filter_map(|s| decision::read(context, s, &owner)));
    let entries = section.sections("telephony");
    let entries: Vec<TelephonySettings> =
        entries.into_iter().filter_map(|s| telephony::read(context, s, &owner)).collect();
    if let (Some(mode), Some(profile)) = (mode, &profile) {
        ready(context, &section, &shown, mode, profile);
        emergency_is_named(&section, mode, &entries);
    }
    read.telephony.extend(entries);
    if has_mail && mail_domains.is_empty() {
        context.warn(&shown, "has no `mail_domains`: none of its e-mail is decided".to_owned());
    }
    section.close();

    let (Some(_), Some(mode), Some(profile)) = (id, mode, profile) else { return };
    read.organisations.push(Arc::new(Organisation {
        id: owner,
        profile,
        mode,
        emergency,
        mail_domains,
        queue_mailboxes,
        notice_from,
        reach,
        equality,
    }));
}

/// The profile with the hours that the organisation itself gives.
fn staffed(profile: Arc<Profile>, reach: &Reach) -> Arc<Profile> {
    if reach.staffed_hours.is_empty() {
        return profile;
    }
    let staffed_hours = Some(reach.staffed_hours.clone());
    Arc::new(Profile { staffed_hours, ..Arc::unwrap_or_clone(profile) })
}

/// The profile with the organisation's own choices laid over it.
fn own_profile(context: &Context<'_>, section: &Section<'_>) -> Option<Arc<Profile>> {
    let set = section.field("set");
    let named =
        section.need("profile", "the profile's file, such as \"profiles/karbon-homes.toml\"")?;
    let path = named.file_beside(context.file)?;
    let parsed = node::read(&path).and_then(|text| node::parse(&path.display().to_string(), &text));
    let mut root = match parsed {
        Ok(root) => root,
        Err(faults) => {
            context.reader.add(faults);
            return None;
        }
    };
    if let Some(set) = &set {
        profile::lay_choices(&mut root, set);
    }
    let reader = Reader::default();
    let profile = profile::read(&reader, &root, context.calendars);
    let is_clean = reader.is_clean();
    context.reader.add(reader.faults());
    profile.filter(|_| is_clean).map(Arc::new)
}

/// Refuses to enforce while something is unset that everything in force uses, and names the rest.
fn ready(context: &Context<'_>, section: &Section<'_>, id: &str, mode: Mode, profile: &Profile) {
    let (blocking, later): (Vec<UnsetValue>, Vec<UnsetValue>) =
        unset(profile).into_iter().partition(|value| value.blocks_enforcement);
    for value in blocking {
        let UnsetValue { path, needed_for, example, .. } = value;
        match mode {
            Mode::Enforce => section.fault(
                "mode",
                format!(
                    "`{path}` is unset in the profile of {}, and needed {needed_for}",
                    profile.name
                ),
                format!(
                    "write set = {{ \"{path}\" = {example} }} with the organisation's own choice, \
                     or mode = \"observe\""
                ),
            ),
            Mode::Observe => {
                context.warn(id, format!("unset, and needed {needed_for}: {path}"));
            }
        }
    }
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for value in later {
        match groups.iter_mut().find(|(needed_for, _)| *needed_for == value.needed_for) {
            Some((_, paths)) => paths.push(value.path),
            None => groups.push((value.needed_for, vec![value.path])),
        }
    }
    for (needed_for, paths) in groups {
        context.warn(id, format!("unset, and needed {needed_for}: {}", paths.join(", ")));
    }
}

fn organisation_id(text: &str) -> Result<String, Wrong> {
    const ID_CHARS_MAX: usize = 64;
    let fits = text.len() <= ID_CHARS_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Wrong::new(
            format!("`{}` is not an id", brief(text)),
            "write lower-case letters, digits and hyphens, a letter first",
        ))
    }
}

/// A number or SIP URI that calls are connected to.
pub(super) fn line(text: &str, nation: Nation) -> Result<String, Wrong> {
    let is_sip = ["sip:", "sips:"].iter().any(|scheme| text.starts_with(scheme));
    if is_sip && text.contains('@') && !text.contains(char::is_whitespace) {
        return Ok(text.to_owned());
    }
    e164(text, nation).map_err(|_| {
        Wrong::new(
            "is not a number or address that can be called",
            "write it as +441910000000, or as sip:name@host",
        )
    })
}

fn mail_domain(context: &Context<'_>, field: &Field<'_>) -> Option<String> {
    let domain = field.parsed(|text| {
        domain_to_ascii(text).filter(|_| !text.contains('@')).ok_or_else(|| {
            Wrong::new(
                format!("`{}` is not a domain", brief(text)),
                "write it as example.org, without a name before it",
            )
        })
    })?;
    context.once("the domain", &domain, field, "a domain belongs to one organisation");
    Some(domain)
}

fn queues(section: &Section<'_>, nation: Nation) -> BTreeMap<String, String> {
    let Some(queues) = section.field("queues").and_then(|f| f.section()) else {
        return BTreeMap::new();
    };
    let entries = queues.entries().into_iter();
    entries
        .filter_map(|(name, field)| {
            // Names of environment variables have no hyphens.
            let name = name.replace('_', "-");
            if let Err(Wrong { wrong, right }) = profile::queue_name(&name) {
                field.fault(wrong, right);
            }
            let queue = field.section()?;
            let email =
                queue.need("email", "the mailbox of the queue").and_then(|f| address(&f, nation));
            queue.close();
            Some((name, email?))
        })
        .collect()
}

fn notice_from(section: &Section<'_>, nation: Nation) -> Option<String> {
    let mail = section.field("mail")?.section()?;
    let from = mail.field("notice_from").and_then(|f| address(&f, nation));
    mail.close();
    from
}

fn staff_member(
    context: &Context<'_>,
    section: Section<'_>,
    organisation: &OrganisationId,
    profile: Option<&Profile>,
) -> Option<StaffMember> {
    let name = section.need("name", "who it is").and_then(|f| f.words());
    let role = section.need("role", "a role of the profile").and_then(|f| {
        let role = Role(f.words()?.to_owned());
        let Some(profile) = profile else { return Some(role) };
        if role.0 == PROGRAM || profile.roles.contains(&role) {
            return Some(role);
        }
        let names: Vec<&str> = profile.roles.iter().map(|role| role.0.as_str()).collect();
        f.fault(
            format!("`{}` is not a role of the profile", brief(&role.0)),
            format!("one of {}", names.join(", ")),
        );
        None
    });
    let token = section.need("token_sha256", "the SHA-256 of the token, in hexadecimal");
    let token = token.and_then(|field| {
        let digest = field.parsed(sha256)?;
        let text = field.text()?.to_lowercase();
        context.once("the token", &text, &field, "give everybody a token of their own");
        Some(digest)
    });
    let expires = section.field("expires").and_then(|field| {
        let last = super::bank_holidays::day(&field)?;
        // Without a profile nothing starts.
        let zone = profile.map_or(Tz::Europe__London, |profile| profile.timezone);
        Some(TokenLife::new(last, zone))
    });
    section.close();
    Some(StaffMember {
        organisation: organisation.clone(),
        name: name?.to_owned(),
        role: role?,
        token_sha256: token?,
        expires,
    })
}

/// 64 hexadecimal digits. The text is never shown: somebody may have written the token itself.
fn sha256(text: &str) -> Result<[u8; 32], Wrong> {
    sha256_of_hex(text).ok_or_else(|| {
        Wrong::new(
            "is not a SHA-256 digest",
            "write 64 hexadecimal digits, as `printf %s TOKEN | sha256sum` prints them",
        )
    })
}
