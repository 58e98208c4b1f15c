//! An identity provider: oidc-provider of npm, by `tests/clients/provider.mjs`, and somebody who signs in at it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use contact_gateway::casework::accounts::{AccountRules, Provider};
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::profile::Role;
use contact_gateway::domain::provider::{Admission, GroupRole, Unknown};
use contact_gateway::forward::oidc::OpenIdProvider;
use contact_gateway::forward::oidc::settings::ProviderSettings;
use contact_gateway::staff::console::{ConsoleSettings, ProviderLabel};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::browsing::{Browsing, Seen};
use crate::contacts_edge::client::raw;
use crate::contacts_edge::sdk::Client;
use crate::office::Office;

pub const DESK: &str = "http://desk.example";
pub const SECRET: &str = "a secret of the console";

/// A running provider. It ends with the test.
pub struct IdentityProvider {
    node: Client,
    address: SocketAddr,
}

impl IdentityProvider {
    /// Open to a console at these addresses, with Ann at the desk and Lea among the leads.
    pub fn open(consoles: &[&str]) -> Self {
        let mut node = Client::of_node("provider.mjs");
        let port = node.ask(&json!({"ask": "port"})).as_u64().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
        let mut provider = IdentityProvider { node, address };
        provider.ask(json!({"ask": "open", "callback": callbacks(consoles),
            "farewell": consoles.iter().map(|one| format!("{one}/sign-in")).collect::<Vec<_>>()}));
        provider.people(&json!({
            "ann": {"name": "Ann Hall", "preferred_username": "Ann@Tuntum.example", "groups": ["desk"]},
            "lea": {"name": "Lea Rees", "preferred_username": "lea@tuntum.example",
                "groups": ["everybody", "leads"]},
            "tom": {"name": "Tom Wynn", "groups": ["everybody"]},
        }));
        provider
    }

    pub fn ask(&mut self, facts: Value) -> Value {
        self.node.ask(&facts)
    }

    pub fn people(&mut self, people: &Value) {
        self.ask(json!({"ask": "people", "people": people}));
    }

    pub fn mischief(&mut self, mischief: Value) {
        self.ask(json!({"ask": "mischief", "mischief": mischief}));
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn settings(&self, name: &str, unknown: Unknown) -> ProviderSettings {
        let role = |group: &str, role: &str| GroupRole {
            organisation: OrganisationId::new("tuntum"),
            group: group.to_owned(),
            role: Role(role.to_owned()),
        };
        ProviderSettings {
            name: name.to_owned(),
            issuer: self.issuer(),
            client_id: "console".to_owned(),
            client_secret: SecretString::from(SECRET),
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            groups_claim: "groups".to_owned(),
            public_url: DESK.to_owned(),
            admission: Admission {
                roles: vec![role("leads", "manager"), role("desk", "agent")],
                unknown,
                methods: vec!["mfa".to_owned()],
                contexts: Vec::new(),
            },
            label: Some("Sign in with Tuntum's account".to_owned()),
            label_welsh: None,
        }
    }

    /// An office in which one signs in by this provider, called `entra`.
    pub fn office(&self, rules: AccountRules, unknown: Unknown) -> Office {
        let all = ["entra", "other"].map(|name| {
            let settings = self.settings(name, unknown);
            let admission = settings.admission.clone();
            let port = Arc::new(OpenIdProvider::new(settings).unwrap());
            (name.to_owned(), Provider { port, admission })
        });
        let english = Some("Sign in with Tuntum's account".to_owned());
        let label = ProviderLabel { english, welsh: None };
        Office::with_providers(rules, all.into()).with_console(ConsoleSettings {
            public_url: Some(DESK.to_owned()),
            providers: [("entra".to_owned(), label)].into(),
            ..ConsoleSettings::default()
        })
    }

    /// Somebody who is not signed in yet gives their name at the provider; where it sends the browser then.
    pub async fn passes(&self, url: &str, who: &str) -> String {
        let mut at = Url::parse(url).unwrap();
        let mut cookies = BTreeMap::new();
        let mut form = None;
        for _ in 0..10 {
            let got = self.step(&at, &mut cookies, form.take()).await;
            if got.0.is_empty() {
                form = Some(format!("prompt=login&login={who}&password=x"));
                continue;
            }
            at = at.join(&got.0).unwrap();
            if at.path().starts_with("/sign-in/") {
                return at.into();
            }
        }
        panic!("no end at {at}");
    }

    /// One request; where the answer leads, or nowhere.
    async fn step(
        &self,
        at: &Url,
        cookies: &mut BTreeMap<String, String>,
        form: Option<String>,
    ) -> (String, String) {
        let method = if form.is_some() { "POST" } else { "GET" };
        let query = at.query().map(|query| format!("?{query}")).unwrap_or_default();
        let kept: Vec<String> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let form = form.unwrap_or_default();
        let request = format!(
            "{method} {}{query} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            at.path(),
            self.address,
            kept.join("; "),
            form.len(),
        );
        let got = raw(self.address, request.as_bytes()).await;
        assert!(got.status < 400, "{request}\n{}\n{}", got.head, got.text());
        for cookie in got.fields("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        (got.field("location").unwrap_or_default(), got.text())
    }

    /// The whole way of a browser: to the provider, through it as somebody, and back.
    pub async fn through(&self, browsing: &mut Browsing<'_>, from: &str, who: &str) -> Seen {
        let url = browsing.get(from).await.leads().to_owned();
        let back = self.passes(&url, who).await;
        browsing.get(path_of(&back)).await
    }
}

fn callbacks(consoles: &[&str]) -> Vec<String> {
    let of = |console: &&str| {
        ["entra", "other"].map(|name| format!("{console}/sign-in/callback/{name}"))
    };
    consoles.iter().flat_map(of).collect()
}

/// Path and query of an address.
pub fn path_of(url: &str) -> &str {
    let from = url.find("://").unwrap() + 3;
    &url[from + url[from..].find('/').unwrap()..]
}
