// SPDX-License-Identifier: Apache-2.0
// The REST catalog of the Iceberg project's own tests, over its JDBC catalog in memory, on loopback:
//   IcebergRest PORT WAREHOUSE READY-FILE
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;

public class IcebergRest {
  public static void main(String[] args) throws Exception {
    JdbcCatalog catalog = new JdbcCatalog();
    catalog.setConf(new Configuration());
    catalog.initialize("peers", Map.of(
        CatalogProperties.URI, "jdbc:sqlite:" + args[1] + "/catalog.db",
        CatalogProperties.WAREHOUSE_LOCATION, "file://" + args[1],
        "jdbc.schema-version", "V1"));
    Server server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
    ServletContextHandler context = new ServletContextHandler();
    context.addServlet(new ServletHolder(new RESTCatalogServlet(new RESTCatalogAdapter(catalog))), "/*");
    server.setHandler(context);
    server.start();
    Files.writeString(Path.of(args[2]), "ready");
    server.join();
  }
}
