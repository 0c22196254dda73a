"""``python -m diagnostics`` is ``diagnose``."""

from diagnostics.cli.main import main

if __name__ == "__main__":
    main()
