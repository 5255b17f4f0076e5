"""Resources, templates, and the values that are proposed for a template."""

import re

from mcp import MCPError
from mcp.types import ResourceTemplateReference

from report import holds, same


async def resources(report, connection, plan):
    facts, manifest, client = plan["facts"], plan["manifest"], connection.client
    key, one = manifest["key"], facts["one"]
    records = []

    async def lists():
        listed = {str(each.uri): each for each in (await client.list_resources()).resources}
        triggers = [f"{key}://trigger/{trigger['key']}" for trigger in manifest["triggers"]]
        same(sorted(listed), sorted([f"{key}://docs", f"{key}://manifest", *triggers]), "the resources")
        types = (listed[f"{key}://manifest"].mime_type, listed[f"{key}://docs"].mime_type)
        same(types, ("application/json", "text/markdown"), "their types")

    async def reads():
        read = await connection.read(f"{key}://manifest")
        keys = [[each["key"] for each in read[part]] for part in ("actions", "triggers")]
        same((read["key"], keys), (key, [[each["key"] for each in manifest[part]] for part in ("actions", "triggers")]), "the manifest")
        page = (await client.read_resource(f"{key}://docs")).contents[0]
        same(page.mime_type, "text/markdown", "its type")
        holds(all(action["key"] in page.text for action in manifest["actions"]), "the page lacks an action")

    async def templates():
        found = [each.uri_template for each in (await client.list_resource_templates()).resource_templates]
        watched = [template for template in found if template.startswith(facts["trigger"] + "{?")]
        same(sorted(set(found) - set(watched)), sorted(facts["templates"]), "the templates")
        same(len(watched), len(manifest["triggers"]), "those of triggers")

    async def by_template():
        records.extend((await connection.result(facts["list"]["tool"], {"first": 3}))["data"])
        for record in records:
            called = (await connection.result(one["tool"], {one["input"]: record["id"]}))["data"]
            read = await connection.read(re.sub(r"\{.*\}", record["id"], facts["component"]))
            same(read.get("data", read), called, "what is read and what is called")

    async def not_there():
        unknown = re.sub(r"\{.*\}", one["unknown"], facts["component"])
        for uri in [unknown, f"{key}://no-such-thing", f"{key}://trigger/noSuchTrigger", "elsewhere://manifest", "file:///etc/passwd"]:
            try:
                await client.read_resource(uri)
            except MCPError as error:
                holds(error.code in (-32002, -32602), f"{uri}: {error.code} {error}")
            else:
                raise AssertionError(f"{uri} was read")

    async def proposes():
        async def propose(value):
            ref = ResourceTemplateReference(type="ref/resource", uri=facts["component"])
            return (await client.complete(ref, {"name": one["input"], "value": value})).completion.values

        holds(0 < len(await propose("")) <= 100, "as many as a person can take in")
        found = await propose(records[0]["name"])
        holds(records[0]["id"] in found, f"{records[0]['name']!r} was not found: {found}")
        same(await propose("nothing is called like this"), [], "what is not there")

    await report.check("lists the manifest, the documentation and each trigger", lists)
    await report.check("reads the manifest and the documentation", reads)
    await report.check("lists a template for each action that gets one thing, and for each trigger", templates)
    await report.check("reads by a template what the tool gives", by_template)
    await report.check("says of what is not there that it is not there", not_there)
    await report.check("proposes ids for a template, searched by what was typed", proposes)
