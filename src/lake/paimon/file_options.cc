// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/file_options.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"

namespace sluice::paimon {
namespace {

constexpr int kZstdLevelMax = 22;
constexpr int kLevelMax = 1000;

struct Codec {
  std::string_view option, name;  // in the table's options; as the writer has it
};
constexpr Codec kParquetCodecs[] = {{"zstd", "zstd"}, {"snappy", "snappy"}, {"gzip", "gzip"},
                                    {"lz4", "lz4"},   {"brotli", "brotli"}, {"none", "uncompressed"}};
constexpr Codec kOrcCodecs[] = {{"zstd", "zstd"}, {"snappy", "snappy"}, {"zlib", "zlib"}, {"lz4", "lz4"},
                                {"none", "none"}};
constexpr Codec kAvroCodecs[] = {{"zstd", "zstandard"}, {"snappy", "snappy"}, {"deflate", "deflate"}, {"null", "null"},
                                 {"zstandard", "zstandard"}};

std::pair<const Codec*, const Codec*> CodecsOf(FileFormat format) {
  switch (format) {
    case FileFormat::kOrc: return {std::begin(kOrcCodecs), std::end(kOrcCodecs)};
    case FileFormat::kAvro: return {std::begin(kAvroCodecs), std::end(kAvroCodecs)};
    default: return {std::begin(kParquetCodecs), std::end(kParquetCodecs)};
  }
}

Error Bad(const std::string& key, std::string_view value, std::string_view wanted) {
  return Invalid(Str("table option ", key, "='", value, "' must be ", wanted));
}

Result<FileFormat> ParseFormat(const std::string& key, std::string_view text) {
  const auto format = FormatByName(Lower(Trim(text)));
  if (format) return *format;
  return Unsupported(Str("table option ", key, "='", text, "' is not supported"), "use parquet, orc or avro");
}

Result<MetricsMode> ParseMode(const std::string& key, std::string_view text) {
  auto mode = ParseMetricsMode(text);
  if (!mode.ok()) return Bad(key, text, "none, counts, full or truncate(16)");
  return mode;
}

Result<std::string> ParseCompression(const std::string& key, std::string_view text) {
  std::string name = Lower(Trim(text));
  for (FileFormat format : {FileFormat::kParquet, FileFormat::kOrc, FileFormat::kAvro}) {
    if (!CodecOf(format, name).empty()) return name;
  }
  return Bad(key, text, "zstd, snappy, lz4, none; gzip or brotli (parquet), zlib (orc), deflate or null (avro)");
}

// "0:avro,5:parquet", or an option a level: `key`.0.
template <typename T, typename Parse>
Status ReadByLevel(const Options& options, const std::string& key, Parse&& parse, std::map<int, T>& out) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (const auto found = options.find(key); found != options.end()) {
    for (const auto& part : Split(found->second, ',')) {
      if (Trim(part).empty()) continue;
      const auto colon = part.find(':');
      if (colon == std::string_view::npos) return Bad(key, found->second, "pairs of a level and a value, as in 0:avro");
      pairs.emplace_back(part.substr(0, colon), part.substr(colon + 1));
    }
  } else {
    for (const auto& [name, value] : options) {
      if (name.starts_with(key + ".")) pairs.emplace_back(name.substr(key.size() + 1), value);
    }
  }
  for (const auto& [level, value] : pairs) {
    int number = 0;
    if (!ParseNumber(Trim(level), number) || number < 0 || number > kLevelMax) {
      return Bad(key, level, "pairs of a level and a value, as in 0:avro");
    }
    TRY_SET(out[number], parse(key, value));
  }
  return Ok();
}

template <typename T, typename Parse>
Status ReadOne(const Options& options, const std::string& key, Parse&& parse, T& out) {
  const auto found = options.find(key);
  if (found == options.end()) return Ok();
  TRY_SET(out, parse(key, found->second));
  return Ok();
}

Status ReadNumber(const Options& options, const std::string& key, int least, int most, int& out) {
  const auto found = options.find(key);
  if (found == options.end()) return Ok();
  int64_t number = 0;
  if (!ParseNumber(Trim(found->second), number) || number < least || number > most) {
    return Bad(key, found->second, Str("a number from ", least, " to ", most));
  }
  out = static_cast<int>(number);
  return Ok();
}

}  // namespace

std::string CodecOf(FileFormat format, const std::string& compression) {
  const auto [begin, end] = CodecsOf(format);
  const auto found = std::find_if(begin, end, [&](const Codec& codec) { return codec.option == compression; });
  return found == end ? std::string() : std::string(found->name);
}

Result<FileOptions> FileOptions::Of(const Options& options, bool keyed) {
  FileOptions out;
  TRY(out.Read(options));
  FileOptions levels;
  TRY(levels.ReadLevels(options));
  if (keyed) {
    levels.style_ = out.style_;
    levels.zstd_level_ = out.zstd_level_;
    levels.column_stats_ = std::move(out.column_stats_);
    levels.stats_columns_ = out.stats_columns_;
    out = std::move(levels);
  }
  return out;
}

Status FileOptions::Read(const Options& options) {
  TRY(ReadOne(options, "file.format", ParseFormat, style_.format));
  TRY(ReadOne(options, "file.compression", ParseCompression, style_.compression));
  TRY(ReadNumber(options, "file.compression.zstd-level", 1, kZstdLevelMax, zstd_level_));
  TRY(ReadOne(options, "metadata.stats-mode", ParseMode, style_.stats));
  TRY(ReadNumber(options, "metadata.stats-keep-first-n-columns", -1, INT32_MAX, stats_columns_));
  constexpr std::string_view kPrefix = "fields.", kSuffix = ".stats-mode";
  for (const auto& [key, value] : options) {
    if (!key.starts_with(kPrefix) || !key.ends_with(kSuffix) || key.size() <= kPrefix.size() + kSuffix.size()) continue;
    const std::string column = key.substr(kPrefix.size(), key.size() - kPrefix.size() - kSuffix.size());
    TRY_SET(column_stats_[column], ParseMode(key, value));
  }
  return Ok();
}

Status FileOptions::ReadLevels(const Options& options) {
  TRY(ReadByLevel(options, "file.format.per.level", ParseFormat, formats_));
  TRY(ReadByLevel(options, "file.compression.per.level", ParseCompression, compressions_));
  TRY(ReadByLevel(options, "metadata.stats-mode.per.level", ParseMode, stats_));
  TRY(ReadOne(options, "changelog-file.format", ParseFormat, changelog_format_));
  TRY(ReadOne(options, "changelog-file.compression", ParseCompression, changelog_compression_));
  return ReadOne(options, "changelog-file.stats-mode", ParseMode, changelog_stats_);
}

Status FileOptions::CheckCodecs() const {
  std::vector<std::pair<int, bool>> kinds = {{kLevelMax + 1, false}, {kLevelMax + 1, true}};
  for (const auto& [level, format] : formats_) kinds.insert(kinds.end(), {{level, false}, {level, true}});
  for (const auto& [level, codec] : compressions_) kinds.insert(kinds.end(), {{level, false}, {level, true}});
  for (const auto& [level, changelog] : kinds) {
    const FileStyle style = StyleOf(level, changelog);
    if (!CodecOf(style.format, style.compression).empty()) continue;
    std::vector<std::string> names;
    const auto [begin, end] = CodecsOf(style.format);
    for (const Codec* codec = begin; codec != end; ++codec) names.emplace_back(codec->option);
    return Invalid(Str("table option file.compression='", style.compression, "' cannot go with file.format ",
                       NameOf(style.format)),
                   Str("its files take ", Join(names, ", "), "; levels can differ by file.compression.per.level"));
  }
  return Ok();
}

bool FileOptions::OnlyParquet() const {
  const auto other = [](const auto& level) { return level.second != FileFormat::kParquet; };
  return style_.format == FileFormat::kParquet && std::none_of(formats_.begin(), formats_.end(), other);
}

FileStyle FileOptions::StyleOf(int level, bool changelog) const {
  FileStyle style = style_;
  const auto choose = [&](auto& out, const auto& levels, const auto& of_changelog) {
    if (const auto found = levels.find(level); found != levels.end()) out = found->second;
    if (changelog && of_changelog) out = *of_changelog;
  };
  choose(style.format, formats_, changelog_format_);
  choose(style.compression, compressions_, changelog_compression_);
  choose(style.stats, stats_, changelog_stats_);
  return style;
}

MetricsMode FileOptions::ModeOf(const FileStyle& style, const std::string& column, int place) const {
  if (const auto found = column_stats_.find(column); found != column_stats_.end()) return found->second;
  if (stats_columns_ >= 0 && place >= stats_columns_) return {MetricsKind::kNone, 0};
  return style.stats;
}

}  // namespace sluice::paimon
