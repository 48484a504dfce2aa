//! The only room with `unsafe`: system calls as calm functions over owned and borrowed descriptors.
//!
//! Every descriptor made here is close-on-exec, and non-blocking where it can be. Calls that a
//! signal interrupts are made again, except `accept`, whose caller has a budget to keep.
#![allow(unsafe_code)]

pub mod addr;
pub mod child;
pub mod fd_passing;
pub mod io;
pub mod kernel;
pub mod md5sig;
pub mod namespace;
pub mod pipe;
pub mod process;
pub mod socket;
pub mod sock_diag;
pub mod sockopt;
pub mod tcpstate;
pub mod time;

use std::io as stdio;

/// Turns the result of a system call into a value or the error in `errno`.
fn check(ret: libc::c_int) -> stdio::Result<libc::c_int> {
    if ret < 0 { Err(stdio::Error::last_os_error()) } else { Ok(ret) }
}

/// As [`check`], for calls that answer a length.
fn check_len(ret: libc::ssize_t) -> stdio::Result<usize> {
    usize::try_from(ret).map_err(|_| stdio::Error::last_os_error())
}

/// Makes a call again for as long as a signal interrupts it.
fn again<T>(mut call: impl FnMut() -> stdio::Result<T>) -> stdio::Result<T> {
    loop {
        match call() {
            Err(e) if e.kind() == stdio::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
