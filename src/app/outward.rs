//! The way out: the mail server behind the gateway, or the lack of one.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::start_fault::StartFault;
use crate::channels::contacts::EdgeError;
use crate::channels::http::upstream::Upstream;
use crate::channels::mail::settings::{Downstream, MailSettings};
use crate::channels::web_form::release::FormRelease;
use crate::config::Settings;
use crate::domain::channel::Channel;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;
use crate::forward::mailer::SmtpMailer;
use crate::forward::release::MailRelease;
use crate::forward::smtp::DownstreamServer;
use crate::ports::relay::Relay;
use crate::ports::{Clock, Deliveries, Mailer, OwnMail, Release, ReleaseError, SendError};
use crate::runtime::tls::{ClientTls, Connector};

/// Everything that goes out.
pub(super) struct Outward {
    pub relay: Option<Arc<dyn Relay>>,
    /// The server for mail that leaves the organisation.
    pub outbound: Option<Arc<dyn Relay>>,
    pub mailer: Arc<dyn Mailer>,
    pub release: Arc<dyn Release>,
}

/// The way out by the settings; without a mail server, mail is refused with a word why.
///
/// # Errors
/// The certificates for TLS with the server behind can't be used, or a form is behind TLS and there is
/// nothing to check it by.
pub(super) fn outward(
    settings: &Settings,
    mail: Option<&MailSettings>,
    deliveries: Arc<dyn Deliveries>,
    clock: &Arc<dyn Clock>,
) -> Result<Outward, StartFault> {
    let forms = settings.forms.clone();
    let https = forms.iter().any(|form| form.upstream.scheme_str() == Some("https"));
    let upstream = Upstream::new(https).map_err(EdgeError::from)?;
    let forms = FormRelease::new(forms, upstream, Arc::clone(&deliveries), Arc::clone(clock));
    let Some(mail) = mail else {
        let none: Arc<dyn Release> = Arc::new(NoMailServer);
        let release = ByChannel { mail: Arc::clone(&none), outbound: none, forms };
        let (mailer, release) = (Arc::new(NoMailServer), Arc::new(release));
        return Ok(Outward { relay: None, outbound: None, mailer, release });
    };
    let relay = server(mail, &mail.downstream, mail.downstream_tls.as_ref())?;
    let way_out = mail.outbound.as_ref().and_then(|one| one.downstream.as_ref().zip(Some(one)));
    let outbound = match way_out {
        Some((downstream, one)) => server(mail, downstream, one.downstream_tls.as_ref())?,
        None => Arc::clone(&relay),
    };
    let mailer = SmtpMailer::new(
        Arc::clone(&relay),
        &settings.organisations,
        &mail.hostname,
        Arc::clone(clock),
    );
    let by = |relay: &Arc<dyn Relay>| -> Arc<dyn Release> {
        let deliveries = Arc::clone(&deliveries);
        Arc::new(MailRelease::new(Arc::clone(relay), deliveries, Arc::clone(clock)))
    };
    let release = ByChannel { mail: by(&relay), outbound: by(&outbound), forms };
    Ok(Outward {
        relay: Some(relay),
        outbound: Some(outbound),
        mailer: Arc::new(mailer),
        release: Arc::new(release),
    })
}

/// A mail server that messages are relayed to.
fn server(
    mail: &MailSettings,
    downstream: &Downstream,
    tls: Option<&ClientTls>,
) -> Result<Arc<dyn Relay>, StartFault> {
    let (downstream, hostname, key) = (downstream.clone(), &mail.hostname, &mail.pass_key);
    Ok(Arc::new(match tls {
        Some(tls) => DownstreamServer::by_tls(
            downstream,
            Connector::new(tls).map_err(StartFault::Downstream)?,
            hostname,
            key,
        ),
        None => DownstreamServer::new(downstream, hostname, key),
    }))
}

/// Releases an item by the way its contact came in, or its message was going out.
struct ByChannel {
    mail: Arc<dyn Release>,
    /// For messages that colleagues wrote.
    outbound: Arc<dyn Release>,
    forms: FormRelease,
}

#[async_trait]
impl Release for ByChannel {
    async fn release(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
        original: Bytes,
    ) -> Result<(), ReleaseError> {
        match item.channel {
            Channel::Email if item.sent_by.is_some() => {
                self.outbound.release(organisation, item, original).await
            }
            Channel::Email => self.mail.release(organisation, item, original).await,
            Channel::WebForm => self.forms.release(organisation, item, original).await,
            Channel::Telephone
            | Channel::Sms
            | Channel::Whatsapp
            | Channel::Letter
            | Channel::InPerson
            | Channel::Social
            | Channel::WebChat => Err(ReleaseError::Refused(format!(
                "a contact {} has nobody to be released to",
                item.channel.by()
            ))),
        }
    }
}

/// Used if no mail server is configured.
pub(super) struct NoMailServer;

#[async_trait]
impl Mailer for NoMailServer {
    async fn send(&self, _mail: OwnMail) -> Result<(), SendError> {
        Err(SendError::NoServer)
    }
}

#[async_trait]
impl Release for NoMailServer {
    async fn release(
        &self,
        _organisation: &OrganisationId,
        _item: &QueueItem,
        _original: Bytes,
    ) -> Result<(), ReleaseError> {
        Err(ReleaseError::Refused(SendError::NoServer.to_string()))
    }
}
