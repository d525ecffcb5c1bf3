// SPDX-License-Identifier: Apache-2.0
// Deletes rows of a Paimon table without a primary key, as Paimon's engines do: by deletion vectors.
//   AppendDelete WAREHOUSE DATABASE.TABLE COLUMN VALUE...      column: an INT
//   AppendDelete WAREHOUSE DATABASE.TABLE write FROM TO        makes rows (id, v, dt) from FROM on, before TO
//   AppendDelete WAREHOUSE DATABASE.TABLE read                 prints the ids, ascending
//   AppendDelete WAREHOUSE DATABASE.TABLE create OPTION=VALUE...    partition=dt: by that column

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.paimon.catalog.Catalog;
import org.apache.paimon.catalog.CatalogContext;
import org.apache.paimon.catalog.CatalogFactory;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.deletionvectors.Bitmap64DeletionVector;
import org.apache.paimon.deletionvectors.BitmapDeletionVector;
import org.apache.paimon.deletionvectors.DeletionVector;
import org.apache.paimon.deletionvectors.append.BaseAppendDeleteFileMaintainer;
import org.apache.paimon.fs.Path;
import org.apache.paimon.index.IndexFileMeta;
import org.apache.paimon.io.CompactIncrement;
import org.apache.paimon.io.DataFileMeta;
import org.apache.paimon.io.DataIncrement;
import org.apache.paimon.manifest.FileKind;
import org.apache.paimon.manifest.IndexManifestEntry;
import org.apache.paimon.options.Options;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.reader.RecordReaderIterator;
import org.apache.paimon.schema.Schema;
import org.apache.paimon.table.BucketMode;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.sink.BatchTableCommit;
import org.apache.paimon.table.sink.BatchTableWrite;
import org.apache.paimon.table.sink.BatchWriteBuilder;
import org.apache.paimon.table.sink.CommitMessage;
import org.apache.paimon.table.sink.CommitMessageImpl;
import org.apache.paimon.table.source.DataSplit;
import org.apache.paimon.table.source.Split;
import org.apache.paimon.types.DataTypes;

public class AppendDelete {
  static void create(Catalog catalog, Identifier name, String[] args) throws Exception {
    Schema.Builder schema = Schema.newBuilder().column("id", DataTypes.INT()).column("v", DataTypes.VARCHAR(20))
        .column("dt", DataTypes.VARCHAR(10)).option("deletion-vectors.enabled", "true");
    for (int i = 3; i < args.length; ++i) {
      String[] option = args[i].split("=", 2);
      if (option[0].equals("partition")) schema.partitionKeys(option[1]);
      else schema.option(option[0], option[1]);
    }
    catalog.createDatabase(name.getDatabaseName(), true);
    catalog.createTable(name, schema.build(), false);
  }

  static void write(FileStoreTable table, int from, int to) throws Exception {
    BatchWriteBuilder builder = table.newBatchWriteBuilder();
    try (BatchTableWrite write = builder.newWrite(); BatchTableCommit commit = builder.newCommit()) {
      for (int id = from; id < to; ++id) {
        write.write(GenericRow.of(id, BinaryString.fromString("v" + id), BinaryString.fromString("p" + id % 2)));
      }
      commit.commit(write.prepareCommit());
    }
  }

  // Positions of the rows in each file, also of those that are deleted already.
  static Map<String, DeletionVector> find(FileStoreTable table, DataSplit split, int column, Set<Integer> values)
      throws Exception {
    boolean wide = table.coreOptions().deletionVectorBitmap64();
    Map<String, DeletionVector> out = new HashMap<>();
    for (DataFileMeta file : split.dataFiles()) {
      DataSplit alone = DataSplit.builder().withSnapshot(split.snapshotId()).withPartition(split.partition())
          .withBucket(split.bucket()).withBucketPath(split.bucketPath()).withTotalBuckets(split.totalBuckets())
          .withDataFiles(List.of(file)).rawConvertible(true).build();
      DeletionVector vector = wide ? new Bitmap64DeletionVector() : new BitmapDeletionVector();
      RecordReader<InternalRow> reader = table.newReadBuilder().newRead().createReader((Split) alone);
      long position = 0;
      try (RecordReaderIterator<InternalRow> rows = new RecordReaderIterator<>(reader)) {
        for (; rows.hasNext(); ++position) if (values.contains(rows.next().getInt(column))) vector.delete(position);
      }
      if (!vector.isEmpty()) out.put(file.fileName(), vector);
    }
    return out;
  }

  static void read(FileStoreTable table) throws Exception {
    Set<Integer> ids = new TreeSet<>();
    int rows = 0;
    for (Split split : table.newReadBuilder().newScan().plan().splits()) {
      RecordReader<InternalRow> reader = table.newReadBuilder().newRead().createReader(split);
      try (RecordReaderIterator<InternalRow> each = new RecordReaderIterator<>(reader)) {
        for (; each.hasNext(); ++rows) ids.add(each.next().getInt(0));
      }
    }
    System.out.println(rows + " rows: " + ids);
  }

  static void delete(FileStoreTable table, int column, Set<Integer> values) throws Exception {
    boolean unaware = table.bucketMode() == BucketMode.BUCKET_UNAWARE;
    var snapshot = table.snapshotManager().latestSnapshot();
    var handler = table.store().newIndexFileHandler();
    Map<String, BaseAppendDeleteFileMaintainer> maintainers = new HashMap<>();
    for (Split each : table.newReadBuilder().newScan().plan().splits()) {
      DataSplit split = (DataSplit) each;
      BaseAppendDeleteFileMaintainer maintainer = maintainers.computeIfAbsent(
          split.partition() + "/" + split.bucket(), key -> unaware
              ? BaseAppendDeleteFileMaintainer.forUnawareAppend(handler, snapshot, split.partition())
              : BaseAppendDeleteFileMaintainer.forBucketedAppend(handler, snapshot, split.partition(), split.bucket()));
      find(table, split, column, values).forEach(maintainer::notifyNewDeletionVector);
    }
    List<CommitMessage> messages = new ArrayList<>();
    for (BaseAppendDeleteFileMaintainer maintainer : maintainers.values()) {
      List<IndexFileMeta> come = new ArrayList<>(), go = new ArrayList<>();
      for (IndexManifestEntry entry : maintainer.persist()) {
        (entry.kind() == FileKind.ADD ? come : go).add(entry.indexFile());
      }
      messages.add(new CommitMessageImpl(maintainer.getPartition(), maintainer.getBucket(),
          table.coreOptions().bucket(), new DataIncrement(List.of(), List.of(), List.of(), come, go),
          CompactIncrement.emptyIncrement()));
    }
    try (BatchTableCommit commit = table.newBatchWriteBuilder().newCommit()) {
      commit.commit(messages);
    }
  }

  public static void main(String[] args) throws Exception {
    Options options = new Options();
    options.set("warehouse", new Path("file://" + args[0]).toString());
    options.set("cache-enabled", "false");
    try (Catalog catalog = CatalogFactory.createCatalog(CatalogContext.create(options))) {
      if (args[2].equals("create")) {
        create(catalog, Identifier.fromString(args[1]), args);
        return;
      }
      FileStoreTable table = (FileStoreTable) catalog.getTable(Identifier.fromString(args[1]));
      if (args[2].equals("write")) {
        write(table, Integer.parseInt(args[3]), Integer.parseInt(args[4]));
        return;
      }
      if (args[2].equals("read")) {
        read(table);
        return;
      }
      Set<Integer> values = new TreeSet<>();
      for (int i = 3; i < args.length; ++i) values.add(Integer.parseInt(args[i]));
      delete(table, table.rowType().getFieldIndex(args[2]), values);
    }
  }
}
