"""Connections of the client to a server of the plan, over the transport of the plan."""

import json
import re
from contextlib import asynccontextmanager

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import Implementation, ResourceUpdatedNotification

from report import holds, same

# A stream stays open for as long as its call, or its subscription.
TIMEOUT = httpx2.Timeout(30, read=300)


class Connection:
    """One connection: the client, and what it was told of by itself."""

    def __init__(self):
        self.updates, self.problems, self.client = [], [], None

    async def told(self, message):
        if isinstance(message, ResourceUpdatedNotification):
            self.updates.append(str(message.params.uri))
        elif isinstance(message, Exception):
            self.problems.append(repr(message))

    async def call(self, name, arguments):
        """Calls a tool. What it gives has been held against the tool's schema by the SDK."""
        return await self.client.call_tool(name, arguments)

    async def result(self, name, arguments):
        """Calls a tool that must not fail, and gives its result."""
        answer = await self.call(name, arguments)
        holds(not answer.is_error, f"{name} failed: {answer.content}")
        return answer.structured_content

    async def read(self, uri):
        """The JSON of a resource."""
        contents = (await self.client.read_resource(uri)).contents
        same([str(content.uri) for content in contents], [uri], "what was read")
        return json.loads(contents[0].text)


@asynccontextmanager
async def connected(server, answer=None, mode="auto"):
    """Connects. With `answer`, a function from the question to what a person would answer, the client says that it can ask one."""
    connection = Connection()
    options = {"mode": mode, "message_handler": connection.told, "client_info": Implementation(name="client-of-the-sdk", version="1.0.0")}
    if answer:

        async def ask(_context, params):
            return answer(params)

        options["elicitation_callback"] = ask
    async with httpx2.AsyncClient(headers=headers(server), timeout=TIMEOUT, trust_env=False) as http:
        async with Client(transport(server, http), **options) as client:
            connection.client = client
            yield connection


def headers(server):
    return {"authorization": f"Bearer {server['token']}"} if "token" in server else {}


def transport(server, http):
    if "url" in server:
        return streamable_http_client(server["url"], http_client=http)
    program, *arguments = server["command"]
    return StdioServerParameters(command=program, args=arguments)


def failed(answer, kind):
    """A call that failed as a call: never as a message of the protocol, and of this kind."""
    text = answer.content[0].text if answer.content else ""
    holds(answer.is_error, f"it was to fail with {kind} and gave {str(answer)[:300]}")
    holds(re.search(f"^{kind}: .{{5,}}", text, re.MULTILINE), f"it was to fail with {kind}: {text[:300]}")
    return text


def at(value, pointer):
    """What a JSON pointer leads to."""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value
