// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/file_index_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "lake/paimon/file_index.h"
#include "lake/paimon/index_value.h"

namespace sluice::paimon {

std::unique_ptr<FileIndexWriter> FileIndexWriter::Make(const FileIndexOptions& options,
                                                       const std::vector<WriteColumn>& columns, size_t first) {
  auto out = std::make_unique<FileIndexWriter>();
  for (size_t i = first; i < columns.size(); ++i) {
    for (const IndexedColumn& indexed : options.columns) {
      if (indexed.column != columns[i].name) continue;
      Entry entry{columns[i].name, columns[i].type, static_cast<int>(i), nullptr, nullptr};
      if (indexed.type == IndexType::kBitmap) {
        entry.bitmap = std::make_unique<BitmapIndexBuilder>(entry.type, indexed.version, indexed.block_bytes);
      } else {
        entry.bloom = std::make_unique<BloomFilter>(indexed.items, indexed.fpp);
      }
      out->entries_.push_back(std::move(entry));
    }
  }
  return out->entries_.empty() ? nullptr : std::move(out);
}

template <typename RowAt>
void FileIndexWriter::AddTo(Entry& entry, const arrow::Array& column, int64_t count, RowAt row_at) {
  if (entry.bloom != nullptr) {
    return VisitIndexed(entry.type, column, count, row_at, [&](bool valid, auto value) {
      if (valid) entry.bloom->Add(BloomHash(value));
    });
  }
  VisitIndexed(entry.type, column, count, row_at, [&](bool valid, auto value) {
    if (valid) {
      entry.bitmap->Add(value);
    } else {
      entry.bitmap->AddNull();
    }
  });
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
  const auto too_large = [](const std::string& name) {
    return Unsupported(Str("the file index of column ", name, " would have more than 2 GiB"),
                       "leave the column out of the table option file-index.bitmap.columns");
  };
  for (const Entry& entry : entries_) {
    if (columns.empty() || columns.back().column != entry.name) columns.push_back({entry.name, {}});
    if (entry.bloom != nullptr) {
      columns.back().indexes.emplace_back(kBloomFilterIndex, entry.bloom->bytes());
      continue;
    }
    auto bitmap = entry.bitmap->Build();
    if (!bitmap) return too_large(entry.name);
    columns.back().indexes.emplace_back(kBitmapIndex, *std::move(bitmap));
  }
  auto bytes = EncodeFileIndex(columns);
  if (!bytes) return too_large(entries_.back().name);
  return *std::move(bytes);
}

}  // namespace sluice::paimon
