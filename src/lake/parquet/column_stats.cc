// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/column_stats.h"

#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/size_statistics.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/text.h"
#include "row/nested_type.h"

namespace sluice {
namespace {

// Bytes of the UTF-8 sequence that starts with `lead`; 1 for what cannot start one.
size_t SequenceLength(unsigned char lead) { return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

size_t PrefixBytes(std::string_view text, int32_t points) {
  size_t at = 0;
  for (int32_t i = 0; i < points && at < text.size(); ++i) {
    at = std::min(text.size(), at + SequenceLength(static_cast<unsigned char>(text[at])));
  }
  return at;
}

uint32_t DecodePoint(std::string_view sequence) {
  auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(sequence[i])); };
  switch (sequence.size()) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3: return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    default: return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  }
}

void AppendPoint(uint32_t point, std::string& out) {
  auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

struct Bounds {
  std::string lower;
  std::optional<std::string> upper;
};

template <typename T>
std::string LittleEndian(T value) {
  std::string out;
  AppendLe(out, value);
  return out;
}

// Least and greatest value of a column over all row groups. False if a row group with values has no statistics.
template <typename ParquetType, typename Less>
bool Extremes(const parquet::FileMetaData& footer, int column, Less less, bool nan_hides,
              std::optional<typename ParquetType::c_type>& least, std::optional<typename ParquetType::c_type>& greatest,
              std::vector<std::shared_ptr<parquet::Statistics>>& keep) {
  for (int g = 0; g < footer.num_row_groups(); ++g) {
    auto statistics = footer.RowGroup(g)->ColumnChunk(column)->statistics();
    if (statistics == nullptr) return false;
    if (!statistics->HasMinMax()) {
      if (statistics->num_values() > 0 && !nan_hides) return false;  // too long for the footer
      continue;
    }
    auto& typed = static_cast<const parquet::TypedStatistics<ParquetType>&>(*statistics);
    if (!least || less(typed.min(), *least)) least = typed.min();
    if (!greatest || less(*greatest, typed.max())) greatest = typed.max();
    keep.push_back(std::move(statistics));  // its bytes are what `least` and `greatest` point to
  }
  return least.has_value();
}

template <typename ParquetType>
std::optional<Bounds> NumberBounds(const parquet::FileMetaData& footer, int column, bool decimal) {
  using T = typename ParquetType::c_type;
  std::optional<T> least, greatest;
  std::vector<std::shared_ptr<parquet::Statistics>> keep;
  bool real = std::is_floating_point_v<T>;
  if (!Extremes<ParquetType>(footer, column, std::less<T>(), real, least, greatest, keep)) return {};
  if constexpr (std::is_floating_point_v<T>) {
    if (*least == 0) least = -T(0);
    if (*greatest == 0) greatest = T(0);
  }
  auto bytes = [&](T value) {
    std::string out = LittleEndian(value);
    if (!decimal) return out;
    std::reverse(out.begin(), out.end());
    return std::string(MinimalBigEndian(out));
  };
  return Bounds{bytes(*least), bytes(*greatest)};
}

template <typename ParquetType>
std::optional<Bounds> ByteBounds(const parquet::FileMetaData& footer, int column, bool is_signed, size_t fixed) {
  using T = typename ParquetType::c_type;
  auto view = [&](const T& value) {
    if constexpr (std::is_same_v<T, parquet::ByteArray>) {
      return std::string_view(reinterpret_cast<const char*>(value.ptr), value.len);
    } else {
      return std::string_view(reinterpret_cast<const char*>(value.ptr), fixed);
    }
  };
  auto less = [&](const T& a, const T& b) {
    std::string_view x = view(a), y = view(b);
    if (is_signed && !x.empty() && !y.empty()) {  // same length: only the sign differs from unsigned order
      bool x_negative = (x[0] & 0x80) != 0, y_negative = (y[0] & 0x80) != 0;
      if (x_negative != y_negative) return x_negative;
    }
    return x < y;
  };
  std::optional<T> least, greatest;
  std::vector<std::shared_ptr<parquet::Statistics>> keep;
  if (!Extremes<ParquetType>(footer, column, less, false, least, greatest, keep)) return {};
  return Bounds{std::string(view(*least)), std::string(view(*greatest))};
}

std::optional<Bounds> ColumnBounds(const parquet::FileMetaData& footer, int column, const WriteColumn& field) {
  bool decimal = field.type.kind == TypeKind::kDecimal;
  const parquet::ColumnDescriptor& leaf = *footer.schema()->Column(column);
  std::optional<Bounds> bounds;
  switch (leaf.physical_type()) {
    case parquet::Type::BOOLEAN: return NumberBounds<parquet::BooleanType>(footer, column, false);
    case parquet::Type::INT32: return NumberBounds<parquet::Int32Type>(footer, column, decimal);
    case parquet::Type::INT64: return NumberBounds<parquet::Int64Type>(footer, column, decimal);
    case parquet::Type::FLOAT: return NumberBounds<parquet::FloatType>(footer, column, false);
    case parquet::Type::DOUBLE: return NumberBounds<parquet::DoubleType>(footer, column, false);
    case parquet::Type::BYTE_ARRAY: return ByteBounds<parquet::ByteArrayType>(footer, column, false, 0);
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      bounds = ByteBounds<parquet::FLBAType>(footer, column, decimal, static_cast<size_t>(leaf.type_length()));
      if (bounds && decimal) {
        bounds = Bounds{std::string(MinimalBigEndian(bounds->lower)), std::string(MinimalBigEndian(*bounds->upper))};
      }
      return bounds;
    default: return {};
  }
}

void TruncateBounds(const WriteColumn& field, int32_t length, Bounds& bounds) {
  if (field.IsText()) {
    bounds.lower = TruncateText(bounds.lower, length);
    bounds.upper = TruncateTextUp(*bounds.upper, length);
  } else if (field.IsBinary() && !field.uuid) {
    bounds.lower.resize(std::min(bounds.lower.size(), static_cast<size_t>(length)));
    bounds.upper = TruncateBytesUp(*bounds.upper, length);
  }
}

}  // namespace

Result<MetricsMode> ParseMetricsMode(std::string_view text) {
  std::string mode = Lower(Trim(text));
  if (mode == "none") return MetricsMode{MetricsKind::kNone, 0};
  if (mode == "counts") return MetricsMode{MetricsKind::kCounts, 0};
  if (mode == "full") return MetricsMode{MetricsKind::kFull, 0};
  MetricsMode out;
  std::string_view rest = mode;
  if (rest.starts_with("truncate(") && rest.ends_with(")") &&
      ParseNumber(rest.substr(9, rest.size() - 10), out.length) && out.length > 0) {
    return out;
  }
  return Invalid(Str("metrics mode '", text, "' is unknown"), "use none, counts, truncate(16) or full");
}

std::vector<int64_t> SplitOffsets(const parquet::FileMetaData& footer) {
  std::vector<int64_t> offsets;
  for (int g = 0; g < footer.num_row_groups(); ++g) {
    auto first = footer.RowGroup(g)->ColumnChunk(0);
    int64_t offset = first->data_page_offset();
    if (first->has_dictionary_page()) offset = std::min(offset, first->dictionary_page_offset());
    if (!offsets.empty() && offset <= offsets.back()) return {};
    offsets.push_back(offset);
  }
  return offsets;
}

std::vector<ColumnStats> ReadColumnStats(const parquet::FileMetaData& footer, const std::vector<WriteColumn>& columns,
                                         const std::vector<MetricsMode>& modes,
                                         const std::vector<int64_t>& nan_counts) {
  std::vector<ColumnStats> all(columns.size());
  int next = 0;  // Parquet column
  for (size_t i = 0; i < columns.size(); ++i) {
    const WriteColumn& field = columns[i];
    const int column = next;
    next += LeavesOf(field.type);
    if (modes[i].kind == MetricsKind::kNone) continue;
    ColumnStats& out = all[i];
    int64_t values = 0, nulls = 0;
    for (int g = 0; g < footer.num_row_groups(); ++g) {
      auto chunk = footer.RowGroup(g)->ColumnChunk(column);
      out.compressed_size += chunk->total_compressed_size();
      values += chunk->num_values();
      auto statistics = chunk->encoded_statistics();
      if (statistics != nullptr && statistics->has_null_count) {
        nulls += statistics->null_count;
      } else if (const auto sizes = chunk->size_statistics(); sizes != nullptr) {  // of INT96
        const auto& levels = sizes->definition_level_histogram;
        nulls += levels.empty() ? 0 : levels[0];
      }
    }
    if (field.type.kind == TypeKind::kArray) continue;
    out.values = values;
    out.nulls = field.required ? 0 : nulls;
    out.nans = nan_counts[i];
    if (modes[i].kind == MetricsKind::kCounts) continue;
    std::optional<Bounds> bounds = ColumnBounds(footer, column, field);
    if (!bounds) continue;
    if (modes[i].kind == MetricsKind::kTruncate) TruncateBounds(field, modes[i].length, *bounds);
    out.lower = std::move(bounds->lower);
    out.upper = std::move(bounds->upper);
  }
  return all;
}

std::string TruncateText(std::string_view value, int32_t length) {
  return std::string(value.substr(0, PrefixBytes(value, length)));
}

std::optional<std::string> TruncateTextUp(std::string_view value, int32_t length) {
  size_t kept = PrefixBytes(value, length);
  if (kept == value.size()) return std::string(value);
  // Increment the last code point that can be; drop those after it.
  while (kept > 0) {
    size_t start = kept - 1;
    while (start > 0 && (value[start] & 0xC0) == 0x80) --start;
    uint32_t point = DecodePoint(value.substr(start, std::min<size_t>(kept - start, 4))) + 1;
    if (point >= 0xD800 && point <= 0xDFFF) point = 0xE000;
    if (point <= 0x10FFFF) {
      std::string out(value.substr(0, start));
      AppendPoint(point, out);
      return out;
    }
    kept = start;
  }
  return {};
}

std::optional<std::string> TruncateBytesUp(std::string_view value, int32_t length) {
  if (value.size() <= static_cast<size_t>(length)) return std::string(value);
  std::string out(value.substr(0, static_cast<size_t>(length)));
  while (!out.empty()) {
    if (static_cast<unsigned char>(out.back()) != 0xFF) {
      ++out.back();
      return out;
    }
    out.pop_back();
  }
  return {};
}

}  // namespace sluice
