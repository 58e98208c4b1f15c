//! What a demo prints: what to open and what to paste. Everything works as pasted.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::scratch::{SAMPLES, Scratch};
use super::sinks::Sinks;
use super::stage::Link;

/// The whole text.
pub(super) fn text(scratch: &Scratch, sinks: &Sinks, links: &[Link]) -> String {
    let contacts = scratch.listeners.contacts;
    let staff = scratch.listeners.staff;
    let token = scratch.token("karbon");
    let config = scratch.config();
    let program = std::env::current_exe()
        .map_or_else(|_| "contact-gateway".to_owned(), |path| path.display().to_string());
    let forms: String = SAMPLES
        .iter()
        .map(|one| format!("  http://{contacts}/{}/contact   {}\n", one.id, one.name))
        .collect();
    let consoles: String = links
        .iter()
        .map(|Link { organisation, name, role, link }| {
            let does = does(role);
            let role = role.replace('_', " ");
            format!(
                "  {link}\n      the staff console of {organisation}: one press signs in {name}, {role}, who {does}\n"
            )
        })
        .collect();
    format!(
        "contact-gateway demo: five organisations, sample people, a scratch store in {folder}\n\
         Ctrl-C ends it and removes the folder.\n\
         \n\
         OPEN  in a browser\n{consoles}\n{forms}  http://{web}/   what reached the organisations: mail, forms, calls\n\
         \n\
         PASTE  into a shell\n\
         \n\
         {mail}\n{form}\n{call}\n{letter}\n\
         # Staff: the queues, one queue's items with the reasons, the audit trail.\n\
         curl -sS -H 'Authorization: Bearer {token}' http://{staff}/api/v1/queues\n\
         '{program}' queue list --config '{config}' --organisation karbon\n\
         '{program}' queue list limited --config '{config}' --organisation karbon\n\
         curl -sS -H 'Authorization: Bearer {token}' http://{staff}/api/v1/audit\n",
        folder = scratch.folder().display(),
        web = sinks.web,
        mail = mails(scratch),
        form = forms_to_paste(scratch),
        call = calls(scratch),
        letter = letters(scratch),
        config = config.display(),
    )
}

/// What somebody of this role does in the demo's cases.
fn does(role: &str) -> &'static str {
    match role {
        "manager" => {
            "proposes and reviews restrictions, reads the audit trail and keeps the settings"
        }
        "head_of_service" => "signs off what Sam Okoro proposed, and hears appeals",
        "governance" => {
            "reads the audit trail, and answers requests for what is held about somebody"
        }
        _ => "works the queues and records incidents",
    }
}

fn mails(scratch: &Scratch) -> String {
    let (smtp, outbound) = (scratch.listeners.smtp, scratch.listeners.outbound);
    let by = |listener: SocketAddr, from: &str, to: &str, subject: &str, text: &str| {
        format!(
            "printf 'From: {from}\\r\\nTo: {to}\\r\\nSubject: {subject}\\r\\n\\r\\n{text}\\r\\n' | \
             curl -sS smtp://{listener} --mail-from {from} --mail-rcpt {to} -T -\n"
        )
    };
    let mail = |from: &str, to: &str, subject: &str, text: &str| by(smtp, from, to, subject, text);
    let jo = "jo.marsh@mail.example";
    let karbon = "repairs@karbon.example";
    [
        "# E-mail. Jo Marsh may make two contacts a week, which go to Sam Okoro, and has made them: this\n\
         # one is kept, and Jo learns when to write again.\n"
            .to_owned(),
        mail(jo, karbon, "The fence again", "Nobody has come to look at the fence."),
        "# An emergency goes through, whatever the limits.\n".to_owned(),
        mail(jo, karbon, "Help", "I can smell gas, there is a gas leak in the kitchen."),
        "# Somebody without restrictions: delivered as it is.\n".to_owned(),
        mail("somebody@else.example", karbon, "Hello", "When are you open?"),
        "# A closed issue: a repeat is filed without reply.\n".to_owned(),
        mail(
            "ade.cole@mail.example",
            "complaints@tuntum.example",
            "Damp",
            "The damp in the bathroom is not treated although I have asked for it since the spring",
        ),
        "# A colleague answers Jo Marsh past Sam Okoro: held on its way out, for Sam to release or close.\n".to_owned(),
        by(outbound, "kim.reed@karbon.example", jo, "Your fence", "We come on Monday."),
    ]
    .concat()
}

fn forms_to_paste(scratch: &Scratch) -> String {
    let contacts = scratch.listeners.contacts;
    format!(
        "# A form. Lee Park contacts Karbon by e-mail or letter only: the message is kept, and the page says\n\
         # no more than to anybody, since anyone can type an address. A stranger's form reaches its handler.\n\
         curl -sS http://{contacts}/karbon/contact -d email=lee.park@mail.example -d message=Hello\n\
         curl -sS http://{contacts}/karbon/contact -d email=somebody@else.example -d message=Hello\n"
    )
}

/// Calls as Twilio signs them: HMAC-SHA1 over the URL and the sorted parameters.
fn calls(scratch: &Scratch) -> String {
    let call = |from: &str, id: &str| {
        let url = format!("http://{}/karbon/twilio/voice", scratch.listeners.contacts);
        let fields = BTreeMap::from([
            ("AccountSid", "AC00000000000000000000000000000001"),
            ("CallSid", id),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("From", from),
            ("To", "+441632960000"),
        ]);
        let signed: String = std::iter::once(url.clone())
            .chain(fields.iter().map(|(name, value)| format!("{name}{value}")))
            .collect();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, scratch.secret.as_bytes());
        let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
        let data: String = fields
            .iter()
            .map(|(name, value)| format!(" --data-urlencode '{name}={value}'"))
            .collect();
        format!("curl -sS {url} -H 'X-Twilio-Signature: {signature}'{data}\n")
    };
    [
        "# A call, signed as Twilio signs. Lee Park may not ring: a notice is spoken, with “press 1\n\
         # for an emergency”. Everybody else's call flow goes on.\n"
            .to_owned(),
        call("+447700900102", "CA00000000000000000000000000000001"),
        call("+447700900999", "CA00000000000000000000000000000002"),
    ]
    .concat()
}

fn letters(scratch: &Scratch) -> String {
    let staff = scratch.listeners.staff;
    let token = scratch.token("karbon");
    format!(
        "# A letter or a visit, logged by staff: the same decision for every channel.\n\
         curl -sS -H 'Authorization: Bearer {token}' http://{staff}/api/v1/contacts \
         -d '{{\"id\":\"letter-1\",\"channel\":\"letter\",\"from\":[{{\"kind\":\"phone\",\"value\":\"07700 900101\"}}],\"text\":\"A letter about the boiler\"}}'\n"
    )
}
