//! A provider of media that does what a test tells it to.

use async_trait::async_trait;
use bytes::Bytes;
use kumari_engine::price_book::KindName;
use kumari_server::provider::ProviderFault;
use kumari_server::provider_media::{MadeFile, MediaCancel, MediaOrder, MediaProvider, MediaState};
use kumari_store::FileContent;
use std::sync::Mutex;

/// Every job stands as it was told last.
#[derive(Debug)]
pub(crate) struct ScriptedMedia {
    pub(crate) state: Mutex<MediaState>,
    pub(crate) cancel: Mutex<MediaCancel>,
    pub(crate) orders: Mutex<Vec<MediaOrder>>,
    pub(crate) cancelled: Mutex<u32>,
    pub(crate) file_bytes_max: Mutex<u64>,
}

impl Default for ScriptedMedia {
    fn default() -> Self {
        Self {
            state: Mutex::new(MediaState::Running { percent: 1 }),
            cancel: Mutex::new(MediaCancel::Cancelled),
            orders: Mutex::default(),
            cancelled: Mutex::default(),
            file_bytes_max: Mutex::new(1_000),
        }
    }
}

impl ScriptedMedia {
    pub(crate) fn set(&self, state: MediaState) {
        *self.state.lock().unwrap() = state;
    }

    /// So many pictures, each with bytes of its own.
    pub(crate) fn made(count: u8) -> MediaState {
        let file = |number: u8| MadeFile {
            media_type: "image/png",
            extension: "png",
            content: FileContent::Image { width: 1, height: 1 },
            bytes: Bytes::from(vec![number; 10]),
        };
        MediaState::Made { files: (0..count).map(file).collect() }
    }
}

#[async_trait]
impl MediaProvider for ScriptedMedia {
    fn file_bytes_max(&self, _kind: KindName) -> Option<u64> {
        Some(*self.file_bytes_max.lock().unwrap())
    }

    async fn start(&self, order: MediaOrder) -> Result<String, ProviderFault> {
        if order.prompt.contains("refuse") {
            let message = "not today".to_owned();
            return Err(ProviderFault::Refused { status: Some(503), message, retry_after: None });
        }
        let name = order.key.clone();
        self.orders.lock().unwrap().push(order);
        Ok(name)
    }

    async fn poll(&self, _job: &str) -> Result<MediaState, ProviderFault> {
        Ok(self.state.lock().unwrap().clone())
    }

    async fn cancel(&self, _job: &str) -> Result<MediaCancel, ProviderFault> {
        *self.cancelled.lock().unwrap() += 1;
        Ok(*self.cancel.lock().unwrap())
    }
}
