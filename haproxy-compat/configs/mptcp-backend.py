#!/usr/bin/env python3
"""A server for mptcp.cfg: answers each request on an MPTCP socket with `Hello`, then closes.

usage: mptcp-backend.py [port]        (port 4331 if none is given, all addresses, IPv6 and IPv4)
"""

import socket
import socketserver
import sys

IPPROTO_MPTCP = 262
HEAD_BYTES_MAX = 65536
CLIENT_TIMEOUT_S = 10
BODY = b"Hello\n"
ANSWER = (
    b"HTTP/1.0 200 OK\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Length: %d\r\n"
    b"\r\n" % len(BODY)
) + BODY


class Hello(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(CLIENT_TIMEOUT_S)
        head = b""
        try:
            while b"\r\n\r\n" not in head and b"\n\n" not in head:
                part = self.request.recv(4096)
                if not part or len(head) > HEAD_BYTES_MAX:
                    return
                head += part
            self.request.sendall(ANSWER)
        except OSError:
            pass  # the client left: nobody is there to tell


class MptcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, port):
        super().__init__(("::", port), Hello, bind_and_activate=False)
        self.socket.close()
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, IPPROTO_MPTCP)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.server_bind()
        self.server_activate()

    def handle_error(self, request, client_address):
        print(f"{client_address}: {sys.exc_info()[1]}", file=sys.stderr)


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 4331
    try:
        server = MptcpServer(port)
    except OSError as error:
        sys.exit(f"cannot listen with MPTCP on port {port}: {error} (is net.mptcp.enabled 1?)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
