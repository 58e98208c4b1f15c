//! Where the audit trail ends.

use crate::domain::organisation::OrganisationId;
use crate::ports::{AuditTrail, StoreError};

/// The number of an organisation's last entry; 0: it has none. Asks about twice the logarithm of
/// the trail's length: the last entry is never erased.
///
/// # Errors
/// The store is away.
pub(super) async fn last_number(
    trail: &dyn AuditTrail,
    organisation: &OrganisationId,
) -> Result<u64, StoreError> {
    // There is an entry of `known`, or of a later number, and none above `over`.
    let (mut known, mut over) = (0_u64, u64::MAX);
    let mut step = 1_u64;
    while known < over {
        let asked = if over == u64::MAX {
            known.saturating_add(step)
        } else {
            known + (over - known).div_ceil(2)
        };
        // An entry after `asked - 1` is an entry of at least that number.
        match trail.audit(organisation, asked - 1, 1).await?.first() {
            Some(_) => known = asked,
            None => over = asked - 1,
        }
        step = step.saturating_mul(2);
    }
    Ok(known)
}
