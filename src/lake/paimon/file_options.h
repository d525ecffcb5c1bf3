// SPDX-License-Identifier: Apache-2.0
// FileOptions: what a table's options say of its data files: formats, compression and statistics, by level. A value.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "lake/paimon/file_format.h"
#include "lake/paimon/schema.h"
#include "lake/parquet/column_stats.h"

namespace sluice::paimon {

// Of one file.
struct FileStyle {
  FileFormat format = FileFormat::kParquet;
  std::string compression = "zstd";  // as the option names it
  MetricsMode stats;                 // of columns that have no mode of their own
};

class FileOptions {
 public:
  // kInvalid, kUnsupported name the option. Levels and changelogs are of keyed tables only, as in Java.
  static Result<FileOptions> Of(const Options& options, bool keyed);
  // Whether each format that a file may get has the codec that it gets then.
  Status CheckCodecs() const;
  bool OnlyParquet() const;  // all data files

  FileStyle StyleOf(int level, bool changelog) const;
  // Of a column of the table, the one at `place`.
  MetricsMode ModeOf(const FileStyle& style, const std::string& column, int place) const;
  int zstd_level() const { return zstd_level_; }

 private:
  Status Read(const Options& options);
  Status ReadLevels(const Options& options);

  FileStyle style_;
  int zstd_level_ = 1;
  std::map<int, FileFormat> formats_;
  std::map<int, std::string> compressions_;
  std::map<int, MetricsMode> stats_;
  std::optional<FileFormat> changelog_format_;
  std::optional<std::string> changelog_compression_;
  std::optional<MetricsMode> changelog_stats_;
  std::map<std::string, MetricsMode> column_stats_;  // `fields.<column>.stats-mode`
  int stats_columns_ = -1;                           // `metadata.stats-keep-first-n-columns`; below 0: all
};

// The codec as the format's writer names it; empty: the format has none of that name.
std::string CodecOf(FileFormat format, const std::string& compression);

}  // namespace sluice::paimon
