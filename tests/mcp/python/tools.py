"""The tools: how they describe themselves, what a call gives, and how one fails."""

import anyio
from jsonschema import Draft202012Validator, FormatChecker

from connect import at, connected, failed
from report import holds, same

KIND = r"[a-z]+(-[a-z]+)*"


async def tools(report, connection, plan):
    facts, manifest, client = plan["facts"], plan["manifest"], connection.client
    listed, records = {}, []

    async def says_who_it_is():
        same(client.protocol_version, "2026-07-28", "the revision")
        holds(client.server_info.name and client.server_info.version, "a server has a name and a version")
        can = client.server_capabilities
        holds(can.tools and can.resources and can.completions, "it has tools, resources and completions")

    async def lists():
        listed.update({tool.name: tool for tool in await everything(client)})
        reading = [action["key"] for action in manifest["actions"] if not action["changesData"]]
        allowed = [facts["change"]["tool"]] if "change" in facts else []
        same(sorted(listed), sorted([*reading, *allowed, "readMore"]), "the tools")

    async def hints():
        for name, tool in listed.items():
            reads = name != facts.get("change", {}).get("tool")
            same(tool.annotations.read_only_hint, reads, f"readOnlyHint of {name}")
            holds(tool.annotations.open_world_hint is not None, f"openWorldHint of {name}")
            holds(reads or tool.annotations.destructive_hint is not None, f"destructiveHint of {name}")
            holds(reads or tool.annotations.idempotent_hint is False, "a second change order is another one")
            holds(len(tool.description or "") > 10, f"{name} says what it does")

    async def schemas():
        for action in manifest["actions"]:
            if action["key"] in listed:
                # A tool may be asked with less than the connector takes: of the types of an input with the one that is meant.
                given, declared = listed[action["key"]].input_schema, action["inputSchema"]
                same(given.get("required"), declared.get("required"), f"inputSchema of {action['key']}")
                same(list(given["properties"]), list(declared["properties"]), f"inputSchema of {action['key']}")
                for name, schema in given["properties"].items():
                    known = declared["properties"][name]["type"]
                    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
                    holds(all(one in known for one in types), f"{types} of {name} of {action['key']}")
        for name, tool in listed.items():
            Draft202012Validator.check_schema(tool.input_schema)
            Draft202012Validator.check_schema(tool.output_schema)
            same((tool.output_schema["type"], tool.output_schema["required"]), ("object", ["data"]), name)

    async def a_list():
        answer = await connection.call(facts["list"]["tool"], {"first": 5})
        holds(not answer.is_error, str(answer.content))
        same(list(answer.structured_content), ["data"], "what fits has no pages")
        data = answer.structured_content["data"]
        same(len(data), 5, "five were asked for")
        action = next(action for action in manifest["actions"] if action["key"] == facts["list"]["tool"])
        valid(action["resultSchema"], data)
        holds("data" in answer.content[0].text.split("\n")[0].lower(), "the first line says that it is data")
        records.extend(data)

    async def by_its_id():
        one = facts["one"]
        found = at((await connection.result(one["tool"], {one["input"]: records[0]["id"]}))["data"], one["recordAt"])
        same((found["id"], found["name"]), (records[0]["id"], records[0]["name"]), "the one")

    async def bad_input():
        text = failed(await connection.call(facts["list"]["tool"], facts["badInput"]), "invalid-input")
        holds(all(name in text for name in facts["badInput"]), f"the input is not named: {text}")
        failed(await connection.call(facts["one"]["tool"], {}), "invalid-input")

    async def unknown_id():
        failed(await connection.call(facts["one"]["tool"], {facts["one"]["input"]: facts["one"]["unknown"]}), "not-found")

    async def unknown_tools():
        for name in ["noSuchTool", *facts["neverListed"]]:
            failed(await connection.call(name, {}), KIND)

    async def at_once():
        counts = {}

        async def ask(first):
            counts[first] = len((await connection.result(facts["list"]["tool"], {"first": first}))["data"])

        async with anyio.create_task_group() as group:
            for first in range(1, 9):
                group.start_soon(ask, first)
        same(counts, {first: first for first in range(1, 9)}, "each its own")

    await report.check("speaks the revision 2026-07-28 and says who it is", says_who_it_is)
    await report.check("lists the actions that read, those that were allowed, and no other", lists)
    await report.check("says of each tool whether it changes something", hints)
    await report.check("gives the manifest's schemas, each a valid one", schemas)
    await report.check("a list is what the schema says, with a text that marks it as data", a_list)
    await report.check("one by its id", by_its_id)
    await report.check("a bad input fails as invalid-input, and names the input", bad_input)
    await report.check("an id that nothing has fails as not-found", unknown_id)
    await report.check("a tool that is not there fails as a call, and so does one that was not allowed", unknown_tools)
    await report.check("many calls at once are each answered with their own", at_once)


async def older(report, server, plan):
    """The same client, when it speaks as clients did before."""
    async with connected(server, mode="legacy") as connection:

        async def speaks():
            same(connection.client.protocol_version, "2025-11-25", "the revision")
            names = [tool.name for tool in await everything(connection.client)]
            holds(plan["facts"]["list"]["tool"] in names, str(names))
            data = (await connection.result(plan["facts"]["list"]["tool"], {"first": 3}))["data"]
            same(len(data), 3, "three were asked for")

        await report.check("speaks the revision 2025-11-25 with whoever begins so", speaks)


async def everything(client):
    """All tools, over however many pages."""
    listed, cursor = [], None
    while True:
        page = await client.list_tools(cursor=cursor)
        listed.extend(page.tools)
        cursor = page.next_cursor
        if cursor is None:
            return listed


def valid(schema, value):
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)
