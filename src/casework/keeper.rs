//! The keeper: what has to happen in casework without anybody asking. Any gateway may keep an organisation,
//! and several may at once: whatever is done is written with what says that it was done.

use std::sync::Arc;

use super::{Desk, Fault};
use crate::domain::organisation::Organisation;

impl Desk {
    /// One round: the trail is followed, and what was left undone is done.
    ///
    /// # Errors
    /// The store can't be read or written: the next round does the same.
    pub async fn keep_house(&self, organisation: &Arc<Organisation>) -> Result<(), Fault> {
        self.catch_up(organisation).await?;
        self.bring_about_what_was_left(organisation).await
    }
}
