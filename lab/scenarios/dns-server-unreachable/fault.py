"""The name server does not answer, or cannot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import NameServer, private_files


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    variable = lab.stack.roles.remote_url
    address = lab.stack.environment[variable]
    named = address.replace("127.0.0.1", "api.partner.example")

    with NameServer() as server, private_files({"/etc/resolv.conf": f"nameserver {server.address}\n"}):
        lab.stack.restart_app(env={variable: named, "NO_PROXY": "127.0.0.1,localhost,.example"})
        lab.services[lab.services.index(address)] = named
        time.sleep(5)
        server.mode = lab.random.choice(("silent", "servfail"))
        # Connections that are kept need no name: the service at the other end is restarted.
        lab.stack.fakes.set(lab.stack.roles.remote, listening=False)
        lab.stack.fakes.normal(lab.stack.roles.remote)
        yield
