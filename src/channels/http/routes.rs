//! Which configured path a request belongs to: the longest one that the request's path starts
//! with, compared segment by segment.

use std::collections::HashMap;

use super::path;

/// The configured paths, and their entries.
pub struct Routes<T> {
    targets: HashMap<String, T>,
    /// The configured path of each one as handlers may read it.
    read: HashMap<Vec<String>, String>,
    /// Every configured path is read by all handlers as it is written.
    plain: bool,
}

impl<T> Routes<T> {
    pub fn new(entries: impl IntoIterator<Item = (String, T)>) -> Self {
        let entries = entries.into_iter().map(|(path, target)| (trimmed(&path).to_owned(), target));
        let targets: HashMap<String, T> = entries.collect();
        let read = targets.keys().map(|path| (path::read(path), path.clone())).collect();
        let plain = targets.keys().all(|path| path::is_plain(path));
        Routes { targets, read, plain }
    }

    /// The entry at a path, and the rest of the path after the configured one: empty, or with a
    /// leading `/`. `None` too where a handler may read the path as one below another entry: it would
    /// hold to the wrong rules.
    pub fn find<'p>(&self, path: &'p str) -> Option<(&T, &'p str)> {
        let mut end = path.len();
        loop {
            let (base, behind) = path.split_at_checked(end)?;
            if let Some(target) = self.targets.get(base) {
                return self.is_read_as(path, base).then_some((target, behind));
            }
            end = base.rfind('/')?;
        }
    }

    /// Whether the longest entry of a path, as handlers may read it, is this one.
    fn is_read_as(&self, path: &str, base: &str) -> bool {
        if self.plain && path::is_plain(path) {
            return true;
        }
        let segments = path::read(path);
        let longest = (0..=segments.len())
            .rev()
            .find_map(|end| self.read.get(segments.get(..end).unwrap_or_default()));
        // Two entries may differ only in their case: each is found by its own.
        longest.is_none_or(|found| found == base || path::read(found) == path::read(base))
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
    fn a_path_that_a_handler_reads_as_anothers_belongs_to_nobody() {
        let routes = Routes::new([("/karbon".to_owned(), 1), ("/karbon/Contact".to_owned(), 2)]);
        for path in
            ["/karbon/contact", "/karbon//Contact", "/karbon/%43ontact/x", "/karbon/CONTACT;/"]
        {
            assert_eq!(routes.find(path), None, "{path}");
        }
        assert_eq!(routes.find("/karbon/Contact/%41"), Some((&2, "/%41")));
        assert_eq!(routes.find("/karbon/caf%C3%A9"), Some((&1, "/caf%C3%A9")));
        let numbered = Routes::new([("/karbon".to_owned(), 1), ("/karbon/3".to_owned(), 2)]);
        assert_eq!(numbered.find("/karbon/03"), None);
        assert_eq!(numbered.find("/karbon/003/x"), None);
        assert_eq!(numbered.find("/karbon/3/x"), Some((&2, "/x")));
        assert_eq!(numbered.find("/karbon/30"), Some((&1, "/30")));
    }

    #[test]
    fn the_root_takes_everything() {
        let routes = Routes::new([("/".to_owned(), 1)]);
        assert_eq!(routes.find("/any/thing"), Some((&1, "/any/thing")));
    }
}
