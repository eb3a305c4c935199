use super::*;

fn check(page: &str, expected: &str) {
    let (text, _) = read(page.to_owned());
    assert_eq!(text.trim_end(), expected, "{page}");
}

#[test]
fn blocks_keep_their_structure() {
    check(
        "<h2>One\n two</h2><p>A <b>b</b>\n c<br>d&nbsp;e &lt;</p>tail",
        "## One two\n\nA b c\nd e <\n\ntail",
    );
    check("<blockquote><p>a</p><p>b</p></blockquote><p>c", "> a\n>\n> b\n\nc");
    check("<dl><dt>Term<dd>Meaning<dt>Other<dd>More</dl>", "Term\n: Meaning\n\nOther\n: More");
    check("", "");
}

#[test]
fn lists_nest_and_count() {
    check(
        "<ol start=3><li>a<li>b<ul><li>c</li><li><p>d</p><p>e</p></li></ul></li></ol><p>f",
        "3. a\n4. b\n   - c\n   - d\n\n     e\n\nf",
    );
    check("<ul><li><pre>x\n  y</pre></ul>", "- ```\n  x\n    y\n  ```");
}

#[test]
fn code_is_fenced_and_kept() {
    check(
        "<pre><code class=\"hljs language-rust\">fn a() {\n    b()\n}\n</code></pre>",
        "```rust\nfn a() {\n    b()\n}\n```",
    );
    check("<p>Run <code>a  b</code>, <kbd>`x`</kbd> and <code></code>.", "Run `a b`, `` `x` `` and .");
    check("<pre>```</pre>", "````\n```\n````");
}

#[test]
fn tables_have_a_head_only_where_the_page_says_so() {
    check(
        "<table><caption>C</caption><thead><tr><th>A<th>B</thead><tr><td>1 | 2<td><ul><li>x<li>y</ul><tr><td>3</table>",
        "C\n\n| A | B |\n| --- | --- |\n| 1 \\| 2 | x y |\n| 3 |  |",
    );
    check("<table><tr><td>a<td><table><tr><td>b<td>c</table></table>", "| a | b c |");
}

#[test]
fn what_a_reader_does_not_see_is_left_out() {
    check(
        "<head><title>T</title><style>x</style></head><nav>n</nav><p hidden>h</p><svg><text>s</text></svg>\
         <h1>A<a href=\"#a\">¶</a></h1><script>x</script><p>b <a href=\"#b\">c</a><button>no</button>",
        "# A\n\nb c",
    );
    check("<header>h</header><main><p>m</main><footer>f</footer>", "m");
}

#[test]
fn raised_text_keeps_its_sense() {
    check(
        "-(2<sup><em>n</em> - 1</sup>) to 2<sup>7</sup>, the 1<sup>st</sup><sup><a href=#n>3</a></sup>",
        "-(2^(n - 1)) to 2^7, the 1st[3]",
    );
    check(
        "<pre><code><span class=boring>fn main() {\n</span>x()\n<span class=boring>}</span></code></pre>",
        "```\nx()\n```",
    );
}

#[test]
fn title_and_description_are_fields() {
    let fields = |page: &str| read(page.to_owned()).1;
    let read = fields("<title> A\n b</title><meta name=description content=' d '><h1>H</h1>");
    assert_eq!((&read["title"], &read["description"]), (&"A b".into(), &"d".into()));
    assert_eq!(fields("<h1>H <i>i</i></h1>")["title"], "H i".into());
    assert_eq!(fields("plain"), Fields::new());
}

#[test]
fn pages_that_nest_without_end_are_read() {
    let deep = format!("{}<p>x", "<blockquote><ul><li>y".repeat(3000));
    assert!(read(deep).0.ends_with("x\n"));
}

proptest::proptest! {
    #[test]
    fn any_text_is_some_page(page in "(<(/)?(ul|li|table|tr|td|pre|code|p|h1|dd|blockquote|br)>|[a-z `|\n]){0,40}") {
        let (text, _) = read(page.clone());
        let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
        let tags = regex_free_text(&page);
        proptest::prop_assert_eq!(letters(&text).len(), letters(&tags).len(), "{}", text);
    }
}

/// Drops what stands between angle brackets.
fn regex_free_text(page: &str) -> String {
    page.split('<')
        .enumerate()
        .map(|(n, part)| if n == 0 { part } else { part.split_once('>').map_or("", |p| p.1) })
        .collect()
}
