//! The way back from an item: to the page that led there, by its name.

use crate::domain::language::Language;
use crate::staff::console::form::quoted;
use crate::staff::console::{say, words};

/// What the link back says. `from`: a path of the console; `person`: who the item is about.
pub(super) fn back_name(from: &str, person: Option<(&str, &str)>, language: Language) -> String {
    let (w, f) = (words::Item::of(language), words::Frame::of(language));
    let path = from.split(['?', '#']).next().unwrap_or(from);
    let of_person = person.filter(|(id, _)| {
        let rest = path.strip_prefix(&format!("/people/{}", quoted(id)));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let name = match (path, of_person) {
        ("/", _) => f.my_work.to_owned(),
        ("/queues", _) => f.queues.to_owned(),
        ("/audit", _) => f.audit.to_owned(),
        (_, Some((_, name))) => name.to_owned(),
        _ if path == "/people" || path.starts_with("/people/") => f.people.to_owned(),
        _ => match path.strip_prefix("/queues/") {
            Some(queue) if !queue.contains('%') => say::queue(queue, language).0,
            _ => return f.back.to_owned(),
        },
    };
    format!("{} {name}", w.back_to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_back_names_the_page_to_which_it_leads() {
        for (from, english, welsh) in [
            ("/#i-c-2", "Back to My work", "Yn ôl i Fy ngwaith"),
            ("/queues/limited?state=all#i-c-2", "Back to Limited", "Yn ôl i Cyfyngedig"),
            ("/queues/sam-okoro", "Back to Sam Okoro", "Yn ôl i Sam Okoro"),
            ("/audit", "Back to Audit trail", "Yn ôl i Llwybr archwilio"),
            ("/people/P-1?tab=timeline", "Back to Jo Marsh", "Yn ôl i Jo Marsh"),
            ("/people/P-1/case?tab=case", "Back to Jo Marsh", "Yn ôl i Jo Marsh"),
            ("/people/P-11", "Back to People", "Yn ôl i Pobl"),
            ("/people", "Back to People", "Yn ôl i Pobl"),
            ("/calendar", "Back", "Yn ôl"),
        ] {
            let person = Some(("P-1", "Jo Marsh"));
            assert_eq!(back_name(from, person, Language::English), english);
            assert_eq!(back_name(from, person, Language::Welsh), welsh);
        }
    }
}
