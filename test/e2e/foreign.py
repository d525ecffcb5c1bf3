# SPDX-License-Identifier: Apache-2.0
"""Other writers of a table in a Hadoop-layout warehouse. PyIceberg and Trino have no such catalog, so their commits are
published here: the metadata file they made becomes version N + 1, by a link that fails if somebody was faster."""

import os

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import CommitTableResponse, StaticTable, Table
from pyiceberg.table.metadata import MetadataLogEntry
from pyiceberg.table.update import update_table_metadata


def publish(lake, name: str, base_path: str, text: str) -> str:
    """Makes `text` the metadata that follows the file `base_path`; FileExistsError when it has a successor."""
    folder, file = os.path.split(base_path)
    version = int(file[1:-14]) + 1
    target = os.path.join(folder, f"v{version}.metadata.json")
    temporary = target + ".foreign"
    with open(temporary, "w", encoding="utf-8") as out:
        out.write(text)
    try:
        os.link(temporary, target)
    finally:
        os.remove(temporary)
    with open(os.path.join(lake.folder(name), "metadata", "version-hint.text"), "w", encoding="ascii") as hint:
        hint.write(str(version))
    return target


class _HadoopCatalog:
    """As much of a catalog as PyIceberg's Transaction needs."""

    def __init__(self, lake, name):
        self.lake, self.name = lake, name

    def load_table(self, identifier):  # pylint: disable=unused-argument
        return open_table(self.lake, self.name)

    def supports_server_side_planning(self):
        return False

    def _delete_old_metadata(self, *_):
        pass  # sluice does it, as the table's properties say

    def commit_table(self, table, requirements, updates):  # pylint: disable=unused-argument
        path = self.lake.metadata_path(self.name)
        base = StaticTable.from_metadata(path).metadata
        for requirement in requirements:
            requirement.validate(base)
        made = update_table_metadata(base, updates)
        before = MetadataLogEntry(metadata_file="file://" + path, timestamp_ms=base.last_updated_ms)
        made = made.model_copy(update={"metadata_log": [*base.metadata_log, before]})
        try:
            target = publish(self.lake, self.name, path, made.model_dump_json(by_alias=True, exclude_none=True))
        except FileExistsError:
            raise CommitFailedException(f"{self.name}: another writer was faster") from None
        return CommitTableResponse.model_validate(
            {"metadata": made.model_dump(by_alias=True), "metadata-location": target}
        )


def open_table(lake, name: str) -> Table:
    """The table as PyIceberg opens it for writing, with its newest metadata."""
    path = lake.metadata_path(name)
    opened = StaticTable.from_metadata(path)
    return Table(tuple(name.split(".")), opened.metadata, path, opened.io, _HadoopCatalog(lake, name))


def change(lake, name: str, action):
    """Runs action(table) on the newest metadata; begins anew when the pipeline committed in between."""
    for _ in range(50):
        try:
            return action(open_table(lake, name))
        except (CommitFailedException, FileNotFoundError):
            continue
    raise AssertionError("the foreign writer never won")
