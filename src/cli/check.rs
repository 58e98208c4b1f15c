//! `check`: validates the configuration and its profiles, every fault at once.

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Fault, Outcome, say};
use crate::channels::mail::settings::Bind;
use crate::config::{self, Environment, Loaded, Settings, Warning};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::past::Behind;
use crate::domain::restriction::Mode;
use crate::ports::StoreError;
use crate::ports::keepsakes::Keepsakes as _;
use crate::ports::portable::Kind;
use crate::runtime::limits::CLOCK_STEP_MAX;
use crate::runtime::{descriptors, private};
use crate::store;
use crate::store::journal::peek;
use crate::store::keepsakes::FileKeepsakes;
use crate::store::settings::{ArchiveUrl, StoreUrl};
use crate::store::verify::{self, Verified};

/// Check configuration and profiles: every mistake at once, each with file, line, key and remedy.
/// Changes nothing, and connects to nothing without `--store`.
#[derive(Debug, Clone, clap::Args)]
pub struct CheckArgs {
    /// The configuration file.
    #[arg(long, env = "CONTACT_GATEWAY_CONFIG", value_name = "FILE")]
    pub config: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
    /// Also read the store through: how it is set up, whether each record can be read back, and whether the
    /// original of each queue item is there and unaltered. A gateway may keep running on it.
    #[arg(long)]
    pub store: bool,
}

/// Checks the configuration as of `today`: a summary on `out`, warnings on `err`.
///
/// # Errors
/// Every fault, one per line.
pub fn run(
    args: &CheckArgs,
    environment: &Environment,
    today: NaiveDate,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Outcome, Fault> {
    let loaded = config::load(&args.config, environment)?;
    let warnings = loaded.warnings(today);
    for warning in &warnings {
        say(err, format_args!("warning: {warning}"));
    }
    if args.json {
        say(out, as_json(&loaded, &warnings));
    } else {
        in_words(&loaded, &warnings, out);
    }
    Ok(Outcome::Yes)
}

/// Reads the configured store through, with its originals: one line on `err` for each fault.
///
/// # Errors
/// The configuration's faults, as [`run`].
pub async fn ask_store(
    args: &CheckArgs,
    environment: &Environment,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> Result<Outcome, Fault> {
    let loaded = config::load(&args.config, environment)?;
    let settings = &loaded.settings;
    let mut is_sound = true;
    let mut fault = |err: &mut (dyn Write + Send), fault: &dyn std::fmt::Display| {
        is_sound = false;
        say(err, fault);
    };
    match peek::faults(&settings.state.join("journal")) {
        Ok(faults) => faults.iter().for_each(|one| fault(err, &format_args!("journal: {one}"))),
        Err(error) => fault(err, &format_args!("journal: {error}")),
    }
    // How a server is set up. The file of an embedded store is read through below.
    if let StoreUrl::Redis(_) = &settings.store {
        match store::check(&settings.store).await {
            Ok(faults) => faults.iter().for_each(|one| fault(err, one)),
            Err(error) => {
                say(err, format_args!("store: {error}"));
                return Ok(Outcome::No);
            }
        }
    }
    match store::unfinished_copies(&settings.store, &settings.codec, &settings.organisation_ids())
        .await
    {
        Ok(copies) => copies.iter().for_each(|one| fault(err, one)),
        // Where the file is damaged, that is said below.
        Err(StoreError::Corrupt(_)) => {}
        Err(error) => fault(err, &format_args!("store: {error}")),
    }
    // Before the store: it may have more by then.
    let known = marks(settings)?;
    match verify::verify(&verify::Premises {
        store: &settings.store,
        archive: &settings.archive,
        codec: &settings.codec,
        state: &settings.state,
        now: Utc::now(),
    })
    .await
    {
        Ok(verified) => {
            verified.faults.iter().for_each(|one| fault(err, one));
            behind(&known, &verified).iter().for_each(|one| fault(err, one));
            for warning in later_than(&verified, Utc::now()) {
                say(err, format_args!("warning: {warning}"));
            }
            if verified.more > 0 {
                say(err, format_args!("store: and {} more", verified.more));
            }
            if !args.json {
                say_verified(&verified, out);
            }
        }
        Err(error) => fault(err, &format_args!("store: {error}")),
    }
    Ok(if is_sound { Outcome::Yes } else { Outcome::No })
}

/// How far this gateway has known each organisation's store to come.
fn marks(settings: &Settings) -> Result<Vec<(OrganisationId, u64)>, Fault> {
    let keepsakes = FileKeepsakes::in_state(&settings.state, settings.codec.clone());
    let mut known = Vec::new();
    for organisation in settings.organisation_ids() {
        let mark = keepsakes.mark(&organisation);
        let last =
            mark.map_err(|error| Fault::input(error.to_string()))?.and_then(|mark| mark.last);
        known.extend(last.map(|last| (organisation, last.number)));
    }
    Ok(known)
}

/// Where the store has come less far than was known: what a gateway that starts on it would find.
fn behind(known: &[(OrganisationId, u64)], verified: &Verified) -> Vec<String> {
    let is_behind = |(organisation, known): &(OrganisationId, u64)| {
        let (known, found) = (*known, verified.trail_ends.get(organisation).copied().unwrap_or(0));
        let why = match found {
            _ if verified.is_older || found >= known => return None,
            0 => Behind::Empty,
            _ => Behind::Older { known, found },
        };
        Some(format!(
            "store: {organisation}: {why}, and this gateway's state folder knows of {known} entries: is [store] url \
             right? Restore a newer store, or accept this one as it is with `contact-gateway \
             store accept`"
        ))
    };
    known.iter().filter_map(is_behind).collect()
}

/// Trails that have something of a later time than now: the clock is wrong, or was when it was written.
fn later_than(verified: &Verified, now: DateTime<Utc>) -> Vec<String> {
    let step = TimeDelta::from_std(CLOCK_STEP_MAX).unwrap_or(TimeDelta::MAX);
    let later = verified.newest.iter().filter(|(_, (_, at))| *at - now > step);
    later
        .map(|(organisation, (number, at))| {
            let (at, now) = (at.format("%Y-%m-%d %H:%M:%S"), now.format("%Y-%m-%d %H:%M:%S UTC"));
            format!(
                "store: {organisation}: entry {number} of its trail is of {at}, and the clock shows {now}: is it \
                 behind? If it is right, it was ahead when the entry was written"
            )
        })
        .collect()
}

/// What was read back, and what was skipped.
fn say_verified(verified: &Verified, out: &mut dyn Write) {
    if verified.is_absent {
        say(out, "store    not created yet: nothing was read; a gateway creates it when it starts");
        return;
    }
    if verified.is_older {
        say(
            out,
            "store    of an older version: its records are not checked until a gateway has \
             started on it",
        );
        return;
    }
    let read = Kind::ALL
        .iter()
        .map(|kind| format!("{kind} {}", verified.records.get(kind).copied().unwrap_or_default()));
    let read = read.collect::<Vec<_>>().join(", ");
    say(out, format_args!("read back: {read}; originals {}", verified.originals));
}

/// What makes the machine unfit for a gateway that this user starts, one line each. The configuration
/// has no part in it, so that its warnings are counted without these.
///
/// # Errors
/// The configuration's faults, as [`run`].
pub fn look_at_machine(
    args: &CheckArgs,
    environment: &Environment,
    err: &mut dyn Write,
) -> Result<(), Fault> {
    let loaded = config::load(&args.config, environment)?;
    let open_files = descriptors::fault(descriptors::attainable());
    for fault in open_files.into_iter().chain(open_to_others(&args.config, &loaded)) {
        say(err, format_args!("machine: {fault}"));
    }
    Ok(())
}

/// What holds secrets or personal data and is open to other users of the machine.
fn open_to_others(config: &Path, loaded: &Loaded) -> Vec<String> {
    let settings = &loaded.settings;
    let mut kept: Vec<(&str, PathBuf)> = vec![("the state", settings.state.clone())];
    if let ArchiveUrl::File(archive) = &settings.archive {
        kept.push(("the archive", archive.clone()));
    }
    if let StoreUrl::Embedded(folder) = &settings.store {
        kept.push(("the store", folder.clone()));
        kept.extend(store::files(folder).into_iter().map(|file| ("the store's file", file)));
    }
    for (what, name) in [
        ("the journal", "journal"),
        ("the journal's file", "journal/pending.journal"),
        ("the spool of forms", "forms"),
        ("the key of the loop mark", "pass-key"),
        ("the key of the anchors", "anchor-key"),
    ] {
        kept.push((what, settings.state.join(name)));
    }
    kept.extend(
        settings
            .codec
            .people()
            .map(|keys| ("the folder of keys of people", keys.folder().to_owned())),
    );
    kept.extend(loaded.secret_files.iter().map(|file| ("a secret", file.clone())));
    if holds_password(config) {
        kept.push(("the configuration, which holds a password,", config.to_owned()));
    }
    let open = |(what, path): (&str, PathBuf)| {
        let mode = private::open_to_others(&path)?;
        let right = if path.is_dir() { "700" } else { "600" };
        let path = path.display();
        Some(format!("{what} {path} is open to other users (mode {mode}): chmod {right} {path}"))
    };
    kept.into_iter().filter_map(open).collect()
}

/// Whether a URL in a file carries a password: `redis://user:password@host`.
fn holds_password(file: &Path) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with('#')).any(|line| {
        line.split_once("://").is_some_and(|(_, rest)| {
            let value = rest.split('"').next().unwrap_or_default();
            let by_user = value.split_once('@').is_some_and(|(user, _)| user.contains(':'));
            by_user || value.contains("pass=")
        })
    })
}

fn in_words(loaded: &Loaded, warnings: &[Warning], out: &mut dyn Write) {
    let settings = &loaded.settings;
    say(out, format_args!("store    {}", where_store(&settings.store)));
    say(out, format_args!("records  {}", records(loaded)));
    say(out, format_args!("archive  {}", settings.archive.shown()));
    say(out, format_args!("state    {}", settings.state.display()));
    for (name, address) in listeners(loaded) {
        say(out, format_args!("{name:<8} {address}"));
    }
    for organisation in &settings.organisations {
        let [forms, telephony, staff] = counts(loaded, organisation);
        say(
            out,
            format_args!(
                "organisation {} ({}, version {}): {}; forms {forms}, telephony {telephony}, \
                 staff {staff}",
                organisation.id,
                organisation.profile.name,
                organisation.profile.version,
                mode(organisation.mode),
            ),
        );
    }
    match warnings.len() {
        0 => say(out, "no faults"),
        1 => say(out, "no faults, 1 warning"),
        count => say(out, format_args!("no faults, {count} warnings")),
    }
}

fn as_json(loaded: &Loaded, warnings: &[Warning]) -> Value {
    let settings = &loaded.settings;
    let organisations = settings.organisations.iter().map(|organisation| {
        let [forms, telephony, staff] = counts(loaded, organisation);
        json!({
            "id": organisation.id.as_str(),
            "profile": organisation.profile.name,
            "profile_version": organisation.profile.version,
            "mode": mode(organisation.mode),
            "forms": forms,
            "telephony": telephony,
            "staff": staff,
            "unset": config::profile::unset(&organisation.profile),
        })
    });
    let listen: serde_json::Map<String, Value> =
        listeners(loaded).into_iter().map(|(name, at)| (name.to_owned(), at.into())).collect();
    json!({
        "store": where_store(&settings.store),
        "keys": settings.codec.keys().collect::<Vec<_>>(),
        "archive": settings.archive.shown(),
        "state": settings.state,
        "listen": listen,
        "organisations": organisations.collect::<Vec<_>>(),
        "warnings": warnings,
    })
}

/// How many forms, telephony entries and members of staff an organisation has.
fn counts(loaded: &Loaded, organisation: &Organisation) -> [usize; 3] {
    let settings = &loaded.settings;
    let id = &organisation.id;
    [
        settings.forms.iter().filter(|form| form.organisation == *id).count(),
        settings.telephony.iter().filter(|entry| entry.organisation == *id).count(),
        settings.staff.iter().filter(|member| member.organisation == *id).count(),
    ]
}

fn listeners(loaded: &Loaded) -> Vec<(&'static str, String)> {
    let listen = &loaded.settings.listen;
    let mail = loaded.settings.mail.as_ref();
    [
        ("contacts", listen.contacts.map(|address| address.to_string())),
        ("staff", listen.staff.map(|address| address.to_string())),
        ("smtp", mail.and_then(|mail| mail.smtp()).map(bound)),
        ("lmtp", mail.and_then(|mail| mail.lmtp()).map(bound)),
        ("milter", mail.and_then(|mail| mail.milter()).map(bound)),
        ("outbound", mail.and_then(|mail| mail.outbound()).map(bound)),
    ]
    .into_iter()
    .filter_map(|(name, address)| Some((name, address?)))
    .collect()
}

fn bound(bind: &Bind) -> String {
    match bind {
        Bind::Tcp(address) => address.to_string(),
        Bind::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// The store without what its URL may hold of a password.
fn where_store(url: &StoreUrl) -> String {
    match url {
        StoreUrl::Embedded(folder) => format!("embedded:{}", folder.display()),
        StoreUrl::Redis(_) => "redis".to_owned(),
    }
}

/// How the store's records are kept.
fn records(loaded: &Loaded) -> String {
    let mut keys = loaded.settings.codec.keys();
    let Some(first) = keys.next() else {
        return "not encrypted: there is no [keys] store".to_owned();
    };
    let others: Vec<&str> = keys.collect();
    let people = loaded.settings.codec.people().map(|_| "; a key for each person");
    let first = format!("{first}{}", people.unwrap_or_default());
    match others.as_slice() {
        [] => format!("encrypted with {first}"),
        others => format!("encrypted with {first}; read with {} too", others.join(", ")),
    }
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Observe => "observe",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_listener_is_listed() {
        let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles/tuntum.toml");
        let text = format!(
            "[listen]\ncontacts = \"127.0.0.1:1\"\nstaff = \"127.0.0.1:2\"\nsmtp = \"127.0.0.1:3\"\n\
             lmtp = \"127.0.0.1:4\"\nmilter = \"127.0.0.1:5\"\noutbound = \"127.0.0.1:6\"\n\
             [mail]\ndownstream = \"smtp://127.0.0.1:7\"\n\
             [[organisation]]\nid = \"tuntum\"\nprofile = \"{}\"\nmode = \"observe\"\n\
             mail_domains = [\"tuntum.example\"]\n",
            profile.display()
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gateway.toml");
        std::fs::write(&file, text).unwrap();
        let loaded = config::load(&file, &Environment::new());
        let loaded = loaded.unwrap_or_else(|faults| panic!("{faults}"));
        let listed: BTreeSet<&str> = listeners(&loaded).into_iter().map(|(name, _)| name).collect();
        let bound: BTreeSet<&str> = loaded.settings.bound().into_keys().collect();
        assert_eq!(listed.len(), 6);
        assert_eq!(listed, bound);
    }
}
