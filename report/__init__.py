"""What a reader sees: tables, plots, run folders, the catalogue, the command line."""
