"""What changes something: asked first where the client can ask a person, and sent only where that person said yes."""

import json

from mcp.types import CallToolResult, ElicitResult, InputRequiredResult, ListRootsResult

from connect import connected, failed
from report import holds, same

YES = ElicitResult(action="accept", content={"confirm": True})


async def asking(report, server, service, plan):
    change = plan["facts"]["change"]
    tool, arguments = change["tool"], change["arguments"]
    questions, given = [], {}

    def answer(question):
        questions.append(question)
        return given["answer"]

    async def count():
        return (await service.state())[change["countAt"]]

    async with connected(server, answer) as connection:
        session = connection.client.session

        async def yes():
            before = await count()
            given["answer"] = YES
            data = (await connection.result(tool, arguments))["data"]
            holds(data[tool]["id"], str(data))
            same(await count(), before + 1, "one more")
            same(len(questions), 1, "one question")
            for value in arguments.values():
                holds(value in questions[0].message or json.dumps(value)[1:-1] in questions[0].message, f"no {value}: {questions[0].message}")
            same(list(questions[0].requested_schema["properties"]), ["confirm"], "what is asked for")
            same(questions[0].requested_schema["properties"]["confirm"]["type"], "boolean", "its type")

        async def no():
            for no in [
                ElicitResult(action="decline"),
                ElicitResult(action="cancel"),
                ElicitResult(action="accept", content={"confirm": False}),
                ElicitResult(action="accept", content={}),
            ]:
                given["answer"] = no
                before = await service.state()
                failed(await connection.call(tool, arguments), "declined")
                after = await service.state()
                same((after[change["countAt"]], after["requests"]), (before[change["countAt"]], before["requests"]), f"what {no} sent")

        async def by_hand(given=arguments, responses=None, state=None):
            return await session.call_tool(tool, given, input_responses=responses, request_state=state, allow_input_required=True)

        async def question():
            """What a call is answered with before anybody was asked: the state, and the question's name."""
            asked = await by_hand()
            holds(isinstance(asked, InputRequiredResult) and asked.request_state, f"a question was to come, and {asked} came")
            same(len(asked.input_requests), 1, "one question")
            return asked.request_state, next(iter(asked.input_requests))

        async def another_call():
            state, key = await question()
            before = await count()
            other = {**arguments, "name": "Something that nobody was asked about"}
            tampered = state[:-1] + ("A" if state[-1] != "A" else "B")
            for given, responses, with_state in [
                (other, {key: YES}, state),
                (arguments, {key: YES}, tampered),
                (arguments, {key: YES}, None),
                (arguments, {key: YES}, "x"),
                (arguments, {"another": YES}, state),
                (arguments, None, state),
                (arguments, {key: ListRootsResult(roots=[])}, state),
            ]:
                answer = await by_hand(given, responses, with_state)
                holds(isinstance(answer, InputRequiredResult) or answer.is_error, f"{given}, {responses}, {with_state}: {answer}")
            same(await count(), before, "nothing was sent that nobody was asked about")

        async def only_once():
            state, key = await question()
            before = await count()
            # An answer to what was not asked is none of it, and no harm either.
            answer = await by_hand(responses={key: YES, "another": YES}, state=state)
            holds(isinstance(answer, CallToolResult) and not answer.is_error, str(answer))
            await by_hand(responses={key: YES}, state=state)
            same(await count(), before + 1, "one yes, one change")

        async def bad_input():
            questions.clear()
            failed(await connection.call(tool, {}), "invalid-input")
            same(questions, [], "nobody is asked about what cannot be sent")

        await report.check("asks with what will be sent, and sends it when the answer is yes", yes)
        await report.check("sends nothing when the question is declined, dismissed, or answered with no or nothing", no)
        await report.check("a yes counts for the call that was asked about, and for no other", another_call)
        await report.check("a yes counts once", only_once)
        await report.check("bad inputs fail before anybody is asked", bad_input)

    async with connected(server) as mute:

        async def runs():
            before = await count()
            await mute.result(tool, arguments)
            same(await count(), before + 1, "one more")

        await report.check("a client that can ask nobody has it done", runs)
