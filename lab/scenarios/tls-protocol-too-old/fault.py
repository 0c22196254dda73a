"""The remote service speaks no TLS that we still accept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from lab.harness import Lab
from lab.means import OldGateway


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    variable = lab.stack.roles.remote_url
    parts = urlsplit(lab.stack.fakes.addresses[lab.stack.roles.remote])
    certificate = Path(lab.stack.fakes.addresses["ca_file"]).with_name("valid.pem")
    with OldGateway(parts.port or 80, certificate) as gateway:
        url = parts._replace(scheme="https", netloc=f"localhost:{gateway.port}").geturl()
        lab.services[lab.services.index(lab.stack.environment[variable])] = url
        lab.stack.restart_app(env={variable: url, "CA_FILE": lab.stack.fakes.addresses["ca_file"]})
        yield
