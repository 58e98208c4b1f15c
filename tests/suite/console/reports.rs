//! Figures in the browser, without script: months by themselves, and days that can't be shown.

use contact_gateway::runtime::limits::FIGURES_MONTHS_MAX;
use hyper::StatusCode;

use super::browsing::Browsing;
use crate::office::Office;

#[tokio::test]
async fn each_month_has_its_name_in_either_language() {
    let office = Office::that_chose();
    let mut cy = Browsing::signed_in(&office, "Cy Dunn", "manager").await;
    let page = cy.get("/reports?from=2026-01-10&to=2026-03-20&by=month").await;
    assert!(page.has("Warning letters Figure Number Jan 2026 0 Feb 2026 0 Mar 2026 0"), "{page:?}");
    cy.cookies.insert("language".to_owned(), "cy".to_owned());
    let page = cy.get("/reports?from=2026-01-10&to=2026-03-20&by=month").await;
    assert!(page.has("Ion 2026 0 Chwef 2026 0 Maw 2026 0"), "{}", page.text());
}

#[tokio::test]
async fn days_that_cannot_be_shown_are_a_fault_at_their_field() {
    let office = Office::that_chose();
    let mut cy = Browsing::signed_in(&office, "Cy Dunn", "manager").await;
    let most = FIGURES_MONTHS_MAX.to_string();
    let cases = [
        ("/reports?from=2023-03-31&to=2026-03-20&by=month", "from", [most.as_str(), most.as_str()]),
        ("/reports?from=2026-03-21&to=2026-03-20", "to", ["before the first", "cyn y cyntaf"]),
    ];
    for (path, field, said) in cases {
        for (language, said) in ["en", "cy"].into_iter().zip(said) {
            cy.cookies.insert("language".to_owned(), language.to_owned());
            let page = cy.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.body.contains(&format!("<li><a href=\"#{field}\">")), "{}", page.body);
            let mark = format!("id=\"{field}-fault\">");
            let (_, fault) = page.body.split_once(&mark).unwrap();
            assert!(fault.split('<').next().unwrap().contains(said), "{path}, {language}");
            assert!(!page.body.contains("/reports.csv"), "{path}: there are no figures to save");
        }
    }
    // The same days, all together; and as many months as can be shown.
    for path in [
        "/reports?from=2023-03-31&to=2026-03-20",
        "/reports?from=2023-04-01&to=2026-03-20&by=month",
    ] {
        let page = cy.get(path).await;
        assert!(!page.body.contains("class=\"faults\""), "{path}");
        assert!(page.body.contains("/reports.csv"), "{path}");
    }
}

#[tokio::test]
async fn who_receives_reports_by_the_policy_is_named() {
    let office = Office::that_chose();
    let mut cy = Browsing::signed_in(&office, "Cy Dunn", "manager").await;
    let page = cy.get("/reports").await;
    assert!(page.has("By your policy reports go to: Director of operations, Board."), "{page:?}");
}

#[tokio::test]
async fn a_chart_has_the_words_of_its_table_in_either_language() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    let mut cy = Browsing::signed_in(&office, "Cy Dunn", "manager").await;
    for (language, channel) in [("en", "E-mail: "), ("cy", "E-bost: ")] {
        cy.cookies.insert("language".to_owned(), language.to_owned());
        let page = cy.get("/reports").await;
        assert!(page.has(channel), "{}", page.text());
        let (_, chart) = page.body.split_once("src=\"/reports/chart/contacts_by_channel?").unwrap();
        let (days, _) = chart.split_once('"').unwrap();
        let days = days.replace("&#38;", "&").replace("&amp;", "&");
        let chart = cy.get(&format!("/reports/chart/contacts_by_channel?{days}")).await;
        assert_eq!(chart.status, StatusCode::OK);
        assert!(chart.body.contains(&format!(">{channel}")), "{}", chart.body);
        assert!(!chart.body.contains("email,"), "{}", chart.body);
    }
}

#[tokio::test]
async fn a_report_for_a_board_says_so_and_the_calendar_which_weeks_it_shows() {
    let office = Office::that_chose();
    let mut cy = Browsing::signed_in(&office, "Cy Dunn", "manager").await;
    let page = cy.get("/reports?board=yes").await;
    assert!(page.body.contains("<title>Version for a board"), "{}", page.body);
    assert!(page.has("Reports Version for a board: small numbers hidden"), "{}", page.text());
    for (language, shown) in [
        ("en", "Weeks shown: Mon 2 Mar 2026 – Sun "),
        ("cy", "Wythnosau a ddangosir: Llun 2 Maw 2026 – Sul "),
    ] {
        cy.cookies.insert("language".to_owned(), language.to_owned());
        let page = cy.get("/calendar?from=2026-03-04").await;
        assert!(page.has(shown), "{}", page.text());
        let day = if language == "en" { ": Mon 2 Mar 2026" } else { ": Llun 2 Maw 2026" };
        let (_, title) = page.body.split_once("<title>").unwrap();
        assert!(title.split('<').next().unwrap().contains(day), "{title}");
    }
}
