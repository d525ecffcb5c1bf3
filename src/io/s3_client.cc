// SPDX-License-Identifier: Apache-2.0
#include "io/s3_client.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/text.h"
#include "io/s3_error.h"
#include "io/xml.h"

namespace sluice {
namespace {

constexpr int kTriesMax = 6;
constexpr int64_t kFirstWaitMs = 100;
constexpr int64_t kPageMax = 1000;  // of S3

constexpr const char* kListTime = "%Y-%m-%dT%H:%M:%S";

// "Sun, 22 Nov 2026 18:30:07 GMT" and "2026-11-22T18:30:07.000Z".
Result<int64_t> ParseTime(const std::string& text, const char* form) {
  std::tm parts{};
  if (::strptime(text.c_str(), form, &parts) == nullptr) {
    return Corrupt(Str("\"", JsonEscape(text), "\" is no time of S3"));
  }
  return static_cast<int64_t>(::timegm(&parts)) * 1000;
}

Result<int64_t> ParseCount(const std::string& text) {
  int64_t out = 0;
  if (!ParseNumber(text, out) || out < 0) return Corrupt(Str("\"", JsonEscape(text), "\" is no number of bytes"));
  return out;
}

// "bytes 0-99/1234" says that the object has 1234.
Result<int64_t> TotalOf(const HttpResponse& answer) {
  if (answer.status != 206) return static_cast<int64_t>(answer.body.size());
  const std::string range = answer.Header("content-range");
  return ParseCount(range.substr(range.rfind('/') + 1));
}

void Address(const S3Config& config, const std::string& bucket, HttpRequest& request) {
  request.origin = config.endpoint;
  if (config.path_style) {
    request.path = Str("/", PercentEncode(bucket, false), request.path);
  } else {
    request.origin.insert(request.origin.find("://") + 3, bucket + ".");
  }
}

}  // namespace

HttpRequest S3Client::Request(const char* method, const S3Place& place) {
  HttpRequest out;
  out.method = method;
  out.path = "/" + PercentEncode(place.key, true);
  return out;
}

Result<S3Config> S3Client::ConfigNow(const S3Place& place, bool refused) const {
  S3Config now = config_;
  if (config_.lent) {
    auto lent = config_.lent(refused);
    if (!lent.ok()) return std::move(lent).error().With(place.ToString());
    now = *std::move(lent);
  }
  if (!now.credentials.access_key.empty() && !now.credentials.secret_key.empty()) return now;
  return Invalid(Str("there are no keys for ", place.ToString()),
                 "set s3.access-key and s3.secret-key, or the environment variables AWS_ACCESS_KEY_ID and "
                 "AWS_SECRET_ACCESS_KEY; roles and profiles are not used");
}

Error S3Client::CannotSend(const HttpRequest& request, const S3Place& place, const S3Config& config, const Error& why) {
  return Error{why.code, Str(request.method, " ", place.ToString(), " at ", config.endpoint, ": ", why.message),
               why.code == ErrorCode::kUnavailable ? "is s3.endpoint the server's address, and does it answer?"
                                                   : "is s3.endpoint right? AWS_CA_BUNDLE may name a file with the "
                                                     "certificate that signed the server's"};
}

Result<HttpResponse> S3Client::Send(const HttpRequest& request, const S3Place& place, bool* unknown) {
  int64_t wait_ms = kFirstWaitMs;
  bool refused = false, asked_anew = false;
  for (int tries = 1;; ++tries) {
    TRY_SET(const S3Config config, ConfigNow(place, std::exchange(refused, false)));
    HttpRequest one = request;
    Address(config, place.bucket, one);
    SignS3(one, config.credentials, config.region, clock_.NowMs());
    auto answer = transport_->Send(one);
    if (!answer.ok() && (answer.error().code != ErrorCode::kUnavailable || tries == kTriesMax)) {
      if (unknown != nullptr) *unknown = true;
      return CannotSend(request, place, config, answer.error());
    }
    if (answer.ok()) {
      const S3Failure failure = S3FailureOf(*answer, request.method == "POST");
      if (failure.status == 0) return answer;
      if (config_.lent && !asked_anew && failure.IsOfKeys() && tries < kTriesMax) {
        refused = asked_anew = true;  // nothing was done
        continue;
      }
      if (!failure.MayPass() || tries == kTriesMax) return S3ErrorOf(failure, request.method, place, config);
    }
    if (unknown != nullptr) *unknown = true;
    // Half of it, and a part by chance, so that several clients do not come back at once.
    clock_.Wait(wait_ms / 2 + static_cast<int64_t>(clock_.Random() % static_cast<uint64_t>(wait_ms / 2 + 1)), nullptr);
    wait_ms *= 2;
  }
}

Result<S3Client::Bytes> S3Client::Get(const S3Place& place, std::optional<int64_t> count, int64_t offset) {
  HttpRequest request = Request("GET", place);
  if (count) request.headers["range"] = Str("bytes=", offset, "-", offset + *count - 1);
  auto answer = Send(request, place);
  if (!answer.ok()) return std::move(answer).error();
  TRY_SET(const int64_t total, TotalOf(*answer));
  if (count && answer->status != 206) {  // the server gave all of it
    const auto from = static_cast<size_t>(std::min(offset, total));
    return Bytes{answer->body.substr(from, static_cast<size_t>(*count)), total};
  }
  return Bytes{std::move(answer->body), total};
}

Result<S3Client::Object> S3Client::Head(const S3Place& place) {
  TRY_SET(const HttpResponse answer, Send(Request("HEAD", place), place));
  Object out;
  out.name = place.key;
  TRY_SET(out.bytes, ParseCount(answer.Header("content-length")));
  TRY_SET(out.modified_ms, ParseTime(answer.Header("last-modified"), "%a, %d %b %Y %H:%M:%S"));
  return out;
}

Status S3Client::Put(const S3Place& place, std::string_view bytes) {
  HttpRequest request = Request("PUT", place);
  request.body = bytes;
  TRY_SET(const auto answer, Send(request, place));
  return Ok();
}

Status S3Client::PutNew(const S3Place& place, std::string_view bytes) {
  HttpRequest request = Request("PUT", place);
  request.body = bytes;
  request.headers["if-none-match"] = "*";
  request.once = true;
  bool unknown = false;
  auto answer = Send(request, place, &unknown);
  if (answer.ok()) return Ok();
  Error error = std::move(answer).error();
  if (error.code == ErrorCode::kConflict && unknown) {  // by another client, or by an earlier try
    auto there = Get(place);
    if (!there.ok() && there.error().code != ErrorCode::kNotFound) {
      return Error{ErrorCode::kUnknownOutcome, there.error().message, there.error().hint};
    }
    if (there.ok() && there->bytes == bytes) return Ok();
  }
  if (error.code == ErrorCode::kUnavailable && unknown) error.code = ErrorCode::kUnknownOutcome;
  return error;
}

Status S3Client::Delete(const S3Place& place) {
  auto answer = Send(Request("DELETE", place), place);
  if (answer.ok() || answer.error().code == ErrorCode::kNotFound) return Ok();
  return std::move(answer).error();
}

Status S3Client::ReadPage(const HttpResponse& answer, const S3Place& prefix, Listing& out, std::string& next) const {
  Object object;
  std::string modified;
  bool truncated = false;
  Status bad = Ok();
  const auto take = [&](const std::string& path, const std::string& text) {
    if (path.ends_with("/Contents/Key")) object.name = text;
    if (path.ends_with("/Contents/LastModified")) modified = text;
    if (path.ends_with("/Contents/Size")) {
      const auto bytes = ParseCount(text);
      if (bytes.ok()) object.bytes = *bytes;
      if (!bytes.ok()) bad = bytes.error();
    }
    if (path.ends_with("/Contents")) {
      const auto time = ParseTime(modified, kListTime);
      if (time.ok()) object.modified_ms = *time;
      if (!time.ok()) bad = time.error();
      out.objects.push_back(std::exchange(object, {}));
    }
    if (path.ends_with("/CommonPrefixes/Prefix")) out.folders.push_back(text);
    if (path.ends_with("/IsTruncated")) truncated = text == "true";
    if (path.ends_with("/NextContinuationToken")) next = text;
  };
  next.clear();
  Status read = WalkXml(answer.body, take);
  if (read.ok() && truncated && next.empty()) read = Corrupt("a page that is not the last one names no next one");
  if (read.ok()) read = std::move(bad);
  if (read.ok()) return Ok();
  return std::move(read).error().With(Str("list of ", prefix.ToString(), " at ", config_.endpoint));
}

Result<S3Client::Listing> S3Client::List(const S3Place& prefix, bool folders, int64_t most) {
  Listing out;
  std::string next;
  do {
    HttpRequest request = Request("GET", {prefix.bucket, ""});
    request.query = {{"list-type", "2"}, {"prefix", prefix.key}};
    if (folders) request.query.emplace_back("delimiter", "/");
    if (most < kPageMax) request.query.emplace_back("max-keys", Str(most));
    if (!next.empty()) request.query.emplace_back("continuation-token", next);
    TRY_SET(const HttpResponse answer, Send(request, prefix));
    TRY(ReadPage(answer, prefix, out, next));
  } while (!next.empty() && static_cast<int64_t>(out.objects.size() + out.folders.size()) < most);
  return out;
}

Result<std::string> S3Client::BeginUpload(const S3Place& place) {
  HttpRequest request = Request("POST", place);
  request.query = {{"uploads", ""}};
  TRY_SET(const HttpResponse answer, Send(request, place));
  std::string id;
  TRY(WalkXml(answer.body, [&](const std::string& path, const std::string& text) {
    if (path.ends_with("/UploadId")) id = text;
  }));
  if (id.empty()) return Corrupt(Str("the answer to the upload of ", place.ToString(), " names no upload"));
  return id;
}

Result<std::string> S3Client::PutPart(const S3Place& place, const std::string& upload, int number,
                                      std::string_view bytes) {
  HttpRequest request = Request("PUT", place);
  request.query = {{"partNumber", Str(number)}, {"uploadId", upload}};
  request.body = bytes;
  TRY_SET(const HttpResponse answer, Send(request, place));
  std::string tag = answer.Header("etag");
  if (tag.empty()) return Corrupt(Str("part ", number, " of ", place.ToString(), " was answered without an ETag"));
  return tag;
}

Status S3Client::FinishUpload(const S3Place& place, const std::string& upload, const std::vector<std::string>& parts,
                              int64_t bytes) {
  std::string body = "<CompleteMultipartUpload>";
  for (size_t i = 0; i < parts.size(); ++i) {
    body += Str("<Part><PartNumber>", i + 1, "</PartNumber><ETag>", parts[i], "</ETag></Part>");
  }
  body += "</CompleteMultipartUpload>";
  HttpRequest request = Request("POST", place);
  request.query = {{"uploadId", upload}};
  request.body = body;
  bool unknown = false;
  auto answer = Send(request, place, &unknown);
  if (answer.ok()) return Ok();
  Error error = std::move(answer).error();
  if (error.code != ErrorCode::kNotFound || !unknown) return error;
  // An earlier try may have finished it: then there is no such upload any more, but the object.
  const auto there = Head(place);
  if (!there.ok() && there.error().code != ErrorCode::kNotFound) return there.error();
  return there.ok() && there->bytes == bytes ? Ok() : Status(std::move(error));
}

// `next`: the last one of a page that is not the last.
Status S3Client::ReadUploads(const HttpResponse& answer, const S3Place& prefix, std::vector<Begun>& out,
                             Begun& next) const {
  Begun one;
  bool truncated = false;
  Status bad = Ok();
  const auto take = [&](const std::string& path, const std::string& text) {
    if (path.ends_with("/Upload/Key")) one.name = text;
    if (path.ends_with("/Upload/UploadId")) one.id = text;
    if (path.ends_with("/Upload/Initiated")) {
      const auto time = ParseTime(text, kListTime);
      if (time.ok()) one.begun_ms = *time;
      if (!time.ok()) bad = time.error();
    }
    if (path.ends_with("/Upload")) out.push_back(std::exchange(one, {}));
    if (path.ends_with("/IsTruncated")) truncated = text == "true";
    if (path.ends_with("/NextKeyMarker")) next.name = text;
    if (path.ends_with("/NextUploadIdMarker")) next.id = text;
  };
  next = {};
  Status read = WalkXml(answer.body, take);
  if (read.ok() && truncated && next.name.empty()) read = Corrupt("a page that is not the last one names no next one");
  if (!truncated) next = {};
  if (read.ok()) read = std::move(bad);
  if (read.ok()) return Ok();
  return std::move(read).error().With(Str("list of the uploads below ", prefix.ToString(), " at ", config_.endpoint));
}

Result<std::vector<S3Client::Begun>> S3Client::ListUploads(const S3Place& prefix) {
  std::vector<Begun> out;
  Begun next;
  do {
    HttpRequest request = Request("GET", {prefix.bucket, ""});
    request.query = {{"uploads", ""}, {"prefix", prefix.key}};
    if (!next.name.empty()) {
      request.query.emplace_back("key-marker", next.name);
      request.query.emplace_back("upload-id-marker", next.id);
    }
    TRY_SET(const HttpResponse answer, Send(request, prefix));
    TRY(ReadUploads(answer, prefix, out, next));
  } while (!next.name.empty());
  return out;
}

Status S3Client::AbortUpload(const S3Place& place, const std::string& upload) {
  HttpRequest request = Request("DELETE", place);
  request.query = {{"uploadId", upload}};
  auto answer = Send(request, place);
  if (answer.ok() || answer.error().code == ErrorCode::kNotFound) return Ok();
  return std::move(answer).error();
}

}  // namespace sluice
