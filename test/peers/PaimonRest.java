// SPDX-License-Identifier: Apache-2.0
// The REST catalog server of Paimon's own tests over a folder, on a free port of localhost: PaimonRest FOLDER TOKEN
// WAREHOUSE, or PaimonRest FOLDER dlf WAREHOUSE ID SECRET SECURITY-TOKEN REGION, which takes requests that are signed by
// either algorithm of DLF, and says that it lends keys of the storage. It prints its address, a line. Each line on standard input makes the next commit lose its answer, the end
// of it ends the server.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HashMap;
import java.util.Map;
import org.apache.paimon.rest.RESTCatalogServer;
import org.apache.paimon.rest.auth.AuthProvider;
import org.apache.paimon.rest.auth.BearTokenAuthProvider;
import org.apache.paimon.rest.auth.DLFDefaultSigner;
import org.apache.paimon.rest.auth.DLFOpenApiSigner;
import org.apache.paimon.rest.auth.DLFRequestSigner;
import org.apache.paimon.rest.auth.DLFToken;
import org.apache.paimon.rest.auth.RESTAuthParameter;
import org.apache.paimon.rest.responses.ConfigResponse;

public class PaimonRest {
  // What Paimon's signers make of the headers that came. The server gives their names in lower case.
  static class Signed implements AuthProvider {
    private final DLFToken keys;
    private final String region;

    Signed(String id, String secret, String securityToken, String region) {
      this.keys = new DLFToken(id, secret, securityToken, null);
      this.region = region;
    }

    @Override
    public Map<String, String> mergeAuthHeader(Map<String, String> came, RESTAuthParameter parameter) {
      Map<String, String> headers = new HashMap<>(came);
      for (String name : new String[] {"Accept", "Content-MD5", "Content-Type", "Date"}) {
        if (came.containsKey(name.toLowerCase())) {
          headers.put(name, headers.remove(name.toLowerCase()));
        }
      }
      boolean open = came.containsKey("x-acs-version");
      DLFRequestSigner signer = open ? new DLFOpenApiSigner() : new DLFDefaultSigner(region);
      if (!keys.getSecurityToken().equals(came.get(open ? "x-acs-security-token" : "x-dlf-security-token"))) {
        return Map.of("Authorization", "nobody");
      }
      try {
        return Map.of("Authorization", signer.authorization(parameter, keys, "", headers));
      } catch (Exception error) {
        throw new RuntimeException(error);
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    boolean signed = arguments.length > 3;
    Map<String, String> defaults = signed
        ? Map.of("prefix", "paimon", "data-token.enabled", "true") : Map.of("prefix", "paimon");
    AuthProvider who = signed
        ? new Signed(arguments[3], arguments[4], arguments[5], arguments[6]) : new BearTokenAuthProvider(arguments[1]);
    ConfigResponse config = new ConfigResponse(defaults, Map.of());
    RESTCatalogServer server = new RESTCatalogServer(arguments[0], who, config, arguments[2]);
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
