// SPDX-License-Identifier: Apache-2.0
// Calls of a Hive metastore: what is sent, what each kind of answer means, and connections that break at each place.
#include "lake/catalog/hive_client.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/byte_stream_test_util.h"

namespace sluice::hive {
namespace {

// A server that answers a request by its body, or closes the connection.
struct FakeServer {
  std::function<std::optional<ThriftMessage>(const ThriftMessage& request)> answer;
  std::vector<std::string> calls;
  int dials = 0;
  bool refuses = false;

  Dial dial() {
    return [this](const std::string&, int) -> Result<std::unique_ptr<ByteStream>> {
      ++dials;
      if (refuses) return Unavailable("refused");
      return std::unique_ptr<ByteStream>(
          new ScriptedStream([this](const std::string& bytes) { return Serve(bytes); }, 5));
    };
  }
  std::optional<std::string> Serve(const std::string& bytes) {
    const auto stream = StreamOf(bytes);
    const auto request = ReadThrift(*stream);
    EXPECT_TRUE(request.ok()) << "a request that is no message";
    calls.push_back(request->name);
    ThriftMessage out{ThriftKind::kReply, request->name, request->sequence, {}};
    if (request->name == "set_ugi") return EncodeThrift(out);
    const auto made = answer(*request);
    if (!made) return std::nullopt;
    out.kind = made->kind;
    out.body = made->body;
    return EncodeThrift(out);
  }
};

ThriftMessage Reply(int16_t id, ThriftValue value) {
  ThriftMessage out{ThriftKind::kReply, "", 0, {}};
  out.body.Set(id, std::move(value));
  return out;
}

ThriftMessage Thrown(int16_t id, const std::string& message) {
  ThriftValue exception;
  exception.Set(1, ThriftValue::Text(message));
  return Reply(id, exception);
}

std::unique_ptr<Client> ClientOf(FakeServer& server, const char* uris = "thrift://one:9083") {
  auto made = Client::Make(uris, server.dial());
  EXPECT_TRUE(made.ok());
  return *std::move(made);
}

TEST(HiveClient, Uris) {
  const auto two = ParseUris(" thrift://a:1 ,thrift://[::1]:2/,thrift://b,");
  ASSERT_TRUE(two.ok()) << two.error().message;
  ASSERT_EQ(two->size(), 3u);
  EXPECT_EQ((*two)[1].host, "::1");
  EXPECT_EQ((*two)[1].port, 2);
  EXPECT_EQ((*two)[2].port, 9083);
  for (const char* bad : {"", ",", "thrift://", "thrift://a:0", "thrift://a:70000", "thrift://a:x", "a:9083"}) {
    EXPECT_EQ(ParseUris(bad).error().code, ErrorCode::kInvalid) << bad;
  }
  EXPECT_EQ(ParseUris("http://a:1").error().code, ErrorCode::kUnsupported);
}

TEST(HiveClient, SettingsOfOtherProtocolsAreRefusedByName) {
  for (const TextMap& bad : {TextMap{{"hive.metastore.sasl.enabled", "TRUE"}}, TextMap{{"metastore.use.SSL", "true"}},
                             TextMap{{"hive.metastore.thrift.framed.transport.enabled", "true"}},
                             TextMap{{"hive.metastore.kerberos.principal", "hive/_HOST@A"}},
                             TextMap{{"metastore.client.thrift.transport.mode", "http"}}}) {
    const Status checked = CheckClientSettings(bad);
    ASSERT_FALSE(checked.ok());
    EXPECT_NE(checked.error().message.find(bad.begin()->first), std::string::npos);
  }
  EXPECT_TRUE(CheckClientSettings({{"hive.metastore.sasl.enabled", "false"}, {"hive.metastore.uris", "x"}}).ok());
}

TEST(HiveClient, AnswersAndExceptions) {
  FakeServer server;
  const auto client = ClientOf(server);
  server.answer = [](const ThriftMessage&) { return Reply(0, ThriftValue::Texts({"a", "b"})); };
  EXPECT_EQ(*client->Databases(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(server.calls, (std::vector<std::string>{"set_ugi", "get_all_databases"}));
  server.answer = [](const ThriftMessage&) { return Thrown(2, "db.t table not found"); };
  const auto absent = client->Table("db", "t");
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_NE(absent.error().message.find("thrift://one:9083, get_table: db.t"), std::string::npos);
  server.answer = [](const ThriftMessage&) { return Thrown(1, "there"); };
  EXPECT_EQ(client->CreateTable({}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(client->AlterTable("db", "t", {}, {}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(client->Unlock(1).error().code, ErrorCode::kNotFound);
  server.answer = [](const ThriftMessage&) { return Thrown(2, "The table has been modified. The parameter …"); };
  EXPECT_EQ(client->AlterTable("db", "t", {}, {}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(server.dials, 1);
}

TEST(HiveClient, LocksWaitAndAreLost) {
  FakeServer server;
  const auto client = ClientOf(server);
  int state = 2;
  server.answer = [&](const ThriftMessage& request) {
    if (request.name == "lock") {
      const ThriftValue component = request.body.Find(1)->Find(1)->items[0];
      EXPECT_EQ(component.TextAt(3) + "." + component.TextAt(4), "db.t");
      EXPECT_EQ(component.NumberAt(1, 0), 3);
    }
    ThriftValue lock;
    lock.Set(1, ThriftValue::Number(ThriftType::kI64, 77));
    lock.Set(2, ThriftValue::Number(ThriftType::kI32, state));
    return Reply(0, lock);
  };
  EXPECT_EQ(client->LockTable("db", "t", "job")->state, LockState::kWaiting);
  state = 1;
  EXPECT_EQ(client->CheckLock(77)->state, LockState::kAcquired);
  state = 3;
  EXPECT_EQ(client->CheckLock(77)->state, LockState::kLost);
}

TEST(HiveClient, Hive4HasNoGetTable) {
  FakeServer server;
  const auto client = ClientOf(server);
  server.answer = [](const ThriftMessage& request) {
    if (request.name == "get_table") {
      ThriftMessage out{ThriftKind::kException, "", 0, {}};
      out.body.Set(1, ThriftValue::Text("Invalid method name: 'get_table'"));
      out.body.Set(2, ThriftValue::Number(ThriftType::kI32, 1));
      return out;
    }
    EXPECT_EQ(request.body.Find(1)->TextAt(2), "t");
    ThriftValue table, result;
    table.Set(1, ThriftValue::Text("t"));
    result.Set(1, table);
    return Reply(0, result);
  };
  EXPECT_EQ(client->Table("db", "t")->TextAt(1), "t");
}

TEST(HiveClient, ABrokenConnectionIsMadeAnewForReads) {
  FakeServer server;
  const auto client = ClientOf(server);
  int broken = 1;
  server.answer = [&](const ThriftMessage&) -> std::optional<ThriftMessage> {
    if (broken-- > 0) return std::nullopt;
    return Reply(0, ThriftValue::Texts({}));
  };
  EXPECT_TRUE(client->Tables("db").ok());
  EXPECT_EQ(server.dials, 2);
  broken = 2;
  EXPECT_EQ(client->Tables("db").error().code, ErrorCode::kUnavailable);
}

TEST(HiveClient, OfAChangeWithoutAnAnswerNothingIsKnown) {
  FakeServer server;
  const auto client = ClientOf(server);
  int changes = 0;
  server.answer = [&](const ThriftMessage&) -> std::optional<ThriftMessage> {
    ++changes;
    return std::nullopt;
  };
  EXPECT_EQ(client->CreateTable({}).error().code, ErrorCode::kUnknownOutcome);
  EXPECT_EQ(changes, 1) << "it must not be sent twice";
  server.refuses = true;
  EXPECT_EQ(client->CreateTable({}).error().code, ErrorCode::kUnavailable);
}

TEST(HiveClient, TheNextServerIsAskedIfOneIsDown) {
  FakeServer server;
  server.answer = [](const ThriftMessage&) { return Reply(0, ThriftValue::Texts({"a"})); };
  std::vector<std::string> dialled;
  auto client = Client::Make("thrift://down:1,thrift://up:2", [&](const std::string& host, int port) {
    dialled.push_back(host);
    return host == "down" ? Result<std::unique_ptr<ByteStream>>(Unavailable("refused")) : server.dial()(host, port);
  });
  EXPECT_TRUE((*client)->Databases().ok());
  EXPECT_TRUE((*client)->Databases().ok());
  EXPECT_EQ(dialled, (std::vector<std::string>{"down", "up"}));
}

TEST(HiveClient, AServerOfAnotherProtocolIsNamed) {
  for (const std::optional<std::string>& answer :
       {std::optional<std::string>(), std::optional<std::string>("\x03\0\0\0\x01x"),
        std::optional<std::string>("HTTP/1.1 400\r\n")}) {
    auto client = Client::Make("thrift://one:1", [&](const std::string&, int) -> Result<std::unique_ptr<ByteStream>> {
      return std::unique_ptr<ByteStream>(new ScriptedStream([&](const std::string&) { return answer; }));
    });
    const auto databases = (*client)->Databases();
    ASSERT_FALSE(databases.ok());
    EXPECT_NE(databases.error().hint.find("sasl"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::hive
