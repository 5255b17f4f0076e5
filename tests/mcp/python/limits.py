"""Two connections behind one server, and the budgets that calls have."""

import re

from mcp.types import ResourceTemplateReference

from connect import connected, failed
from report import holds


async def limits(report, servers, plan):
    facts = plan["facts"]
    tool = facts["list"]["tool"]
    async with connected(servers["named"]) as connection:
        client = connection.client

        async def under_its_name():
            names = {each.name for each in (await client.list_tools()).tools}
            holds({f"left_{tool}", f"right_{tool}"} <= names and tool not in names, str(names))
            uris = {str(each.uri) for each in (await client.list_resources()).resources}
            holds({facts["trigger"].replace("://", f"://{name}/") for name in ("left", "right")} <= uris, str(uris))
            record = (await connection.result(f"left_{tool}", {"first": 1}))["data"][0]
            template = facts["component"].replace("://", "://left/")
            await connection.read(re.sub(r"\{.*\}", record["id"], template))
            ref = ResourceTemplateReference(type="ref/resource", uri=template)
            proposed = await client.complete(ref, {"name": facts["one"]["input"], "value": ""})
            holds(proposed.completion.values, "nothing is proposed")

        async def calls():
            # As many as the plan's server allows in a minute.
            for _ in range(2):
                await connection.result(f"right_{tool}", {"first": 1})
            failed(await connection.call(f"right_{tool}", {"first": 1}), "budget")
            await connection.result(f"left_{tool}", {"first": 1})

        await report.check("each of two connections has tools and resources under its name", under_its_name)
        await report.check("a budget of calls ends the calls of its connection, and of no other", calls)
    async with connected(servers["bytes"]) as connection:

        async def used_up():
            for turn in range(50):
                answer = await connection.call(tool, {"first": 100})
                if answer.is_error:
                    break
            failed(answer, "budget")
            holds(turn > 0, "the first call has nothing before it that could use it up")

        await report.check("a budget of bytes is used up, and says so", used_up)
