//! Telling repetition from something that a person should look at.
//!
//! New evidence is never judged by the machine. A new attachment, or a text that is mostly not in
//! what was received before, makes it *possible*; then somebody looks.

use std::borrow::Cow;
use std::collections::HashSet;

use super::contact::Contact;
use super::fingerprints::fingerprint_of;
use super::reading::own_words;

/// Earlier contacts, to compare a contact with.
#[derive(Debug, Default)]
pub struct Seen<'s> {
    /// Fingerprints of each text.
    texts: Vec<Cow<'s, [u64]>>,
    attachments: HashSet<String>,
    /// Whether there was any earlier text or attachment at all.
    something: bool,
}

impl<'s> Seen<'s> {
    /// `fingerprints` as [`fingerprint`] gives them.
    pub fn add_text(&mut self, fingerprints: impl Into<Cow<'s, [u64]>>) {
        let fingerprints = fingerprints.into();
        self.something |= !fingerprints.is_empty();
        self.texts.push(fingerprints);
    }

    pub fn add_attachments<'a>(&mut self, digests: impl IntoIterator<Item = &'a String>) {
        for digest in digests {
            self.something = true;
            self.attachments.insert(digest.to_ascii_lowercase());
        }
    }
}

/// What is new in a contact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Names of attachments not seen before (the digest where there is no name).
    pub attachments: Vec<String>,
    pub text: TextNews,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextNews {
    /// There is no text of the sender's own.
    #[default]
    NoText,
    /// Mostly in what was received before.
    Repeated,
    /// Mostly not in what was received before; in percent.
    MostlyNew { percent: u8 },
    /// There was nothing to compare it with.
    NothingToCompare,
}

impl News {
    /// Whether somebody should look.
    pub fn is_possible(&self) -> bool {
        !self.attachments.is_empty()
            || matches!(self.text, TextNews::MostlyNew { .. } | TextNews::NothingToCompare)
    }

    /// What is new, a line each, for the queue item.
    pub fn lines(&self) -> Vec<String> {
        let text = match self.text {
            TextNews::NoText | TextNews::Repeated => None,
            TextNews::MostlyNew { percent } => {
                Some(format!("{percent} % of the text was not in earlier contacts"))
            }
            TextNews::NothingToCompare => {
                Some("There is no earlier contact to compare the text with".to_owned())
            }
        };
        self.attachments
            .iter()
            .map(|name| format!("Attachment not seen before: {name}"))
            .chain(text)
            .collect()
    }
}

/// Compares a contact, whose text has these fingerprints, with what is known. `new_text_share` is
/// the profile's threshold, 0 to 1.
pub fn news(contact: &Contact, fingerprints: &[u64], seen: &Seen<'_>, new_text_share: f64) -> News {
    let attachments = contact
        .attachments
        .iter()
        .filter(|attachment| !seen.attachments.contains(&attachment.sha256.to_ascii_lowercase()))
        .map(|attachment| {
            let name = attachment.name.trim();
            if name.is_empty() { attachment.sha256.clone() } else { name.to_owned() }
        })
        .collect();
    let text = if fingerprints.is_empty() {
        TextNews::NoText
    } else if !seen.something {
        TextNews::NothingToCompare
    } else {
        let new = not_in_any(fingerprints, &seen.texts);
        let share = new as f64 / fingerprints.len() as f64;
        if share > new_text_share {
            TextNews::MostlyNew { percent: percent(new, fingerprints.len()) }
        } else {
            TextNews::Repeated
        }
    };
    News { attachments, text }
}

/// How many fingerprints are in none of these texts. All are in order, so that each is gone through once.
fn not_in_any(fingerprints: &[u64], texts: &[Cow<'_, [u64]>]) -> usize {
    let mut left: Vec<u64> = fingerprints.to_vec();
    for text in texts {
        let mut known = text.iter().copied().peekable();
        left.retain(|print| {
            while known.next_if(|known| known < print).is_some() {}
            known.peek() != Some(print)
        });
    }
    left.len()
}

fn percent(part: usize, whole: usize) -> u8 {
    u8::try_from(part * 100 / whole.max(1)).unwrap_or(100)
}

/// The fingerprints of a text's own words ([`own_words`]).
pub fn fingerprint(text: &str) -> Vec<u64> {
    fingerprint_of(&own_words(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channel::Channel;
    use crate::domain::contact::Attachment;

    fn news(contact: &Contact, seen: &Seen<'_>, new_text_share: f64) -> News {
        super::news(contact, &fingerprint(contact.text.as_deref().unwrap()), seen, new_text_share)
    }

    fn contact(text: &str, attachments: &[&str]) -> Contact {
        let attachment =
            |digest: &&str| Attachment { name: String::new(), sha256: (*digest).into(), bytes: 1 };
        Contact {
            text: Some(text.into()),
            attachments: attachments.iter().map(attachment).collect(),
            ..Contact::new("c".into(), Channel::Email, "2026-11-21T10:00:00Z".parse().unwrap())
        }
    }

    fn seen(text: &str, attachments: &[&str]) -> Seen<'static> {
        let mut seen = Seen::default();
        seen.add_text(fingerprint(text));
        let attachments: Vec<String> = attachments.iter().map(|d| (*d).to_owned()).collect();
        seen.add_attachments(&attachments);
        seen
    }

    const EARLIER: &str = "The boiler in my flat has been broken since the first of October and \
                           nobody has come to look at it although I rang four times.";

    #[test]
    fn the_same_text_is_a_repeat_whatever_quotes_it_carries() {
        let text =
            format!("{EARLIER}\n\nOn Mon, 2 Nov 2026 at 09:00, Repairs wrote:\n> Dear you\n");
        assert_eq!(news(&contact(&text, &[]), &seen(EARLIER, &[]), 0.5).text, TextNews::Repeated);
    }

    /// They are compared with stored ones.
    #[test]
    fn fingerprints_stay_what_they_are() {
        let prints = fingerprint("The boiler is broken.");
        assert_eq!(prints, [5_953_679_154_286_335_460, 18_243_262_259_740_822_722]);
        assert_eq!(fingerprint("the BOILER, is: bröken"), prints);
        assert_eq!(fingerprint("boiler").len(), 1);
        assert!(fingerprint(" … ").is_empty());
    }

    #[test]
    fn a_new_attachment_is_news_even_with_the_same_text() {
        let news = news(&contact(EARLIER, &["AA", "bb"]), &seen(EARLIER, &["aa"]), 0.5);
        assert_eq!(news.attachments, vec!["bb".to_owned()]);
        assert!(news.is_possible());
    }

    #[test]
    fn mostly_new_text_is_news() {
        let text = "Here is the report of the gas engineer who came on Tuesday and measured it.";
        let news = news(&contact(text, &[]), &seen(EARLIER, &[]), 0.5);
        assert!(matches!(news.text, TextNews::MostlyNew { percent } if percent > 90));
    }

    #[test]
    fn what_stands_in_several_earlier_texts_is_not_new() {
        let texts = [vec![1, 4, 9], vec![], vec![2, 4, 10, 11]].map(Cow::Owned);
        assert_eq!(not_in_any(&[1, 2, 3, 4, 10, 12], &texts), 2);
        assert_eq!(not_in_any(&[], &texts), 0);
        assert_eq!(not_in_any(&[7], &[]), 1);
    }

    #[test]
    fn with_nothing_to_compare_some_text_is_possible_news_and_none_is_not() {
        assert!(news(&contact("hello", &[]), &Seen::default(), 0.5).is_possible());
        assert!(!news(&contact("  ", &[]), &Seen::default(), 0.5).is_possible());
    }

    fn news_of(prints: &[u64], seen: &Seen<'_>, share: f64) -> TextNews {
        super::news(&contact("", &[]), prints, seen, share).text
    }

    fn seen_prints(prints: &[u64]) -> Seen<'_> {
        let mut seen = Seen::default();
        seen.add_text(prints);
        seen
    }

    #[test]
    fn a_text_is_mostly_new_above_the_share_and_not_at_it() {
        let seen = seen_prints(&[1, 2, 3]);
        for (prints, share, text) in [
            (&[1, 2, 3, 4][..], 0.25, TextNews::Repeated),
            (&[1, 2, 3, 4], 0.24, TextNews::MostlyNew { percent: 25 }),
            (&[1, 4, 5], 0.5, TextNews::MostlyNew { percent: 66 }),
            (&[4, 5], 0.5, TextNews::MostlyNew { percent: 100 }),
            (&[4, 5], 1.0, TextNews::Repeated),
            (&[1, 2, 3], 0.0, TextNews::Repeated),
            (&[], 0.0, TextNews::NoText),
        ] {
            assert_eq!(news_of(prints, &seen, share), text, "{prints:?} {share}");
        }
    }

    #[test]
    fn an_earlier_text_or_attachment_is_something_to_compare_with_and_an_empty_text_is_not() {
        let new = TextNews::MostlyNew { percent: 100 };
        assert_eq!(news_of(&[1], &Seen::default(), 0.5), TextNews::NothingToCompare);
        assert_eq!(news_of(&[1], &seen_prints(&[]), 0.5), TextNews::NothingToCompare);
        assert_eq!(news_of(&[1], &seen_prints(&[7]), 0.5), new);
        let mut attached = Seen::default();
        attached.add_attachments(&["AA".to_owned()]);
        assert_eq!(news_of(&[1], &attached, 0.5), new);
        let mut then_empty = seen_prints(&[7]);
        then_empty.add_text(&[][..]);
        assert_eq!(news_of(&[1], &then_empty, 0.5), new);
    }

    #[test]
    fn what_is_new_is_listed_a_line_each() {
        let mut contact = contact("", &["AA", "bb", "cc"]);
        contact.attachments[1].name = " report.pdf ".to_owned();
        let mut seen = Seen::default();
        seen.add_attachments(&["aa".to_owned()]);
        let lines =
            |prints: &[u64], seen: &Seen<'_>| super::news(&contact, prints, seen, 0.5).lines();
        let files = ["Attachment not seen before: report.pdf", "Attachment not seen before: cc"];
        assert_eq!(lines(&[], &seen), files);
        assert_eq!(
            lines(&[1], &seen),
            [files[0], files[1], "100 % of the text was not in earlier contacts"]
        );
        seen.add_attachments(&["bb".to_owned(), "CC".to_owned()]);
        seen.add_text(vec![1]);
        assert_eq!(lines(&[1], &seen), [""; 0]);
        let nothing = News { attachments: Vec::new(), text: TextNews::NothingToCompare };
        assert_eq!(nothing.lines(), ["There is no earlier contact to compare the text with"]);
    }

    #[test]
    fn only_something_new_is_possible_news() {
        for (attachments, text, possible) in [
            (&["a.pdf"][..], TextNews::NoText, true),
            (&["a.pdf"], TextNews::Repeated, true),
            (&[], TextNews::MostlyNew { percent: 51 }, true),
            (&[], TextNews::NothingToCompare, true),
            (&[], TextNews::Repeated, false),
            (&[], TextNews::NoText, false),
        ] {
            let attachments = attachments.iter().map(|&one| one.to_owned()).collect();
            assert_eq!(News { attachments, text }.is_possible(), possible, "{text:?}");
        }
    }
}
