//! Texts of the frame, and of the landing page.

use super::texts;

texts! {
    /// The frame of every page.
    Frame {
        product: "Contact restrictions", "Cyfyngiadau cysylltu";
        skip: "Skip to main content", "Mynd i'r prif gynnwys";
        error: "Error:", "Gwall:";
        problem: "There is a problem", "Mae problem";
        main_navigation: "Main", "Prif lywio";
        my_work: "My work", "Fy ngwaith";
        queues: "Queues", "Ciwiau";
        people: "People", "Pobl";
        cases: "Cases", "Achosion";
        reports: "Reports", "Adroddiadau";
        audit: "Audit trail", "Llwybr archwilio";
        settings: "Settings", "Gosodiadau";
        help: "Help", "Cymorth";
        accessibility: "Accessibility statement", "Datganiad hygyrchedd";
        search: "Find a person", "Chwilio am berson";
        search_button: "Search", "Chwilio";
        my_account: "My account", "Fy nghyfrif";
        sign_out: "Sign out", "Allgofnodi";
        back: "Back", "Yn ôl";
        cancel: "Cancel", "Canslo";
        foot: "Help and information", "Cymorth a gwybodaeth";
    }
}
