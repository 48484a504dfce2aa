//! One exchange from client to log line: session, phase, route, connect, forward, finish.
