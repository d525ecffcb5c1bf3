// SPDX-License-Identifier: Apache-2.0
// A Trino server of one process with one Iceberg catalog, `lake`, made of the artifacts that Trino's own tests use: the
// server's archive is not on Maven Central. Arguments: port, folder for its data, in which it makes the file `ready`.

import io.trino.plugin.iceberg.IcebergPlugin;
import io.trino.testing.DistributedQueryRunner;
import io.trino.testing.TestingSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

public final class TrinoServer {
  public static void main(String[] arguments) throws Exception {
    Path data = Path.of(arguments[1]);
    var session = TestingSession.testSessionBuilder().setCatalog("lake").setSchema("default").build();
    var server =
        DistributedQueryRunner.builder(session)
            .setWorkerCount(0)
            .setBaseDataDir(Optional.of(data))
            .addCoordinatorProperty("http-server.http.port", arguments[0])
            .build();
    server.installPlugin(new IcebergPlugin());
    server.createCatalog(
        "lake",
        "iceberg",
        Map.of(
            "iceberg.catalog.type", "TESTING_FILE_METASTORE",
            "hive.metastore.catalog.dir", "local://" + data.resolve("metastore"),
            "iceberg.register-table-procedure.enabled", "true",
            "iceberg.expire-snapshots.min-retention", "0s",
            "iceberg.remove-orphan-files.min-retention", "0s",
            "fs.local.enabled", "true",
            "local.location", "/"));
    Files.createFile(data.resolve("ready"));
    Thread.currentThread().join();
  }
}
