// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/file_index_options.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "lake/paimon/bitmap_index.h"
#include "lake/paimon/bloom_filter.h"
#include "lake/paimon/bsi_index.h"
#include "lake/paimon/file_index.h"
#include "lake/paimon/range_bitmap.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kPrefix = "file-index.", kColumns = ".columns";
constexpr const char* kReadEnabled = "file-index.read.enabled";

Error Bad(const std::string& key, const std::string& value, std::string_view wanted) {
  return Invalid(Str("table option ", key, "='", value, "' must be ", wanted));
}

struct Kind {
  IndexType type;
  const char* name;
  const char* types;  // of columns that can have one
};
constexpr Kind kKinds[] = {
    {IndexType::kBitmap, kBitmapIndex, "text, whole and floating numbers, dates and times, and BOOLEAN"},
    {IndexType::kBloomFilter, kBloomFilterIndex, "binary, text, whole and floating numbers, dates and times"},
    {IndexType::kBsi, kBsiIndex, "whole numbers, DECIMAL of at most 18 digits, dates and times"},
    {IndexType::kRangeBitmap, kRangeBitmapIndex,
     "text, numbers, DECIMAL of at most 18 digits, dates and times, and BOOLEAN"},
};

const Kind& KindOf(IndexType type) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& kind) { return kind.type == type; });
}

std::optional<IndexType> TypeOf(std::string_view name) {
  for (const Kind& kind : kKinds) {
    if (name == kind.name) return kind.type;
  }
  return std::nullopt;
}

// "bloom-filter" of "file-index.bloom-filter.columns"; empty: another option.
std::string_view ListedType(std::string_view key) {
  if (!key.starts_with(kPrefix) || !key.ends_with(kColumns)) return {};
  if (key.size() <= kPrefix.size() + kColumns.size()) return {};
  return key.substr(kPrefix.size(), key.size() - kPrefix.size() - kColumns.size());
}

// Without options of its own.
IndexedColumn Unset(std::string column, IndexType type) {
  IndexedColumn out{std::move(column), type};
  if (type == IndexType::kRangeBitmap) out.block_bytes = -1;
  return out;
}

Status ReadList(const std::string& key, const std::string& value, std::vector<IndexedColumn>& out) {
  const std::string_view listed = ListedType(key);
  if (listed.empty()) return Ok();
  const auto type = TypeOf(listed);
  if (!type) {
    return Unsupported(Str("table option ", key, " is not supported yet"),
                       "use bloom-filter, bitmap, bsi or range-bitmap");
  }
  for (const auto& part : Split(value, ',')) {
    const std::string name(Trim(part));
    if (name.empty()) return Bad(key, value, "names of columns with commas between them");
    if (name.ends_with(']')) {
      return Unsupported(Str("table option ", key, " names ", name, ": maps cannot be indexed yet"), "leave it out");
    }
    const bool there = std::any_of(out.begin(), out.end(), [&](const IndexedColumn& column) {
      return column.column == name && column.type == *type;
    });
    if (!there) out.push_back(Unset(name, *type));
  }
  return Ok();
}

// "file-index.<type>.<column>.<option>"; nothing: another one, which Java passes over too.
struct ColumnOption {
  IndexType type;
  std::string column, name;
};
std::optional<ColumnOption> ColumnOptionOf(std::string_view key) {
  if (!key.starts_with(kPrefix) || !ListedType(key).empty()) return std::nullopt;
  const auto parts = Split(key.substr(kPrefix.size()), '.');
  if (parts.size() != 3) return std::nullopt;
  const auto type = TypeOf(parts[0]);
  if (!type) return std::nullopt;
  return ColumnOption{*type, std::string(parts[1]), std::string(parts[2])};
}

Status ReadBitmapOption(const std::string& key, const std::string& value, const std::string& name,
                        IndexedColumn& out) {
  if (name == "version" && (!ParseNumber(Trim(value), out.version) || out.version < 1 || out.version > 2)) {
    return Bad(key, value, "1 or 2");
  }
  if (name == "index-block-size") {
    TRY_SET(out.block_bytes, ParseOptionBytes(key, value));
  }
  return Ok();
}

Status ReadColumnOption(const std::string& key, const std::string& value, const std::string& name,
                        IndexedColumn& out) {
  if (out.type == IndexType::kBitmap) return ReadBitmapOption(key, value, name, out);
  if (out.type == IndexType::kRangeBitmap && name == "chunk-size") {
    TRY_SET(out.block_bytes, ParseOptionBytes(key, value));
    if (out.block_bytes > INT32_MAX) return Bad(key, value, Str("at most ", INT32_MAX, " bytes"));
  }
  if (out.type != IndexType::kBloomFilter) return Ok();
  if (name == "items" && (!ParseNumber(Trim(value), out.items) || out.items < 1 || out.items > INT32_MAX)) {
    return Bad(key, value, Str("a number from 1 to ", INT32_MAX));
  }
  if (name == "fpp") {
    const std::string_view text = Trim(value);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.fpp);
    if (error != std::errc() || end != text.data() + text.size() || !(out.fpp > 0 && out.fpp < 1)) {
      return Bad(key, value, "a number above 0 and below 1");
    }
  }
  return Ok();
}

std::string ListOf(IndexType type) { return Str(kPrefix, KindOf(type).name, kColumns); }

}  // namespace

Result<FileIndexOptions> FileIndexOptions::Of(const Options& options) {
  FileIndexOptions out;
  for (const auto& [key, value] : options) TRY(ReadList(key, value, out.columns));
  for (const auto& [key, value] : options) {
    const auto option = ColumnOptionOf(key);
    if (!option) continue;
    const auto found = std::find_if(out.columns.begin(), out.columns.end(), [&](const IndexedColumn& column) {
      return column.column == option->column && column.type == option->type;
    });
    IndexedColumn undeclared = Unset(option->column, option->type);
    TRY(ReadColumnOption(key, value, option->name, found == out.columns.end() ? undeclared : *found));
  }
  if (const auto found = options.find("file-index.in-manifest-threshold"); found != options.end()) {
    TRY_SET(out.in_manifest_bytes, ParseOptionBytes(found->first, found->second));
  }
  if (const auto found = options.find(kReadEnabled); found != options.end()) {
    const std::string value = Lower(Trim(found->second));
    if (value != "true" && value != "false") return Bad(kReadEnabled, found->second, "true or false");
  }
  return out;
}

Status FileIndexOptions::Check(const Schema& schema) const {
  for (const IndexedColumn& column : columns) {
    const std::string option = Str("table option ", ListOf(column.type), " names ", column.column);
    const Field* field = schema.Find(column.column);
    if (field == nullptr) return Invalid(Str(option, ", which is no column"));
    if (!field->supported || !CanIndex(column.type, field->type)) {
      return Invalid(Str(option, ", which is ", field->supported ? field->type.ToString() : field->type_json),
                     Str("a ", KindOf(column.type).name, " index is for ", KindOf(column.type).types));
    }
    const bool plain = std::none_of(field->name.begin(), field->name.end(), [](char c) {
      return static_cast<uint8_t>(c) >= 0xF0 || c == 0;
    });
    if (!plain) return Unsupported(Str(option, ": its name has characters that indexes cannot name"));
    if (column.type == IndexType::kBloomFilter && !BloomFilter::BitsFor(column.items, column.fpp)) {
      return Invalid(Str(option, ": ", column.items, " items with fpp ", column.fpp, " need more than 2^31 bits"));
    }
  }
  for (const auto& [key, value] : schema.options) {
    const auto option = ColumnOptionOf(key);
    if (!option) continue;
    const bool listed = std::any_of(columns.begin(), columns.end(), [&](const IndexedColumn& column) {
      return column.column == option->column && column.type == option->type;
    });
    if (listed) continue;
    return Invalid(Str("table option ", key, ": column ", option->column, " is not in ", ListOf(option->type)),
                   "name it there, or leave this option out");
  }
  return Ok();
}

bool CanIndex(IndexType type, const DataType& column) {
  switch (type) {
    case IndexType::kBitmap: return BitmapIndexBuilder::CanHold(column);
    case IndexType::kBloomFilter: return BloomFilter::CanHold(column);
    case IndexType::kBsi: return BsiIndexBuilder::CanHold(column);
    case IndexType::kRangeBitmap: return RangeBitmapBuilder::CanHold(column);
  }
  return false;
}

bool IsIndexed(const Options& options, const std::string& column) {
  return std::any_of(options.begin(), options.end(), [&](const auto& option) {
    if (ListedType(option.first).empty()) return false;
    const auto names = Split(option.second, ',');
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return Trim(name) == column; });
  });
}

bool ReadsFileIndex(const Schema& schema) { return Lower(Trim(schema.Option(kReadEnabled, "true"))) != "false"; }

}  // namespace sluice::paimon
