"""Parts of the streaming detector: each remembers a bounded past of one series and can be saved as plain JSON."""
