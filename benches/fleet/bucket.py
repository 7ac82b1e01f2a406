"""A bucket on loopback."""

import json
import subprocess
from pathlib import Path

from clock import Failed
from runs import Folder, run

NAME = "fleet-bucket"


class Bucket:
    """An S3 server and its one bucket, below `fleet/`."""

    def __init__(self, program: Path, python: Path) -> None:
        self.program = program
        server = [python, Path(__file__).with_name("server.py"), NAME]
        self.server = subprocess.Popen(
            server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        said = self.server.stdout.readline()
        if not said:
            raise Failed("the S3 server does not start")
        self.port = int(said)
        self.environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "fleet",
            "AWS_SECRET_ACCESS_KEY": "fleet",
            "AWS_REGION": "us-east-1",
        }

    def dataset(self, host: str) -> str:
        """The dataset of a host."""
        return f"s3://{NAME}/fleet/{host}"

    def asked(self) -> dict[str, list[int]]:
        """The requests since the last time."""
        self.server.stdin.write("\n")
        self.server.stdin.flush()
        return json.loads(self.server.stdout.readline())

    def close(self) -> None:
        """Ends the server, and all that is in the bucket."""
        self.server.stdin.close()
        self.server.wait()


def is_known(program: Path, folder: Path) -> bool:
    """Whether the program was built with object storage: then it misses the bucket's name."""
    try:
        run(Folder(program, folder), ["report", "--dataset=s3:///"])
    except Failed as failed:
        return "names no bucket" in str(failed)
    return False
