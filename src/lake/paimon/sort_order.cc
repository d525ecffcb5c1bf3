// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/sort_order.h"

#include <arrow/api.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.h"

namespace sluice::paimon {
namespace {

constexpr uint64_t kSign = uint64_t{1} << 63;

void AppendBig(uint64_t word, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift);
}

uint64_t OfInteger(int64_t value) { return static_cast<uint64_t>(value) ^ kSign; }

// NaN above all.
uint64_t OfReal(double value) {
  if (std::isnan(value)) return std::numeric_limits<uint64_t>::max();
  const auto bits = std::bit_cast<uint64_t>(value);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

arrow::Decimal128 DecimalAt(const arrow::Array& column, int64_t row) {
  return arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(column).GetValue(row));
}

std::string_view TextAt(const arrow::Array& column, int64_t row) {
  return static_cast<const arrow::BinaryArray&>(column).GetView(row);
}

// Of a cell that is there, and no text or decimal: all of it.
uint64_t WordOf(const arrow::Array& column, int64_t row) {
  switch (column.type_id()) {
    case arrow::Type::BOOL: return static_cast<const arrow::BooleanArray&>(column).Value(row) ? 1 : 0;
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return OfInteger(column.data()->GetValues<int32_t>(1)[row]);
    case arrow::Type::FLOAT: return OfReal(column.data()->GetValues<float>(1)[row]);
    case arrow::Type::DOUBLE: return OfReal(column.data()->GetValues<double>(1)[row]);
    default: return OfInteger(column.data()->GetValues<int64_t>(1)[row]);
  }
}

// As far as 8 bytes go.
uint64_t PrefixOf(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return 0;
  if (column.type_id() == arrow::Type::DECIMAL128) {
    const arrow::Decimal128 value = DecimalAt(column, row);
    const arrow::Decimal128 most(std::numeric_limits<int64_t>::max()), least(std::numeric_limits<int64_t>::min());
    return OfInteger(static_cast<int64_t>(std::clamp(value, least, most).low_bits()));
  }
  if (column.type_id() != arrow::Type::STRING && column.type_id() != arrow::Type::BINARY) return WordOf(column, row);
  const std::string_view text = TextAt(column, row);
  uint64_t word = 0;
  for (size_t i = 0; i < 8; ++i) word = word << 8 | (i < text.size() ? static_cast<uint8_t>(text[i]) : 0);
  return word;
}

void AppendWhole(const arrow::Array& column, int64_t row, std::string& out) {
  if (column.IsNull(row)) {
    out += '\0';
    return;
  }
  out += '\1';
  switch (column.type_id()) {
    case arrow::Type::DECIMAL128: {
      const arrow::Decimal128 value = DecimalAt(column, row);
      AppendBig(OfInteger(value.high_bits()), out);
      return AppendBig(value.low_bits(), out);
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      for (const char c : TextAt(column, row)) {  // an end that no text has within
        out += c;
        if (c == '\0') out += '\xff';
      }
      out.append(2, '\0');
      return;
    }
    default: return AppendBig(WordOf(column, row), out);
  }
}

// John Skilling, "Programming the Hilbert curve": coordinates become the bits of the place on the curve, in turn.
void ToHilbert(std::vector<uint64_t>& axes) {
  for (uint64_t q = kSign; q > 1; q >>= 1) {
    for (uint64_t& axis : axes) {
      if ((axis & q) != 0) {
        axes[0] ^= q - 1;
      } else {
        const uint64_t swapped = (axes[0] ^ axis) & (q - 1);
        axes[0] ^= swapped;
        axis ^= swapped;
      }
    }
  }
  for (size_t i = 1; i < axes.size(); ++i) axes[i] ^= axes[i - 1];
  uint64_t flip = 0;
  for (uint64_t q = kSign; q > 1; q >>= 1) {
    if ((axes.back() & q) != 0) flip ^= q - 1;
  }
  for (uint64_t& axis : axes) axis ^= flip;
}

void AppendInterleaved(const std::vector<uint64_t>& words, std::string& out) {
  unsigned byte = 0;
  int bits = 0;
  for (int bit = 63; bit >= 0; --bit) {
    for (const uint64_t word : words) {
      byte = byte << 1 | static_cast<unsigned>(word >> bit & 1);
      if (++bits % 8 != 0) continue;
      out += static_cast<char>(byte);
      byte = 0;
    }
  }
}

}  // namespace

Result<SortOrder::Curve> SortOrder::ParseCurve(std::string_view text) {
  const std::string name = Lower(Trim(text));
  if (name == "order") return Curve::kOrder;
  if (name == "zorder") return Curve::kZorder;
  if (name == "hilbert") return Curve::kHilbert;
  return Invalid(Str("the order strategy ", name, " must be order, zorder or hilbert"));
}

Result<SortOrder> SortOrder::Make(Curve curve, const std::vector<std::string>& by,
                                  const std::vector<FileColumn>& columns) {
  if (by.empty()) return Invalid("there is no column to sort by", "name some");
  std::vector<int> places;
  for (const std::string& name : by) {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
    if (found == columns.end()) {
      Error error = NoColumnOf(name, columns);
      error.code = ErrorCode::kInvalid;
      return error;
    }
    if (found->type.kind == TypeKind::kArray) {
      return Unsupported(Str("column ", name, " ", found->type.ToString(), " has no order"), "sort by others");
    }
    const int place = static_cast<int>(found - columns.begin());
    if (std::find(places.begin(), places.end(), place) != places.end()) {
      return Invalid(Str("column ", name, " is there twice"), "name each column once");
    }
    places.push_back(place);
  }
  return SortOrder(curve, std::move(places));
}

void SortOrder::Key(const arrow::RecordBatch& rows, int64_t row, std::string& out) const {
  out.clear();
  std::vector<uint64_t> words;
  for (const int at : columns_) {
    const arrow::Array& column = *rows.column(at);
    if (curve_ == Curve::kOrder) {
      AppendWhole(column, row, out);
    } else {
      words.push_back(PrefixOf(column, row));
    }
  }
  if (curve_ == Curve::kHilbert) ToHilbert(words);
  if (curve_ != Curve::kOrder) AppendInterleaved(words, out);
}

}  // namespace sluice::paimon
