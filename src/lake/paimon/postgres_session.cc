// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/postgres_session.h"

#include <date/tz.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <map>
#include <utility>

#include "base/text.h"

namespace sluice::paimon {
namespace {

using Clock = std::chrono::steady_clock;

// Classes of SQLSTATE and codes of it: PostgreSQL's appendix A.
constexpr size_t kStateSize = 5;
constexpr std::string_view kNoTable = "42P01", kNoColumn = "42703", kNoSchema = "3F000", kDuplicate = "23505";
constexpr std::string_view kNoDatabase = "3D000", kNoPrivilege = "42501", kReadOnly = "25006";
// Lost, in the way of another, without room, being started or stopped; a request that was given up.
constexpr std::string_view kPassing[] = {"08", "40", "53", "55P03", "57", "58"};

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, Clear>;

// Whether the socket is ready in time.
bool Await(PGconn* connection, int16_t events, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd wait{PQsocket(connection), events, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(std::min<int64_t>(left, 1'000)));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
  }
}

// What libpq says of a failed connection, in one line, without the places in the server's source.
std::string OneLine(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string& line : Split(text, '\n')) {
    std::string_view part = Trim(line);
    const size_t failed = part.find(" failed: ");
    if (part.starts_with("connection to server") && failed != std::string_view::npos) part.remove_prefix(failed + 9);
    if (part.empty() || part.starts_with("LOCATION:")) continue;
    if (std::find(lines.begin(), lines.end(), part) == lines.end()) lines.emplace_back(part);
  }
  return Join(lines, "; ");
}

// Of "FATAL:  28P01: password authentication failed …": libpq gives the code of a refused connection in no other way.
std::string StateIn(std::string_view text) {
  for (const std::string_view level : {"FATAL:  ", "ERROR:  "}) {
    const size_t at = text.find(level);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = text.substr(at + level.size());
    if (rest.size() > kStateSize && rest[kStateSize] == ':') return std::string(rest.substr(0, kStateSize));
  }
  return "";
}

Error ErrorOf(std::string_view state, const std::string& message) {
  if (state.starts_with("28")) {
    return Invalid(message, "check jdbc.user and jdbc.password, and the server's pg_hba.conf");
  }
  for (const std::string_view passing : kPassing) {
    if (state.starts_with(passing)) return Unavailable(message, "check that the server runs and takes connections");
  }
  if (state == kDuplicate) return Conflict(message);
  if (state == kNoTable) return NotFound(message);
  if (state == kNoColumn) return Invalid(message, std::string(kOtherSchemaHint));
  if (state == kNoDatabase) {
    return Invalid(message, "make the database of the JDBC catalog, and give its user all rights on it");
  }
  if (state == kNoSchema) return Invalid(message, "make the schema that currentSchema names, or leave that out");
  if (state == kNoPrivilege) {
    return Invalid(message, "give the user CREATE on the schema, or rights on the tables of the catalog");
  }
  if (state == kReadOnly) return Invalid(message, "name the server that takes writes, not one that follows it");
  return Invalid(message);
}

Error RefusedConnection(const SqlAddress& address, PGconn* connection) {
  const std::string text = OneLine(PQerrorMessage(connection));
  const std::string state = StateIn(text);
  const std::string message = Str("connect to ", address.host, ":", address.port, ": ", text);
  if (!state.empty()) return ErrorOf(state, message);
  const auto says = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  if (says("certificate") || says("does not support SSL")) {
    return Invalid(message, "the server refused TLS, or its certificate is not trusted: see sslmode and sslrootcert");
  }
  if (says("no password supplied")) return Invalid(message, "set jdbc.user and jdbc.password");
  return Unavailable(message, "check that the server runs and that host and port are right");
}

class PostgresSession final : public SqlSession {
 public:
  PostgresSession(PGconn* connection, const SqlAddress& address)
      : connection_(connection), name_(address.ToString()), timeout_(address.request_timeout_ms) {}
  ~PostgresSession() override { PQfinish(connection_); }
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  Result<std::vector<SqlRow>> Query(const std::string& sql) override {
    TRY_SET(const Answer answer, Ask(sql));
    std::vector<SqlRow> rows(static_cast<size_t>(PQntuples(answer.get())));
    for (size_t y = 0; y < rows.size(); ++y) {
      rows[y].resize(static_cast<size_t>(PQnfields(answer.get())));
      for (size_t x = 0; x < rows[y].size(); ++x) {
        const int row = static_cast<int>(y), column = static_cast<int>(x);
        if (PQgetisnull(answer.get(), row, column) != 0) continue;
        rows[y][x].emplace(PQgetvalue(answer.get(), row, column),
                           static_cast<size_t>(PQgetlength(answer.get(), row, column)));
      }
    }
    return rows;
  }
  Result<int64_t> Change(const std::string& sql) override {
    TRY_SET(const Answer answer, Ask(sql));
    int64_t rows = 0;
    (void)ParseNumber(std::string_view(PQcmdTuples(answer.get())), rows);
    return rows;
  }
  std::string NamesOfTables() const override {
    return "SELECT table_name FROM information_schema.tables WHERE table_schema = ANY (current_schemas(false))";
  }
  std::string SecondsSince(std::string_view column) const override {
    return Str("EXTRACT(EPOCH FROM AGE(NOW(), ", column, "))");
  }

 private:
  // One statement; the last answer, which is a success.
  Result<Answer> Ask(const std::string& sql) {
    const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_);
    if (PQsendQuery(connection_, sql.c_str()) == 0) return Lost();
    Answer last;
    while (true) {
      while (PQisBusy(connection_) != 0) {
        if (!Await(connection_, POLLIN, deadline)) {
          return Unavailable(Str(name_, ": no answer of the server within ", timeout_ / 1000, " s"),
                             "see what it waits for in pg_stat_activity");
        }
        if (PQconsumeInput(connection_) == 0) return Lost();
      }
      Answer next(PQgetResult(connection_));
      if (next == nullptr) break;
      last = std::move(next);
    }
    if (last == nullptr) return Lost();
    const ExecStatusType status = PQresultStatus(last.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return last;
    const char* state = PQresultErrorField(last.get(), PG_DIAG_SQLSTATE);
    const char* text = PQresultErrorField(last.get(), PG_DIAG_MESSAGE_PRIMARY);
    if (state == nullptr) return Lost();
    return ErrorOf(state, Str(name_, ": ", sql.substr(0, kShownOfStatement), ": ", text == nullptr ? "" : text,
                              " (SQLSTATE ", state, ")"));
  }
  Error Lost() const {
    return Unavailable(Str(name_, ": the connection is lost: ", OneLine(PQerrorMessage(connection_))),
                       "check that the server runs");
  }

  PGconn* const connection_;
  const std::string name_;
  const int64_t timeout_;  // ms
};

Status Login(PGconn* connection, const SqlAddress& address) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(address.connect_timeout_ms);
  if (PQstatus(connection) == CONNECTION_BAD) return RefusedConnection(address, connection);
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);  // libpq's own prints
  PostgresPollingStatusType step = PGRES_POLLING_WRITING;
  while (step != PGRES_POLLING_OK) {
    if (step == PGRES_POLLING_FAILED) return RefusedConnection(address, connection);
    if (!Await(connection, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) {
      return Unavailable(Str("connect to ", address.host, ":", address.port, ": no answer within ",
                             address.connect_timeout_ms / 1000, " s"),
                         "check that the server runs and that host and port are right");
    }
    step = PQconnectPoll(connection);
  }
  return Ok();
}

// The name of this machine's zone: Java's driver gives it to its sessions too, and the times of locks have no zone.
std::string Zone() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment
  const char* set = std::getenv("TZ");
  std::string_view name = set == nullptr ? "" : set;
  if (name.starts_with(':')) name.remove_prefix(1);
  constexpr std::string_view kFolder = "zoneinfo/";
  if (const size_t at = name.find(kFolder); at != std::string_view::npos) name.remove_prefix(at + kFolder.size());
  if (!name.empty() && name[0] != '/') return std::string(name);
  try {
    return date::current_zone()->name();
  } catch (const std::exception&) {
    return "UTC";
  }
}

std::string Setting(const SqlSession& session, std::string_view name, std::string_view value) {
  return Str("SELECT set_config(", session.Quote(name), ", ", session.Quote(value), ", false)");
}

}  // namespace

Result<std::unique_ptr<SqlSession>> OpenPostgresSession(const SqlAddress& address) {
  std::map<std::string, std::string> words = {{"application_name", "sluice"}, {"gssencmode", "disable"}};
  for (const auto& [keyword, value] : address.settings) words[keyword] = value;
  words["host"] = address.host;
  words["port"] = Str(address.port);
  words["dbname"] = address.database;
  words["client_encoding"] = "UTF8";
  if (!address.user.empty()) words["user"] = address.user;
  if (!address.password.empty()) words["password"] = address.password;
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : words) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* connection = PQconnectStartParams(keys.data(), values.data(), /*expand_dbname=*/0);
  if (connection == nullptr) return Unavailable("out of memory for a connection");
  auto session = std::make_unique<PostgresSession>(connection, address);
  TRY(Login(connection, address));
  // As literals are quoted here, whatever the server's own setting is.
  TRY(session->Query(Setting(*session, "standard_conforming_strings", "on")));
  TRY(session->Query(Setting(*session, "lock_timeout", "30s")));
  if (!session->Query(Setting(*session, "TimeZone", Zone())).ok()) {
    return Invalid(Str(address.ToString(), ": the server does not know this machine's time zone, ", Zone()),
                   "set TZ to one that pg_timezone_names has");
  }
  if (!address.search_path.empty()) TRY(session->Query(Setting(*session, "search_path", address.search_path)));
  return std::unique_ptr<SqlSession>(std::move(session));
}

}  // namespace sluice::paimon
