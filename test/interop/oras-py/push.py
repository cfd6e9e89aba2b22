"""push.py TARGET CONFIG:MEDIATYPE FILE:MEDIATYPE...: `oras push` with oras-py, which types an artifact by its config."""

import sys

import oras.client

target, config, *files = sys.argv[1:]
oras.client.OrasClient(insecure=True).push(target=target, files=files, manifest_config=config, quiet=True)
