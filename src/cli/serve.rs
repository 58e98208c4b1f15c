//! `serve`: runs the gateway until a signal stops it.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;

use chrono::Utc;
use futures_util::FutureExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Fault, Io, Outcome, load, say};
use crate::app;
use crate::config::{self, Loaded, environment};
use crate::runtime::service_manager::{
    HeldSocket, Notify, Sockets, can_be_started, give_up, replace_process,
};
use crate::runtime::telemetry;
use crate::store;
use crate::store::settings::StoreUrl;

/// Run the gateway until SIGTERM or SIGINT; SIGHUP loads a changed configuration if it can be served, without refusing
/// a connection. RUST_LOG sets the log level (default: info), and CONTACT_GATEWAY_LOG_FORMAT=json writes each line as
/// JSON.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", env = "CONTACT_GATEWAY_CONFIG")]
    config: PathBuf,
}

/// The program that takes the place of this one, with its process id and its sockets.
pub struct Successor {
    program: PathBuf,
    arguments: Vec<OsString>,
    sockets: Vec<HeldSocket>,
}

impl Successor {
    /// Starts it. Returns only if that fails.
    ///
    /// The runtime must have ended. The sockets become the first descriptors (sd_listen_fds(3)), in place of whatever
    /// this process has there; a runtime that lost its own would abort the process.
    pub fn take_over(self) -> Fault {
        let Successor { program, arguments, sockets } = self;
        let error = replace_process(&program, &arguments, sockets);
        Fault::internal(format!("{}: can't be restarted: {error}", program.display()))
    }
}

/// Runs the command. Says on stderr where it listens, and ends with 0 when all work in hand was finished at the stop.
/// `successor`: set to the program that takes over if the gateway is to be reloaded.
///
/// # Errors
/// The configuration's faults, or why the gateway can't start.
pub async fn run(
    args: &ServeArgs,
    io: &mut Io<'_>,
    successor: &mut Option<Successor>,
) -> Result<Outcome, Fault> {
    telemetry::start_from_environment();
    let ignoring = ignore_others()?;
    // Before anything is served: a package that is upgraded puts another file in its place.
    let program = std::env::current_exe().map_err(Fault::internal)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(Fault::internal)?;
    let loaded = load::configuration(&args.config)?;
    let present = Present {
        file: &args.config,
        loaded: &loaded,
        program: &program,
        fingerprint: loaded.fingerprint(),
    };
    for warning in loaded.warnings(Utc::now().date_naive()) {
        warn(io.err, format_args!("{warning}"));
    }
    let running = app::start(&loaded.settings, Sockets::inherited())
        .await
        .map_err(|fault| in_its_place(&args.config, &fault))?;
    let manager = Notify::from_environment().map(Arc::new);
    let alive = manager.clone().map(|it| tokio::spawn(async move { it.keep_alive().await }));
    // Before it says that it is ready: from then on somebody may tell it to stop.
    let mut stop = pin!(told_to_stop()?);
    say_first_links(&running, &loaded.settings.state, io.err).await;
    say_where(&running.addresses, io.err);
    if let Some(manager) = &manager {
        manager.ready();
    }
    let is_stopped = tokio::select! {
        biased;
        () = &mut stop => true,
        () = say_set_up(&loaded.settings.store, io.err) => false,
    };
    let next = if is_stopped {
        None
    } else {
        tokio::select! {
            biased;
            () = &mut stop => None,
            next = next_configuration(&mut hangup, &present, &running, io.err) => Some(next),
        }
    };
    if let Some((next, opened)) = next {
        if let Some(manager) = &manager {
            manager.reloading();
        }
        let (in_time, sockets) = hand_on(running, &next, opened, io.err).await;
        // The work took a while, in which somebody may have stopped the gateway.
        if stop.as_mut().now_or_never().is_some() {
            give_up(sockets);
            return Ok(stopped(in_time, io.err));
        }
        let arguments = std::env::args_os().skip(1).collect();
        *successor = Some(Successor { program, arguments, sockets });
        return Ok(Outcome::Yes);
    }
    tell(io.err, format_args!("stopping: work in hand is finished first"));
    if let Some(manager) = &manager {
        manager.stopping();
    }
    let in_time = running.stop().await;
    if let Some(alive) = alive {
        alive.abort();
    }
    ignoring.abort();
    Ok(stopped(in_time, io.err))
}

/// How a stop ended: whether all work in hand was finished in time.
fn stopped(in_time: bool, err: &mut (dyn Write + '_)) -> Outcome {
    if in_time {
        return Outcome::Yes;
    }
    tell(err, format_args!("stopped before all work in hand was finished; its senders try again"));
    Outcome::No
}

/// What is served now.
struct Present<'a> {
    file: &'a Path,
    loaded: &'a Loaded,
    /// Of the loaded configuration as it was read.
    fingerprint: [u8; 32],
    program: &'a Path,
}

/// The configuration that a SIGHUP finds, if it differs from the loaded one and could be served, with the sockets that
/// were opened for it. Otherwise says why it is not loaded: the gateway goes on as it is.
async fn next_configuration(
    hangup: &mut Signal,
    present: &Present<'_>,
    running: &app::Running,
    err: &mut (dyn Write + '_),
) -> (Loaded, Vec<HeldSocket>) {
    loop {
        hangup.recv().await;
        let fault = match load::configuration(present.file) {
            Ok(next) if next.fingerprint() == present.fingerprint => {
                tell(err, format_args!("reload: the configuration is unchanged"));
                continue;
            }
            Ok(next) => {
                let read = next.fingerprint();
                match rehearsed(present, running, &next).await {
                    Ok(opened) if next.fingerprint() == read => return (next, opened),
                    Ok(opened) => {
                        give_up(opened);
                        Fault::input("it was changed again during the rehearsal; reload once more")
                    }
                    Err(fault) => fault,
                }
            }
            Err(fault) => fault,
        };
        running.reload_refused();
        warn(err, format_args!("reload: nothing is changed, because of this:\n{fault}"));
    }
}

/// Rehearses the start with another configuration. After the reload there is no way back: a start that fails then would
/// end the gateway.
async fn rehearsed(
    present: &Present<'_>,
    running: &app::Running,
    next: &Loaded,
) -> Result<Vec<HeldSocket>, Fault> {
    can_be_started(present.program).map_err(|error| {
        let program = present.program.display();
        Fault::input(format!("{program}: can't be started: {error}; restart the service"))
    })?;
    let sockets = running.copied(&next.settings).map_err(Fault::internal)?;
    let rehearsal = app::rehearse(&present.loaded.settings, &next.settings, sockets).await;
    rehearsal.map_err(|fault| in_its_place(present.file, &fault))
}

/// A fault of a start, with the line and the key that it is about and the remedy, as those of a configuration are said.
fn in_its_place(file: &Path, fault: &app::StartFault) -> Fault {
    let key = fault.key();
    let place = config::place_of(file, &environment::of_process(), &key);
    let key = if key.is_empty() { key } else { format!("{key}: ") };
    let remedy = fault.remedy().map(|remedy| format!("; {remedy}")).unwrap_or_default();
    Fault::input(format!("{place}: {key}{fault}{remedy}"))
}

/// Finishes work in hand; `true`: in time. Connections made in the meantime wait in the sockets, which are handed on.
async fn hand_on(
    running: app::Running,
    next: &Loaded,
    opened: Vec<HeldSocket>,
    err: &mut (dyn Write + '_),
) -> (bool, Vec<HeldSocket>) {
    tell(err, format_args!("reload: work in hand is finished first"));
    let (in_time, sockets) = running.hand_on(&next.settings, opened).await;
    if !in_time {
        warn(err, format_args!("reload: not all work in hand was finished; its senders try again"));
    }
    (in_time, sockets)
}

/// One warning for everything wrong with the store's setup. The gateway runs anyway:
/// while the store is away, known restrictions are still enforced.
async fn say_set_up(url: &StoreUrl, err: &mut (dyn Write + '_)) {
    match store::check(url).await {
        Ok(faults) => {
            for fault in faults {
                warn(err, format_args!("{fault}"));
            }
        }
        Err(error) => warn(
            err,
            format_args!(
                "{error}: known restrictions are still enforced; check `[store] url`, \
                 then run `contact-gateway check --store`"
            ),
        ),
    }
}

/// Where nobody has an account yet: the file with a link with which somebody makes the first one. Its path,
/// and not the link: text written here is kept in logs.
async fn say_first_links(running: &app::Running, state: &Path, err: &mut (dyn Write + '_)) {
    match running.first_links(state).await {
        Ok(links) => {
            for (organisation, file) in links {
                tell(
                    err,
                    format_args!(
                        "console: nobody of {organisation} can sign in yet; make the first account \
                         within three days with the link in {}",
                        file.display()
                    ),
                );
            }
        }
        Err(error) => warn(err, format_args!("{error}: nobody can sign in to the console before")),
    }
}

/// One line per listener: what scripts and people wait for.
pub(super) fn say_where(addresses: &app::Addresses, err: &mut dyn Write) {
    let listeners = [
        ("contacts", addresses.contacts.map(|address| address.to_string())),
        ("staff", addresses.staff.map(|address| address.to_string())),
        ("smtp", addresses.smtp.clone()),
        ("lmtp", addresses.lmtp.clone()),
        ("milter", addresses.milter.clone()),
        ("outbound", addresses.outbound.clone()),
    ];
    for (what, address) in listeners {
        if let Some(address) = address {
            tell(err, format_args!("listening: {what} {address}"));
        }
    }
    tell(err, format_args!("ready"));
}

/// A message of the start or the stop: a plain line that scripts wait for, or, where logs are JSON,
/// one of those.
fn tell(err: &mut dyn Write, message: std::fmt::Arguments<'_>) {
    if telemetry::is_json() {
        tracing::info!("{message}");
    } else {
        say(err, message);
    }
}

/// The same for what somebody should look at.
fn warn(err: &mut dyn Write, message: std::fmt::Arguments<'_>) {
    if telemetry::is_json() {
        tracing::warn!("{message}");
    } else {
        say(err, format_args!("warning: {message}"));
    }
}

/// Signals that would end the process by default, and that are sent to programs for other reasons, such as
/// a rotation of logs. Each is ignored, with a line in the log.
fn ignore_others() -> Result<tokio::task::JoinHandle<()>, Fault> {
    let mut first = signal(SignalKind::user_defined1()).map_err(Fault::internal)?;
    let mut second = signal(SignalKind::user_defined2()).map_err(Fault::internal)?;
    Ok(tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = first.recv() => "SIGUSR1",
                _ = second.recv() => "SIGUSR2",
            };
            tracing::warn!("{name} is ignored: SIGHUP loads a changed configuration");
        }
    }))
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
