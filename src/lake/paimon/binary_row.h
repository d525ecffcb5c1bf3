// SPDX-License-Identifier: Apache-2.0
// BinaryRowCodec: cells of some columns <-> the row that Paimon's manifests, key bounds and bucket hashes are made of
// (spec: org.apache.paimon.data.BinaryRow). Compiled once per list of types; immutable; any thread.
//
// A row is a bitmap of NULLs behind one byte of row kind, a slot of 8 bytes a field, little-endian, and a part for the
// values that do not fit. In manifests the number of fields, 4 bytes big-endian, stands before it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/type.h"

namespace arrow {
class Array;
struct Scalar;
}  // namespace arrow

namespace sluice::paimon {

class BinaryRowCodec {
 public:
  // kUnsupported for ARRAY.
  static Result<BinaryRowCodec> Make(std::vector<DataType> types);

  size_t arity() const { return fields_.size(); }
  // The row of these cells, without the number of fields. The arrays are of the types' Arrow types. Replaces `out`.
  void Encode(const std::vector<std::shared_ptr<arrow::Array>>& columns, int64_t row, std::string& out) const;
  // As a manifest holds it, the number of fields before it.
  std::string Serialize(const std::vector<std::shared_ptr<arrow::Array>>& columns, int64_t row) const;
  // The cells of a serialized row, as scalars of the types' Arrow types. kCorrupt if the bytes are no such row.
  Result<std::vector<std::shared_ptr<arrow::Scalar>>> Parse(std::string_view serialized) const;

 private:
  enum class Form : uint8_t {
    kBoolean, kInt8, kInt16, kInt32, kInt64, kFloat, kDouble, kBytes, kShortDecimal, kLongDecimal, kTimeMillis,
    kMillis, kMicros,
  };
  struct Field {
    Form form;
    DataType type;
  };
  size_t BitmapBytes() const { return (fields_.size() + 63 + 8) / 64 * 8; }
  static void SetCell(const Field& field, const arrow::Array& column, int64_t row, size_t slot, std::string& out);
  Result<std::shared_ptr<arrow::Scalar>> ParseCell(const Field& field, std::string_view row, size_t slot) const;

  std::vector<Field> fields_;
};

// Murmur3 (32 bits, seed 42) of the row's 4-byte words: `row` is a multiple of 4 bytes long.
int32_t HashBinaryRow(std::string_view row);

// The bucket that the row of the bucket key's cells belongs to, of `buckets` > 0 fixed ones.
inline int32_t BucketOf(std::string_view row, int32_t buckets) {
  const int32_t rest = HashBinaryRow(row) % buckets;
  return rest < 0 ? -rest : rest;
}

}  // namespace sluice::paimon
