//! Every page of the console, judged by axe-core in a browser: both languages, both colour schemes, desktop
//! and phone; and nothing that scrolls sideways at 320 pixels, which is 1280 at 400 % (WCAG 2.2, 1.4.10).

use contact_gateway::staff::console::contents;
use serde_json::{Value, json};

use super::demo::Demo;
use super::monday_browser::leave_by;
use crate::real_input::accessible::{RULES, axe};
use crate::real_input::browser::Browser;

/// The rules of axe-core that look at colours.
const COLOURS: &str = "{runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}}";

/// Pages that need nothing of the demo's, and what leads to those that do.
const PAGES: [&str; 60] = [
    "/",
    "/queues",
    "/queues/limited",
    "/queues/limited?state=done",
    "/queues/emergency",
    "/people",
    "/people?q=nobody",
    "/people/K-1",
    "/people/K-1?tab=timeline",
    "/people/K-3?tab=identifiers",
    "/people/K-3?tab=record",
    "/audit",
    "/audit?by=nobody",
    "/settings",
    "/settings/profile",
    "/settings/staff",
    "/settings/connections",
    "/settings/rosters",
    "/settings/rosters/leavers",
    "/settings/templates",
    "/settings/templates?language=cy&sample=4&size=large",
    "/settings/templates/cy",
    "/account",
    "/account/second-step",
    "/help",
    "/no/such/page",
    "/people/K-6/case",
    "/people/K-2/case",
    "/people/K-5/proposals/K-5-PR-1",
    "/people/K-6/letters/K-6-L-1",
    "/people/K-4/steps/record_incident",
    "/people/K-4/steps/give_warning",
    "/people/K-4/steps/propose",
    "/people/K-4/steps/propose?kind=hours_only",
    "/people/K-4/steps/propose?kind=single_point_of_contact",
    "/people/K-4/steps/propose?kind=contact_quota",
    "/people/K-5/steps/sign_off?of=K-5-PR-1",
    "/people/K-6/steps/review?of=K-6-R-1",
    "/people/K-6/steps/receive_appeal?of=K-6-R-1",
    "/people/K-6/steps/assign_hearer?of=K-6-A-1",
    "/people/K-6/steps/draft_letter?of=K-6-R-1&kind=variation",
    "/cases",
    "/decisions",
    "/appeals",
    "/incidents?state=all",
    "/letters?state=all",
    "/calendar",
    "/reports",
    "/reports?board=yes",
    "/reports?from=2020-01-01&by=month",
    "/people/K-7?tab=identifiers",
    "/people/K-7/merge",
    "/people/K-3/merge?q=a",
    "/people/K-3/merge?other=K-6",
    "/people/K-3/merge?other=K-3",
    "/people/K-1/erasure",
    "/people/K-6/erasure",
    "/retention",
    "/people/K-1/equality",
    "/reports/equality",
];

/// Routes that are no pages, with what they are.
const NO_PAGES: [(&str, &str); 20] = [
    ("/assets/{file}", "what pages are made of"),
    ("/live", "a stream of events"),
    ("/sign-in/oidc/{provider}", "the way to another site"),
    ("/sign-in/oidc/{provider}/out", "the same"),
    ("/sign-in/callback/{provider}", "the way back from it"),
    ("/calendar.ics", "a calendar"),
    ("/reports.csv", "a table to save"),
    ("/reports/equality.csv", "a table to save"),
    ("/reports/chart/{figure}", "a picture on a page"),
    ("/queues/{queue}/export", "a file to save"),
    ("/items/{item}/original/html", "a stranger's page, in a frame"),
    ("/items/{item}/original/download", "a file to save"),
    ("/people/{person}/record", "a sheet to print, judged with the letters"),
    ("/people/{person}/record/json", "a file to save"),
    ("/people/{person}/letters/{letter}/page", "the letter itself, judged with the letters"),
    ("/people/{person}/letters/{letter}/large", "the same"),
    ("/people/{person}/letters/{letter}/text", "a file to save"),
    ("/people/{person}/letters/{letter}/pdf", "a file to save"),
    ("/people/{person}/proposals/{proposal}/letter", "the letter itself"),
    ("/settings/templates/sample", "a letter itself"),
];

/// Whether a page is one of a route.
fn is_of(page: &str, route: &str) -> bool {
    let page: Vec<&str> = page.split('?').next().unwrap().split('/').collect();
    let route: Vec<&str> = route.split('/').collect();
    page.len() == route.len()
        && page.iter().zip(&route).all(|(part, of)| of.starts_with('{') || part == of)
}

/// A page of each route that no page above is of, with what the demo has in the place of its parts: so that a new
/// page is judged without anybody's thinking of it.
fn pages_of_other_routes(known: &[String]) -> Vec<String> {
    let routes = contents().into_iter().filter(|one| one.method == "GET").map(|one| one.path);
    let others = routes.filter(|route| {
        !known.iter().any(|page| is_of(page, route))
            && !NO_PAGES.iter().any(|(listed, _)| listed == route)
    });
    let filled = others.map(|route| {
        let page = super::routes::filled_path(route, "demo-karbon-3", "K-6");
        let about = if route.contains("/steps/") { "?of=K-6-R-1" } else { "" };
        format!("{page}{about}")
    });
    filled.collect()
}

/// Fills in the form of a page and sends it: where that leads.
pub(super) fn sent(
    browser: &mut Browser,
    page: &str,
    button: &str,
    typed: &[(&str, &str)],
) -> String {
    browser.open(page);
    for (field, text) in typed {
        browser.fill(&format!("[name={field}]"), text);
    }
    leave_by(browser, button);
    browser.run("return location.pathname").as_str().unwrap().to_owned()
}

/// Erases somebody by two people: the address of the proof.
fn erased(demo: &Demo, browser: &mut Browser) -> String {
    let page = format!("{}/people/K-4/erasure", demo.root());
    let clause = [("clause", "UK GDPR Art. 17(1)(d)")];
    sent(browser, &page, "button[value=ask]", &clause);
    // Somebody else approves it.
    sent(browser, &demo.links_of("karbon")[2], "main form button", &[]);
    let proof = sent(browser, &page, "form[action$=approval] button", &[]);
    assert!(proof.starts_with("/erasures/"), "{proof}");
    proof
}

#[test]
fn every_page_is_accessible_in_english() {
    every_page_is_accessible("en");
}

#[test]
fn every_page_is_accessible_in_welsh() {
    every_page_is_accessible("cy");
}

/// On desktop and phone, on light and dark ground.
fn every_page_is_accessible(language: &str) {
    let demo = Demo::start();
    let axe = axe();
    let mut browser = demo.browser("karbon");
    let root = demo.root();
    // The one that has HTML, a picture that would tell its sender, and an attachment.
    let item = "/items/demo-karbon-3".to_owned();
    browser.open(&format!("{root}{item}/original?as=sent"));
    assert_eq!(browser.run("return document.querySelectorAll('iframe').length"), 1);
    let mut pages: Vec<String> = PAGES.iter().map(|page| (*page).to_owned()).collect();
    pages.extend([
        item.clone(),
        format!("{item}/original"),
        format!("{item}/original?as=sent"),
        format!("{item}/confirm/release"),
        "/accessibility".to_owned(),
        "/sign-in".to_owned(),
    ]);
    let merging = format!("{root}/people/K-3/merge?other=K-7");
    let why = [("why", "One tenancy, two spellings.")];
    let merge = sent(&mut browser, &merging, "main form[method=post] button", &why);
    assert!(merge.contains("/unmerge/"), "{merge}");
    pages.push(merge);
    pages.push("/erasures/{erasure}".to_owned());
    pages.extend(pages_of_other_routes(&pages));
    pages.retain(|page| !page.contains('{'));
    let mut faults = walked(&mut browser, &root, &axe, language, &pages);
    let proof = erased(&demo, &mut browser);
    let left = [proof, "/retention".to_owned()];
    faults.extend(walked(&mut browser, &root, &axe, language, &left));
    browser.stop();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is wrong with pages, at each width. On the other ground only colours are others.
fn walked(
    browser: &mut Browser,
    root: &str,
    axe: &str,
    language: &str,
    pages: &[String],
) -> Vec<String> {
    let mut faults = Vec::new();
    browser.open(&format!("{root}/help"));
    browser.run(&format!("document.cookie = 'language={language}; path=/'"));
    for (width, ground, other) in [(1280, "light", "dark"), (320, "dark", "light")] {
        sized(browser, width);
        for page in pages {
            let what = |ground| format!("{page}, {language}, {ground}, {width} px");
            put_on(browser, ground);
            browser.open(&format!("{root}{page}"));
            faults.extend(judge(browser, axe, &what(ground)));
            put_on(browser, other);
            let found = found_by_axe(browser, COLOURS, &what(other));
            assert!(found.passed("color-contrast"), "{}: not judged", what(other));
            faults.extend(found.fault);
        }
    }
    faults
}

/// Shows pages on light or dark ground.
fn put_on(browser: &mut Browser, ground: &str) {
    browser.tell_chromium(
        "Emulation.setEmulatedMedia",
        &json!({"features": [{"name": "prefers-color-scheme", "value": ground}]}),
    );
}

/// The first button that sends a form; one that drops what was typed may come before it.
const FIRST: &str = "main form[method=post] button:not([type=button])";

/// Forms that are sent as they are, and refused.
const REFUSED: [(&str, &str); 7] = [
    ("/people/new", FIRST),
    ("/people/K-4/steps/record_incident", FIRST),
    ("/people/K-4/steps/propose?kind=contact_quota", FIRST),
    ("/people/K-6/steps/receive_appeal?of=K-6-R-1", FIRST),
    ("/people/K-1/erasure", "button[value=ask]"),
    ("/people/K-3/merge?other=K-7", FIRST),
    ("/queues/limited", ".bulk button[value=close]"),
];

#[test]
fn pages_that_refuse_are_accessible_in_either_language() {
    let demo = Demo::start();
    let (axe, root) = (axe(), demo.root());
    let mut faults = Vec::new();
    let mut browser = Browser::start();
    // Links that nobody has used yet, of which the other walk sees none.
    for link in [demo.link("karbon"), demo.link("tuntum")] {
        browser.open(link);
        faults.extend(judge(&mut browser, &axe, link));
    }
    browser.open(&demo.links_of("karbon")[2]);
    leave_by(&mut browser, "main form button");
    for language in ["en", "cy"] {
        browser.run(&format!("document.cookie = 'language={language}; path=/'"));
        for (page, button) in REFUSED {
            sent(&mut browser, &format!("{root}{page}"), button, &[]);
            faults.extend(refusing(&mut browser, &axe, &format!("{page}, {language}")));
        }
        // Somebody else changed it meanwhile.
        browser.open(&format!("{root}/items/demo-karbon-3"));
        browser.run("document.querySelector('.act [name=was]').value = 'of another day'");
        leave_by(&mut browser, ".verbs button");
        faults.extend(refusing(&mut browser, &axe, &format!("an item, {language}")));
    }
    browser.stop();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The faults of a page that refuses something, on desktop and phone.
fn refusing(browser: &mut Browser, axe: &str, what: &str) -> Vec<String> {
    let title = browser.title();
    assert!(title.starts_with("Error:") || title.starts_with("Gwall:"), "{what}: {title}");
    let focused = browser.run("return document.activeElement.matches('.faults')");
    assert_eq!(focused, json!(true), "{what}: the focus is on the refusal");
    let mut faults = Vec::new();
    for (width, ground) in [(1280, "light"), (320, "dark")] {
        sized(browser, width);
        put_on(browser, ground);
        faults.extend(judge(browser, axe, &format!("{what}, {ground}, {width} px")));
    }
    sized(browser, 1280);
    faults
}

fn sized(browser: &mut Browser, width: u32) {
    browser.tell_chromium(
        "Emulation.setDeviceMetricsOverride",
        &json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}),
    );
}

#[test]
fn forced_colours_show_where_one_is() {
    let demo = Demo::start();
    let mut browser = demo.browser("karbon");
    browser.tell_chromium(
        "Emulation.setEmulatedMedia",
        &json!({"features": [{"name": "forced-colors", "value": "active"}]}),
    );
    browser.open(&format!("{}/people/K-1?tab=timeline", demo.root()));
    let lines = browser.run(
        "const colour = of => getComputedStyle(of).borderBlockEndColor;
         const lines = of => [...document.querySelectorAll(of)].map(colour);
         return ['.sections', '.tabs'].map(bar => {
             const here = lines(`${bar} a[aria-current]`);
             const others = lines(`${bar} a:not([aria-current])`);
             return [here.length, others.length > 2, others.includes(here[0])]; })",
    );
    assert_eq!(lines, json!([[1, true, false], [1, true, false]]));
    browser.stop();
}

/// What is wrong with the page that is open, all of it: one run shows everything there is to mend.
fn judge(browser: &mut Browser, axe: &str, what: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let wide = browser.run(
        "const most = window.innerWidth;
         if (document.documentElement.scrollWidth <= most) return [];
         return [...document.querySelectorAll('body *')]
             .filter(one => one.getBoundingClientRect().right > most + 1)
             .map(one => one.outerHTML.slice(0, 120)).slice(-3)",
    );
    if wide != json!([]) {
        faults.push(format!("{what}: it scrolls sideways: {wide}"));
    }
    browser.run(axe);
    let found = found_by_axe(browser, RULES, what);
    for rule in ["color-contrast", "html-has-lang", "document-title", "page-has-heading-one"] {
        assert!(found.passed(rule), "{what}: {rule} was not judged: {:?}", found.passed);
    }
    faults.extend(found.fault);
    faults
}

struct Found {
    /// What is wrong, if anything is.
    fault: Option<String>,
    /// The rules that the page keeps.
    passed: Vec<String>,
}

impl Found {
    fn passed(&self, rule: &str) -> bool {
        self.passed.iter().any(|one| one == rule)
    }
}

/// What axe-core, which is in the page, finds by these rules.
fn found_by_axe(browser: &mut Browser, rules: &str, what: &str) -> Found {
    let found = browser.run_async(&format!(
        "const done = arguments[arguments.length - 1];
         axe.run({{exclude: ['iframe']}}, {rules}).then(r => done({{
             violations: r.violations.map(v => [v.id, v.nodes.map(n => n.html)]),
             passed: r.passes.map(v => v.id)}}), e => done({{error: String(e)}}))"
    ));
    let violations = &found["violations"];
    let passed = found["passed"].as_array().unwrap_or_else(|| panic!("{what}: {found}"));
    let passed = passed.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let is_sound = *violations == json!([]);
    Found { fault: (!is_sound).then(|| format!("{what}: {violations}")), passed }
}
