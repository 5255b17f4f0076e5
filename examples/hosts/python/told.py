"""What is printed of a call: the JSON that `harness` prints of the same. JSON of the component's is passed on as text."""

import json
import re

JSON_MEMBERS = {"default", "example", "inputSchema", "resultSchema", "examplePayload", "extensions"}


OBEYED = re.compile(
    "[\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)


def plain(line):
    """The same JSON without what a terminal would obey, or what hides or turns text: as escapes."""
    return OBEYED.sub(lambda found: json.dumps(found[0])[1:-1] if ord(found[0]) > 0x9F else f"\\u{ord(found[0]):04x}", line)


def text(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def written(members):
    return "{" + ",".join(f"{text(name)}:{value}" for name, value in members.items() if value is not None) + "}"


def account(found):
    organization = None if found.organization is None else text(found.organization)
    return written({"user": text(found.user), "organization": organization, "endpoint": text(found.endpoint), "extensions": found.extensions})


def page(found):
    items = text([{"key": item.key, "label": item.label} for item in found.items])
    return written({"result": items, "next": text(found.next), "notice": None if found.notice is None else text(found.notice)})


def poll(found):
    return written({"payload": found.payload, "noChanges": text(getattr(found, "no-changes")), "more": text(found.more)})


def error(tag, value, ended=None):
    """An error of the contract, or of the host's own."""
    members = {"kind": text(tag), "message": text(message(tag, value))}
    if tag == "invalid-input":
        members["problems"] = text([problem if isinstance(problem, dict) else vars(problem) for problem in value])
    if tag == "rate-limited" and value is not None:
        members["retryAfter"] = text(value)
    if tag == "service":
        members |= {"status": text(value.status), "errors": value.errors, "data": value.data}
    if tag == "transport":
        members |= {"failure": text(value.tag), "limitBytes": text(value.payload) if value.tag == "too-large" else None}
    return written({"error": written(members | {"endedBy": text(ended) if ended else None})})


def message(tag, value):
    if tag == "invalid-input":
        problems = [problem if isinstance(problem, dict) else vars(problem) for problem in value]
        return "; ".join(f"{problem['input']}: {problem['message']}" for problem in problems)
    if tag == "rate-limited":
        return "the service asks for fewer requests: try again " + ("later" if value is None else f"in {value} s")
    if tag == "service":
        return f"the service answered with an error (HTTP {value.status}): {value.message}"
    if tag != "transport":
        return value
    failures = {
        "denied": f"the host did not let the request leave: {value.payload}",
        "timeout": "no complete answer came in time",
        "unreachable": f"the service could not be reached: {value.payload}",
        "too-large": f"the answer is larger than the host's limit of {value.payload} bytes",
    }
    return failures.get(value.tag, value.payload)


def manifest(value):
    """The manifest as the contract writes it: JSON in place of text that holds JSON, and a case as its name or as `{name: value}`."""
    if isinstance(value, list):
        return [manifest(item) for item in value]
    if not hasattr(value, "__dict__"):
        return value
    members = {}
    for name, member in vars(value).items():
        name = re.sub(r"-(.)", lambda found: found[1].upper(), name)
        if member is None:
            continue
        if name in JSON_MEMBERS:
            members[name] = json.loads(member)
        elif name == "kind":
            members[name] = member.tag if member.payload is None else {member.tag: member.payload}
        else:
            members[name] = manifest(member)
    return members
