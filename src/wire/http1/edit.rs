//! Edits to a head, applied in place in the buffer that holds it.
//!
//! Most heads are forwarded as they came: an empty `Edits` says so and nothing is touched. One edit is one move of
//! the bytes behind it; several are done in one pass through a scratch buffer that is kept.

use super::fields::Range16;

/// The edits to one head. Reusable: `clear` keeps the memory. Ranges are those of the parsed head, all edits refer
/// to the bytes as they were parsed. An edit within the range of another one is dropped; ranges that overlap in part are
/// refused by `apply`.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    list: Vec<Edit>,
    text: Vec<u8>,
    scratch: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edit {
    range: Range16,
    text_start: u32,
    text_end: u32,
}

/// The edits make the head longer than the room that is left. The bytes are unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

/// What `Edits::apply` left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Bytes of the head now.
    pub head_len: usize,
    /// Bytes used in the window now: the head and what follows it.
    pub used: usize,
}

impl Edits {
    /// Forgets all edits, keeps the memory.
    pub fn clear(&mut self) {
        self.list.clear();
        self.text.clear();
    }

    /// Whether the head can be forwarded as it is.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Replaces the bytes of `range` by `text`.
    pub fn replace(&mut self, range: Range16, text: &[u8]) {
        self.replace_parts(range, [text]);
    }

    /// Replaces the bytes of `range` by several texts in a row.
    pub fn replace_parts<'a>(&mut self, range: Range16, parts: impl IntoIterator<Item = &'a [u8]>) {
        let text_start = self.text.len() as u32;
        for part in parts {
            self.text.extend_from_slice(part);
        }
        self.list.push(Edit { range, text_start, text_end: self.text.len() as u32 });
    }

    /// Deletes the bytes of `range`, such as a whole header line.
    pub fn delete(&mut self, range: Range16) {
        self.replace(range, b"");
    }

    /// Inserts `text` before offset `at`. What is inserted first at one place stands first.
    pub fn insert(&mut self, at: u16, text: &[u8]) {
        self.replace(Range16 { start: at, end: at }, text);
    }

    /// Makes `name` a header with this one `value`, at the end of a head that is written the plain way and may have
    /// others of that name.
    pub fn set_header(&mut self, head: &[u8], name: &[u8], value: &[u8]) {
        let mut start = memchr::memchr(b'\n', head).map_or(head.len(), |lf| lf + 1);
        while let Some(lf) = memchr::memchr(b'\n', &head[start..]) {
            let line = &head[start..=start + lf];
            if line == b"\r\n" {
                break;
            }
            let named = line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
            if named && line.get(name.len()) == Some(&b':') {
                self.delete(Range16::new(start, start + line.len()));
            }
            start += line.len();
        }
        self.replace_parts(Range16::new(start, start), [name, b": ", value, b"\r\n"]);
    }

    /// How many bytes the head grows by; negative when it shrinks.
    pub fn growth(&self) -> isize {
        let added: u32 = self.list.iter().map(|e| e.text_end - e.text_start).sum();
        let removed: usize = self.list.iter().map(|e| e.range.len()).sum();
        added as isize - removed as isize
    }

    /// Applies the edits to `window[..used]`, which starts with a head of `head_len` bytes. The window's length is the
    /// limit: hand in less than the whole buffer to keep a reserve. Offsets parsed before are void afterwards, so
    /// take what logs and captures need first. The edits stay until `clear`.
    ///
    /// # Errors
    /// `NoRoom` when the result does not fit into the window, an edit lies outside of the head, or two overlap in part; nothing is
    /// changed.
    pub fn apply(&mut self, window: &mut [u8], used: usize, head_len: usize) -> Result<Applied, NoRoom> {
        if self.list.is_empty() {
            return Ok(Applied { head_len, used });
        }
        self.settle()?;
        let new_head_len = head_len.checked_add_signed(self.growth()).ok_or(NoRoom)?;
        let new_used = used.checked_add_signed(self.growth()).ok_or(NoRoom)?;
        let last = self.list.last().map_or(0, |e| usize::from(e.range.end));
        if last > head_len || head_len > used || used > window.len() || new_used > window.len() {
            return Err(NoRoom);
        }
        match self.list.as_slice() {
            [edit] => {
                let (start, end) = (usize::from(edit.range.start), usize::from(edit.range.end));
                let text = &self.text[edit.text_start as usize..edit.text_end as usize];
                window.copy_within(end..used, start + text.len());
                window[start..start + text.len()].copy_from_slice(text);
            }
            _ => self.apply_all(window, used, new_head_len, head_len),
        }
        Ok(Applied { head_len: new_head_len, used: new_used })
    }

    /// Puts the edits in order and drops those that lie within an earlier one: what is deleted needs no mending.
    fn settle(&mut self) -> Result<(), NoRoom> {
        // Stable: several inserts at one place keep their order.
        self.list.sort_by_key(|e| (e.range.start, e.range.end));
        let mut done = 0;
        self.list.retain(|e| {
            let within = e.range.start < done && e.range.end <= done;
            done = done.max(e.range.end);
            !within
        });
        let overlap = self.list.windows(2).any(|pair| pair[0].range.end > pair[1].range.start);
        if overlap { Err(NoRoom) } else { Ok(()) }
    }

    fn apply_all(&mut self, window: &mut [u8], used: usize, new_head_len: usize, head_len: usize) {
        let first = self.list.first().map_or(head_len, |e| usize::from(e.range.start));
        self.scratch.clear();
        let mut from = first;
        for edit in &self.list {
            self.scratch.extend_from_slice(&window[from..usize::from(edit.range.start)]);
            self.scratch.extend_from_slice(&self.text[edit.text_start as usize..edit.text_end as usize]);
            from = usize::from(edit.range.end);
        }
        self.scratch.extend_from_slice(&window[from..head_len]);
        window.copy_within(head_len..used, new_head_len);
        window[first..new_head_len].copy_from_slice(&self.scratch);
    }
}
