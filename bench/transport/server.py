# SPDX-License-Identifier: MIT
"""An nginx of our own on loopback: HTTP/1.1 on one port, TLS and HTTP/2 on another."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import bodies

CONF = """
daemon off;
worker_processes 1;
pid {root}/nginx.pid;
error_log {root}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    types {{}}
    default_type application/json;
    client_body_temp_path {root}/t1;
    proxy_temp_path {root}/t2;
    fastcgi_temp_path {root}/t3;
    uwsgi_temp_path {root}/t4;
    scgi_temp_path {root}/t5;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    http2_max_concurrent_streams 256;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=16;
    open_file_cache_valid 600s;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl http2;
        ssl_certificate {root}/server.pem;
        ssl_certificate_key {root}/server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        root {root};
        location = /API/assets/v1/assets/ {{ try_files /page.json =404; }}
        location /API/assets/v1/assets/ {{ try_files /asset.json =404; }}
    }}
}}
"""


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def _openssl(*arguments: str, root: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=root, check=True, capture_output=True)


def _make_certificate(root: Path) -> None:
    """A CA of one day and a certificate of its for 127.0.0.1; the keys stay in the directory."""
    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    (root / "names.cnf").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    _openssl(
        *["req", "-x509", *ec, "-days", "1", "-subj", "/CN=transport benchmark CA"],
        *["-keyout", "ca.key", "-out", "ca.pem"],
        root=root,
    )
    _openssl(
        *["req", *ec, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr"],
        root=root,
    )
    _openssl(
        *["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "1"],
        *["-set_serial", "1", "-extfile", "names.cnf", "-out", "server.pem"],
        root=root,
    )


class Server:
    """`with Server() as server:` serves until the block ends."""

    def __enter__(self) -> Server:
        self.root = Path(tempfile.mkdtemp(prefix="bench-transport-"))
        self.root.chmod(0o755)  # nginx's worker is another user where we are root
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _start(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        _make_certificate(self.root)
        (self.root / "asset.json").write_bytes(bodies.asset())
        (self.root / "page.json").write_bytes(bodies.page())
        plain, tls = _free_ports(2)
        self.urls = {"h1": f"http://127.0.0.1:{plain}", "h2": f"https://127.0.0.1:{tls}"}
        self.ca_file = str(self.root / "ca.pem")
        conf = self.root / "nginx.conf"
        conf.write_text(CONF.format(root=self.root, plain=plain, tls=tls))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self._process = subprocess.Popen(
            [nginx, "-p", str(self.root), "-c", str(conf), "-e", str(self.root / "error.log")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._await(plain)
        self._await(tls)

    def _await(self, port: int) -> None:
        assert self._process is not None
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    log = self.root / "error.log"
                    said = log.read_text() if log.exists() else ""
                    raise SystemExit(f"transport: nginx does not serve:\n{said}") from None
                time.sleep(0.02)

    def _stop(self) -> None:
        process = getattr(self, "_process", None)
        if process is not None and process.poll() is None:
            process.terminate()
            process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
