"""``python -m eacu`` is the command ``eacu``."""

from .report.cli import main

if __name__ == "__main__":
    main()
