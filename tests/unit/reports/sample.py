"""One complete report, as the orchestrator makes it."""

T0 = 1764054000.0
MARKERS = [
    {"at": T0 + 200, "what": "deploy 4f2a1c9"},
    ["2025-11-25T07:09:10+00:00", "fix applied"],
    {"at": T0 - 5000, "what": "long before"},
]

REPORT = {
    "session_info": {
        "session_id": "diag_1764054330_ab12",
        "duration_seconds": 412.7,
        "problem_description": "Meeting creation failing intermittently",
        "error_message": "TimeoutError: QueuePool limit of size 5 overflow 10 reached\n  at `pool`",
        "started_at": "2025-11-25T07:05:30+00:00",
        "project_name": "meeting-scheduler",
    },
    "verdict": {
        "status": "root_cause_identified",
        "headline": "A session idle in transaction holds a lock on meetings",
        "posterior": 0.937,
        "would_refute": "The waits would go on after backend 4711 ends.",
    },
    "triage": {
        "category": "db_locks",
        "severity": "high",
        "priority": "P1_HIGH",
        "reason": "the error names the pool's limit",
        "candidates": [{"mechanism": "pool-exhausted", "strength": 4, "because": "QueuePool limit"}],
    },
    "timeline": [
        {"at": "2025-11-25T07:09:10+00:00", "what": "Session 4711 ended", "kind": "fix"},
        {"at": "2025-11-25T07:03:20+00:00", "what": "Deploy 4f2a1c9", "kind": "deploy"},
    ],
    "evidence": [
        {
            "id": "E3",
            "name": "postgres.lock.wait",
            "value": 38.2,
            "unit": "s",
            "at": "2025-11-25T07:05:32+00:00",
            "labels": {"blocker_pid": "4711", "relation": "meetings"},
            "source": "pg_locks",
            "baseline": {"median": 0, "p05": 0, "p95": 0.02},
        },
        {"id": "E4", "name": "postgres.lock.waiting", "value": 14, "unit": "{count}", "baseline": 0},
        {"id": "E30", "name": "host.cpu.utilization", "value": 0.31, "unit": "1", "labels": {}},
        {"id": "E32", "name": "postgres.statement.time", "value": None, "kind": "unsupported", "message": "no view"},
    ],
    "hypotheses": [
        {
            "mechanism": "pool-too-small",
            "title": "The connection pool is too small",
            "verdict": "refuted",
            "posterior": 0.03,
            "reason": "14 of 15 wait for a lock",
            "predicted": ["connections busy"],
            "against": ["they wait"],
        },
        {
            "mechanism": "db-lock-idle-transaction",
            "title": "A transaction left open holds a lock",
            "verdict": "supported",
            "posterior": 0.937,
            "reason": "14 sessions wait for backend 4711",
            "predicted": ["waiters", "an idle blocker"],
            "against": [],
        },
    ],
    "root_cause": {
        "mechanism": "db-lock-idle-transaction",
        "title": "A session idle in transaction holds a lock",
        "layer": "database",
        "posterior": 0.937,
        "summary": "The worker calls the calendar before it commits.",
        "whys": [
            {
                "question": "Why do requests fail?",
                "answer": "They wait for a lock.",
                "mechanism": "db-lock-wait",
                "evidence": ["E3", "E4"],
                "state": "present",
            },
            {
                "question": "Why is it held?",
                "answer": "Its transaction is idle.",
                "evidence": ["E99"],
                "state": "assumed",
            },
            {"question": "Why?", "answer": "Nobody knows.", "mechanism": "", "evidence": [], "state": "unknown"},
        ],
        "against": ["The commit is older than the first symptom."],
        "contributing": [{"title": "No timeout for idle transactions", "mechanism": "x"}],
        "subject": {"pid": "4711"},
    },
    "solution": {
        "title": "End the idle session",
        "risk_level": "low",
        "reasons": ["one setting", "no restart"],
        "plan": ["Terminate backend 4711", "Set the timeout"],
        "backup": {"settings": 3},
        "verification": "No session waits over 1 s",
        "override": {"by": "Ann", "reason": "night shift"},
    },
    "implementation": {
        "status": "committed",
        "steps": [{"name": "Snapshot", "status": "pass", "duration_seconds": 0.03}],
        "journal": "impl/1.journal",
        "rollback_performed": False,
        "duration_seconds": 2.4,
    },
    "performance_impact": {
        "before_fix": {"error_rate": 0.30, "avg_response_time": 5400, "p95_seconds": 4.1, "throughput": 21.3},
        "after_fix": {"error_rate": 0.02, "avg_response_time": 890, "p95_seconds": 0.21, "throughput": 48.1},
    },
    "series": [
        {
            "name": "Latency p95",
            "unit": "s",
            "points": [[T0 + 5 * i, 4.0 if 40 <= i < 110 else 0.2] for i in range(160)],
            "markers": MARKERS,
        }
    ],
    "monitoring": {
        "duration_seconds": 300,
        "verdict": "pass",
        "checks": [{"name": "database", "status": "pass", "detail": "0.8 ms"}],
        "alerts": [{"at": "2025-11-25T07:12:00+00:00", "what": "calendar slow", "state": "resolved"}],
    },
    "could_not_look": [{"what": "postgres.statement.time", "why": "not installed", "hint": "CREATE EXTENSION"}],
    "environment": {"python": "3.11.7"},
    "phases_completed": ["phase_1", "phase_2"],
    "success_metrics": {"root_cause_identified": True},
    "schema_version": 1,
}
