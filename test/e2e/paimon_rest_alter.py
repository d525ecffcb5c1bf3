# SPDX-License-Identifier: Apache-2.0
"""What changes of a schema make of it in a Paimon REST catalog, as Java's SchemaManager does it."""

import copy


class No(Exception):
    """A change that is refused, with its HTTP status."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def highest(fields):
    """Of the ids of columns, also of those in rows."""
    ids = [-1]

    def walk(kind):
        if isinstance(kind, dict):
            for part in kind.get("fields", []):
                ids.append(part["id"])
                walk(part["type"])
            for key in ("element", "key", "value"):
                walk(kind.get(key))

    for field in fields:
        ids.append(field["id"])
        walk(field["type"])
    return max(ids)


def nullable(kind):
    return not (kind if isinstance(kind, str) else kind["type"]).endswith(" NOT NULL")


class Schema:
    def __init__(self, before):
        self.out = copy.deepcopy(before)
        self.fields = self.out["fields"]

    def place(self, name):
        for i, field in enumerate(self.fields):
            if field["name"] == name:
                return i
        raise No(404, f"no column {name}")

    def field(self, change):
        (name,) = change["fieldNames"]
        return self.fields[self.place(name)]

    def free(self, name):
        if any(field["name"] == name for field in self.fields):
            raise No(409, f"column {name} is there")

    def insert(self, field, move):
        if move is None or move["type"] == "LAST":
            self.fields.append(field)
        elif move["type"] == "FIRST":
            self.fields.insert(0, field)
        else:
            assert move["type"] == "AFTER", move
            self.fields.insert(self.place(move["referenceFieldName"]) + 1, field)

    def keys(self, field):
        return field["name"] in self.out["primaryKeys"] + self.out["partitionKeys"]

    def setOption(self, change):
        self.out["options"][change["key"]] = change["value"]

    def removeOption(self, change):
        self.out["options"].pop(change["key"], None)

    def updateComment(self, change):
        self.out["comment"] = change["comment"]

    def addColumn(self, change):
        (name,) = change["fieldNames"]
        self.free(name)
        if not nullable(change["dataType"]):
            raise No(400, f"column {name} cannot be NOT NULL")
        self.out["highestFieldId"] += 1
        field = {"id": self.out["highestFieldId"], "name": name, "type": change["dataType"]}
        if change["comment"] is not None:
            field["description"] = change["comment"]
        self.insert(field, change["move"])

    def dropColumn(self, change):
        field = self.field(change)
        if self.keys(field):
            raise No(400, f"column {field['name']} is a key")
        self.fields.remove(field)

    def renameColumn(self, change):
        field = self.field(change)
        self.free(change["newName"])
        before, field["name"] = field["name"], change["newName"]
        if before in self.out["partitionKeys"]:
            raise No(400, f"column {before} is of the partition")
        self.out["primaryKeys"] = [field["name"] if key == before else key for key in self.out["primaryKeys"]]

    def updateColumnType(self, change):
        field = self.field(change)
        if self.keys(field):
            raise No(400, f"column {field['name']} is a key")
        if nullable(field["type"]) and not nullable(change["newDataType"]):
            raise No(501, f"column {field['name']} may be NULL")
        assert change["keepNullability"] is False
        field["type"] = change["newDataType"]

    def updateColumnNullability(self, change):
        field = self.field(change)
        assert isinstance(field["type"], str) and change["newNullability"], change
        field["type"] = field["type"].removesuffix(" NOT NULL")

    def updateColumnComment(self, change):
        self.set(self.field(change), "description", change["newComment"])

    def updateColumnDefaultValue(self, change):
        self.set(self.field(change), "defaultValue", change["newDefaultValue"])

    def set(self, field, key, value):
        field.pop(key, None)
        if value is not None:
            field[key] = value

    def updateColumnPosition(self, change):
        field = self.fields.pop(self.place(change["move"]["fieldName"]))
        self.insert(field, change["move"])


def altered(before, changes):
    schema = Schema(before)
    for change in changes:
        getattr(schema, change["action"])(change)
    schema.out["id"] += 1
    return schema.out
