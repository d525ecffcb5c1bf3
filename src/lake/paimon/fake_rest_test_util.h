// SPDX-License-Identifier: Apache-2.0
// For tests of REST catalogs: a server that gives what it was told to, and files and a clock that a test sets. One
// thread.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "io/http.h"
#include "io/passing_env_test_util.h"

namespace sluice::paimon {

// Remembers what it was asked.
class FakeServer final : public HttpTransport {
 public:
  Result<HttpResponse> Send(const HttpRequest& request) override {
    asked.push_back(request.method + " " + request.origin + request.path + "?" + EncodeQuery(request.query));
    headers = request.headers;
    once = request.once;
    if (answers.empty()) return Unavailable("connection refused");
    HttpResponse answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
  void Give(int status, std::string body, std::map<std::string, std::string> with = {}) {
    answers.push_back({status, std::move(with), std::move(body)});
  }

  std::deque<HttpResponse> answers;
  std::vector<std::string> asked;
  std::map<std::string, std::string> headers;
  bool once = false;
};

class ClockEnv final : public PassingEnv {
 public:
  ClockEnv() : PassingEnv(PosixEnv()) {}
  int64_t NowMs() override { return now_ms; }
  bool Wait(int64_t ms, StopSignal*) override {
    waited_ms += ms;
    return false;
  }
  Result<std::string> ReadFile(const std::string& path) override {
    const auto found = files.find(path);
    if (found == files.end()) return NotFound(path);
    return found->second;
  }

  int64_t now_ms = 0, waited_ms = 0;
  std::map<std::string, std::string> files;
};

}  // namespace sluice::paimon
