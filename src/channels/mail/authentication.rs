//! How far a sender's address is proven, by the border's Authentication-Results (RFC 8601).
//!
//! Anybody can write such a field. One counts only if its id is listed, if it is the topmost with
//! a listed id, and if every `Received` above it was written by a listed host of the border:
//! anything below a foreign server's `Received` came in with the message.

use super::mailbox::Address;
use crate::domain::identifier::{Assurance, domain_to_ascii};
use crate::ports::message::HeaderBlock;
use crate::runtime::limits::MAIL_COMMENT_DEPTH_MAX;

/// Whose fields count.
#[derive(Debug, Clone, Copy)]
pub struct Border<'a> {
    pub authserv_ids: &'a [String],
    pub hosts: &'a [String],
}

/// What the border found out about the From address; `None`: it has not looked.
pub fn assurance(
    head: &[u8],
    block: &HeaderBlock,
    border: Border<'_>,
    from: &Address,
) -> Option<Assurance> {
    let domain = domain_to_ascii(&from.domain)?;
    trusted(head, block, border).map(|found| judge(&found.findings, &domain))
}

/// The topmost field with a listed id, if it is in the right place.
fn trusted(head: &[u8], block: &HeaderBlock, border: Border<'_>) -> Option<Results> {
    for field in &block.fields {
        if field.is(head, "Received") {
            let host = received_by(field.value(head))?;
            if !border.hosts.iter().any(|known| known.eq_ignore_ascii_case(&host)) {
                return None;
            }
        } else if field.is(head, "Authentication-Results") {
            // A field that can't be read has no id either.
            let Some(results) = results(field.value(head)) else { continue };
            let listed = |id: &String| id.eq_ignore_ascii_case(&results.authserv_id);
            if border.authserv_ids.iter().any(listed) {
                return Some(results);
            }
        }
    }
    None
}

/// The host that wrote a `Received` field: the word after `by`.
fn received_by(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value);
    let pieces = pieces(&text)?;
    let words = words(&pieces);
    let by = words.iter().position(|word| word.eq_ignore_ascii_case("by"))?;
    Some(words.get(by + 1)?.trim_end_matches(';').to_owned())
}

/// One field: its author and the result.
#[derive(Debug, PartialEq, Eq)]
struct Results {
    authserv_id: String,
    findings: Vec<Finding>,
}

/// One method's result with its properties, names in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Finding {
    /// Names in lower case.
    pub(super) fn new(method: &str, result: &str, properties: &[(&str, &str)]) -> Finding {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Finding {
            method: method.to_owned(),
            result: result.to_owned(),
            properties: properties.iter().map(owned).collect(),
        }
    }

    fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(property, _)| property == name);
        found.map(|(_, value)| value.as_str())
    }

    fn is(&self, method: &str, result: &str) -> bool {
        self.method == method && self.result == result
    }
}

/// DMARC speaks for the From domain itself; DKIM and SPF for it where they are aligned.
pub(super) fn judge(findings: &[Finding], domain: &str) -> Assurance {
    let about_from = |finding: &&Finding| {
        finding.method == "dmarc"
            && finding.property("header.from").is_none_or(|from| domain_of(from) == domain)
    };
    if findings.iter().filter(about_from).any(|finding| finding.result == "fail") {
        return Assurance::Refuted;
    }
    let dmarc = findings.iter().filter(about_from).any(|finding| finding.result == "pass");
    if dmarc || findings.iter().any(|finding| is_aligned_pass(finding, domain)) {
        return Assurance::Proven;
    }
    Assurance::Asserted
}

fn is_aligned_pass(finding: &Finding, domain: &str) -> bool {
    let signer = if finding.is("dkim", "pass") {
        finding.property("header.d").or_else(|| finding.property("header.i"))
    } else if finding.is("spf", "pass") {
        finding.property("smtp.mailfrom")
    } else {
        None
    };
    signer.is_some_and(|signer| is_aligned(&domain_of(signer), domain))
}

/// RFC 9989's relaxed alignment, on the safe side: the same domain, or one above it. The other
/// direction would need the list of domains under which strangers have theirs.
fn is_aligned(signer: &str, domain: &str) -> bool {
    signer.contains('.')
        && (signer == domain
            || domain.strip_suffix(signer).is_some_and(|below| below.ends_with('.')))
}

/// The domain of `name@domain`, `@domain` or `domain`, in its comparable form.
fn domain_of(value: &str) -> String {
    let domain = value.rsplit_once('@').map_or(value, |(_, domain)| domain);
    domain_to_ascii(domain).unwrap_or_default()
}

/// RFC 8601 2.2: `authserv-id [version] *(";" method "=" result …)`; `None`: unreadable.
fn results(value: &[u8]) -> Option<Results> {
    let text = std::str::from_utf8(value).ok()?;
    let pieces = pieces(text)?;
    let mut parts = pieces.split(|piece| *piece == Piece::Sign(';'));
    let id = words(parts.next()?);
    let version = id.get(1).is_none_or(|version| version == "1");
    if id.is_empty() || id.len() > 2 || !version {
        return None;
    }
    let findings = parts.filter_map(|part| finding(&words(part))).collect();
    Some(Results { authserv_id: id.first()?.clone(), findings })
}

/// `method=result`, then properties; `None`: `none`, nothing, or something else.
fn finding(words: &[String]) -> Option<Finding> {
    let (method, result) = words.first()?.split_once('=')?;
    // `dkim/1=pass` names the method's version.
    let method = method.split('/').next().unwrap_or(method);
    let properties = words.iter().skip(1).filter_map(|word| {
        let (name, value) = word.split_once('=')?;
        Some((name.to_ascii_lowercase(), value.to_owned()))
    });
    Some(Finding {
        method: method.to_ascii_lowercase(),
        result: result.to_ascii_lowercase(),
        properties: properties.collect(),
    })
}

/// A character of a structured field, comments gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// Part of a word, whatever it looks like: it was quoted or is not a sign.
    Char(char),
    /// `;` or `=` outside quotes.
    Sign(char),
    Space,
}

/// `None`: a comment or quoted string does not end, or comments are nested too deep.
fn pieces(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted || depth > 0 => {
                let escaped = chars.next()?;
                if quoted {
                    pieces.push(Piece::Char(escaped));
                }
            }
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => {
                if !matches!(c, '\r' | '\n') {
                    pieces.push(Piece::Char(c));
                }
            }
            '(' => {
                depth += 1;
                if depth > MAIL_COMMENT_DEPTH_MAX {
                    return None;
                }
                pieces.push(Piece::Space);
            }
            ')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            ';' | '=' => pieces.push(Piece::Sign(c)),
            _ if c.is_whitespace() => pieces.push(Piece::Space),
            _ => pieces.push(Piece::Char(c)),
        }
    }
    (depth == 0 && !quoted).then_some(pieces)
}

/// The words of a part; spaces around the first `=` of a word belong to it, later ones are part
/// of the value (`header.b=ab==`).
fn words(pieces: &[Piece]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut joining = false;
    let mut spaced = false;
    for piece in pieces {
        match piece {
            Piece::Space => spaced = true,
            Piece::Sign('=') => {
                // `name = value`: the sign belongs to the name before it.
                word.push('=');
                joining = true;
                spaced = false;
            }
            Piece::Char(c) | Piece::Sign(c) => {
                if spaced && !joining && !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                word.push(*c);
                spaced = false;
                joining = false;
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn believed(head: &str) -> Assurance {
        let block = HeaderBlock::scan(head.as_bytes(), true);
        let ids = ["mx.example".to_owned()];
        let hosts = ["border.example".to_owned()];
        let from = Address { local: "jo".into(), domain: "mail.x.example".into() };
        let border = Border { authserv_ids: &ids, hosts: &hosts };
        assurance(head.as_bytes(), &block, border, &from).unwrap_or(Assurance::Asserted)
    }

    fn result(value: &str) -> Assurance {
        believed(&format!("Authentication-Results: {value}\r\n\r\n"))
    }

    #[test]
    fn results_are_read_in_every_form() {
        for value in [
            "mx.example; dmarc=pass header.from=mail.x.example",
            "MX.example 1; spf=none; dmarc=pass (p=reject; dis=none) header.from=mail.x.example",
            "mx.example;\r\n\tdkim=fail header.d=y.example;\r\n\tdkim=pass header.d=x.example",
            "\"mx.example\" ; dkim/1 = pass (good \\) one) header.i = @mail.x.example header.b=a==",
            "mx.example; spf=pass smtp.mailfrom=bounce@mail.x.example",
            "mx.example; dmarc=pass",
        ] {
            assert_eq!(result(value), Assurance::Proven, "{value}");
        }
        for value in [
            "mx.example; dmarc=fail header.from=mail.x.example",
            "mx.example; dkim=pass header.d=x.example; dmarc=fail (p=none)",
        ] {
            assert_eq!(result(value), Assurance::Refuted, "{value}");
        }
        for value in [
            "mx.example; none",
            "mx.example",
            "",
            "evil.example; dmarc=pass",
            "mx.example 2; dmarc=pass",
            "mx.example; dkim=pass header.d=y.example",
            "mx.example; dkim=pass header.d=example",
            "mx.example; dmarc=pass header.from=y.example",
            "mx.example; reason=\"; dmarc=pass\"",
            "mx.example (; dmarc=pass",
            "mx.example; dmarc=none",
            "mx.example; spf=pass smtp.mailfrom=a@evilx.example",
            "mx.example (evil); dkim=pass",
            "mx.example; spf=pass smtp.helo=mail.x.example",
            "evil; mx.example; dmarc=pass",
        ] {
            assert_eq!(result(value), Assurance::Asserted, "{value}");
        }
    }

    #[test]
    fn only_the_topmost_listed_field_above_foreign_hops_counts() {
        let pass = "Authentication-Results: mx.example; dmarc=pass\r\n";
        let fail = "Authentication-Results: mx.example; dmarc=fail\r\n";
        let other = "Authentication-Results: other.example; dmarc=fail\r\n";
        let ours = "Received: from a (b [192.0.2.1]) by border.example (x) with ESMTP; date\r\n";
        let foreign = "Received: from a by evil.example; date\r\n";
        let hidden = "Received: from a (by border.example) by evil.example; date\r\n";
        assert_eq!(believed(&[fail, pass].concat()), Assurance::Refuted);
        assert_eq!(believed(&[other, ours, pass, fail].concat()), Assurance::Proven);
        assert_eq!(believed(&[ours, foreign, pass].concat()), Assurance::Asserted);
        assert_eq!(believed(&[hidden, pass].concat()), Assurance::Asserted);
        assert_eq!(believed(&["Received: x\r\n", pass].concat()), Assurance::Asserted);
        assert_eq!(believed(&[pass, foreign].concat()), Assurance::Proven);
    }

    proptest! {
        #[test]
        fn no_field_breaks_the_reader(value in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = (results(&value), received_by(&value));
        }

        #[test]
        fn quoted_and_commented_text_is_never_a_finding(noise in "[a-z;= ]{0,30}") {
            let quoted = format!("mx.example; dkim=none reason=\"{noise}; dmarc=pass\"");
            prop_assert_eq!(result(&quoted), Assurance::Asserted);
            let commented = format!("mx.example; dkim=none ({noise}; dmarc=pass)");
            prop_assert_eq!(result(&commented), Assurance::Asserted);
        }
    }
}
