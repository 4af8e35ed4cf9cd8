//! Files as Jepsen lays them out, with blocks of any bytes, whose checksums are right.

/// The types of blocks.
pub(crate) const INDEX: u16 = 1;
pub(crate) const VALUE: u16 = 2;
pub(crate) const PARTIAL_MAP: u16 = 3;
pub(crate) const STREAM: u16 = 4;
pub(crate) const VECTOR: u16 = 5;

/// A file that is being made.
pub(crate) struct Blocks {
    bytes: Vec<u8>,
    index: Vec<u8>,
}

impl Blocks {
    /// A file whose test is in block 1.
    pub(crate) fn new() -> Blocks {
        let mut bytes = b"JEPSEN\0\0\0\x01".to_vec();
        bytes.extend([0; 8]);
        Blocks { bytes, index: 1_u32.to_be_bytes().to_vec() }
    }

    /// Appends a block.
    pub(crate) fn block(mut self, id: u32, kind: u16, data: &[u8]) -> Blocks {
        let at = self.bytes.len() as u64;
        self.index.extend(id.to_be_bytes().into_iter().chain(at.to_be_bytes()));
        self.append(kind, data);
        self
    }

    /// Makes an entry in the index that is no block.
    pub(crate) fn entry(mut self, id: u32, at: u64) -> Blocks {
        self.index.extend(id.to_be_bytes().into_iter().chain(at.to_be_bytes()));
        self
    }

    /// The file, with its index.
    pub(crate) fn file(mut self) -> Vec<u8> {
        let at = self.bytes.len() as u64;
        self.bytes[10..18].copy_from_slice(&at.to_be_bytes());
        let index = std::mem::take(&mut self.index);
        self.append(INDEX, &index);
        self.bytes
    }

    fn append(&mut self, kind: u16, data: &[u8]) {
        let mut header = [0; 28];
        header[..8].copy_from_slice(&(data.len() as u64 + 28).to_be_bytes());
        header[12..14].copy_from_slice(&kind.to_be_bytes());
        let checksum = crc32(&[data, &header].concat());
        header[8..12].copy_from_slice(&checksum.to_be_bytes());
        self.bytes.extend(header);
        self.bytes.extend(data);
    }
}

/// A file whose history is in one block of this type.
pub(crate) fn file(kind: u16, data: &[u8]) -> Vec<u8> {
    Blocks::new().block(2, kind, data).block(1, VALUE, &test(2)).file()
}

/// `{:history #block-ref id}`, where `id` is less than 64.
pub(crate) fn test(id: u8) -> Vec<u8> {
    [&b"\xc0\xe6\xca\xf7\xe1history\xef\xe3\x09block-ref\x01"[..], &[id]].concat()
}

/// What a block that is a vector holds: how many values, and the first of each part with the block
/// that holds them.
pub(crate) fn vector(count: u64, parts: &[(u64, u32)]) -> Vec<u8> {
    let mut data = count.to_be_bytes().to_vec();
    for (first, id) in parts {
        data.extend(first.to_be_bytes().into_iter().chain(id.to_be_bytes()));
    }
    data
}

/// CRC-32, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}
