//! One figure as a bar chart: SVG that reads on paper, in the dark, enlarged, and aloud. Every bar has its number next
//! to it, so that no colour or length has to be made out.

use super::{HIDDEN, Row, title};
use crate::domain::letter::escaped;

const WIDTH: u32 = 720;
const LABEL_WIDTH: u32 = 340;
const BAR_WIDTH: u32 = 310;
const ROW_HEIGHT: u32 = 34;
const BAR_HEIGHT: u32 = 22;
const TOP: u32 = 56;
/// Characters of a label that its column takes, in the widest of the fonts.
const LABEL_CHARS_MAX: usize = 36;

/// How a chart names what it shows.
pub struct ChartWords<'a> {
    pub title: &'a str,
    /// In the place of a hidden number.
    pub hidden: &'a str,
    pub label: &'a dyn Fn(&Row) -> String,
}

/// The groups of a figure as bars, by their published names. `None`: the figure has no groups, or there are none.
pub fn chart(rows: &[Row], figure: &str) -> Option<String> {
    let words = ChartWords { title: &title(figure), hidden: HIDDEN, label: &Row::label };
    chart_in_words(rows, figure, &words)
}

/// As [`chart`], in a reader's words.
pub fn chart_in_words(rows: &[Row], figure: &str, words: &ChartWords<'_>) -> Option<String> {
    let bars: Vec<&Row> = rows.iter().filter(|row| row.figure == figure && row.is_part()).collect();
    if bars.is_empty() {
        return None;
    }
    let name = words.title;
    let shown =
        |row: &Row| row.count.map_or_else(|| words.hidden.to_owned(), |one| one.to_string());
    let described: Vec<String> =
        bars.iter().map(|row| format!("{} {}", (words.label)(row), shown(row))).collect();
    let most = bars.iter().filter_map(|row| row.count).max().unwrap_or_default().max(1);
    let rows_high = u32::try_from(bars.len()).unwrap_or(u32::MAX).saturating_mul(ROW_HEIGHT);
    let height = TOP.saturating_add(rows_high).saturating_add(8);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}.</desc>\n\
         <style>text{{font:15px Arial,Helvetica,\"Liberation Sans\",sans-serif;fill:#1d1d1d}}\
         .name{{font-weight:bold;font-size:18px}}.bar{{fill:#1f5fa8;stroke:#1d1d1d;stroke-width:1}}\
         .back{{fill:#fff}}\
         @media (prefers-color-scheme:dark){{text{{fill:#f2f2f2}}.back{{fill:#161616}}\
         .bar{{fill:#7db4f0;stroke:#f2f2f2}}}}\
         @media print{{text{{fill:#000}}.back{{fill:#fff}}.bar{{fill:#555;stroke:#000}}}}</style>\n\
         <rect class=\"back\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <text class=\"name\" x=\"8\" y=\"30\">{}</text>\n",
        escaped(name),
        escaped(&described.join("; ")),
        escaped(name),
    );
    for (row, top) in bars.iter().zip((TOP..).step_by(ROW_HEIGHT as usize)) {
        out.push_str(&bar(row, words, top, most));
    }
    out.push_str("</svg>\n");
    Some(out)
}

fn bar(row: &Row, words: &ChartWords<'_>, top: u32, most: u64) -> String {
    let text_at = top + 17;
    let label = escaped(&cut(&(words.label)(row)));
    let mut out = format!(
        "<text x=\"{}\" y=\"{text_at}\" text-anchor=\"end\">{label}</text>\n",
        LABEL_WIDTH - 10
    );
    let Some(count) = row.count else {
        let hidden = escaped(words.hidden);
        out.push_str(&format!("<text x=\"{LABEL_WIDTH}\" y=\"{text_at}\">{hidden}</text>\n"));
        return out;
    };
    let scaled = u128::from(count) * u128::from(BAR_WIDTH) / u128::from(most);
    let length = u32::try_from(scaled).unwrap_or(BAR_WIDTH);
    if count > 0 {
        out.push_str(&format!(
            "<rect class=\"bar\" x=\"{LABEL_WIDTH}\" y=\"{top}\" width=\"{}\" \
             height=\"{BAR_HEIGHT}\"/>\n",
            length.max(1)
        ));
    }
    out.push_str(&format!(
        "<text x=\"{}\" y=\"{text_at}\">{count}</text>\n",
        LABEL_WIDTH + length + 8
    ));
    out
}

fn cut(label: &str) -> String {
    if label.chars().count() <= LABEL_CHARS_MAX {
        return label.to_owned();
    }
    let start: String = label.chars().take(LABEL_CHARS_MAX - 1).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_says_its_numbers_and_holds_no_script() {
        let row = |group: &str, count| Row {
            figure: "restrictions_by_kind".to_owned(),
            month: None,
            group: vec![group.to_owned()],
            count,
        };
        let rows = [
            row("contact_quota", Some(12)),
            row("<script>alert(1)</script>", Some(6)),
            row("channels_only", None),
            row("visits_in_pairs", Some(0)),
        ];
        let svg = chart(&rows, "restrictions_by_kind").unwrap();
        assert!(svg.contains("<title id=\"title\">Restrictions by kind</title>"));
        assert!(svg.contains("contact quota 12"));
        assert!(svg.contains(">hidden</text>"));
        assert!(!svg.contains("<script"));
        assert_eq!(svg.matches("class=\"bar\"").count(), 2);
        let mut reader = quick_xml::Reader::from_str(&svg);
        loop {
            match reader.read_event() {
                Ok(quick_xml::events::Event::Eof) => break,
                Ok(_) => {}
                Err(error) => panic!("no XML: {error}"),
            }
        }
        assert_eq!(chart(&rows, "warning_letters"), None);
        let words =
            ChartWords { title: "Nifer", hidden: "cudd", label: &|_| "Un & dau".to_owned() };
        let svg = chart_in_words(&rows, "restrictions_by_kind", &words).unwrap();
        assert!(svg.contains("<title id=\"title\">Nifer</title>") && svg.contains(">cudd</text>"));
        assert!(svg.contains("Un &amp; dau 12") && !svg.contains("contact quota"), "{svg}");
        if let Some(folder) = std::env::var_os("CHARTS_FOLDER") {
            std::fs::write(std::path::Path::new(&folder).join("chart.svg"), &svg).unwrap();
        }
    }
}
