//! The record in the Trace Event Format, for Perfetto and `chrome://tracing`.

use crate::Timeline;

impl Timeline {
    /// The record as a JSON object in the Trace Event Format.
    pub fn to_chrome(&self) -> String {
        String::new()
    }
}
