"""From raw source files to the derived aggregate tables of ``data/sources``.

The raw files (57-sector social accounting matrices, customs rows, world input-output tables) may not be
redistributed and are not part of the repository; only aggregates at the model's regions and sectors are.
``python -m eacu.calibration.sources.rebuild`` derives them again where the raw folder is present.
"""

from .raw import SourcesMissing, raw_root

__all__ = ["SourcesMissing", "raw_root"]
