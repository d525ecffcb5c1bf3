# SPDX-License-Identifier: Apache-2.0
"""A Hive metastore in memory, as far as sluice asks: the fake of the tests that need no Java. What it answers is what a
metastore 3.1.3 answered to the same calls (test/data/hive); test/peers has the real one."""

import os
import socket
import threading

import thrift
from thrift import BOOL, I32, I64, LIST, STRING, STRUCT

NAME, DATABASE, STORAGE, PARAMETERS, TYPE = 1, 2, 7, 9, 12  # fields of a table
COLUMNS, LOCATION, INPUT = 1, 2, 3  # of its storage
COMPATIBLE = {("int", "bigint"), ("varchar", "varchar"), ("varchar", "string"), ("float", "double")}


class Thrown(Exception):
    """An exception of the call, by its field of the answer."""

    def __init__(self, field, text):
        super().__init__(text)
        self.body = {field: (STRUCT, {1: (STRING, text)})}


class Metastore:
    """Serves until close(). `calls`: names of what was asked. `cut`: {call: "before" or "after"} closes the connection
    once without an answer, before or after the call is done."""

    def __init__(self, folder):
        self.folder, self.databases, self.tables, self.locks = folder, {}, {}, []
        self.calls, self.cut, self.strict, self.next_lock = [], {}, True, 1
        self.lock = threading.RLock()
        self.socket, self.port, self.connections = None, 0, set()
        self.databases["default"] = {1: (STRING, "default"), 3: (STRING, "file:" + folder + "/default")}
        self.open()

    @property
    def uri(self):
        return f"thrift://127.0.0.1:{self.port}"

    def open(self):
        self.socket = socket.create_server(("127.0.0.1", self.port))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.socket,), daemon=True).start()

    def close(self):
        """Refuses connections and breaks those that are there; open() begins again with what it knows."""
        listener, self.socket = self.socket, None
        if listener is None:
            return
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        with self.lock:
            for connection in self.connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _accept(self, listener):
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            with self.lock:
                self.connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream = connection.makefile("rb")

        def take(count):
            data = stream.read(count)
            if len(data) != count:
                raise EOFError
            return data

        try:
            while True:
                _, name, sequence, body = thrift.Reader(take).message()
                answer = self._answer(name, sequence, body)
                if answer is None:
                    break
                connection.sendall(answer)
        except (EOFError, OSError, ValueError):
            pass
        finally:
            connection.close()
            with self.lock:
                self.connections.discard(connection)

    def _answer(self, name, sequence, body):
        with self.lock:
            self.calls.append(name)
            when = self.cut.pop(name, None)
            if when == "before":
                return None
            call = getattr(self, "call_" + name, None)
            if call is None:
                unknown = {1: (STRING, f"Invalid method name: '{name}'"), 2: (I32, 1)}
                return thrift.message(thrift.EXCEPTION, name, sequence, unknown)
            try:
                result = call(*(value for _, value in body.values()))
                reply = {} if result is None else {0: result}
            except Thrown as thrown:
                reply = thrown.body
            return None if when == "after" else thrift.message(thrift.REPLY, name, sequence, reply)

    def call_set_ugi(self, user, groups):
        return thrift.texts([user])

    def call_get_all_databases(self):
        return thrift.texts(sorted(self.databases))

    def call_get_database(self, name):
        if name.lower() not in self.databases:
            raise Thrown(1, f"There is no database named {name}")
        return STRUCT, self.databases[name.lower()]

    def call_create_database(self, database):
        name = database[1][1].lower()
        if name in self.databases:
            raise Thrown(1, f"Database {name} already exists")
        database.setdefault(3, (STRING, f"file:{self.folder}/managed/{name}.db"))
        os.makedirs(database[3][1].removeprefix("file:"), exist_ok=True)
        self.databases[name] = {**database, 1: (STRING, name)}

    def call_get_all_tables(self, database):
        return thrift.texts(sorted(name for of, name in self.tables if of == database.lower()))

    def call_get_table(self, database, name):
        if (database.lower(), name.lower()) not in self.tables:
            raise Thrown(2, f"hive.{database}.{name} table not found")
        return STRUCT, self.tables[database.lower(), name.lower()]

    def call_get_table_objects_by_name_req(self, request):
        found = [self.tables.get((request[1][1].lower(), name.lower())) for name in request[2][1][1]]
        return STRUCT, {1: (LIST, (STRUCT, [table for table in found if table]))}

    def call_create_table(self, table):
        key = table[DATABASE][1].lower(), table[NAME][1].lower()
        if key in self.tables:
            raise Thrown(1, f"Table hive.{key[0]}.{key[1]} already exists")
        if key[0] not in self.databases:
            raise Thrown(2, f"hive.{key[0]}")  # as the server has it: InvalidObjectException
        storage = table[STORAGE][1]
        base = self.databases[key[0]][3][1]
        storage.setdefault(LOCATION, (STRING, f"{base}/{key[1]}"))
        os.makedirs(storage[LOCATION][1].removeprefix("file:"), exist_ok=True)
        self._keep(key, table)

    def call_alter_table_with_environment_context(self, database, name, table, context):
        key = database.lower(), name.lower()
        if key not in self.tables:
            raise Thrown(1, f"Unable to alter table. hive.{key[0]}.{key[1]} doesn't exist")
        wrong = self._incompatible(columns(self.tables[key]), columns(table))
        if self.strict and wrong:
            raise Thrown(
                1, "The following columns have types incompatible with the existing columns in their respective "
                f"positions :\n{','.join(wrong)}"
            )
        expected = dict(context.get(1, (None, (0, 0, [])))[1][2])
        if "expected_parameter_key" in expected:
            found = parameters(self.tables[key]).get(expected["expected_parameter_key"])
            if found != expected["expected_parameter_value"]:
                raise Thrown(2, f"The table has been modified. The parameter value is '{found}'")
        self._keep(key, table)

    def call_drop_table(self, database, name, with_data):
        if self.tables.pop((database.lower(), name.lower()), None) is None:
            raise Thrown(1, f"hive.{database}.{name} table not found")

    def call_lock(self, request):
        part = request[1][1][1][0]
        self.locks.append((self.next_lock, (part[3][1], part[4][1])))
        self.next_lock += 1
        return self._state(self.next_lock - 1)

    def call_check_lock(self, request):
        return self._state(request[1][1])

    def call_unlock(self, request):
        before = len(self.locks)
        self.locks = [entry for entry in self.locks if entry[0] != request[1][1]]
        if len(self.locks) == before:
            raise Thrown(1, f"No such lock lockid:{request[1][1]}")

    def _state(self, number):
        of = dict(self.locks).get(number)
        if of is None:
            raise Thrown(3, f"No such lock lockid:{number}")
        first = next(entry[0] for entry in self.locks if entry[1] == of)
        return STRUCT, {1: (I64, number), 2: (I32, 1 if first == number else 2)}

    def _keep(self, key, table):
        lower = [{**c, 1: (STRING, c[1][1].lower())} for c in table[STORAGE][1][COLUMNS][1][1]]
        table[STORAGE][1][COLUMNS] = (LIST, (STRUCT, lower))
        table.setdefault(14, (BOOL, False))
        self.tables[key] = {**table, PARAMETERS: thrift.text_map({"transient_lastDdlTime": "1", **parameters(table)})}

    @staticmethod
    def _incompatible(before, after):
        out = []
        for (_, old), (name, new) in zip(before, after):
            bare = old.split("(")[0], new.split("(")[0]
            if old != new and bare not in COMPATIBLE:
                out.append(name)
        return out


def columns(table):
    return [(c[1][1], c[2][1]) for c in table[STORAGE][1][COLUMNS][1][1]]


def parameters(table):
    return dict(table[PARAMETERS][1][2])


def location(table):
    return table[STORAGE][1][LOCATION][1]
