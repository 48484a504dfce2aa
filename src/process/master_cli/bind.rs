//! The sockets of `-S`, bound once in the life of the supervisor.

use super::conns::MasterCli;
use crate::net::inherit::Inheritance;
use crate::net::listener::{ListenSpec, listen};
use crate::net::protocol::MptcpPolicy;
use crate::net::protocol::probe::Capabilities;
use crate::net::receiver::{Place, ReceiverSpec, bind_receiver};
use crate::process::StartError;
use crate::settings::StatsSocket;
use crate::sys::child;
use crate::worker::bind::{BACKLOG_DEFAULT, shown, spec};

/// Binds them. `reuseport` as in the configuration.
///
/// # Errors
/// The first socket that cannot be had, in the words of the reference.
pub fn bind(socket: &StatsSocket, reuseport: bool) -> Result<MasterCli, StartError> {
    let failed = |e: &dyn std::fmt::Display, at: &str| {
        let place = &socket.place;
        StartError::new(format!("Binding [{}:{}] for proxy MASTER: {e} {at}", place.file, place.line))
    };
    let places = Place::all_of(&socket.address).map_err(|e| failed(&e, ""))?;
    let base = spec(&socket.address, &socket.unix, reuseport);
    let backlog = socket.backlog.map_or(BACKLOG_DEFAULT, |n| n as i32);
    let can = Capabilities::probe();
    let mut receivers = Vec::new();
    for place in places {
        let at = shown(&place);
        let number = if let Place::Fd(number) = place { Some(number) } else { None };
        let spec = ReceiverSpec { place, ..base.clone() };
        // An operator's tool gains nothing from a second path.
        let policy = MptcpPolicy::OnlyExplicit;
        let (mut receiver, _) =
            bind_receiver(&spec, policy, &can, &mut Inheritance::default()).map_err(|e| failed(&e, &at))?;
        let listening = ListenSpec { backlog, nodelay: true, ..ListenSpec::default() };
        listen(&mut receiver, &listening, &can).map_err(|e| failed(&e, &at))?;
        receivers.push(receiver);
        // The receiver has a copy of its own. Left open, the number would be inherited by every worker.
        if let Some(number) = number {
            drop(child::take(number));
        }
    }
    Ok(MasterCli::new(receivers, socket))
}
