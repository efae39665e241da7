//! What a model's endpoint streams: heard alike however the network cuts it.

#![no_main]

use kumari_server::provider::{ProviderEvent, ProviderFault};
use kumari_server::provider_openai::OpenAiSettings;
use kumari_server::provider_openai_body::{Body, Next};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, body)) = bytes.split_first() else { return };
    let whole = hear([body]);
    assert_eq!(hear(body.chunks(usize::from(*size).max(1))), whole);
});

/// What is heard of a body that comes in these pieces, and how it ended.
fn hear<'body>(
    pieces: impl IntoIterator<Item = &'body [u8]>,
) -> (Vec<ProviderEvent>, Option<ProviderFault>) {
    let mut body = Body::new(OpenAiSettings::new("http://localhost", None).limits);
    let mut heard = Vec::new();
    let mut pieces = pieces.into_iter();
    loop {
        match body.read() {
            Ok(Next::Said(events)) => heard.extend(events),
            Ok(Next::Over) => return (heard, None),
            Ok(Next::Wanting) => match pieces.next().map(|piece| body.add(piece)) {
                Some(Ok(())) => {}
                Some(Err(fault)) => return (heard, Some(fault)),
                None => body.end(),
            },
            Err(fault) => return (heard, Some(fault)),
        }
    }
}
