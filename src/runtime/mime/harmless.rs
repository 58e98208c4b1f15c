//! HTML of strangers made harmless, to be shown. [`ammonia`] decides which of it stays; a pass before that
//! bounds what it costs.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::Builder;

use super::well_formed::{ELEMENTS, well_formed};

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let spans = || HashSet::from(["colspan", "rowspan"]);
    let attributes =
        HashMap::from([("td", spans()), ("th", spans()), ("ol", HashSet::from(["start"]))]);
    let mut cleaner = Builder::empty();
    cleaner
        .tags(HashSet::from(ELEMENTS))
        .tag_attributes(attributes)
        .generic_attributes(HashSet::from(["dir", "lang"]))
        .clean_content_tags(HashSet::from(["script", "style", "title", "template", "svg", "math"]))
        .strip_comments(true)
        .link_rel(None);
    cleaner
});

/// The HTML that is shown of `html`: nothing in it runs, loads, links or posts.
pub fn html(html: &str) -> String {
    CLEANER.clean(&well_formed(html)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the pass writes is what the tree of the standard makes of it: nothing is moved or opened anew.
    #[test]
    fn ammonia_finds_nothing_to_mend() {
        for sent in [
            "<p>a<p>b <b>c</b>",
            "<table><caption>a<tr><td>b<td>c</table>d",
            "<table>a<br>b<tr>c<td>d</table>e",
            "<b><table><i>a<tr><td></b>b</div></table>c",
            "<table><table>a</table></table>b",
            "<ul><li>a<ul><li>b</ul><li>c</ul>d",
            "<a>a<div>b<a>c</a></div>",
            "<h1>a<h2>b</h1>c",
            "<table><thead>a<tbody>b<table><tr><td>c</table>d",
        ] {
            let shown = well_formed(sent);
            let bodies = shown.matches("<tbody>").count();
            // A row without a body around it gets one; all else stays as it is.
            let built = html(sent);
            let added = built.matches("<tbody>").count() - bodies;
            let plain = |text: &str| text.replace("<tbody>", "").replace("</tbody>", "");
            assert_eq!(plain(&built), plain(&shown), "{sent}: {added} bodies");
        }
    }

    #[test]
    fn what_is_shown_is_what_the_list_allows() {
        for (sent, shown) in [
            ("<p onclick=x()>a <b>b</b><img src=x></p>", "<p>a <b>b</b></p>"),
            ("<a href='http://t.example' ping=x>a</a>", "<a>a</a>"),
            ("<script>a</script><svg><style>b</style></svg>c", "c"),
            ("<td>a</td>", "a"),
            (
                "<table><td colspan=2 onclick=x>a</table>",
                "<table><tbody><tr><td colspan=\"2\">a</td></tr></tbody></table>",
            ),
        ] {
            assert_eq!(html(sent), shown, "{sent}");
        }
    }
}
