#!/usr/bin/env python3
"""Proxy CPU and system calls per request or megabyte: subflow beside the installed haproxy.

usage: bench.py SUBFLOW [--seconds N] [--rounds N] [scenario...]

Every proxy runs the same configuration in front of the same nginx, loaded by wrk. Times vary from run to run
(read them as ratios of one run); system calls repeat exactly. Needs nginx, wrk and strace.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

START_TIMEOUT_S = 10
STOP_TIMEOUT_S = 5
BIG_BYTES = 64 << 20
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

# name: port in the configuration, path, connections, close after each request, unit
SCENARIOS = {
    "tcp-conn": ("tcp", "/small", 32, True, "request"),
    "tcp-small": ("tcp", "/small", 32, False, "request"),
    "tcp-bulk": ("tcp", "/big", 4, False, "MB"),
    "http-ka": ("http", "/small", 32, False, "request"),
    "http-close": ("http", "/small", 32, True, "request"),
    "http-bulk": ("http", "/big", 4, False, "MB"),
}

NGINX = """
daemon off; master_process off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{backend} backlog=4096; root {dir};
    location /small {{ return 200 "{body}"; }} }} }}
"""

PROXY = """
global
    maxconn 8000
    nbthread 1
defaults
    timeout connect 5s
    timeout client 30s
    timeout server 30s
listen tcp
    mode tcp
    bind tcp@127.0.0.1:{tcp}
    server s 127.0.0.1:{backend}
listen http
    mode http
    bind tcp@127.0.0.1:{http}
    server s 127.0.0.1:{backend}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process):
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"bench: {process.args[0]} ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"bench: {process.args[0]} does not listen on port {port}")


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Proxy:
    def __init__(self, name, binary, directory, backend):
        self.name = name
        self.ports = {"tcp": free_port(), "http": free_port()}
        text = PROXY.format(backend=backend, **self.ports)
        if name == "haproxy":  # versions before 3.0 have no tcp@ on bind, and no other protocol either
            text = text.replace("tcp@", "")
        config = os.path.join(directory, name + ".cfg")
        with open(config, "w") as file:
            file.write(text)
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen([binary, "-db", "-f", config], stdout=quiet, stderr=quiet)
        wait_for_port(self.ports["http"], self.process)

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def load(proxy, scenario, seconds):
    """Units (requests or megabytes) that wrk got through."""
    port, path, conns, closes, unit = SCENARIOS[scenario]
    command = ["wrk", "-t1", f"-c{conns}", f"-d{seconds}s", f"http://127.0.0.1:{proxy.ports[port]}{path}"]
    if closes:
        command += ["-H", "Connection: close"]
    out = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30).stdout
    found = re.search(r"(\d+) requests in [\d.]+\w+, ([\d.]+)([KMGT]?B) read", out)
    if not found:
        sys.exit(f"bench: wrk says:\n{out}")
    scale = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4}[found[3]]
    return max(1, int(found[1]) if unit == "request" else float(found[2]) * 1024**scale / 1e6)


def cpu_per_unit(proxy, scenario, seconds):
    """Microseconds of the proxy's CPU for one unit of the scenario."""
    before = proxy.cpu_s()
    units = load(proxy, scenario, seconds)
    return (proxy.cpu_s() - before) * 1e6 / units


def calls_per_unit(proxy, scenario):
    """System calls for one unit, as strace counts them."""
    with tempfile.NamedTemporaryFile("r") as summary:
        tracer = subprocess.Popen(
            ["strace", "-qfc", "-o", summary.name, "-p", str(proxy.process.pid)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.3)  # strace says nothing when it has attached
        units = load(proxy, scenario, 1)
        tracer.send_signal(signal.SIGINT)
        tracer.wait(STOP_TIMEOUT_S)
        total = re.search(r"^\s*100\.00\s+\S+\s+(?:\S+\s+)?(\d+)\s.*total$", summary.read(), re.M)
    return int(total[1]) / units if total else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("subflow")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    options = parser.parse_intermixed_args()
    for scenario in options.scenario:
        if scenario not in SCENARIOS:
            parser.error(f"no scenario {scenario}: choose from {', '.join(SCENARIOS)}")
    for tool in ("nginx", "wrk", "strace"):
        if not shutil.which(tool):
            sys.exit(f"bench: SKIP, {tool} is not installed")
    running = []
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        try:
            backend = free_port()
            with open(os.path.join(directory, "nginx.conf"), "w") as file:
                file.write(NGINX.format(dir=directory, backend=backend, body="x" * 256))
            with open(os.path.join(directory, "big"), "wb") as file:
                file.truncate(BIG_BYTES)
            nginx = subprocess.Popen(["nginx", "-p", directory, "-c", os.path.join(directory, "nginx.conf")])
            running.append(nginx)
            wait_for_port(backend, nginx)
            proxies = [Proxy("subflow", options.subflow, directory, backend)]
            running.append(proxies[0].process)
            if shutil.which("haproxy"):
                proxies.append(Proxy("haproxy", shutil.which("haproxy"), directory, backend))
                running.append(proxies[1].process)
            report(proxies, options)
        finally:
            for process in reversed(running):
                stop(process)


def report(proxies, options):
    print(f"{'scenario':12}{'unit':9}" + "".join(f"{p.name + ' us':>14}{'calls':>11}" for p in proxies) + "   ratio")
    for scenario in options.scenario or SCENARIOS:
        times = {p.name: [] for p in proxies}
        for _ in range(options.rounds):
            for p in proxies:  # in turn, so that a slow moment of the machine meets all
                times[p.name].append(cpu_per_unit(p, scenario, options.seconds))
        medians = [statistics.median(times[p.name]) for p in proxies]
        calls = [calls_per_unit(p, scenario) for p in proxies]
        cells = "".join(f"{t:14.2f}{c:11.2f}" for t, c in zip(medians, calls))
        ratio = f"{medians[0] / medians[1]:8.2f}" if len(medians) > 1 and medians[1] else ""
        print(f"{scenario:12}{SCENARIOS[scenario][4]:9}{cells}{ratio}", flush=True)


if __name__ == "__main__":
    main()
