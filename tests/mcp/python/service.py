"""The simulated service, as whoever changes something in it from outside."""

import httpx2

from report import holds


class Service:
    def __init__(self, url, facts):
        self.url, self.facts = url, facts

    async def touch(self):
        """Changes a record, and gives the ids of what was changed."""
        answer = await self.post(self.facts["touch"]["path"], self.facts["touch"].get("body", {}))
        return self.facts["touch"].get("ids") or answer["ids"]

    async def slow(self):
        """Has the next answers take their time, until `fast`. Not every simulated service can."""
        await self.post(self.facts["slow"]["path"], self.facts["slow"]["body"])

    async def fast(self):
        await self.ask("DELETE", self.facts["slow"]["path"])

    async def state(self):
        """Its counts: of records, and of requests so far."""
        return await self.ask("GET", "/control/state")

    async def post(self, path, body):
        return await self.ask("POST", path, body)

    async def ask(self, method, path, body=None):
        # No proxy of the environment stands between two programs of this machine.
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.request(method, self.url + path, json=body)
        holds(answer.status_code == 200, f"the simulated service says to {method} {path}: {answer.text}")
        return answer.json() if answer.text else {}
