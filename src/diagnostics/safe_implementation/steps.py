"""What callers hand over: steps with callables, as the specification names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diagnostics.model.record import Record


@dataclass(frozen=True, slots=True)
class ImplementationStep(Record):
    """One step of a solution; every callable may be sync or async.

    Attributes:
        step_id: Unique among the steps.
        action: What is done.
        rollback_action: What undoes it, beside the files, databases and variables that are restored anyway.
        timeout_seconds: After these the step has failed.
        critical: Its failure rolls everything back; of another step it is only noted.
        validation_function: Truthy means that the step worked.
        in_child: Run ``action`` in a child process, which is ended at the deadline with all it started; what it
            changes in memory (variables of the process too) stays in the child.
    """

    step_id: str
    description: str
    action: Callable[[], Any]
    rollback_action: Callable[[], Any] | None = None
    timeout_seconds: float = 300.0
    critical: bool = True
    validation_function: Callable[[], Any] | None = None
    in_child: bool = False
