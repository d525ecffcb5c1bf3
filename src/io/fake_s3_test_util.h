// SPDX-License-Identifier: Apache-2.0
// For tests: an S3 server in memory, as far as S3Client asks, that can fail at any request; and a clock that does not
// wait. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/env.h"
#include "io/http.h"
#include "io/s3_env.h"

namespace sluice {

enum class S3Fault : uint8_t {
  kRefuse,  // no connection: nothing is done
  kLose,    // it is done, the answer is lost
  kBusy,    // 503 SlowDown
};

struct FakeS3 {
  std::map<std::string, std::string> objects;                          // by "/bucket/key"
  std::map<std::string, std::map<std::string, std::string>> uploads;  // parts by number, by id
  std::map<std::string, std::string> upload_paths;                    // "/bucket/key" by id
  int uploads_begun = 0;
  int64_t requests = 0;
  std::vector<std::string> log;                                // "PUT /bucket/key"
  std::function<const S3Fault*(const HttpRequest&)> fault;     // null: none
  std::function<void(const HttpRequest&)> before;              // another client's turn
  std::function<bool(const HttpRequest&, HttpResponse&)> answer;  // instead of the server's own; false: not this one
  bool heeds_conditions = true;

  // Fails at the n-th request from now on.
  void FailAt(S3Fault what, int64_t n) {
    const int64_t at = requests + n;
    fault = [this, what, at](const HttpRequest&) { return requests == at ? &(kind_ = what) : nullptr; };
  }

  HttpResponse Serve(const HttpRequest& request) {
    HttpResponse out;
    if (answer && answer(request, out)) return out;
    out.status = 200;
    const std::map<std::string, std::string> query(request.query.begin(), request.query.end());
    if (query.contains("list-type")) return List(request.path, query);
    if (query.contains("uploads") || query.contains("uploadId")) return Upload(request, query);
    if (request.method == "PUT") return Put(request);
    if (request.method == "DELETE") {
      objects.erase(request.path);
      out.status = 204;
      return out;
    }
    const auto found = objects.find(request.path);
    if (found == objects.end()) return Fail(404, request.method == "HEAD" ? "" : "NoSuchKey");
    out.headers["last-modified"] = "Sun, 22 Nov 2026 18:30:07 GMT";
    out.headers["content-length"] = Str(found->second.size());
    if (request.method == "HEAD") return out;
    return Get(request, found->second, std::move(out));
  }

  static HttpResponse Fail(int status, const std::string& code) {
    HttpResponse out;
    out.status = status;
    if (!code.empty()) out.body = Str("<Error><Code>", code, "</Code><Message>of the fake</Message></Error>");
    return out;
  }

 private:
  static HttpResponse Get(const HttpRequest& request, const std::string& bytes, HttpResponse out) {
    const auto range = request.headers.find("range");
    out.body = bytes;
    if (range == request.headers.end()) return out;
    const std::string text = range->second.substr(6);
    size_t from = 0, to = 0;
    const size_t dash = text.find('-');
    if (!ParseNumber(text.substr(0, dash), from) || !ParseNumber(text.substr(dash + 1), to) || from >= bytes.size()) {
      return Fail(416, "InvalidRange");
    }
    out.status = 206;
    out.body = bytes.substr(from, to - from + 1);
    out.headers["content-range"] = Str("bytes ", text, "/", bytes.size());
    return out;
  }
  HttpResponse Put(const HttpRequest& request) {
    if (heeds_conditions && request.headers.contains("if-none-match") && objects.contains(request.path)) {
      return Fail(412, "PreconditionFailed");
    }
    objects[request.path] = std::string(request.body);
    HttpResponse out;
    out.status = 200;
    return out;
  }
  HttpResponse Upload(const HttpRequest& request, const std::map<std::string, std::string>& query) {
    HttpResponse out;
    out.status = 200;
    if (query.contains("uploads") && request.method == "GET") {  // one a page
      const auto marker = query.find("upload-id-marker");
      const auto at = marker == query.end() ? uploads.begin() : uploads.upper_bound(marker->second);
      out.body = "<R><IsTruncated>false</IsTruncated></R>";
      if (at == uploads.end()) return out;
      const std::string key = upload_paths[at->first].substr(request.path.size());
      out.body = Str("<R><Upload><Key>", key, "</Key><UploadId>", at->first, "</UploadId><Initiated>",
                     "2026-11-22T18:30:07.000Z</Initiated></Upload><NextKeyMarker>", key, "</NextKeyMarker>",
                     "<NextUploadIdMarker>", at->first, "</NextUploadIdMarker><IsTruncated>",
                     std::next(at) != uploads.end(), "</IsTruncated></R>");
      return out;
    }
    if (query.contains("uploads")) {
      const std::string id = Str("upload ", ++uploads_begun);
      uploads[id];
      upload_paths[id] = request.path;
      out.body = Str("<InitiateMultipartUploadResult><UploadId>", id, "</UploadId></InitiateMultipartUploadResult>");
      return out;
    }
    const auto upload = uploads.find(query.at("uploadId"));
    if (upload == uploads.end()) return Fail(404, "NoSuchUpload");
    if (request.method == "PUT") {
      upload->second[query.at("partNumber")] = std::string(request.body);
      out.headers["etag"] = Str("\"", query.at("partNumber"), "\"");
      return out;
    }
    if (request.method == "POST") {
      std::string bytes;
      for (const auto& [number, part] : upload->second) bytes += part;
      objects[request.path] = bytes;
      out.body = "<CompleteMultipartUploadResult/>";
    }
    uploads.erase(upload);
    return out;
  }
  HttpResponse List(const std::string& path, const std::map<std::string, std::string>& query) const {
    const std::string base = path, prefix = base + query.at("prefix");
    const size_t page = query.contains("max-keys") ? std::stoul(query.at("max-keys")) : 3;  // to have many pages
    HttpResponse out;
    out.status = 200;
    std::string last, more;
    size_t count = 0;
    for (const auto& [name, bytes] : objects) {
      if (!name.starts_with(prefix)) continue;
      std::string entry = name.substr(base.size());
      const size_t slash = name.find('/', prefix.size());
      const bool folder = query.contains("delimiter") && slash != std::string::npos;
      if (folder) entry = name.substr(base.size(), slash + 1 - base.size());
      if (query.contains("continuation-token") && entry <= query.at("continuation-token")) continue;
      if (entry == last) continue;
      if (count == page) more = last;
      if (count++ == page) break;
      last = entry;
      out.body += folder ? Str("<CommonPrefixes><Prefix>", entry, "</Prefix></CommonPrefixes>")
                         : Str("<Contents><Key>", entry, "</Key><LastModified>2026-11-22T18:30:07.000Z</LastModified>",
                               "<Size>", bytes.size(), "</Size></Contents>");
    }
    if (!more.empty()) out.body += Str("<NextContinuationToken>", more, "</NextContinuationToken>");
    out.body = Str("<ListBucketResult><IsTruncated>", !more.empty(), "</IsTruncated>", out.body, "</ListBucketResult>");
    return out;
  }

  S3Fault kind_ = S3Fault::kRefuse;
};

class FakeS3Transport final : public HttpTransport {
 public:
  explicit FakeS3Transport(FakeS3& server) : server_(server) {}
  Result<HttpResponse> Send(const HttpRequest& request) override {
    ++server_.requests;
    server_.log.push_back(Str(request.method, " ", request.path));
    if (server_.before) server_.before(request);
    const S3Fault* fault = server_.fault ? server_.fault(request) : nullptr;
    if (fault == nullptr) return server_.Serve(request);
    if (*fault == S3Fault::kBusy) return FakeS3::Fail(503, "SlowDown");
    if (*fault == S3Fault::kLose) (void)server_.Serve(request);
    return Unavailable("connection reset");
  }

 private:
  FakeS3& server_;
};

// PosixEnv's clock, without its waits.
class NoWaitEnv final : public Env {
 public:
  int64_t waited_ms = 0;
  int64_t NowMs() override { return PosixEnv().NowMs(); }
  int64_t MonotonicMs() override { return PosixEnv().MonotonicMs(); }
  uint64_t Random() override { return PosixEnv().Random(); }
  bool Wait(int64_t ms, StopSignal*) override {
    waited_ms += ms;
    return false;
  }
  Result<std::unique_ptr<WritableFile>> NewFile(const std::string& path) override { return None(path); }
  Result<std::string> ReadFile(const std::string& path) override { return None(path); }
  Result<bool> Exists(const std::string& path) override { return None(path); }
  Result<int64_t> FileSize(const std::string& path) override { return None(path); }
  Result<std::vector<std::string>> List(const std::string& folder) override { return None(folder); }
  Result<bool> MakeFolder(const std::string& folder) override { return None(folder); }
  Status Remove(const std::string& path) override { return None(path); }
  Status Move(const std::string&, const std::string& to) override { return None(to); }
  Status Link(const std::string&, const std::string& to) override { return None(to); }
  Status SyncFolder(const std::string& folder) override { return None(folder); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override { return None(path); }

 private:
  static Error None(const std::string& path) { return Unsupported(path); }
};

inline S3Config FakeS3Config() {
  return {"http://127.0.0.1:1", "us-east-1", true, {"the-access-key", "the-secret-key", "the-token"}};
}

}  // namespace sluice
