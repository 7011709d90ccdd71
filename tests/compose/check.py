#!/usr/bin/env python3
"""Checks a running deployment of several nodes from the outside, with nothing but Python's standard library.

    check.py URL --sql COMMAND --kill COMMAND --console HOST:PORT [--nodes 3]

The token is TIDEGATE_CHECK_TOKEN, an API token of somebody who acts as the user `admin` of the sample business. The first
administrator signs in with TIDEGATE_FIRST_PASSWORD. COMMAND is a shell command: the first gets SQL for the metastore on its standard
input and prints bare rows, the second kills one node without warning. The console is StatsD's.
"""

import argparse
import concurrent.futures
import html
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

PATIENCE_SECS = 60


class Client:
    """Speaks 2025-11-25, a connection a request, so that each may go to another node."""

    def __init__(self, url, bearer):
        self.url = urllib.parse.urlsplit(url)
        self.bearer = bearer
        self.session = None
        self.ids = iter(range(1, 1_000_000))
        self.lock = threading.Lock()

    def http(self, method, path, body=None, headers=None, timeout=30):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            connection.close()

    def post(self, message):
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Authorization": f"Bearer {self.bearer}",
        }
        if self.session:
            headers["Mcp-Session-Id"] = self.session
            headers["MCP-Protocol-Version"] = "2025-11-25"
        return self.http("POST", "/mcp", json.dumps(message), headers)

    def ask(self, method, params=None):
        with self.lock:
            number = next(self.ids)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
        status, headers, body = self.post(message)
        if status != 200:
            raise Failed(f"{method}: HTTP {status} {body[:300]}")
        if "text/event-stream" in next(v for k, v in headers.items() if k.lower() == "content-type"):
            data = [line[5:].strip() for line in body.splitlines() if line.startswith("data:")]
            answers = [json.loads(text) for text in data if text]
            answer = next(a for a in answers if a.get("id") == number)
        else:
            answer = json.loads(body)
        if answer.get("id") != number:
            raise Failed(f"{method}: the answer to {number} has the id {answer.get('id')}")
        if "result" not in answer:
            raise Failed(f"{method}: {answer}")
        return answer["result"], headers

    def open(self):
        client = {"name": "compose-check", "version": "1"}
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
        _, headers = self.ask("initialize", params)
        self.session = next(v for k, v in headers.items() if k.lower() == "mcp-session-id")
        status, _, body = self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        expect(status == 202, f"initialized: HTTP {status} {body}")

    def call(self, tool, arguments):
        result, _ = self.ask("tools/call", {"name": tool, "arguments": arguments})
        text = result["content"][0]["text"]
        if result.get("isError"):
            raise Failed(f"{tool}: {text[:300]}")
        return json.loads(text)


class Failed(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Failed(message)


def eventually(what, look, patience=PATIENCE_SECS):
    """Looks until there is something, and returns it."""
    end = time.monotonic() + patience
    while True:
        try:
            found, last = look(), None
        except (OSError, http.client.HTTPException, Failed) as err:
            found, last = None, err
        if found:
            return found
        if time.monotonic() > end:
            raise Failed(f"not within {patience} s: {what} ({last})")
        time.sleep(0.2)


def passed(text):
    print(f"ok: {text}", flush=True)


def rows(command, sql):
    done = subprocess.run(command, shell=True, input=sql, capture_output=True, text=True, timeout=30)
    expect(done.returncode == 0, f"{command}: {done.stderr[-500:]}")
    return done.stdout.split()


def counters(console):
    """What StatsD's console says on `counters`: JavaScript's way of writing an object."""
    host, port = console.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(b"counters\n")
        text = b""
        while b"END" not in text:
            chunk = line.recv(65536)
            if not chunk:
                break
            text += chunk
    return text.decode()


def check_session(client, nodes, sql):
    """One session, many requests: the audit tells which node answered each."""
    client.open()
    began = time.time()
    tools, _ = client.ask("tools/list")
    names = {tool["name"] for tool in tools["tools"]}
    expect({"list_charts", "execute_sql", "health_check"} <= names, f"tools/list: {sorted(names)}")
    passed(f"tools/list: {len(names)} tools")

    charts = client.call("list_charts", {"request": {"page_size": 5}})
    expect(charts["total_count"] == 12 and len(charts["charts"]) == 5, f"list_charts: {charts}")
    passed(f"list_charts: {charts['total_count']} charts, first {charts['charts'][0]['slice_name']!r}")

    databases = client.call("list_databases", {})["databases"]
    answer = client.call(
        "execute_sql",
        {"request": {"database_id": databases[0]["id"], "sql": "SELECT count(*) AS orders FROM orders"}},
    )
    count = answer["rows"][0]["orders"]
    expect(40_000 < count < 60_000, f"execute_sql: {answer}")
    passed(f"execute_sql: {count} orders")

    for number in range(4 * nodes):
        client.call("list_charts", {"request": {"page": 1, "page_size": number + 1}})
    question = (
        "SELECT DISTINCT json::json->>'node' FROM logs WHERE action = 'mcp_tool_call'"
        " AND json::json->>'tool' = 'list_charts'"
        f" AND dttm >= to_timestamp({began - 5}) AT TIME ZONE 'UTC';"
    )
    answered = eventually(
        f"audit rows of {nodes} nodes",
        lambda: (found := rows(sql, question)) and len(found) >= nodes and found,
    )
    expect(len(answered) == nodes, f"{len(answered)} nodes have answered: {answered}")
    passed(f"one session was answered by {nodes} nodes: {', '.join(sorted(answered))}")


def check_kill(client, kill):
    """Kills a node under load. Each connection may lose the one request that the node had."""
    connections, stop = 4, threading.Event()
    failures, answered = [], []

    def traffic():
        while not stop.is_set():
            try:
                client.call("list_charts", {"request": {"page_size": 3}})
                answered.append(time.monotonic())
            except (OSError, http.client.HTTPException, Failed) as err:
                failures.append(f"{type(err).__name__}: {err}")
            # Below the limit of a tool for a user: 300 at once, 50 a second.
            stop.wait(0.06)

    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        running = [pool.submit(traffic) for _ in range(connections)]
        eventually("traffic", lambda: len(answered) > 50)
        before = len(answered)
        done = subprocess.run(kill, shell=True, capture_output=True, text=True, timeout=60)
        killed = time.monotonic()
        eventually("traffic after the kill", lambda: sum(t > killed for t in answered) > 100)
        stop.set()
        concurrent.futures.wait(running)
    expect(done.returncode == 0, f"{kill}: {done.stderr[-500:]}")
    expect(len(failures) <= connections, f"{len(failures)} calls failed: {failures[:5]}")
    passed(f"a node was killed: {len(failures)} of {len(answered)} calls failed, {len(answered) - before} came after")
    for _ in range(6):
        client.ask("ping")
    passed("the session goes on without it")


class Browser:
    """Keeps cookies and sends forms, as far as signing in needs it."""

    def __init__(self, url):
        self.url = url
        self.cookies = {}

    def ask(self, method, path, fields=None):
        url = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
        headers = {"Origin": self.url, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            for cookie in response.msg.get_all("Set-Cookie") or []:
                name, value = cookie.split(";")[0].split("=", 1)
                self.cookies[name] = value
            return response.status, response.getheader("Location"), response.read().decode()
        finally:
            connection.close()

    def follow(self, path):
        for _ in range(8):
            status, location, page = self.ask("GET", path)
            if status not in (302, 303, 307):
                return status, path, page
            path = urllib.parse.urljoin(path, location)
        raise Failed(f"too many redirects, at {path}")


def hidden_fields(page):
    found = re.findall(r"<input[^>]*type=\"?hidden\"?[^>]*>", page)
    fields = {}
    for field in found:
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', field))
        fields[attributes["name"]] = html.unescape(attributes.get("value", ""))
    return fields


def check_sign_in(url):
    """The first administrator's password opens the pages, and has to be changed."""
    browser = Browser(url)
    status, path, page = browser.follow("/settings/apps")
    expect(status == 200 and "password" in page, f"the sign-in page at {path}: HTTP {status}")
    action = re.search(r'<form[^>]*action="([^"]*)"', page)
    fields = hidden_fields(page) | {"username": "admin", "password": os.environ["TIDEGATE_FIRST_PASSWORD"]}
    target = html.unescape(action.group(1)) if action else path
    status, location, page = browser.ask("POST", urllib.parse.urljoin(path, target), fields)
    expect(status == 303, f"signing in: HTTP {status} {page[:300]}")
    status, path, page = browser.follow(urllib.parse.urljoin(path, location))
    expect(status == 200 and "password" in path + page, f"after signing in: {path} HTTP {status}")
    passed(f"the first administrator signs in, and is led to {path}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--sql", required=True)
    parser.add_argument("--kill", required=True)
    parser.add_argument("--console", required=True)
    parser.add_argument("--nodes", type=int, default=3)
    options = parser.parse_args()
    client = Client(options.url, os.environ["TIDEGATE_CHECK_TOKEN"])

    eventually("readiness", lambda: client.http("GET", "/readyz")[0] == 200)
    passed("/readyz through the proxy")
    expect(client.http("GET", "/metrics")[0] == 404, "/metrics is served to the outside")
    passed("/metrics is not served to the outside")
    status, headers, _ = client.http("POST", "/mcp", "{}", {"Content-Type": "application/json"})
    expect(status == 401, f"without a token: HTTP {status}")
    status, _, _ = client.http("POST", "/mcp", "{}", {"Host": "evil.example.com"})
    expect(status == 403, f"of another Host: HTTP {status}")
    passed("no token is 401, another Host is 403")

    status, _, body = client.http("GET", "/.well-known/oauth-protected-resource/mcp")
    expect(status == 200 and json.loads(body)["authorization_servers"] == [options.url], f"metadata: {status} {body}")
    passed("clients find the authorization server")
    check_sign_in(options.url)

    check_session(client, options.nodes, options.sql)

    eventually(
        "StatsD's counter mcp.tool.list_charts.success",
        lambda: "mcp.tool.list_charts.success" in counters(options.console),
    )
    passed("StatsD has mcp.tool.list_charts.success")

    check_kill(client, options.kill)

    status, _, _ = client.http(
        "DELETE", "/mcp", None, {"Authorization": f"Bearer {client.bearer}", "Mcp-Session-Id": client.session}
    )
    expect(status in (200, 202, 204), f"DELETE: HTTP {status}")
    for _ in range(options.nodes):
        status, _, _ = client.post({"jsonrpc": "2.0", "id": 1, "method": "ping"})
        expect(status == 404, f"after DELETE: HTTP {status}")
    passed("a deleted session is gone on every node")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
