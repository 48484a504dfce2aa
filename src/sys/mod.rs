//! The only room with `unsafe`: system calls as calm functions over owned and borrowed descriptors.
