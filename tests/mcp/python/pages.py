"""Results that are too long for one answer: read to their end, with nothing lost and nothing twice."""

import json

from connect import at, failed
from report import holds, same
from tools import KIND, everything, valid

# What the server hands out at once, unless it is told otherwise.
PAGE_BYTES = 24 * 1024
# More pages than this are a circle.
MOST_PAGES = 500


async def pages(report, connection, plan):
    facts, count = plan["facts"], plan["records"]
    tool, most = facts["list"]["tool"], facts["list"]["mostAtOnce"]

    async def to_the_end():
        records, parts = await read_all(connection, tool, {"first": most}, "")
        same(len(records), count, "the records")
        same(len({record["id"] for record in records}), count, "their ids")
        holds(len(parts) > 3, f"it came on {len(parts)} pages, and was to be long")

    async def nested():
        inner = facts["nested"]
        records, parts = await read_all(connection, inner["tool"], inner["arguments"], inner["list"])
        same(len(records), parts[0]["data"]["found"], "as many as the result says it has")
        holds(len(parts) > 1, "it was to be long")

    async def unknown_cursor():
        failed(await connection.call("readMore", {"cursor": "nobody-gave-this-out"}), KIND)

    await report.check(f"a list of {count} records, to its end, with each id once", to_the_end)
    if "nested" in facts:
        await report.check("a list within a result, with what is around it", nested)
    await report.check("a cursor that nobody gave out fails as a call", unknown_cursor)


async def read_all(connection, tool, arguments, pointer):
    """Reads a result to its end, and checks what each part says of itself."""
    schema = next(each for each in await everything(connection.client) if each.name == tool).output_schema
    part = await connection.result(tool, arguments)
    records, parts = [], []
    while True:
        parts.append(part)
        # Of the same shape as the tool's own: who reads on needs no second schema.
        valid(schema, part)
        page = part["page"]
        same(page["list"], pointer, "the list that is cut")
        found = at(part["data"], page["list"])
        same((page["from"], page["records"]), (len(records), len(found)), "where it begins, and how many it has")
        same(page["of"], parts[0]["page"]["of"], "of how many")
        size = len(json.dumps(part["data"], ensure_ascii=False, separators=(",", ":")).encode())
        holds(size <= PAGE_BYTES or len(found) == 1, f"a part has {size} bytes")
        records.extend(found)
        if "next" not in page:
            break
        holds(found and len(parts) < MOST_PAGES, "it does not end")
        part = await connection.result("readMore", {"cursor": page["next"]})
    same(len(records), page["of"], "all of them")
    return records, parts
