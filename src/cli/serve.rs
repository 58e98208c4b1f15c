//! `serve`: runs the gateway until it is told to stop.

use std::io::Write;
use std::path::PathBuf;
use std::pin::pin;

use chrono::Utc;
use tokio::signal::unix::{SignalKind, signal};

use super::{Fault, Io, Outcome, load, say};
use crate::app;
use crate::runtime::telemetry;
use crate::store;
use crate::store::settings::StoreUrl;

/// Run the gateway until SIGTERM or SIGINT.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    #[arg(long, value_name = "FILE", env = "CONTACT_GATEWAY_CONFIG")]
    config: PathBuf,
}

/// Runs the command. Says on stderr where it listens, and ends with 0 when all work in hand was
/// finished at the stop.
///
/// # Errors
/// The configuration's faults, or why the gateway can't start.
pub async fn run(args: &ServeArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    telemetry::start_from_environment();
    let loaded = load::configuration(&args.config)?;
    for warning in loaded.warnings(Utc::now().date_naive()) {
        say(io.err, format_args!("warning: {warning}"));
    }
    let running =
        app::start(&loaded.settings).await.map_err(|fault| Fault::input(fault.to_string()))?;
    // Before it says that it is ready: from then on somebody may tell it to stop.
    let mut stop = pin!(told_to_stop()?);
    say_where(&running.addresses, io.err);
    tokio::select! {
        biased;
        () = &mut stop => {}
        () = say_set_up(&loaded.settings.store, io.err) => stop.await,
    }
    say(io.err, "stopping: work in hand is finished first");
    Ok(if running.stop().await {
        Outcome::Yes
    } else {
        say(io.err, "stopped before all work in hand was finished; its senders try again");
        Outcome::No
    })
}

/// One warning for everything that the store is set up wrongly in. The gateway runs all the same:
/// while the store is away, what is known goes on being enforced.
async fn say_set_up(url: &StoreUrl, err: &mut (dyn Write + '_)) {
    match store::check(url).await {
        Ok(faults) => {
            for fault in faults {
                say(err, format_args!("warning: {fault}"));
            }
        }
        Err(error) => say(
            err,
            format_args!(
                "warning: {error}: what is known goes on being enforced; check that `store` names \
                 it, and ask again with `contact-gateway check --store`"
            ),
        ),
    }
}

/// One line a listener: what scripts and people wait for.
pub(super) fn say_where(addresses: &app::Addresses, err: &mut dyn Write) {
    let listeners = [
        ("contacts", addresses.contacts.map(|address| address.to_string())),
        ("staff", addresses.staff.map(|address| address.to_string())),
        ("smtp", addresses.smtp.clone()),
        ("lmtp", addresses.lmtp.clone()),
        ("milter", addresses.milter.clone()),
    ];
    for (what, address) in listeners {
        if let Some(address) = address {
            say(err, format_args!("listening: {what} {address}"));
        }
    }
    say(err, "ready");
}

/// Ends at the first SIGTERM or SIGINT after the call.
pub(super) fn told_to_stop() -> Result<impl Future<Output = ()>, Fault> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Fault::internal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Fault::internal)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
