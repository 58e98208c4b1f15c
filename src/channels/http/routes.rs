//! Which configured path a request belongs to: the longest one that the request's path starts
//! with, compared segment by segment.

use std::collections::HashMap;

/// The configured paths, and what is there.
pub struct Routes<T> {
    targets: HashMap<String, T>,
}

impl<T> Routes<T> {
    pub fn new(entries: impl IntoIterator<Item = (String, T)>) -> Self {
        let targets = entries.into_iter().map(|(path, target)| (trimmed(&path).to_owned(), target));
        Routes { targets: targets.collect() }
    }

    /// The entry at a path, and the rest of the path after the configured one: empty, or with a
    /// leading `/`.
    pub fn find<'p>(&self, path: &'p str) -> Option<(&T, &'p str)> {
        let mut end = path.len();
        loop {
            let (base, behind) = path.split_at_checked(end)?;
            if let Some(target) = self.targets.get(base) {
                return Some((target, behind));
            }
            end = base.rfind('/')?;
        }
    }
}

/// The rest of `path` after `base`; `None` if it is not below it.
pub fn below<'p>(base: &str, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix(trimmed(base))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// `/contact/` and `/contact` are one path; `/` is the empty one.
fn trimmed(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_path_wins_and_only_whole_segments_count() {
        let routes = Routes::new([
            ("/karbon".to_owned(), 1),
            ("/karbon/contact".to_owned(), 2),
            ("/derby/".to_owned(), 3),
        ]);
        assert_eq!(routes.find("/karbon/contact"), Some((&2, "")));
        assert_eq!(routes.find("/karbon/contact/"), Some((&2, "/")));
        assert_eq!(routes.find("/karbon/contact/step/2"), Some((&2, "/step/2")));
        assert_eq!(routes.find("/karbon/contacts"), Some((&1, "/contacts")));
        assert_eq!(routes.find("/karbonite"), None);
        assert_eq!(routes.find("/derby"), Some((&3, "")));
        assert_eq!(routes.find("/"), None);
    }

    #[test]
    fn the_root_takes_everything() {
        let routes = Routes::new([("/".to_owned(), 1)]);
        assert_eq!(routes.find("/any/thing"), Some((&1, "/any/thing")));
    }
}
