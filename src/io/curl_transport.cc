// SPDX-License-Identifier: Apache-2.0
// HttpTransport over libcurl. Each request takes an idle handle, which keeps its connection.
#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "base/check.h"
#include "base/text.h"
#include "io/http.h"

namespace sluice {
namespace {

constexpr long kConnectSeconds = 10;
constexpr long kSilentSeconds = 30;  // so long without a byte, and the request has failed
constexpr size_t kIdleMax = 16;

struct HandleEnd {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, HandleEnd>;

struct Exchange {
  std::string_view body;
  size_t sent = 0;
  bool headers_end = false;  // the empty line behind them was seen
  HttpResponse response;
};

size_t TakeBody(char* data, size_t, size_t count, void* to) {
  static_cast<Exchange*>(to)->response.body.append(data, count);
  return count;
}

size_t TakeHeader(char* data, size_t, size_t count, void* to) {
  const std::string_view line(data, count);
  auto& exchange = *static_cast<Exchange*>(to);
  HttpResponse& response = exchange.response;
  if (line.starts_with("HTTP/")) response.headers.clear();  // 100 Continue came before
  exchange.headers_end = line == "\r\n" || line == "\n";
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    response.headers[Lower(line.substr(0, colon))] = std::string(Trim(line.substr(colon + 1)));
  }
  return count;
}

size_t GiveBody(char* out, size_t, size_t count, void* from) {
  auto& exchange = *static_cast<Exchange*>(from);
  count = std::min(count, exchange.body.size() - exchange.sent);
  std::memcpy(out, exchange.body.data() + exchange.sent, count);
  exchange.sent += count;
  return count;
}

int SeekBody(void* from, curl_off_t offset, int origin) {
  auto& exchange = *static_cast<Exchange*>(from);
  if (origin != SEEK_SET || offset < 0 || offset > static_cast<curl_off_t>(exchange.body.size())) {
    return CURL_SEEKFUNC_FAIL;
  }
  exchange.sent = static_cast<size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

void SetMethod(CURL* curl, const HttpRequest& request, Exchange& exchange) {
  if (request.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  if (request.method == "DELETE") curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "DELETE");
  if (request.method == "PUT") {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, GiveBody);
    curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, SeekBody);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
  }
  if (request.method == "POST") {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data() == nullptr ? "" : request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
}

void SetWays(CURL* curl, Exchange& exchange, char* error, bool once) {
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kSilentSeconds);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, TakeHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  // On an old connection that proves to be dead libcurl sends a request a second time by itself.
  curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, once ? 1L : 0L);
}

bool IsHopeless(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_URL_MALFORMAT || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_UNSUPPORTED_PROTOCOL;
}

class CurlTransport final : public HttpTransport {
 public:
  explicit CurlTransport(std::string ca_file) : ca_file_(std::move(ca_file)) {
    static const CURLcode begun = curl_global_init(CURL_GLOBAL_DEFAULT);
    CHECK(begun == CURLE_OK);
  }

  Result<HttpResponse> Send(const HttpRequest& request) override {
    Handle handle = Take();
    CURL* curl = handle.get();
    curl_easy_reset(curl);  // keeps the connections
    Exchange exchange;
    exchange.body = request.body;
    char error[CURL_ERROR_SIZE] = "";
    SetWays(curl, exchange, error, request.once);
    if (!ca_file_.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file_.c_str());
    SetMethod(curl, request, exchange);
    const std::string query = EncodeQuery(request.query);
    const std::string url = Str(request.origin, request.path, query.empty() ? "" : "?", query);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_slist* lines = nullptr;
    for (const auto& [name, value] : request.headers) lines = curl_slist_append(lines, Str(name, ": ", value).c_str());
    for (const char* none : {"expect:", "content-type:"}) {  // not added by libcurl
      if (!request.headers.contains(std::string(none, std::strlen(none) - 1))) lines = curl_slist_append(lines, none);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    const CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(lines);
    // To libcurl an answer whose headers are cut off is one without a body.
    if (code == CURLE_OK && !exchange.headers_end) return Unavailable("the answer was cut off");
    if (code == CURLE_OK) {
      exchange.response.status = static_cast<int>(status);
      Give(std::move(handle));
      return std::move(exchange.response);
    }
    const std::string why = error[0] != '\0' ? error : curl_easy_strerror(code);
    if (IsHopeless(code)) return Invalid(why);
    return Unavailable(why);
  }

 private:
  Handle Take() {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      Handle handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
    Handle handle(curl_easy_init());
    CHECK(handle != nullptr);
    return handle;
  }
  void Give(Handle handle) {
    std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleMax) idle_.push_back(std::move(handle));
  }

  const std::string ca_file_;
  std::mutex mutex_;
  std::vector<Handle> idle_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<HttpTransport> MakeCurlTransport(std::string ca_file) {
  return std::make_unique<CurlTransport>(std::move(ca_file));
}

}  // namespace sluice
