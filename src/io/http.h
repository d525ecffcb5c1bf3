// SPDX-License-Identifier: Apache-2.0
// HTTP requests, one attempt each: HttpTransport is an interface, so that tests can give any answer; CurlTransport asks
// a server. Transports are thread safe and keep connections open for the next request.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice {

struct HttpRequest {
  std::string method;                                     // GET, HEAD, PUT, POST, DELETE
  std::string origin;                                     // "https://host" or "http://host:port"
  std::string path;                                       // percent-encoded, begins with a slash
  std::vector<std::pair<std::string, std::string>> query;  // not encoded
  std::map<std::string, std::string> headers;             // names in lower case
  std::string_view body;                                  // of PUT and POST; borrowed
  bool once = false;  // at most one server sees it: a broken connection is an error, not a second try
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string Header(const std::string& name) const;  // empty if absent
};

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  // kUnavailable: there was no answer, the server may have done it or not. kInvalid: another try would fail too.
  virtual Result<HttpResponse> Send(const HttpRequest& request) = 0;
};

// `ca_file`: certificates of those who may sign a server's, PEM; empty: the machine's.
std::unique_ptr<HttpTransport> MakeCurlTransport(std::string ca_file);

// RFC 3986 as S3 wants it: all but letters, digits, - . _ ~ is %XX; a slash stays if `keep_slash`.
std::string PercentEncode(std::string_view text, bool keep_slash);
// application/x-www-form-urlencoded, as Java's URLEncoder and URLDecoder: a space is '+', and of signs . - * _ stay.
// What is no encoding is left alone.
std::string FormEncode(std::string_view text);
std::string FormDecode(std::string_view text);
// "a=1&b=2", encoded and sorted; the order that signatures need.
std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& query);

}  // namespace sluice
