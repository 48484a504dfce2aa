//! Arguments, start-up, privileges and the life of the process.
