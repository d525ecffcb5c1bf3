// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/connection.h"

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <sys/socket.h>

#include <algorithm>
#include <mutex>

#include "base/bytes.h"
#include "base/text.h"
#include "connector/mysql/packet_reader.h"
#include "format/mysql/text_row.h"

namespace sluice::mysql {
namespace {

constexpr unsigned int kAccessDeniedNoPassword = 1698;

bool IsAccessError(unsigned int code) {
  return code == ER_ACCESS_DENIED_ERROR || code == ER_DBACCESS_DENIED_ERROR || code == ER_HOST_NOT_PRIVILEGED ||
         code == kAccessDeniedNoPassword || code == CR_AUTH_PLUGIN_CANNOT_LOAD;
}

bool IsLost(unsigned int code) {
  return code == CR_SERVER_GONE_ERROR || code == CR_SERVER_LOST || code == CR_CONNECTION_ERROR ||
         code == CR_CONN_HOST_ERROR || code == CR_SERVER_LOST_EXTENDED || code == CR_UNKNOWN_HOST ||
         code == CR_MALFORMED_PACKET || code == ER_SERVER_SHUTDOWN || code == ER_CON_COUNT_ERROR ||
         code == ER_NET_READ_ERROR || code == ER_NET_READ_INTERRUPTED || code == ER_LOCK_WAIT_TIMEOUT ||
         code == ER_LOCK_DEADLOCK || code == 1927 /* ER_CONNECTION_KILLED */;
}

// What to do about an error of the server that reads its log for us.
std::string_view HintForLog(std::string_view text) {
  const auto says = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  if (says("could not find first log") || says("Could not find first log") || says("purged") ||
      says("not found in binlog") || says("could not find GTID") || says("Could not find GTID")) {
    return "the server no longer has that part of its log: remove the state directory and the tables in the sink to "
           "copy anew, and let it keep its log longer (binlog_expire_logs_seconds)";
  }
  if (says("requested master to start") || says("requested source to start")) {
    return "the position is not one of this server's log: see SHOW BINARY LOGS and SHOW BINLOG EVENTS for "
           "scan.startup.specific-offset; another server, or one whose log was begun anew, needs a new copy: remove "
           "the state directory and the tables in the sink";
  }
  return "a position in the middle of an event gives this, and a damaged log: see SHOW BINLOG EVENTS for "
         "scan.startup.specific-offset, and check the log with mariadb-binlog --verify-binlog-checksum";
}

void SetOptions(MYSQL* handle, const ConnectOptions& options) {
  auto seconds = [](int64_t ms) { return static_cast<unsigned int>(std::max<int64_t>(1, (ms + 999) / 1000)); };
  unsigned int connect = seconds(options.connect_timeout_ms);
  unsigned int read = seconds(options.read_timeout_ms);
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &read);
  mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &read);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  unsigned int no = 0;
  mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no);  // a server must not be able to ask for our files
  unsigned long packet = 1UL << 30;
  mysql_options(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
  unsigned int protocol = MYSQL_PROTOCOL_TCP;
  mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
  my_bool enforce = options.tls >= TlsMode::kRequired;
  my_bool verify = options.tls == TlsMode::kVerifyIdentity;
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  if (!options.tls_ca.empty()) mysql_options(handle, MYSQL_OPT_SSL_CA, options.tls_ca.c_str());
  mysql_options4(handle, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "sluice");
}

}  // namespace

Error Connection::LastError(std::string_view what) const {
  return ServerError(what, mysql_errno(handle_), mysql_error(handle_));
}

Error Connection::ServerError(std::string_view what, unsigned int code, std::string_view text) const {
  std::string message = Str(what, ": ", text, " (error ", code, ")");
  if (IsAccessError(code)) {
    return Invalid(message, "check `username` and `password`, and that this user may log in from this host");
  }
  if (code == CR_SSL_CONNECTION_ERROR) {
    return Invalid(message, "the server refused TLS or its certificate: see jdbc.properties.sslMode");
  }
  if (IsLost(code)) return Unavailable(message, "check that the server runs and that host and port are right");
  if (message.find("same server_uuid/server_id") != std::string::npos) {  // 1236 or 4052
    return Invalid(message, "another reader came with the same server-id, and the server ends the older one: give each "
                            "its own in the file");
  }
  if (code == ER_MASTER_FATAL_ERROR_READING_BINLOG) return Invalid(message, std::string(HintForLog(text)));
  if (code == ER_MUST_CHANGE_PASSWORD || code == ER_MUST_CHANGE_PASSWORD_LOGIN) {
    return Invalid(message, "the password has expired: give the user a new one (ALTER USER … IDENTIFIED BY …), and the "
                            "file too");
  }
  if (code == ER_TABLE_DEF_CHANGED) return Conflict(message);
  if (code == ER_NO_SUCH_TABLE || code == ER_BAD_DB_ERROR) return NotFound(message);
  return Invalid(message);
}

Result<std::unique_ptr<Connection>> Connection::Open(const ConnectOptions& options) {
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  MYSQL* handle = mysql_init(nullptr);
  if (handle == nullptr) return Unavailable("out of memory for a connection");
  auto connection = std::unique_ptr<Connection>(new Connection(handle));
  SetOptions(handle, options);
  connection->endpoint_ = Str(options.host, ":", options.port);
  if (mysql_real_connect(handle, options.host.c_str(), options.user.c_str(), options.password.c_str(), nullptr,
                         options.port, nullptr, 0) == nullptr) {
    Error error = connection->LastError(Str("connect to ", connection->endpoint_));
    const bool tls_wanted = error.message.find("insecure transport") != std::string::npos;
    if (options.tls == TlsMode::kDisabled && (tls_wanted || IsAccessError(mysql_errno(handle)))) {
      constexpr std::string_view kNoTls =
          "a server or account that requires TLS refuses jdbc.properties.sslMode: DISABLED";
      error.hint = tls_wanted ? std::string(kNoTls) : Str(kNoTls, "; else ", error.hint);
    }
    return error;
  }
  if (options.tls >= TlsMode::kRequired && mysql_get_ssl_cipher(handle) == nullptr) {
    return Invalid(Str("connect to ", connection->endpoint_, ": TLS is required but the server does not offer it"),
                   "set up ssl_cert and ssl_key on the server, or set jdbc.properties.sslMode: PREFERRED");
  }
  connection->socket_ = mysql_get_socket(handle);
  connection->read_timeout_ms_ = options.read_timeout_ms;
  connection->server_version_ = mysql_get_server_info(handle);
  TRY(connection->Execute("SET SESSION time_zone='+00:00', sql_mode='', net_write_timeout=3600, net_read_timeout=3600, "
                          "wait_timeout=86400, lock_wait_timeout=30"));
  return connection;
}

Connection::Connection(st_mysql* handle) : handle_(handle) {}
Connection::~Connection() { mysql_close(handle_); }

Status Connection::Execute(const std::string& sql) {
  if (mysql_real_query(handle_, sql.data(), sql.size()) != 0) {
    return LastError(Str(endpoint_, ": ", sql.substr(0, 200)));
  }
  MYSQL_RES* result = mysql_store_result(handle_);
  if (result != nullptr) mysql_free_result(result);
  return Ok();
}

bool Connection::plain() const {
  constexpr unsigned long kDeprecateEof = 1UL << 24;  // answers would end otherwise; libmariadb does not ask for it
  return mysql_get_ssl_cipher(handle_) == nullptr && !handle_->net.compress && !(handle_->client_flag & kDeprecateEof);
}

Status Connection::Stream(const std::string& sql, const RowCallback& row) {
  const std::string what = Str(endpoint_, ": ", sql.substr(0, 200));
  if (plain()) {
    if (!SendCommand(COM_QUERY, sql).ok()) return LastError(what);
    PacketReader packets(socket_, read_timeout_ms_, false);
    return StreamPackets(packets, row, std::string_view(sql).substr(0, 200));
  }
  if (mysql_real_query(handle_, sql.data(), sql.size()) != 0) return LastError(what);
  MYSQL_RES* result = mysql_use_result(handle_);
  if (result == nullptr) {
    if (mysql_errno(handle_) != 0) return LastError(endpoint_);
    return Ok();
  }
  while (MYSQL_ROW values = mysql_fetch_row(result)) {
    Status status = row(values, mysql_fetch_lengths(result));
    if (!status.ok()) {
      Interrupt();  // the rest of the result is not wanted: do not read it through
      mysql_free_result(result);
      return status;
    }
  }
  Status end = mysql_errno(handle_) != 0 ? Status(LastError(what)) : Ok();
  mysql_free_result(result);
  return end;
}

// The answer to COM_QUERY: the number of columns, their definitions, an end, the rows, an end.
Status Connection::StreamPackets(PacketReader& packets, const RowCallback& row, std::string_view what) {
  const auto is_end = [](std::string_view packet) { return packet.size() < 9 && packet.starts_with('\xFE'); };
  TRY_SET(std::string_view packet, NextPacket(packets, what));
  if (packet.starts_with('\0')) return Ok();  // no result
  ByteReader head(packet);
  const uint64_t columns = head.LengthEncoded();
  const bool follow = head.remaining() == 0 || head.U8() == 1;  // MariaDB may say that the definitions follow
  if (!head.ok() || head.remaining() > 0 || !follow || columns > 4096) {
    return Corrupt(Str(endpoint_, ": ", what, ": the answer is no table"));
  }
  for (uint64_t i = 0; i < columns; ++i) TRY(NextPacket(packets, what));
  TRY_SET(packet, NextPacket(packets, what));
  if (!is_end(packet)) return Corrupt(Str(endpoint_, ": ", what, ": the columns of the answer have no end"));
  std::vector<const char*> values(columns);
  std::vector<unsigned long> lengths(columns);
  while (true) {
    TRY_SET(packet, NextPacket(packets, what));
    if (is_end(packet)) return Ok();
    if (!SplitTextRow(packet, columns, values.data(), lengths.data())) {
      return Corrupt(Str(endpoint_, ": ", what, ": a row of ", packet.size(), " bytes is broken"));
    }
    if (Status status = row(values.data(), lengths.data()); !status.ok()) {
      Interrupt();  // the rest of the result is not wanted: do not read it through
      return status;
    }
  }
}

Result<std::vector<TextRow>> Connection::Query(const std::string& sql) {
  std::vector<TextRow> rows;
  unsigned int columns = 0;
  if (mysql_real_query(handle_, sql.data(), sql.size()) != 0) {
    return LastError(Str(endpoint_, ": ", sql.substr(0, 200)));
  }
  MYSQL_RES* result = mysql_store_result(handle_);
  if (result == nullptr) {
    if (mysql_errno(handle_) != 0) return LastError(endpoint_);
    return rows;
  }
  columns = mysql_num_fields(result);
  while (MYSQL_ROW values = mysql_fetch_row(result)) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    TextRow row(columns);
    for (unsigned int i = 0; i < columns; ++i) {
      if (values[i] != nullptr) row[i] = std::string(values[i], lengths[i]);
    }
    rows.push_back(std::move(row));
  }
  mysql_free_result(result);
  return rows;
}

Result<std::string> Connection::QueryValue(const std::string& sql) {
  TRY_SET(auto rows, Query(sql));
  if (rows.empty() || rows[0].empty()) return NotFound(Str(endpoint_, ": no row for ", sql));
  return rows[0][0].value_or("");
}

Status Connection::SendCommand(int command, std::string_view argument) {
  if (handle_->methods->db_command(handle_, static_cast<enum_server_command>(command), argument.data(), argument.size(),
                                   1, nullptr) != 0) {
    return LastError(Str(endpoint_, ": command ", command));
  }
  return Ok();
}

Status Connection::ReadAnswer() {
  if (mysql_net_read_packet(handle_) == packet_error) return LastError(endpoint_);
  return Ok();
}

Result<std::string_view> Connection::ReadPacket() {
  if (packets_ == nullptr && plain()) packets_ = std::make_unique<PacketReader>(socket_, read_timeout_ms_, true);
  if (packets_ != nullptr) return NextPacket(*packets_, "read the binlog");
  unsigned long length = mysql_net_read_packet(handle_);
  if (length == packet_error) return LastError(Str(endpoint_, ": read the binlog"));
  return std::string_view(reinterpret_cast<const char*>(handle_->net.read_pos), length);
}

// `what`: for errors.
Result<std::string_view> Connection::NextPacket(PacketReader& packets, std::string_view what) {
  auto packet = packets.Next();
  if (!packet.ok()) return std::move(packet).error().With(Str(endpoint_, ": ", what));
  const bool failed = packet->size() >= 3 && static_cast<uint8_t>((*packet)[0]) == 0xFF;
  if (!failed) return packet;
  std::string_view text = packet->substr(3);
  if (text.starts_with('#')) text.remove_prefix(std::min<size_t>(6, text.size()));  // SQLSTATE
  return ServerError(Str(endpoint_, ": ", what), LoadLe<uint16_t>(packet->data() + 1), text);
}

void Connection::Interrupt() {
  int socket = socket_.load();
  if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
}

std::string Connection::Quote(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    if (c == '\0') {
      out += "\\0";
      continue;
    }
    out += c;
  }
  return out + "'";
}

}  // namespace sluice::mysql
