//! `audit verify`, `audit anchors` and `audit seal`.

use std::path::{Path, PathBuf};

use super::super::open::Opened;
use super::super::{Fault, Io, Outcome, read_file, say};
use crate::casework::sealing::anchor::{Anchor, AnchorKey};
use crate::casework::sealing::verify::{Finding, Trusted, Verified};
use crate::casework::{Desk, Fault as CaseFault};
use crate::config::state_key::anchor_key;
use crate::domain::organisation::OrganisationId;

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// Anchors that were kept elsewhere: one JSON object per line, as `audit anchors` prints them
    #[arg(long, value_name = "FILE")]
    anchors: Vec<PathBuf>,
    /// Public keys whose signatures are trusted, in hexadecimal; without any, those that the anchors name
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
}

impl VerifyArgs {
    /// Reads the files that are named.
    ///
    /// # Errors
    /// Names the file, and the line that is not an anchor.
    pub(super) fn trusted(&self) -> Result<Trusted, Fault> {
        let mut anchors = Vec::new();
        for file in &self.anchors {
            anchors.extend(read(file)?);
        }
        let keys = self.key.iter().map(|key| key.to_ascii_lowercase()).collect();
        Ok(Trusted { anchors, keys })
    }
}

pub(super) async fn run(
    trusted: Trusted,
    organisation: &OrganisationId,
    desk: &Desk,
    io: &mut Io<'_>,
) -> Result<Outcome, CaseFault> {
    let verified = desk.verify_trail(organisation, trusted).await?;
    for finding in &verified.findings {
        match finding {
            // No later entry is sealed: a gateway that was just started has not sealed it yet.
            Finding::Unsealed { from, .. } if *from > verified.sealed_to => say(
                io.out,
                format_args!(
                    "{finding}: a gateway seals them within two minutes of its start; verify again then"
                ),
            ),
            finding => say(io.out, finding),
        }
    }
    let left_out = verified.found - verified.findings.len() as u64;
    if left_out > 0 {
        say(io.out, format_args!("… and {left_out} more"));
    }
    say(io.out, summary(organisation, &verified));
    Ok(if verified.found == 0 { Outcome::Yes } else { Outcome::No })
}

fn summary(organisation: &OrganisationId, verified: &Verified) -> String {
    let Verified { entries, seals, sealed_to, anchors, found, erased, erasures, .. } = verified;
    let unsealed = (entries + erased).saturating_sub(*sealed_to);
    let gone = match erasures.as_slice() {
        [] => String::new(),
        said => {
            let said: Vec<String> = said.iter().map(u64::to_string).collect();
            format!(", {erased} erased as entries {} say", said.join(", "))
        }
    };
    let is_rewritten =
        verified.findings.iter().any(|finding| matches!(finding, Finding::Rewritten { .. }));
    let held = match anchors {
        0 if !is_rewritten => "no anchor to compare with".to_owned(),
        1 => "1 anchor agrees".to_owned(),
        anchors => format!("{anchors} anchors agree"),
    };
    let end = match found {
        0 => "nothing was changed".to_owned(),
        found => counted(*found, "finding"),
    };
    let seals = counted(*seals, "seal");
    format!(
        "{organisation}: {entries} entries, {seals} up to entry {sealed_to}, {unsealed} not yet sealed\
         {gone}, {held}: {end}"
    )
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn read(file: &Path) -> Result<Vec<Anchor>, Fault> {
    let text = read_file(file)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|error| {
                let (file, line) = (file.display(), at + 1);
                Fault::input(format!("{file}:{line}: is not an anchor: {error}"))
            })
        })
        .collect()
}

pub(super) async fn anchors(
    organisation: &OrganisationId,
    desk: &Desk,
    io: &mut Io<'_>,
) -> Result<Outcome, CaseFault> {
    for anchor in desk.anchors(organisation).await? {
        say(io.out, serde_json::to_string(&anchor).unwrap_or_default());
    }
    Ok(Outcome::Yes)
}

pub(super) async fn seal(opened: &Opened, io: &mut Io<'_>) -> Result<Outcome, CaseFault> {
    let organisation = &opened.organisation.id;
    let seed = anchor_key(&opened.state).map_err(|error| CaseFault::Refused(error.to_string()))?;
    let key = AnchorKey::of_seed(&seed)
        .ok_or_else(|| CaseFault::Refused("the key of the anchors can't sign".to_owned()))?;
    let sealed = opened.desk.seal(organisation, &key).await?;
    say(io.out, format_args!("{organisation}: {} entries sealed", sealed.entries));
    if let Some(anchor) = sealed.anchor {
        say(
            io.out,
            format_args!("signed for up to entry {} with the key {}", anchor.entry, anchor.key),
        );
    }
    Ok(Outcome::Yes)
}
