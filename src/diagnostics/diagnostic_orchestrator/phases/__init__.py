"""One module a phase: functions that ``UltimateDiagnosticSystem`` strings together."""
