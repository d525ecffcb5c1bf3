// SPDX-License-Identifier: Apache-2.0
#include "lake/catalog/hive_client.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/text.h"

namespace sluice::hive {
namespace {

constexpr int kUnknownMethod = 1;  // of TApplicationException
constexpr const char* kPlainHint =
    "the metastore must speak plain Thrift: hive.metastore.sasl.enabled, hive.metastore.use.SSL and "
    "hive.metastore.thrift.framed.transport.enabled must be false there, and the address must be the metastore's";
constexpr std::array kReadFails = {ErrorCode::kUnavailable, ErrorCode::kNotFound};
constexpr std::array kLockFails = {ErrorCode::kNotFound, ErrorCode::kInvalid, ErrorCode::kNotFound};

ThriftValue Struct(std::vector<std::pair<int16_t, ThriftValue>> fields) {
  ThriftValue out;
  for (auto& [id, value] : fields) out.Set(id, std::move(value));
  return out;
}

ThriftValue Text(const std::string& text) { return ThriftValue::Text(text); }
ThriftValue Enum(int value) { return ThriftValue::Number(ThriftType::kI32, value); }
ThriftValue Long(int64_t value) { return ThriftValue::Number(ThriftType::kI64, value); }

std::string UserOfProcess() {
  if (const char* user = std::getenv("HADOOP_USER_NAME"); user != nullptr && *user != 0) return user;
  if (const passwd* entry = ::getpwuid(::geteuid()); entry != nullptr) return entry->pw_name;
  return "sluice";
}

std::string HostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

Error OfException(ErrorCode code, std::string message) {
  if (message.empty()) message = "the server says nothing more";
  if (code == ErrorCode::kUnavailable && message.find("The table has been modified") != std::string::npos) {
    code = ErrorCode::kConflict;  // expected_parameter_value was another
  }
  return {code, std::move(message), {}};
}

Result<Lock> LockOf(const ThriftValue& result) {
  const ThriftValue* answer = result.Find(0);
  if (answer == nullptr) return Corrupt("the metastore answers without a lock");
  const int64_t state = answer->NumberAt(2, 0);
  const LockState known =
      state == 1 ? LockState::kAcquired : state == 2 ? LockState::kWaiting : LockState::kLost;
  return Lock{answer->NumberAt(1, 0), known};
}

Result<Address> ParseUri(std::string_view text) {
  constexpr std::string_view kScheme = "thrift://";
  const size_t end = text.find("://");
  if (end != std::string_view::npos && !text.starts_with(kScheme)) {
    return Unsupported(Str("Hive metastore ", text, ": only thrift:// is supported"), "write thrift://host:port");
  }
  Address out;
  std::string_view rest = end == std::string_view::npos ? std::string_view() : text.substr(kScheme.size());
  while (rest.ends_with('/')) rest.remove_suffix(1);
  size_t colon = rest.rfind(':');
  if (rest.ends_with(']')) colon = std::string_view::npos;  // [::1]
  std::string_view host = rest.substr(0, colon);
  const bool port = colon == std::string_view::npos || ParseNumber(rest.substr(colon + 1), out.port);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || !port || out.port < 1 || out.port > 65535) {
    return Invalid(Str("\"", text, "\" is no address of a Hive metastore"), "write thrift://host:port");
  }
  out.host = std::string(host);
  return out;
}

}  // namespace

Result<std::vector<Address>> ParseUris(std::string_view uris) {
  std::vector<Address> out;
  for (const std::string& part : Split(uris, ',')) {
    const std::string_view uri = Trim(part);
    if (uri.empty()) continue;
    TRY_SET(out.emplace_back(), ParseUri(uri));
  }
  if (out.empty()) return Invalid("no address of a Hive metastore is given", "write thrift://host:port");
  return out;
}

Status CheckClientSettings(const TextMap& settings) {
  for (const auto& [key, value] : settings) {
    std::string name = Lower(key);
    if (name.starts_with("hive.")) name.erase(0, 5);
    const bool on = EqualsIgnoreCase(Trim(value), "true");
    const bool switched = name == "metastore.sasl.enabled" || name == "metastore.use.ssl" ||
                          name == "metastore.thrift.framed.transport.enabled" ||
                          name == "metastore.thrift.compact.protocol.enabled";
    const bool kerberos = name.starts_with("metastore.kerberos.") || name == "security.kerberos.login.principal" ||
                          name == "security.kerberos.login.keytab";
    const bool http = name == "metastore.client.thrift.transport.mode" && EqualsIgnoreCase(Trim(value), "http");
    const bool password = name == "metastore.client.auth.mode" && !EqualsIgnoreCase(Trim(value), "NOSASL");
    if (!(switched && on) && !kerberos && !http && !password) continue;
    return Unsupported(Str(key, ": the Hive metastore is spoken to by plain Thrift only"), kPlainHint);
  }
  return Ok();
}

Result<std::unique_ptr<Client>> Client::Make(std::string_view uris, Dial dial) {
  TRY_SET(auto servers, ParseUris(uris));
  return std::unique_ptr<Client>(new Client(std::move(servers), std::move(dial), UserOfProcess()));
}

std::string Client::Peer() const {
  return Str("Hive metastore thrift://", servers_[server_].host, ":", servers_[server_].port);
}

// To the first server that answers, beginning with the last one that did.
Status Client::Connect() {
  if (stream_ != nullptr && stream_->Fresh()) return Ok();
  stream_.reset();
  Error last;
  for (size_t i = 0; i < servers_.size(); ++i, server_ = (server_ + 1) % servers_.size()) {
    auto made = dial_(servers_[server_].host, servers_[server_].port);
    Status known = made.ok() ? Ok() : Status(std::move(made).error());
    if (known.ok()) {
      stream_ = *std::move(made);
      known = Introduce();
    }
    if (known.ok()) return known;
    stream_.reset();
    last = std::move(known).error().With(Peer());
    if (last.code == ErrorCode::kUnavailable && last.hint.empty()) {
      last.hint = "is it up, and is the address right?";
    }
  }
  return last;
}

// Files and folders that the server makes are made for this user.
Status Client::Introduce() {
  bool sent = false;
  auto answer = Exchange("set_ugi", Struct({{1, Text(user_)}, {2, ThriftValue::Texts({user_})}}), sent);
  if (answer.ok()) return Ok();  // an exception too: who does not know the call does without it
  Error error = std::move(answer).error();
  error.hint = kPlainHint;
  return error;
}

Result<ThriftMessage> Client::Exchange(const std::string& name, const ThriftValue& arguments, bool& sent) {
  const int32_t sequence = ++sequence_;
  TRY(stream_->Send(EncodeThrift({ThriftKind::kCall, name, sequence, arguments})));
  sent = true;
  TRY_SET(ThriftMessage answer, ReadThrift(*stream_));
  if (answer.kind == ThriftKind::kCall || answer.sequence != sequence || answer.name != name) {
    return Corrupt(Str("it answers ", name, " by ", answer.name, " number ", answer.sequence));
  }
  return answer;
}

Result<ThriftValue> Client::Call(const std::string& name, ThriftValue arguments, std::span<const ErrorCode> exceptions,
                                 Kind kind) {
  for (int tries = 1;; ++tries) {
    TRY(Connect());
    bool sent = false;
    auto answer = Exchange(name, arguments, sent);
    const std::string where = Str(Peer(), ", ", name);
    if (!answer.ok()) {
      stream_.reset();
      Error error = std::move(answer).error().With(where);
      const bool passing = error.code == ErrorCode::kUnavailable;
      if (passing && tries == 1 && (kind == Kind::kRead || !sent)) continue;
      if (kind == Kind::kChange && sent) error.code = ErrorCode::kUnknownOutcome;
      return error;
    }
    ThriftValue& body = answer->body;
    if (answer->kind == ThriftKind::kException) {
      const bool unknown = body.NumberAt(2, 0) == kUnknownMethod;
      return OfException(unknown ? ErrorCode::kUnsupported : ErrorCode::kUnavailable, body.TextAt(1)).With(where);
    }
    for (size_t i = 0; i < exceptions.size(); ++i) {
      const ThriftValue* thrown = body.Find(static_cast<int16_t>(i + 1));
      if (thrown != nullptr) return OfException(exceptions[i], thrown->TextAt(1)).With(where);
    }
    return std::move(body);
  }
}

Result<std::vector<std::string>> Client::Databases() {
  TRY_SET(const ThriftValue result, Call("get_all_databases", {}, kReadFails, Kind::kRead));
  return result.TextsAt(0);
}

Result<ThriftValue> Client::Database(const std::string& name) {
  constexpr std::array kFails = {ErrorCode::kNotFound, ErrorCode::kUnavailable};
  TRY_SET(const ThriftValue result, Call("get_database", Struct({{1, Text(name)}}), kFails, Kind::kRead));
  const ThriftValue* database = result.Find(0);
  if (database == nullptr) return Corrupt(Str(Peer(), " answers without the database ", name));
  return *database;
}

Status Client::CreateDatabase(ThriftValue database) {
  constexpr std::array kFails = {ErrorCode::kConflict, ErrorCode::kInvalid, ErrorCode::kUnavailable};
  auto done = Call("create_database", Struct({{1, std::move(database)}}), kFails, Kind::kChange);
  return done.ok() ? Ok() : Status(std::move(done).error());
}

Result<std::vector<std::string>> Client::Tables(const std::string& database) {
  TRY_SET(const ThriftValue result, Call("get_all_tables", Struct({{1, Text(database)}}), kReadFails, Kind::kRead));
  return result.TextsAt(0);
}

Result<ThriftValue> Client::Table(const std::string& database, const std::string& name) {
  const ThriftValue arguments = Struct({{1, Text(database)}, {2, Text(name)}});
  auto result = Call("get_table", arguments, kReadFails, Kind::kRead);
  const bool newer = !result.ok() && result.error().code == ErrorCode::kUnsupported;  // Hive 4 has the other only
  if (newer) result = Call("get_table_req", Struct({{1, arguments}}), kReadFails, Kind::kRead);
  if (!result.ok()) return std::move(result).error();
  const ThriftValue* table = result->Find(0);
  if (table != nullptr && newer) table = table->Find(1);
  if (table == nullptr) return Corrupt(Str(Peer(), " answers without the table ", database, ".", name));
  return *table;
}

Result<std::vector<ThriftValue>> Client::TablesOf(const std::string& database) {
  constexpr size_t kAtOnce = 100;
  constexpr std::array kFails = {ErrorCode::kUnavailable, ErrorCode::kInvalid, ErrorCode::kNotFound};
  TRY_SET(const auto names, Tables(database));
  std::vector<ThriftValue> out;
  for (size_t i = 0; i < names.size(); i += kAtOnce) {
    std::vector<std::string> some;
    for (size_t n = i; n < std::min(i + kAtOnce, names.size()); ++n) some.push_back(names[n]);
    ThriftValue request = Struct({{1, Text(database)}, {2, ThriftValue::Texts(some)}});
    TRY_SET(const ThriftValue result,
            Call("get_table_objects_by_name_req", Struct({{1, std::move(request)}}), kFails, Kind::kRead));
    const ThriftValue* answer = result.Find(0);
    const ThriftValue* tables = answer == nullptr ? nullptr : answer->Find(1);
    if (tables == nullptr) return Corrupt(Str(Peer(), " answers without the tables of ", database));
    for (const ThriftValue& table : tables->items) {
      if (table.type == ThriftType::kStruct) out.push_back(table);
    }
  }
  return out;
}

Status Client::CreateTable(ThriftValue table) {
  constexpr std::array kFails = {ErrorCode::kConflict, ErrorCode::kInvalid, ErrorCode::kUnavailable,
                                 ErrorCode::kNotFound};
  auto done = Call("create_table", Struct({{1, std::move(table)}}), kFails, Kind::kChange);
  return done.ok() ? Ok() : Status(std::move(done).error());
}

Status Client::AlterTable(const std::string& database, const std::string& name, ThriftValue table,
                          const TextMap& context) {
  constexpr std::array kFails = {ErrorCode::kInvalid, ErrorCode::kUnavailable};
  ThriftValue arguments = Struct({{1, Text(database)}, {2, Text(name)}, {3, std::move(table)}});
  arguments.Set(4, Struct({{1, ThriftValue::Map(context)}}));
  auto done = Call("alter_table_with_environment_context", std::move(arguments), kFails, Kind::kChange);
  return done.ok() ? Ok() : Status(std::move(done).error());
}

Status Client::DropTable(const std::string& database, const std::string& name, bool with_data) {
  constexpr std::array kFails = {ErrorCode::kNotFound, ErrorCode::kUnavailable};
  ThriftValue arguments = Struct({{1, Text(database)}, {2, Text(name)}});
  arguments.Set(3, ThriftValue::Number(ThriftType::kBool, with_data));
  auto done = Call("drop_table", std::move(arguments), kFails, Kind::kChange);
  return done.ok() ? Ok() : Status(std::move(done).error());
}

Result<Lock> Client::LockTable(const std::string& database, const std::string& name, const std::string& agent) {
  constexpr int kExclusive = 3, kTable = 2;
  ThriftValue component =
      Struct({{1, Enum(kExclusive)}, {2, Enum(kTable)}, {3, Text(database)}, {4, Text(name)}});
  ThriftValue request = Struct({{1, ThriftValue::List(ThriftType::kStruct, {std::move(component)})},
                                {3, Text(user_)},
                                {4, Text(HostName())},
                                {5, Text(agent)}});
  TRY_SET(const ThriftValue result, Call("lock", Struct({{1, std::move(request)}}), kLockFails, Kind::kChange));
  return LockOf(result);
}

Result<Lock> Client::CheckLock(int64_t id) {
  TRY_SET(const ThriftValue result,
          Call("check_lock", Struct({{1, Struct({{1, Long(id)}})}}), kLockFails, Kind::kRead));
  return LockOf(result);
}

Status Client::Unlock(int64_t id) {
  auto done = Call("unlock", Struct({{1, Struct({{1, Long(id)}})}}), kLockFails, Kind::kChange);
  return done.ok() ? Ok() : Status(std::move(done).error());
}

Status Client::Heartbeat(int64_t id) {
  auto done = Call("heartbeat", Struct({{1, Struct({{1, Long(id)}})}}), kLockFails, Kind::kRead);
  return done.ok() ? Ok() : Status(std::move(done).error());
}

}  // namespace sluice::hive
