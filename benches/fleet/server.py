"""An S3 server on loopback that counts what it is asked for, with one bucket.

It says on which port; each line of its standard input has it tell, as JSON, what it was asked for since the
last one. It ends when its standard input does.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


class Counted:
    """Stands before the server."""

    def __init__(self, server: Callable) -> None:
        self.server = server
        self.lock = threading.Lock()
        #: Of each kind of request how many, the bytes that came and those that went.
        self.asked: dict[str, list[int]] = {}

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """One request."""
        answer = b"".join(self.server(environ, start_response))
        came = int(environ.get("CONTENT_LENGTH") or 0)
        with self.lock:
            counts = self.asked.setdefault(kind(environ), [0, 0, 0])
            for at, count in enumerate([1, came, len(answer)]):
                counts[at] += count
        return [answer]

    def take(self) -> dict[str, list[int]]:
        """What was asked for since the last time."""
        with self.lock:
            asked, self.asked = self.asked, {}
        return asked


def kind(environ: dict) -> str:
    """The method, and what it is about."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if method == "GET" and ("list-type" in query or "prefix" in query):
        return "LIST"
    if method == "POST" and "delete" in query:
        return "POST delete"
    for part, name in [
        ("/hourly/", "hourly"),
        ("/incidents/", "incidents"),
        ("/manifest", "manifest"),
        (".lock", "mark"),
    ]:
        if part in path:
            return f"{method} {name}"
    return f"{method} other"


def main() -> None:
    """Serves."""
    counted = Counted(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, counted, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="fleet",
        aws_secret_access_key="fleet",
    )
    client.create_bucket(Bucket=sys.argv[1])
    counted.take()
    print(port, flush=True)
    for _ in sys.stdin:
        print(json.dumps(counted.take()), flush=True)


if __name__ == "__main__":
    main()
