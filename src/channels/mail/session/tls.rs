//! STARTTLS (RFC 3207), and TLS from the first byte (RFC 8314 3.3).

use tokio::time::timeout;

use super::{End, Session};
use crate::channels::mail::message::Protocol;
use crate::channels::mail::replies;
use crate::channels::mail::wire::Command;
use crate::runtime::limits::SMTP_HANDSHAKE_WAIT;
use crate::runtime::metrics::MailEvent;
use crate::runtime::tls::{Acceptor, ServerStart};

impl Session {
    fn acceptor(&self) -> Option<&Acceptor> {
        match self.protocol {
            Protocol::Smtp => self.edge.tls.as_ref(),
            Protocol::Lmtp => None,
        }
    }

    /// Whether to offer STARTTLS. Not a second time (RFC 3207 4.2).
    pub(super) fn offers_tls(&self) -> bool {
        !self.encrypted && self.acceptor().is_some()
    }

    /// RFC 3207 4: before TLS, a server that requires it obeys only these.
    pub(super) fn may_obey(&self, command: &Command) -> bool {
        let required = self.acceptor().is_some_and(|tls| tls.start == ServerStart::Required);
        !required || self.encrypted || is_for_everybody(command)
    }

    /// What comes before the greeting.
    pub(super) async fn begin(&mut self) -> Result<(), End> {
        match self.acceptor().map(|tls| tls.start) {
            Some(ServerStart::AtOnce) => self.handshake().await,
            Some(ServerStart::Offered | ServerStart::Required) | None => Ok(()),
        }
    }

    pub(super) async fn start_tls(&mut self) -> Result<(), End> {
        if self.acceptor().is_none() {
            return self.fault(&replies::not_implemented());
        }
        if self.encrypted {
            return self.fault(&replies::out_of_order("TLS has begun already"));
        }
        if self.hello.is_none() {
            return self.fault(&replies::out_of_order("Say hello first"));
        }
        self.say_plainly(&replies::ready_for_tls());
        self.flush().await?;
        self.handshake().await?;
        // RFC 3207 4.2: anything learnt without TLS is forgotten, since anybody may have said it.
        self.forget_draft().await;
        self.forwarded.clear();
        self.hello = None;
        Ok(())
    }

    async fn handshake(&mut self) -> Result<(), End> {
        // What came ahead of the handshake is not the client's word (CVE-2011-0411).
        self.input.clear();
        let Some(acceptor) = self.acceptor().map(Acceptor::current) else { return Err(End::Lost) };
        let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        match timeout(SMTP_HANDSHAKE_WAIT, acceptor.accept(plain)).await {
            Ok(Ok(stream)) => {
                self.stream = Box::new(stream);
                self.encrypted = true;
                Ok(())
            }
            Ok(Err(error)) => {
                self.edge.count(MailEvent::HandshakesFailed, 1);
                tracing::warn!(%error, "a TLS handshake of a mail session failed");
                Err(End::Lost)
            }
            Err(_) => {
                self.edge.count(MailEvent::HandshakesFailed, 1);
                Err(End::Lost)
            }
        }
    }
}

fn is_for_everybody(command: &Command) -> bool {
    match command {
        Command::Helo(_)
        | Command::Ehlo(_)
        | Command::Lhlo(_)
        | Command::Noop
        | Command::Quit
        | Command::StartTls => true,
        Command::Mail { .. }
        | Command::Rcpt { .. }
        | Command::Data
        | Command::Rset
        | Command::Vrfy
        | Command::Xforward(_)
        | Command::Other => false,
    }
}
