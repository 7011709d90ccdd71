"""Python SDK: python_sdk.py URL auto|legacy|2026-07-28

Prints what the other scripts print: one JSON object {protocol, tools, results}.
"""

import asyncio
import json
import os
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main(url: str, mode: str) -> None:
    with open(os.environ["CALLS"], encoding="utf-8") as file:
        calls = json.load(file)
    token = os.environ.get("TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            tools = (await client.list_tools()).tools
            results = {}
            for call in calls:
                result = await client.call_tool(call["tool"], call["arguments"])
                if result.is_error:
                    raise RuntimeError(f"{call['tool']} failed: {result.content}")
                results[call["tool"]] = json.loads(result.content[0].text)
            report = {
                "protocol": client.protocol_version,
                "tools": [tool.name for tool in tools],
                "results": results,
            }
    print(json.dumps(report))


asyncio.run(main(sys.argv[1], sys.argv[2]))
