use std::path::Path;

use rifflebox_core::{Document, ErrorKind, FileRecord, KeptFiles, Source};

use super::*;
use crate::Files;

/// Writes a PDF of these objects, the first of which is the catalog; `trailer` stands in its trailer.
fn pdf(objects: &[String], trailer: &str) -> Vec<u8> {
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = file.len();
    file += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        file += &format!("{place:010} 00000 n \n");
    }
    file += &format!(
        "trailer\n<< /Size {} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    );
    file.into_bytes()
}

/// Writes a PDF of pages, each with lines of text, and a title.
fn pages(title: &str, pages: &[&str]) -> Vec<u8> {
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 5 + 2 * page)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!("<< /Title ({title}) /Author (Ada Lovelace) /CreationDate (D:20260101000000Z) >>"),
    ];
    for (index, text) in pages.iter().enumerate() {
        let content = 6 + 2 * index;
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {content} 0 R >>"
        ));
        let lines: String = text.lines().map(|line| format!("({line}) Tj T* ")).collect();
        let stream = format!("BT /F1 12 Tf 14 TL 72 720 Td {lines}ET");
        objects.push(format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()));
    }
    pdf(&objects, "/Info 4 0 R")
}

/// Reads files as a source does; each with its document, or the reason why it is none.
fn read_with(settings: PdfSettings, files: &[(&str, Vec<u8>)]) -> Vec<Result<Document, String>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let source = Files::matching("*.{md,pdf,gz}").pdf(settings).source("docs", folder.path()).unwrap();
    let mut read = Vec::new();
    source
        .changes(&Default::default(), &mut |change| {
            read.extend(change.rows.into_iter().flatten().map(|row| row.unwrap().document));
            Ok(())
        })
        .unwrap();
    read
}

fn reason(settings: PdfSettings, bytes: Vec<u8>) -> String {
    let mut read = read_with(settings, &[("a.pdf", bytes)]);
    read.remove(0).map(|document| document.text).unwrap_err()
}

#[test]
fn a_file_is_one_document_with_its_pages_parted() {
    let engine = pages("Notes", &["On the engine\nin two lines", "", "The end"]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &engine).unwrap();
    let files = [("a.pdf", engine), ("b.md", b"# B\n".to_vec()), ("c.pdf.gz", packed.finish().unwrap())];
    let read = read_with(PdfSettings::default(), &files);
    let [Ok(one), Ok(page), Ok(again)] = &read[..] else { panic!("{read:?}") };
    assert_eq!(one.id, "a.pdf");
    assert_eq!(one.text, "On the engine\nin two lines\n\u{c}\n\n\u{c}\nThe end\n");
    assert_eq!(one.fields["title"], "Notes".into());
    assert_eq!(one.fields["author"], "Ada Lovelace".into());
    assert_eq!(one.fields["pages"], Value::Int(3));
    assert_eq!(one.fields.len(), 3, "no dates: {:?}", one.fields);
    assert_eq!(page.text, "# B\n");
    assert_eq!((again.id.as_str(), &again.text), ("c.pdf.gz", &one.text));
}

#[test]
fn what_is_no_text_is_a_broken_row_with_its_reason() {
    let check = |bytes: Vec<u8>, expected: &str| {
        let reason = reason(PdfSettings::default(), bytes);
        assert!(reason.starts_with(&format!("a.pdf: {expected}")), "{reason}");
    };
    check(b"# No PDF\n".to_vec(), "is no PDF: it does not begin with %PDF-");
    check(b"%PDF-1.7\nand nothing more".to_vec(), "is a broken PDF: ");
    check(pages("A", &["text"])[..200].to_vec(), "is a broken PDF: ");
    check(pages("A", &["", ""]), "holds no text");
    check(std::fs::read("tests/data/encrypted.pdf").unwrap(), "is encrypted, and opens by a password only");
}

#[test]
fn what_a_document_may_take_is_bounded() {
    let settings = || PdfSettings { max_pages: 2, ..PdfSettings::default() };
    let three = pages("A", &["one", "two", "three"]);
    assert_eq!(reason(settings(), three), "a.pdf: has 3 pages, more than the 2 of `max_pages`");
    // A tree of pages of which each level has ten times the one below.
    let mut objects = vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned()];
    for level in 0..9 {
        let kids = format!("{} 0 R ", level + 3).repeat(10);
        objects.push(format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", 10u64.pow(9 - level as u32)));
    }
    objects.push("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>".to_owned());
    let refused = |reason: String| {
        let known = ["pages, more than the 5000", "takes ", "is a broken PDF: ", "holds no text"];
        assert!(known.iter().any(|known| reason.contains(known)), "{reason}");
    };
    refused(reason(PdfSettings::default(), pdf(&objects, "")));
    // The same tree, where it says that it has one page only.
    let count = |object: &String| object.split(" /Count").next().map(str::to_owned).unwrap_or_default();
    let lying: Vec<String> = objects
        .iter()
        .map(|object| match object.contains("/Count") {
            true => count(object) + " /Count 1 >>",
            false => object.clone(),
        })
        .collect();
    refused(reason(PdfSettings { seconds: 2, memory_mb: 256, ..PdfSettings::default() }, pdf(&lying, "")));
    // As many pages as it says.
    let many = pages("A", &["page"; 5_001]);
    assert_eq!(
        reason(PdfSettings::default(), many),
        "a.pdf: has 5001 pages, more than the 5000 of `max_pages`"
    );
}

#[test]
fn a_stream_that_never_ends_is_ended() {
    // A page whose content draws itself again and again, forms within forms.
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [4 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /XObject << /X 6 0 R >> >> /Contents 5 0 R >>"
            .to_owned(),
        "<< /Length 4 >>\nstream\n/X Do\nendstream".to_owned(),
    ];
    for level in 0..12 {
        let inner = "/X Do ".repeat(10);
        let inner = if level == 11 { "BT /F 9 Tf (again and again) Tj ET".to_owned() } else { inner };
        objects.push(format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F 3 0 R >> /XObject << /X {} 0 R >> >> \
             /Length {} >>\nstream\n{inner}\nendstream",
            level + 7,
            inner.len()
        ));
    }
    let settings = PdfSettings { seconds: 1, memory_mb: 256, ..PdfSettings::default() };
    let reason = reason(settings, pdf(&objects, ""));
    assert!(
        reason.contains("takes longer than 1 s")
            || reason.contains("takes more than 256 MB")
            || reason.contains("no text"),
        "{reason}"
    );
}

#[test]
fn only_a_source_that_names_pdf_depends_on_the_tool() {
    let identity = |files: Files| files.source("docs", Path::new(".")).unwrap().identity();
    let of_pdf = identity(Files::matching("*.pdf")).settings;
    let version = of_pdf["pdf"]["version"].as_str().unwrap();
    assert!(version.starts_with("pdftotext version "), "{version}");
    assert!(identity(Files::matching("**")).settings.get("pdf").is_none());
    let laid_out = PdfSettings { layout: true, ..PdfSettings::default() };
    let other = identity(Files::matching("*.pdf").pdf(laid_out)).settings;
    assert_ne!(other, of_pdf);

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.pdf"), pages("A", &["text"])).unwrap();
    let source = Files::matching("**").source("docs", folder.path()).unwrap();
    let mut kept: Vec<(String, FileRecord)> = Vec::new();
    let mut reasons = Vec::new();
    let mut each = |change: rifflebox_core::FileChange<'_>| {
        kept.extend(change.record.map(|record| (change.path, record)));
        reasons.extend(change.rows.into_iter().flatten().map(|row| row.unwrap().document.unwrap_err()));
        Ok(())
    };
    source.changes(&KeptFiles::default(), &mut each).unwrap();
    assert_eq!(reasons, ["a.pdf: is a PDF, which is read where `files` names the ending .pdf"]);
}

#[test]
fn wrong_settings_are_named() {
    let wrong = |files: Files| {
        let error = files.source("docs", Path::new(".")).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Usage);
        error.to_string()
    };
    let with = |change: fn(&mut PdfSettings)| {
        let mut settings = PdfSettings::default();
        change(&mut settings);
        wrong(Files::matching("*.pdf").pdf(settings))
    };
    assert_eq!(with(|s| s.seconds = 0), "source `docs`: `pdf`: `seconds` is between 1 and 3600, not 0");
    assert!(with(|s| s.without = vec!["user".to_owned()]).contains("`without` may name"));
    let md = wrong(Files::matching("*.md").pdf(PdfSettings::default()));
    assert_eq!(md, "source `docs`: `pdf`: `files` names no such file: end it with .pdf");
}

#[test]
fn what_the_tools_print_is_read_with_care() {
    let told = "Title:          A: B\nAuthor:\nPages:          3\nPages: 9\nEncrypted: no\n";
    let fields = fields(told);
    assert_eq!(fields["title"], "A: B".into());
    assert_eq!((fields["pages"].clone(), fields.len()), (Value::Int(3), 2));
    assert_eq!(laid_out("\n one  \n\ntwo\n\n\u{c}\u{c}three\n\u{c}"), " one\n\ntwo\n\u{c}\n\n\u{c}\nthree\n");
    assert_eq!(laid_out(" \n\u{c}\n"), "");
    assert!(refused("Command Line Error: Incorrect password\n").contains("password"));
    assert_eq!(
        refused("Syntax Error:\tCouldn't\u{1} read\n"),
        "is a broken PDF: Syntax Error: Couldn't  read"
    );
}
