"""A trigger as a resource that is listened to, and calls that are cancelled."""

import re

import anyio
from mcp import MCPError
from mcp.client.subscriptions import SubscriptionLost

from report import holds, same
from tools import valid

# The server polls once a second.
SEVERAL_POLLS = 3.5
# Long enough for one poll and what it takes, on a machine that has other things to do.
SOON = 20


async def watching(report, connection, service, plan):
    facts, manifest, client = plan["facts"], plan["manifest"], connection.client
    uri = facts["watched"]

    async def tells():
        async with client.listen(resource_subscriptions=[uri]) as subscription:
            same(list(subscription.honored.resource_subscriptions or []), [uri], "what the server took on")
            with anyio.move_on_after(SEVERAL_POLLS):
                same(await anext(subscription), None, "nothing was changed so far")
            ids = await service.touch()
            await told(subscription, uri)
            read = await connection.read(uri)
            same([change["number"] for change in read["changes"]], [1], "the numbers")
            same(changed(read, manifest), ids, "what was changed")
            # What came since, and nothing else.
            next_uri = read["next"]
            same((await connection.read(next_uri))["changes"], [], "nothing came since")
            ids = await service.touch()
            await told(subscription, uri)
            read = await connection.read(next_uri)
            same(([change["number"] for change in read["changes"]], changed(read, manifest)), ([2], ids), "reading on")

    async def is_over():
        connection.updates.clear()
        if "slow" in facts:
            await asks_nothing(service)
        await service.touch()
        await anyio.sleep(SEVERAL_POLLS)
        same(connection.updates, [], "nobody listens any more")

    async def at_once():
        # Other inputs than before, so that this is the first poll with them.
        other = f"{uri}&showUpdatedRecords=true"
        async with client.listen(resource_subscriptions=[other]) as subscription:
            ids = await service.touch()
            await told(subscription, other)
            same(changed(await connection.read(other), manifest), ids, "what was changed")

    async def begins_anew():
        async with client.listen(resource_subscriptions=[uri]) as subscription:
            await service.touch()
            await told(subscription, uri)

    async def cannot_be():
        for wrong in [f"{manifest['key']}://no-such-thing", f"{facts['trigger']}?noSuchInput=1", "file:///etc/passwd"]:
            try:
                async with client.listen(resource_subscriptions=[wrong]) as subscription:
                    same(list(subscription.honored.resource_subscriptions or []), [], f"{wrong} was taken on")
            except (MCPError, SubscriptionLost):
                pass
        await connection.result(facts["list"]["tool"], {"first": 1})

    await report.check("a subscription tells of each change, and the changes are read one after the other", tells)
    await report.check("a change right after a subscription is not lost", at_once)
    await report.check("nothing is asked and told any more once nobody listens", is_over)
    await report.check("a second subscription to the same tells again", begins_anew)
    await report.check("what is no trigger, or has inputs that cannot be, cannot be listened to", cannot_be)


async def told(subscription, uri):
    with anyio.fail_after(SOON):
        same((await anext(subscription)).uri, uri, "the address that was subscribed to")


def changed(read, manifest):
    """The ids that the changes of a reading name, each a record of one of the lists that the trigger's schema has."""
    lists = manifest["triggers"][0]["resultSchema"]["properties"]["body"]["properties"]["data"]["properties"]
    for change in read["changes"]:
        kind = re.split("[./]", change["change"])[-1]
        same(kind, "updated", "how it was changed")
        valid(lists[kind]["items"], change["record"])
    return [change["record"]["id"] for change in read["changes"]]


async def cancelling(report, connection, service, plan):
    facts = plan["facts"]
    tool, most = facts["list"]["tool"], facts["list"]["mostAtOnce"]
    slows = "slow" in facts

    async def cancels():
        answered = []

        async def call():
            await connection.call(tool, {"first": most})
            answered.append(tool)

        if slows:
            await service.slow()
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(call)
                # Where nothing makes the service slow, a list of this length takes some seconds by itself.
                await anyio.sleep(1 if slows else 0.05)
                with anyio.fail_after(1):
                    await connection.client.list_tools(cache_mode="bypass")
                group.cancel_scope.cancel()
            same(answered, [], "what was to be cancelled was over before")
            if slows:
                await asks_nothing(service)
        finally:
            if slows:
                await service.fast()
        with anyio.fail_after(15):
            same(len((await connection.result(tool, {"first": 2}))["data"]), 2, "the server goes on")

    await report.check("a slow call is cancelled, others are answered meanwhile, and the server goes on", cancels)


async def asks_nothing(service):
    """The service is asked for nothing more, once the request that was under way has come to its end."""
    await anyio.sleep(0.7)
    before = (await service.state())["requests"]
    await anyio.sleep(1.5)
    holds((await service.state())["requests"] == before, "the service is asked although nobody waits for it")
