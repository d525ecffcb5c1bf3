// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/key_hash.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <cstring>
#include <string_view>

#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash.h>

#include "base/check.h"
#include "base/text.h"

namespace sluice::iceberg {
namespace {

enum class Shape : uint8_t { kInteger, kDecimal, kVariable, kNone };

Shape ShapeOf(arrow::Type::type id) {
  switch (id) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DATE32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP: return Shape::kInteger;
    case arrow::Type::DECIMAL128: return Shape::kDecimal;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY: return Shape::kVariable;
    default: return Shape::kNone;
  }
}

// A bijection on 64 bits whose high bits depend on all bits (the finalizer of MurmurHash3, constants of variant 13).
inline uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// Calls take(row, int64) for each row.
template <typename Take>
void EachInteger(const arrow::Array& column, Take take) {
  auto fixed = [&](auto sample) {
    auto* values = column.data()->GetValues<decltype(sample)>(1);
    for (int64_t row = 0; row < column.length(); ++row) take(row, static_cast<int64_t>(values[row]));
  };
  switch (column.type_id()) {
    case arrow::Type::BOOL: {
      auto& flags = static_cast<const arrow::BooleanArray&>(column);
      for (int64_t row = 0; row < column.length(); ++row) take(row, static_cast<int64_t>(flags.Value(row)));
      return;
    }
    case arrow::Type::INT8: return fixed(int8_t{});
    case arrow::Type::INT16: return fixed(int16_t{});
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return fixed(int32_t{});
    default: return fixed(int64_t{});
  }
}

// Calls take(row, string_view) for each row.
template <typename Take>
void EachVariable(const arrow::Array& column, Take take) {
  auto views = [&](auto& array) {
    for (int64_t row = 0; row < column.length(); ++row) take(row, std::string_view(array.GetView(row)));
  };
  switch (column.type_id()) {
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY: return views(static_cast<const arrow::LargeBinaryArray&>(column));
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::DECIMAL128: return views(static_cast<const arrow::FixedSizeBinaryArray&>(column));
    default: return views(static_cast<const arrow::BinaryArray&>(column));
  }
}

inline KeyHash HashBytes(const void* bytes, size_t size, uint64_t seed) {
  XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, size, seed);
  return {hash.high64, hash.low64};
}

// Rows of several columns laid out one after the other: sizes first, then column by column, then one hash a row.
void HashEncoded(const std::vector<std::shared_ptr<arrow::Array>>& columns, uint64_t seed, std::vector<KeyHash>& out) {
  const auto rows = out.size();
  std::vector<size_t> at(rows + 1, 0);
  size_t fixed = 0;
  for (auto& column : columns) {
    switch (ShapeOf(column->type_id())) {
      case Shape::kInteger: fixed += 8; break;
      case Shape::kDecimal: fixed += 16; break;
      default:
        fixed += 4;
        EachVariable(*column, [&](int64_t row, std::string_view text) { at[row + 1] += text.size(); });
    }
  }
  for (size_t row = 0; row < rows; ++row) at[row + 1] += at[row] + fixed;
  std::string encoded(at[rows], '\0');
  std::vector<size_t> cursor(at.begin(), at.end() - 1);
  auto put = [&](int64_t row, const void* bytes, size_t size) {
    if (size > 0) std::memcpy(encoded.data() + cursor[row], bytes, size);
    cursor[row] += size;
  };
  for (auto& column : columns) {
    switch (ShapeOf(column->type_id())) {
      case Shape::kInteger:
        EachInteger(*column, [&](int64_t row, int64_t value) { put(row, &value, sizeof value); });
        break;
      case Shape::kDecimal:
        EachVariable(*column, [&](int64_t row, std::string_view bytes) { put(row, bytes.data(), 16); });
        break;
      default:
        EachVariable(*column, [&](int64_t row, std::string_view text) {
          auto size = static_cast<uint32_t>(text.size());
          put(row, &size, sizeof size);
          put(row, text.data(), text.size());
        });
    }
  }
  for (size_t row = 0; row < rows; ++row) out[row] = HashBytes(encoded.data() + at[row], at[row + 1] - at[row], seed);
}

}  // namespace

Result<KeyHasher> KeyHasher::Make(const std::vector<std::shared_ptr<arrow::DataType>>& types, uint64_t seed) {
  CHECK(!types.empty());
  for (auto& type : types) {
    if (ShapeOf(type->id()) == Shape::kNone) {
      return Unsupported(Str("a column of type ", type->ToString(), " cannot be part of a primary key"),
                         "leave the table out with `tables.exclude`, or give it a key of other columns");
    }
  }
  KeyHasher hasher;
  hasher.columns_ = types.size();
  hasher.exact_ = types.size() == 1 && ShapeOf(types[0]->id()) == Shape::kInteger;
  hasher.seed_ = seed;
  return hasher;
}

Status KeyHasher::Hash(const std::vector<std::shared_ptr<arrow::Array>>& columns, std::vector<KeyHash>& out) const {
  CHECK(columns.size() == columns_);
  for (auto& column : columns) {
    if (column->null_count() > 0) return Invalid("a primary key column holds NULL");
    if (ShapeOf(column->type_id()) == Shape::kNone) {
      return Invalid(Str("a primary key column has the type ", column->type()->ToString()));
    }
  }
  out.resize(static_cast<size_t>(columns[0]->length()));
  if (exact_) {
    CHECK(ShapeOf(columns[0]->type_id()) == Shape::kInteger);
    EachInteger(*columns[0], [&](int64_t row, int64_t value) {
      out[static_cast<size_t>(row)] = {Mix(static_cast<uint64_t>(value)), 0};
    });
  } else if (columns.size() == 1 && ShapeOf(columns[0]->type_id()) != Shape::kInteger) {
    EachVariable(*columns[0], [&](int64_t row, std::string_view text) {
      out[static_cast<size_t>(row)] = HashBytes(text.data(), text.size(), seed_);
    });
  } else {
    HashEncoded(columns, seed_, out);
  }
  return Ok();
}

}  // namespace sluice::iceberg
