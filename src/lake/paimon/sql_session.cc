// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/sql_session.h"

#include <map>
#include <utility>

#include "base/text.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kForm = "write it as jdbc:mysql://host:3306/database or jdbc:mariadb://host:3306/database";

SqlOpener& TheOpener() {
  static SqlOpener opener;
  return opener;
}

// %41 -> A; what is no escape stays.
std::string Unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' && i + 2 < text.size() ? FromHex(text.substr(i + 1, 2)) : std::nullopt;
    if (byte) i += 2;
    out += byte ? (*byte)[0] : text[i];
  }
  return out;
}

// Of the drivers of MySQL and MariaDB.
Result<SqlTls> TlsOf(const std::map<std::string, std::string>& properties) {
  const auto get = [&](const char* key) {
    const auto found = properties.find(key);
    return found == properties.end() ? std::string() : Lower(found->second);
  };
  std::string mode = get("sslmode");
  for (char& c : mode) c = c == '-' ? '_' : c;
  if (mode.empty()) {
    if (get("usessl") == "false") return SqlTls::kDisabled;
    if (get("verifyservercertificate") == "true") return SqlTls::kVerifyIdentity;
    return get("requiressl") == "true" ? SqlTls::kRequired : SqlTls::kPreferred;
  }
  if (mode == "disabled" || mode == "disable") return SqlTls::kDisabled;
  if (mode == "preferred") return SqlTls::kPreferred;
  if (mode == "required" || mode == "trust") return SqlTls::kRequired;
  if (mode == "verify_identity" || mode == "verify_full") return SqlTls::kVerifyIdentity;
  return Unsupported(Str("option \"uri\": sslMode ", mode, " is not supported"),
                     "use DISABLED, PREFERRED, REQUIRED or VERIFY_IDENTITY");
}

Status ParseHost(std::string_view text, SqlAddress& out) {
  if (text.find(',') != std::string_view::npos) {
    return Unsupported("option \"uri\" names several hosts", "name the one that takes writes");
  }
  if (text.find('@') != std::string_view::npos) {
    return Unsupported("option \"uri\" has a user before the host", "use the options jdbc.user and jdbc.password");
  }
  const size_t bracket = text.rfind(']');  // of an IPv6 address
  const size_t colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  std::string_view host = text.substr(0, has_port ? colon : text.size());
  if (has_port && (!ParseNumber(text.substr(colon + 1), out.port) || out.port == 0)) {
    return Invalid(Str("option \"uri\": \"", text.substr(colon + 1), "\" is no port"), std::string(kForm));
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  out.host = host.empty() ? "localhost" : std::string(host);
  return Ok();
}

}  // namespace

std::string SqlAddress::ToString() const { return Str(host, ":", port, "/", database); }

void SetSqlOpener(SqlOpener opener) { TheOpener() = std::move(opener); }

Result<std::unique_ptr<SqlSession>> OpenSqlSession(const SqlAddress& address) {
  if (TheOpener() == nullptr) return Unsupported("this program has no client for the database of a JDBC catalog");
  return TheOpener()(address);
}

Result<SqlAddress> ParseJdbcAddress(const std::string& uri,
                                    const std::vector<std::pair<std::string, std::string>>& more) {
  std::string_view rest = uri;
  const size_t slashes = rest.find("://");
  const std::string kind = Lower(rest.substr(0, slashes == std::string_view::npos ? rest.find(':', 5) : slashes));
  if (kind != "jdbc:mysql" && kind != "jdbc:mariadb") {
    const bool jdbc = kind.starts_with("jdbc:");
    return Unsupported(jdbc ? Str("option \"uri\": a JDBC catalog in ", kind, " is not supported")
                            : std::string("option \"uri\" is no address of a JDBC catalog"),
                       std::string(kForm));
  }
  rest.remove_prefix(slashes == std::string_view::npos ? rest.size() : slashes + 3);
  const size_t question = rest.find('?');
  std::map<std::string, std::string> properties;
  for (const std::string& pair : Split(question == std::string_view::npos ? "" : rest.substr(question + 1), '&')) {
    const size_t equals = pair.find('=');
    if (equals != std::string::npos) properties[Lower(pair.substr(0, equals))] = Unescaped(pair.substr(equals + 1));
  }
  for (const auto& [key, value] : more) properties.emplace(Lower(key), value);  // the address comes first, as in Java
  const std::string_view place = rest.substr(0, question);
  const size_t slash = place.find('/');
  SqlAddress out;
  TRY(ParseHost(place.substr(0, slash), out));
  if (slash != std::string_view::npos) out.database = Unescaped(place.substr(slash + 1));
  if (out.database.empty()) return Invalid("option \"uri\" names no database", std::string(kForm));
  out.user = properties["user"];
  out.password = properties["password"];
  TRY_SET(out.tls, TlsOf(properties));
  return out;
}

}  // namespace sluice::paimon
