# SPDX-License-Identifier: MIT
"""A bad line between two networks: pump.py NEAR FAR LOSS DELAY_MS JITTER_MS.

It makes two tun devices, and carries each packet from one to the other: some are lost, the others
arrive late, and those that are later than others arrive out of order. The devices are there when it
has printed "ready"; on SIGTERM it prints what it did and ends.
"""
import fcntl
import heapq
import os
import random
import select
import signal
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000

LOSS = float(sys.argv[3])
DELAY, JITTER = float(sys.argv[4]) / 1000, float(sys.argv[5]) / 1000


def open_device(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI)
    fcntl.ioctl(fd, TUNSETIFF, request)
    return fd


def main():
    ends = [open_device(sys.argv[1]), open_device(sys.argv[2])]
    chance = random.Random(38)
    running = [True]
    carried = lost = overtaken = 0
    late = []  # a heap: when, in which order it came, where to, the packet
    newest = {fd: -1 for fd in ends}
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    print("ready", flush=True)
    while running:
        wait = max(0, late[0][0] - time.monotonic()) if late else 0.1
        for fd in select.select(ends, [], [], min(wait, 0.1))[0]:
            try:
                packet = os.read(fd, 65536)
            except OSError:  # the device is not up yet
                continue
            carried += 1
            if chance.random() < LOSS:
                lost += 1
                continue
            other = ends[1] if fd == ends[0] else ends[0]
            when = time.monotonic() + DELAY + chance.random() * JITTER
            heapq.heappush(late, (when, carried, other, packet))
        while late and late[0][0] <= time.monotonic():
            _, number, fd, packet = heapq.heappop(late)
            overtaken += number < newest[fd]
            newest[fd] = max(newest[fd], number)
            try:
                os.write(fd, packet)
            except OSError:
                lost += 1
    print(f"carried {carried} lost {lost} overtaken {overtaken}", flush=True)


main()
