"""Files that belong to meetings."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from ..db import Database
from ..errors import NotFoundError
from ..instruments import diagnosed
from ..models import Attachment, Meeting


@dataclass(frozen=True, slots=True)
class Attachments:
    """Files in a folder, their names in a table."""

    database: Database
    folder: Path

    @diagnosed
    def save(self, meeting_id: int, name: str, content: bytes) -> Attachment:
        """Write the file to the disk, really, and then remember it."""
        target = self.folder / f"{meeting_id}-{uuid.uuid4().hex}"
        try:
            with target.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with self.database.session() as session:
                if session.get(Meeting, meeting_id) is None:
                    raise NotFoundError(f"meeting {meeting_id}")
                attachment = Attachment(meeting_id=meeting_id, file_name=name, size=len(content))
                session.add(attachment)
        except Exception:
            target.unlink(missing_ok=True)
            raise
        return attachment
