// SPDX-License-Identifier: Apache-2.0
// An Env in S3: what each operation does, and that a request that fails or whose answer is lost changes nothing.
#include "io/s3_env.h"

#include <gtest/gtest.h>

#include <cstring>

#include "io/fake_s3_test_util.h"
#include "io/folder_test_util.h"
#include "io/s3_client.h"
#include "io/unfinished_uploads.h"

namespace sluice {
namespace {

using Names = std::vector<std::string>;

class S3EnvTest : public ::testing::Test {
 protected:
  std::unique_ptr<Env> New(S3Config config = FakeS3Config()) {
    return MakeS3Env(clock_, std::move(config), std::make_unique<FakeS3Transport>(server_));
  }

  FakeS3 server_;
  NoWaitEnv clock_;
  std::unique_ptr<Env> env_ = New();
};

TEST_F(S3EnvTest, AFileIsThereWhenItIsClosed) {
  auto file = *env_->NewFile("s3://b/t/a");
  ASSERT_OK(file->Append("one"));
  ASSERT_OK(file->Sync());
  EXPECT_FALSE(*env_->Exists("s3://b/t/a"));
  ASSERT_OK(file->Close());
  ASSERT_OK(file->Close());
  EXPECT_EQ(*env_->ReadFile("s3://b/t/a"), "one");
  EXPECT_EQ(*env_->FileSize("s3://b/t/a"), 3);
  EXPECT_EQ(*env_->ModifiedMs("s3://b/t/a"), 1'795'372'207'000);
  ASSERT_OK(env_->Remove("s3://b/t/a"));
  ASSERT_OK(env_->Remove("s3://b/t/a"));
  EXPECT_EQ(env_->ReadFile("s3://b/t/a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(env_->OpenFile("s3://b/t/a").error().code, ErrorCode::kNotFound);
}

TEST_F(S3EnvTest, AnEmptyFile) {
  ASSERT_OK(env_->WriteFile("s3://b/a", ""));
  EXPECT_EQ(*env_->ReadFile("s3://b/a"), "");
  EXPECT_EQ((*env_->OpenFile("s3://b/a"))->size(), 0);
}

TEST_F(S3EnvTest, FoldersAreWhatKeysBeginWith) {
  for (const char* name : {"a", "b/c", "b/d/e", "b-x", "f", "g", "h", "sub/"}) {
    ASSERT_OK(env_->WriteFile(std::string("s3://b/t/") + name, "x"));
  }
  ASSERT_OK(env_->MakeFolders("s3://b/t/new"));
  EXPECT_EQ(*env_->List("s3://b/t"), (Names{"a", "b", "b-x", "f", "g", "h", "sub"}));  // in pages of 3
  EXPECT_EQ(*env_->List("s3://b/t/b"), (Names{"c", "d"}));
  EXPECT_EQ(*env_->List("s3://b/t/sub"), Names{});  // as other tools make one
  EXPECT_EQ(*env_->List("s3://b"), Names{"t"});
  EXPECT_EQ(env_->List("s3://b/t/new").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(env_->List("s3://b/t/a").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(*env_->Exists("s3://b/t/b"));
  EXPECT_FALSE(*env_->Exists("s3://b/t/bb"));
}

TEST_F(S3EnvTest, NamesAreEncoded) {
  const std::string path = "s3://b/t/k=a%20b c+ü&=/x";
  ASSERT_OK(env_->WriteFile(path, "1"));
  EXPECT_EQ(server_.objects.begin()->first, "/b/t/k%3Da%2520b%20c%2B%C3%BC%26%3D/x");
  EXPECT_EQ(*env_->ReadFile(path), "1");
}

TEST_F(S3EnvTest, LargeFilesGoInPartsAndAreReadInRanges) {
  std::string bytes;
  for (int i = 0; bytes.size() < (20u << 20); ++i) bytes += Str(i, " ");
  auto file = *env_->NewFile("s3://b/large");
  for (size_t at = 0; at < bytes.size(); at += 1'000'003) ASSERT_OK(file->Append(bytes.substr(at, 1'000'003)));
  EXPECT_EQ(file->size(), static_cast<int64_t>(bytes.size()));
  EXPECT_TRUE(server_.objects.empty());
  ASSERT_OK(file->Close());
  EXPECT_TRUE(server_.objects.at("/b/large") == bytes);
  auto read = *env_->OpenFile("s3://b/large");
  ASSERT_EQ(read->size(), static_cast<int64_t>(bytes.size()));
  for (const int64_t at : {int64_t{0}, int64_t{5}, int64_t{3'000'000}, read->size() - 100'000, read->size() - 5}) {
    for (const int64_t count : {int64_t{1}, int64_t{300'000}, int64_t{7'000'000}}) {
      std::string got(static_cast<size_t>(count), '\0');
      auto n = read->ReadAt(at, count, got.data());
      ASSERT_OK(n);
      got.resize(static_cast<size_t>(*n));
      EXPECT_TRUE(got == bytes.substr(static_cast<size_t>(at), static_cast<size_t>(count))) << at << " " << count;
    }
  }
}

TEST_F(S3EnvTest, AnUploadThatIsGivenUpLeavesNothing) {
  {
    auto file = *env_->NewFile("s3://b/large");
    ASSERT_OK(file->Append(std::string(9 << 20, 'x')));
    EXPECT_EQ(server_.uploads.size(), 1u);
  }
  EXPECT_TRUE(server_.uploads.empty());
  EXPECT_TRUE(server_.objects.empty());
}

TEST_F(S3EnvTest, UploadsOfAnotherAreFoundAndAborted) {
  auto* store = dynamic_cast<UploadStore*>(env_.get());
  ASSERT_NE(store, nullptr);
  const auto none = store->Uploads("s3://b/t");
  ASSERT_OK(none);
  EXPECT_TRUE(none->empty());
  std::vector<std::unique_ptr<WritableFile>> files;
  for (const char* path : {"s3://b/t/x", "s3://b/tt/y", "s3://b/t/z"}) {
    files.push_back(*env_->NewFile(path));
    ASSERT_OK(files.back()->Append(std::string(9 << 20, 'x')));
  }
  const auto found = store->Uploads("s3://b/t");
  ASSERT_OK(found);
  ASSERT_EQ(found->size(), 2u) << "of three pages, none of the folder beside";
  EXPECT_EQ(found->at(0).path, "s3://b/t/x");
  EXPECT_EQ(found->at(1).path, "s3://b/t/z");
  EXPECT_EQ(found->at(0).begun_ms, 1'795'372'207'000);
  ASSERT_OK(store->Abort(found->at(0)));
  ASSERT_OK(store->Abort(found->at(0)));  // it is gone
  EXPECT_EQ(server_.uploads.size(), 2u);
  server_.answer = [](const HttpRequest&, HttpResponse& out) {
    out.status = 200;
    out.body = "<R><IsTruncated>true</IsTruncated></R>";
    return true;
  };
  EXPECT_EQ(store->Uploads("s3://b/t").error().code, ErrorCode::kCorrupt);
  server_.answer = nullptr;
}

TEST_F(S3EnvTest, ANewFileTakesNoNameThatIsTaken) {
  ASSERT_OK(env_->WriteNewFile("s3://b/s/snapshot-1", "one"));
  EXPECT_EQ(env_->WriteNewFile("s3://b/s/snapshot-1", "two").error().code, ErrorCode::kConflict);
  EXPECT_EQ(env_->WriteNewFile("s3://b/s/snapshot-1", "one").error().code, ErrorCode::kConflict) << "not ours";
  EXPECT_EQ(*env_->ReadFile("s3://b/s/snapshot-1"), "one");
  EXPECT_EQ(server_.objects.size(), 1u) << "a probe is left";
}

TEST_F(S3EnvTest, AServerThatReplacesInSpiteOfTheConditionIsRefused) {
  server_.heeds_conditions = false;
  const Status made = env_->WriteNewFile("s3://b/s/snapshot-1", "one");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE(server_.objects.empty());
  EXPECT_EQ(env_->CheckWritable("s3://b/s").error().code, ErrorCode::kUnsupported);
}

// All of a commit's kinds of requests, each of which fails once.
TEST_F(S3EnvTest, AFaultAtAnyRequestChangesNothing) {
  const std::string large(9 << 20, 'y');
  for (const S3Fault fault : {S3Fault::kRefuse, S3Fault::kLose, S3Fault::kBusy}) {
    bool fired = true;
    for (int64_t at = 1; fired; ++at) {
      SCOPED_TRACE(testing::Message() << "fault " << static_cast<int>(fault) << " at request " << at);
      server_ = {};
      env_ = New();
      server_.FailAt(fault, at);
      ASSERT_OK(env_->WriteFile("s3://b/t/large", large));
      ASSERT_OK(env_->WriteFile("s3://b/t/small", "small"));
      ASSERT_OK(env_->WriteNewFile("s3://b/t/new", "new"));
      EXPECT_EQ(env_->WriteNewFile("s3://b/t/new", "newer").error().code, ErrorCode::kConflict);
      ASSERT_OK(env_->WriteFile("s3://b/t/gone", ""));
      ASSERT_OK(env_->Remove("s3://b/t/gone"));
      EXPECT_EQ(*env_->List("s3://b/t"), (Names{"large", "new", "small"}));
      EXPECT_EQ(*env_->ReadFile("s3://b/t/new"), "new");
      auto file = env_->OpenFile("s3://b/t/large");
      ASSERT_OK(file);
      char out[3] = {};
      ASSERT_EQ(*(*file)->ReadAt(7, 3, out), 3);
      EXPECT_EQ(std::memcmp(out, "yyy", 3), 0);
      EXPECT_TRUE(server_.objects.at("/b/t/large") == large);
      fired = server_.requests >= at;
    }
  }
}

TEST_F(S3EnvTest, TriesAreBounded) {
  server_.fault = [fault = S3Fault::kRefuse](const HttpRequest&) { return &fault; };
  const Status status = env_->WriteFile("s3://b/a", "x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(server_.requests, 6);
  EXPECT_GE(clock_.waited_ms, 1500);
  EXPECT_LE(clock_.waited_ms, 3100);
}

TEST_F(S3EnvTest, ACommitWhoseAnswersAreAllLostIsUnknown) {
  ASSERT_OK(env_->CheckWritable("s3://b/s"));
  server_.fault = [fault = S3Fault::kLose](const HttpRequest&) { return &fault; };
  EXPECT_EQ(env_->WriteNewFile("s3://b/s/snapshot-1", "one").error().code, ErrorCode::kUnknownOutcome);
  server_.fault = nullptr;
  EXPECT_EQ(*env_->ReadFile("s3://b/s/snapshot-1"), "one");
}

TEST_F(S3EnvTest, AnotherWritersObjectAfterALostAnswerIsAConflict) {
  ASSERT_OK(env_->CheckWritable("s3://b/s"));
  server_.FailAt(S3Fault::kRefuse, 1);
  server_.before = [&](const HttpRequest&) { server_.objects.emplace("/b/s/snapshot-1", "theirs"); };
  EXPECT_EQ(env_->WriteNewFile("s3://b/s/snapshot-1", "ours").error().code, ErrorCode::kConflict);
}

TEST_F(S3EnvTest, AnErrorInTheBodyOfASuccessIsOne) {
  int left = 1;
  server_.answer = [&](const HttpRequest& request, HttpResponse& out) {
    if (request.method != "POST" || request.body.empty() || left-- <= 0) return false;
    out = FakeS3::Fail(200, "InternalError");
    return true;
  };
  ASSERT_OK(env_->WriteFile("s3://b/large", std::string(9 << 20, 'x')));
  EXPECT_EQ(server_.objects.at("/b/large").size(), 9u << 20);
}

// Of the end of an upload: an error behind spaces, half a document, none at all.
TEST_F(S3EnvTest, TheEndOfAnUploadThatCannotBeReadIsAskedForAgain) {
  for (const char* body : {"\n <Error><Code>InternalError</Code></Error>", "<CompleteMultipartUploadRes", ""}) {
    SCOPED_TRACE(body);
    server_ = {};
    int left = 1;
    server_.answer = [&](const HttpRequest& request, HttpResponse& out) {
      if (request.method != "POST" || request.body.empty() || left-- <= 0) return false;
      out.status = 200;
      out.body = body;
      return true;
    };
    ASSERT_OK(env_->WriteFile("s3://b/large", std::string(9 << 20, 'x')));
    EXPECT_EQ(server_.objects.at("/b/large").size(), 9u << 20);
  }
}

// As a rule of the bucket does with old ones.
TEST_F(S3EnvTest, AnUploadThatIsGoneMayBeTriedAnew) {
  auto file = *env_->NewFile("s3://b/large");
  ASSERT_OK(file->Append(std::string(9 << 20, 'x')));
  server_.uploads.clear();
  const Status closed = file->Close();
  ASSERT_FALSE(closed.ok());
  EXPECT_EQ(closed.error().code, ErrorCode::kUnavailable) << "no file is missing";
  EXPECT_TRUE(server_.objects.empty());
}

TEST_F(S3EnvTest, AFileThatChangesUnderItsReaderIsToldNotMixed) {
  ASSERT_OK(env_->WriteFile("s3://b/a", std::string(1 << 20, 'x')));
  auto file = *env_->OpenFile("s3://b/a");
  ASSERT_OK(env_->WriteFile("s3://b/a", std::string(2 << 20, 'y')));
  char out[3] = {};
  EXPECT_EQ(file->ReadAt(0, 3, out).error().code, ErrorCode::kCorrupt);
  server_.before = [&](const HttpRequest& request) {
    if (request.method == "GET") server_.objects["/b/a"] = std::string(1 << 19, 'z');
  };
  EXPECT_FALSE(env_->OpenFile("s3://b/a").ok());
}

struct Failure {
  int status;
  const char* code;
  ErrorCode expected;
  const char* hint;
};

TEST_F(S3EnvTest, ErrorsSayWhatToDo) {
  for (const Failure& failure : {
           Failure{403, "AccessDenied", ErrorCode::kInvalid, "s3:PutObject"},
           Failure{403, "InvalidAccessKeyId", ErrorCode::kInvalid, "s3.access-key"},
           Failure{403, "SignatureDoesNotMatch", ErrorCode::kInvalid, "s3.secret-key"},
           Failure{403, "RequestTimeTooSkewed", ErrorCode::kInvalid, "clock"},
           Failure{400, "ExpiredToken", ErrorCode::kInvalid, "s3."},
           Failure{404, "NoSuchBucket", ErrorCode::kInvalid, "bucket b"},
           Failure{301, "PermanentRedirect", ErrorCode::kInvalid, "eu-west-1"},
           Failure{400, "AuthorizationHeaderMalformed", ErrorCode::kInvalid, "s3.region"},
           Failure{404, "Nothing", ErrorCode::kInvalid, "s3.endpoint"},
           Failure{501, "NotImplemented", ErrorCode::kUnsupported, "server"},
           Failure{503, "SlowDown", ErrorCode::kUnavailable, "6 tries"},
       }) {
    SCOPED_TRACE(failure.code);
    server_.answer = [&](const HttpRequest&, HttpResponse& out) {
      out.status = failure.status;
      out.headers["x-amz-bucket-region"] = "eu-west-1";
      out.body = Str("<Error><Code>", failure.code, "</Code><Message>for the-access-key</Message></Error>");
      return true;
    };
    const Status status = env_->WriteFile("s3://b/t/a", "x");
    ASSERT_FALSE(status.ok());
    const std::string text = status.error().ToString();
    EXPECT_EQ(status.error().code, failure.expected) << text;
    for (const std::string& part : {std::string(failure.hint), std::string("s3://b/t/a"), Str(failure.status),
                                    std::string(failure.code), std::string("http://127.0.0.1:1")}) {
      EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
    }
    for (const char* secret : {"the-access-key", "the-secret-key", "the-token"}) {
      EXPECT_EQ(text.find(secret), std::string::npos) << text;
    }
  }
}

TEST_F(S3EnvTest, LentKeysAreThoseOfTheMoment) {
  S3Config config = FakeS3Config();
  std::vector<bool> asked;
  config.lent = [&](bool refused) -> Result<S3Config> {
    asked.push_back(refused);
    S3Config now = FakeS3Config();
    now.credentials.access_key = "key" + std::to_string(asked.size());
    if (asked.size() == 5) return Unavailable("nobody lends");
    return now;
  };
  auto env = New(config);
  std::string taken = "key1/";
  server_.answer = [&](const HttpRequest& request, HttpResponse& out) {
    if (request.headers.at("authorization").find(taken) != std::string::npos) return false;
    out = FakeS3::Fail(403, "ExpiredToken");
    return true;
  };
  auto file = *env->NewFile("s3://b/t");
  ASSERT_OK(file->Append("one"));
  ASSERT_OK(file->Close());
  taken = "key3/";
  EXPECT_EQ(*env->ReadFile("s3://b/t"), "one");  // key2 is refused
  taken = "none";
  EXPECT_EQ(env->ReadFile("s3://b/t").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(env->ReadFile("s3://b/t").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(asked, (std::vector<bool>{false, false, true, false, true, false, true}));
}

TEST_F(S3EnvTest, WithoutKeysNothingIsAsked) {
  S3Config config = FakeS3Config();
  config.credentials = {};
  const auto read = New(config)->ReadFile("s3://b/a");
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().hint.find("AWS_ACCESS_KEY_ID"), std::string::npos);
  EXPECT_EQ(server_.requests, 0);
}

TEST_F(S3EnvTest, ABucketIsAHostUnlessThePathIsAskedFor) {
  S3Config config = FakeS3Config();
  config.path_style = false;
  config.endpoint = "https://s3.eu-west-1.amazonaws.com";
  std::string origin;
  server_.before = [&](const HttpRequest& request) { origin = request.origin + request.path; };
  ASSERT_OK(New(config)->WriteFile("s3://b/t/a", "x"));
  EXPECT_EQ(origin, "https://b.s3.eu-west-1.amazonaws.com/t/a");
}

}  // namespace
}  // namespace sluice
