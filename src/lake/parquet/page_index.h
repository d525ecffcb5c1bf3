// SPDX-License-Identifier: Apache-2.0
// PageIndex: where the pages of a Parquet file are, and between which values those of its key lie ("Page Index" of the
// Parquet specification), so that single rows of it can be read. Immutable; any thread. PageIndexCache keeps those that
// were used last; one thread.
#pragma once

#include <compare>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/parquet/file_column.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace parquet {
class FileMetaData;
}

namespace sluice {

// Rows that stand one after another.
struct RowSpan {
  int64_t first = 0;
  int64_t count = 0;
  auto operator<=>(const RowSpan&) const = default;
};

struct FilePage {
  int64_t offset = 0;  // in the file, of its header
  int64_t bytes = 0;   // with the header
  int64_t first_row = 0;  // of its row group
};

class PageIndex {
 public:
  // Of all pages of a column of the key: their least and greatest values, or beyond.
  struct Bounds {
    std::shared_ptr<arrow::Array> least, greatest;
  };

  // `key`: what the rows are sorted by. kCorrupt names the file.
  static Result<std::shared_ptr<const PageIndex>> Read(Env& env, const std::string& path,
                                                       const std::vector<FileColumn>& key);

  const std::shared_ptr<parquet::FileMetaData>& footer() const { return footer_; }
  bool complete() const { return complete_; }  // each column chunk says where its pages are
  // Of a column chunk, by row; empty if it does not say.
  const std::vector<FilePage>& PagesOf(int group, int leaf) const {
    return pages_[static_cast<size_t>(group)][static_cast<size_t>(leaf)];
  }
  // Rows of the file, page by page of the first column of the key. None if that is not complete.
  const std::vector<RowSpan>& key_pages() const { return key_pages_; }
  // Of the first columns of the key, as many as have the same pages and types whose order is known; perhaps none.
  const std::vector<Bounds>& bounds() const { return bounds_; }
  bool IsOf(const std::vector<FileColumn>& key) const;  // that it was read for
  int64_t memory_bytes() const;                         // about

 private:
  class Reader;
  std::shared_ptr<parquet::FileMetaData> footer_;
  std::vector<std::vector<std::vector<FilePage>>> pages_;  // by row group and leaf
  std::vector<std::shared_ptr<arrow::DataType>> key_types_;
  std::vector<RowSpan> key_pages_;
  std::vector<Bounds> bounds_;
  bool complete_ = true;
};

// Which rows of a file are read, in order.
struct ChosenRows {
  std::shared_ptr<const PageIndex> index;
  std::vector<RowSpan> spans;  // of the file, ascending and apart
};

class PageIndexCache {
 public:
  explicit PageIndexCache(int64_t bytes_most) : bytes_most_(bytes_most) {}

  Result<std::shared_ptr<const PageIndex>> Get(Env& env, const std::string& path, const std::vector<FileColumn>& key);
  void Forget(const std::string& path);  // the file is gone
  int64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string path;
    std::shared_ptr<const PageIndex> index;
    int64_t bytes = 0;
  };

  const int64_t bytes_most_;
  int64_t bytes_ = 0;
  std::list<Entry> entries_;  // the one that was used last is the first
  std::map<std::string, std::list<Entry>::iterator> by_path_;
};

}  // namespace sluice
