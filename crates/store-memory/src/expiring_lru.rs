//! A bounded map of things that expire.

use std::hash::Hash;
use std::time::Duration;

use hashlink::LruCache;

/// What a value counts against the bytes of its map.
pub(crate) trait Weigh {
    fn bytes(&self) -> usize;
}

/// Keeps at most `max_entries` values and `max_bytes` of them. The one that was used longest ago goes
/// first. Every operation takes constant time, but for one that makes room.
pub(crate) struct ExpiringLru<K, V> {
    entries: LruCache<K, Entry<V>>,
    max_entries: usize,
    max_bytes: usize,
    bytes: usize,
}

struct Entry<V> {
    value: V,
    bytes: usize,
    expires_millis: i64,
}

/// The time `ttl` after `now_millis`, or the end of time.
pub(crate) fn after(now_millis: i64, ttl: Duration) -> i64 {
    now_millis.saturating_add(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX))
}

impl<K: Eq + Hash, V: Weigh> ExpiringLru<K, V> {
    pub(crate) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self {
            entries: LruCache::new_unbounded(),
            max_entries,
            max_bytes,
            bytes: 0,
        }
    }

    /// Adds or replaces a value, which becomes the most recently used. Returns the keys that made room, least recently used
    /// first; the new one is among them when it alone is too large.
    pub(crate) fn put(&mut self, key: K, value: V, expires_millis: i64, now_millis: i64) -> Vec<K> {
        let bytes = value.bytes();
        let before = self.entries.insert(
            key,
            Entry {
                value,
                bytes,
                expires_millis,
            },
        );
        self.bytes += bytes;
        self.bytes -= before.map_or(0, |kept| kept.bytes);
        self.make_room(now_millis)
    }

    /// Reads or changes a live value, which becomes the most recently used. The function may also set when it
    /// expires. `None`: there is none. An expired one is dropped.
    pub(crate) fn with<R>(
        &mut self,
        key: &K,
        now_millis: i64,
        action: impl FnOnce(&mut V, &mut i64) -> R,
    ) -> Option<R> {
        let kept = self.entries.get_mut(key)?;
        if kept.expires_millis <= now_millis {
            self.remove(key);
            return None;
        }
        let result = action(&mut kept.value, &mut kept.expires_millis);
        let bytes = kept.value.bytes();
        self.bytes = self.bytes + bytes - kept.bytes;
        kept.bytes = bytes;
        Some(result)
    }

    /// Reads a live value without warming it.
    pub(crate) fn peek(&self, key: &K, now_millis: i64) -> Option<&V> {
        self.entries
            .peek(key)
            .filter(|kept| kept.expires_millis > now_millis)
            .map(|kept| &kept.value)
    }

    /// When a live value expires.
    pub(crate) fn expires_millis(&self, key: &K, now_millis: i64) -> Option<i64> {
        self.entries
            .peek(key)
            .map(|kept| kept.expires_millis)
            .filter(|expires| *expires > now_millis)
    }

    /// Takes a value off, if it is there and lives.
    pub(crate) fn take(&mut self, key: &K, now_millis: i64) -> Option<V> {
        let kept = self.remove(key)?;
        (kept.expires_millis > now_millis).then_some(kept.value)
    }

    /// Drops expired values at the cold end, then the coldest ones above the bounds.
    pub(crate) fn make_room(&mut self, now_millis: i64) -> Vec<K> {
        let mut gone = Vec::new();
        while let Some((_, coldest)) = self.entries.iter().next() {
            let is_over = self.entries.len() > self.max_entries || self.bytes > self.max_bytes;
            if !is_over && coldest.expires_millis > now_millis {
                break;
            }
            if let Some((key, kept)) = self.entries.remove_lru() {
                self.bytes -= kept.bytes;
                gone.push(key);
            }
        }
        gone
    }

    /// Whether one more value of so many bytes fits without another having to go.
    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        self.entries.len() < self.max_entries && self.bytes + bytes <= self.max_bytes
    }

    fn remove(&mut self, key: &K) -> Option<Entry<V>> {
        let kept = self.entries.remove(key)?;
        self.bytes -= kept.bytes;
        Some(kept)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for usize {
        fn bytes(&self) -> usize {
            *self
        }
    }

    #[test]
    fn the_coldest_goes_first_by_number() {
        let mut lru = ExpiringLru::new(2, 1_000);
        lru.put("a", 1, 100, 0);
        lru.put("b", 1, 100, 0);
        lru.with(&"a", 0, |_, _| ());
        assert_eq!(vec!["b"], lru.put("c", 1, 100, 0));
        assert_eq!(Some(&1), lru.peek(&"a", 0));
    }

    #[test]
    fn the_coldest_go_first_by_bytes_and_a_too_large_value_is_not_kept() {
        let mut lru = ExpiringLru::new(10, 10);
        lru.put("a", 4, 100, 0);
        lru.put("b", 4, 100, 0);
        assert_eq!(vec!["a"], lru.put("c", 6, 100, 0));
        assert_eq!(vec!["b", "c", "d"], lru.put("d", 11, 100, 0));
        assert_eq!((0, 0), (lru.len(), lru.bytes));
    }

    #[test]
    fn a_value_that_grows_counts_as_it_is() {
        let mut lru = ExpiringLru::new(10, 10);
        lru.put("a", 4, 100, 0);
        lru.with(&"a", 0, |bytes, _| *bytes = 9);
        assert_eq!(9, lru.bytes);
        lru.put("a", 2, 100, 0);
        assert_eq!(2, lru.bytes);
    }

    #[test]
    fn an_expired_value_is_gone_and_makes_room() {
        let mut lru = ExpiringLru::new(10, 100);
        lru.put("a", 4, 100, 0);
        assert_eq!(None, lru.peek(&"a", 100));
        assert_eq!(None, lru.with(&"a", 100, |_, _| ()));
        assert_eq!(0, lru.bytes);
        lru.put("b", 4, 100, 0);
        assert_eq!(vec!["b"], lru.put("c", 4, 300, 100));
        assert_eq!(None, lru.take(&"c", 300));
    }
}
