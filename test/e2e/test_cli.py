# SPDX-License-Identifier: Apache-2.0
"""The command line itself: wrong words, help, completion, output that cannot be written."""

import json
import os
import re
import subprocess

import sluice

COMMANDS = (
    ("run",),
    ("check",),
    ("read",),
    ("verify",),
    ("tables",),
    ("tables", "orphans"),
    ("version",),
    ("completion",),
)


def said(result):
    """Every error is two lines: what, and what to do."""
    lines = result.err.splitlines()
    assert result.code in (1, 2) and len(lines) == 2, (result.code, result.err)
    assert lines[0].startswith("error: ") and lines[1].startswith("hint: "), result.err
    return lines[0][7:], lines[1][6:]


def test_wrong_words_have_the_nearest(ctx):
    error, hint = said(ctx.command("rnu"))
    assert error == "there is no command rnu; did you mean run?" and "verify" in hint, (error, hint)
    error, hint = said(ctx.command("read", "lake", "--limt", "3"))
    assert error == "sluice read has no option --limt; did you mean --limit?" and "--where" in hint, (error, hint)
    error, hint = said(ctx.command("run", "--nope"))
    assert error == "sluice run has no option --nope" and "--summary" in hint, (error, hint)
    error, hint = said(ctx.command())
    assert error == "sluice needs a command" and "verify" in hint, (error, hint)
    error, _ = said(ctx.command("read", "lake", "--limit", "-1"))
    assert error == "--limit: -1 is not a number of rows, 0 or more", error
    line = json.loads(ctx.command("rnu", "--log-format", "json").err)
    assert line["msg"].startswith("there is no command rnu") and "verify" in line["hint"], line


def test_an_unknown_key_names_few_others(ctx):
    path = ctx.pipeline("d.t", sink={"type": "blackhole"}, port=3306)
    error, hint = said(ctx.command("run", path, "-D", "foo=1"))
    assert '"foo"' in error and "execution.checkpointing.interval" in hint, (error, hint)
    assert len(hint) < 200 and "*" not in hint, hint


def test_each_command_has_its_own_examples(ctx):
    seen = set()
    for words in COMMANDS:
        result = ctx.command(*words, "--help")
        assert result.code == 0, result.err
        examples = result.out.split("Examples:\n", 1)[1].split("\n\n")[0].splitlines()
        assert 2 <= len(examples) <= 3, (words, examples)
        assert all(" ".join(("sluice",) + words) in line or words == ("version",) for line in examples), examples
        assert tuple(examples) not in seen, f"{words}: the examples of another command"
        seen.add(tuple(examples))
    assert "an empty field is NULL" in ctx.command("read", "--help").out
    assert "once a\nminute" in ctx.command("run", "--help").out


def completions(ctx, *words):
    """What bash offers for the last of these words."""
    script = (
        'eval "$("$0" completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sluice; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "--norc", "--noprofile", "-c", script, sluice.BINARY, "sluice", *words]
    result = subprocess.run(command, cwd=ctx.dir, capture_output=True, text=True, timeout=30, check=True)
    assert not result.stderr, result.stderr
    return [line for line in result.stdout.split("\n") if line]


def options_in_help(ctx, words):
    text = ctx.command(*words, "--help").out.split("Options:\n", 1)[1].split("\n\n")[0]
    found = re.findall(r"^ +(?:-\w,)?(--[\w-]+|-\w)", text, re.MULTILINE)
    assert "--help" in found, text
    return found


def test_completion_in_bash(ctx):
    os.mkdir(os.path.join(ctx.dir, "shop"))
    for name in ("shop.yaml", "shop two.yaml", "other.yaml"):
        ctx.write(name, "")
    assert completions(ctx, "ver") == ["verify", "version"]
    assert {"run", "check", "read", "tables"} <= set(completions(ctx, ""))
    assert completions(ctx, "run", "--su") == ["--summary"]
    assert {"shop", "shop.yaml", "shop two.yaml", "other.yaml"} <= set(completions(ctx, "run", ""))
    assert sorted(completions(ctx, "check", "sh")) == ["shop", "shop two.yaml", "shop.yaml"]
    assert completions(ctx, "run", "--until", "") == ["caught-up"]
    assert completions(ctx, "run", "--log-format", "=", "j") == ["json"]
    assert completions(ctx, "run", "--log-format", "=") == ["text", "json"]
    assert completions(ctx, "run", "--state", "sh") == ["shop"]
    assert completions(ctx, "run", "-D", "exec") == ["execution.checkpointing.interval=", "execution.runtime-mode="]
    assert completions(ctx, "read", "sh") == ["shop"]
    assert completions(ctx, "read", "shop", "--where", "sh") == []
    assert completions(ctx, "tables", "") == ["orphans"]
    assert completions(ctx, "tables", "orphans", "sh") == ["shop"]
    assert completions(ctx, "completion", "f") == ["fish"]


def test_completion_has_every_option(ctx):
    fish = ctx.command("completion", "fish").out
    assert ctx.command("completion", "zsh").out.endswith(ctx.command("completion", "bash").out)
    for words in COMMANDS:
        options = options_in_help(ctx, words)
        assert completions(ctx, *words, "-") == options, words
        lines = [line for line in fish.splitlines() if f"__fish_seen_subcommand_from {words[-1]}" in line]
        for option in options:
            flag = f" -l {option[2:]} " if option.startswith("--") else f" -s {option[1:]} "
            assert any(flag in line for line in lines), f"{words}: {option} is not completed by fish"


def test_output_that_cannot_be_written_is_an_error(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    table = ctx.lake.folder(f"{db}.t")
    for arguments in (
        ("check", path),
        ("read", table),
        ("read", table, "--format", "csv"),
        ("tables", "orphans", table),
        ("version",),
        ("--help",),
        ("completion", "bash"),
    ):
        with open("/dev/full", "wb") as full:
            result = subprocess.run(
                [sluice.BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
            )
        assert result.returncode == 1 and "error: standard output could not be written" in result.stderr, (
            arguments,
            result,
        )


def test_state_directory_that_cannot_be_made(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    path = ctx.pipeline(f"{db}.t")
    file = ctx.write("a file", "")
    for state, why in (("/proc/x", "No such file"), (file, "Not a directory"), (file + "/below", "Not a directory")):
        result = ctx.command(*ctx.run_args(path, "--until", "caught-up", state=state))
        last = "\n".join(result.err.splitlines()[-2:])
        assert result.code == 1 and f"error: state directory {state} (--state) cannot be used: " in last, result.err
        assert why in last and "hint: give a directory that sluice can make and write to with --state DIR" in last, last
