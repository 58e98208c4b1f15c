//! The start of another configuration, rehearsed beside the gateway that runs: all that a start does but serve, by the
//! same functions, so that a reload which would end the gateway is refused.

use tokio::runtime::Handle;

use super::beside::Rehearsal;
use super::running;
use super::start_fault::StartFault;
use crate::config::Settings;
use crate::runtime::limits::REHEARSAL_WAIT;
use crate::runtime::private;
use crate::runtime::service_manager::{HeldSocket, Sockets};

/// Within the state folder of the gateway that runs.
const SCRATCH: &str = "rehearsal";

/// Rehearses the start of `next`, without blocking whoever waits for it. `sockets`: copies of those of the gateway that
/// runs. Returns the sockets that were opened for it, to be handed on.
///
/// # Errors
/// What would keep it from starting.
pub async fn rehearse(
    running: &Settings,
    next: &Settings,
    sockets: Sockets,
) -> Result<Vec<HeldSocket>, StartFault> {
    let (running, next, runtime) = (running.clone(), next.clone(), Handle::current());
    // A share that hangs blocks the thread.
    let rehearsing =
        tokio::task::spawn_blocking(move || runtime.block_on(rehearsed(&running, &next, sockets)));
    match tokio::time::timeout(REHEARSAL_WAIT, rehearsing).await {
        Ok(Ok(rehearsed)) => rehearsed,
        Ok(Err(_)) => Err(StartFault::Rehearsal("the log says where it failed")),
        Err(_) => Err(StartFault::Rehearsal("the store, the archive or a folder does not answer")),
    }
}

async fn rehearsed(
    running: &Settings,
    next: &Settings,
    sockets: Sockets,
) -> Result<Vec<HeldSocket>, StartFault> {
    let scratch = running.state.join(SCRATCH);
    private::folder(&scratch)
        .map_err(|cause| StartFault::Scratch { folder: scratch.clone(), cause })?;
    let rehearsal = Rehearsal::new(running, &scratch);
    let prepared = running::prepare(next, sockets, Some(&rehearsal)).await;
    // Where it can't be removed, the next rehearsal finds it.
    let _ = std::fs::remove_dir_all(&scratch);
    Ok(prepared?.into_sockets())
}
