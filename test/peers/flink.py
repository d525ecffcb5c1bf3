# SPDX-License-Identifier: Apache-2.0
"""A real Flink cluster on loopback: one job manager, one task manager, and a SQL gateway that takes statements.

The gateway is a process of its own and outlives start() and stop() of the cluster, so that a job can meet fresh JVMs
without waiting for a client to start. All processes end with the runner (processes.py).
"""

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from urllib.parse import quote

import engines
import processes

# What Flink's own start scripts give every JVM since Java 17.
_OPENS = [
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in (
        "java.lang java.net java.io java.nio sun.nio.ch java.lang.reflect java.text java.time java.util"
        " java.util.concurrent java.util.concurrent.atomic java.util.concurrent.locks sun.net.util"
    ).split()
] + [
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
    "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
    "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
]
_LOG4J = """rootLogger.level = INFO
rootLogger.appenderRef.err.ref = Err
appender.err.name = Err
appender.err.type = CONSOLE
appender.err.target = SYSTEM_ERR
appender.err.layout.type = PatternLayout
appender.err.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
"""
START_SECONDS = 300
ENDED = ("FAILED", "CANCELED", "FINISHED")


class FlinkError(RuntimeError):
    """A statement or a job that Flink refused or lost."""


class Flink:
    """The cluster in a folder. `peer`: its libraries, for get.sh; `options` are lines of Flink's configuration."""

    def __init__(self, folder: str, peer="flink", **options):
        self.folder, self.peer = folder, engines.install(peer)
        self.port, self._gateway_port = processes.free_port(), processes.free_port()
        self.job_manager = self.task_manager = self.gateway = None
        os.makedirs(folder, exist_ok=True)
        self._java = os.path.join(self.peer["java"], "bin", "java")
        self._configure({k.replace("_", "-"): v for k, v in options.items()})

    def _configure(self, options):
        settings = {
            "jobmanager.rpc.address": "127.0.0.1",
            "jobmanager.bind-host": "127.0.0.1",
            "jobmanager.rpc.port": processes.free_port(),
            "jobmanager.memory.process.size": "1g",
            "taskmanager.bind-host": "127.0.0.1",
            "taskmanager.host": "127.0.0.1",
            "taskmanager.memory.process.size": "4g",
            "taskmanager.numberOfTaskSlots": 4,
            "rest.address": "127.0.0.1",
            "rest.bind-address": "127.0.0.1",
            "rest.port": self.port,
            "execution.checkpointing.dir": f"file://{self.folder}/checkpoints",
            "io.tmp.dirs": self.folder,
            "web.upload.dir": self.folder,
            "metrics.fetcher.update-interval": 250,
            "sql-gateway.endpoint.rest.address": "127.0.0.1",
            "sql-gateway.endpoint.rest.bind-address": "127.0.0.1",
            "sql-gateway.endpoint.rest.port": self._gateway_port,
            "env.java.opts.all": " ".join(_OPENS),
            **options,
        }
        self.settings = settings
        with open(os.path.join(self.folder, "config.yaml"), "w", encoding="utf-8") as file:
            file.writelines(f"{key}: {value}\n" for key, value in settings.items())
        with open(os.path.join(self.folder, "log4j.properties"), "w", encoding="ascii") as file:
            file.write(_LOG4J)

    @property
    def version(self) -> str:
        return self.peer["version"]

    # ---- processes

    def _classes(self, *folders) -> str:
        own = [self.peer[name] for name in ("jars", "sink_jars") if name in self.peer]
        return ":".join(f"{folder}/*" for folder in (os.path.join(self.peer["home"], "lib"), *own, *folders))

    def _start(self, name, classes, main, *arguments, jvm=()):
        log4j = "file:" + os.path.join(self.folder, "log4j.properties")
        command = [self._java, *jvm, *_OPENS, f"-Dlog4j.configurationFile={log4j}", "-cp", classes, main, *arguments]
        with open(self.log(name), "ab") as log:
            return processes.start(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "FLINK_CONF_DIR": self.folder, "TZ": "UTC"},
            )

    def log(self, name) -> str:
        return os.path.join(self.folder, name + ".log")

    def _sizes(self, kind):
        """(JVM flags, -D options) that Flink computes from its memory settings for a process: JM or TM."""
        home = self.peer["home"]
        done = subprocess.run(
            [
                self._java,
                "-cp",
                f"{home}/bin/bash-java-utils.jar:{home}/lib/*",
                "org.apache.flink.runtime.util.bash.BashJavaUtils",
                f"GET_{kind}_RESOURCE_PARAMS",
                "--configDir",
                self.folder,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        lines = re.findall(r"BASH_JAVA_UTILS_EXEC_RESULT:(.*)", done.stdout)
        if len(lines) != 2:
            raise FlinkError(f"Flink cannot size its {kind}:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
        return lines[0].split(), lines[1].split()

    def start(self):
        """Fresh JVMs, ready for a job, and the gateway if there is none yet."""
        self._start_gateway()
        sizes = self._sizes("JM"), self._sizes("TM")
        self.job_manager = self._start(
            "job-manager",
            self._classes(),
            "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
            "--configDir",
            self.folder,
            "--executionMode",
            "cluster",
            *sizes[0][1],
            jvm=sizes[0][0],
        )
        self.task_manager = self._start(
            "task-manager",
            self._classes(),
            "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
            "--configDir",
            self.folder,
            *sizes[1][1],
            jvm=sizes[1][0],
        )
        processes.wait_until(self._ready, f"start of Flink (see {self.folder})", START_SECONDS, 0.1)

    def _ready(self) -> bool:
        self.check()
        try:
            return bool(self.rest("/taskmanagers")["taskmanagers"])
        except (OSError, FlinkError):  # nobody listens yet, or 503: no leader yet
            return False

    def check(self):
        """Fails when a process of the cluster has ended."""
        for process, name in ((self.job_manager, "job-manager"), (self.task_manager, "task-manager")):
            if process is None or process.poll() is not None:
                raise FlinkError(f"Flink's {name} ended: see {self.log(name)}")

    def stop(self):
        for process in (self.task_manager, self.job_manager):
            if process:
                processes.end(process)
        self.job_manager = self.task_manager = None

    def close(self):
        self.stop()
        if self.gateway:
            processes.end(self.gateway)
            self.gateway = None

    # ---- the cluster

    def rest(self, path, body=None, method=None):
        return _request(f"http://127.0.0.1:{self.port}{path}", body, method)

    def state(self, job) -> str:
        return self.rest(f"/jobs/{job}")["state"]

    def failure(self, job) -> str:
        """The first lines of why a job failed or restarts; "" if it does neither."""
        history = self.rest(f"/jobs/{job}/exceptions").get("exceptionHistory", {}).get("entries", [])
        return "\n".join(history[0]["stacktrace"].splitlines()[:40]) if history else ""

    def counter(self, job):
        """A function that gives the number of records that the sources of a job have given out."""
        sources = [v["id"] for v in self.rest(f"/jobs/{job}")["vertices"] if v["name"].startswith("Source")]
        names = {vertex: [] for vertex in sources}

        def emitted() -> int:
            total = 0
            for vertex, metrics in names.items():
                path = f"/jobs/{job}/vertices/{vertex}/subtasks/metrics"
                if not metrics:  # they appear some time after the job's start
                    found = [m["id"] for m in self.rest(path)]
                    metrics += [m for m in found if re.match(r"Source__.*\.numRecordsOut$", m)]
                for metric in metrics:
                    total += sum(int(m["sum"]) for m in self.rest(f"{path}?get={quote(metric)}&agg=sum"))
            return total

        return emitted

    def checkpoint(self, job, seconds=600.0) -> int:
        """Makes a checkpoint that begins now; its id when it is complete."""
        deadline = time.monotonic() + seconds
        while True:
            trigger = self.rest(f"/jobs/{job}/checkpoints", {"checkpointType": "CONFIGURED"})["request-id"]
            path = f"/jobs/{job}/checkpoints/{trigger}"
            done = processes.wait_until(
                lambda: (s := self.rest(path))["status"]["id"] == "COMPLETED" and s["operation"],
                "a checkpoint of Flink",
                seconds,
                0.1,
            )
            if "failureCause" not in done:
                return done["checkpointId"]
            if time.monotonic() > deadline:  # it fails while another one is under way
                raise FlinkError(f"no checkpoint within {seconds} s: {done['failureCause']}")

    def cancel(self, job):
        self.rest(f"/jobs/{job}", method="PATCH")
        processes.wait_until(lambda: self.state(job) in ENDED, "the end of a cancelled job", 60)

    # ---- SQL

    def _sql(self, path, body=None):
        return _request(f"http://127.0.0.1:{self._gateway_port}/v1{path}", body)

    def _start_gateway(self):
        if self.gateway is None:
            self.gateway = self._start(
                "gateway",
                self._classes(self.peer["gateway"]),
                "org.apache.flink.table.gateway.SqlGateway",
                jvm=("-Xmx1g",),
            )
            processes.wait_until(self._gateway_answers, "start of Flink's SQL gateway", START_SECONDS, 0.1)

    def _gateway_answers(self) -> bool:
        if self.gateway.poll() is not None:
            raise FlinkError(f"Flink's SQL gateway ended: see {self.log('gateway')}")
        try:
            return bool(self._sql("/info"))
        except (OSError, FlinkError):
            return False

    def sql(self, *statements):
        """Runs statements in a session of their own; the id of the job that the last one started, or None."""
        session, job = self._sql("/sessions", {"properties": {}})["sessionHandle"], None
        for statement in statements:
            operation = self._sql(f"/sessions/{session}/statements", {"statement": statement})["operationHandle"]
            path = f"/sessions/{session}/operations/{operation}/result/0"
            result = processes.wait_until(
                lambda: (r := self._sql(path)).get("resultType") != "NOT_READY" and r,
                "a statement of Flink",
                START_SECONDS,
            )
            job = result.get("jobID") or _job_of(result)
        _request(f"http://127.0.0.1:{self._gateway_port}/v1/sessions/{session}", method="DELETE")
        return job


def _job_of(result):
    rows = result.get("results", {}).get("data", [])
    value = rows[0]["fields"][0] if rows and rows[0].get("fields") else None
    return value if isinstance(value, str) and re.fullmatch("[0-9a-f]{32}", value) else None


def _request(url, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace").replace("\\n", "\n")
        raise FlinkError(f"{method or ('POST' if data else 'GET')} {url}: {error.code}\n{text[-6000:]}") from None
