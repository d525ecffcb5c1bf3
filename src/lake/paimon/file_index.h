// SPDX-License-Identifier: Apache-2.0
// The container of a data file's indexes: a head with the columns, their indexes and where these are, then the indexes
// (Paimon's FileIndexFormat). A value; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/env.h"

namespace sluice::paimon {

inline constexpr const char* kBloomFilterIndex = "bloom-filter";  // types of indexes
inline constexpr const char* kBitmapIndex = "bitmap";
inline constexpr const char* kBsiIndex = "bsi";
inline constexpr const char* kRangeBitmapIndex = "range-bitmap";
inline constexpr const char* kIndexSuffix = ".index";  // behind the name of the data file

struct ColumnIndexes {
  std::string column;
  std::vector<std::pair<std::string, std::string>> indexes;  // type, bytes
};

// Nothing: more than 2 GiB.
std::optional<std::string> EncodeFileIndex(const std::vector<ColumnIndexes>& columns);

// Of a data file; its bytes are in memory or in a file.
class FileIndex {
 public:
  // kCorrupt, kUnsupported, and what reading gave, name `name`.
  static Result<FileIndex> Of(std::string bytes, std::string name);
  static Result<FileIndex> Open(Env& env, const std::string& path);

  // The bytes of one index; nothing if there is none.
  Result<std::optional<std::string>> Read(const std::string& column, const std::string& type);
  const std::string& name() const { return name_; }

 private:
  struct Range {
    int32_t start = 0, length = 0;
  };
  explicit FileIndex(std::string name) : name_(std::move(name)) {}
  Status ReadHead();
  Result<std::string> Bytes(int64_t offset, int64_t count);

  std::string name_;
  std::string bytes_;
  std::unique_ptr<ReadableFile> file_;  // null: bytes_
  int64_t size_ = 0;
  std::map<std::pair<std::string, std::string>, Range> ranges_;  // by column and type
};

}  // namespace sluice::paimon
