"""``python -m jdticket``."""

from jdticket.cli.main import main

if __name__ == "__main__":
    main()
