"""How many inputs of a folder are right, told or wrong: python benchmarks/intake.py [FOLDER]

The folder holds files and manifest.json with what is right of each. An input is right when every ticket came
in as it should and nothing was said; told when what had to be left aside was said, and just that; wrong
otherwise. Exit code 1 if any is wrong.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.intake.corpus import Verdict, inputs, verdict

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "intake"


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    counts: dict[str, Counter[Verdict]] = {}
    for one in inputs(folder):
        found, why = verdict(folder, one)
        counts.setdefault(one["kind"], Counter())[found] += 1
        if found is Verdict.WRONG:
            print(f"WRONG {one['file']} ({one['kind']}): {why}")
    total = sum(counts.values(), Counter[Verdict]())
    for kind, count in [*sorted(counts.items()), ("all", total)]:
        print(f"{kind:26}", *(f"{one} {count[one]:3} " for one in Verdict))
    sys.exit(1 if total[Verdict.WRONG] else 0)


if __name__ == "__main__":
    main()
