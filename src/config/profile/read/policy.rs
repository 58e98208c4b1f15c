//! Values given with their clause, or unset.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::config::fault::Wrong;
use crate::config::node::{Node, Value};
use crate::config::reader::{Field, Section, brief};
use crate::domain::profile::{Role, Roles, STAFF_ROLES};

/// Reads values given with their clause, and remembers the clauses.
pub(super) struct Policy {
    clauses: RefCell<BTreeMap<String, String>>,
    /// The roles that there are; empty: the list can't be read, which is a fault of its own.
    roles: Vec<String>,
}

const SAY_UNSET: &str = "the value with its clause, or \"unset\" where the policy is silent";

impl Policy {
    /// Begins with the separate clauses, as in the canonical JSON.
    pub(super) fn new(section: &Section<'_>) -> Self {
        let clauses = section
            .field("clauses")
            .and_then(|field| field.section())
            .map(|section| {
                let texts = section.entries().into_iter();
                texts
                    .filter_map(|(path, f)| Some((path.to_owned(), f.words()?.to_owned())))
                    .collect()
            })
            .unwrap_or_default();
        Policy { clauses: RefCell::new(clauses), roles: known_roles(section) }
    }

    /// The name of a role that there is: another one would be waited for, and nobody has it.
    pub(super) fn role_name(&self, field: &Field<'_>) -> Option<String> {
        let name = self.name(field)?;
        if self.roles.is_empty() || self.roles.contains(&name) {
            return Some(name);
        }
        field.fault(
            format!("`{}` is not one of the profile's `roles`", brief(&name)),
            format!("add it there, or write one of {}", self.roles.join(", ")),
        );
        None
    }

    pub(super) fn role_names(&self, field: &Field<'_>) -> Option<Vec<String>> {
        field.list(|item| self.role_name(item))
    }

    /// Where all clauses are, by the path of their value.
    pub(super) fn into_clauses(self) -> BTreeMap<String, String> {
        self.clauses.into_inner()
    }

    pub(super) fn cite(&self, path: &str, clause: Option<Field<'_>>) {
        let Some(clause) = clause.filter(|f| !f.node().is_unset()).and_then(|f| f.words()) else {
            return;
        };
        self.clauses.borrow_mut().insert(path.to_owned(), clause.to_owned());
    }

    /// A value of the policy, `None` where it is unset (or wrong, which is on record).
    pub(super) fn cited<'r, T>(
        &self,
        section: &Section<'r>,
        key: &'static str,
        read: impl FnOnce(&Field<'r>) -> Option<T>,
    ) -> Option<T> {
        let field = section.need(key, SAY_UNSET)?;
        self.cited_field(&field, read)
    }

    pub(super) fn cited_field<'r, T>(
        &self,
        field: &Field<'r>,
        read: impl FnOnce(&Field<'r>) -> Option<T>,
    ) -> Option<T> {
        if field.node().is_unset() {
            return None;
        }
        let holds_value =
            matches!(&field.node().value, Value::Table(table) if table.contains_key("value"));
        if !holds_value {
            return read(field);
        }
        let section = field.section()?;
        let value = section.field("value")?;
        self.cite(field.path(), section.field("clause"));
        section.close();
        if value.node().is_unset() { None } else { read(&value) }
    }

    /// A table of the policy, `None` where it is unset. Its clause is one of its keys.
    pub(super) fn cited_table<'r>(
        &self,
        section: &Section<'r>,
        key: &'static str,
    ) -> Option<Section<'r>> {
        let field = section.need(key, SAY_UNSET)?;
        if field.node().is_unset() {
            return None;
        }
        let table = field.section()?;
        self.cite(table.path(), table.field("clause"));
        Some(table)
    }

    /// A part of the profile that is always a table; its values may be unset.
    pub(super) fn part<'r>(&self, section: &Section<'r>, key: &'static str) -> Option<Section<'r>> {
        section
            .need(key, "the table with its values, \"unset\" where the policy is silent")?
            .section()
    }

    pub(super) fn flag(&self, section: &Section<'_>, key: &'static str) -> Option<bool> {
        self.cited(section, key, |f| f.boolean())
    }

    pub(super) fn name(&self, field: &Field<'_>) -> Option<String> {
        field.parsed(snake_case)
    }

    pub(super) fn names(&self, field: &Field<'_>) -> Option<Vec<String>> {
        field.list(|item| self.name(item))
    }

    pub(super) fn named(&self, section: &Section<'_>, key: &'static str) -> Option<String> {
        self.cited(section, key, |f| self.name(f))
    }

    pub(super) fn role(&self, section: &Section<'_>, key: &'static str) -> Option<Role> {
        self.cited(section, key, |f| self.role_name(f)).map(Role)
    }

    /// Who signs off, where a rule says so.
    pub(super) fn optional_roles(&self, section: &Section<'_>) -> Option<Roles> {
        let field = section.field("sign_off").filter(|f| !f.node().is_unset())?;
        Roles::any_of(self.one_role_or_more(&field)?.into_iter().map(Role).collect())
    }

    /// A clause that its own rule carries, and that is not kept a second time.
    pub(super) fn taken(&self, path: &str) -> Option<String> {
        self.clauses.borrow_mut().remove(path)
    }
}

/// The roles of every organisation, and those that the policy names.
fn known_roles(section: &Section<'_>) -> Vec<String> {
    let own = section.field("roles").and_then(|field| field.items()).unwrap_or_default();
    let named = |node: &Node| match &node.value {
        Value::Text(name) => Some(name.clone()),
        _ => None,
    };
    let name = |item: &Field<'_>| match &item.node().value {
        Value::Table(table) => table.get("name").and_then(named),
        Value::Text(name) => Some(name.clone()),
        _ => None,
    };
    let own: Option<Vec<String>> = own.iter().map(name).collect();
    let every = STAFF_ROLES.map(str::to_owned).into_iter();
    own.map(|own| every.chain(own).collect()).unwrap_or_default()
}

fn snake_case(text: &str) -> Result<String, Wrong> {
    let fits = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Wrong::new(
            format!("`{}` is not a name", brief(text)),
            "write it in lower case with underscores, such as head_of_service",
        ))
    }
}
