//! What a proxy in HTTP mode does to messages beyond forwarding them.

use crate::base::ip_net::IpNet;

/// `option forwardfor`, `option originalto`: a request header that tells an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressHeader {
    /// Its name, in lower case.
    pub name: String,
    /// Addresses that are not told.
    pub except: Option<IpNet>,
    /// Not where the request has such a header.
    pub if_none: bool,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Http {
    /// `option forwardfor`: the client's address.
    pub forwardfor: Option<AddressHeader>,
    /// `option originalto`: the address that the client connected to.
    pub originalto: Option<AddressHeader>,
    /// `monitor-uri`: a request for this target is answered here.
    pub monitor_uri: Option<String>,
    /// `option http-pretend-keepalive`: a server is not told that its connection will be closed.
    pub pretend_keepalive: bool,
    /// `option http-buffer-request`: a request goes on when its body is there or a buffer is full.
    pub buffer_request: bool,
}
