//! `demo`: everything at once on a scratch store, with five organisations, sample people, and sinks
//! for mail, forms and calls. Needs no other server and no configuration.

mod cases;
mod guide;
mod scratch;
mod sinks;
mod stage;

use super::serve::told_to_stop;
use super::{Fault, Io, Outcome, say};
use crate::app;
use crate::config;
use crate::runtime::service_manager::Sockets;
use crate::runtime::telemetry;
use scratch::Scratch;
use sinks::Sinks;

/// Run everything with sample data; prints addresses to open and commands to paste. Stop it with Ctrl-C.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Keep everything in this store rather than in a scratch one, such as redis://127.0.0.1: so that a second gateway
    /// can join. It must be empty, and is not cleaned up afterwards.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// Why it can't start: no free port, no temporary folder.
pub async fn run(args: &DemoArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    telemetry::start("warn", false);
    let sinks = Sinks::start().await.map_err(Fault::internal)?;
    let scratch = Scratch::make(&sinks, args.store.as_deref()).map_err(Fault::internal)?;
    let loaded = config::load(&scratch.config(), &config::Environment::new())?;
    scratch.import(&loaded.settings).await?;
    cases::stage(&loaded.settings, chrono::Utc::now()).await?;
    let running = app::start(&loaded.settings, Sockets::none())
        .await
        .map_err(|fault| Fault::input(fault.to_string()))?;
    let stop = told_to_stop()?;
    let links = stage::accounts(&loaded.settings, &running).await?;
    stage::contacts(&running, chrono::Utc::now()).await?;
    say(io.out, guide::text(&scratch, &sinks, &links));
    stop.await;
    let in_time = running.stop().await;
    sinks.stop().await;
    scratch.remove();
    Ok(if in_time { Outcome::Yes } else { Outcome::No })
}
