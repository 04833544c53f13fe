"""Download one file: resumed where it broke off, checked before it gets its name."""

from __future__ import annotations

import errno
import hashlib
import http.client
import json
import shutil
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from training.weights.registry import FetchError, RemoteFile
from xai.files import replace, write_file
from xai.machine import locked

Response = http.client.HTTPResponse | urllib.error.HTTPError  # an error of HTTP is an answer too
Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all or None
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
CHUNK = 256 * 1024
TIMEOUT_S = 30
ATTEMPTS = 3  # as long as each brings the file further
MAX_REDIRECTS = 8


def download(
    file: RemoteFile, folder: Path, mirror: str | None = None, on_progress: Progress = lambda done, total: None
) -> Path:
    """Download a file into a folder, going on from a part that is there.

    Until it is whole and checked its name ends in ``.part``. A part outlives a cut connection, a full disk and an
    interruption; one whose hash is wrong is removed, because going on from it could never end well.

    Parameters
    ----------
    file : RemoteFile
    folder : Path
        Made if it is not there.
    mirror : str, optional
        Address of a folder that has the file under its name, instead of its own address.
    on_progress : callable
        Called with bytes so far and in all (None if not known); may raise to stop.

    Returns
    -------
    Path
        The file; downloaded before if it is there already and its size and hash are right.

    Raises
    ------
    FetchError
        In one sentence, with what to do.
    """
    target = Path(folder) / file.name
    url = file.url if mirror is None else f"{mirror.rstrip('/')}/{urllib.parse.quote(file.name)}"
    check_address(url)
    if target.exists():
        _check(target, file, f"{target} is there already, but")
        return target
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _fill(part, url, file, on_progress)
        try:
            _check(part, file, f"What {_host(url)} sent as {file.name} is not to be trusted and was removed:")
        except FetchError:
            _remove(part)
            raise
        replace(part, target)
        _origin(part).unlink(missing_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(part.parent, file) from error
        raise FetchError(f"{file.name} cannot be written into {folder}: {error.strerror or error}.") from error
    return target


def check_address(url: str) -> None:
    """Refuse an address that is not encrypted, unless it is this machine's own."""
    try:
        parts = urllib.parse.urlsplit(url)
        is_address = url.isprintable() and " " not in url and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number, half an IPv6 address
        is_address = False
    if is_address and parts.scheme == "https" and parts.hostname:
        return
    if is_address and parts.scheme == "http" and parts.hostname in LOCAL_HOSTS:
        return
    raise FetchError(f"{url} is no address to download from: it must begin with https (http only to this machine).")


def _fill(part: Path, url: str, file: RemoteFile, on_progress: Progress) -> None:
    """Bring a part to its whole length; a connection that breaks is tried again while each attempt gets further."""
    fruitless = 0
    while True:
        before = _size(part)
        try:
            if _receive(part, url, file, on_progress):
                return
            broken: Exception | None = None
        except (TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException) as error:
            broken = error
        fruitless = 0 if _size(part) > before else fruitless + 1
        if fruitless >= ATTEMPTS:
            raise FetchError(
                f"The connection to {_host(url)} broke off after {_size(part)} bytes of {file.name}: "
                "the same command goes on from there."
            ) from broken


def _receive(part: Path, url: str, file: RemoteFile, on_progress: Progress) -> bool:
    """Ask for what is missing and append it; True when the part is whole."""
    start, headers = _resume(part, url)
    with _open(url, headers, file) as response:
        if response.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            # Whole already, or the file has become shorter: either way the part's own length tells nothing new.
            if response.headers.get("Content-Range") == f"bytes */{start}":
                return True
            _remove(part)
            return False
        resumed = response.status == http.client.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            raise FetchError(f"{_host(url)} answered with another part of {file.name} than was asked for.")
        start = start if resumed else 0
        total = _total(response, start)
        _check_length(total, file, url)
        _check_room(part.parent, (total or 0) - start, file)
        taken = FetchError(f"{file.name} is being downloaded into the same folder already.")
        with part.open("ab") as out, locked(out, taken):
            _remember(part, url, response)
            if not resumed:
                out.truncate(0)
            elif out.tell() != start:  # somebody else was faster
                return False
            done = _copy(response, out, start, total, file, on_progress)
    return total is None or done == total


def _copy(response: Response, out: IO[bytes], done: int, total: int | None, file: RemoteFile, tell: Progress) -> int:
    tell(done, total)
    while chunk := response.read(CHUNK):
        done += len(chunk)
        if done > (file.at_most if total is None else total):
            raise FetchError(f"{file.name} is longer than it may be: the download was stopped after {done} bytes.")
        out.write(chunk)
        tell(done, total)
    return done


def _open(url: str, headers: dict[str, str], file: RemoteFile) -> Response:
    request = urllib.request.Request(url, headers=headers | {"Accept-Encoding": "identity", "User-Agent": "lightbox"})
    local = urllib.parse.urlsplit(url).hostname in LOCAL_HOSTS
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler({} if local else None),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        _SameScheme(),
    ):
        opener.add_handler(handler)
    try:
        response = opener.open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return error
        raise FetchError(
            f"{_host(url)} does not give {file.name} (status {error.code}): "
            "it may have moved, and --mirror names another address."
        ) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise FetchError(f"{_host(url)} cannot prove that it is itself ({error.reason.verify_message}).") from error
        raise FetchError(
            f"{_host(url)} cannot be reached ({error.reason}): this machine may be offline. Download {url} elsewhere, "
            f"save it as {file.name}, or name a folder that has it with --mirror."
        ) from error
    if response.headers.get_content_type() == "text/html" and not file.name.endswith((".html", ".htm")):
        response.close()
        raise FetchError(f"{_host(url)} sent a web page instead of {file.name}: open {url} in a browser.")
    return response


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to the same scheme: never from https to http, and never to a file."""

    max_redirections = MAX_REDIRECTS

    def http_error_302(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage
    ) -> Response | None:
        """Look at where it leads before urllib does."""
        target = urllib.parse.urljoin(req.full_url, headers.get("Location", ""))
        ours, theirs = (urllib.parse.urlsplit(url).scheme for url in (req.full_url, target))
        if ours != theirs:
            raise FetchError(
                f"{_host(req.full_url)} redirects from {ours} to {theirs}, which is refused: it would not be safe."
            )
        check_address(target)
        answer: Response | None = super().http_error_302(req, fp, code, msg, headers)
        return answer

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _resume(part: Path, url: str) -> tuple[int, dict[str, str]]:
    """Give where a part ends, and the headers that ask for the rest if the file is still the same."""
    origin = _origin(part)
    try:
        known = json.loads(origin.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    start = _size(part)
    if start and isinstance(known, dict) and known.get("url") == url and known.get("validator"):
        return start, {"Range": f"bytes={start}-", "If-Range": str(known["validator"])}
    return 0, {}


def _remember(part: Path, url: str, response: Response) -> None:
    """Write down which version of the file a part is of: a weak tag does not say that every byte is the same."""
    etag = response.headers.get("ETag", "")
    validator = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")
    write_file(_origin(part), json.dumps({"url": url, "validator": validator}))


def _total(response: Response, start: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdigit() else None


def _check_length(total: int | None, file: RemoteFile, url: str) -> None:
    if total is None:
        return
    if file.bytes is not None and total != file.bytes:
        raise FetchError(f"{_host(url)} offers {total} bytes as {file.name}, which has {file.bytes}.")
    if total > file.at_most:
        raise FetchError(f"{_host(url)} offers {total} bytes as {file.name}, which has at most {file.at_most}.")


def _check_room(folder: Path, needed: int, file: RemoteFile) -> None:
    if needed > shutil.disk_usage(folder).free:
        raise _no_room(folder, file)


def _no_room(folder: Path, file: RemoteFile) -> FetchError:
    return FetchError(
        f"There is no room left in {folder} for {file.name}: make some, or choose another folder with --out; "
        "what is there already is kept."
    )


def _check(path: Path, file: RemoteFile, what: str) -> None:
    """Hold a file against its known size and hash."""
    if file.bytes is not None and _size(path) != file.bytes:
        raise FetchError(f"{what} it has {_size(path)} bytes instead of {file.bytes}.")
    if file.sha256 is None:
        return
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != file.sha256:
        raise FetchError(f"{what} its sha256 is {found[:12]}…, not {file.sha256[:12]}….")


def _origin(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _remove(part: Path) -> None:
    part.unlink(missing_ok=True)
    _origin(part).unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).hostname or url
