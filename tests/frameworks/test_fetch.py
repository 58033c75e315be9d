"""fetch_image: what is refused before a connection, and what an answer may cost. Nothing leaves this machine."""

import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from yofo_rerank.errors import ImageError
from yofo_rerank.frameworks import fetch
from yofo_rerank.frameworks.fetch import FetchLimits, fetch_image

PNG = b"\x89PNG\r\n\x1a\n" + bytes(1000)


def code_of(url, limits=fetch.FETCH_LIMITS):
    with pytest.raises(ImageError) as caught:
        fetch_image(url, limits)
    return caught.value.code


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/1.png",
        "ftp://example.com/1.png",
        "file:///etc/passwd",
        "https://example.com:8443/1.png",
        "https://user:password@example.com/1.png",
        "https:///1.png",
        "https://example.com/a b",
        "https://[::1/x",
        "https://127.0.0.1/x",
        "https://10.1.2.3/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[64:ff9b::a00:1]/x",
        "https://0.0.0.0/x",
    ],
)
def test_refused(url, monkeypatch):
    def no_connection(*arguments, **settings):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", no_connection)
    assert code_of(url) == "url"


def test_one_private_address_is_enough(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("1.1.1.1", "192.168.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **settings: found)
    assert code_of("https://example.com/1.png") == "url"


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A TLS server here that calls itself example.com; `serve(handle)` answers one connection."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl for a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=example.com"]
    command += ["-addext", "subjectAltName=DNS:example.com", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    listener = socket.create_server(("127.0.0.1", 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=certificate)
    local = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]
    done = threading.Event()

    def connect(address, timeout):
        connection = socket.socket()
        connection.settimeout(timeout)
        connection.connect(listener.getsockname())
        return connection

    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **settings: local)
    monkeypatch.setattr(fetch, "is_public", lambda address: True)
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    monkeypatch.setattr(socket, "create_connection", connect)

    def serve(handle):
        def run():
            try:
                raw, _ = listener.accept()
                with context.wrap_socket(raw, server_side=True) as connection:
                    connection.recv(4096)
                    handle(connection, done)
            except OSError:
                pass

        threading.Thread(target=run, daemon=True).start()

    yield serve
    done.set()
    listener.close()


def answer(status, body, headers=""):
    head = f"HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n"
    return lambda connection, done: connection.sendall(head.encode() + body)


def test_fetched(server):
    server(answer("200 OK", PNG))
    assert fetch_image("https://example.com/1.png?size=2") == PNG


def test_no_redirects(server):
    server(answer("302 Found", b"", "Location: https://127.0.0.1/\r\n"))
    assert code_of("https://example.com/1.png") == "fetch_failed"


def test_too_many_bytes(server):
    server(answer("200 OK", PNG))
    assert code_of("https://example.com/1.png", FetchLimits(max_bytes=100)) == "too_many_bytes"


def test_dripping_is_cut_off(server):
    def drip(connection, done):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not done.wait(0.05):
            connection.sendall(b"x")

    server(drip)
    assert code_of("https://example.com/1.png", FetchLimits(seconds=0.5)) == "fetch_failed"


def test_wrong_certificate(server):
    server(answer("200 OK", PNG))
    assert code_of("https://elsewhere.example/1.png") == "fetch_failed"


@pytest.mark.parametrize(
    "url",
    [
        "https://" + "a" * 5000 + ".example/x",
        "https://\x1b[2J[/b]\u202ehost/x",
        "ftp://" + "a" * 5000 + "/x",
        "https://example.com:99999999/" + "x" * 5000,
        "https://[" + "1" * 5000,
        "https://host.example/\x1b]0;title\x07" + "x" * 5000,
    ],
)
def test_an_error_shows_a_little_of_the_address_and_steers_nothing(url, monkeypatch):
    def unknown(*arguments, **settings):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ImageError) as caught:
        fetch_image(url)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
