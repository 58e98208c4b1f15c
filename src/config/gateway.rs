//! The configuration file as a whole.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::bank_holidays::Calendars;
use super::context::Context;
use super::environment::Environment;
use super::fault::Warning;
use super::mail::{self, MailListen};
use super::node::Node;
use super::reader::{Field, Reader, Section, brief};
use super::secret::Sources;
use super::settings::{ConsoleAccess, Listen, Loaded, Settings};
use super::{Secrets, archive, endpoint, keys, oidc, organisation, silent, telemetry};
use crate::channels::mail::settings::Bind;
use crate::domain::organisation::Organisation;
use crate::domain::profile::Role;
use crate::runtime::limits::{
    PAST_READ_EVERY, PAST_READ_EVERY_MAX, PAST_READ_EVERY_MIN, POSTS_PER_MINUTE_DEFAULT,
    POSTS_PER_MINUTE_MAX, REDIS_REPLICAS_MAX, SESSION_IDLE_MINUTES_DEFAULT,
    SESSION_IDLE_MINUTES_MAX, SESSION_LONGEST_HOURS_DEFAULT, SESSION_LONGEST_HOURS_MAX,
};
use crate::store::settings::StoreUrl;

const STORE_FOLDER_DEFAULT: &str = "var/gateway";
/// Within the embedded store's folder, or within its default where the store is elsewhere.
const STATE_FOLDER: &str = "state";

/// Reads the whole tree; `None` where something is missing. The faults are with the reader.
pub(super) fn read(
    reader: &Reader,
    root: &Node,
    file: &Path,
    environment: &Environment,
    secrets: Secrets,
) -> Option<Loaded> {
    let section = reader.section(root, "")?;
    let calendars = calendars(reader, &section, file)?;
    let (store, store_read_through, unread) = store(&section);
    let state = state(&section, &store);
    let listeners = listeners(&section);
    let sources = Sources { environment, file, secrets, files: RefCell::default() };
    let context = Context::new(reader, sources, &calendars, listeners.http.contacts);
    let codec = keys::read(&context, &section);
    let (archive, archive_quota) = archive::read(&context, &section);
    let mail = mail::read(&section, listeners.mail, file, &state);
    let read = organisation::read_all(&context, &section, mail.is_some());
    // What could not be read may have the role.
    let console = console(&context, &section, reader.is_clean().then_some(&*read.organisations));
    let traces = telemetry::read(&context, &section);
    if context.contacts.is_none()
        && !(read.forms.is_empty() && read.telephony.is_empty() && read.decisions.is_empty())
    {
        section.missing(
            "listen.contacts",
            "IP:PORT: there are forms, decision endpoints or telephony entries",
        );
    }
    let default = mail.as_ref().and_then(|mail| mail.0.default_organisation.as_ref());
    let is_there = default.is_none_or(|id| read.organisations.iter().any(|one| one.id == *id));
    if !is_there
        && let Some(mail) = section.field("mail").and_then(|f| f.section())
        && let Some(field) = mail.field("default_organisation")
    {
        field.fault("names no organisation of this file", "the id of an [[organisation]]");
    }
    let largest = archive::largest(mail.as_ref(), &read.forms);
    let archive_quota = archive::checked(&section, archive_quota, largest);
    section.close();
    let settings = Settings {
        store,
        store_read_through,
        codec,
        archive,
        archive_quota,
        state,
        listen: listeners.http,
        mail,
        organisations: read.organisations,
        forms: read.forms,
        looks: read.looks,
        telephony: read.telephony,
        decisions: read.decisions,
        staff: read.staff,
        console,
        receivers: read.receivers,
        helpers: read.helpers,
        retention: read.retention,
        traces,
    };
    let (mut warnings, secret_files) = context.into_findings();
    warnings.extend(unread);
    warnings.extend(silent::warnings(&settings));
    reader.reads(file);
    let files = reader.files();
    Some(Loaded { settings, warnings, secret_files, files, calendars, known_keys: reader.asked() })
}

/// `[calendar]`: the built-in bank holidays, or a file's.
fn calendars(reader: &Reader, root: &Section<'_>, file: &Path) -> Option<Calendars> {
    let named = root.field("calendar").and_then(|f| f.section()).and_then(|section| {
        let named = section.field("bank_holidays").and_then(|f| f.file_beside(file));
        section.close();
        named
    });
    let calendars = match named {
        Some(named) => Calendars::from_file(&named),
        None => Calendars::built_in(),
    };
    match calendars.or_else(|faults| {
        reader.add(faults);
        Calendars::built_in()
    }) {
        Ok(calendars) => Some(calendars),
        Err(faults) => {
            reader.add(faults);
            None
        }
    }
}

/// `[store]`: where it is, how often an embedded store is read through, and a warning if that is set for Redis.
fn store(root: &Section<'_>) -> (StoreUrl, Duration, Option<Warning>) {
    let default = || StoreUrl::Embedded(PathBuf::from(STORE_FOLDER_DEFAULT));
    let Some(section) = root.field("store").and_then(|f| f.section()) else {
        return (default(), PAST_READ_EVERY, None);
    };
    let url = section.field("url");
    let mut store = url.as_ref().and_then(|f| f.parsed(endpoint::store));
    if let Some(replicas) = section.field("replicas_acknowledged")
        && let Some(count) = replicas.whole(0, REDIS_REPLICAS_MAX)
    {
        match &mut store {
            Some(StoreUrl::Redis(redis)) => redis.replicas_acknowledged = count,
            // The url's own fault is already reported.
            None if url.is_some() => {}
            Some(StoreUrl::Embedded(_)) | None if count == 0 => {}
            Some(StoreUrl::Embedded(_)) | None => {
                replicas.fault(
                    "applies only to a Redis store",
                    "leave it out, or set store.url to one",
                );
            }
        }
    }
    let every = section.field("read_through");
    let is_unread = every.is_some() && matches!(store, Some(StoreUrl::Redis(_)));
    let unread = is_unread.then(|| Warning {
        organisation: None,
        text: "`store.read_through` has no effect: a Redis server is not read through".to_owned(),
    });
    let every =
        every.and_then(|field| field.duration_from(PAST_READ_EVERY_MIN, PAST_READ_EVERY_MAX));
    section.close();
    (store.unwrap_or_else(default), every.unwrap_or(PAST_READ_EVERY), unread)
}

fn state(root: &Section<'_>, store: &StoreUrl) -> PathBuf {
    let named = root.field("state").and_then(|f| f.section()).and_then(|section| {
        let named = section.field("folder").and_then(|f| f.words());
        section.close();
        named
    });
    match (named, store) {
        (Some(named), _) => PathBuf::from(named),
        (None, StoreUrl::Embedded(folder)) => folder.join(STATE_FOLDER),
        (None, StoreUrl::Redis(_)) => PathBuf::from(STORE_FOLDER_DEFAULT).join(STATE_FOLDER),
    }
}

/// `[staff]`. `organisations`: all of them, where they could be read.
fn console(
    context: &Context<'_>,
    root: &Section<'_>,
    organisations: Option<&[Arc<Organisation>]>,
) -> ConsoleAccess {
    let mut access = ConsoleAccess {
        idle_minutes: SESSION_IDLE_MINUTES_DEFAULT,
        longest_hours: SESSION_LONGEST_HOURS_DEFAULT,
        ..ConsoleAccess::default()
    };
    let Some(section) = root.field("staff").and_then(|f| f.section()) else { return access };
    access.public_url = section.field("public_url").and_then(|f| f.parsed(endpoint::public_origin));
    if let Some(minutes) =
        section.field("idle_minutes").and_then(|f| f.whole(1, SESSION_IDLE_MINUTES_MAX))
    {
        access.idle_minutes = minutes;
    }
    if let Some(hours) =
        section.field("longest_hours").and_then(|f| f.whole(1, SESSION_LONGEST_HOURS_MAX))
    {
        access.longest_hours = hours;
    }
    let roles = section.field("second_step");
    let roles = roles.and_then(|f| f.list(|item| role_of_any(item, organisations)));
    access.second_step = roles.unwrap_or_default();
    access.providers = oidc::read_all(context, &section, organisations);
    section.close();
    access
}

/// A role that some organisation has: of one that none has, nobody would be asked for a second step.
fn role_of_any(item: &Field<'_>, organisations: Option<&[Arc<Organisation>]>) -> Option<Role> {
    let role = Role(item.words()?.to_owned());
    let Some(organisations) = organisations else { return Some(role) };
    let all = organisations.iter().flat_map(|one| &one.profile.roles);
    let known: BTreeSet<&str> = all.map(|role| role.0.as_str()).collect();
    if known.contains(role.0.as_str()) {
        return Some(role);
    }
    item.fault(
        format!("`{}` is not a role of any organisation", brief(&role.0)),
        format!("one of {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    );
    None
}

#[derive(Default)]
struct Listeners {
    http: Listen,
    mail: MailListen,
}

fn listeners(root: &Section<'_>) -> Listeners {
    let example = "[listen] with contacts, staff, smtp, lmtp, milter or outbound";
    let Some(section) = root.need("listen", example).and_then(|f| f.section()) else {
        return Listeners::default();
    };
    let contacts = section.field("contacts");
    let staff = section.field("staff");
    let smtp = section.field("smtp");
    let lmtp = section.field("lmtp");
    let milter = section.field("milter");
    let outbound = section.field("outbound");
    if [&contacts, &staff, &smtp, &lmtp, &milter, &outbound].iter().all(|field| field.is_none()) {
        section.missing("staff", "at least one of contacts, staff, smtp, lmtp, milter, outbound");
    }
    let listeners = Listeners {
        http: Listen {
            contacts: contacts.as_ref().and_then(|f| f.parsed(endpoint::socket)),
            staff: staff.as_ref().and_then(|f| f.parsed(endpoint::socket)),
            trusted_proxies: section
                .field("trusted_proxies")
                .and_then(|f| f.list(|item| item.parsed(endpoint::network)))
                .unwrap_or_default(),
            posts_per_minute: section
                .field("posts_per_minute")
                .and_then(|f| f.whole(1, POSTS_PER_MINUTE_MAX))
                .unwrap_or(POSTS_PER_MINUTE_DEFAULT),
        },
        mail: MailListen {
            smtp: smtp.as_ref().and_then(|f| f.parsed(endpoint::bind)),
            lmtp: lmtp.as_ref().and_then(|f| f.parsed(endpoint::bind)),
            milter: milter.as_ref().and_then(|f| f.parsed(endpoint::bind)),
            outbound: outbound.as_ref().and_then(|f| f.parsed(endpoint::bind)),
            socket_mode: section.field("socket_mode").and_then(|f| f.parsed(endpoint::mode)),
        },
    };
    let bound = [
        (contacts, listeners.http.contacts.map(Bind::Tcp)),
        (staff, listeners.http.staff.map(Bind::Tcp)),
        (smtp, listeners.mail.smtp.clone()),
        (lmtp, listeners.mail.lmtp.clone()),
        (milter, listeners.mail.milter.clone()),
        (outbound, listeners.mail.outbound.clone()),
    ];
    let mut earlier: Vec<(&Field<'_>, &Bind)> = Vec::new();
    for (field, bind) in &bound {
        let (Some(field), Some(bind)) = (field, bind) else { continue };
        if let Some((other, _)) = earlier.iter().find(|(_, other)| collide(other, bind)) {
            field.fault(
                format!("is already the address of {}", other.path()),
                "give every listener an address of its own",
            );
        }
        earlier.push((field, bind));
    }
    section.close();
    listeners
}

/// Whether two listeners can't be bound at once. Port 0 is whatever is free.
fn collide(one: &Bind, other: &Bind) -> bool {
    match (one, other) {
        (Bind::Tcp(one), Bind::Tcp(other)) => {
            one.port() != 0
                && one.port() == other.port()
                && (one.ip() == other.ip()
                    || one.ip().is_unspecified()
                    || other.ip().is_unspecified())
        }
        (Bind::Unix(one), Bind::Unix(other)) => one == other,
        (Bind::Tcp(_), Bind::Unix(_)) | (Bind::Unix(_), Bind::Tcp(_)) => false,
    }
}
