"""Which certificates an application trusts beyond the system's: files that its environment names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from diagnostics.runtime import host

#: Names such as SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, NODE_EXTRA_CA_CERTS, CA_FILE, PARTNER_CACERT.
_NAME = re.compile(r"(?:^|_)(?:SSL_CERT_FILE|CA_?(?:BUNDLE|FILE|CERTS?|PATH)|CACERTS?|TRUST_?STORE)(?:_FILE|_PATH)?$")


def trusted_files(pids: Iterable[int]) -> tuple[str, ...]:
    """Return the existing files of certificates that variables of these processes name."""
    found: dict[str, None] = {}
    for pid in pids:
        try:
            variables = host.environment(pid)
        except OSError:
            continue
        for name, value in sorted(variables.items()):
            if _NAME.search(name.upper()) and value and Path(value).is_file():
                found[value] = None
    return tuple(found)
