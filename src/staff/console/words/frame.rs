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
        waiting: "waiting", "yn aros";
        draft_back: "What you had typed here is back. You typed it {when}.",
            "Mae'r hyn yr oeddech wedi'i deipio yma yn ôl. Fe'i teipiwyd {when}.";
        draft_drop: "Discard it", "Ei daflu";
        ending_title: "You will be signed out soon", "Byddwch yn cael eich allgofnodi'n fuan";
        ending_soon: "You have done nothing here for a while. At {when} you will be signed out. What you are typing is kept in this browser until you sign in again.",
            "Nid ydych wedi gwneud dim yma ers tro. Am {when} byddwch yn cael eich allgofnodi. Cedwir yr hyn yr ydych yn ei deipio yn y porwr hwn nes i chi fewngofnodi eto.";
        ending_at_last: "A session lasts no longer than this. At {when} you must sign in again. What you are typing is kept in this browser until then.",
            "Nid yw sesiwn yn para'n hirach na hyn. Am {when} rhaid i chi fewngofnodi eto. Cedwir yr hyn yr ydych yn ei deipio yn y porwr hwn tan hynny.";
        ending_stay: "Stay signed in", "Aros wedi mewngofnodi";
        ending_close: "Not now", "Ddim nawr";
        news_one: "1 new: show", "1 newydd: dangos";
        news_many: "{n} new: show", "{n} newydd: dangos";
        news_changed: "Somebody changed what is shown here: show", "Newidiodd rhywun yr hyn a ddangosir yma: dangos";
        news_missed: "This page is out of date: show it as it is now", "Nid yw'r dudalen hon yn gyfredol: ei dangos fel y mae nawr";
        row_changed: "changed", "wedi newid";
        foot: "Help and information", "Cymorth a gwybodaeth";
    }
}
