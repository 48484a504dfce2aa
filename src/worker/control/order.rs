//! What a worker is told.

use super::{MESSAGE_LEN_MAX, Message, cut};
use crate::metrics::Family;
use crate::service::cli::rows::level_word;
use crate::service::cli::{Rights, severity};
use crate::settings::Level;
use crate::settings::global::CliLevel;
use std::os::fd::OwnedFd;

/// Socket numbers in one [`Order::Keep`].
pub const NUMBERS_PER_MESSAGE: usize = 1024;

/// One order. The text is the variant's word and its values, with blanks between.
#[derive(Debug)]
pub enum Order {
    /// Send the state, for the next worker.
    Export,
    /// Take over the state of the worker before, if there was one, and accept.
    Go(Option<OwnedFd>),
    /// The sockets with these numbers go on in the next worker.
    Keep(Vec<u64>),
    /// Accept no more and finish.
    Drain,
    /// What an old worker counted since its export, to be added.
    Add(OwnedFd),
    /// How the workers are doing.
    Family(Family),
    /// A CLI client, and what it may do.
    Cli(OwnedFd, Rights),
    /// Log a message.
    Tell(Level, String),
}

impl Order {
    /// As it goes over the channel.
    pub fn encode(self) -> Message {
        let plain = |text: &str| (text.to_owned(), Vec::new());
        match self {
            Order::Export => plain("export"),
            Order::Go(state) => ("go".into(), state.into_iter().collect()),
            Order::Keep(numbers) => {
                let words: Vec<String> = numbers.iter().map(u64::to_string).collect();
                (format!("keep {}", words.join(" ")), Vec::new())
            }
            Order::Drain => plain("drain"),
            Order::Add(state) => ("add".into(), vec![state]),
            Order::Family(f) => {
                plain(&format!("family {} {} {} {} {}", f.reloads, f.failed, f.old, f.old_conns, f.oldest_s))
            }
            Order::Cli(socket, rights) => (format!("cli {}", describe(rights)), vec![socket]),
            Order::Tell(level, text) => {
                (cut(&format!("tell {} {text}", level as u8), MESSAGE_LEN_MAX).to_owned(), Vec::new())
            }
        }
    }

    /// Reads an order; `None` for one that this version does not know.
    pub fn decode((text, fds): Message) -> Option<Order> {
        let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let mut fds = fds.into_iter();
        let mut numbers = rest.split(' ').map(str::parse::<u64>);
        match word {
            "export" => Some(Order::Export),
            "go" => Some(Order::Go(fds.next())),
            "keep" => Some(Order::Keep(numbers.map_while(Result::ok).collect())),
            "drain" => Some(Order::Drain),
            "add" => fds.next().map(Order::Add),
            "family" => {
                let mut next = || numbers.next()?.ok();
                Some(Order::Family(Family {
                    reloads: next()? as u32,
                    failed: next()? as u32,
                    old: next()? as u32,
                    old_conns: next()?,
                    oldest_s: next()?,
                }))
            }
            "cli" => Some(Order::Cli(fds.next()?, understand(rest)?)),
            "tell" => {
                let (level, text) = rest.split_once(' ')?;
                let level = level.parse().ok().and_then(Level::from_number)?;
                Some(Order::Tell(level, text.to_owned()))
            }
            _ => None,
        }
    }
}

/// Level, severity output and modes, by the words of the CLI.
fn describe(rights: Rights) -> String {
    let mut out = format!("{} {}", level_word(rights.level), severity::word(rights.severity));
    for (has, word) in [(rights.expert, " expert"), (rights.experimental, " experimental")] {
        out.push_str(if has { word } else { "" });
    }
    out
}

/// Reads what [`describe`] wrote; words that this version does not know grant nothing.
fn understand(text: &str) -> Option<Rights> {
    let mut words = text.split(' ');
    let level = words.next()?;
    let level = [CliLevel::User, CliLevel::Operator, CliLevel::Admin]
        .into_iter()
        .find(|l| level_word(*l) == level)?;
    let severity = severity::parse(words.next()?)?;
    let mut rights = Rights { level, severity, ..Rights::default() };
    for word in words {
        rights.expert |= word == "expert";
        rights.experimental |= word == "experimental";
    }
    Some(rights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::global::SeverityOutput;

    fn again(order: Order) -> Order {
        Order::decode(order.encode()).unwrap()
    }

    #[test]
    fn orders_arrive_as_they_were_given() {
        assert!(matches!(again(Order::Export), Order::Export));
        assert!(matches!(again(Order::Drain), Order::Drain));
        assert!(matches!(again(Order::Go(None)), Order::Go(None)));
        assert!(matches!(again(Order::Keep(vec![7, 1 << 40])), Order::Keep(n) if n == [7, 1 << 40]));
        assert!(matches!(again(Order::Keep(Vec::new())), Order::Keep(n) if n.is_empty()));
        let family = Family { reloads: 1, failed: 2, old: 3, old_conns: 4, oldest_s: 5 };
        assert!(matches!(again(Order::Family(family)), Order::Family(f) if f == family));
        let rights = Rights {
            level: CliLevel::Admin,
            severity: SeverityOutput::Number,
            expert: true,
            experimental: false,
        };
        let socket = std::fs::File::open("/dev/null").unwrap().into();
        assert!(matches!(again(Order::Cli(socket, rights)), Order::Cli(_, came) if came == rights));
        let told = again(Order::Tell(Level::Alert, "no  such file".into()));
        assert!(matches!(told, Order::Tell(Level::Alert, text) if text == "no  such file"));
    }

    #[test]
    fn a_long_text_is_cut_to_what_a_message_holds() {
        let (text, _) = Order::Tell(Level::Alert, "é".repeat(MESSAGE_LEN_MAX)).encode();
        assert!(text.len() <= MESSAGE_LEN_MAX && text.ends_with('é'));
    }

    #[test]
    fn what_is_not_known_or_not_whole_is_left_out() {
        for text in
            ["", "dance", "family 1 2", "family a b c d e", "tell", "tell 9 x", "tell x y", "cli", "add"]
        {
            assert!(Order::decode((text.into(), Vec::new())).is_none(), "{text}");
        }
        let fd = || vec![std::fs::File::open("/dev/null").unwrap().into()];
        for text in ["cli", "cli root none", "cli admin", "cli admin loud"] {
            assert!(Order::decode((text.into(), fd())).is_none(), "{text}");
        }
    }
}
