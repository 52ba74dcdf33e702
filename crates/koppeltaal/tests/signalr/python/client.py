"""signalr-client-threads, unmodified, against the hub: prints a line of JSON for what
it has done, and one each time it is told of a message; ends when its stdin ends."""

import json
import sys

import requests
from requests.auth import HTTPBasicAuth
from signalr import Connection

url, user, password, transport = sys.argv[1:]


def say(what):
    print(json.dumps(what), flush=True)


session = requests.Session()
session.trust_env = False
session.auth = HTTPBasicAuth(user, password)
connection = Connection(url + "/signalr", session)
hub = connection.register_hub("KoppeltaalHub")
hub.client.on("NewMessage", lambda: say("told"))
connection.error += lambda error: say({"error": str(error)})
connection.exception += lambda *error: say({"exception": str(error)})
if transport == "serverSentEvents":
    # What it tries first is a WebSocket.
    auto = connection._Connection__transport
    auto._AutoTransport__available_transports.pop(0)
connection.start()
hub.server.invoke("StartPush")
say("started")
sys.stdin.read()
connection.is_open = False
connection._Connection__transport.close()
say("closed")
# Its thread waits for a frame that does not come.
sys.stdout.flush()
import os

os._exit(0)
