// SPDX-License-Identifier: Apache-2.0
// Error, Status and Result<T>: how everything that the world can do to us is returned.
// Values; one owner; no thread rules. A bug in our own code is a CHECK (check.h), never an Error.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

// What the caller can do about it. A new code needs a caller that branches on it.
enum class ErrorCode {
  kInvalid,         // The input is wrong: file, option, event. Not retried; exit 2 from the command line.
  kCorrupt,         // Bytes that we or a peer wrote fail a check. Not retried.
  kNotFound,        // The named thing does not exist.
  kConflict,        // Another commit won. Reload, then retry.
  kUnavailable,     // The peer is away or throttles. Back off, retry.
  kUnknownOutcome,  // A commit was sent and its answer lost. Look first, delete nothing.
  kUnsupported,     // Valid, but not implemented here.
  kCancelled,       // Shutdown, or the user asked.
};

std::string_view ErrorCodeName(ErrorCode code);

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;  // names the thing and the value; starts lower case
  std::string hint;     // what to do next, or empty

  // Puts "what: " before the message.
  Error With(std::string_view what) && {
    message = std::string(what) + ": " + message;
    return std::move(*this);
  }
  // "message" or "message\nhint: …".
  std::string ToString() const { return hint.empty() ? message : message + "\nhint: " + hint; }
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                               // NOLINT: implicit by design
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}  // NOLINT
  bool ok() const { return error_ == nullptr; }
  explicit operator bool() const { return ok(); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<T> value_;
  std::unique_ptr<Error> error_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}  // NOLINT
  bool ok() const { return error_ == nullptr; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::unique_ptr<Error> error_;
};

using Status = Result<void>;
inline Status Ok() { return {}; }

inline Error Invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::kInvalid, std::move(message), std::move(hint)};
}
inline Error Corrupt(std::string message, std::string hint = {}) {
  return {ErrorCode::kCorrupt, std::move(message), std::move(hint)};
}
inline Error NotFound(std::string message, std::string hint = {}) {
  return {ErrorCode::kNotFound, std::move(message), std::move(hint)};
}
inline Error Conflict(std::string message, std::string hint = {}) {
  return {ErrorCode::kConflict, std::move(message), std::move(hint)};
}
inline Error Unavailable(std::string message, std::string hint = {}) {
  return {ErrorCode::kUnavailable, std::move(message), std::move(hint)};
}
inline Error Unsupported(std::string message, std::string hint = {}) {
  return {ErrorCode::kUnsupported, std::move(message), std::move(hint)};
}
inline Error Cancelled(std::string message) { return {ErrorCode::kCancelled, std::move(message), {}}; }

}  // namespace sluice

// Returns the error of a Status expression.
#define TRY(expression)                                              \
  do {                                                               \
    if (auto try_status_ = (expression); !try_status_.ok()) {        \
      return std::move(try_status_).error();                         \
    }                                                                \
  } while (false)

#define SLUICE_CONCAT_INNER(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_INNER(a, b)
#define SLUICE_TRY_SET(temporary, declaration, expression)           \
  auto temporary = (expression);                                     \
  if (!temporary.ok()) return std::move(temporary).error();          \
  declaration = *std::move(temporary)
// TRY_SET(auto x, Compute()): declares or assigns the value, or returns the error.
#define TRY_SET(declaration, ...) \
  SLUICE_TRY_SET(SLUICE_CONCAT(try_result_, __LINE__), declaration, (__VA_ARGS__))
