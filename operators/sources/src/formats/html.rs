use ego_tree::iter::Edge;
use rifflebox_core::{Fields, Value};
use scraper::node::Element;
use scraper::{ElementRef, Html, Node, Selector};

use writer::Writer;

mod writer;

/// Elements whose content is no part of what a page says.
const SKIPPED: [&str; 18] = [
    "head", "script", "style", "noscript", "template", "nav", "iframe", "object", "embed", "svg", "canvas",
    "audio", "video", "map", "button", "select", "textarea", "dialog",
];

/// Elements that start and end a paragraph, and mean no more here.
const PLAIN_BLOCKS: [&str; 21] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "footer",
    "aside",
    "figure",
    "figcaption",
    "address",
    "details",
    "summary",
    "form",
    "fieldset",
    "legend",
    "center",
    "hr",
    "dl",
    "caption",
    "body",
];

/// Reads a page: what a reader sees of it, laid out in the manner of Markdown, and its title and description.
///
/// Headings, lists, quotes, tables and code blocks keep their structure; emphasis and links keep their words alone.
/// Where a page says which part is the main one, only that is read; navigation, scripts, forms' controls and
/// hidden parts never are. Any text is some page: nothing can be wrong with it.
pub(crate) fn read(text: String) -> (String, Fields) {
    let page = Html::parse_document(&text);
    let root = first(&page, "main, [role=main]").unwrap_or_else(|| page.root_element());
    let mut fields = Fields::new();
    if let Some(title) = first(&page, "head > title").or_else(|| first(&page, "h1")) {
        let words: Vec<&str> = title.text().flat_map(str::split_whitespace).collect();
        fields.insert("title".to_owned(), Value::Text(words.join(" ")));
    }
    let meta = first(&page, "head > meta[name=description]");
    if let Some(description) = meta.and_then(|meta| meta.attr("content"))
        && !description.trim().is_empty()
    {
        fields.insert("description".to_owned(), description.trim().into());
    }
    (readable(root), fields)
}

fn first<'a>(page: &'a Html, selector: &str) -> Option<ElementRef<'a>> {
    let selector = Selector::parse(selector).expect("selectors of this module are well-formed");
    page.select(&selector).next()
}

/// Walks the tree without recursion, since pages may nest without end.
fn readable(root: ElementRef<'_>) -> String {
    let mut writer = Writer::default();
    let mut skipped = None;
    for edge in root.traverse() {
        match edge {
            Edge::Open(node) if skipped.is_none() => match node.value() {
                Node::Text(text) => writer.text(text),
                Node::Element(element) => {
                    if is_skipped(element) || ElementRef::wrap(node).is_some_and(is_permalink) {
                        skipped = Some(node.id());
                    } else if let Some(raised) = ElementRef::wrap(node).and_then(superscript) {
                        writer.text(&raised);
                        skipped = Some(node.id());
                    } else {
                        open(&mut writer, element);
                    }
                }
                _ => {}
            },
            Edge::Close(node) if skipped == Some(node.id()) => skipped = None,
            Edge::Close(node) if skipped.is_none() => {
                if let Node::Element(element) = node.value() {
                    close(&mut writer, element);
                }
            }
            _ => {}
        }
    }
    writer.finish()
}

fn is_skipped(element: &Element) -> bool {
    SKIPPED.contains(&element.name())
        || element.attr("hidden").is_some_and(|hidden| hidden != "until-found")
        || element.attr("aria-hidden") == Some("true")
        || element.attr("role") == Some("navigation")
        // Lines that mdBook keeps in a listing so that it compiles, and does not show.
        || element.classes().any(|class| class == "boring")
}

/// Returns a raised text in a form that keeps its sense: a power as `^n`, a note's number in brackets.
fn superscript(element: ElementRef<'_>) -> Option<String> {
    const ORDINALS: [&str; 6] = ["st", "nd", "rd", "th", "TM", "®"];
    if element.value().name() != "sup" {
        return None;
    }
    let text = element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    let links = element.descendants().any(|node| matches!(node.value(), Node::Element(e) if e.name() == "a"));
    Some(match text.chars().all(char::is_alphanumeric) {
        _ if text.is_empty() || ORDINALS.contains(&text.as_str()) => text,
        true if links => format!("[{text}]"),
        _ if links => text,
        true => format!("^{text}"),
        false => format!("^({text})"),
    })
}

/// Returns whether an element is the small sign beside a heading that links to itself.
fn is_permalink(element: ElementRef<'_>) -> bool {
    element.value().name() == "a"
        && element.attr("href").is_some_and(|target| target.starts_with('#'))
        && element.descendants().all(|node| !matches!(node.value(), Node::Element(e) if e.name() == "img"))
        && element.text().all(|text| !text.contains(char::is_alphanumeric))
}

fn heading_level(name: &str) -> Option<usize> {
    let level = name.strip_prefix('h')?.parse().ok()?;
    (1..=6).contains(&level).then_some(level)
}

fn open(writer: &mut Writer, element: &Element) {
    let name = element.name();
    match name {
        "br" => writer.line_break(),
        "pre" => writer.open_pre(language(element)),
        "code" if writer.in_pre() => writer.pre_language(language(element)),
        "code" | "kbd" | "samp" | "tt" => writer.open_code(),
        "ul" | "menu" => writer.open_list(None),
        "ol" => writer.open_list(Some(element.attr("start").and_then(|n| n.parse().ok()).unwrap_or(1))),
        "li" => writer.open_item(),
        "dt" => writer.open_term(),
        "dd" => writer.open_definition(),
        "blockquote" => writer.open_quote(),
        "table" => writer.open_table(),
        "tr" => writer.open_row(),
        "td" | "th" => writer.open_cell(),
        _ if heading_level(name).is_some() || PLAIN_BLOCKS.contains(&name) => writer.end_block(),
        _ => {}
    }
}

fn close(writer: &mut Writer, element: &Element) {
    let name = element.name();
    match name {
        "pre" => writer.close_pre(),
        "code" | "kbd" | "samp" | "tt" if !writer.in_pre() => writer.close_code(),
        "ul" | "menu" | "ol" => writer.close_list(),
        "li" | "dd" | "blockquote" => writer.close_container(),
        "table" => writer.close_table(),
        "td" | "th" => writer.close_cell(name == "th"),
        "dt" => writer.end_block(),
        _ => match heading_level(name) {
            Some(level) => writer.end_heading(level),
            None if PLAIN_BLOCKS.contains(&name) => writer.end_block(),
            None => {}
        },
    }
}

/// Returns the language that a class such as `language-rust` names.
fn language(element: &Element) -> Option<&str> {
    element
        .classes()
        .find_map(|class| class.strip_prefix("language-").or_else(|| class.strip_prefix("lang-")))
}

#[cfg(test)]
mod tests;
