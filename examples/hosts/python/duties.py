"""What a host keeps from a component: the connection's secrets, and every way out but one. Each part is a duty of docs/hosts.md."""

import base64
import http.client
import ipaddress
import json
import re
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import quote

RULES = json.loads((Path(__file__).parent.parent / "rules.json").read_text())
REDACTED = b"[redacted]"
NOT_PUBLIC = [ipaddress.ip_network(network) for network in RULES["notPublic"]]
DEFAULT_PORTS = {"https": 443, "http": 80}


class Failure(Exception):
    """Why there is no answer: the case of the contract's `failure`, and its value."""

    def __init__(self, tag, value=None):
        super().__init__(tag)
        self.tag, self.value = tag, value


class Url:
    """An absolute URL in the spelling of the URL standard. What that would spell differently is refused here: Python has no such parser."""

    def __init__(self, text):
        found = re.fullmatch(r"(?i)(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?((?:/[!-~]*)?(?:\?[!-~]*)?)", text)
        if not found or re.search(r"[\\#\"<>`{}|^]|/\.{1,2}(?:/|\?|$)|%2e", found[4], re.IGNORECASE):
            raise ValueError("expected an absolute URL that begins with https:// or http://")
        self.scheme, self.host, target = found[1].lower(), found[2].lower(), found[4]
        self.port = int(found[3] or DEFAULT_PORTS[self.scheme])
        bare = self.host.strip("[]")
        if self.host.startswith("[") or re.fullmatch(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)\.?", bare):
            ipaddress.ip_address(bare)
            if self.host.startswith("["):
                self.host = f"[{ipaddress.IPv6Address(bare).compressed}]"
        if not 0 < self.port < 65536 or any(not label for label in bare.removesuffix(".").split(".")) or len(bare) > 253:
            raise ValueError("the URL has no usable host and port")
        self.target = target if target.startswith("/") else "/" + target
        self.shown_host = self.host if self.port == DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"
        self.href = f"{self.scheme}://{self.shown_host}{self.target}"
        # A trailing dot names the same machine.
        self.origin = (self.scheme, self.host.removesuffix("."), self.port)


class Connection:
    """A filled-in connection, split by the manifest: what the component sees, the secrets, the one origin, and what is wrong."""

    def __init__(self, definition, filled_in):
        self.key, fields = filled_in["key"], filled_in.get("fields", {})
        kind = next((kind for kind in definition["connections"] if kind["key"] == self.key), None)
        if kind is None:
            raise ValueError(f"the connector has no connection {self.key!r}; it has {', '.join(kind['key'] for kind in definition['connections'])}")
        unknown = fields.keys() - {field["input"]["key"] for field in kind["fields"]}
        if unknown:
            raise ValueError(f"the connection {self.key} has no field {', '.join(sorted(unknown))}")
        self.secrets, self.problems = {}, []
        for field in kind["fields"]:
            if field["secret"]:
                self._take_secret(field, fields.get(field["input"]["key"]))
        secret = {field["input"]["key"] for field in kind["fields"] if field["secret"]}
        self.fields = json.dumps({name: value for name, value in fields.items() if name not in secret}, ensure_ascii=False, separators=(",", ":"))
        self.has_tokens = any(field["mayBeJwt"] for field in kind["fields"])
        self.url = self._resolve([field for field in kind["fields"] if "endpoint" in field], fields)

    def _problem(self, field, message):
        self.problems.append({"input": field["input"]["key"], "message": message})

    def _take_secret(self, field, value):
        if value is not None and not isinstance(value, str):
            self._problem(field, "must be text")
        elif not (value or "").strip():
            if field["input"]["required"]:
                self._problem(field, "is missing or blank: fill it in")
        elif not re.fullmatch(r"[!-~]([ -~\t]*[!-~])?", value):
            self._problem(field, "cannot be sent in a header: blanks at its ends, or other than printable ASCII")
        else:
            # A header that was pasted whole.
            token = re.sub(r"(?i)^bearer\s+(?=\S+$)", "", value) if field["mayBeJwt"] else value
            self.secrets[field["input"]["key"]] = token

    def _resolve(self, candidates, fields):
        """The URL of the filled-in endpoint field of highest precedence; of the defaults only where none is filled in."""
        if not candidates:
            return None
        given = [(field, fields.get(field["input"]["key"])) for field in candidates]
        filled_in = [(field, value) for field, value in given if value is not None and not (isinstance(value, str) and not value.strip())]
        presets = [(field, field["input"]["default"]) for field in candidates if field["input"].get("default")]
        ranked = sorted(filled_in or presets, key=lambda found: found[0]["endpoint"]["precedence"], reverse=True)
        if not ranked:
            field = next((field for field in candidates if field["input"]["required"]), candidates[0])
            names = " or ".join(field["input"]["key"] for field in candidates)
            return self._problem(field, f"says where the service is, and is missing or blank: fill in {names}")
        field, value = ranked[0]
        if not isinstance(value, str):
            return self._problem(field, "expected text")
        known = {known["value"]: known["url"] for known in field["endpoint"]["environments"]}
        text = known.get(value.strip()) if known else value.strip()
        if text is None:
            return self._problem(field, f"expected one of {', '.join(known)}")
        try:
            return Url(text)
        except ValueError as error:
            return self._problem(field, str(error))


class WayOut:
    """The way out of one call."""

    def __init__(self, connection, allow_http, allow_private_network, limits):
        self.connection, self.allow_http, self.allow_private_network, self.limits = connection, allow_http, allow_private_network, limits
        self.deadline = time.monotonic() + limits["deadlineSeconds"]
        self.requests = self.sent = self.received = 0
        self.met = set()
        forms = {form for secret in connection.secrets.values() if len(secret) >= 4 for form in forms_of(secret)}
        alternatives = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        self.echo = re.compile(alternatives.encode(), re.IGNORECASE) if forms else None

    def scrub(self, text):
        if self.echo:
            text = self.echo.sub(REDACTED, text)
        # The service may hand out another key to whoever asks.
        return re.sub(rb"eyJ[\w-]*\.eyJ[\w-]*\.[\w-]*", REDACTED, text) if self.connection.has_tokens else text

    def _refuse(self, ended, what):
        self.met.add(ended)
        raise Failure("denied", what)

    def blame(self, tag, value):
        """Whether a rule of the host's made the component fail: `limit`, `refusal` or None."""
        if "limit" in self.met:
            return "limit"
        return "refusal" if tag == "transport" and value.tag == "denied" and "refusal" in self.met else None

    def send(self, method, url, headers, body):
        """Gives status, headers and body of one answer, or raises `Failure`. Follows no redirect: it could lead anywhere."""
        url, headers = self._checked(method, url, headers, body)
        line = http.client.HTTPConnection(url.host, url.port)
        try:
            line.sock = self._connect(url)
            line.putrequest(method, url.target, skip_host=True, skip_accept_encoding=True)
            # Only what the host can read can be scrubbed, so no encoding is asked for.
            for name, value in [("host", url.shown_host), ("user-agent", "python-host"), ("accept-encoding", "identity"), *headers]:
                line.putheader(name, value)
            if body or method not in ("GET", "HEAD"):
                line.putheader("content-length", str(len(body)))
            line.endheaders(body or None)
            answer = line.getresponse()
            content = self._read(line, answer)
            if not 200 <= answer.status <= 599 or answer.getheader("content-encoding", "identity").lower() != "identity":
                raise Failure("unreachable", "a status or an encoding that was not asked for")
            # In order, `Date` among them: without it a poll cannot tell which records are stamped ahead of the service's clock.
            return answer.status, [(name.lower(), value) for name, value in map(self._header, answer.getheaders()) if value is not None], content
        except TimeoutError:
            self.met.add("limit")
            raise Failure("timeout") from None
        except (OSError, http.client.HTTPException) as error:
            text = f"{url.shown_host}: {error}".encode()
            raise Failure("unreachable", self.scrub(text).decode(errors="replace")) from None
        finally:
            line.close()

    def _checked(self, method, url, headers, body):
        self.requests += 1
        if self.requests > self.limits["requests"]:
            self._refuse("limit", f"the call has sent its {self.limits['requests']} requests")
        length = len(url) + len(body) + sum(len(name) + len(value) for name, _, value in headers)
        self.sent += length
        if length > self.limits["requestBytes"] or self.sent > self.limits["sentBytes"]:
            self._refuse("limit", "the request, or all of the call together, has too many bytes")
        if method not in RULES["methods"]:
            self._refuse("refusal", f"the method is none of {', '.join(RULES['methods'])}")
        try:
            url = Url(url.partition("#")[0])
        except ValueError as error:
            self._refuse("refusal", f"the request's URL: {error}")
        if self.connection.url is None or url.origin != self.connection.url.origin:
            self._refuse("refusal", f"{url.scheme}://{url.shown_host} is not the origin that the connection's endpoint fields name")
        if url.scheme == "http" and not self.allow_http:
            self._refuse("refusal", f"{url.shown_host} is plain http; --allow-http would allow it")
        return url, [found for header in headers for found in self._sendable(*header)]

    def _sendable(self, name, tag, value):
        folded = name.lower().replace("_", "-")
        if not re.fullmatch(r"[!#$%&'*+.^`|~\w-]+", name, re.ASCII):
            self._refuse("refusal", "a header's name is not a valid one")
        if folded in RULES["hostsOwnHeaders"] or folded.startswith("proxy-"):
            self._refuse("refusal", f"the header {name} is the host's own")
        if tag == "secret":
            if value not in self.connection.secrets:
                self._refuse("refusal", f"{value[:60]!r} is no secret field with a value")
            value = self.connection.secrets[value]
        if not re.fullmatch(r"[\t -~]*", value):
            self._refuse("refusal", f"the value of the header {name} holds a character that no header can carry")
        return [] if folded == "accept-encoding" else [(name, value)]

    def _connect(self, url):
        addresses = [found[4][0] for found in socket.getaddrinfo(url.host.strip("[]"), url.port, type=socket.SOCK_STREAM)]
        for address in map(ipaddress.ip_address, addresses):
            if not self.allow_private_network and any(address in network for network in NOT_PUBLIC if network.version == address.version):
                self._refuse("refusal", f"{address} is not an address of the public internet; --allow-private-network would allow it")
        # The addresses that were checked are the ones that are connected to, and no name.
        for place, address in enumerate(addresses, 1):
            try:
                sock = socket.create_connection((address, url.port), timeout=self._left())
                break
            except OSError:
                if place == len(addresses):
                    raise
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return ssl.create_default_context().wrap_socket(sock, server_hostname=url.host.strip("[]")) if url.scheme == "https" else sock

    def _read(self, line, answer):
        chunks, length = [], 0
        while True:
            if line.sock:
                line.sock.settimeout(self._left())
            chunk = answer.read1(1 << 16)
            if not chunk:
                if answer.length:
                    raise http.client.IncompleteRead(b"", answer.length)
                return self.scrub(b"".join(chunks))
            chunks.append(chunk)
            length += len(chunk)
            self.received += len(chunk)
            if length > self.limits["responseBytes"] or self.received > self.limits["receivedBytes"]:
                self.met.add("limit")
                raise Failure("too-large", self.limits["responseBytes"])

    def _header(self, header):
        name, value = header
        try:
            return name, self.scrub(value.encode("latin-1")).decode()
        except UnicodeDecodeError:
            return name, None

    def _left(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def forms_of(secret):
    """How an honest service may repeat a secret: as it is, in JSON, in a URL, in base64 at any place of a longer text, in hexadecimal."""
    escaped = json.dumps(secret)[1:-1]
    forms = [secret, escaped, escaped.replace("/", "\\/"), quote(secret, safe=""), quote(secret, safe="").replace("%20", "+"), secret.encode().hex()]
    for offset in range(3):
        # Characters at both ends also carry bits of what stands beside the secret.
        padded = bytes(offset) + secret.encode()
        core = slice(-(-offset * 8 // 6), len(padded) * 8 // 6)
        forms += [form for form in (base64.b64encode(padded).decode()[core], base64.urlsafe_b64encode(padded).decode()[core]) if len(form) >= 10]
    return forms
