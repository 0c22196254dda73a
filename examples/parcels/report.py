"""The nightly report: `python -m parcels.report [day]` prints what each depot did."""

from __future__ import annotations

import logging
import logging.config
import sys
from datetime import date, timedelta

from .db import Database
from .logs import logging_configuration
from .settings import Settings

log = logging.getLogger("parcels.report")

_QUERY = """
    SELECT d.city, count(*) AS scans, count(DISTINCT s.parcel_id) AS parcels
    FROM scans s JOIN depots d ON d.id = s.depot_id
    WHERE s.scanned_at >= %s AND s.scanned_at < %s
    GROUP BY d.city ORDER BY d.city
"""


def main(arguments: list[str]) -> int:
    """Print one line for each depot."""
    settings = Settings.load()
    logging.config.dictConfig(logging_configuration(settings.log_file, settings.log_level))
    day = date.fromisoformat(arguments[0]) if arguments else date.today() - timedelta(days=1)
    database = Database(settings)
    rows = database.rows(_QUERY, (day, day + timedelta(days=1)))
    for row in rows:
        print(f"{row['city']:<20} {row['scans']:>8} {row['parcels']:>8}")
    log.info("Report of %s: %d depots", day, len(rows))
    database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
