"""Bring your own data: tables in the formats of the trade, made into a base year that the model runs on.

``csv_file``, ``excel``, ``har`` and ``gdx`` read a social accounting matrix, each its format, into the same list of
payments with the address of every cell (`cells.Payments`); `mapping` renames and sums accounts; `sam_import` makes
the checked SAM, `sam_faults` says what is wrong with one. ``mrio`` reads multi-regional input-output tables with
``pymrio`` (`mrio_files` scans them first, `mrio_check` asks whether they add up) and `mrio_sam` estimates a whole SAM
from one. `base_year` writes the folder that ``eacu run --base-year`` accepts.
"""
