//! `health`: asks a running gateway whether it is ready, serves, or lives; what a container's health check
//! calls.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::{Fault, Io, Outcome, say};
use crate::runtime::limits::{HEALTH_ANSWER_BYTES_MAX, HEALTH_PART_WAIT};

/// Ask a running gateway whether it is ready, and if not, which part is at fault
#[derive(Debug, clap::Args)]
pub struct HealthArgs {
    /// The staff listener, host:port
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "CONTACT_GATEWAY__LISTEN__STAFF",
        default_value = "127.0.0.1:8081"
    )]
    staff: String,
    /// Ask only whether it answers: a restart does not help when the mail server or store is away
    #[arg(long)]
    live: bool,
    /// Ask only whether contacts may be sent to it: for load balancers
    #[arg(long, conflicts_with = "live")]
    serving: bool,
    /// A file with a token; with it, the fault of each part is described
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Beyond what the gateway itself waits for its parts.
const ANSWER_WAIT: Duration = HEALTH_PART_WAIT.saturating_add(Duration::from_secs(3));

pub async fn run(args: &HealthArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let asked = match (args.live, args.serving) {
        (true, _) => "live",
        (false, true) => "serving",
        (false, false) => "ready",
    };
    let token = args.token_file.as_deref().map(token).transpose()?;
    let uri: hyper::Uri = format!("http://{}/health/{asked}", args.staff)
        .parse()
        .map_err(|_| Fault::input("--staff ADDRESS is not of the form host:port"))?;
    match tokio::time::timeout(ANSWER_WAIT, ask(uri, token)).await {
        Ok(Ok((true, parts))) => {
            say(io.out, parts);
            Ok(Outcome::Yes)
        }
        Ok(Ok((false, parts))) => {
            say(io.out, parts);
            Ok(Outcome::No)
        }
        Ok(Err(error)) => {
            say(io.err, format_args!("{}: {error}", args.staff));
            Ok(Outcome::No)
        }
        Err(_) => {
            say(io.err, format_args!("{}: no answer", args.staff));
            Ok(Outcome::No)
        }
    }
}

fn token(file: &std::path::Path) -> Result<HeaderValue, Fault> {
    let text = std::fs::read_to_string(file)
        .map_err(|fault| Fault::input(format!("{}: {fault}", file.display())))?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", text.trim()))
        .map_err(|_| Fault::input(format!("{}: not a token", file.display())))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether the gateway is ready, and its own words.
async fn ask(uri: hyper::Uri, token: Option<HeaderValue>) -> Result<(bool, String), String> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let mut request = hyper::Request::new(Empty::new());
    *request.uri_mut() = uri;
    if let Some(token) = token {
        request.headers_mut().insert(AUTHORIZATION, token);
    }
    let answer = client.request(request).await.map_err(|_| "can't be reached".to_owned())?;
    let ready = answer.status().is_success();
    let body = Limited::new(answer.into_body(), HEALTH_ANSWER_BYTES_MAX)
        .collect()
        .await
        .map_err(|_| "the answer broke off".to_owned())?
        .to_bytes();
    Ok((ready, String::from_utf8_lossy(&body).into_owned()))
}
