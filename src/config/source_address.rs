//! `source`: the local address of connections to servers (configuration.txt 4.2 and 5.2).

use super::address;
use super::cx::Outside;
use super::lines::Word;
use super::names::Names;
use crate::net::address::{Grammar, Ports};
use crate::settings::Source;
use crate::settings::server::UseSrc;
use std::net::SocketAddr;

/// Reads the words behind `source` and tells how many it took. `on_server` allows port ranges and
/// leaves words it does not know to the options that follow.
///
/// # Errors
/// What is wrong, in words.
pub fn parse(words: &[Word], on_server: bool, outside: Outside<'_>) -> Result<(Source, usize), String> {
    let Some(text) = words.first() else { return Err("missing address".into()) };
    let (address, ports) = if &**text == "*" {
        (unspecified(), None)
    } else {
        let grammar = if on_server { &Grammar::SERVER_SOURCE } else { &Grammar::SOURCE };
        inet(&outside.expanded(text), grammar, outside.names)
            .map_err(|reason| format!("'source {}' : {reason}", &**text))?
    };
    let mut source = Source { address, ports, interface: None, usesrc: None };
    let mut taken = 1;
    while let Some(word) = words.get(taken) {
        match &**word {
            "interface" => {
                let Some(name) = words.get(taken + 1) else {
                    return Err("'interface' : missing interface name".into());
                };
                source.interface = Some(name.to_string());
            }
            "usesrc" => source.usesrc = Some(usesrc(words.get(taken + 1), outside)?),
            _ if on_server => break,
            _ => return Err("'source' only supports optional keywords 'interface' and 'usesrc'.".into()),
        }
        taken += 2;
    }
    Ok((source, taken))
}

fn unspecified() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 0))
}

fn usesrc(word: Option<&Word>, outside: Outside<'_>) -> Result<UseSrc, String> {
    const EXPECTED: &str =
        "'usesrc' expects <addr>[:<port>], 'client', 'clientip', or 'hdr_ip(name,#)' as argument.";
    let text = word.map(|word| outside.expanded(word)).unwrap_or_default();
    match text.as_str() {
        "" => Err(EXPECTED.into()),
        "client" => Ok(UseSrc::Client),
        "clientip" => Ok(UseSrc::ClientIp),
        text if text.starts_with("hdr_ip(") => Err("'usesrc hdr_ip' is not supported by subflow yet".into()),
        text => inet(text, &Grammar::SOURCE, outside.names)
            .map(|(address, _)| UseSrc::Fixed(address))
            .map_err(|reason| format!("'usesrc {text}' : {reason}")),
    }
}

/// One internet address, resolved at once as the reference does.
fn inet(text: &str, grammar: &Grammar, names: Names) -> Result<(SocketAddr, Option<(u16, u16)>), String> {
    let address = address::one(text, grammar)?;
    let Some(ip) = names.ip(&address.host, address.family) else {
        return Err(format!("invalid address: '{text}' in '{text}'"));
    };
    Ok(match address.ports {
        Ports::Fixed(port) => (SocketAddr::new(ip, port), None),
        Ports::Range(low, high) => (SocketAddr::new(ip, 0), Some((low, high))),
        Ports::None | Ports::Offset(_) => (SocketAddr::new(ip, 0), None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::expand::Environment;

    fn outside(env: &Environment) -> Outside<'_> {
        Outside { env, names: Names::default() }
    }

    fn words(text: &str) -> Vec<Word> {
        text.split(' ').map(Word::from).collect()
    }

    #[test]
    fn takes_address_interface_and_usesrc() {
        let (source, taken) = parse(
            &words("10.0.0.1 usesrc clientip interface lo weight 3"),
            true,
            outside(&Environment::empty()),
        )
        .unwrap();
        assert_eq!(taken, 5);
        assert_eq!(source.address, "10.0.0.1:0".parse().unwrap());
        assert_eq!((source.interface.as_deref(), source.usesrc), (Some("lo"), Some(UseSrc::ClientIp)));
    }

    #[test]
    fn a_star_leaves_the_address_to_the_kernel() {
        let (source, _) = parse(&words("* interface lo"), false, outside(&Environment::empty())).unwrap();
        assert!(source.address.ip().is_unspecified());
    }

    #[test]
    fn the_directive_takes_no_port_range_and_no_other_word() {
        assert!(
            parse(&words("10.0.0.1:1-2"), false, outside(&Environment::empty()))
                .unwrap_err()
                .contains("port range not permitted here")
        );
        assert!(
            parse(&words("10.0.0.1 foo"), false, outside(&Environment::empty()))
                .unwrap_err()
                .contains("only supports optional keywords")
        );
    }
}
