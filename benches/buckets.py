"""A server that speaks S3 (moto), with the bucket `originals`."""

import sys

from processes import ROOT

KEY, SECRET = "the-key", "the secret of the key"


def command(port, host="127.0.0.1"):
    python = ROOT / "target/clients/bin/python"
    if not python.exists():
        sys.exit(f"{python} is missing: run tests/run, which installs moto")
    return [python, ROOT / "tests/clients/s3_server.py", port, "originals", KEY, SECRET, host]


def section(endpoint, folder):
    """The lines of `[archive]`, with files for both keys in this folder."""
    lines = ['url = "s3://originals/karbon"', f'endpoint = "{endpoint}"']
    for name, text in {"access_key_id": KEY, "secret_access_key": SECRET}.items():
        file = folder / name
        file.write_text(text)
        file.chmod(0o600)
        lines.append(f'{name} = {{ file = "{file}" }}')
    return "\n".join(lines)
