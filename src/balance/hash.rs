//! Hash functions of `hash-type` (configuration.txt 4.2): sdbm, djb2, CRC-32, wt6, and Bob Jenkins'
//! full avalanche of four bytes. All are published functions; that the reference computes the same
//! was seen by running it.

/// The function part of `hash-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Function {
    /// That of the sdbm library; the default.
    #[default]
    Sdbm,
    /// Bernstein's, times 33.
    Djb2,
    /// Two words that rotate each other.
    Wt6,
    /// As in Ethernet and gzip.
    Crc32,
}

impl Function {
    /// Every function, in the manual's order.
    pub const ALL: [Function; 4] = [Function::Sdbm, Function::Djb2, Function::Wt6, Function::Crc32];

    /// Its word in the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Function::Sdbm => "sdbm",
            Function::Djb2 => "djb2",
            Function::Wt6 => "wt6",
            Function::Crc32 => "crc32",
        }
    }

    /// The hash of `key`, without avalanche.
    pub fn of(self, key: &[u8]) -> u32 {
        match self {
            Function::Sdbm => key.iter().fold(0, |hash: u32, &byte| {
                u32::from(byte).wrapping_add(hash << 6).wrapping_add(hash << 16).wrapping_sub(hash)
            }),
            Function::Djb2 => {
                key.iter().fold(5381, |hash: u32, &byte| hash.wrapping_mul(33).wrapping_add(byte.into()))
            }
            Function::Wt6 => wt6(key),
            Function::Crc32 => {
                !key.iter().fold(u32::MAX, |crc, &byte| (crc >> 8) ^ CRC_TABLE[usize::from(crc as u8 ^ byte)])
            }
        }
    }
}

/// The reflected polynomial of IEEE 802.3.
const CRC_POLYNOMIAL: u32 = 0xEDB8_8320;

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < table.len() {
        let mut crc = at as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ CRC_POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};

fn wt6(key: &[u8]) -> u32 {
    let (mut a, mut b) = (0xA53C_965A_u32, 0x5CA6_953A_u32);
    let (mut turn_b, mut turn_a) = (6, 18);
    for &byte in key {
        let mixed = !(a ^ u32::from(byte));
        let summed = !b.wrapping_add(byte.into());
        a = summed.rotate_left(turn_b);
        b = mixed.rotate_left(turn_a);
        let turns = (a >> 16) ^ b;
        turn_b = turns & 31;
        turn_a = (turns & 0xFFFF) >> 11;
    }
    a ^ b
}

/// What spreads the last bits of an avalanche to its first: a multiplier that was found by
/// comparing the reference's results with Jenkins' function.
const SPREAD: u32 = 0xC000_0001;

/// Full avalanche of four bytes: every bit of `x` touches every bit of the result.
pub fn avalanche(x: u32) -> u32 {
    let x = x.wrapping_add(0x7ED5_5D16).wrapping_add(x << 12);
    let x = (x ^ 0xC761_C23C) ^ (x >> 19);
    let x = x.wrapping_add(0x1656_67B1).wrapping_add(x << 5);
    let x = x.wrapping_add(0xD3A2_646C) ^ (x << 9);
    let x = x.wrapping_add(0xFD70_46C5).wrapping_add(x << 3);
    let x = (x ^ 0xB55A_4F09) ^ (x >> 16);
    x.wrapping_mul(SPREAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_reference() {
        // Seen with the converters sdbm, djb2, crc32 and wt6 of haproxy 2.6.12.
        for (key, wt6, sdbm, djb2, crc32) in [
            (&b"a"[..], 0x714b_f225, 0x0000_0061, 0x0002_b606, 0xe8b7_be43),
            (b"ab", 0x12b8_a5f9, 0x0061_1841, 0x0059_7728, 0x9e83_486d),
            (b"\0\x01", 0x33b8_67ed, 0x0000_0001, 0x0059_6a46, 0x36de_2269),
            (b"hello world", 0x6f46_a0aa, 0x19ae_84c4, 0x3551_c8c1, 0x0d4a_1185),
        ] {
            assert_eq!(Function::Wt6.of(key), wt6, "{key:?}");
            assert_eq!(Function::Sdbm.of(key), sdbm, "{key:?}");
            assert_eq!(Function::Djb2.of(key), djb2, "{key:?}");
            assert_eq!(Function::Crc32.of(key), crc32, "{key:?}");
        }
    }

    #[test]
    fn the_avalanche_is_that_of_the_reference() {
        for (x, expected) in [
            (0, 0xab4e_d927),
            (1, 0x3486_81b6),
            (0x61, 0x6d1e_ff97),
            (0x714b_f225, 0x7669_dd2b),
            (u32::MAX, 0x7e64_c182),
        ] {
            assert_eq!(avalanche(x), expected, "{x:#x}");
        }
    }
}
