use std::ops::{Deref, DerefMut};

use deadpool::managed::Object;
use tokio::runtime::Handle;

use super::connection::{Connection, Manager};

/// A connection of the pool in somebody's hands. It counts as busy until it is put back: dropped before, as when the
/// caller goes away while a statement runs, it is closed and the server told to stop, since the next user would wait
/// for the end of what runs.
pub(super) struct Lease {
    object: Option<Object<Manager>>,
}

impl Lease {
    pub(super) fn new(object: Object<Manager>) -> Self {
        Self {
            object: Some(object),
        }
    }

    /// Nothing runs on it any more: the next may have it.
    pub(super) fn put_back(mut self) {
        self.note_answer();
        drop(self.object.take());
    }

    /// It is of no use to anybody.
    pub(super) fn take(mut self) {
        drop(self.object.take().map(Object::take));
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.object
            .as_ref()
            .expect("it is there until it is put back, which consumes the lease")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        self.object
            .as_mut()
            .expect("it is there until it is put back, which consumes the lease")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else {
            return;
        };
        let connection = Object::take(object);
        if connection.is_closed() {
            return;
        }
        // Without a runtime nobody runs the connection either, and it ends with its socket.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                connection.canceller().cancel().await;
                drop(connection);
            });
        }
    }
}
