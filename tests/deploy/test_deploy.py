"""The files of `deploy/` are valid, and work as far as this machine has the programs."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
import yaml
from painter_requests import submit_body
from serving import serving
from small_project import SmallSource, open_small_project

from annotate_app.access import security_log
from annotate_app.access.passwords import hash_password
from o365seg.project.folder import Project
from o365seg.store.people import raters
from o365seg.store.pipeline import tokens
from o365seg.store.pipeline.feed import newest_answer
from o365seg.store.pipeline.scopes import Scope

DEPLOY = Path(__file__).parents[2] / "deploy"


def need(program: str) -> str:
    """The path of a program; skips the test where it is not installed."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of `paint.example` and of the hosts below it, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = (folder / "o365seg.pem", folder / "o365seg.key")
    subprocess.run(
        [need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=paint.example", "-addext",
         "subjectAltName=DNS:paint.example,DNS:*.paint.example",
         "-days", "2", "-out", made[0], "-keyout", made[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


@contextmanager
def nginx(folder: Path, certificate: tuple[Path, Path], ports: list[int]) -> Iterator[int]:
    """nginx with `deploy/nginx.conf`, other ports and paths aside; yields its https port."""
    program, port = need("nginx"), free_port()
    ours = (DEPLOY / "nginx.conf").read_text()
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("/etc/ssl/o365seg.pem", str(certificate[0])),
        ("/etc/ssl/o365seg.key", str(certificate[1])),
        ("127.0.0.1:8001", f"127.0.0.1:{ports[0]}"),
        ("127.0.0.1:8002", f"127.0.0.1:{ports[1]}"),
    ):
        assert old in ours
        ours = ours.replace(old, new)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in
        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )  # fmt: skip
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/errors; worker_processes 1;"
        f"events {{}} http {{ access_log off; {places}\n{ours}\n}}"
    )
    command = [program, "-c", str(config), "-e", str(folder / "errors")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stderr
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        running.terminate()
        running.wait()


def wait_until(happened: Callable[[], bool]) -> None:
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it never did")


class Browser:
    """A browser that knows `paint.example` by the test's certificate."""

    def __init__(self, port: int, certificate: Path) -> None:
        context = ssl.create_default_context(cafile=str(certificate))
        context.check_hostname = False  # it is asked by its address
        self._connection = HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
        self.headers = {"Host": "paint.example", "X-O365seg": "1"}

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str):
        self._connection.request(method, path, body, self.headers | headers)
        answer = self._connection.getresponse()
        return answer, answer.read()

    def sign_in(self, name: str, password: str) -> str:
        form = urlencode({"name": name, "password": password}).encode()
        answer, _ = self.send(
            "POST", "/login", form, Origin="https://paint.example",
            **{"Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        assert answer.status == 303
        cookie = answer.headers["Set-Cookie"]
        self.headers["Cookie"] = cookie.partition(";")[0]
        return cookie


def test_nginx_in_front_of_two_servers(
    tmp_path: Path, project: Project, source: SmallSource, certificate: tuple[Path, Path]
) -> None:
    password = "correct horse"
    with project.store.write() as db:
        raters.add_rater(db, "Ada", hash_password(password))
        token = tokens.create(db, "maker", Scope.CREATE, 0)
    options = (
        *("--behind-proxy", "127.0.0.1", "--hostname", "paint.example"),
        *("--projects", str(tmp_path / "more"), "--allow-images", str(source.images)),
    )
    with ExitStack() as running:
        servers = [
            running.enter_context(serving(project.folder, options=options)) for _ in range(2)
        ]
        ports = [int(server.url.rpartition(":")[2]) for server in servers]
        port = running.enter_context(nginx(tmp_path, certificate, ports))
        ada = Browser(port, certificate[0])
        answer, _ = ada.send("GET", "/readyz")
        assert (answer.status, answer.headers["Strict-Transport-Security"]) == (
            200,
            "max-age=31536000",
        )
        assert "Secure" in ada.sign_in("Ada", password)
        assert ada.send("GET", "/metrics")[0].status == 404
        assert ada.send("GET", "/login", Host="evil.example")[0].status in (400, 421, 303)
        maker = Browser(port, certificate[0])
        maker.headers["Authorization"] = f"Bearer {token}"
        cars, place = "/api/v1/projects/cars", quote(str(source.images))
        begun, body = maker.send("PUT", f"{cars}?images={place}", source.detections.read_bytes())
        assert begun.status == 202, body
        wait_until(lambda: json.loads(maker.send("GET", cars)[1])["status"] != "creating")
        made = json.loads(maker.send("GET", cars)[1])
        assert (made["status"], made["address"]) == ("ready", "https://cars.paint.example/"), made
        answer, page = maker.send("GET", "/login", Host="cars.paint.example")
        assert (answer.status, b"cars" in page) == (200, True)
        assert maker.send("GET", "/login", Host="vans.paint.example")[0].status == 404
        for server in (None, *servers):
            if server is not None:  # painting goes on by the other server
                server.process.send_signal(signal.SIGTERM)
                server.process.wait(30)
                assert server.process.returncode == 0
                assert "Traceback" not in server.said + server.process.stdout.read()
                if server is servers[1]:
                    break
            answer, body = ada.send("POST", "/api/next", b"{}")
            assert answer.status == 200, body
            task = json.loads(body)["current"]
            sent = json.dumps(submit_body(task)).encode()
            assert ada.send("POST", "/api/submit", sent)[0].status == 200
        assert ada.send("GET", "/healthz")[0].status == 502
    with project.store.read() as db:
        assert newest_answer(db) == 2


def test_the_start_script_serves_a_project(tmp_path: Path, source: SmallSource) -> None:
    """As it is, with the programs of this environment."""
    with open_small_project(tmp_path / "p", source):
        pass
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, package in (("annotate-app", "annotate_app"), ("o365seg", "o365seg")):
        script = f"#!{sys.executable}\nfrom {package}.commands.main import main\nmain()\n"
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    environment = os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PROJECT": str(tmp_path / "p"),
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "HOSTNAMES": "paint.example www.paint.example",
        "PROXY": "127.0.0.1",
    }
    script = ["sh", str(DEPLOY / "start.sh")]
    invited = subprocess.run(
        [*script, "invite", "--role", "owner"], env=environment, capture_output=True, text=True
    )
    assert "https://paint.example/join/" in invited.stdout, invited.stderr
    archive = str(tmp_path / "b.zip")
    assert subprocess.run([*script, "backup", archive], env=environment).returncode == 0
    restored = environment | {"PROJECT": str(tmp_path / "q")}
    assert subprocess.run([*script, "restore", archive], env=restored).returncode == 0
    for group in ("gold list", "rater list", "settings show", "token list", "webhook list"):
        ran = subprocess.run([*script, *group.split()], env=restored, capture_output=True)
        assert ran.returncode == 0, ran.stderr
    process = subprocess.Popen(script, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        address = f"http://127.0.0.1:{environment['PORT']}"
        assert f"{address}/" in said
        # Once it answers, it handles signals.
        with httpx.Client(transport=httpx.HTTPTransport(retries=10)) as client:
            assert client.get(f"{address}/healthz", headers={"Host": "paint.example"}).is_success
        process.send_signal(signal.SIGTERM)  # as Docker stops it: the script has become the server
        rest, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "stopped" in rest
    finally:
        process.kill()
    absent = environment | {"PROJECT": str(tmp_path / "absent")}
    refused = subprocess.run(script, env=absent, capture_output=True, text=True)
    assert refused.returncode == 1 and "create it first" in refused.stderr


def test_scripts_and_units_are_valid() -> None:
    assert subprocess.run(["sh", "-n", DEPLOY / "start.sh"]).returncode == 0
    shellcheck = shutil.which("shellcheck")
    if shellcheck:
        assert subprocess.run([shellcheck, DEPLOY / "start.sh"]).returncode == 0


def test_the_systemd_unit_is_valid(tmp_path: Path) -> None:
    unit = (DEPLOY / "o365seg.service").read_text()
    placed = tmp_path / "o365seg.service"
    placed.write_text(unit.replace("/opt/o365seg/bin/annotate-app", "/bin/true"))
    verified = subprocess.run(
        [need("systemd-analyze"), "verify", "--man=no", placed], capture_output=True, text=True
    )
    faults = [line for line in verified.stderr.splitlines() if "o365seg.service" in line]
    assert not faults


def test_compose_and_its_settings_agree() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert {"paint-1", "paint-2", "db", "store", "proxy"} <= set(compose["services"])
    text = (DEPLOY / "compose.yaml").read_text()
    example = (DEPLOY / "settings.env.example").read_text()
    assert set(re.findall(r"\$\{(\w+)", text)) == set(re.findall(r"^(\w+)=", example, re.M))
    server = compose["services"]["paint-1"]["environment"]
    assert server["PROXY"] == compose["services"]["proxy"]["networks"]["inside"]["ipv4_address"]
    given = set(compose["services"]["proxy"]["environment"])
    assert set(re.findall(r"\{\$(\w+)\}", (DEPLOY / "Caddyfile").read_text())) == given
    read = set(re.findall(r"\$\{(\w+):?-?", (DEPLOY / "start.sh").read_text()))
    assert {"HOSTNAMES", "PROXY"} <= read & set(server)


@pytest.mark.parametrize("with_projects", [False, True])
def test_the_caddyfile_is_valid(
    tmp_path: Path, certificate: tuple[Path, Path], with_projects: bool
) -> None:
    environment = os.environ | {"PAINT_HOST": "paint.example", "PAINT_SERVERS": "a:1 b:2"}
    command = [need("caddy"), "validate", "--adapter", "caddyfile", "--config", "Caddyfile"]
    shutil.copy(DEPLOY / "Caddyfile", tmp_path)
    if with_projects:
        (tmp_path / "projects").mkdir()
        text = (DEPLOY / "projects.caddy").read_text()
        placed = text.replace("/etc/caddy/", f"{tmp_path}/")
        (tmp_path / "projects" / "projects.caddy").write_text(placed)
        for made, name in zip(certificate, ("wildcard.pem", "wildcard.key"), strict=True):
            shutil.copy(made, tmp_path / "projects" / name)
    run = subprocess.run(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert run.returncode == 0, run.stderr


def test_the_image_copies_files_that_exist() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1] for line in lines if re.match(r"COPY (?!--from)", line)]
    assert copied and all((DEPLOY.parent / source).exists() for source in copied)
    assert "constraints.txt" in (DEPLOY / "Dockerfile").read_text()


def test_fail2ban_recognises_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Its expression, with fail2ban's own words put in as fail2ban does."""
    from starlette.requests import HTTPConnection

    filter_file = (DEPLOY / "fail2ban" / "o365seg.filter.conf").read_text()
    expression = re.search(r"^failregex = (.*)$", filter_file, re.M)
    assert expression
    pattern = re.compile(expression[1].replace("<ADDR>", r"(?P<address>[\da-fA-F:.]+)"))
    request = HTTPConnection({"type": "http", "headers": [], "client": ("2001:db8::1", 1)})
    security_log.refused(request, 'x" address=203.0.113.9 name="y')
    security_log.throttled(request, "sign-in", "Ada")
    security_log.throttled(request, "join", "")
    security_log.throttled(request, "password", "Ada")
    assert len(caplog.records) == 4
    for record in caplog.records:
        match = pattern.match(f" o365seg.security {record.getMessage()}")
        assert match and match["address"] == "2001:db8::1"
