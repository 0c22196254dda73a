"""The rim's toolbox: time, files, deadlines, identifiers, redaction."""
