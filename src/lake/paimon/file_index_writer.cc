// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/file_index_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "lake/paimon/file_index.h"
#include "lake/paimon/index_value.h"

namespace sluice::paimon {

namespace {

using Index = std::variant<BloomFilter, BitmapIndexBuilder, BsiIndexBuilder, RangeBitmapBuilder>;

Index IndexOf(const IndexedColumn& indexed, const DataType& type) {
  switch (indexed.type) {
    case IndexType::kBloomFilter: return BloomFilter(indexed.items, indexed.fpp);
    case IndexType::kBitmap: return BitmapIndexBuilder(type, indexed.version, indexed.block_bytes);
    case IndexType::kBsi: return BsiIndexBuilder();
    case IndexType::kRangeBitmap: break;
  }
  const int64_t chunk = indexed.block_bytes < 0 ? RangeBitmapBuilder::DefaultChunkBytes(type) : indexed.block_bytes;
  return RangeBitmapBuilder(type, chunk);
}

const char* NameOf(const Index& index) {
  if (std::holds_alternative<BloomFilter>(index)) return kBloomFilterIndex;
  if (std::holds_alternative<BitmapIndexBuilder>(index)) return kBitmapIndex;
  return std::holds_alternative<BsiIndexBuilder>(index) ? kBsiIndex : kRangeBitmapIndex;
}

// Whether a file has the index. Of a range-bitmap without values Paimon 2.0.0 takes two rows for all that are NULL.
bool IsWritten(const Index& index) {
  if (const auto* bsi = std::get_if<BsiIndexBuilder>(&index)) return bsi->fits();
  const auto* range = std::get_if<RangeBitmapBuilder>(&index);
  return range == nullptr || !range->empty();
}

// Of the next row.
void AddTo(BloomFilter& filter, bool valid, auto value) {
  if (valid) filter.Add(BloomHash(value));
}
void AddTo(auto& builder, bool valid, auto value) {
  if (!valid) return builder.AddNull();
  if constexpr (requires { builder.Add(value); }) builder.Add(value);
}

}  // namespace

std::unique_ptr<FileIndexWriter> FileIndexWriter::Make(const FileIndexOptions& options,
                                                       const std::vector<WriteColumn>& columns, size_t first) {
  auto out = std::make_unique<FileIndexWriter>();
  for (size_t i = first; i < columns.size(); ++i) {
    for (const IndexedColumn& indexed : options.columns) {
      if (indexed.column != columns[i].name) continue;
      const DataType& type = columns[i].type;
      out->entries_.push_back({columns[i].name, type, static_cast<int>(i), IndexOf(indexed, type)});
    }
  }
  return out->entries_.empty() ? nullptr : std::move(out);
}

template <typename RowAt>
void FileIndexWriter::AddTo(Entry& entry, const arrow::Array& column, int64_t count, RowAt row_at) {
  std::visit(
      [&](auto& index) {
        VisitIndexed(entry.type, column, count, row_at,
                     [&](bool valid, auto value) { paimon::AddTo(index, valid, value); });
      },
      entry.index);
}

void FileIndexWriter::Add(const arrow::RecordBatch& rows) {
  for (Entry& entry : entries_) {
    AddTo(entry, *rows.column(entry.place), rows.num_rows(), [](int64_t i) { return i; });
  }
}

void FileIndexWriter::Add(const arrow::RecordBatch& rows, std::span<const uint32_t> chosen) {
  for (Entry& entry : entries_) {
    AddTo(entry, *rows.column(entry.place), static_cast<int64_t>(chosen.size()),
          [&](int64_t i) { return static_cast<int64_t>(chosen[static_cast<size_t>(i)]); });
  }
}

Result<std::string> FileIndexWriter::Finish() const {
  std::vector<ColumnIndexes> columns;
  const auto too_large = [](const std::string& name, const char* type) {
    return Unsupported(Str("the file index of column ", name, " would have more than 2 GiB"),
                       Str("leave the column out of the table option file-index.", type, ".columns"));
  };
  for (const Entry& entry : entries_) {
    if (columns.empty() || columns.back().column != entry.name) columns.push_back({entry.name, {}});
    const char* type = NameOf(entry.index);
    if (const auto* bloom = std::get_if<BloomFilter>(&entry.index)) {
      columns.back().indexes.emplace_back(type, bloom->bytes());
      continue;
    }
    if (!IsWritten(entry.index)) continue;
    auto bytes = std::visit(
        [](const auto& index) -> std::optional<std::string> {
          if constexpr (requires { index.Build(); }) return index.Build();
          return std::nullopt;
        },
        entry.index);
    if (!bytes) return too_large(entry.name, type);
    columns.back().indexes.emplace_back(type, *std::move(bytes));
  }
  auto bytes = EncodeFileIndex(columns);
  if (!bytes) return too_large(entries_.back().name, NameOf(entries_.back().index));
  return *std::move(bytes);
}

}  // namespace sluice::paimon
