//! Which module names which, read from the source text: `use` declarations and paths written out,
//! each followed through `pub use` to the module that declares what is meant.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

/// The way to a module from the crate's root: `["channels", "mail", "listener"]`.
pub(super) type Module = Vec<String>;

/// One name of another module in the code: who names it, where it leads, how it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) from: Module,
    pub(super) to: Module,
    pub(super) written: String,
}

/// Re-exports lead to others: so many are followed.
const HOPS_MAX: usize = 8;

/// Words and punctuation, without comments, texts, and what is built for tests only.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let rest = &chars[at..];
        if rest.starts_with(&['/', '/']) {
            at += rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        } else if c == 'r' && matches!(rest.get(1), Some('"' | '#')) {
            at += raw_text(rest);
        } else if c == '"' {
            at += quoted(rest, '"');
        } else if c == '\'' && (rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'')) {
            at += quoted(rest, '\'');
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest.iter().position(|c| !c.is_alphanumeric() && *c != '_');
            let end = end.unwrap_or(rest.len());
            tokens.push(rest[..end].iter().collect());
            at += end;
        } else {
            if rest.starts_with(&[':', ':']) {
                tokens.push("::".to_owned());
                at += 1;
            } else if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            at += 1;
        }
    }
    without_tests(&tokens)
}

fn quoted(chars: &[char], mark: char) -> usize {
    let mut at = 1;
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => at += 2,
            c if *c == mark => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn raw_text(chars: &[char]) -> usize {
    let marks = chars[1..].iter().take_while(|c| **c == '#').count();
    if chars.get(1 + marks) != Some(&'"') {
        return 2 + marks; // `r#name`
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', marks)).collect();
    let body = 2 + marks;
    let found = chars[body..].windows(end.len()).position(|window| window == end);
    found.map_or(chars.len(), |found| body + found + end.len())
}

/// Takes off what `#[cfg(test)]` stands before: an item, up to its `;` or the end of its block.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().map(String::as_str).take(MARK.len()).eq(MARK) {
            at += MARK.len();
            let mut depth = 0;
            while let Some(token) = tokens.get(at) {
                at += 1;
                match token.as_str() {
                    "{" | "(" | "[" => depth += 1,
                    "}" if depth == 1 => break,
                    "}" | ")" | "]" => depth -= 1,
                    ";" if depth == 0 => break,
                    _ => {}
                }
            }
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// What one module declares about names: what its `use`s bind, what they take whole, and every path
/// in it.
#[derive(Default)]
struct Names {
    bound: BTreeMap<String, Module>,
    globs: Vec<Module>,
    paths: BTreeSet<Module>,
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

impl Names {
    fn read(tokens: &[String]) -> Self {
        let mut names = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            let starts = at == 0 || tokens[at - 1] != "::";
            if tokens[at] == "use" {
                at = names.tree(tokens, at + 1, &[]);
            } else if starts && is_word(&tokens[at]) {
                let mut path = vec![tokens[at].clone()];
                at += 1;
                while tokens.get(at).is_some_and(|token| token == "::")
                    && tokens.get(at + 1).is_some_and(|token| is_word(token))
                {
                    path.push(tokens[at + 1].clone());
                    at += 2;
                }
                if path.len() > 1 {
                    names.paths.insert(path);
                }
            } else {
                at += 1;
            }
        }
        names
    }

    /// Reads a tree of a `use` from `at`, below `before`; gives the place after it.
    fn tree(&mut self, tokens: &[String], mut at: usize, before: &[String]) -> usize {
        let mut path = before.to_vec();
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token.as_str() {
                "::" => {}
                "*" => {
                    self.paths.insert(path.clone());
                    self.globs.push(path);
                    return at;
                }
                "{" => {
                    while tokens.get(at).is_some_and(|token| token != "}") {
                        at = self.tree(tokens, at, &path);
                        if tokens.get(at).is_some_and(|token| token == ",") {
                            at += 1;
                        }
                    }
                    return at + 1;
                }
                "as" => {
                    let name = tokens.get(at).cloned().unwrap_or_default();
                    self.bind(name, path);
                    return at + 1;
                }
                "self" if !path.is_empty() => {}
                word if is_word(word) => path.push(word.to_owned()),
                _ => {
                    at -= 1;
                    break;
                }
            }
        }
        if let Some(name) = path.last().cloned() {
            self.bind(name, path);
        }
        at
    }

    fn bind(&mut self, name: String, path: Module) {
        self.paths.insert(path.clone());
        self.bound.insert(name, path);
    }
}

/// The modules of a crate, each a file, with the names in each.
pub(super) struct Crate {
    modules: BTreeMap<Module, Names>,
}

impl Crate {
    pub(super) fn read<'a>(files: impl IntoIterator<Item = (Module, &'a str)>) -> Self {
        let modules =
            files.into_iter().map(|(module, text)| (module, Names::read(&tokens(text)))).collect();
        Self { modules }
    }

    pub(super) fn imports(&self) -> BTreeSet<Import> {
        let mut imports = BTreeSet::new();
        for (from, names) in &self.modules {
            for path in &names.paths {
                if let Some(to) = self.lead(from, path, HOPS_MAX).filter(|to| to != from) {
                    imports.insert(Import { from: from.clone(), to, written: path.join("::") });
                }
            }
        }
        imports
    }

    /// The module in which `path` ends when `from` names it; `None` if that is no module of ours.
    fn lead(&self, from: &Module, path: &[String], hops: usize) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let hops = hops.checked_sub(1)?;
        match first.as_str() {
            "crate" => self.down(Module::new(), rest, hops),
            "self" => self.down(from.clone(), rest, hops),
            "super" => self.down(from[..from.len().checked_sub(1)?].to_vec(), rest, hops),
            _ => self.step(from, first, rest, hops),
        }
    }

    fn down(&self, module: Module, path: &[String], hops: usize) -> Option<Module> {
        match path.split_first() {
            None => Some(module),
            Some((first, rest)) if first == "super" => {
                self.down(module[..module.len().checked_sub(1)?].to_vec(), rest, hops)
            }
            Some((first, rest)) => self.step(&module, first, rest, hops).or(Some(module)),
        }
    }

    /// Where `name` of `module` leads: a child, or what a `use` binds.
    fn step(&self, module: &Module, name: &str, rest: &[String], hops: usize) -> Option<Module> {
        let child: Module = module.iter().cloned().chain([name.to_owned()]).collect();
        if self.modules.contains_key(&child) {
            return self.down(child, rest, hops);
        }
        let names = self.modules.get(module)?;
        if let Some(bound) = names.bound.get(name) {
            let path: Module = bound.iter().chain(rest).cloned().collect();
            if bound.first().is_some_and(|first| first != name) || bound.len() > 1 {
                return self.lead(module, &path, hops);
            }
        }
        None
    }
}

/// What a folder's children name of each other, where that runs in a circle: one entry per circle,
/// with the children in it and every import that keeps it closed.
pub(super) fn circles(imports: &BTreeSet<Import>) -> Vec<(Module, Vec<String>, Vec<Import>)> {
    let mut folders: BTreeMap<Module, Vec<(&str, &str, &Import)>> = BTreeMap::new();
    for import in imports {
        let shared = import.from.iter().zip(&import.to).take_while(|(a, b)| a == b).count();
        // Parent and child of one module may name each other.
        if let (Some(from), Some(to)) = (import.from.get(shared), import.to.get(shared)) {
            folders.entry(import.from[..shared].to_vec()).or_default().push((from, to, import));
        }
    }
    let mut found = Vec::new();
    for (folder, edges) in folders {
        let mut reach: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (from, to, _) in &edges {
            reach.entry(from).or_default().insert(to);
        }
        loop {
            let before: usize = reach.values().map(BTreeSet::len).sum();
            for (from, reached) in reach.clone() {
                for next in reached {
                    let further = reach.get(next).cloned().unwrap_or_default();
                    reach.entry(from).or_default().extend(further);
                }
            }
            if reach.values().map(BTreeSet::len).sum::<usize>() == before {
                break;
            }
        }
        let both = |a: &str, b: &str| {
            let leads = |a, b| reach.get(a).is_some_and(|reached| reached.contains(b));
            leads(a, b) && leads(b, a)
        };
        let mut rings: BTreeMap<Vec<String>, Vec<Import>> = BTreeMap::new();
        for (from, to, import) in edges {
            if both(from, to) {
                let ring = reach.keys().filter(|other| both(from, other));
                let ring = ring.map(|name| (*name).to_owned()).collect();
                rings.entry(ring).or_default().push(import.clone());
            }
        }
        found.extend(rings.into_iter().map(|(ring, imports)| (folder.clone(), ring, imports)));
    }
    found
}
