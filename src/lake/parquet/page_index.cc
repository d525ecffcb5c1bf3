// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/page_index.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/schema.h>

#include <numeric>
#include <utility>

#include "base/text.h"
#include "lake/parquet/file_streams.h"
#include "lake/parquet/parquet_open.h"
#include "row/arrow_status.h"

namespace sluice {
namespace {

constexpr int64_t kFooterFactor = 6;  // bytes in memory for one of the file, about

// Appends the bounds of a column chunk's pages; false if the type has none that order as its cells do.
bool AppendBounds(const parquet::ColumnIndex& index, parquet::Type::type stored, bool greatest,
                  arrow::ArrayBuilder& out) {
  const auto append = [&](auto& builder, const auto& values) {
    for (const auto& value : values) {
      if (!builder.Append(value).ok()) return false;
    }
    return true;
  };
  const auto append_numbers = [&](auto& builder) {
    if (stored == parquet::Type::INT32) {
      const auto& typed = static_cast<const parquet::Int32ColumnIndex&>(index);
      return append(builder, greatest ? typed.max_values() : typed.min_values());
    }
    return false;
  };
  switch (out.type()->id()) {
    case arrow::Type::INT32: return append_numbers(static_cast<arrow::Int32Builder&>(out));
    case arrow::Type::DATE32: return append_numbers(static_cast<arrow::Date32Builder&>(out));
    case arrow::Type::INT64: {
      auto& builder = static_cast<arrow::Int64Builder&>(out);
      if (stored != parquet::Type::INT64) return append_numbers(builder);
      const auto& typed = static_cast<const parquet::Int64ColumnIndex&>(index);
      return append(builder, greatest ? typed.max_values() : typed.min_values());
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      if (stored != parquet::Type::BYTE_ARRAY) return false;
      auto& builder = static_cast<arrow::BinaryBuilder&>(out);
      return append(builder, greatest ? index.encoded_max_values() : index.encoded_min_values());
    }
    default: return false;
  }
}

bool AnyNull(const parquet::ColumnIndex& index) {
  for (bool null : index.null_pages()) {
    if (null) return true;
  }
  return false;
}

}  // namespace

class PageIndex::Reader {
 public:
  explicit Reader(PageIndex& out) : out_(out) {}

  Status Read(const std::shared_ptr<EnvInputFile>& source, const std::vector<FileColumn>& key) {
    const auto reader = parquet::ParquetFileReader::Open(source);
    out_.footer_ = reader->metadata();
    for (const FileColumn& column : key) {
      const int leaf = FlatLeafOf(*out_.footer_, column);
      if (leaf < 0) break;
      key_leaves_.push_back(leaf);
    }
    std::vector<int32_t> groups(static_cast<size_t>(out_.footer_->num_row_groups()));
    std::iota(groups.begin(), groups.end(), 0);
    ReadPlaces(*source, groups);
    if (!out_.complete_ || key_leaves_.empty()) return Ok();
    const auto& properties = parquet::default_reader_properties();
    bounds_ = parquet::PageIndexReader::Make(source.get(), out_.footer_, properties);
    bounds_->WillNeed(groups, key_leaves_, {.column_index = true, .offset_index = false});
    SetKeyPages();
    for (size_t i = 0; i < key_leaves_.size(); ++i) {
      Bounds bounds;
      TRY_SET(const bool known, ReadBounds(i, out_.key_types_[i], bounds));
      if (!known) break;
      out_.bounds_.push_back(std::move(bounds));
    }
    return Ok();
  }

 private:
  void ReadPlaces(EnvInputFile& source, const std::vector<int32_t>& groups) {
    const auto places = parquet::PageIndexReader::Make(&source, out_.footer_, parquet::default_reader_properties());
    places->WillNeed(groups, {}, {.column_index = false, .offset_index = true});
    for (int group : groups) {
      const auto reader = places->RowGroup(group);
      const auto meta = out_.footer_->RowGroup(group);
      auto& pages = out_.pages_.emplace_back(static_cast<size_t>(meta->num_columns()));
      for (int leaf = 0; leaf < meta->num_columns(); ++leaf) {
        const auto index = reader == nullptr ? nullptr : reader->GetOffsetIndex(leaf);
        auto& of = pages[static_cast<size_t>(leaf)];
        if (index != nullptr) {
          for (const auto& page : index->page_locations()) {
            of.push_back({page.offset, page.compressed_page_size, page.first_row_index});
          }
        }
        if (!AreOf(*meta, leaf, of)) of.clear();
        out_.complete_ &= !of.empty() || meta->num_rows() == 0;
      }
    }
  }

  // Whether they are, one after another, those of that column chunk.
  static bool AreOf(const parquet::RowGroupMetaData& group, int leaf, const std::vector<FilePage>& pages) {
    const auto chunk = group.ColumnChunk(leaf);
    int64_t begin = chunk->data_page_offset();
    if (chunk->has_dictionary_page()) begin = std::min(begin, chunk->dictionary_page_offset());
    const int64_t end = begin + chunk->total_compressed_size();
    int64_t next = begin, row = -1;
    for (const FilePage& page : pages) {
      if (page.offset < next || page.bytes <= 0 || page.bytes > end - page.offset) return false;
      if (page.first_row <= row || page.first_row >= group.num_rows()) return false;
      next = page.offset + page.bytes;
      row = page.first_row;
    }
    return !pages.empty() && pages[0].first_row == 0;
  }

  void SetKeyPages() {
    int64_t first = 0;  // of the row group
    for (int group = 0; group < out_.footer_->num_row_groups(); ++group) {
      const int64_t end = out_.footer_->RowGroup(group)->num_rows();
      const auto& pages = out_.PagesOf(group, key_leaves_[0]);
      for (size_t i = 0; i < pages.size(); ++i) {
        const int64_t next = i + 1 < pages.size() ? pages[i + 1].first_row : end;
        out_.key_pages_.push_back({first + pages[i].first_row, next - pages[i].first_row});
      }
      first += end;
    }
  }

  bool SamePages(int group, int leaf) const {
    const auto& a = out_.PagesOf(group, key_leaves_[0]);
    const auto& b = out_.PagesOf(group, leaf);
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i].first_row != b[i].first_row) return false;
    }
    return true;
  }

  Result<bool> ReadBounds(size_t column, const std::shared_ptr<arrow::DataType>& type, Bounds& out) {
    const int leaf = key_leaves_[column];
    const auto stored = out_.footer_->schema()->Column(leaf)->physical_type();
    ARROW_TRY_SET(auto least, arrow::MakeBuilder(type));
    ARROW_TRY_SET(auto greatest, arrow::MakeBuilder(type));
    for (int group = 0; group < out_.footer_->num_row_groups(); ++group) {
      const auto reader = bounds_->RowGroup(group);
      const auto index = reader == nullptr ? nullptr : reader->GetColumnIndex(leaf);
      if (index == nullptr || AnyNull(*index) || !SamePages(group, leaf)) return false;
      if (index->null_pages().size() != out_.PagesOf(group, leaf).size()) return false;
      if (!AppendBounds(*index, stored, false, *least) || !AppendBounds(*index, stored, true, *greatest)) return false;
    }
    ARROW_TRY_SET(out.least, least->Finish());
    ARROW_TRY_SET(out.greatest, greatest->Finish());
    const auto pages = static_cast<int64_t>(out_.key_pages_.size());
    return out.least->length() == pages && out.greatest->length() == pages;
  }

  PageIndex& out_;
  std::vector<int> key_leaves_;
  std::shared_ptr<parquet::PageIndexReader> bounds_;
};

Result<std::shared_ptr<const PageIndex>> PageIndex::Read(Env& env, const std::string& path,
                                                         const std::vector<FileColumn>& key) {
  TRY_SET(auto file, env.OpenFile(path));
  const auto source = std::make_shared<EnvInputFile>(std::move(file));
  auto index = std::make_shared<PageIndex>();
  for (const FileColumn& column : key) index->key_types_.push_back(column.type.ToArrow());
  Status status;
  try {
    status = Reader(*index).Read(source, key);
  } catch (const std::bad_alloc&) {
    return Unavailable(Str("data file ", path, ": out of memory"), "give the process more memory");
  } catch (const std::exception& error) {
    status = Corrupt(error.what());
  }
  if (source->error()) return *source->error();
  if (!status.ok()) return std::move(status).error().With(Str("data file ", path));
  return std::shared_ptr<const PageIndex>(std::move(index));
}

bool PageIndex::IsOf(const std::vector<FileColumn>& key) const {
  if (key.size() != key_types_.size()) return false;
  for (size_t i = 0; i < key.size(); ++i) {
    if (!key_types_[i]->Equals(*key[i].type.ToArrow())) return false;
  }
  return true;
}

int64_t PageIndex::memory_bytes() const {
  size_t bytes = sizeof(*this) + key_pages_.capacity() * sizeof(RowSpan);
  for (const auto& group : pages_) {
    for (const auto& leaf : group) bytes += sizeof leaf + leaf.capacity() * sizeof(FilePage);
  }
  int64_t out = static_cast<int64_t>(bytes) + kFooterFactor * footer_->size();
  for (const Bounds& bounds : bounds_) {
    for (const auto& values : {bounds.least, bounds.greatest}) out += arrow::util::TotalBufferSize(*values);
  }
  return out;
}

Result<std::shared_ptr<const PageIndex>> PageIndexCache::Get(Env& env, const std::string& path,
                                                             const std::vector<FileColumn>& key) {
  const auto found = by_path_.find(path);
  if (found != by_path_.end() && found->second->index->IsOf(key)) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->index;
  }
  Forget(path);
  TRY_SET(auto index, PageIndex::Read(env, path, key));
  entries_.push_front({path, index, index->memory_bytes()});
  by_path_[path] = entries_.begin();
  bytes_ += entries_.front().bytes;
  while (bytes_ > bytes_most_) Forget(std::string(entries_.back().path));
  return index;
}

void PageIndexCache::Forget(const std::string& path) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return;
  bytes_ -= found->second->bytes;
  entries_.erase(found->second);
  by_path_.erase(found);
}

}  // namespace sluice
