// SPDX-License-Identifier: Apache-2.0
// The one description of each connector's options: parses, validates, explains. Values are text with the place in the
// user's file they came from. Built at start-up; read by any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

struct FilePlace {
  std::string file;
  int line = 0;    // from 1
  int column = 0;  // from 1
  std::string ToString() const;  // "file:line:column"
};

enum class OptionType : uint8_t { kString, kInteger, kLong, kDouble, kBoolean, kDuration, kEnum, kList };
enum class OptionStatus : uint8_t {
  kImplemented,
  kIgnored,  // accepted; has no effect here, `reason` says why; told once
  kRefused,  // an error that gives `reason`
};

struct OptionSpec {
  std::string key = {};  // "jdbc.properties.*" describes a family
  OptionType type = OptionType::kString;
  std::string default_value = {};      // as text; empty = none
  std::string description = {};        // one sentence
  OptionStatus status = OptionStatus::kImplemented;
  std::string reason = {};             // for kIgnored and kRefused
  std::vector<std::string> values = {};   // kEnum
  int64_t least = INT64_MIN;              // kInteger, kLong: the smallest value that makes sense
  int64_t most = INT64_MAX;
  bool required = false;
  bool secret = false;                 // never printed
  std::vector<std::string> aliases = {};
};

// One that is an error wherever it stands.
OptionSpec Refused(std::string key, std::string reason);

// A checked set of options of one block of the file.
class Options {
 public:
  struct Value {
    std::string text;
    FilePlace place;
    bool secret = false;  // a password, or from ${env:…} or ${file:…}: never printed
  };
  // Checks every given key against the specs: unknown (with the nearest name), refused, missing, ill-typed. Fills
  // warnings with one sentence for each ignored key that was given. `what` names the block: `source "mysql"`.
  static Result<Options> Check(std::string_view what, const std::vector<OptionSpec>& specs,
                               const std::map<std::string, Value>& given, const FilePlace& block,
                               std::vector<std::string>& warnings);

  bool Has(std::string_view key) const;  // given by the user
  // The given value, else the default; CHECK that the key is in the specs and has that type.
  std::string Text(std::string_view key) const;
  int64_t Integer(std::string_view key) const;
  double Double(std::string_view key) const;
  bool Boolean(std::string_view key) const;
  int64_t DurationMs(std::string_view key) const;
  std::optional<Value> Find(std::string_view key) const;  // only if given
  // All given keys that begin with `prefix`, without it: WithPrefix("table.properties.").
  std::map<std::string, Value> WithPrefix(std::string_view prefix) const;
  FilePlace PlaceOf(std::string_view key) const;  // of the key, else of the block
  Error At(std::string_view key, std::string message, std::string hint = {}) const;  // kInvalid, with that place

 private:
  std::vector<OptionSpec> specs_;
  std::map<std::string, Value> given_;
  FilePlace block_;
  const OptionSpec& SpecOf(std::string_view key, OptionType type) const;
};

// Flink's durations: "10s", "500 ms", "3 min", "1h"; a bare number is milliseconds.
Result<int64_t> ParseDurationMs(std::string_view text);

}  // namespace sluice
