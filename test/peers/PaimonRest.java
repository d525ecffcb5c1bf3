// SPDX-License-Identifier: Apache-2.0
// The REST catalog server of Paimon's own tests over a folder, on a free port of localhost: PaimonRest FOLDER TOKEN
// WAREHOUSE. It prints its address, a line. Each line on standard input makes the next commit lose its answer, the end
// of it ends the server.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Map;
import org.apache.paimon.rest.RESTCatalogServer;
import org.apache.paimon.rest.auth.BearTokenAuthProvider;
import org.apache.paimon.rest.responses.ConfigResponse;

public class PaimonRest {
  public static void main(String[] arguments) throws Exception {
    ConfigResponse config = new ConfigResponse(Map.of("prefix", "paimon"), Map.of());
    RESTCatalogServer server = new RESTCatalogServer(
        arguments[0], new BearTokenAuthProvider(arguments[1]), config, arguments[2]);
    server.start();
    System.out.println(server.getUrl());
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    while (in.readLine() != null) {
      RESTCatalogServer.commitSuccessThrowException = true;
      System.out.println("armed");
    }
    server.shutdown();
    System.exit(0);
  }
}
