//! The way out: the mail server behind the gateway, or the lack of one.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::channels::mail::settings::MailSettings;
use crate::config::Settings;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;
use crate::forward::mailer::SmtpMailer;
use crate::forward::release::MailRelease;
use crate::forward::smtp::DownstreamServer;
use crate::ports::relay::Relay;
use crate::ports::{Clock, Deliveries, Mailer, OwnMail, Release, StoreError};
use crate::runtime::tls::{Connector, TlsFault};

/// Everything that goes out.
pub(super) struct Outward {
    pub relay: Option<Arc<dyn Relay>>,
    pub mailer: Arc<dyn Mailer>,
    pub release: Arc<dyn Release>,
}

/// The way out by the mail settings; without any, mail is refused with a word why.
///
/// # Errors
/// The certificates for TLS with the server behind can't be used.
pub(super) fn outward(
    settings: &Settings,
    mail: Option<&MailSettings>,
    deliveries: Arc<dyn Deliveries>,
    clock: &Arc<dyn Clock>,
) -> Result<Outward, TlsFault> {
    let Some(mail) = mail else {
        return Ok(Outward {
            relay: None,
            mailer: Arc::new(NoMailServer),
            release: Arc::new(NoMailServer),
        });
    };
    let (downstream, hostname, key) = (mail.downstream.clone(), &mail.hostname, &mail.pass_key);
    let relay: Arc<dyn Relay> = Arc::new(match &mail.downstream_tls {
        Some(tls) => DownstreamServer::by_tls(downstream, Connector::new(tls)?, hostname, key),
        None => DownstreamServer::new(downstream, hostname, key),
    });
    let mailer = SmtpMailer::new(
        Arc::clone(&relay),
        &settings.organisations,
        &mail.hostname,
        Arc::clone(clock),
    );
    let release = MailRelease::new(Arc::clone(&relay), deliveries, Arc::clone(clock));
    Ok(Outward { relay: Some(relay), mailer: Arc::new(mailer), release: Arc::new(release) })
}

/// Stands where no mail server is configured.
struct NoMailServer;

impl NoMailServer {
    fn refusal() -> StoreError {
        StoreError::Refused(
            "there is no mail server behind the gateway; set [mail] downstream".to_owned(),
        )
    }
}

#[async_trait]
impl Mailer for NoMailServer {
    async fn send(&self, _mail: OwnMail) -> Result<(), StoreError> {
        Err(NoMailServer::refusal())
    }
}

#[async_trait]
impl Release for NoMailServer {
    async fn release(
        &self,
        _organisation: &OrganisationId,
        _item: &QueueItem,
        _original: Bytes,
    ) -> Result<(), StoreError> {
        Err(NoMailServer::refusal())
    }
}
