// SPDX-License-Identifier: Apache-2.0
// Checks the options of one block against the descriptions of its connector.
#include "pipeline/option.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/check.h"
#include "base/text.h"

namespace sluice {
namespace {

bool IsFamily(const OptionSpec& spec) { return spec.key.ends_with(".*"); }
std::string_view FamilyPrefix(const OptionSpec& spec) {
  return std::string_view(spec.key).substr(0, spec.key.size() - 1);
}

// The description of a key: its own, an alias', else that of its longest family; null if there is none.
const OptionSpec* FindSpec(const std::vector<OptionSpec>& specs, std::string_view key) {
  const OptionSpec* family = nullptr;
  for (const OptionSpec& spec : specs) {
    if (IsFamily(spec)) {
      std::string_view prefix = FamilyPrefix(spec);
      if (key.size() > prefix.size() && key.starts_with(prefix) &&
          (family == nullptr || prefix.size() > FamilyPrefix(*family).size())) {
        family = &spec;
      }
      continue;
    }
    if (spec.key == key || std::find(spec.aliases.begin(), spec.aliases.end(), key) != spec.aliases.end()) return &spec;
  }
  return family;
}

std::string Place(const FilePlace& place) { return place.file.empty() ? "" : place.ToString() + ": "; }

// Those that have an effect; of many, the nearest.
std::string KnownOptions(const std::vector<OptionSpec>& specs, const std::string& key) {
  constexpr size_t kAll = 12;
  constexpr size_t kNearest = 5;
  std::vector<std::string> known;
  for (const OptionSpec& spec : specs) {
    if (spec.status == OptionStatus::kImplemented) known.push_back(spec.key);
  }
  if (known.size() <= kAll) return Str("known options: ", Join(known, ", "));
  std::vector<std::string> nearest;
  while (nearest.size() < kNearest) {
    nearest.push_back(Nearest(key, known, SIZE_MAX - 1));
    std::erase(known, nearest.back());
  }
  return Str("the nearest of ", known.size() + kNearest, " known options: ", Join(nearest, ", "));
}

Error UnknownOption(std::string_view what, const std::vector<OptionSpec>& specs, const std::string& key,
                    const FilePlace& place) {
  std::vector<std::string> known;
  for (const OptionSpec& spec : specs) {
    known.push_back(spec.key);
    known.insert(known.end(), spec.aliases.begin(), spec.aliases.end());
  }
  std::string nearest = Nearest(key, known);
  for (const std::string& name : known) {  // without its prefix it is far from all
    if (nearest.empty() && name.ends_with("." + key)) nearest = name;
  }
  std::string hint =
      nearest.empty() ? Str("remove it; ", KnownOptions(specs, key)) : Str("did you mean \"", nearest, "\"?");
  return Invalid(Str(Place(place), "unknown option \"", key, "\" of ", what), std::move(hint));
}

// Families are wide: "execution.*" takes a misspelt "execution.checkpointing.intervall" too, which must not pass as a
// key without effect. Only close ones, as foreign keys of a family may look alike.
Status CheckTypo(std::string_view what, const std::vector<OptionSpec>& specs, const std::string& key,
                 const FilePlace& place) {
  constexpr size_t kTypoDistanceMax = 2;
  std::vector<std::string> known;
  for (const OptionSpec& spec : specs) {
    if (IsFamily(spec) || spec.status == OptionStatus::kRefused) continue;
    known.push_back(spec.key);
    known.insert(known.end(), spec.aliases.begin(), spec.aliases.end());
  }
  std::string nearest = Nearest(key, known, kTypoDistanceMax);
  if (nearest.empty()) return Ok();
  return Invalid(Str(Place(place), "unknown option \"", key, "\" of ", what), Str("did you mean \"", nearest, "\"?"));
}

bool ParseBoolean(std::string_view text, bool& out) {
  out = EqualsIgnoreCase(text, "true");
  return out || EqualsIgnoreCase(text, "false");
}

std::string WhatIsWrongOfNumber(const OptionSpec& spec, std::string_view text) {
  const bool wide = spec.type == OptionType::kLong;
  const int64_t least = std::max<int64_t>(spec.least, wide ? INT64_MIN : INT32_MIN);
  const int64_t most = std::min<int64_t>(spec.most, wide ? INT64_MAX : INT32_MAX);
  int64_t number = 0;
  if (ParseNumber(text, number) && least <= number && number <= most) return "";
  if (spec.least == INT64_MIN && spec.most == INT64_MAX) return "a whole number";
  return spec.most == INT64_MAX ? Str("a whole number, at least ", least)
                                : Str("a whole number from ", least, " to ", most);
}

// What a value should look like; empty if it does.
std::string WhatIsWrong(const OptionSpec& spec, const std::string& text) {
  std::string_view trimmed = Trim(text);
  double real = 0;
  bool boolean = false;
  switch (spec.type) {
    case OptionType::kString:
    case OptionType::kList: return "";
    case OptionType::kInteger:
    case OptionType::kLong: return WhatIsWrongOfNumber(spec, trimmed);
    case OptionType::kDouble: return ParseNumber(trimmed, real) ? "" : "a number";
    case OptionType::kBoolean: return ParseBoolean(trimmed, boolean) ? "" : "true or false";
    case OptionType::kDuration: return ParseDurationMs(trimmed).ok() ? "" : "a duration such as \"10s\" or \"500 ms\"";
    case OptionType::kEnum:
      for (const std::string& value : spec.values) {
        if (EqualsIgnoreCase(value, trimmed)) return "";
      }
      return Str("one of ", Join(spec.values, ", "));
  }
  CHECK(false);
}

Status CheckValue(std::string_view what, const OptionSpec& spec, const std::string& key, const Options::Value& value) {
  std::string wanted = WhatIsWrong(spec, value.text);
  if (wanted.empty()) return Ok();
  bool hide = spec.secret || value.secret;
  std::string shown = hide ? "a value that is not shown here" : Str("\"", JsonEscape(value.text), "\"");
  std::string hint;
  if (spec.type == OptionType::kEnum && !hide) {
    std::string nearest = Nearest(Trim(value.text), spec.values);
    if (!nearest.empty()) hint = Str("did you mean \"", nearest, "\"?");
  }
  return Invalid(Str(Place(value.place), "option \"", key, "\" of ", what, " wants ", wanted, ", but is ", shown),
                 std::move(hint));
}

struct Unit {
  std::string_view name;
  int64_t nanos;
};
constexpr int64_t kMs = 1'000'000;
// The labels of Flink's TimeUtils.
constexpr std::array<Unit, 32> kUnits = {{
    {"d", 86'400'000 * kMs},
    {"day", 86'400'000 * kMs},
    {"days", 86'400'000 * kMs},
    {"h", 3'600'000 * kMs},
    {"hour", 3'600'000 * kMs},
    {"hours", 3'600'000 * kMs},
    {"m", 60'000 * kMs},
    {"min", 60'000 * kMs},
    {"minute", 60'000 * kMs},
    {"minutes", 60'000 * kMs},
    {"s", 1000 * kMs},
    {"sec", 1000 * kMs},
    {"secs", 1000 * kMs},
    {"second", 1000 * kMs},
    {"seconds", 1000 * kMs},
    {"", kMs},
    {"ms", kMs},
    {"milli", kMs},
    {"millis", kMs},
    {"millisecond", kMs},
    {"milliseconds", kMs},
    {"us", 1000},
    {"µs", 1000},
    {"micro", 1000},
    {"micros", 1000},
    {"microsecond", 1000},
    {"microseconds", 1000},
    {"ns", 1},
    {"nano", 1},
    {"nanos", 1},
    {"nanosecond", 1},
    {"nanoseconds", 1},
}};

bool IsText(OptionType type) {
  return type == OptionType::kString || type == OptionType::kEnum || type == OptionType::kList;
}

}  // namespace

std::string FilePlace::ToString() const { return line > 0 ? Str(file, ":", line, ":", column) : file; }

OptionSpec Refused(std::string key, std::string reason) {
  return {.key = std::move(key), .status = OptionStatus::kRefused, .reason = std::move(reason)};
}

Result<Options> Options::Check(std::string_view what, const std::vector<OptionSpec>& specs,
                               const std::map<std::string, Value>& given, const FilePlace& block,
                               std::vector<std::string>& warnings) {
  Options out;
  out.specs_ = specs;
  out.block_ = block;
  for (const auto& [key, value] : given) {
    const OptionSpec* spec = FindSpec(specs, key);
    if (spec == nullptr) return UnknownOption(what, specs, key, value.place);
    if (spec->status == OptionStatus::kRefused) {
      return Unsupported(Str(Place(value.place), "option \"", key, "\" of ", what, " is not supported: ", spec->reason),
                         "remove it");
    }
    if (IsFamily(*spec) && spec->status == OptionStatus::kIgnored) TRY(CheckTypo(what, specs, key, value.place));
    TRY(CheckValue(what, *spec, key, value));
    if (spec->status == OptionStatus::kIgnored) {
      warnings.push_back(Str(Place(value.place), "option \"", key, "\" of ", what, " has no effect: ", spec->reason));
    }
    const std::string& name = IsFamily(*spec) ? key : spec->key;
    if (auto [at, fresh] = out.given_.emplace(name, value); !fresh) {
      return Invalid(
          Str(Place(value.place), "option \"", key, "\" of ", what, " is given twice, once as \"", name, "\""),
          "keep one of them");
    }
  }
  for (const OptionSpec& spec : specs) {
    if (!spec.required || out.given_.contains(spec.key)) continue;
    return Invalid(Str(Place(block), what, " lacks the required option \"", spec.key, "\""),
                   spec.description.empty() ? "" : Str(spec.key, ": ", spec.description));
  }
  return out;
}

const OptionSpec& Options::SpecOf(std::string_view key, OptionType type) const {
  const OptionSpec* spec = FindSpec(specs_, key);
  CHECK(spec != nullptr);
  bool fits = spec->type == type || (type == OptionType::kString && IsText(spec->type)) ||
              (type == OptionType::kLong && spec->type == OptionType::kInteger);
  CHECK(fits);
  return *spec;
}

bool Options::Has(std::string_view key) const { return given_.contains(std::string(key)); }

std::string Options::Text(std::string_view key) const {
  const OptionSpec& spec = SpecOf(key, OptionType::kString);
  auto value = Find(key);
  if (!value) return spec.default_value;
  if (spec.type == OptionType::kEnum) {
    for (const std::string& canonical : spec.values) {
      if (EqualsIgnoreCase(canonical, Trim(value->text))) return canonical;
    }
  }
  return value->text;
}

int64_t Options::Integer(std::string_view key) const {
  const OptionSpec& spec = SpecOf(key, OptionType::kLong);
  auto value = Find(key);
  int64_t out = 0;
  CHECK(ParseNumber(Trim(value ? value->text : spec.default_value), out));
  return out;
}

double Options::Double(std::string_view key) const {
  const OptionSpec& spec = SpecOf(key, OptionType::kDouble);
  auto value = Find(key);
  double out = 0;
  CHECK(ParseNumber(Trim(value ? value->text : spec.default_value), out));
  return out;
}

bool Options::Boolean(std::string_view key) const {
  const OptionSpec& spec = SpecOf(key, OptionType::kBoolean);
  auto value = Find(key);
  bool out = false;
  CHECK(ParseBoolean(Trim(value ? value->text : spec.default_value), out));
  return out;
}

int64_t Options::DurationMs(std::string_view key) const {
  const OptionSpec& spec = SpecOf(key, OptionType::kDuration);
  auto value = Find(key);
  auto out = ParseDurationMs(value ? value->text : spec.default_value);
  CHECK(out.ok());
  return *out;
}

std::optional<Options::Value> Options::Find(std::string_view key) const {
  auto at = given_.find(std::string(key));
  if (at == given_.end()) return std::nullopt;
  return at->second;
}

std::map<std::string, Options::Value> Options::WithPrefix(std::string_view prefix) const {
  std::map<std::string, Value> out;
  for (auto at = given_.lower_bound(std::string(prefix)); at != given_.end() && at->first.starts_with(prefix); ++at) {
    out.emplace(at->first.substr(prefix.size()), at->second);
  }
  return out;
}

Error Options::At(std::string_view key, std::string message, std::string hint) const {
  return Invalid(Str(PlaceOf(key).ToString(), ": ", message), std::move(hint));
}

FilePlace Options::PlaceOf(std::string_view key) const {
  auto value = Find(key);
  return value ? value->place : block_;
}

Result<int64_t> ParseDurationMs(std::string_view text) {
  std::string_view trimmed = Trim(text);
  size_t digits = 0;
  while (digits < trimmed.size() && trimmed[digits] >= '0' && trimmed[digits] <= '9') ++digits;
  std::string unit = Lower(Trim(trimmed.substr(digits)));
  int64_t number = 0;
  if (!ParseNumber(trimmed.substr(0, digits), number)) {
    return Invalid(Str("not a duration: \"", JsonEscape(text), "\""), "write it as \"10s\", \"500 ms\" or \"3 min\"");
  }
  for (const Unit& candidate : kUnits) {
    if (candidate.name != unit) continue;
    if (candidate.nanos < kMs) return number / (kMs / candidate.nanos);
    int64_t factor = candidate.nanos / kMs;
    if (number > std::numeric_limits<int64_t>::max() / factor) {
      return Invalid(Str("duration \"", trimmed, "\" is too long"));
    }
    return number * factor;
  }
  return Invalid(Str("unknown unit \"", JsonEscape(unit), "\" in the duration \"", JsonEscape(text), "\""),
                 "use d, h, min, s or ms");
}

}  // namespace sluice
