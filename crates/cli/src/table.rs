//! Figures for people: numbers with their thousands apart, and columns that stand under each other.

use std::fmt::Write;

use rifflebox::Report;

/// Lays out rows in columns two spaces apart; all but the first column are set to the right.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[column] - cell.chars().count());
            match column {
                0 => line = format!("{cell}{pad}"),
                _ => line = format!("{line}  {pad}{cell}"),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Lays out a report: its summary, and the figures of the dataset.
pub(crate) fn figures(report: &Report) -> String {
    format!("{report}\n{}", standing(report))
}

/// Lays out the figures of the dataset as it stands.
pub(crate) fn standing(report: &Report) -> String {
    let mut text = String::new();
    let samples = &report.samples;
    let counts = [
        ("unused", samples.unused),
        ("rejected", samples.rejected),
        ("displaced", samples.displaced),
        ("failed", samples.failed),
    ];
    let left_out: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{} {name}", grouped(*count)))
        .collect();
    let version = match report.version {
        0 => "nothing published yet".to_owned(),
        version => format!("version {version}"),
    };
    let left_out = if left_out.is_empty() { String::new() } else { format!("; {}", left_out.join(", ")) };
    let _ = writeln!(text, "{version}: {} samples{left_out}", grouped(samples.total));
    let mut rows = Vec::new();
    for (tier, counts) in report.tiers.iter().filter(|(_, counts)| counts.samples > 0) {
        rows.push(vec![
            format!("  {tier}"),
            format!("{} samples", grouped(counts.samples)),
            format!("{} tokens", grouped(counts.tokens)),
            percent(counts.tokens, report.tokens.total),
        ]);
    }
    text.push_str(&aligned(&rows));
    for (mix, bound) in report.bound_by.iter().filter(|(_, bound)| *bound != "nothing") {
        let _ = writeln!(text, "the mix `{mix}` is bound by {bound}");
    }
    for (stage, notes) in &report.notes {
        let notes: Vec<_> = notes.iter().map(|(name, count)| format!("{} {name}", grouped(*count))).collect();
        let _ = writeln!(text, "{stage}: {}", notes.join(", "));
    }
    for (stage, calls) in &report.asked {
        for (model, calls) in &calls.by {
            let tokens = calls.input_tokens + calls.output_tokens;
            let _ = write!(
                text,
                "{stage}: {} calls to {model}, {} tokens",
                grouped(calls.calls),
                grouped(tokens)
            );
            if calls.usd > 0.0 {
                let _ = write!(text, ", {:.2} USD", calls.usd);
            }
            if calls.failed > 0 {
                let _ = write!(text, "; {} failed", grouped(calls.failed));
            }
            text.push('\n');
        }
    }
    if report.calls.owed > 0 {
        let _ = writeln!(text, "{} calls are owed", grouped(report.calls.owed));
    }
    if let Some(reason) = &report.unpublished {
        let _ = writeln!(text, "not published: {reason}");
    }
    text
}

/// Writes a number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes bytes in the unit that leaves few digits.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.into_iter().find(|(_, size)| bytes >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", bytes as f64 / size as f64),
        None => format!("{bytes} bytes"),
    }
}

fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => String::new(),
        whole => format!("{:.1} %", part as f64 * 100.0 / whole as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rifflebox::TierCounts;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [vec!["a".into(), "1".into()], vec!["long".into(), "1,000".into()]];
        assert_eq!(aligned(&rows), "a         1\nlong  1,000\n");
        assert_eq!(aligned(&[]), "");
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1_536, 5 << 20].map(bytes), ["0 bytes", "1.5 KiB", "5.0 MiB"]);
    }

    #[test]
    fn a_report_reads_well() {
        let mut report = Report { version: 3, ..Report::default() };
        report.documents.total = 1_671;
        report.documents.changed = 1;
        report.samples.total = 20_110;
        report.samples.rejected = 811;
        report.tokens.total = 2_100_000;
        report.tiers.insert("T0".into(), TierCounts { samples: 6_033, tokens: 630_000 });
        report.tiers.insert("T2".into(), TierCounts { samples: 14_077, tokens: 1_470_000 });
        report.bound_by =
            [("main".into(), "the supply of T0".into()), ("all".into(), "nothing".into())].into();
        let text = figures(&report);
        let (_, rest) = text.split_once('\n').unwrap();
        assert_eq!(
            rest,
            "version 3: 20,110 samples; 811 rejected\n  T0   6,033 samples    630,000 tokens  30.0 %\n  \
             T2  14,077 samples  1,470,000 tokens  70.0 %\nthe mix `main` is bound by the supply of T0\n"
        );
    }
}
