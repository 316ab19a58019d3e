"""The report of a regime as one web page that needs nothing else.

`study` solves and gathers; `headline`, `welfare_parts`, `trade`, `customs`, `robustness`, `envelope`, `evidence` and
`quality` turn the study into tidy frames; `figures` draws them; `page` lays them out with the templates beside it.
"""
