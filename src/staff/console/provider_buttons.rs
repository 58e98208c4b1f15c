//! The buttons by which somebody signs in at an identity provider.

use std::sync::Arc;

use super::form::quoted;
use super::visit::Guest;
use super::words;
use crate::domain::organisation::Organisation;
use crate::staff::Staff;

/// A way to sign in.
pub(super) struct Button {
    pub href: String,
    pub label: String,
}

/// A button of each provider and organisation; which organisation is said where there are several.
pub(super) fn buttons(
    staff: &Staff,
    guest: &Guest,
    organisations: &[&Arc<Organisation>],
    next: &str,
) -> Vec<Button> {
    let mut buttons = Vec::new();
    for organisation in organisations {
        for provider in staff.accounts().providers_of(&organisation.id) {
            let href = format!(
                "/sign-in/oidc/{}?organisation={}&next={}",
                quoted(provider),
                quoted(organisation.id.as_str()),
                quoted(next)
            );
            let own = label(staff, guest, provider);
            let label = match organisations {
                [_] => own,
                _ => format!("{own} – {}", organisation.profile.name),
            };
            buttons.push(Button { href, label });
        }
    }
    buttons
}

/// Buttons by which an invitation is taken up.
pub(super) fn to_link(
    staff: &Staff,
    guest: &Guest,
    organisation: &Organisation,
    token: &str,
) -> Vec<Button> {
    let button = |provider: &str| Button {
        href: format!(
            "/sign-in/oidc/{}?organisation={}&invitation={}",
            quoted(provider),
            quoted(organisation.id.as_str()),
            quoted(token)
        ),
        label: label(staff, guest, provider),
    };
    staff.accounts().providers_of(&organisation.id).map(button).collect()
}

fn label(staff: &Staff, guest: &Guest, provider: &str) -> String {
    let own = staff.console.providers.get(provider);
    let own = own.and_then(|label| label.in_language(guest.language));
    own.unwrap_or(words::SignIn::of(guest.language).by_provider).to_owned()
}
