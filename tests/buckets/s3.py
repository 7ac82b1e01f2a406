"""An S3 server on loopback, with one bucket.

It says on which port, does what its standard input asks for, a line each, and ends when that does.
"""

import io
import json
import pathlib
import sys
import tempfile

import boto3
import duckdb
import pyarrow.parquet
from moto.server import ThreadedMotoServer

BUCKET = "logs"

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, port = server.get_host_and_port()
client = boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{port}",
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
)
client.create_bucket(Bucket=BUCKET)


def keys(prefix: str) -> list[str]:
    """All keys that begin so."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", [])]


def put(key: str, path: str) -> None:
    """Writes a file into the bucket."""
    with open(path, "rb") as file:
        client.put_object(Bucket=BUCKET, Key=key, Body=file)


def remove(key: str) -> None:
    """Removes an object."""
    client.delete_object(Bucket=BUCKET, Key=key)


def events(prefix: str) -> int:
    """What a reader sees that knows nothing but a glob: the events in all Parquet files directly in a folder."""
    total = 0
    for key in keys(prefix):
        if key.endswith(".parquet") and "/" not in key.removeprefix(prefix):
            body = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            table = pyarrow.parquet.read_table(io.BytesIO(body), columns=["events"])
            total += sum(table["events"].to_pylist())
    return total


def viewed(dataset: str, view: str) -> int:
    """The events that a view in DuckDB counts which is to leave out what does not count."""
    with tempfile.TemporaryDirectory() as folder:
        for key in keys(f"{dataset}/"):
            path = pathlib.Path(folder, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(BUCKET, key, str(path))
        connection = duckdb.connect()
        connection.execute(view.replace("s3://metrics/fleet/web1", f"{folder}/{dataset}"))
        return connection.execute("SELECT coalesce(sum(events), 0)::BIGINT FROM hourly").fetchone()[0]


ASKED = {"keys": keys, "put": put, "remove": remove, "events": events, "viewed": viewed}

print(port, flush=True)
for line in sys.stdin:
    what, *words = json.loads(line)
    print(json.dumps(ASKED[what](*words)), flush=True)
server.stop()
