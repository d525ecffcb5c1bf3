#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/tidy.py: each rule finds its bad example and leaves the good one alone. Last line: counts."""
import sys
import traceback

import tidy

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
GOOD_HEADER = SPDX + "// Row: one row.\n#pragma once\n"
PY = "# SPDX-License-Identifier: Apache-2.0\n"
README = {"src/row/README.md": "# row\n", "src/io/README.md": "# io\n", "src/base/README.md": "# base\n",
          "src/cli/README.md": "# cli\n", "src/connector/mysql/README.md": "# mysql\n",
          "src/runtime/README.md": "# runtime\n", "test/README.md": "# test\n", "tools/README.md": "# tools\n"}
MACHINE_FOLDER = "/ho" + "me/"
LONG_FUNCTION = "int F(\n    int a) {\n" + "  a += 1;\n" * 68 + "  return a;\n}\n"  # 72 lines
FITTING_FUNCTION = "int F(\n    int a) {\n" + "  a += 1;\n" * 66 + "  return a;\n}\n"  # 70 lines

# rule: [(path, bad text)]; each must give exactly one finding, of this rule.
BAD = {
    "layer": [
        ("src/base/a.cc", SPDX + '#include "io/env.h"\n'),
        ("src/row/a.cc", SPDX + '#include "io/env.h"\n'),
        ("src/runtime/a.cc", SPDX + '#include "connector/mysql/source.h"\n'),
        ("src/connector/mysql/a.cc", SPDX + '#include "connector/iceberg/sink.h"\n'),
        ("src/connector/mysql/a.cc", SPDX + '#include "runtime/job.h"\n'),
        ("src/connector/mysql/a_test.cc", SPDX + '#include "cli/registry.h"\n'),
        ("src/row/a.cc", SPDX + '#include "b.h"\n'),
        ("src/row/a.cc", SPDX + '#include "../base/text.h"\n'),
    ],
    "third-party": [
        ("src/base/a.h", GOOD_HEADER + "#include <arrow/type.h>\n"),
        ("src/row/a.h", GOOD_HEADER + "#include <nlohmann/json.hpp>\n"),
        ("src/row/a.h", GOOD_HEADER + "#include <zlib.h>\n"),
    ],
    "file-length": [
        ("src/row/a.cc", SPDX + "\n" * 500),
        ("src/row/a.h", GOOD_HEADER + "\n" * 248),
    ],
    "function-length": [
        ("src/row/a.cc", SPDX + LONG_FUNCTION),
        ("src/row/a.cc", SPDX + "namespace sluice {\nclass A {\n" + LONG_FUNCTION + "};\n}\n"),
        ("src/row/a.cc", SPDX + "A::A(int b) : c{b}, d(b) {\n" + "  ++c;\n" * 70 + "}\n"),
        ("src/row/a.cc", SPDX + "TEST(A, B) {\n" + '  F("}", \'}\');  // }\n' * 70 + "}\n"),
        ("src/row/a.cc", SPDX + "auto F(int a) -> int {\n" + "  if (a) {\n  }\n" * 36 + "}\n"),
    ],
    "columns": [
        ("src/row/a.cc", SPDX + "// " + "x" * 118 + "\n"),
        ("scripts/x", PY + "# " + "x" * 119 + "\n"),
    ],
    "white-space": [
        ("src/row/a.cc", SPDX + "int a; \n"),
        ("src/row/a.cc", SPDX + "\tint a;\n"),
        ("src/row/a.cc", SPDX + "int a;"),
    ],
    "merge-marks": [
        ("docs/a.md", "# a\n" + "<" * 7 + " HEAD\n"),
        ("src/row/a.cc", SPDX + ">" * 7 + " 1234567\n"),
    ],
    "license": [
        ("src/row/a.cc", "int a;\n"),
        ("tools/a.py", "print()\n"),
        ("scripts/x", "#!/bin/sh\n"),
    ],
    "pragma-once": [("src/row/a.h", SPDX + "// Row: one row.\n")],
    "header-comment": [("src/row/a.h", SPDX + "#pragma once\n")],
    "machine-path": [
        ("docs.md", f"run {MACHINE_FOLDER}someone/sluice\n"),
        ("src/row/a.cc", SPDX + f'const char* kPath = "{MACHINE_FOLDER}someone";\n'),
    ],
    "sleep": [
        ("src/row/a_test.cc", SPDX + "std::this_thread::sleep_for(1ms);\n"),
        ("test/a.py", PY + "time.sleep(1)\n"),
        ("test/a.py", PY + 'x = "tidy"; time.sleep(1)\n'),
        ("test/a.sh", PY + "sleep 1\n"),
    ],
    "file-size": [("data.bin", "x" * 1_000_001)],
    "file-name": [("src/row/changeBatch.cc", SPDX), ("tools/my-tool.py", PY)],
    "own-header-first": [
        ("src/row/own.cc", SPDX + '#include <vector>\n\n#include "row/own.h"\n'),
        ("src/row/own_test.cc", SPDX + '#include <vector>\n\n#include "row/own.h"\n'),
    ],
    "readme": [
        ("src/lake/a.cc", SPDX),
        ("src/connector/kafka/a.cc", SPDX),
        ("fuzz/a.cc", SPDX),
        ("src/row/README.md", "x\n" * 61),
    ],
    "folder-depth": [
        ("src/row/a/b/c/d.cc", SPDX),
        ("src/row/utils/a.cc", SPDX),
    ],
    "allow-list": [
        (tidy.ALLOW_FILE, "columns src/row/a.cc\n"),
        (tidy.ALLOW_FILE, "colums src/row/a.cc a table of bytes\n"),
        (tidy.ALLOW_FILE, "columns src/row/a.cc no longer a reason\n"),
    ],
}

GOOD = {
    "src/cli/a.cc": SPDX + '#include "connector/mysql/source.h"\n#include "runtime/job.h"\n',
    "src/connector/mysql/a.cc": SPDX + '#include "connector/mysql/b.h"\n#include "lake/x.h"\n#include <zlib.h>\n',
    "src/row/a.h": GOOD_HEADER + "#include <sys/types.h>\n#include <vector>\n\n#include <arrow/type_fwd.h>\n",
    "src/row/b.cc": SPDX + FITTING_FUNCTION + FITTING_FUNCTION,
    "src/row/c.cc": SPDX + "namespace sluice {\nnamespace {\n" + "int a = F(1);\nstruct S {\n};\n" * 40 + "}\n}\n",
    "src/row/d.cc": SPDX + "const int kTable[] = {\n" + "    1, 2,\n" * 100 + "};\n",
    "src/row/e.cc": SPDX + '// } {\nconst char* kText = R"({{{)";\n/* {\n{ */\n' +
                    "int a = 1'000;\n" * 80 + "int F() {}\n",
    "src/row/own.h": GOOD_HEADER,
    "src/row/own.cc": SPDX + '#include "row/own.h"\n\n#include <vector>\n',
    "test/a.py": PY + "time.sleep(0.01)  # tidy: poll\nrun('SELECT sleep(5)')\n# sleep(1) would be wrong\n",
    "tools/b.py": PY + "time.sleep(1)\n",
    # Put together here, since this file is no place for what looks like a path either.
    "README.md": "see /etc/mysql, $HOME/{0}/x, https://example.org/{0}/x and ./{1}/x\n".format("work", "root"),
    "Makefile": PY + "all:\n\tcc\n",
    "scripts/README.md": "# scripts\n",
    "scripts/x": "#!/bin/sh\n" + PY,
}


def check(texts):
    return tidy.check([tidy.File(path, text.encode()) for path, text in sorted(texts.items())])


def case_bad(rule, path, text):
    files = {**README, path: text}
    if rule == "own-header-first":
        files["src/row/own.h"] = GOOD_HEADER
    if path.startswith(("scripts/", "docs/")):
        files[path.split("/")[0] + "/README.md"] = "# here\n"
    found = check(files)
    assert [finding.rule for finding in found] == [rule], f"{path}: found {[str(finding) for finding in found]}"


def case_good():
    found = check({**README, **GOOD})
    assert not found, [str(finding) for finding in found]


def case_allowed():
    files = {**README, "src/row/a.cc": SPDX + LONG_FUNCTION,
             tidy.ALLOW_FILE: "# rule path reason\n\nfunction-length src/row/a.cc a state machine, best read whole\n"}
    assert not check(files)
    files["src/row/b.cc"] = SPDX + LONG_FUNCTION
    assert [finding.path for finding in check(files)] == ["src/row/b.cc"]


def case_line_numbers():
    found = check({**README, "src/row/a.cc": SPDX + "\n" + LONG_FUNCTION + '#include "io/env.h"\n'})
    assert [(finding.line, finding.rule) for finding in found] == [(3, "function-length"), (75, "layer")], found


def case_layers_go_down_only():
    for folder, below in tidy.LAYERS.items():
        for other in below:
            assert folder not in tidy.LAYERS[other], f"{folder} and {other} may include each other"
            assert tidy.LAYERS[other] <= below, f"{folder} may include {other} but not all that {other} may"


def case_every_rule_has_a_bad_example():
    assert set(BAD) == set(tidy.RULES), set(BAD) ^ set(tidy.RULES)


def main():
    cases = [(f"{rule} {number}", lambda r=rule, e=example: case_bad(r, *e))
             for rule, examples in BAD.items() for number, example in enumerate(examples, 1)]
    cases += [(name[5:], function) for name, function in sorted(globals().items())
              if name.startswith("case_") and name != "case_bad"]
    failed = 0
    for name, function in cases:
        try:
            function()
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL {name}\n{traceback.format_exc(limit=-2)}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
