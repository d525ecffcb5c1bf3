// SPDX-License-Identifier: Apache-2.0
// Paimon tables with a column VARIANT by Paimon's Java code: Flink's SQL has the type from 2.1 on only.
//   VariantTable WAREHOUSE DATABASE.TABLE create OPTION=VALUE...   key: id; without `key`: none
//   VariantTable WAREHOUSE DATABASE.TABLE write FROM TO NAME       rows (id, v, a, r, n), n = NAME
//   VariantTable WAREHOUSE DATABASE.TABLE read                     prints the rows as JSON lines, by id and n

import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.apache.paimon.catalog.Catalog;
import org.apache.paimon.catalog.CatalogContext;
import org.apache.paimon.catalog.CatalogFactory;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.GenericArray;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.data.InternalArray;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.data.variant.GenericVariant;
import org.apache.paimon.data.variant.Variant;
import org.apache.paimon.disk.IOManager;
import org.apache.paimon.fs.Path;
import org.apache.paimon.options.Options;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.reader.RecordReaderIterator;
import org.apache.paimon.schema.Schema;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.sink.BatchTableCommit;
import org.apache.paimon.table.sink.BatchTableWrite;
import org.apache.paimon.table.sink.BatchWriteBuilder;
import org.apache.paimon.table.source.Split;
import org.apache.paimon.types.DataTypes;

public class VariantTable {
  static final String[] VALUES = {
    "{\"name\":\"ä漢😀\",\"n\":1,\"deep\":{\"list\":[1,null,true,{\"x\":[]}],\"empty\":{}},\"a\":-2.5}",
    "null", "true", "[]", "\"\"", "\"a \\\"quoted\\\" text that is longer than sixty-three bytes, so that it has a size of its own\"",
    "9007199254740993", "-1", "1234.5678", "1e300", "-70000", "40000", "12345678901234567890.123456789",
    "[[1,2],[3],[\"x\",{\"k\":\"v\"}]]", "{\"b\":1,\"a\":{\"b\":2,\"c\":\"b\"}}",
  };

  static Variant value(int row) {
    return row % 7 == 3 ? null : GenericVariant.fromJson(VALUES[row % VALUES.length]);
  }

  static void create(Catalog catalog, Identifier name, String[] args) throws Exception {
    Schema.Builder schema = Schema.newBuilder().column("id", DataTypes.INT().notNull())
        .column("v", DataTypes.VARIANT()).column("a", DataTypes.ARRAY(DataTypes.VARIANT()))
        .column("r", DataTypes.ROW(DataTypes.FIELD(10, "x", DataTypes.VARIANT()),
            DataTypes.FIELD(11, "y", DataTypes.INT()))).column("n", DataTypes.STRING());
    for (int i = 3; i < args.length; ++i) {
      String[] option = args[i].split("=", 2);
      if (option[0].equals("key")) schema.primaryKey("id");
      else schema.option(option[0], option[1]);
    }
    catalog.createDatabase(name.getDatabaseName(), true);
    catalog.createTable(name, schema.build(), false);
  }

  static void write(Table table, int from, int to, String text) throws Exception {
    BatchWriteBuilder builder = table.newBatchWriteBuilder();
    try (BatchTableWrite write = builder.newWrite(); BatchTableCommit commit = builder.newCommit()) {
      write.withIOManager(IOManager.create("/tmp"));
      for (int row = from; row < to; ++row) {
        Object list = row % 5 == 2 ? null : new GenericArray(new Object[] {value(row + 1), value(row + 2)});
        Object pair = row % 5 == 4 ? null : GenericRow.of(value(row + 3), row);
        write.write(GenericRow.of(row, value(row), list, pair, BinaryString.fromString(text)));
      }
      commit.commit(write.prepareCommit());
    }
  }

  static String json(Variant value) {
    return value == null ? "null" : ((GenericVariant) value).toJson(ZoneOffset.UTC);
  }

  static String line(InternalRow row) {
    StringBuilder out = new StringBuilder("{\"id\":" + row.getInt(0));
    out.append(",\"v\":").append(row.isNullAt(1) ? "null" : json(row.getVariant(1))).append(",\"a\":");
    if (row.isNullAt(2)) out.append("null");
    else {
      InternalArray list = row.getArray(2);
      List<String> items = new ArrayList<>();
      for (int i = 0; i < list.size(); ++i) items.add(list.isNullAt(i) ? "null" : json(list.getVariant(i)));
      out.append('[').append(String.join(",", items)).append(']');
    }
    out.append(",\"r\":");
    if (row.isNullAt(3)) out.append("null");
    else {
      InternalRow pair = row.getRow(3, 2);
      out.append("{\"x\":").append(pair.isNullAt(0) ? "null" : json(pair.getVariant(0)));
      out.append(",\"y\":").append(pair.getInt(1)).append('}');
    }
    return out.append(",\"n\":\"").append(row.getString(4)).append("\"}").toString();
  }

  static void read(Table table) throws Exception {
    List<String> lines = new ArrayList<>();
    for (Split split : table.newReadBuilder().newScan().plan().splits()) {
      RecordReader<InternalRow> reader = table.newReadBuilder().newRead().createReader(split);
      try (RecordReaderIterator<InternalRow> rows = new RecordReaderIterator<>(reader)) {
        while (rows.hasNext()) lines.add(line(rows.next()));
      }
    }
    lines.forEach(System.out::println);
  }

  public static void main(String[] args) throws Exception {
    Options options = new Options();
    options.set("warehouse", args[0]);
    try (Catalog catalog = CatalogFactory.createCatalog(CatalogContext.create(options))) {
      Identifier name = Identifier.fromString(args[1]);
      if (args[2].equals("create")) create(catalog, name, args);
      else if (args[2].equals("read")) read(catalog.getTable(name));
      else write(catalog.getTable(name), Integer.parseInt(args[3]), Integer.parseInt(args[4]), args[5]);
    }
  }
}
