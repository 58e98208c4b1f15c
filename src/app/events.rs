//! Receivers of events, each with a task of its own.

use std::sync::Arc;

use super::start_fault::StartFault;
use super::tasks::Tasks;
use crate::config::Settings;
use crate::forward::events::dead_letter_box::DeadLetterBox;
use crate::forward::events::{Courier, Sources};
use crate::ports::{Clock, Store};
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Stopping;

/// Within the state folder: how far each receiver has got, and dead letters.
const FOLDER: &str = "events";

/// Starts a task for every receiver among `tasks`; the dead letters of them all.
///
/// # Errors
/// A receiver's place or the dead letters can't be read.
pub(super) fn start(
    settings: &Settings,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    metrics: &Arc<Metrics>,
    stopping: &Stopping,
    tasks: &mut Tasks,
) -> Result<Arc<DeadLetterBox>, StartFault> {
    let folder = settings.state.join(FOLDER);
    let dead_letters = DeadLetterBox::open(&folder, &settings.organisation_ids())
        .map_err(|cause| StartFault::DeadLetters { folder: folder.clone(), cause })?;
    let dead_letters = Arc::new(dead_letters);
    for receiver in &settings.receivers {
        let sources = Sources {
            trail: Arc::clone(store) as _,
            past: Arc::clone(store) as _,
            register: Arc::clone(store) as _,
            dead_letters: Arc::clone(&dead_letters),
            clock: Arc::clone(clock),
            metrics: Arc::clone(metrics),
        };
        let courier = Courier::new(receiver.clone(), &folder, sources)?;
        tasks.spawn(courier.run(stopping.clone()));
    }
    Ok(dead_letters)
}
