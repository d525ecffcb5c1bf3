// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_gather.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include <cstring>
#include <limits>
#include <utility>

#include "base/text.h"
#include "lake/parquet/block_pool.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BufferPtr = std::shared_ptr<arrow::Buffer>;

auto Allocate(int64_t size) { return arrow::AllocateBuffer(size, &BlockPool::Instance()); }

class Gathering {
 public:
  Gathering(const std::vector<ArrayPtr>& sources, std::span<const RowRange> ranges)
      : sources_(sources), ranges_(ranges), type_(sources[0]->type()) {
    for (const RowRange& range : ranges) rows_ += range.count;
  }

  Result<ArrayPtr> Run() {
    switch (type_->id()) {
      case arrow::Type::INT32:
      case arrow::Type::DATE32:
      case arrow::Type::FLOAT: return Fixed<4>();
      case arrow::Type::INT64:
      case arrow::Type::TIME64:
      case arrow::Type::TIMESTAMP:
      case arrow::Type::DOUBLE: return Fixed<8>();
      case arrow::Type::DECIMAL128: return Fixed<16>();
      case arrow::Type::STRING:
      case arrow::Type::BINARY: return Bytes();
      default: return Joined();
    }
  }

 private:
  template <size_t kWidth>
  Result<ArrayPtr> Fixed() {
    ARROW_TRY_SET(BufferPtr values, Allocate(rows_ * static_cast<int64_t>(kWidth)));
    std::vector<const uint8_t*> from;
    for (const ArrayPtr& source : sources_) {
      from.push_back(source->data()->GetValues<uint8_t>(1, source->offset() * static_cast<int64_t>(kWidth)));
    }
    uint8_t* out = values->mutable_data();
    for (const RowRange& range : ranges_) {
      const uint8_t* at = from[range.source] + range.begin * kWidth;
      if (range.count == 1) {
        std::memcpy(out, at, kWidth);
      } else {
        std::memcpy(out, at, range.count * kWidth);
      }
      out += range.count * kWidth;
    }
    return Made({nullptr, std::move(values)});
  }

  Result<ArrayPtr> Bytes() {
    std::vector<std::pair<const int32_t*, const uint8_t*>> from;  // offsets, bytes
    for (const ArrayPtr& source : sources_) {
      const auto& array = static_cast<const arrow::BinaryArray&>(*source);
      from.emplace_back(array.raw_value_offsets(), array.raw_data());
    }
    int64_t total = 0;
    for (const RowRange& range : ranges_) {
      const int32_t* offsets = from[range.source].first + range.begin;
      total += offsets[range.count] - offsets[0];
    }
    if (total > std::numeric_limits<int32_t>::max()) {
      return Unsupported(Str("texts of ", total, " bytes in ", rows_, " rows that are read together"));
    }
    ARROW_TRY_SET(BufferPtr offsets, Allocate((rows_ + 1) * static_cast<int64_t>(sizeof(int32_t))));
    ARROW_TRY_SET(BufferPtr bytes, Allocate(total));
    auto* ends = reinterpret_cast<int32_t*>(offsets->mutable_data());
    uint8_t* out = bytes->mutable_data();
    int32_t end = 0;
    *ends++ = 0;
    for (const RowRange& range : ranges_) {
      const auto& [all_offsets, all_bytes] = from[range.source];
      const int32_t* at = all_offsets + range.begin;
      const int32_t length = at[range.count] - at[0];
      if (length > 0) std::memcpy(out + end, all_bytes + at[0], static_cast<size_t>(length));
      for (uint32_t i = 1; i <= range.count; ++i) *ends++ = end + (at[i] - at[0]);
      end += length;
    }
    return Made({nullptr, std::move(offsets), std::move(bytes)});
  }

  Result<ArrayPtr> Joined() {
    arrow::ArrayVector parts;
    for (const RowRange& range : ranges_) parts.push_back(sources_[range.source]->Slice(range.begin, range.count));
    ARROW_TRY_SET(auto joined, arrow::Concatenate(parts));
    return joined;
  }

  // Of its buffers; the first one, which says what is NULL, is made here.
  Result<ArrayPtr> Made(std::vector<BufferPtr> buffers) {
    bool nulls = false;
    for (const ArrayPtr& source : sources_) nulls |= source->null_count() > 0;
    if (nulls) {
      ARROW_TRY_SET(buffers[0], arrow::AllocateBitmap(rows_));
      uint8_t* valid = buffers[0]->mutable_data();
      std::memset(valid, 0, static_cast<size_t>(buffers[0]->size()));
      int64_t row = 0;
      for (const RowRange& range : ranges_) {
        const arrow::Array& source = *sources_[range.source];
        for (uint32_t i = 0; i < range.count; ++i, ++row) {
          if (source.IsValid(range.begin + i)) arrow::bit_util::SetBit(valid, row);
        }
      }
    }
    const int64_t null_count = nulls ? arrow::kUnknownNullCount : 0;
    return arrow::MakeArray(arrow::ArrayData::Make(type_, rows_, std::move(buffers), null_count));
  }

  const std::vector<ArrayPtr>& sources_;
  const std::span<const RowRange> ranges_;
  const std::shared_ptr<arrow::DataType> type_;
  int64_t rows_ = 0;
};

}  // namespace

Result<ArrayPtr> GatherRows(const std::vector<ArrayPtr>& sources, std::span<const RowRange> ranges) {
  if (ranges.empty()) {
    ARROW_TRY_SET(auto none, arrow::MakeEmptyArray(sources[0]->type()));
    return none;
  }
  return Gathering(sources, ranges).Run();
}

}  // namespace sluice::paimon
