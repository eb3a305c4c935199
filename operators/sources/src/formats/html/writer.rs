/// Containers nested deeper than this are laid out as this deep: some pages nest without end.
const MAX_DEPTH: usize = 12;

/// Lays out blocks of text in the manner of Markdown.
///
/// Words gather in `line`; each end of a block writes them below the markers of the containers that are open.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    line: String,
    containers: Vec<Container>,
    lists: Vec<List>,
    /// Whether the next block follows without an empty line.
    tight: bool,
    /// Where in `line` an inline code begins.
    code: Option<usize>,
    pre: Option<Pre>,
    table: Option<Table>,
}

/// What stands before each line inside a quote, list item or definition.
#[derive(Debug)]
struct Container {
    /// Before its first line; taken once that is written.
    marker: Option<String>,
    rest: String,
}

#[derive(Debug)]
struct List {
    next: Option<u64>,
    items: u64,
}

#[derive(Debug, Default)]
struct Pre {
    language: String,
    code: String,
}

#[derive(Debug, Default)]
struct Table {
    rows: Vec<Vec<String>>,
    headed: bool,
    in_cell: bool,
    /// Tables inside its cells that are open; they are read as text.
    nested: u64,
}

impl Writer {
    /// Adds text; white space collapses, except in preformatted text.
    pub(super) fn text(&mut self, text: &str) {
        if let Some(pre) = &mut self.pre {
            pre.code.push_str(text);
            return;
        }
        for c in text.chars() {
            if !matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c' | '\u{a0}') {
                self.line.push(c);
            } else if !self.line.is_empty() && !self.line.ends_with([' ', '\n']) {
                self.line.push(' ');
            }
        }
    }

    pub(super) fn line_break(&mut self) {
        match &mut self.pre {
            Some(pre) => pre.code.push('\n'),
            None if self.table.is_some() => self.text(" "),
            None => {
                self.line.truncate(self.line.trim_end_matches(' ').len());
                self.line.push('\n');
            }
        }
    }

    pub(super) fn end_block(&mut self) {
        self.code = None;
        if self.in_cell() {
            return self.text(" ");
        }
        let block = std::mem::take(&mut self.line);
        self.write(block.trim());
    }

    pub(super) fn end_heading(&mut self, level: usize) {
        if self.in_cell() || self.line.trim().is_empty() {
            return self.end_block();
        }
        let words = std::mem::take(&mut self.line);
        self.write(&format!("{} {}", "#".repeat(level), words.trim().replace('\n', " ")));
    }

    pub(super) fn open_code(&mut self) {
        self.code.get_or_insert(self.line.len());
    }

    pub(super) fn close_code(&mut self) {
        let Some(start) = self.code.take() else { return };
        let code = self.line.split_off(start);
        let fence = "`".repeat(longest_run(&code, '`') + 1);
        let trimmed = code.trim();
        if trimmed.is_empty() {
            self.line.push_str(&code);
        } else if fence.len() > 1 {
            self.line.push_str(&format!("{fence} {trimmed} {fence}"));
        } else {
            self.line.push_str(&format!("`{trimmed}`"));
        }
    }

    pub(super) fn in_pre(&self) -> bool {
        self.pre.is_some()
    }

    pub(super) fn open_pre(&mut self, language: Option<&str>) {
        if !self.in_cell() {
            self.end_block();
            self.pre.get_or_insert_default();
            self.pre_language(language);
        }
    }

    pub(super) fn pre_language(&mut self, language: Option<&str>) {
        if let (Some(pre), Some(language)) = (&mut self.pre, language) {
            language.clone_into(&mut pre.language);
        }
    }

    pub(super) fn close_pre(&mut self) {
        let Some(Pre { language, code }) = self.pre.take() else { return };
        let code = code.replace("\r\n", "\n");
        let code = code.trim_end().trim_start_matches('\n');
        if !code.is_empty() {
            let fence = "`".repeat(longest_run(code, '`').max(2) + 1);
            self.write(&format!("{fence}{language}\n{code}\n{fence}"));
        }
    }

    pub(super) fn open_list(&mut self, first: Option<u64>) {
        self.end_block();
        self.tight = !self.lists.is_empty();
        self.lists.push(List { next: first, items: 0 });
    }

    pub(super) fn close_list(&mut self) {
        self.end_block();
        self.lists.pop();
        self.tight = false;
    }

    pub(super) fn open_item(&mut self) {
        self.end_block();
        let marker = match self.lists.last_mut() {
            None => "- ".to_owned(),
            Some(list) => {
                self.tight |= list.items > 0;
                list.items += 1;
                match &mut list.next {
                    None => "- ".to_owned(),
                    Some(number) => {
                        *number = number.saturating_add(1);
                        format!("{}. ", *number - 1)
                    }
                }
            }
        };
        let rest = " ".repeat(marker.len());
        self.containers.push(Container { marker: Some(marker), rest });
    }

    /// Starts a term that is defined.
    pub(super) fn open_term(&mut self) {
        self.end_block();
        self.tight = false;
    }

    pub(super) fn open_definition(&mut self) {
        self.end_block();
        self.tight = true;
        self.containers.push(Container { marker: Some(": ".to_owned()), rest: "  ".to_owned() });
    }

    pub(super) fn open_quote(&mut self) {
        self.end_block();
        self.containers.push(Container { marker: None, rest: "> ".to_owned() });
    }

    pub(super) fn close_container(&mut self) {
        self.end_block();
        self.containers.pop();
    }

    pub(super) fn open_table(&mut self) {
        if let Some(table) = &mut self.table {
            table.nested += 1;
            return self.text(" ");
        }
        self.end_block();
        self.table = Some(Table::default());
    }

    pub(super) fn open_row(&mut self) {
        if let Some(table) = self.outer_table() {
            table.rows.push(Vec::new());
        }
    }

    pub(super) fn open_cell(&mut self) {
        if let Some(table) = self.outer_table() {
            table.in_cell = true;
            self.line.clear();
        } else {
            self.text(" ");
        }
    }

    pub(super) fn close_cell(&mut self, head: bool) {
        self.code = None;
        let cell = self.line.trim().replace('\n', " ").replace('|', "\\|");
        if let Some(table) = self.outer_table() {
            table.in_cell = false;
            table.headed |= head && table.rows.len() == 1;
            if let Some(row) = table.rows.last_mut() {
                row.push(cell);
            }
            self.line.clear();
        }
    }

    pub(super) fn close_table(&mut self) {
        match self.table.take() {
            Some(mut table) if table.nested > 0 => {
                table.nested -= 1;
                self.table = Some(table);
            }
            Some(table) => {
                self.line.clear();
                self.write(&table.lay_out());
            }
            None => {}
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.end_block();
        self.close_pre();
        self.close_table();
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }

    fn in_cell(&self) -> bool {
        self.table.as_ref().is_some_and(|table| table.in_cell)
    }

    fn outer_table(&mut self) -> Option<&mut Table> {
        self.table.as_mut().filter(|table| table.nested == 0)
    }

    /// Writes one block below the markers of the open containers.
    fn write(&mut self, block: &str) {
        if block.is_empty() {
            return;
        }
        let shown = self.containers.len().min(MAX_DEPTH);
        if !self.out.is_empty() {
            self.out.push('\n');
            if !self.tight {
                let quotes =
                    self.containers[..shown].iter().take_while(|container| container.marker.is_none());
                let rest: String = quotes.map(|container| container.rest.as_str()).collect();
                self.out.push_str(rest.trim_end());
                self.out.push('\n');
            }
        }
        self.tight = false;
        for (index, line) in block.split('\n').enumerate() {
            if index > 0 {
                self.out.push('\n');
            }
            let start = self.out.len();
            for container in &mut self.containers[..shown] {
                let marker = container.marker.take();
                self.out.push_str(marker.as_deref().unwrap_or(&container.rest));
            }
            self.out.push_str(line);
            self.out.truncate(start.max(self.out.trim_end_matches(' ').len()));
        }
    }
}

impl Table {
    /// Lays out the rows; the line that makes the first one a head stands only where the page says so.
    fn lay_out(mut self) -> String {
        self.rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let width = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut lines = Vec::new();
        for (index, mut row) in self.rows.into_iter().enumerate() {
            row.resize(width, String::new());
            lines.push(format!("| {} |", row.join(" | ")));
            if index == 0 && self.headed {
                lines.push(format!("|{}", " --- |".repeat(width)));
            }
        }
        lines.join("\n")
    }
}

fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
