#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what a program can check of the project's rules: layers, sizes, headers, folders, tests.

  tools/tidy.py [--count] [--root DIR]

One line per finding: file:line: rule: text. Exits 1 if there is one. --count adds a last line "N passed, N failed",
counted per rule. An exception stands in tools/tidy_allow.txt as `rule path reason`. Its tests: tools/tidy_test.py.
"""
import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass

COLUMNS_MAX = 120
FUNCTION_LINES_MAX = 70
SOURCE_LINES_MAX = 500
HEADER_LINES_MAX = 250
README_LINES_MAX = 60
FILE_BYTES_MAX = 1_000_000
LICENSE_LINE = "SPDX-License-Identifier: Apache-2.0"

# docs/ARCHITECTURE.md, the layer table: a folder of src/ includes itself and the folders named here.
_LOW = {"base", "io", "row"}
_MIDDLE = _LOW | {"format", "expr"}
_PARTS = _MIDDLE | {"pipeline", "lake"}
LAYERS = {
    "base": set(),
    "io": {"base"},
    "row": {"base"},
    "format": _LOW,
    "expr": _LOW,
    "pipeline": _MIDDLE,
    "lake": _MIDDLE,
    "connector": _PARTS,  # and no other connector
    "stream": _PARTS,
    "runtime": _PARTS,
    "frontend": _PARTS,
    "server": _PARTS | {"stream", "runtime", "frontend"},  # no connector
    "cli": _PARTS | {"connector", "stream", "runtime", "frontend", "server"},
}

CODE = (".cc", ".h")
TEXT = CODE + (".py", ".cmake", ".md", ".txt", ".yaml", ".sql", ".sh", ".test")
SCRIPT_FOLDERS = ("scripts/", ".ci/")
# Top-level folders that need a README.md.
DOCUMENTED = ("bench", "cmake", "demo", "docs", "fuzz", "scripts", "test", "tools")
SKIPPED_FOLDERS = re.compile(r"^(build[^/]*|\.deps|\.git|\.cache)(/|$)|(^|/)__pycache__(/|$)")
# Absolute folders that exist on the machine of whoever wrote the line, and on no other.
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:work|root|home|Users)/(?=[\w.])")
SLEEP = re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep|time\.sleep|asyncio\.sleep|sleep)\s*\(|^\s*sleep\s+\d")
SLEEP_ALLOWED = "tidy: poll"
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
NOT_A_FUNCTION = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b")
CONTROL = re.compile(r"^(?:if|else|for|while|switch|do|try|catch)\b")


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


class File:
    """One file of the project: path from the root, bytes, and lines if it is text."""

    def __init__(self, path, data):
        self.path, self.data = path, data
        self.lines = data.decode("utf-8", "replace").split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()

    @property
    def is_code(self):
        return self.path.endswith(CODE)

    @property
    def is_text(self):
        name = os.path.basename(self.path)
        return (self.path.endswith(TEXT) or name in ("CMakeLists.txt", "Makefile") or
                self.path.startswith(SCRIPT_FOLDERS) and "." not in name)

    @property
    def is_test(self):
        return self.path.startswith("test/") or self.path.endswith(("_test.cc", "_test.py"))


def folder_of(path):
    """src/connector/mysql/x.cc -> ("connector", "mysql"); ("", "") outside src/."""
    parts = path.split("/")
    if len(parts) < 3 or parts[0] != "src":
        return "", ""
    return parts[1], parts[2] if len(parts) > 3 else ""


def blank_out(lines):
    """The code without comments, texts and characters: every such byte is a space, so that positions stay."""
    out, in_block, raw_end = [], False, None
    pattern = re.compile(r'//.*|/\*|R"([^ ()\\]{0,16})\(|"(?:\\.|[^"\\])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\])+\'')
    for line in lines:
        result, at = "", 0
        while at < len(line):
            end = "*/" if in_block else raw_end
            if end is not None:
                found = line.find(end, at)
                stop = len(line) if found < 0 else found + len(end)
                if found >= 0:
                    in_block, raw_end = False, None
                result += " " * (stop - at)
                at = stop
                continue
            match = pattern.search(line, at)
            if match is None:
                result += line[at:]
                break
            result += line[at:match.start()] + " " * (match.end() - match.start())
            at = match.end()
            if match.group(0) == "/*":
                in_block = True
            elif match.group(0).startswith("R\""):
                raw_end = f"){match.group(1)}\""
        out.append(result)
    return out


def functions(lines):
    """(first line, line count) of each function body, approximately: a brace after `)` outside any other function."""
    found, stack, head, head_line = [], [], "", 0
    inside = 0  # functions around the current place
    for number, line in enumerate(blank_out(lines), 1):
        if line.lstrip().startswith("#"):
            continue
        for char in line:
            if char == "{":
                text = head.strip()
                is_function = (inside == 0 and ")" in text and not CONTROL.match(text) and
                               not (NOT_A_FUNCTION.search(text.split("(")[0]) and "operator" not in text))
                stack.append((is_function, head_line or number))
                inside += is_function
                head, head_line = "", 0
            elif char == "}":
                if stack:
                    is_function, began = stack.pop()
                    if is_function:
                        inside -= 1
                        found.append((began, number - began + 1))
                head, head_line = "", 0
            elif char == ";" and head.count("(") == head.count(")"):
                head, head_line = "", 0
            else:
                if not head.strip() and not char.isspace():
                    head_line = number
                head += char
        head += " "
    return found


# ---- rules about one file: yield (line, text) ----

def rule_layer(file):
    """A folder of src/ includes itself and lower layers only; a connector never includes another."""
    folder, below = folder_of(file.path)
    if not file.is_code or not folder:
        return
    if folder not in LAYERS:
        yield 1, f"src/{folder}/ is not in the layer table of tools/tidy.py"
        return
    for number, line in enumerate(file.lines, 1):
        match = INCLUDE.match(line)
        if match is None or match.group(1) != '"':
            continue
        parts = match.group(2).split("/")
        target = parts[0]
        if target == "connector" and folder == "connector" and len(parts) > 2 and parts[1] != below:
            yield number, f"connector/{below} includes connector/{parts[1]}; connectors meet only at pipeline/"
        elif target in LAYERS and target != folder and target not in LAYERS[folder]:
            yield number, f"{folder}/ may not include {target}/"
        elif target not in LAYERS:
            yield number, f'"{match.group(2)}" is not a full path from src/'


def rule_third_party(file):
    """Third-party headers stay in .cc files; Arrow is allowed in headers of row/ and above."""
    folder, _ = folder_of(file.path)
    if not file.path.endswith(".h") or not folder:
        return
    for number, line in enumerate(file.lines, 1):
        match = INCLUDE.match(line)
        if match is None or match.group(1) == '"':
            continue
        name = match.group(2)
        is_system = "/" not in name or name.startswith(("sys/", "netinet/", "arpa/"))
        is_arrow = name.startswith(("arrow/", "parquet/")) and folder not in ("base", "io")
        if not is_arrow and (not is_system or name in ("mysql.h", "zlib.h", "zstd.h", "pcre2.h")):
            yield number, f"<{name}> in a header; include it in the .cc"


def rule_file_length(file):
    """A .cc has at most 500 lines, a .h 250."""
    for suffix, most in ((".cc", SOURCE_LINES_MAX), (".h", HEADER_LINES_MAX)):
        if file.path.endswith(suffix) and len(file.lines) > most:
            yield most + 1, f"{len(file.lines)} lines, at most {most}"


def rule_function_length(file):
    """A function has at most 70 lines."""
    if file.is_code:
        for began, count in functions(file.lines):
            if count > FUNCTION_LINES_MAX:
                yield began, f"a function of {count} lines, at most {FUNCTION_LINES_MAX}"


def rule_columns(file):
    """A line of code has at most 120 columns."""
    if (file.is_code or file.path.endswith((".py", ".cmake", "CMakeLists.txt")) or
            file.path.startswith(SCRIPT_FOLDERS) and file.is_text):
        for number, line in enumerate(file.lines, 1):
            if len(line) > COLUMNS_MAX:
                yield number, f"{len(line)} columns, at most {COLUMNS_MAX}"


def rule_white_space(file):
    """No tab (but in a Makefile) and no white space at the end of a line; a file ends with a line end."""
    if not file.is_text or file.path.endswith((".txt", ".md", ".test", ".sql", ".yaml")):
        return
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip():
            yield number, "white space at the end"
        if "\t" in line and not file.path.endswith("Makefile"):
            yield number, "a tab"
    if file.data and not file.data.endswith(b"\n"):
        yield len(file.lines), "no line end at the end of the file"


def rule_merge_marks(file):
    """A merge is finished before it is committed."""
    for number, line in enumerate(file.lines if file.is_text else (), 1):
        if line.startswith(("<" * 7 + " ", ">" * 7 + " ")):
            yield number, "the mark of a merge that is not finished"


def rule_license(file):
    """Code and scripts name their licence in the first two lines."""
    if (file.is_code or file.path.endswith((".py", ".cmake", ".sh", "CMakeLists.txt", "Makefile")) or
            file.path.startswith(SCRIPT_FOLDERS) and file.is_text and not file.path.endswith(".md")):
        if not any(LICENSE_LINE in line for line in file.lines[:2]):
            yield 1, f"no `{LICENSE_LINE}`"


def rule_pragma_once(file):
    """A header has #pragma once."""
    if file.path.endswith(".h") and "#pragma once" not in file.lines:
        yield 1, "no #pragma once"


def rule_header_comment(file):
    """A header of src/ says right after the licence what it is for."""
    if file.path.endswith(".h") and file.path.startswith("src/"):
        if len(file.lines) < 2 or not re.match(r"// \w", file.lines[1]):
            yield 2, "no comment that says what this header is for"


def rule_machine_path(file):
    """No path of one machine."""
    if file.is_text:
        for number, line in enumerate(file.lines, 1):
            match = MACHINE_PATH.search(line)
            if match:
                yield number, f"a path of one machine: {line[match.start():match.start() + 30]}"


def rule_sleep(file):
    """No sleep in a test: wait for a condition. A polling helper's line says `tidy: poll`."""
    if file.is_test and (file.is_code or file.path.endswith((".py", ".sh"))):
        for number, line in enumerate(file.lines, 1):
            code = re.sub(r"(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')", '""', line)
            code = code.split("//")[0].split("#")[0]
            if SLEEP.search(code) and SLEEP_ALLOWED not in line:
                yield number, f"a sleep in a test; wait for a condition, or mark a polling helper `{SLEEP_ALLOWED}`"


def rule_file_size(file):
    """No file over 1 MB."""
    if len(file.data) > FILE_BYTES_MAX:
        yield 1, f"{len(file.data)} bytes, at most {FILE_BYTES_MAX}"


def rule_file_name(file):
    """Code files are snake_case."""
    name = os.path.basename(file.path)
    if (file.is_code or name.endswith(".py")) and not re.fullmatch(r"[a-z][a-z0-9_]*\.\w+", name):
        yield 1, f"{name} is not snake_case"


# ---- rules about all files: yield (path, line, text) ----

def rule_own_header_first(files):
    """x.cc includes x.h before anything else, x_test.cc too."""
    paths = {file.path for file in files}
    for file in files:
        if not file.path.endswith(".cc") or not file.path.startswith("src/"):
            continue
        own = re.sub(r"(_test)?\.cc$", ".h", file.path)
        if own not in paths:
            continue
        for number, line in enumerate(file.lines, 1):
            match = INCLUDE.match(line)
            if match:
                if "src/" + match.group(2) != own:
                    yield file.path, number, f'the first include is not "{own[4:]}"'
                break


def rule_readme(files):
    """Each folder of src/ (each connector too) and each top-level folder has a README.md of at most 60 lines."""
    by_path = {file.path: file for file in files}
    needed = set()
    for file in files:
        folder, below = folder_of(file.path)
        if file.is_code and folder:
            needed.add(f"src/{folder}/{below}" if folder == "connector" and below else f"src/{folder}")
        top = file.path.split("/")[0]
        if "/" in file.path and top in DOCUMENTED:
            needed.add(top)
    for folder in sorted(needed):
        if folder + "/README.md" not in by_path:
            yield folder + "/README.md", 1, "missing: what lives here, what it may include, what to read first"
    for path, file in by_path.items():
        if path.startswith("src/") and path.endswith("/README.md") and len(file.lines) > README_LINES_MAX:
            yield path, README_LINES_MAX + 1, f"{len(file.lines)} lines, at most {README_LINES_MAX}"


def rule_folder_depth(files):
    """src/ is at most three folders deep, and none is called common, utils, core or misc."""
    for file in files:
        parts = file.path.split("/")
        if parts[0] == "src" and len(parts) > 5:
            yield file.path, 1, "more than three folders below src/"
        if parts[0] == "src" and any(part in ("common", "util", "utils", "core", "misc") for part in parts[1:-1]):
            yield file.path, 1, "a folder named for nothing"


FILE_RULES = [rule_layer, rule_third_party, rule_file_length, rule_function_length, rule_columns, rule_white_space,
              rule_merge_marks, rule_license, rule_pragma_once, rule_header_comment, rule_machine_path, rule_sleep,
              rule_file_size, rule_file_name]
PROJECT_RULES = [rule_own_header_first, rule_readme, rule_folder_depth]
ALLOW_FILE = "tools/tidy_allow.txt"


def rule_name(rule):
    return rule.__name__[len("rule_"):].replace("_", "-")


RULES = [rule_name(rule) for rule in FILE_RULES + PROJECT_RULES] + ["allow-list"]


def read_allow_list(lines):
    """({(rule, path): line}, findings)."""
    allowed, findings = {}, []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(None, 2)
        if len(parts) < 3 or len(parts[2].split()) < 3:
            findings.append(Finding(ALLOW_FILE, number, "allow-list", "expected `rule path reason`"))
        elif parts[0] not in RULES:
            findings.append(Finding(ALLOW_FILE, number, "allow-list", f"no rule {parts[0]}"))
        else:
            allowed[parts[0], parts[1]] = number
    return allowed, findings


def check(files):
    """All findings in a list of File, without those that the allow list takes."""
    found = []
    for file in files:
        for rule in FILE_RULES:
            found += [Finding(file.path, line, rule_name(rule), text) for line, text in rule(file)]
    for rule in PROJECT_RULES:
        found += [Finding(path, line, rule_name(rule), text) for path, line, text in rule(files)]
    allow = next((file for file in files if file.path == ALLOW_FILE), None)
    allowed, wrong = read_allow_list(allow.lines if allow else [])
    used = {(finding.rule, finding.path) for finding in found}
    for key, number in allowed.items():
        if key not in used:
            wrong.append(Finding(ALLOW_FILE, number, "allow-list", f"{key[1]} no longer needs {key[0]}"))
    kept = [finding for finding in found if (finding.rule, finding.path) not in allowed]
    return sorted(kept + wrong, key=lambda f: (f.path, f.line, f.rule))


def project_files(root):
    """The files that git tracks or would track; without git, all but build folders."""
    try:
        names = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                               check=True, capture_output=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, below in os.walk(root) for name in below]
    files = []
    for name in sorted(set(names)):
        path = os.path.join(root, name)
        if name and not SKIPPED_FOLDERS.search(name) and os.path.isfile(path) and not os.path.islink(path):
            with open(path, "rb") as file:
                files.append(File(name, file.read()))
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", action="store_true", help="end with the number of rules passed and failed")
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    args = parser.parse_args()
    findings = check(project_files(args.root))
    for finding in findings:
        print(finding)
    if args.count:
        failed = {finding.rule for finding in findings}
        print(f"{len(RULES) - len(failed)} passed, {len(failed)} failed")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
