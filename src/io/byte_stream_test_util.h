// SPDX-License-Identifier: Apache-2.0
// For tests: a ByteStream that answers each request by a function, in pieces of any size, and can break.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "io/byte_stream.h"

namespace sluice {

class ScriptedStream final : public ByteStream {
 public:
  // The bytes of the answer; nothing: the connection is closed instead.
  using Answer = std::function<std::optional<std::string>(const std::string& request)>;
  explicit ScriptedStream(Answer answer, size_t piece = SIZE_MAX) : answer_(std::move(answer)), piece_(piece) {}

  Status Send(std::string_view bytes) override {
    if (closed_) return Unavailable("broken");
    auto answer = answer_(std::string(bytes));
    closed_ = !answer.has_value();
    if (answer) waiting_ += *answer;
    return Ok();
  }
  Result<size_t> Receive(char* out, size_t count) override {
    count = std::min({count, piece_, waiting_.size()});
    std::copy_n(waiting_.data(), count, out);
    waiting_.erase(0, count);
    return count;
  }
  bool Fresh() override { return !closed_ && waiting_.empty(); }

 private:
  const Answer answer_;
  const size_t piece_;
  std::string waiting_;
  bool closed_ = false;
};

// Bytes that are there already, then the end.
inline std::unique_ptr<ByteStream> StreamOf(const std::string& bytes, size_t piece = SIZE_MAX) {
  auto stream = std::make_unique<ScriptedStream>([bytes](const std::string&) { return std::optional(bytes); }, piece);
  (void)stream->Send("").ok();
  return stream;
}

}  // namespace sluice
