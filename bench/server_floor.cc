// SPDX-License-Identifier: Apache-2.0
// The floor of reading from a MariaDB server: fetches everything and drops it. One line of JSON on stdout.
//   server_floor text|binary PORT USER PASSWORD QUERY     rows by the text or the binary protocol, one row at a time
//   server_floor binlog PORT USER PASSWORD FILE POSITION  COM_BINLOG_DUMP to the end of the log, raw packets
#include <mysql.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

struct Count {
  uint64_t items = 0;  // rows or events
  uint64_t bytes = 0;
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void Die(const char* what, const char* why) {
  std::fprintf(stderr, "error: %s: %s\n", what, why);
  std::exit(1);
}

Count ReadText(MYSQL* mysql, const char* query) {
  if (mysql_query(mysql, query) != 0) Die(query, mysql_error(mysql));
  MYSQL_RES* result = mysql_use_result(mysql);
  if (result == nullptr) Die(query, mysql_error(mysql));
  Count count;
  const unsigned columns = mysql_num_fields(result);
  while (mysql_fetch_row(result) != nullptr) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    for (unsigned i = 0; i < columns; ++i) count.bytes += lengths[i];
    ++count.items;
  }
  if (mysql_errno(mysql) != 0) Die(query, mysql_error(mysql));
  mysql_free_result(result);
  return count;
}

Count ReadBinary(MYSQL* mysql, const char* query) {
  MYSQL_STMT* statement = mysql_stmt_init(mysql);
  if (mysql_stmt_prepare(statement, query, std::strlen(query)) != 0) Die(query, mysql_stmt_error(statement));
  if (mysql_stmt_execute(statement) != 0) Die(query, mysql_stmt_error(statement));
  Count count;
  while (true) {
    const int code = mysql_stmt_fetch(statement);  // nothing is bound: the row's bytes are received and dropped
    if (code == MYSQL_NO_DATA) break;
    if (code == 1) Die(query, mysql_stmt_error(statement));
    ++count.items;
  }
  mysql_stmt_close(statement);
  return count;
}

void Put(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

// Sends COM_BINLOG_DUMP on the connection's own socket (no TLS here) and walks the packets that come.
Count ReadBinlog(MYSQL* mysql, const char* file, uint64_t position) {
  for (const char* query : {"SET @master_binlog_checksum = 'CRC32'", "SET @mariadb_slave_capability = 4"}) {
    if (mysql_query(mysql, query) != 0) Die(query, mysql_error(mysql));
  }
  std::string payload;
  payload.push_back(0x12);
  Put(payload, position, 4);
  Put(payload, 1, 2);  // BINLOG_DUMP_NON_BLOCK: end at the end of the log
  Put(payload, 4'000'000'111U, 4);
  payload += file;
  std::string packet;
  Put(packet, payload.size(), 3);
  packet.push_back(0);
  packet += payload;
  const int fd = static_cast<int>(mysql_get_socket(mysql));
  const ssize_t sent = send(fd, packet.data(), packet.size(), 0);
  if (sent != static_cast<ssize_t>(packet.size())) Die("send", std::strerror(errno));
  std::vector<unsigned char> buffer(1 << 20);
  size_t have = 0;
  Count count;
  uint64_t skip = 0;  // bytes of a packet's body that are still to come
  while (true) {
    const ssize_t got = recv(fd, buffer.data() + have, buffer.size() - have, 0);
    if (got <= 0) Die("recv", got == 0 ? "the server closed the connection" : std::strerror(errno));
    have += static_cast<size_t>(got);
    size_t at = 0;
    while (at < have) {
      if (skip > 0) {
        const uint64_t step = std::min<uint64_t>(skip, have - at);
        at += step;
        skip -= step;
        continue;
      }
      if (have - at < 5) break;
      const uint32_t length = buffer[at] | buffer[at + 1] << 8 | buffer[at + 2] << 16;
      const unsigned char first = buffer[at + 4];
      if (first == 0xff) Die("binlog", "the server sent an error packet");
      if (first == 0xfe && length < 9) return count;
      ++count.items;
      count.bytes += length;
      skip = length;
      at += 4;
    }
    std::memmove(buffer.data(), buffer.data() + at, have - at);
    have -= at;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) Die("usage", "server_floor text|binary|binlog PORT USER PASSWORD QUERY|FILE [POSITION]");
  MYSQL* mysql = mysql_init(nullptr);
  const auto port = static_cast<unsigned>(std::atoi(argv[2]));
  if (mysql_real_connect(mysql, "127.0.0.1", argv[3], argv[4], nullptr, port, nullptr, 0) == nullptr) {
    Die("connect", mysql_error(mysql));
  }
  const std::string mode = argv[1];
  const double cpu = CpuSeconds();
  const auto began = std::chrono::steady_clock::now();
  Count count;
  if (mode == "text") {
    count = ReadText(mysql, argv[5]);
  } else if (mode == "binary") {
    count = ReadBinary(mysql, argv[5]);
  } else if (mode == "binlog" && argc > 6) {
    count = ReadBinlog(mysql, argv[5], std::strtoull(argv[6], nullptr, 10));
  } else {
    Die("mode", argv[1]);
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
  std::printf("{\"items\": %llu, \"bytes\": %llu, \"seconds\": %.6f, \"cpu\": %.6f}\n",
              static_cast<unsigned long long>(count.items), static_cast<unsigned long long>(count.bytes), wall.count(),
              CpuSeconds() - cpu);
  return 0;
}
