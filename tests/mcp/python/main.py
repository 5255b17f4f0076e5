"""`harness mcp`, used by the Python SDK's client, which speaks the revision 2026-07-28. `python main.py PLAN` makes every check of the plan
that `cargo xtask mcp` wrote, and says of each on standard output what came of it."""

import json
import sys
import time

import anyio

from asking import asking
from connect import connected
from limits import limits
from pages import pages
from report import Report, holds, same
from resources import resources
from service import Service
from tools import older, tools
from watching import cancelling, watching

# A server that is told to end by the end of its input has this long before the SDK would end it.
BEFORE_IT_IS_ENDED = 1.9


async def main(path):
    with open(path, encoding="utf-8") as file:
        plan = json.load(file)
    with open(plan["manifest"], encoding="utf-8") as file:
        plan["manifest"] = json.load(file)
    report, servers, service = Report(), plan["servers"], Service(plan["service"], plan["facts"])

    async def with_main():
        async with connected(servers["main"]) as connection:
            await report.part("tools", lambda: tools(report, connection, plan))
            await report.part("pages", lambda: pages(report, connection, plan))
            await report.part("resources", lambda: resources(report, connection, plan))
            await report.part("watching", lambda: watching(report, connection, service, plan))
            await report.part("cancelling", lambda: cancelling(report, connection, service, plan))

            async def only_messages():
                same(connection.problems, [], "what the transport could not read")

            await report.check("says nothing but messages", only_messages)
            closing.append(time.monotonic())
        closing.append(time.monotonic())

    closing = []
    await report.part("connecting", with_main)

    async def ends():
        holds(len(closing) == 2 and closing[1] - closing[0] < BEFORE_IT_IS_ENDED, "it did not end by itself")

    await report.check("ends when it is told to", ends)
    await report.part("older", lambda: older(report, servers["main"], plan))
    if "change" in plan["facts"]:
        await report.part("asking", lambda: asking(report, servers["main"], service, plan))
    await report.part("limits", lambda: limits(report, servers, plan))
    return report.end()


if __name__ == "__main__":
    sys.exit(0 if anyio.run(main, sys.argv[1]) else 1)
