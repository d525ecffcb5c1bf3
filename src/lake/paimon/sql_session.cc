// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/sql_session.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/text.h"
#include "lake/paimon/postgres_session.h"
#include "lake/paimon/sqlite_session.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kForm =
    "write it as jdbc:mysql://host:3306/database, jdbc:mariadb://host:3306/database, "
    "jdbc:postgresql://host:5432/database or jdbc:sqlite:/folder/file";
constexpr uint16_t kPostgresPort = 5432;

using Properties = std::map<std::string, std::string>;  // names in lower case

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
Result<SqlTls> TlsOf(const Properties& properties) {
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

Properties PropertiesOf(std::string_view query, const std::vector<std::pair<std::string, std::string>>& more) {
  Properties out;
  for (const std::string& pair : Split(query, '&')) {
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string value = Unescaped(std::string_view(pair).substr(std::min(equals + 1, pair.size())));
    if (equals > 0) out[Lower(pair.substr(0, equals))] = value;
  }
  for (const auto& [key, value] : more) out.emplace(Lower(key), value);  // the address comes first, as in Java
  return out;
}

std::string Taken(Properties& properties, const std::string& key) {
  auto found = properties.extract(key);
  return found.empty() ? "" : found.mapped();
}

Status TakeSeconds(Properties& properties, const std::string& key, int64_t& ms) {
  const std::string text = Taken(properties, key);
  int64_t seconds = 0;
  if (text.empty()) return Ok();
  if (!ParseNumber(text, seconds) || seconds < 0 || seconds > 86'400) {
    return Invalid(Str("option \"uri\": ", key, " \"", text, "\" is not a number of seconds between 0 and 86400"));
  }
  if (seconds > 0) ms = seconds * 1000;  // 0 is for ever; the bound stays
  return Ok();
}

// Of the driver of PostgreSQL, whose modes are libpq's.
Status TakeTls(Properties& properties, SqlAddress& out) {
  constexpr std::array kModes = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};
  const bool named = properties.contains("ssl");  // without a value it means true
  const std::string ssl = Lower(Taken(properties, "ssl"));
  std::string mode = Lower(Taken(properties, "sslmode"));
  if (mode.empty()) mode = named && (ssl.empty() || ssl == "true") ? "verify-full" : "prefer";
  if (std::find(kModes.begin(), kModes.end(), mode) == kModes.end()) {
    return Unsupported(Str("option \"uri\": sslmode ", mode, " is not supported"),
                       "use disable, allow, prefer, require, verify-ca or verify-full");
  }
  out.settings["sslmode"] = mode;
  return Ok();
}

Status TakePostgresProperties(Properties& properties, SqlAddress& out) {
  constexpr std::array kOfJava = {"sslfactory",    "sslfactoryarg",    "sslhostnameverifier",
                                  "socketfactory", "socketfactoryarg", "sslpasswordcallback",
                                  "jaaslogin",     "kerberosservername", "authenticationpluginclassname"};
  for (const char* key : kOfJava) {
    if (!properties.contains(key)) continue;
    return Unsupported(Str("option \"uri\": the property ", key, " of the driver is not supported"),
                       "only passwords and certificates are: sslmode, sslrootcert, sslcert, sslkey");
  }
  TRY(TakeTls(properties, out));
  TRY(TakeSeconds(properties, "logintimeout", out.connect_timeout_ms));
  TRY(TakeSeconds(properties, "connecttimeout", out.connect_timeout_ms));
  TRY(TakeSeconds(properties, "sockettimeout", out.request_timeout_ms));
  out.search_path = Taken(properties, "currentschema");
  constexpr std::array<std::pair<const char*, const char*>, 7> kKeywords = {{{"sslrootcert", "sslrootcert"},
                                                                             {"sslcert", "sslcert"},
                                                                             {"sslkey", "sslkey"},
                                                                             {"sslpassword", "sslpassword"},
                                                                             {"channelbinding", "channel_binding"},
                                                                             {"applicationname", "application_name"},
                                                                             {"options", "options"}}};
  for (const auto& [key, keyword] : kKeywords) {
    const std::string value = Taken(properties, key);
    if (!value.empty()) out.settings[keyword] = value;
  }
  return Ok();
}

Result<SqlAddress> ParsePostgres(std::string_view place, Properties properties) {
  SqlAddress out{.kind = SqlKind::kPostgres, .host = "localhost", .port = kPostgresPort};
  out.user = Taken(properties, "user");
  out.password = Taken(properties, "password");
  if (place.starts_with("//")) {
    place.remove_prefix(2);
    const size_t slash = place.find('/');
    TRY(ParseHost(place.substr(0, slash), out));
    place = slash == std::string_view::npos ? "" : place.substr(slash + 1);
  } else if (place.starts_with('/')) {
    place.remove_prefix(1);
  }
  out.database = place.empty() ? out.user : Unescaped(place);  // as in Java
  if (out.database.empty()) return Invalid("option \"uri\" names no database", std::string(kForm));
  TRY(TakePostgresProperties(properties, out));
  for (const auto& [key, value] : properties) out.ignored.push_back(key);
  return out;
}

bool IsWord(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

Result<SqlAddress> ParseSqlite(std::string_view place, Properties properties) {
  SqlAddress out{.kind = SqlKind::kSqlite, .host = "", .port = 0, .database = std::string(place)};
  const std::string mode = Lower(properties.contains("mode") ? properties["mode"] : "");
  if (place.empty() || place.find(":memory:") != std::string_view::npos || mode == "memory") {
    return Unsupported("option \"uri\": a catalog in the memory of one process is not supported", "name a file");
  }
  if (place.starts_with(":resource:")) {
    return Unsupported("option \"uri\": a file among Java's resources is not supported", "name a file");
  }
  for (const char* pragma : {"busy_timeout", "journal_mode", "synchronous"}) {
    const std::string value = Taken(properties, pragma);
    if (value.empty()) continue;
    if (!IsWord(value)) return Invalid(Str("option \"uri\": ", pragma, " \"", value, "\" is no word or number"));
    out.settings[pragma] = value;
  }
  const bool is_uri = place.starts_with("file:");
  std::string query;
  for (const auto& [key, value] : properties) {
    if (!is_uri || key == "user" || key == "password") {
      out.ignored.push_back(key);
    } else {
      query += Str(query.empty() ? "?" : "&", key, "=", value);
    }
  }
  out.database += query;
  return out;
}

Result<SqlAddress> ParseMysql(std::string_view place, Properties properties) {
  if (!place.starts_with("//")) return Invalid("option \"uri\" names no host", std::string(kForm));
  place.remove_prefix(2);
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

}  // namespace

std::string SqlSession::Quote(std::string_view text) const {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

std::string SqlAddress::ToString() const {
  return kind == SqlKind::kSqlite ? database : Str(host, ":", port, "/", database);
}

void SetSqlOpener(SqlOpener opener) { TheOpener() = std::move(opener); }

Result<std::unique_ptr<SqlSession>> OpenSqlSession(const SqlAddress& address) {
  if (address.kind == SqlKind::kPostgres) return OpenPostgresSession(address);
  if (address.kind == SqlKind::kSqlite) return OpenSqliteSession(address);
  if (TheOpener() == nullptr) return Unsupported("this program has no client for the database of a JDBC catalog");
  return TheOpener()(address);
}

Result<SqlAddress> ParseJdbcAddress(const std::string& uri,
                                    const std::vector<std::pair<std::string, std::string>>& more) {
  constexpr size_t kPrefix = 5;  // jdbc:
  const std::string_view all = uri;
  const bool jdbc = Lower(all.substr(0, kPrefix)) == "jdbc:";
  const size_t colon = jdbc ? all.find(':', kPrefix) : std::string_view::npos;
  const std::string kind = jdbc ? Lower(all.substr(0, colon)) : "";
  const std::string_view rest = colon == std::string_view::npos ? "" : all.substr(colon + 1);
  const size_t question = rest.find('?');
  const std::string_view place = rest.substr(0, question);
  auto properties = PropertiesOf(question == std::string_view::npos ? "" : rest.substr(question + 1), more);
  if (kind == "jdbc:mysql" || kind == "jdbc:mariadb") return ParseMysql(place, std::move(properties));
  if (kind == "jdbc:postgresql") return ParsePostgres(place, std::move(properties));
  if (kind == "jdbc:sqlite") return ParseSqlite(place, std::move(properties));
  return Unsupported(jdbc ? Str("option \"uri\": a JDBC catalog in ", kind, " is not supported")
                          : std::string("option \"uri\" is no address of a JDBC catalog"),
                     std::string(kForm));
}

}  // namespace sluice::paimon
