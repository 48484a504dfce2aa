//! Who may enter: the limits that listeners share.

use super::Proxy;

/// Whether the proxy and the process have room for one more connection.
pub fn admits(proxy: &Proxy, process_conns: u64, process_maxconn: u32) -> bool {
    process_conns < u64::from(process_maxconn) && proxy.fe.sess.cur < u64::from(proxy.maxconn)
}
