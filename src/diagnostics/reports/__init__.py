"""Reports: from the comprehensive report, one plain dict, to JSON, Markdown and HTML."""
