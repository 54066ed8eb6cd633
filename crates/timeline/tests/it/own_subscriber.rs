//! A program with a subscriber of its own takes the recording in as one of its layers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use timeline::{Recording, StartError};
use tracing_subscriber::{Layer, layer::SubscriberExt};

use crate::alone::alone;

/// Counts all events.
struct Count(Arc<AtomicUsize>);

impl<S: tracing::Subscriber> Layer<S> for Count {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn the_other_layers_get_what_they_got_before() {
    alone(|| {
        let count = Arc::new(AtomicUsize::new(0));
        let (layer, recording) = Recording::layer();
        let subscriber = tracing_subscriber::registry().with(Count(count.clone())).with(layer);
        tracing::subscriber::set_global_default(subscriber).unwrap();
        assert_eq!(Recording::start().unwrap_err(), StartError::OtherSubscriber);
        tracing::trace!(target: "future", event = "note", text = "of ours");
        tracing::trace!(target: "tokio", "of another crate");
        tracing::error!(target: "future", "a log line");
        assert_eq!(count.load(SeqCst), 3);
        assert_eq!(recording.finish().records().len(), 1);
    });
}
