# SPDX-License-Identifier: Apache-2.0
"""A password never leaves the process, whatever it prints or writes."""

import os

CANARY = "c4nary-Pa55w0rd-9f1e"


def leaks(folder, skip=()):
    found = []
    for base, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(base, name)
            if path in skip:
                continue
            with open(path, "rb") as file:
                if CANARY.encode() in file.read():
                    found.append(path)
    return found


def test_canary_password_shows_nowhere(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    user = f"canary_{db}"
    ctx.server.execute(
        f"SET sql_log_bin = 0; CREATE USER {user}@'%' IDENTIFIED BY '{CANARY}';"
        f"GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {user}@'%'"
    )
    literal = ctx.pipeline(f"{db}.t", source={"username": user, "password": CANARY}, name="literal.yaml")
    from_env = ctx.pipeline(f"{db}.t", source={"username": user, "password": "${env:SHOP_PASSWORD}"}, name="env.yaml")
    secret_file = ctx.write("secret.txt", CANARY + "\n")
    from_file = ctx.pipeline(
        f"{db}.t", source={"username": user, "password": "${file:" + secret_file + "}"}, name="file.yaml"
    )
    env = {"SHOP_PASSWORD": CANARY}
    for i, path in enumerate((literal, from_env, from_file)):
        state = os.path.join(ctx.dir, f"state{i}")
        ctx.catch_up(path, state=state, env=env)
        for command in ("check", "verify"):
            ctx.start(command, path, env=env).wait(30)
    typo = ctx.pipeline(f"{db}.t", source={"username": user, "password": CANARY, "pasword": CANARY}, name="typo.yaml")
    ctx.catch_up(typo, code=2)
    wrong = ctx.pipeline(f"{db}.t", source={"username": "nobody", "password": CANARY}, name="wrong.yaml")
    ctx.catch_up(wrong, code=1)
    broken = ctx.write("broken.yaml", f"source:\n  type: mysql\n  password: {CANARY}\n\tport: 1\n")
    ctx.start("check", broken).wait(30)
    given = {literal, secret_file, typo, wrong, broken}
    found = leaks(ctx.dir, given)
    assert not found, f"the password is in {found}"


def test_missing_environment_variable_is_named(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY)")
    path = ctx.pipeline(f"{db}.t", source={"password": "${env:SLUICE_NO_SUCH_VARIABLE}"})
    ctx.fails(path, "SLUICE_NO_SUCH_VARIABLE", "pipeline.yaml:", code=2)
