//! Files that were made to harm who reads them: each ends with a fault or with what is left of it,
//! within its limits, on a stack as small as a browser's.

use crate::make::{FONT, HELLO, deflated, docx, hello, one_page, pdf, stream, zip};
use kumari_documents::{Document, DocumentFault, Hint, Limits, Warning};
use miniz_oxide::deflate::compress_to_vec_zlib;

/// So that a bomb is one soon.
const SMALL: Limits = Limits {
    file_bytes_max: 4 << 20,
    pages_max: 100,
    inflated_bytes_max: 1 << 20,
    text_bytes_max: 64 << 10,
    nesting_max: 64,
    work_bytes_max: 16 << 20,
};

/// Less than any browser's.
const STACK_BYTES: usize = 256 << 10;

fn read(bytes: Vec<u8>) -> Result<Document, DocumentFault> {
    let reads = move || kumari_documents::read(&bytes, &Hint::default(), &SMALL);
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(reads).unwrap().join().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    read(bytes).unwrap().text
}

fn code(bytes: Vec<u8>) -> &'static str {
    read(bytes).unwrap_err().code()
}

#[test]
fn what_inflates_beyond_the_limit_is_refused_before_it_takes_memory() {
    let zeros = vec![b' '; 3 << 20];
    let layers = compress_to_vec_zlib(&compress_to_vec_zlib(&zeros, 9), 9);
    let run_length: Vec<u8> = std::iter::repeat_n([129, b' '], 9_000).flatten().collect();
    let half = vec![b' '; 600 << 10];
    let half_part = format!("<a>{}</a>", " ".repeat(600 << 10));
    let mut two = one_page();
    two[2] = b"<< /Type /Page /Contents [4 0 R 5 0 R] >>".to_vec();
    two.extend([deflated("", &half), deflated("", &half)]);
    let bombs = [
        ("one stream", hello(deflated("", &zeros))),
        ("two layers", hello(stream("/Filter [/FlateDecode /Fl]", &layers))),
        ("runs", hello(stream("/Filter /RL", &run_length))),
        ("zeros in base 85", hello(stream("/Filter /A85", &vec![b'z'; 300 << 10]))),
        ("two streams of half the limit", pdf(&two)),
        ("a document's body", docx(&String::from_utf8(zeros.clone()).unwrap())),
        (
            "two parts of half the limit",
            zip(&[
                ("word/document.xml", half_part.as_bytes()),
                ("word/footnotes.xml", half_part.as_bytes()),
            ]),
        ),
        ("a document's list of parts", zip(&[("_rels/.rels", &zeros)])),
    ];
    for (name, bomb) in bombs {
        assert!(bomb.len() < 400 << 10, "{name}");
        let fault = read(bomb).unwrap_err();
        assert_eq!(fault, DocumentFault::InflatesTooLarge { bytes_max: 1 << 20 }, "{name}");
    }
    let below = vec![b' '; 900 << 10];
    assert_eq!(read(hello(deflated("", &below))).unwrap().warnings, [Warning::NoText]);
}

#[test]
fn a_file_a_text_and_a_number_of_pages_have_limits() {
    let fault = read(vec![b'a'; (4 << 20) + 1]).unwrap_err();
    assert_eq!(fault.to_string(), "the file has more than 4194304 bytes: attach a part of it");
    let fault = read(vec![b'a'; (64 << 10) + 1]).unwrap_err();
    assert_eq!(fault, DocumentFault::TextTooLong { bytes_max: 64 << 10 });
    assert_eq!(read(vec![b'a'; 64 << 10]).unwrap().pages, 22);
    let long = "<w:p><w:r><w:t>word</w:t></w:r></w:p>".repeat(20_000);
    assert_eq!(read(docx(&long)), Err(DocumentFault::TextTooLong { bytes_max: 64 << 10 }));
    let shown = b"BT /F1 12 Tf (0123456789) Tj ET ".repeat(7_000);
    assert_eq!(
        read(hello(shown_in(&shown))),
        Err(DocumentFault::TextTooLong { bytes_max: 64 << 10 })
    );
    let pages = |count: usize| {
        let mut objects = one_page();
        objects[1] = format!("<< /Kids [{}] >>", "3 0 R ".repeat(count)).into_bytes();
        objects.push(stream("", b""));
        pdf(&objects)
    };
    assert_eq!(read(pages(100)).unwrap().pages, 100);
    assert_eq!(read(pages(101)), Err(DocumentFault::TooManyPages { pages_max: 100 }));
}

fn shown_in(content: &[u8]) -> Vec<u8> {
    deflated("", content)
}

#[test]
fn what_lies_deep_in_itself_needs_no_deep_stack() {
    let deep = 40_000;
    let elements = format!("{}{}", "<w:p>".repeat(deep), "</w:p>".repeat(deep));
    assert_eq!(
        read(docx(&elements)).unwrap_err().to_string(),
        "parts of the DOCX file lie more than 64 levels deep: save it anew, simpler"
    );
    let arrays = format!("{}{} Tj (x) Tj", "[".repeat(deep), "]".repeat(deep));
    assert_eq!(read(hello(stream("", arrays.as_bytes()))).unwrap().pages, 1);
    let mut objects = one_page();
    objects[1] = format!("<< /Kids {}", "<< /Kids [".repeat(deep)).into_bytes();
    assert_eq!(code(pdf(&objects)), "document_broken");
    let brackets = [b"BT /F1 9 Tf (".as_slice(), &b"(".repeat(deep), HELLO].concat();
    assert_eq!(read(hello(stream("", &brackets))).unwrap().pages, 1);
}

#[test]
fn what_leads_in_circles_comes_to_an_end() {
    let catalog = || b"<< /Type /Catalog /Pages 2 0 R >>".to_vec();
    let circles: [&[&str]; 5] = [
        &["<< /Kids [2 0 R 2 0 R] >>"],
        &["<< /Kids [3 0 R] >>", "<< /Kids [2 0 R 3 0 R] >>"],
        &["3 0 R", "2 0 R"],
        &["2 0 R"],
        &["<< /Kids 2 0 R >>"],
    ];
    for circle in circles {
        let objects: Vec<Vec<u8>> = std::iter::once(catalog())
            .chain(circle.iter().map(|it| it.as_bytes().to_vec()))
            .collect();
        let read = read(pdf(&objects));
        assert!(
            matches!(&read, Err(DocumentFault::Broken { .. }))
                || read.is_ok_and(|it| it.text.is_empty())
        );
    }
    // A table that names itself as the one before it, and a length that lies in its own stream.
    let mut file = hello(stream("", HELLO));
    let at = file.windows(4).rposition(|part| part == b"xref").unwrap() - 5;
    let at = file[..at].windows(4).rposition(|part| part == b"xref").unwrap_or(at);
    let trailer = format!("trailer\n<< /Prev {at} ");
    let place = file.windows(10).position(|part| part == b"trailer\n<<").unwrap();
    file.splice(place..place + 10, trailer.bytes());
    assert_eq!(text(file), "Hello");
    let mut objects = one_page();
    objects.push(b"<< /Length 4 0 R >>\nstream\nBT /F1 1 Tf (Hello) Tj ET\nendstream".to_vec());
    objects.push(FONT.as_bytes().to_vec());
    assert_eq!(text(pdf(&objects)), "Hello");
}

#[test]
fn work_that_grows_faster_than_the_file_is_stopped() {
    // A drawing that draws itself ten times, eight levels deep.
    let mut objects = one_page();
    objects.push(stream("", b"/X Do"));
    objects.push(FONT.as_bytes().to_vec());
    let drawing = "/Subtype /Form /Resources << /XObject << /X 6 0 R >> >>";
    objects.push(stream(drawing, &b"/X Do ".repeat(10)));
    assert_eq!(read(pdf(&objects)), Err(DocumentFault::TooMuchWork));
    // Objects without an end, each of which would be looked for to the end of the file.
    let mut file = b"%PDF-1.4\n".to_vec();
    for number in 1..50_000 {
        file.extend(format!("{number} 0 obj <</Length 1>> stream\n").bytes());
    }
    assert_eq!(read(file), Err(DocumentFault::TooMuchWork));
    // A page that is shown a hundred times, with content that takes long.
    let mut objects = one_page();
    objects[1] = format!("<< /Kids [{}] >>", "3 0 R ".repeat(100)).into_bytes();
    objects.push(deflated("", &vec![b' '; 100 << 10]));
    assert_eq!(code(pdf(&objects)), "document_too_large");
}

/// A page with these resources and this content; what they name are objects from 5 on.
fn page(resources: &str, content: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    let mut objects = one_page();
    objects[2] =
        format!("<< /Type /Page /Contents 4 0 R /Resources << {resources} >> >>").into_bytes();
    objects.push(deflated("", content));
    objects.extend_from_slice(others);
    pdf(&objects)
}

#[test]
fn what_takes_longer_than_its_bytes_is_counted_so() {
    let shown = |count: usize| [b"/F 1 Tf (", "a".repeat(count).as_bytes(), b") Tj"].concat();
    let spaces: String = (0..256).map(|it| format!("<{it:08x}> <{it:08x}> ")).collect::<String>()
        + "endcodespacerange";
    let in_spaces = "<< /Subtype /Type0 /Encoding 6 0 R >>".as_bytes().to_vec();
    let nothing = format!("<61> <{}> endbfchar", "0001".repeat(32));
    let as_nothing = "<< /Subtype /Type1 /ToUnicode 6 0 R >>".as_bytes().to_vec();
    let names: String = (0..100).map(|it| format!("/F{it} 1 Tf ")).collect();
    let differences = "/adieresis ".repeat(400);
    let fonts: String = (0..100)
        .map(|it| format!("/F{it} << /Encoding << /Differences [0 {differences}] >> >> "))
        .collect();
    let small_fonts: String = (0..100).map(|it| format!("/F{it} << >> ")).collect();
    let mut parts = one_page();
    parts[2] = format!("<< /Type /Page /Contents [{}] >>", "4 0 R ".repeat(16_000)).into_bytes();
    parts.push(stream("/Filter /LZW", b""));
    let files = [
        page("/Font << /F 5 0 R >>", &shown(70_000), &[in_spaces, stream("", spaces.as_bytes())]),
        page(
            "/Font << /F 5 0 R >>",
            &shown(400_000),
            &[as_nothing, stream("", nothing.as_bytes())],
        ),
        page(&format!("/Font << {fonts} >>"), names.repeat(100).as_bytes(), &[]),
        page(&format!("/Font << {small_fonts} >>"), names.repeat(500).as_bytes(), &[]),
        page(&format!("/Font ({})", "a".repeat(500_000)), names.as_bytes(), &[]),
        pdf(&parts),
        tables_that_lead_nowhere(),
    ];
    for (index, file) in files.into_iter().enumerate() {
        assert_eq!(read(file), Err(DocumentFault::TooMuchWork), "{index}");
    }
}

/// Each table names one before it, and one that ends in the middle of its many lines.
fn tables_that_lead_nowhere() -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let spaces = file.len();
    file.extend([b' '; 64]);
    file.extend(b"xref\n0 90000\n");
    file.extend(b"0 0 f ".repeat(80_000));
    file.extend(b"end ");
    let mut before = spaces;
    for index in 0..64 {
        let at = file.len();
        let trailer = format!("xref trailer << /Prev {before} /XRefStm {} >>\n", spaces + index);
        file.extend(trailer.bytes());
        before = at;
    }
    file.extend(format!("startxref {before}").bytes());
    file
}

#[test]
fn what_is_named_again_and_again_is_neither_copied_nor_kept_again() {
    // Each drawing is looked for in a dictionary of the page's own.
    let many: String = (0..20_000).map(|it| format!("/k{it} 0 ")).collect();
    let file = page(&format!("/XObject << {many} >>"), &b"/A Do ".repeat(100_000), &[]);
    assert_eq!(read(file).unwrap().warnings, [Warning::NoText]);
    // A font has at most as many widths as it can have glyphs.
    let widths: String = (0..5_000).map(|it| format!("{it} 7 0 R ")).collect();
    let file = page(
        "/Font << /F 5 0 R >>",
        b"/F 1 Tf",
        &[
            b"<< /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [6 0 R] >>".to_vec(),
            format!("<< /W [{widths}] >>").into_bytes(),
            format!("[{}]", "0 ".repeat(20_000)).into_bytes(),
        ],
    );
    assert_eq!(read(file).unwrap().warnings, [Warning::NoText]);
}

#[test]
fn a_damaged_file_gives_what_is_left_of_it() {
    let whole = hello(stream("", HELLO));
    let without_tables = whole[..whole.windows(5).position(|it| it == b"xref\n").unwrap()].to_vec();
    assert_eq!(text(without_tables), "Hello");
    let moved = [b"%PDF-1.4\n% moved by these words\n".as_slice(), &whole[9..]].concat();
    assert_eq!(text(moved), "Hello");
    let before = [b"\x00\x01mail header\r\n".as_slice(), &whole].concat();
    assert_eq!(text(before), "Hello");
    // One of two pages is not where the table says.
    let mut two = one_page();
    two[1] = b"<< /Kids [3 0 R 6 0 R] >>".to_vec();
    two.extend([stream("", HELLO), FONT.as_bytes().to_vec(), two[2].clone()]);
    let mut file = pdf(&two);
    let row = file.windows(10).rposition(|it| it == b" 00000 n \n").unwrap() - 10;
    file[row..row + 10].copy_from_slice(b"0000000001");
    assert_eq!(read(file).unwrap().pages, 2);
    two[1] = b"<< /Kids [3 0 R 99 0 R] >>".to_vec();
    let part = read(pdf(&two)).unwrap();
    assert_eq!((part.pages, part.warnings.as_slice()), (1, &[Warning::TextIncomplete][..]));
    let wrong_length =
        hello([b"<< /Length 3 >>\nstream\r\n".as_slice(), HELLO, b"\nendstream"].concat());
    assert_eq!(text(wrong_length), "Hello");
    let packed = compress_to_vec_zlib(
        &[HELLO, &(0..9_999_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>()].concat(),
        6,
    );
    let cut = read(hello(stream("/Filter /FlateDecode", &packed[..packed.len() - 9_000]))).unwrap();
    assert!(cut.text.starts_with("Hello") && cut.warnings == [Warning::TextIncomplete], "{cut:?}");
    let broken = format!("BT /F1 9 Tf (a) Tj {} (b) Tj", "[".repeat(99));
    let part = read(hello(stream("", broken.as_bytes()))).unwrap();
    assert_eq!(
        (part.text.as_str(), part.warnings.as_slice()),
        ("a", &[Warning::TextIncomplete][..])
    );
    let fault = read(b"%PDF-1.4 and nothing else".to_vec()).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the PDF is damaged: no page can be found in it; open it where it was made and save it again"
    );
}

#[test]
fn a_zip_that_is_no_document_or_a_damaged_one_says_so() {
    let body = "<w:p><w:r><w:t>Hello</w:t></w:r></w:p>";
    let whole = docx(body);
    assert_eq!(text(whole.clone()), "Hello");
    let with = |from: &[u8], to: &[u8]| {
        let mut file = whole.clone();
        let place = file.windows(from.len()).rposition(|part| part == from).unwrap();
        file.splice(place..place + from.len(), to.iter().copied());
        file
    };
    let cases = [
        (zip(&[("xl/workbook.xml", b"<a/>")]), "a zip archive that is not a document of Word"),
        (whole[..whole.len() - 9].to_vec(), "its list of parts is missing"),
        (with(b"PK\x01\x02\x14\0\x14\0\0\0", b"PK\x01\x02\x14\0\x14\0\x01\0"), "is encrypted"),
        (
            with(b"PK\x01\x02\x14\0\x14\0\0\0\x08", b"PK\x01\x02\x14\0\x14\0\0\0\x0c"),
            "compressed in a way",
        ),
        (docx("<w:p><w:t>&bomb;</w:t></w:p>"), "an entity that XML does not have"),
        (docx("<w:p><w:t>x</w:p>"), "a part is not XML"),
        (zip(&[("word/document.xml", b"<a><b>")]), "a part ends in the middle"),
        (zip(&[("word/document.xml", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a/>")]), "a document type"),
        (zip(&[("word/document.xml", b"\xff\xfe<\0a\0")]), "a part is not UTF-8"),
    ];
    for (file, words) in cases {
        let fault = read(file).unwrap_err().to_string();
        assert!(fault.contains(words), "{fault}");
    }
    let place = whole.windows(4).position(|part| part == b"PK\x01\x02").unwrap();
    let mut wrong_sum = whole.clone();
    wrong_sum[place + 16] ^= 1;
    assert!(read(wrong_sum).unwrap_err().to_string().contains("not what its checksum says"));
}
