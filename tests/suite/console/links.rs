//! Links with which a password is chosen, names that are taken, and what is cleared away.

use chrono::TimeDelta;
use contact_gateway::ports::documents::Listing;
use hyper::StatusCode;

use super::browsing::{Browsing, PASSWORD};
use crate::office::Office;

const CHOICE: [(&str, &str); 2] = [("password", PASSWORD), ("again", PASSWORD)];

async fn link(max: &mut Browsing<'_>, login: &str) -> String {
    let page = max.post(&format!("/settings/staff/{login}"), &[("verb", "link")]).await;
    let link = page.body.split("href=\"/invitation/").nth(1).unwrap();
    format!("/invitation/{}", link.split('"').next().unwrap())
}

#[tokio::test]
async fn of_several_links_the_last_holds_until_something_else_opens_the_account() {
    let office = Office::open();
    let mut max = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let mut bea = Browsing::signed_in(&office, "Bea Lind", "agent").await;
    let gone = async |path: &str| {
        let mut finder = Browsing::new(&office);
        assert_eq!(finder.get(path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(finder.post(path, &CHOICE).await.status, StatusCode::NOT_FOUND);
    };
    // It went to a wrong address; the next one goes to the right one.
    let wrong = link(&mut max, "bea.lind").await;
    let right = link(&mut max, "bea.lind").await;
    gone(&wrong).await;
    assert_eq!(bea.post(&right, &CHOICE).await.leads(), "/");
    gone(&right).await;
    // The password that was lost is found, and changed.
    let unused = link(&mut max, "bea.lind").await;
    let change =
        [("old", PASSWORD), ("password", "other words of hers"), ("again", "other words of hers")];
    assert_eq!(bea.post("/account/password", &change).await.leads(), "/account?done=password");
    gone(&unused).await;
    // Closed and opened again.
    let unused = link(&mut max, "bea.lind").await;
    for verb in ["close", "reopen"] {
        max.post("/settings/staff/bea.lind", &[("verb", verb)]).await;
    }
    gone(&unused).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_use_one_link_at_once_one_is_let_in() {
    let office = Office::open();
    let token = office.staff.accounts().first_invitation(&office.tuntum.id, None).await.unwrap();
    let path = format!("/invitation/tuntum/{}", token.unwrap());
    let (mut ann, mut bob) = (Browsing::new(&office), Browsing::new(&office));
    let who = |name, login| {
        [&[("name", name), ("login", login), ("role", "manager")][..], &CHOICE].concat()
    };
    let (hers, his) = (who("Ann Hall", "ann"), who("Bob Reed", "bob"));
    let (hers, his) = tokio::join!(ann.post(&path, &hers), bob.post(&path, &his));
    let mut got = [hers.status, his.status];
    got.sort();
    assert_eq!(got, [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND]);

    let mut first = if hers.status == StatusCode::SEE_OTHER { ann } else { bob };
    first
        .post("/settings/staff", &[("name", "Bea Lind"), ("login", "bea"), ("role", "agent")])
        .await;
    let path = link(&mut first, "bea").await;
    let (mut one, mut two) = (Browsing::new(&office), Browsing::new(&office));
    let (one, two) = tokio::join!(one.post(&path, &CHOICE), two.post(&path, &CHOICE));
    let mut got = [one.status, two.status];
    got.sort();
    assert_eq!(got, [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND]);
}

#[tokio::test]
async fn nobody_bears_the_name_of_another_or_of_the_gateway() {
    let office = Office::open();
    let mut max = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    for (name, why) in [
        ("mia  lund", "a colleague's"),
        ("Mi\u{430} Lund", "that looks like a colleague's"),
        ("Ann Agent", "a token's"),
        ("ANN-AGENT", "a token's"),
        ("Gateway", "the gateway's own"),
        ("keeper", "the gateway's own"),
    ] {
        let fields = [("name", name), ("login", "somebody"), ("role", "agent")];
        let page = max.post("/settings/staff", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {why}");
        assert!(page.has("Somebody has this name or sign-in name already"), "{name}");
    }
    // Another organisation's token keeps no name.
    let fields = [("name", "Sue Stranger"), ("login", "sue"), ("role", "agent")];
    let page = max.post("/settings/staff", &fields).await;
    assert!(page.has("Give them this link"));
    assert!(page.has("http://desk.example/invitation/tuntum/"), "{}", page.text());
}

#[tokio::test]
async fn what_has_ended_is_cleared_away_and_what_has_not_stays() {
    let office = Office::open();
    let mut max = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    link(&mut max, "mia.lund").await;
    let kept = async |kind: &str| {
        let all = office.store.documents(&office.tuntum.id, kind, Listing::of("id")).await;
        all.unwrap().documents.len()
    };
    assert_eq!((kept("session").await, kept("invitation").await), (1, 1));
    let desk = office.desk();
    assert_eq!(desk.clear_sign_ins(&office.tuntum.id).await.unwrap(), 0);
    office.clock.forward(TimeDelta::hours(25));
    assert_eq!(desk.clear_sign_ins(&office.tuntum.id).await.unwrap(), 1);
    assert_eq!((kept("session").await, kept("invitation").await), (0, 1));
    office.clock.forward(TimeDelta::hours(48));
    assert_eq!(desk.clear_sign_ins(&office.tuntum.id).await.unwrap(), 1);
    assert_eq!(kept("invitation").await, 0);
}
