//! A whole configuration from arbitrary bytes: it is accepted or refused with a message, and nothing
//! is looked up.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io;
use std::net::IpAddr;
use subflow::base::diag::Diags;
use subflow::config::build::Build;
use subflow::config::expand::Environment;
use subflow::config::source::Source;
use subflow::config::{self, Names, print_diags};
use subflow::net::address::{Family, Host};

fn no_resolver(host: &Host, family: Family) -> io::Result<Option<IpAddr>> {
    Ok(host.ip(family))
}

fuzz_target!(|data: &[u8]| {
    let build = Build { version: "3.5-dev4", features: &[], switches: Vec::new(), tls_library: None };
    let names = Names { ask: no_resolver, ..Names::default() };
    let (mut env, mut diags) = (Environment::empty(), Diags::new());
    let settings = config::load(vec![Source::text("fuzz.cfg", data)], build, names, &mut env, &mut diags);
    assert_eq!(settings.is_err(), diags.refuses());
    print_diags(&diags, 1, "", true, &mut io::sink()).expect("a sink takes all");
    for proxy in settings.iter().flat_map(|settings| &settings.proxies) {
        let target = proxy.backend.map(|id| id.0 as usize);
        assert!(target.is_none_or(|at| settings.as_ref().is_ok_and(|settings| at < settings.proxies.len())));
    }
});
