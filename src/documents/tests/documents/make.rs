//! Makes files, whole and hostile ones.

use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

/// A zip of these parts, deflated.
pub(crate) fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut list) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let packed = compress_to_vec(content, 6);
        let place = u32::try_from(file.len()).unwrap();
        let mut fields = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        fields.extend(crc32(content).to_le_bytes());
        fields.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        fields.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        fields.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        fields.extend([0, 0]);
        file.extend(b"PK\x03\x04");
        file.extend(&fields);
        file.extend(name.as_bytes());
        file.extend(packed);
        list.extend(b"PK\x01\x02\x14\x00");
        list.extend(&fields);
        list.extend([0; 10]);
        list.extend(place.to_le_bytes());
        list.extend(name.as_bytes());
    }
    let count = u16::try_from(parts.len()).unwrap().to_le_bytes();
    let from = u32::try_from(file.len()).unwrap().to_le_bytes();
    let length = u32::try_from(list.len()).unwrap().to_le_bytes();
    file.extend(list);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count, count].concat());
    file.extend([length, from].concat());
    file.extend([0, 0]);
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 }
        })
    })
}

/// A document of Word with this body.
pub(crate) fn docx(body: &str) -> Vec<u8> {
    let part = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"urn:w\"><w:body>{body}\
         <w:sectPr/></w:body></w:document>"
    );
    zip(&[("word/document.xml", part.as_bytes())])
}

/// A PDF of these objects, numbered from 1; the first is the catalog.
pub(crate) fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj\n", index + 1).bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        file.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    file.extend(
        format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").bytes(),
    );
    file
}

/// A stream with this in its dictionary.
pub(crate) fn stream(dict: &str, data: &[u8]) -> Vec<u8> {
    let length = data.len();
    let mut object = format!("<< {dict} /Length {length} >>\nstream\n").into_bytes();
    object.extend(data);
    object.extend(b"\nendstream");
    object
}

/// A deflated stream.
pub(crate) fn deflated(dict: &str, data: &[u8]) -> Vec<u8> {
    stream(&format!("{dict} /Filter /FlateDecode"), &compress_to_vec_zlib(data, 6))
}

/// The catalog, and a tree of one page whose content is object 4; fonts are object 5.
pub(crate) fn one_page() -> Vec<Vec<u8>> {
    [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> \
         /XObject << /X 6 0 R >> >> >>",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// A font that every reader has.
pub(crate) const FONT: &str = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

/// A file of one page that shows `Hello`.
pub(crate) fn hello(content: Vec<u8>) -> Vec<u8> {
    let mut objects = one_page();
    objects.push(content);
    objects.push(FONT.as_bytes().to_vec());
    pdf(&objects)
}

/// Content that shows `Hello`.
pub(crate) const HELLO: &[u8] = b"BT /F1 12 Tf 72 700 Td (Hello) Tj ET";
