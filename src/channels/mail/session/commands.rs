//! What each command does.

use super::draft::Draft;
use super::{End, Hello, Session};
use crate::channels::mail::envelope::Full;
use crate::channels::mail::message::Protocol;
use crate::channels::mail::replies;
use crate::channels::mail::wire::{Command, Parameter, Path};
use crate::ports::relay::Reply;
use crate::runtime::limits::MAIL_TRACE_BYTES_MAX;
use crate::runtime::metrics::MailEvent;

impl Session {
    pub(super) async fn obey(&mut self, command: Command) -> Result<(), End> {
        if !self.may_obey(&command) {
            return self.fault(&replies::tls_first());
        }
        match command {
            Command::Mail { .. } | Command::Rcpt { .. } | Command::Data | Command::Quit => {}
            Command::Helo(_)
            | Command::Ehlo(_)
            | Command::Lhlo(_)
            | Command::Xforward(_)
            | Command::Rset
            | Command::Noop
            | Command::Vrfy
            | Command::StartTls
            | Command::Other => self.idle()?,
        }
        match command {
            Command::Helo(name) => self.hello(name, false, Protocol::Smtp).await,
            Command::Ehlo(name) => self.hello(name, true, Protocol::Smtp).await,
            Command::Lhlo(name) => self.hello(name, true, Protocol::Lmtp).await,
            Command::Mail { path, parameters } => self.mail(path, &parameters),
            Command::Rcpt { path, parameters } => self.rcpt(path, &parameters).await,
            Command::Data => self.data().await,
            Command::Xforward(attributes) => self.xforward(attributes),
            Command::Rset => {
                self.forget_draft().await;
                self.forwarded.clear();
                self.say(&replies::ok());
                Ok(())
            }
            Command::Noop => {
                self.say(&replies::ok());
                Ok(())
            }
            Command::Vrfy => {
                self.say(&replies::verify());
                Ok(())
            }
            Command::Quit => {
                self.say(&replies::bye());
                Err(End::Done)
            }
            Command::StartTls => self.start_tls().await,
            Command::Other => self.fault(&replies::not_implemented()),
        }
    }

    async fn hello(&mut self, name: String, extended: bool, of: Protocol) -> Result<(), End> {
        if of != self.protocol {
            // RFC 2033 4.1: an LMTP server refuses HELO and EHLO.
            return self.fault(&Reply::new(500, "5.5.1 Command of another protocol"));
        }
        self.forget_draft().await;
        self.forwarded.clear();
        self.hello = Some(Hello { name, extended });
        let hostname = self.edge.settings.hostname.clone();
        if !extended {
            self.say_plainly(&Reply::new(250, &hostname));
            return Ok(());
        }
        self.offer = self.edge.relay.capabilities().await;
        let lines = std::iter::once(hostname).chain(self.offered()).collect();
        self.say_plainly(&Reply { code: 250, lines });
        Ok(())
    }

    /// The extensions offered: those about this connection are ours, the rest as downstream has them.
    fn offered(&self) -> Vec<String> {
        let mut offered = vec!["PIPELINING".to_owned(), format!("SIZE {}", self.size_limit())];
        if self.offer.eight_bit_mime {
            offered.push("8BITMIME".to_owned());
        }
        if self.trusted {
            offered.push("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE".to_owned());
        }
        if self.offer.dsn {
            offered.push("DSN".to_owned());
        }
        if self.offer.smtp_utf8 {
            offered.push("SMTPUTF8".to_owned());
        }
        if self.offers_tls() {
            offered.push("STARTTLS".to_owned());
        }
        offered.push("ENHANCEDSTATUSCODES".to_owned());
        offered
    }

    /// Our own limit, or downstream's less what the gateway's fields add.
    pub(super) fn size_limit(&self) -> u64 {
        let own = self.edge.settings.size_limit;
        match self.offer.size {
            None | Some(0) => own,
            Some(theirs) => own.min(theirs.saturating_sub(MAIL_TRACE_BYTES_MAX).max(1)),
        }
    }

    fn mail(&mut self, path: Path, parameters: &[Parameter]) -> Result<(), End> {
        let Some(hello) = &self.hello else {
            return self.fault(&replies::out_of_order("Say hello first"));
        };
        if self.draft.is_some() {
            return self.fault(&replies::out_of_order("Sender named already"));
        }
        if !hello.extended && !parameters.is_empty() {
            return self.fault(&replies::unknown_parameter());
        }
        for parameter in parameters {
            if let Err(reply) = self.mail_parameter(parameter) {
                return self.fault(&reply);
            }
        }
        let utf8 = parameters.iter().any(|parameter| parameter.keyword == "SMTPUTF8");
        if !utf8 && !path.raw.is_ascii() {
            return self.fault(&replies::needs_smtp_utf8());
        }
        self.draft = Some(Draft::new(path, parameters, self.forwarded.clone()));
        self.say(&replies::sender_ok());
        Ok(())
    }

    fn mail_parameter(&self, parameter: &Parameter) -> Result<(), Reply> {
        let value = parameter.value.as_deref();
        let wellformed = match parameter.keyword.as_str() {
            "SIZE" => {
                let size = value.filter(|v| v.len() <= 20).and_then(|v| v.parse::<u64>().ok());
                if size.is_some_and(|size| size > self.size_limit()) {
                    return Err(replies::too_large());
                }
                size.is_some()
            }
            "BODY" if self.offer.eight_bit_mime => value.is_some_and(|value| {
                value.eq_ignore_ascii_case("7BIT") || value.eq_ignore_ascii_case("8BITMIME")
            }),
            "SMTPUTF8" if self.offer.smtp_utf8 => value.is_none(),
            "RET" if self.offer.dsn => value.is_some_and(|value| {
                value.eq_ignore_ascii_case("FULL") || value.eq_ignore_ascii_case("HDRS")
            }),
            // RFC 3461 4.4: at most 100 characters.
            "ENVID" if self.offer.dsn => value.is_some_and(|value| value.len() <= 100),
            _ => return Err(replies::unknown_parameter()),
        };
        if wellformed { Ok(()) } else { Err(replies::bad_parameter_value()) }
    }

    async fn rcpt(&mut self, path: Path, parameters: &[Parameter]) -> Result<(), End> {
        let extended = self.hello.as_ref().is_some_and(|hello| hello.extended);
        let dsn = self.offer.dsn && extended;
        let Some(draft) = &mut self.draft else {
            return self.fault(&replies::out_of_order("Name the sender first"));
        };
        for parameter in parameters {
            if let Err(reply) = rcpt_parameter(parameter, dsn) {
                return self.fault(&reply);
            }
        }
        if !draft.smtp_utf8 && !path.raw.is_ascii() {
            return self.fault(&replies::needs_smtp_utf8());
        }
        if let Err(full) = draft.room.take(&path, parameters.iter().map(|one| &one.raw)) {
            if full == Full::Gateway {
                self.edge.count(MailEvent::NoRoom, 1);
                tracing::warn!("a recipient was deferred: too many are in hand");
            }
            self.say(&full.reply());
            return Ok(());
        }
        let answer = draft.add(&self.edge, self.protocol, path, parameters).await;
        self.say(&answer);
        Ok(())
    }

    fn xforward(&mut self, attributes: Vec<(String, String)>) -> Result<(), End> {
        if !self.trusted {
            return self.fault(&replies::not_implemented());
        }
        if self.draft.is_some() {
            return self.fault(&replies::out_of_order("Not within a transaction"));
        }
        for (name, value) in attributes {
            self.forwarded.retain(|(known, _)| *known != name);
            self.forwarded.push((name, value));
        }
        self.say(&replies::ok());
        Ok(())
    }
}

/// RFC 3461 4.1 and 4.2. The values are replayed as they are.
fn rcpt_parameter(parameter: &Parameter, dsn: bool) -> Result<(), Reply> {
    let value = parameter.value.as_deref();
    let wellformed = match parameter.keyword.as_str() {
        "NOTIFY" if dsn => value.is_some_and(is_notify),
        "ORCPT" if dsn => value.is_some_and(|value| value.len() <= 500 && value.contains(';')),
        _ => return Err(replies::unknown_parameter()),
    };
    if wellformed { Ok(()) } else { Err(replies::bad_parameter_value()) }
}

fn is_notify(value: &str) -> bool {
    value.eq_ignore_ascii_case("NEVER")
        || value.split(',').all(|word| {
            ["SUCCESS", "FAILURE", "DELAY"].iter().any(|known| word.eq_ignore_ascii_case(known))
        })
}
