// SPDX-License-Identifier: Apache-2.0
// Flink SQL over the Paimon tables of a warehouse, catalog `lake`, in one JVM with a cluster inside: FlinkSql WAREHOUSE.
// The loop of worker.py: a request a line on standard input, {"do":"query","sql":S}, {"do":"sql","script":[S,...]} or
// {"do":"follow","sql":S,"until":K}, the rows of a stream with their kinds up to the one whose first value is K;
// the answer {"ok":{"names":[...],"rows":[[...]]}}, {"ok":null} or {"error":text}. Values are as `sluice read` prints
// them: dates and times ISO, TIMESTAMP_LTZ in UTC with a Z, bytes as hex, decimals as text with all their digits.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

public class FlinkSql {
  static final ObjectMapper JSON = new ObjectMapper();
  static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS");
  static final DateTimeFormatter TIMESTAMP = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS");

  // One cluster for all jobs: to start one for each costs a second.
  static int startCluster() throws Exception {
    Configuration c = new Configuration();
    for (String name : List.of("rest.bind-address", "rest.address")) c.setString(name, "127.0.0.1");
    for (String name : List.of("rest.port", "rest.bind-port")) c.setString(name, "0");
    c.setString("taskmanager.memory.network.fraction", "0.1");
    c.setString("taskmanager.memory.network.max", "128mb");
    c.setString("taskmanager.memory.managed.size", "128mb");
    MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
        .setConfiguration(c).setNumTaskManagers(1).setNumSlotsPerTaskManager(8).build());
    cluster.start();
    return cluster.getRestAddress().get().getPort();
  }

  static TableEnvironment environment(int port, String warehouse, String mode) {
    Configuration c = new Configuration();
    c.setString("execution.target", "remote");
    c.setString("rest.address", "127.0.0.1");
    c.setString("rest.port", String.valueOf(port));
    c.setString("rest.bind-port", "0");  // of the clusters that sys.compact starts on its own
    c.setString("client.retry-period", "20 ms");
    c.setString("execution.runtime-mode", mode);
    c.setString("table.dml-sync", "true");
    c.setString("table.local-time-zone", "UTC");
    c.setString("parallelism.default", "1");
    c.setString("table.exec.resource.default-parallelism", "1");
    TableEnvironment made = TableEnvironment.create(EnvironmentSettings.newInstance().withConfiguration(c).build());
    made.executeSql("CREATE CATALOG lake WITH ('type' = 'paimon', 'cache-enabled' = 'false', 'warehouse' = 'file://"
        + warehouse + "')");
    made.executeSql("USE CATALOG lake");
    return made;
  }

  static Object plain(Object value) {
    if (value instanceof Float f) return Float.isFinite(f) ? new BigDecimal(f.toString()) : f.toString();
    if (value instanceof BigDecimal d) return d.toPlainString();
    if (value instanceof LocalTime t) return TIME.format(t);
    if (value instanceof LocalDateTime t) return TIMESTAMP.format(t);
    if (value instanceof Instant t) return TIMESTAMP.format(LocalDateTime.ofInstant(t, ZoneOffset.UTC)) + "Z";
    if (value instanceof byte[] bytes) return HexFormat.of().formatHex(bytes);
    if (value != null && value.getClass().isArray()) {
      List<Object> out = new ArrayList<>();
      for (int i = 0; i < Array.getLength(value); i++) out.add(plain(Array.get(value, i)));
      return out;
    }
    return value == null || value instanceof Number || value instanceof Boolean ? value : value.toString();
  }

  static Object query(TableEnvironment environment, String sql) throws Exception {
    TableResult result = environment.executeSql(sql);
    List<Object> rows = new ArrayList<>();
    try (CloseableIterator<Row> found = result.collect()) {
      while (found.hasNext()) {
        Row row = found.next();
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < row.getArity(); i++) values.add(plain(row.getField(i)));
        rows.add(values);
      }
    }
    return Map.of("names", result.getResolvedSchema().getColumnNames(), "rows", rows);
  }

  static Object follow(TableEnvironment environment, String sql, String until) throws Exception {
    List<Object> rows = new ArrayList<>();
    try (CloseableIterator<Row> found = environment.executeSql(sql).collect()) {
      for (boolean more = true; more && found.hasNext();) {
        Row row = found.next();
        List<Object> values = new ArrayList<>(List.of(row.getKind().shortString()));
        for (int i = 0; i < row.getArity(); i++) values.add(plain(row.getField(i)));
        rows.add(values);
        more = !until.equals(String.valueOf(row.getField(0)));
      }
    }
    return Map.of("rows", rows);
  }

  static Object answer(TableEnvironment environment, TableEnvironment streaming, JsonNode request) throws Exception {
    String sql = request.path("sql").asText();
    if (request.get("do").asText().equals("follow")) return follow(streaming, sql, request.get("until").asText());
    if (request.get("do").asText().equals("query")) return query(environment, sql);
    for (JsonNode statement : request.get("script")) {
      TableResult result = environment.executeSql(statement.asText());
      if (statement.asText().startsWith("CALL")) result.collect().forEachRemaining(row -> { });
    }
    return null;
  }

  static String reason(Throwable error) {
    StringBuilder out = new StringBuilder();
    for (Throwable at = error; at != null && out.length() < 4000; at = at.getCause())
      out.append(out.length() == 0 ? "" : " <- ").append(at.getClass().getSimpleName()).append(": ").append(at.getMessage());
    return out.toString();
  }

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    int port = startCluster();
    TableEnvironment environment = environment(port, arguments[0], "batch");
    TableEnvironment streaming = environment(port, arguments[0], "streaming");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Map<String, Object> reply = new HashMap<>();
      try {
        reply.put("ok", answer(environment, streaming, JSON.readTree(line)));
      } catch (Throwable error) {
        error.printStackTrace();
        reply.put("error", reason(error));
      }
      out.println(JSON.writeValueAsString(reply));
    }
    System.exit(0);
  }
}
