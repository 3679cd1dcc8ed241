#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""free_ports.py COUNT: prints ports of 127.0.0.1 on which nobody listens.

They lie below the range from which the kernel takes the ports of outgoing connections and of servers that ask for any
port: one of those could take a port between this answer and its use, or while a broker restarts."""

import random
import socket
import sys


def free(port):
    try:
        socket.create_server(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


with open("/proc/sys/net/ipv4/ip_local_port_range") as kernel:
    end = max(int(kernel.read().split()[0]), 20000)
candidates = random.sample(range(10000, end), end - 10000)
found = []
while len(found) < int(sys.argv[1]):
    port = candidates.pop()
    if free(port):
        found.append(port)
print(*found)
