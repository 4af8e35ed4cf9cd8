//! The text that was read and not passed over yet.

/// So much is read at a time, where it is there.
const CHUNK: usize = 1 << 20;

/// Bytes from `start` to `end` of `room`.
#[derive(Default)]
pub(super) struct Buffer {
    room: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// What is there.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.room[self.start..self.end]
    }

    /// Passes over the first `count` bytes.
    pub(super) fn pass(&mut self, count: usize) {
        self.start += count;
    }

    /// Room behind what is there, as much as is read at a time, but so that there will be no more
    /// than `most` bytes and one.
    pub(super) fn room(&mut self, most: usize) -> &mut [u8] {
        let len = self.end - self.start;
        let wanted = most.saturating_add(1).saturating_sub(len).min(CHUNK);
        let is_large = self.room.len() > 4 * (len + CHUNK);
        if is_large || self.room.len() - self.end < wanted {
            self.room.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, len);
        }
        if is_large {
            self.room.truncate(len + CHUNK);
            self.room.shrink_to_fit();
        } else if self.room.len() - self.end < wanted {
            // What grows for one long record is not to be copied at every reading.
            let more = wanted.max(len / 2).min(most.saturating_add(1).saturating_sub(len));
            self.room.reserve_exact(len + more - self.room.len());
            self.room.resize(len + more, 0);
        }
        &mut self.room[self.end..self.end + wanted]
    }

    /// Says that so many bytes were written into the room.
    pub(super) fn filled(&mut self, count: usize) {
        self.end += count;
    }
}
