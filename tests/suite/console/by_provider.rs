//! Signing in by an identity provider: who gets in, as what, and out again.

use chrono::TimeDelta;
use contact_gateway::casework::accounts::{AccountRules, NewAccount};
use contact_gateway::domain::profile::Role;
use contact_gateway::domain::provider::Unknown;
use hyper::StatusCode;
use serde_json::json;

use super::browsing::{Browsing, PASSWORD};
use super::provider::{DESK, IdentityProvider};
use super::signing_in::{code_of, sign_in};
use crate::office::{GOVERNANCE, Office};

const BEGIN: &str =
    "/sign-in/oidc/entra?organisation=tuntum&next=%2Fqueues%2Flimited%3Fstate%3Dall";

/// What the trail says of accounts, the newest first: whose, and what.
async fn trail(office: &Office) -> Vec<(String, String)> {
    let audit = office.get(GOVERNANCE, "/api/v1/audit?limit=100").await.json();
    let entries = audit["entries"].as_array().unwrap_or_else(|| panic!("{audit}")).clone();
    let of_accounts = entries.iter().filter(|entry| entry["event"] == "account");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut newest_first: Vec<_> =
        of_accounts.map(|entry| (text(&entry["account"]), text(&entry["action"]))).collect();
    newest_first.reverse();
    newest_first
}

#[tokio::test]
async fn somebody_signs_in_at_their_provider_and_their_groups_say_as_what() {
    let mut provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let mut ann = Browsing::new(&office);
    let page = ann.get("/sign-in?next=%2Fqueues%2Flimited%3Fstate%3Dall").await;
    assert!(page.has("Sign in with Tuntum's account") && page.has("Or with a name and password"));
    assert!(page.body.contains(&BEGIN.replace('&', "&#38;")), "{}", page.body);
    let back = provider.through(&mut ann, BEGIN, "ann").await;
    assert_eq!(back.leads(), "/queues/limited?state=all");
    assert!(!ann.cookies.contains_key("sign-in"), "it has served its purpose");
    let page = ann.get("/account").await;
    assert!(page.has("Ann Hall") && page.has("ann@tuntum.example") && page.has("Agent"));
    assert!(page.has("You sign in with your work account"), "{}", page.text());
    assert_eq!(ann.get("/settings").await.status, StatusCode::FORBIDDEN);
    let of_ann = |action: &str| ("ann@tuntum.example".to_owned(), action.to_owned());
    assert_eq!(trail(&office).await, [of_ann("signed_in"), of_ann("made_by_provider")]);

    // Another group, another role, from the next sign-in on; the account is the same though the name is not.
    provider.people(&json!({"ann": {"name": "Ann Rees", "groups": ["leads"]}}));
    let mut again = Browsing::new(&office);
    assert_eq!(
        provider.through(&mut again, BEGIN, "ann").await.leads(),
        "/queues/limited?state=all"
    );
    assert!(again.get("/settings/staff").await.has("Ann Hall ann@tuntum.example · work account"));
    assert_eq!(trail(&office).await[..2], [of_ann("signed_in"), of_ann("role_by_group")]);

    // Out of all groups: refused, and what the provider had begun is over.
    provider.people(&json!({
        "ann": {"name": "Ann Hall", "groups": ["everybody"]}, "tom": {"name": "Tom Wynn"}
    }));
    let page = provider.through(&mut Browsing::new(&office), BEGIN, "ann").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.has("none of your groups has access to this console"), "{}", page.text());
    assert_eq!(trail(&office).await[0], of_ann("provider_refused"));
    for browsing in [&mut ann, &mut again] {
        assert_eq!(browsing.get("/account").await.leads(), "/sign-in?next=%2Faccount");
    }
    // Who was never here leaves nothing behind.
    let page = provider.through(&mut Browsing::new(&office), BEGIN, "tom").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(office.staff.accounts().list(&office.tuntum.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_by_the_provider_is_one_like_any_other_and_ends_in_both_places() {
    let provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let mut ann = Browsing::new(&office);
    provider.through(&mut ann, BEGIN, "ann").await;
    let mut other = Browsing::new(&office);
    provider.through(&mut other, BEGIN, "ann").await;
    let page = ann.get("/account").await;
    assert_eq!(page.body.matches("name=\"session\"").count(), 1, "the other one can be ended");
    ann.post("/account/sessions", &[("all", "yes")]).await;
    assert_eq!(other.get("/account").await.leads(), "/sign-in?next=%2Faccount");
    // Signing out here leads to a page that leads to signing out there.
    let out = ann.post("/sign-out", &[]).await;
    assert_eq!(out.leads(), "/sign-in?done=out&by=entra");
    let page = ann.get("/sign-in?done=out&by=entra").await;
    assert!(page.has("You may still be signed in with your work account"), "{}", page.text());
    let farewell = ann.get("/sign-in/oidc/entra/out").await.leads().to_owned();
    let back = "post_logout_redirect_uri=http%3A%2F%2Fdesk.example%2Fsign-in";
    assert!(farewell.starts_with(&format!("{}/session/end?", provider.issuer())), "{farewell}");
    assert!(farewell.contains(back) && farewell.contains("client_id=console"), "{farewell}");
    assert_eq!(ann.get("/sign-in/oidc/nobody/out").await.status, StatusCode::NOT_FOUND);
    // Idle, and at the latest.
    provider.through(&mut ann, BEGIN, "ann").await;
    office.clock.forward(TimeDelta::minutes(31));
    assert_eq!(ann.get("/account").await.leads(), "/sign-in?next=%2Faccount");
}

#[tokio::test]
async fn keys_that_change_and_claims_in_another_place_are_found() {
    let mut provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let mut ann = Browsing::new(&office);
    let next = "/queues/limited?state=all";
    assert_eq!(provider.through(&mut ann, BEGIN, "ann").await.leads(), next);
    provider.ask(json!({"ask": "rotate"}));
    assert_eq!(provider.through(&mut ann, BEGIN, "ann").await.leads(), next);
    // Between the two halves of a sign-in as well, and with a key of another kind.
    let callback = [format!("{DESK}/sign-in/callback/entra")];
    let farewell = [format!("{DESK}/sign-in")];
    let elliptic = json!({"ask": "open", "callback": callback, "farewell": farewell, "alg": "ES256",
        "id_token_claims": false});
    let url = ann.get(BEGIN).await.leads().to_owned();
    provider.ask(elliptic);
    let back = provider.passes(&url, "lea").await;
    assert_eq!(ann.get(super::provider::path_of(&back)).await.leads(), next);
    // Her groups came from the userinfo endpoint: the token had none.
    assert!(ann.get("/account").await.has("Lea Rees"));
    assert_eq!(ann.get("/settings").await.status, StatusCode::OK);
}

#[tokio::test]
async fn no_account_passes_to_somebody_by_a_name_or_an_address() {
    let provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let mut max = Browsing::signed_in(&office, "Max Rhys", "manager").await;
    // An account with a password: once with the same name, once with the same login.
    Browsing::signed_in(&office, "Ann Hall", "agent").await;
    super::browsing::invited(
        &office,
        "lea@tuntum.example",
        "Leah Prys",
        "agent",
        &mut Browsing::new(&office),
    )
    .await;
    for who in ["ann", "lea"] {
        let mut somebody = Browsing::new(&office);
        let page = provider.through(&mut somebody, BEGIN, who).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{who}");
        assert!(page.has("There is an account here with your name already"), "{}", page.text());
        assert!(!somebody.cookies.contains_key("session"));
    }
    // Ann links the two by a link that was handed to her.
    let page = max.post("/settings/staff/ann.hall", &[("verb", "link")]).await;
    let from = page.body.find("/invitation/tuntum/").unwrap();
    let link = page.body[from..].split('"').next().unwrap().to_owned();
    let mut ann = Browsing::new(&office);
    let page = ann.get(&link).await;
    assert!(page.has("Use your work account instead"), "{}", page.text());
    assert!(page.has("From now on you sign in with it. Your password still works."));
    // Who never had a password reads nothing of one.
    let new = NewAccount {
        login: "bea".to_owned(),
        name: "Bea Moss".to_owned(),
        role: Role("agent".to_owned()),
    };
    let fresh = office.staff.accounts().invite(&office.tuntum, new, "test").await.unwrap();
    let page = Browsing::new(&office).get(&format!("/invitation/tuntum/{fresh}")).await;
    assert!(page.has("From now on you sign in with it.") && !page.has("Your password still works"));
    let page = ann.get(&link).await;
    let from = page.body.find("/sign-in/oidc/entra?").unwrap();
    let begin = page.body[from..].split('"').next().unwrap().replace("&#38;", "&");
    // Somebody of no group gets nothing by it, and uses nothing up.
    let page = provider.through(&mut Browsing::new(&office), &begin, "tom").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(provider.through(&mut ann, &begin, "ann").await.leads(), "/");
    assert!(ann.get("/account").await.has("ann.hall"));
    let page = provider.through(&mut Browsing::new(&office), &begin, "lea").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND, "it holds once");
    assert_eq!(ann.get(&link).await.status, StatusCode::NOT_FOUND);
    // From now on by either way; her identity opens no other account.
    assert_eq!(provider.through(&mut ann, BEGIN, "ann").await.leads(), "/queues/limited?state=all");
    assert!(ann.get("/account").await.has("ann.hall"));
    assert_eq!(sign_in(&mut ann, "ann.hall", PASSWORD, "/").await.leads(), "/");
    let leah =
        office.staff.accounts().invite_again(&office.tuntum.id, "lea@tuntum.example", "test");
    let leah = leah.await.unwrap();
    let begin = format!("/sign-in/oidc/entra?organisation=tuntum&invitation={leah}");
    let page = provider.through(&mut Browsing::new(&office), &begin, "ann").await;
    assert!(page.has("opens another account here already"), "{}", page.text());
}

#[tokio::test]
async fn a_role_by_group_ends_with_the_group_for_the_password_as_well() {
    let mut provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let next = "/queues/limited?state=all";
    let mut max = Browsing::signed_in(&office, "Max Rhys", "manager").await;
    Browsing::signed_in(&office, "Lea Rees", "agent").await;
    let link = office.staff.accounts().invite_again(&office.tuntum.id, "lea.rees", "test");
    let begin =
        format!("/sign-in/oidc/entra?organisation=tuntum&invitation={}", link.await.unwrap());
    assert_eq!(provider.through(&mut Browsing::new(&office), &begin, "lea").await.leads(), "/");
    // Her group made her a manager, by whichever way she comes in.
    let mut lea = Browsing::new(&office);
    assert_eq!(sign_in(&mut lea, "lea.rees", PASSWORD, "/").await.leads(), "/");
    assert_eq!(lea.get("/settings").await.status, StatusCode::OK);
    provider.people(&json!({"lea": {"name": "Lea Rees", "groups": ["everybody"]}}));
    let page = provider.through(&mut Browsing::new(&office), BEGIN, "lea").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let of_lea = |action: &str| ("lea.rees".to_owned(), action.to_owned());
    assert_eq!(trail(&office).await[..2], [of_lea("provider_refused"), of_lea("role_by_group")]);
    let mut again = Browsing::new(&office);
    assert_eq!(sign_in(&mut again, "lea.rees", PASSWORD, "/").await.leads(), "/");
    for browsing in [&mut lea, &mut again] {
        assert_eq!(browsing.get("/settings").await.status, StatusCode::FORBIDDEN);
        assert!(browsing.get("/account").await.has("No role yet"));
    }
    // What somebody here gave, no group takes away.
    max.post("/settings/staff/lea.rees", &[("verb", "role"), ("role", "agent")]).await;
    let page = provider.through(&mut Browsing::new(&office), BEGIN, "lea").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(lea.get("/queues").await.status, StatusCode::OK);
    // Nor the role of the last who keeps the settings, which nobody could give back.
    provider.people(&json!({"lea": {"name": "Lea Rees", "groups": ["leads"]}}));
    assert_eq!(provider.through(&mut Browsing::new(&office), BEGIN, "lea").await.leads(), next);
    office.staff.accounts().close(&office.tuntum, "max.rhys", "test").await.unwrap();
    provider.people(&json!({"lea": {"name": "Lea Rees"}}));
    let page = provider.through(&mut Browsing::new(&office), BEGIN, "lea").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(lea.get("/settings").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_link_lets_somebody_in_by_the_provider_whose_phone_is_lost() {
    let provider = IdentityProvider::open(&[DESK]);
    let rules =
        AccountRules { second_step: vec![Role("agent".to_owned())], ..AccountRules::default() };
    let office = provider.office(rules, Unknown::Refuse);
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let secret = ann.get("/account/second-step").await.field("secret");
    let code = code_of(&secret, &office);
    let fields = [("secret", secret.as_str()), ("code", &code), ("old", PASSWORD)];
    let page = ann.post("/account/second-step", &fields).await;
    assert!(page.has("Keep these recovery codes"), "{}", page.text());
    let link = office.staff.accounts().invite_again(&office.tuntum.id, "ann.hall", "test");
    let begin =
        format!("/sign-in/oidc/entra?organisation=tuntum&invitation={}", link.await.unwrap());
    // No code is asked for that only the lost phone has; her role needs a new one.
    let mut late = Browsing::new(&office);
    assert_eq!(provider.through(&mut late, &begin, "ann").await.leads(), "/");
    assert_eq!(late.get("/queues").await.leads(), "/account/second-step");
    let new = late.get("/account/second-step").await.field("secret");
    assert_ne!(new, secret);
    let code = code_of(&new, &office);
    let fields = [("secret", new.as_str()), ("code", &code), ("old", PASSWORD)];
    let page = late.post("/account/second-step", &fields).await;
    assert!(page.has("Keep these recovery codes"), "{}", page.text());
    assert_eq!(late.get("/queues").await.status, StatusCode::OK);
    // It is the new one that is asked for from now on, after the password as well.
    let half = sign_in(&mut Browsing::new(&office), "ann.hall", PASSWORD, "/").await;
    assert_eq!(half.leads(), "/sign-in/code?next=%2F");
}

#[tokio::test]
async fn people_of_no_group_may_do_nothing_until_somebody_gives_them_a_role() {
    let mut provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::NoDuties);
    let mut max = Browsing::signed_in(&office, "Max Rhys", "manager").await;
    let mut tom = Browsing::new(&office);
    provider.through(&mut tom, BEGIN, "tom").await;
    assert!(tom.get("/account").await.has("No role yet"));
    for closed in ["/", "/queues", "/people", "/audit", "/settings", "/cases"] {
        assert_eq!(tom.get(closed).await.status, StatusCode::FORBIDDEN, "{closed}");
    }
    // He has no name of his own to sign in with: the trail has the one made for him.
    let accounts = office.staff.accounts().list(&office.tuntum.id).await.unwrap();
    let his = accounts.iter().find(|account| account.name == "Tom Wynn").unwrap();
    assert!(his.login.starts_with("p-") && his.role == Role::none());
    let change = format!("/settings/staff/{}", his.login);
    max.post(&change, &[("verb", "role"), ("role", "agent")]).await;
    assert_eq!(tom.get("/queues").await.status, StatusCode::OK);
    // Signing in again takes nothing away that somebody gave; a group gives another, and its end takes that.
    provider.through(&mut tom, BEGIN, "tom").await;
    assert_eq!(tom.get("/queues").await.status, StatusCode::OK);
    provider.people(&json!({"tom": {"name": "Tom Wynn", "groups": ["leads"]}}));
    provider.through(&mut tom, BEGIN, "tom").await;
    assert_eq!(tom.get("/settings").await.status, StatusCode::OK);
    provider.people(&json!({"tom": {"name": "Tom Wynn"}}));
    provider.through(&mut tom, BEGIN, "tom").await;
    assert_eq!(tom.get("/queues").await.status, StatusCode::FORBIDDEN);
    // Closed is closed, whatever the provider says.
    max.post(&change, &[("verb", "close")]).await;
    let page = provider.through(&mut tom, BEGIN, "tom").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.has("Your account here is closed"), "{}", page.text());
}

#[tokio::test]
async fn the_providers_second_step_counts_where_the_configuration_says_so() {
    let mut provider = IdentityProvider::open(&[DESK]);
    let rules =
        AccountRules { second_step: vec![Role("agent".to_owned())], ..AccountRules::default() };
    let office = provider.office(rules, Unknown::Refuse);
    let next = "/queues/limited?state=all";
    let mut ann = Browsing::new(&office);
    for methods in [json!({}), json!({"claims": {"amr": ["pwd"]}})] {
        provider.mischief(methods);
        assert_eq!(provider.through(&mut ann, BEGIN, "ann").await.leads(), next);
        assert_eq!(ann.get(next).await.leads(), "/account/second-step");
    }
    provider.mischief(json!({"claims": {"amr": ["pwd", "mfa"]}}));
    assert_eq!(provider.through(&mut ann, BEGIN, "ann").await.leads(), next);
    assert_eq!(ann.get(next).await.status, StatusCode::OK);
    // Without it she sets up her own: she has no password, and has just come from the provider.
    provider.mischief(json!({}));
    provider.through(&mut ann, BEGIN, "ann").await;
    office.clock.forward(TimeDelta::minutes(11));
    let page = ann.get("/account/second-step").await;
    assert!(!page.body.contains("type=\"password\""), "{}", page.body);
    let secret = page.field("secret");
    let code = code_of(&secret, &office);
    let fields = [("secret", secret.as_str()), ("code", code.as_str())];
    let page = ann.post("/account/second-step", &fields).await;
    assert!(page.has("You signed in too long ago for this"), "{}", page.text());
    provider.through(&mut ann, BEGIN, "ann").await;
    let page = ann.post("/account/second-step", &fields).await;
    assert!(page.has("Keep these recovery codes"), "{}", page.text());
    // From then on its code is asked for, unless the provider asked for one.
    office.clock.forward(TimeDelta::seconds(30));
    let half = provider.through(&mut ann, BEGIN, "ann").await;
    assert_eq!(half.leads(), "/sign-in/code?next=%2Fqueues%2Flimited%3Fstate%3Dall");
    assert_eq!(ann.get(next).await.leads().split('?').next(), Some("/sign-in"));
    let code = code_of(&secret, &office);
    assert_eq!(ann.post("/sign-in/code", &[("code", &code), ("next", next)]).await.leads(), next);
    assert_eq!(ann.get(next).await.status, StatusCode::OK);
    provider.mischief(json!({"claims": {"amr": ["mfa"]}}));
    assert_eq!(provider.through(&mut ann, BEGIN, "ann").await.leads(), next);
}
