//! The link with which somebody makes an organisation's first account: in a file that only its owner can read.
//!
//! Not in the log: a log is shipped and read by people who must not govern anybody, and the link makes its holder the
//! first who keeps the settings.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::casework::Fault;
use crate::casework::accounts::Accounts;
use crate::domain::organisation::OrganisationId;
use crate::runtime::private;

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum FirstLinkFault {
    #[error(transparent)]
    Casework(#[from] Fault),
    #[error("{}: can't be written: {cause}", path.display())]
    File { path: PathBuf, cause: io::Error },
}

/// For each organisation that nobody can sign in to: the file with the link. One that holds already is kept,
/// so that a restart makes no other; where somebody can sign in, the file is taken away.
pub(super) async fn write_first_links(
    accounts: &Accounts,
    organisations: &[OrganisationId],
    state: &Path,
    root: &str,
) -> Result<Vec<(OrganisationId, PathBuf)>, FirstLinkFault> {
    let mut written = Vec::new();
    for organisation in organisations {
        let path = state.join(format!("first-link-{organisation}"));
        let fault = |cause| FirstLinkFault::File { path: path.clone(), cause };
        let known = token_of(&path).map_err(fault)?;
        let token = accounts.first_invitation(organisation, known.as_deref()).await?;
        remove(&path).map_err(fault)?;
        if let Some(token) = token {
            private::folder(state).map_err(fault)?;
            write(&path, &format!("{root}/invitation/{organisation}/{token}\n")).map_err(fault)?;
            written.push((organisation.clone(), path));
        }
    }
    Ok(written)
}

/// The token of a link that was written before.
fn token_of(path: &Path) -> io::Result<Option<String>> {
    const LINK_BYTES_MAX: u64 = 4 * 1024;
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut link = String::new();
    file.take(LINK_BYTES_MAX).read_to_string(&mut link)?;
    Ok(link.trim_end().rsplit_once('/').map(|(_, token)| token.to_owned()))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Made again: nobody has it open, and it belongs only to the gateway.
fn write(path: &Path, link: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(link.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use chrono::{TimeDelta, Utc};

    use super::*;
    use crate::casework::accounts::AccountRules;
    use crate::ports::Clock;
    use crate::store::memory::Memory;

    struct Fixed(std::sync::Mutex<chrono::DateTime<Utc>>);

    impl Clock for Fixed {
        fn now(&self) -> chrono::DateTime<Utc> {
            *self.0.lock().unwrap()
        }
    }

    #[tokio::test]
    async fn one_link_holds_at_a_time_and_its_file_is_its_owners_alone() {
        let clock = Arc::new(Fixed(std::sync::Mutex::new(chrono::DateTime::UNIX_EPOCH)));
        let accounts = Accounts::new(
            Memory::new(),
            Arc::clone(&clock) as Arc<dyn Clock>,
            AccountRules::default(),
        );
        let karbon = OrganisationId::new("karbon");
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("a/state"), folder.path().join("b"));
        let start = async |state: &Path| {
            let organisations = std::slice::from_ref(&karbon);
            let found =
                write_first_links(&accounts, organisations, state, "http://d.example").await;
            let (_, path) = found.unwrap().pop().unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::read_to_string(path).unwrap()
        };
        let holds = async |link: &str| {
            let token = link.trim_end().rsplit_once('/').unwrap().1;
            accounts.invited(&karbon, token).await.unwrap().is_some()
        };
        let first = start(&here).await;
        assert!(first.starts_with("http://d.example/invitation/karbon/") && holds(&first).await);
        assert_eq!(start(&here).await, first, "a restart keeps it");
        // Another gateway on the same store makes its own, and this one's holds no more.
        let second = start(&there).await;
        assert!(holds(&second).await && !holds(&first).await);
        *clock.0.lock().unwrap() += TimeDelta::days(4);
        assert!(!holds(&second).await);
        let third = start(&there).await;
        assert!(third != second && holds(&third).await);
    }
}
