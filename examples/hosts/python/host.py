"""A host for connectors in Python: one command a call, as `harness` has them. `python host.py --help` says how."""

import argparse
import ctypes
import json
import os
import re
import sys
import threading

import told
from duties import RULES, Connection, Failure, WayOut
from wasmtime import Config, Engine, Store, Trap, WasmtimeError
from wasmtime import _ffi as ffi
from wasmtime.component import Component, Linker, ListType, Record, Variant

PACKAGE = "integration:connector/{}@" + RULES["contract"]
STACK_BYTES = 1 << 20


def copy_bytes_at_once():
    """Has lists of bytes copied as a whole. The package makes and reads a value of C for each byte, which takes ten times as long: seconds for a
    page of records. The values' kinds and bytes stand at fixed distances, and Python copies with a stride as fast as memory is."""
    size = ctypes.sizeof(ffi.wasmtime_component_val_t)
    kind, byte = ffi.wasmtime_component_val_t.kind.offset, ffi.wasmtime_component_val_t.of.offset
    to_c, from_c = ListType.convert_to_c, ListType.convert_from_c

    def convert_to_c(self, store, value, place):
        if not (isinstance(value, bytes) and value and self._is_bytes()):
            return to_c(self, store, value, place)
        values = bytearray(size * len(value))
        values[kind::size] = bytes([ffi.WASMTIME_COMPONENT_U8.value]) * len(value)
        values[byte::size] = value
        raw = ffi.wasmtime_component_vallist_t()
        ffi.wasmtime_component_vallist_new_uninit(raw, len(value))
        ctypes.memmove(raw.data, (ctypes.c_char * len(values)).from_buffer(values), len(values))
        place.contents.kind = ffi.WASMTIME_COMPONENT_LIST
        place.contents.of.list = raw

    def convert_from_c(self, value):
        if not self._is_bytes():
            return from_c(self, value)
        found = value.of.list
        copied = ctypes.string_at(found.data, found.size * size)[byte::size] if found.size else b""
        ffi.wasmtime_component_vallist_delete(ctypes.byref(value.of.list))
        return copied

    ListType.convert_to_c, ListType.convert_from_c = convert_to_c, convert_from_c


def record(**members):
    made = Record()
    made.__dict__.update({name.replace("_", "-"): value for name, value in members.items()})
    return made


class Host:
    """A component, compiled once. Each call gets an instance of its own, and what it does wrong ends with that."""

    def __init__(self, path, limits):
        config = Config()
        config.epoch_interruption = True
        config.max_wasm_stack = STACK_BYTES
        self.engine, self.limits = Engine(config), limits
        self.component = Component.from_file(self.engine, path)
        # Of `types` it imports the names alone: nothing in it can be called.
        known = {PACKAGE.format(interface) for interface in ("http", "log", "types")}
        stranger = self.component.type.imports(self.engine).keys() - known
        if stranger:
            raise ValueError(f"{path} imports {', '.join(stranger)}: no connector is given anything but http and log of {RULES['contract']}")
        self.last_words = None

    def call(self, interface, name, arguments=(), way=None):
        store = Store(self.engine)
        store.set_limits(memory_size=self.limits["memoryBytes"], table_elements=20_000, instances=16, memories=1, tables=16)
        store.set_epoch_deadline(1)
        clock = threading.Timer(self.limits["deadlineSeconds"], self.engine.increment_epoch)
        clock.daemon = True
        clock.start()
        try:
            with Linker(self.engine) as linker:
                with linker.root() as root:
                    with root.add_instance(PACKAGE.format("http")) as http:
                        http.add_func("send", lambda _, request: self._send(way, request))
                    with root.add_instance(PACKAGE.format("log")) as log:
                        log.add_func("enabled", lambda _, level: level in ("warn", "error"))
                        log.add_func("log", lambda _, level, message: self._log(way, level, message))
                instance = linker.instantiate(store, self.component)
            face = instance.get_export_index(store, PACKAGE.format(interface))
            return instance.get_func(store, instance.get_export_index(store, name, face))(store, *arguments)
        finally:
            clock.cancel()
            store.close()

    def _send(self, way, request):
        if way is None:
            return Variant("denied", "a description sends nothing")
        headers = [(name, value.tag, value.payload) for name, value in request.headers]
        try:
            status, headers, body = way.send(request.method, request.url, headers, request.body or b"")
        except Failure as failure:
            return Variant(failure.tag, failure.value)
        return record(status=status, headers=headers, body=body)

    def _log(self, way, level, message):
        shown = message.encode()[: self.limits["logLineBytes"]]
        shown = (way.scrub(shown) if way else shown).decode(errors="replace")
        if level == "error":
            # The last words of a panic arrive here.
            self.last_words = shown
        print(level, re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", shown), file=sys.stderr)


def command_line():
    parser = argparse.ArgumentParser(prog="host.py", description=__doc__)
    parser.add_argument("--component", required=True, metavar="FILE")
    parser.add_argument("--deadline", type=float, default=RULES["limits"]["deadlineSeconds"], metavar="SECONDS")
    parser.add_argument("--allow-http", action="store_true")
    parser.add_argument("--allow-private-network", action="store_true")
    calls = parser.add_subparsers(dest="call", required=True)
    calls.add_parser("describe")
    for name in ("test-connection", "action", "data-source", "poll"):
        call = calls.add_parser(name)
        call.add_argument("--connection", required=True, metavar="FILE")
        if name != "test-connection":
            call.add_argument("key")
            call.add_argument("--inputs", metavar="FILE")
        if name == "data-source":
            call.add_argument("--search")
            call.add_argument("--cursor")
        if name == "poll":
            call.add_argument("--state", required=True, metavar="FILE")
    return parser.parse_args()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def state_in(path):
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        state = file.read()
    if not state:
        raise ValueError(f"{path} is empty, so no poll wrote it")
    return state


def replace(path, state):
    """Either the old state or the new one is there, whatever happens."""
    with open(path + ".new", "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(state)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def say(line, status):
    sys.stdout.buffer.write(told.plain(line).encode() + b"\n")
    sys.stdout.buffer.flush()
    return status


def perform(asked, host):
    """Makes the call, prints what came of it, lets the state move on, and gives the status that `harness` would end with."""
    definition = told.manifest(host.call("manifest", "describe"))
    if asked.call == "describe":
        return say(told.text(definition), 0)
    filled_in = re.sub(r"\$\{(\w+)\}", lambda found: json.dumps(os.environ.get(found[1], ""))[1:-1], read(asked.connection))
    connection = Connection(definition, json.loads(filled_in))
    if connection.problems:
        return say(told.error("invalid-input", connection.problems), 1)
    way = WayOut(connection, asked.allow_http, asked.allow_private_network, host.limits)
    seen = record(key=connection.key, endpoint=connection.url.href if connection.url else "", fields=connection.fields)
    inputs = read(asked.inputs) if getattr(asked, "inputs", None) else "{}"
    if asked.call == "test-connection":
        found, tell = host.call("connections", "test", [seen], way), told.account
    elif asked.call == "action":
        found, tell = host.call("actions", "perform", [asked.key, seen, inputs], way), lambda data: told.written({"data": data})
    elif asked.call == "data-source":
        found, tell = host.call("data-sources", "query", [asked.key, seen, inputs, asked.search, asked.cursor], way), told.page
    else:
        found, tell = host.call("triggers", "poll", [asked.key, seen, inputs, state_in(asked.state)], way), told.poll
    if isinstance(found, Variant):
        blame = way.blame(found.tag, found.payload)
        return say(told.error(found.tag, found.payload, blame), 3 if blame else 1)
    line = tell(found)
    too_much = len(line.encode()) > host.limits["resultBytes"] or asked.call == "poll" and len(found.state) > host.limits["stateBytes"]
    try:
        json.loads(line)
    except ValueError as error:
        return say(told.error("other", f"the component broke the contract: the result is not JSON: {error}", "bad-result"), 3)
    if too_much:
        return say(told.error("other", "the component returned more than a result or a state may have", "limit"), 3)
    say(line, 0)
    if asked.call == "poll":
        # Only now: a crash before this repeats changes, and loses none.
        replace(asked.state, found.state)
    return 0


def main():
    asked = command_line()
    copy_bytes_at_once()
    host = None
    try:
        host = Host(asked.component, RULES["limits"] | {"deadlineSeconds": asked.deadline})
        return perform(asked, host)
    except (Trap, WasmtimeError) as error:
        if "interrupt" in str(error):
            return say(told.error("transport", Variant("timeout"), "limit"), 3)
        words = host.last_words if host and host.last_words else str(error).splitlines()[-1].strip()
        return say(told.error("other", f"the component crashed: {words}", "trap"), 3)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
