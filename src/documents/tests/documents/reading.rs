//! What is read from each part that files have, made here so that each is seen alone.

use crate::make::{FONT, deflated, docx, hello, one_page, pdf, stream, zip};
use kumari_documents::{Document, DocumentFault, Hint, Limits, Warning, text_pages};

fn read(bytes: &[u8]) -> Document {
    kumari_documents::read(bytes, &Hint::default(), &Limits::DEFAULT).unwrap()
}

fn shown(content: &str) -> String {
    read(&hello(stream("", content.as_bytes()))).text
}

#[test]
fn pages_of_a_text_are_counted_by_its_characters() {
    let cases = [
        (String::new(), 0, 0),
        ("ä".to_owned(), 1, 1),
        ("😀".repeat(3_000), 3_000, 1),
        ("中".repeat(3_001), 3_001, 2),
        ("e\u{301}".repeat(3_000), 6_000, 2),
    ];
    for (text, characters, pages) in cases {
        let document = read(text.as_bytes());
        assert_eq!((document.characters, document.pages), (characters, pages));
        assert_eq!(document.text, text);
        assert_eq!(text_pages(characters), pages);
    }
}

#[test]
fn texts_of_other_encodings_say_where_they_are_wrong() {
    let cases: [(&[u8], &str); 6] = [
        (b"Z\xfcrich", "(byte 1)"),
        (b"\xef\xbb\xbfab\xff", "(byte 5)"),
        (b"\xff\xfea\0\x00\xd8b\0", "(byte 4)"),
        (b"\xfe\xff\0a\0", "(byte 4)"),
        (b"ab\0cd", "a file that is not text"),
        (b"\xff\xfe\0\0a\0\0\0", "a file that is not text"),
    ];
    for (bytes, words) in cases {
        let fault = kumari_documents::read(bytes, &Hint::default(), &Limits::DEFAULT).unwrap_err();
        assert!(fault.to_string().contains(words), "{fault}");
    }
}

#[test]
fn a_csv_is_a_text_whose_quotes_match() {
    let hint = Hint { name: Some("a.csv"), media_type: None };
    let read = |bytes: &[u8]| kumari_documents::read(bytes, &hint, &Limits::DEFAULT);
    let table = read(b"a;\"b\nc\"\n").unwrap();
    assert_eq!((table.kind.name(), table.text.as_str()), ("csv", "a;\"b\nc\"\n"));
    let fault = read(b"a\n\"b").unwrap_err();
    assert_eq!(fault.code(), "document_csv_malformed");
    assert_eq!(fault, DocumentFault::Csv { line: 2, detail: "a quote is opened and never closed" });
}

#[test]
fn a_document_is_read_from_top_to_bottom() {
    let run = |text: &str| format!("<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r>");
    let paragraph =
        |inner: &str| format!("<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr>{inner}</w:p>");
    let cases = [
        (paragraph(&run("a &amp; b &#x1F600;&#228;")), "a & b 😀ä"),
        (format!("{}{}{}", paragraph(&run("a")), paragraph(""), paragraph(&run("b"))), "a\n\nb"),
        (
            paragraph("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:noBreakHyphen/></w:r>"),
            "a\tb\n\u{2011}",
        ),
        (
            paragraph(&format!(
                "<w:del><w:r><w:delText>x</w:delText></w:r></w:del><w:ins>{}</w:ins>",
                run("new")
            )),
            "new",
        ),
        (paragraph(&format!("<w:r><w:instrText>PAGE</w:instrText></w:r>{}", run("7"))), "7"),
        (
            paragraph(&format!(
                "<mc:AlternateContent><mc:Choice>{0}</mc:Choice><mc:Fallback>{0}</mc:Fallback></mc:AlternateContent>",
                run("once")
            )),
            "once",
        ),
        (paragraph("<w:r><w:t><![CDATA[<raw>]]></w:t></w:r>"), "<raw>"),
        (
            format!(
                "<w:tbl><w:tr><w:tc>{}</w:tc><w:tc>{}{}</w:tc></w:tr><w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr></w:tbl>{}",
                paragraph(&run("1")),
                paragraph(&run("2")),
                paragraph(&run("3")),
                paragraph(""),
                paragraph(&run("4")),
                paragraph(&run("after")),
            ),
            "1\t2\n3\n\t4\nafter",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(read(&docx(&body)).text, expected, "{body}");
    }
}

#[test]
fn the_body_is_where_the_package_says_and_notes_follow_it() {
    let part = |text: &str| {
        format!("<w:x xmlns:w=\"urn:w\"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:x>")
    };
    let rels = "<Relationships><Relationship Id=\"a\" Type=\"http://x/officeDocument\" \
                Target=\"/word/document2.xml\"/></Relationships>";
    let file = zip(&[
        ("_rels/.rels", rels.as_bytes()),
        ("word/document2.xml", part("body").as_bytes()),
        ("word/endnotes.xml", part("end").as_bytes()),
        ("word/footnotes.xml", part("foot").as_bytes()),
        ("word/header1.xml", part("head").as_bytes()),
    ]);
    assert_eq!(read(&file).text, "body\nfoot\nend");
}

#[test]
fn glyphs_become_lines_and_words_by_where_they_are() {
    let cases = [
        ("BT /F1 10 Tf (a) Tj 0 -12 Td (b) Tj ET", "a\nb"),
        (
            "BT /F1 10 Tf 14 TL (a) Tj (b) ' 1 2 (c) \" T* [(d) -50 (e) -800 (f)] TJ ET",
            "a\nb\nc\nde f",
        ),
        (
            "BT /F1 10 Tf 1 0 0 1 0 0 Tm (a) Tj 1 0 0 1 5 0 Tm (b) Tj 1 0 0 1 20 0 Tm (c) Tj ET",
            "ab c",
        ),
        ("BT /F1 10 Tf (x) Tj 4 Ts /F1 6 Tf (2) Tj 0 Ts /F1 10 Tf (y) Tj ET", "x2y"),
        ("q .5 0 0 .5 0 0 cm BT /F1 20 Tf (a) Tj ET Q BT /F1 10 Tf 0 50 Td (b) Tj ET", "a\nb"),
        ("0 1 -1 0 0 0 cm BT /F1 10 Tf (up) Tj 0 -12 Td (there) Tj ET", "up\nthere"),
        ("BT /F1 10 Tf (a  b ) Tj ( c) Tj ET", "a b c"),
        ("BT /F1 10 Tf (\\374\\050\\)\\\r\nx) Tj <41 4> Tj ET", "()xA@"),
        ("BT /F1 10 Tf (a) Tj ET q 1 0 0 1 0 99 cm Q BT /F1 10 Tf 5 0 Td (b) Tj ET", "ab"),
        ("BT /F1 10 Tf BI /W 2 /H 1 ID (no) Tj EI (after) Tj ET", "after"),
        ("% (no)\nBT /F1 10 Tf (yes) Tj ET", "yes"),
    ];
    for (content, expected) in cases {
        assert_eq!(shown(content), expected, "{content}");
    }
}

#[test]
fn codes_become_characters_as_their_font_says() {
    let cases: [(&str, &[u8], &str, &[Warning]); 8] = [
        ("/Subtype /Type1 /Encoding /WinAnsiEncoding", b"(\\344\\200)", "ä€", &[]),
        ("/Subtype /Type1 /Encoding /MacRomanEncoding", b"(\\212)", "ä", &[]),
        ("/Subtype /TrueType", b"(\\344)", "ä", &[]),
        ("/Subtype /Type1", b"(\\256`)", "ﬁ‘", &[]),
        (
            "/Subtype /Type1 /Encoding << /Differences [65 /Euro /g7 /uni4E2D] >>",
            b"(ABCD)",
            "€中D",
            &[Warning::TextIncomplete],
        ),
        (
            "/Subtype /Type1 /BaseFont /ABCDEF+Symbol",
            b"(a)",
            "",
            &[Warning::NoText, Warning::TextIncomplete],
        ),
        ("/Subtype /Type0 /Encoding /UniGB-UTF16-H", b"<4e2d d83dde00>", "中😀", &[]),
        (
            "/Subtype /Type0 /Encoding /Identity-H",
            b"<0041>",
            "",
            &[Warning::NoText, Warning::TextIncomplete],
        ),
    ];
    for (font, text, expected, warnings) in cases {
        let mut objects = one_page();
        objects.push(stream("", &[b"BT /F1 9 Tf ", text, b" Tj ET"].concat()));
        objects.push(format!("<< /Type /Font {font} >>").into_bytes());
        let document = read(&pdf(&objects));
        assert_eq!(
            (document.text.as_str(), document.warnings.as_slice()),
            (expected, warnings),
            "{font}"
        );
    }
}

#[test]
fn streams_are_decoded_whatever_they_are_packed_with() {
    let content = crate::make::HELLO;
    let hex: String = content.iter().map(|byte| format!("{byte:02x}")).collect();
    let runs: Vec<u8> = content.iter().flat_map(|byte| [0, *byte]).collect();
    let lzw =
        weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(content);
    let above = std::iter::once(&0).chain(content);
    let up = content.iter().zip(above).flat_map(|(byte, above)| [2, byte.wrapping_sub(*above)]);
    let up: Vec<u8> = up.collect();
    let files = [
        deflated("", content),
        stream("/Filter [/AHx]", hex.as_bytes()),
        stream("/Filter /RunLengthDecode", &runs),
        stream("/Filter /LZWDecode", &lzw.unwrap()),
        stream("/Filter /ASCII85Decode", b"6<#'\\7PQ#?1*BP.+?)%u2_Zp.<+I+\"87cURD^cf.C*5rE~>"),
        deflated("/DecodeParms << /Predictor 12 /Columns 1 >>", &up),
    ];
    for (index, file) in files.into_iter().enumerate() {
        assert_eq!(read(&hello(file)).text, "Hello", "{index}");
    }
}

#[test]
fn what_a_page_takes_over_and_what_is_drawn_into_it_counts() {
    let objects: Vec<Vec<u8>> = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Kids [3 0 R 8 0 R] /Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >> >>"
            .to_vec(),
        b"<< /Type /Page /Contents [4 0 R 4 0 R] >>".to_vec(),
        stream("", b"BT /F1 9 Tf (a) Tj ET /X Do"),
        FONT.as_bytes().to_vec(),
        stream("/Subtype /Form /Matrix [1 0 0 1 0 40]", b"BT /F1 9 Tf (form) Tj ET"),
        b"<< /Type /Page >>".to_vec(),
        b"<< /Kids [7 0 R] >>".to_vec(),
    ]
    .to_vec();
    let document = read(&pdf(&objects));
    assert_eq!((document.text.as_str(), document.pages), ("a\nform\na\nform", 2));
}

#[test]
fn what_was_changed_later_counts_and_the_rest_is_where_it_was() {
    let mut file = hello(stream("", crate::make::HELLO));
    let table = file.windows(5).position(|part| part == b"xref\n").unwrap();
    let place = file.len();
    file.extend(b"4 0 obj\n");
    file.extend(stream("", b"BT /F1 9 Tf (changed) Tj ET"));
    let newer = file.len() + 8;
    file.extend(
        format!(
            "\nendobj\nxref\n4 1\n{place:010} 00000 n \ntrailer\n<< /Root 1 0 R /Prev {table} >>\n\
             startxref\n{newer}\n%%EOF\n"
        )
        .bytes(),
    );
    assert_eq!(read(&file).text, "changed");
    // Without the table before it only reading the whole file would find the pages; it is not
    // read where the tables lead to all of them, so an object behind their back changes nothing.
    let end = file.len();
    file.extend(b"3 0 obj null endobj\n");
    assert_eq!(read(&file).text, "changed");
    file.truncate(end);
    file.extend(b"2 0 obj << /Kids [] >> endobj\n");
    assert_eq!(read(&file).pages, 1);
}

#[test]
fn objects_inside_streams_are_found_by_the_table_alone() {
    let mut file = include_bytes!("../fixtures/letter-qpdf-object-streams.pdf").to_vec();
    let whole = read(&file);
    assert_eq!(whole.pages, 2);
    // No table names these, so they are nothing; who reads the whole file would take them for newer.
    let decoys: Vec<u8> =
        (1..20).flat_map(|it| format!("\n{it} 0 obj null endobj").into_bytes()).collect();
    let place = file.windows(9).rposition(|part| part == b"startxref").unwrap();
    file.splice(place..place, decoys.into_iter().chain(*b"\n"));
    assert_eq!(read(&file), whole);
}

#[test]
fn without_tables_the_later_of_two_objects_counts() {
    let mut file = hello(stream("", crate::make::HELLO));
    file.truncate(file.windows(5).position(|part| part == b"xref\n").unwrap());
    file.extend(b"4 0 obj\n");
    file.extend(stream("", b"BT /F1 9 Tf (later) Tj ET"));
    file.extend(b"\nendobj\n");
    assert_eq!(read(&file).text, "later");
}

#[test]
fn codes_of_one_byte_may_have_two_in_the_table_of_their_font() {
    let mut objects = one_page();
    objects.push(stream("", b"BT /F1 9 Tf (AB) Tj ET"));
    objects.push(b"<< /Type /Font /Subtype /Type1 /ToUnicode 6 0 R >>".to_vec());
    objects.push(stream("", b"2 beginbfchar <0041> <4e2d> <42> <6587> endbfchar"));
    assert_eq!(read(&pdf(&objects)).text, "中文");
}

#[test]
fn a_font_in_the_file_says_by_itself_which_characters_its_codes_are() {
    let program = "%!PS-AdobeFont-1.0: CMR10\n/Encoding 256 array\n0 1 255 {1 index exch /.notdef put} \
                   for\ndup 12 /fi put\ndup 58 /period put\nreadonly def\ncurrentfile eexec dup 59 /A put";
    let mut objects = one_page();
    objects.push(stream("", b"BT /F1 9 Tf (\\014:;) Tj ET"));
    objects
        .push(b"<< /Type /Font /Subtype /Type1 /FontDescriptor << /FontFile 6 0 R >> >>".to_vec());
    objects.push(deflated("", program.as_bytes()));
    let document = read(&pdf(&objects));
    assert_eq!(document.text, "ﬁ.");
    assert_eq!(document.warnings, [Warning::TextIncomplete]);
}
