//! What an event is about: kind, generation and index in one word. Packed and unpacked only here.

use crate::base::arena::GENERATION_BITS;
use crate::base::ids::Id;

const INDEX_BITS: u32 = 32;
const KIND_SHIFT: u32 = INDEX_BITS + GENERATION_BITS;
const GENERATION_MASK: u64 = (1 << GENERATION_BITS) - 1;

/// What sort of object a descriptor belongs to: which arena the index of its token is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The signal descriptor; the index means nothing.
    Signal,
    /// A listening socket.
    Listener,
    /// A connection to a client or to a server.
    Conn,
    /// A connection to the CLI.
    Cli,
    /// A log target that was full.
    Log,
    /// A worker's channel to its supervisor; in a supervisor, the channel to one of its workers.
    Control,
    /// Something of the process, not of its traffic: a worker that starts.
    Process,
}

/// All kinds at the place of their bits.
const KINDS: [Kind; 7] =
    [Kind::Signal, Kind::Listener, Kind::Conn, Kind::Cli, Kind::Log, Kind::Control, Kind::Process];

/// The word that epoll keeps for a descriptor.
///
/// ```text
///   63..60   59..56   55..32       31..0
///   zero     kind     generation   index
/// ```
/// The generation tells an event that was collected before its descriptor was closed from one of
/// the next tenant of the slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token(mio::Token);

impl Token {
    /// The token of the object that `id` names.
    #[inline]
    pub const fn pack<T>(kind: Kind, id: Id<T>) -> Token {
        const { assert!(usize::BITS == 64, "a token needs a 64-bit word") };
        let generation = id.generation as u64 & GENERATION_MASK;
        let word = (kind as u64) << KIND_SHIFT | generation << INDEX_BITS | id.index as u64;
        Token(mio::Token(word as usize))
    }

    /// Kind, index and generation. Bits that no [`pack`](Token::pack) made read as [`Kind::Signal`],
    /// whose handler finds nothing to do.
    #[inline]
    pub fn unpack(token: mio::Token) -> (Kind, u32, u32) {
        let word = token.0 as u64;
        let kind = KINDS.get((word >> KIND_SHIFT) as usize).copied().unwrap_or(Kind::Signal);
        (kind, word as u32, (word >> INDEX_BITS & GENERATION_MASK) as u32)
    }

    /// The form that mio takes.
    #[inline]
    pub const fn mio(self) -> mio::Token {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacks_what_was_packed() {
        for (n, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(kind as usize, n);
            for index in [0, 1, u32::MAX] {
                for generation in [0, 1, (1 << GENERATION_BITS) - 1] {
                    let token = Token::pack(kind, Id::<()>::new(index, generation));
                    assert_eq!(Token::unpack(token.mio()), (kind, index, generation));
                }
            }
        }
    }

    #[test]
    fn a_generation_too_large_does_not_spill_into_the_kind() {
        let token = Token::pack(Kind::Listener, Id::<()>::new(3, u32::MAX));
        assert_eq!(Token::unpack(token.mio()), (Kind::Listener, 3, (1 << GENERATION_BITS) - 1));
    }

    #[test]
    fn foreign_bits_are_harmless() {
        assert_eq!(Token::unpack(mio::Token(usize::MAX)).0, Kind::Signal);
    }
}
