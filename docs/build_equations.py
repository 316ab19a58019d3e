"""Write docs/equations.md from the docstrings of the model's blocks.

    python docs/build_equations.py            write the page
    python docs/build_equations.py --check    say whether the page is current (exit code 1: no)

The equations stand once, beside the rule that implements them; this page is a copy for readers. Every
function of ``model/blocks`` whose docstring holds a ``.. math::`` block becomes an entry under its block.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = ROOT / "model" / "blocks"
PAGE = ROOT / "docs" / "equations.md"
MATH = re.compile(r"^( *)\.\. math::[ ]*(.*)$")
HEAD = """# Equations

<!-- Written by docs/build_equations.py from the docstrings in model/blocks; edit them, not this page. -->

Every price and activity variable is 1 in the benchmark ("calibrated share form"); value shares carry
the data.
"""


def page() -> str:
    """The whole page as Markdown."""
    from eacu.model.economy import BLOCKS as ORDER

    files = [BLOCKS / f"{block.__name__.rpartition('.')[2]}.py" for block in ORDER]
    sections = [section(file) for file in files]
    return "\n".join([HEAD, *(text for text in sections if text)])


def section(file: Path) -> str:
    """One block: its module docstring, then every equation in the order of the code."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    documented = [(node.lineno, node.name, ast.get_docstring(node) or "") for node in functions]
    equations = [(name, text) for _, name, text in sorted(documented) if ".. math::" in text]
    if not equations:
        return ""
    intro = markdown(ast.get_docstring(tree) or "")
    parts = [f"### `{name}`\n\n{markdown(text)}\n" for name, text in equations]
    return f"## {file.stem.replace('_', ' ').capitalize()}\n\n{intro}\n\n" + "\n".join(parts)


def markdown(docstring: str) -> str:
    """Turn reStructuredText mathematics and literals into Markdown; other text stays as it is."""
    output: list[str] = []
    lines = docstring.splitlines()
    while lines:
        line = lines.pop(0)
        found = MATH.match(line)
        if not found:
            output.append(re.sub(r":math:`([^`]+)`", r"$`\1`$", line).replace("``", "`"))
            continue
        indent, formula = len(found[1]), [found[2]] if found[2] else []
        while lines and (not lines[0].strip() or len(lines[0]) - len(lines[0].lstrip()) > indent):
            formula.append(lines.pop(0))
        body = textwrap.dedent("\n".join(formula[1:] if found[2] else formula)).strip()
        text = "\n".join(part for part in (found[2], body) if part)
        output += ["```math", re.sub(r"\n\s*\n", "\n", text), "```", ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(output)).strip()


def main(arguments: list[str]) -> int:
    """Write or check the page; returns the exit code."""
    text = page()
    current = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    if arguments == ["--check"]:
        if text != current:
            print(f"{PAGE} is out of date; run: python docs/build_equations.py", file=sys.stderr)
        return int(text != current)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
