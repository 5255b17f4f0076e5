"""What was checked: one line of JSON a check on standard output, so that whoever runs this program can show them and count them."""

import json
import time
import traceback

import anyio

# No check takes longer by itself; a server that never answers must not hold the run up.
PATIENCE = 60


class Report:
    def __init__(self):
        self.checks = 0
        self.failed = 0

    async def check(self, name, work):
        """Makes one check. One that fails is noted, and the next is made all the same: one run is to show all that is wrong."""
        started, error = time.monotonic(), None
        try:
            with anyio.fail_after(PATIENCE):
                await work()
        except Exception as thrown:
            error = said(thrown)
            self.failed += 1
        self.checks += 1
        milliseconds = round((time.monotonic() - started) * 1000)
        print(json.dumps({"check": name, "milliseconds": milliseconds, "error": error}), flush=True)

    async def part(self, name, checks):
        """Makes the checks of one part. What fails outside of them is a failed check itself, and not the end of the program."""
        try:
            await checks()
        except Exception as thrown:
            problem = thrown

            async def fail():
                raise problem

            await self.check(f"{name}: the rest of its checks", fail)

    def end(self):
        """The last line, by which it is known that the program came to its end."""
        print(json.dumps({"checks": self.checks, "failed": self.failed}), flush=True)
        return self.failed == 0


def said(error):
    """An error with where it was thrown, in as many words as a line bears."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    place = f"{own[-1].filename.rsplit('/', 1)[-1]}:{own[-1].lineno}" if own else "somewhere"
    return f"{type(error).__name__}: {str(error)[:2000]} ({place})"


def same(found, expected, what=""):
    """Two values that have to be the same; says both where they are not."""
    if found != expected:
        raise AssertionError(f"{what}: {str(found)[:800]!r}, and was to be {str(expected)[:800]!r}")


def holds(condition, what):
    if not condition:
        raise AssertionError(what)
