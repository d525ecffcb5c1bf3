// SPDX-License-Identifier: Apache-2.0
// WriteOptions from table properties.
#include <algorithm>

#include "base/text.h"
#include "lake/iceberg/data_writer.h"

namespace sluice::iceberg {
namespace {

using Properties = std::map<std::string, std::string>;

constexpr const char* kCodecs[] = {"zstd", "snappy", "gzip", "lz4", "brotli", "uncompressed"};
constexpr const char* kNumbers[] = {"write.target-file-size-bytes",
                                    "write.metadata.previous-versions-max",
                                    "commit.retry.num-retries",
                                    "commit.retry.min-wait-ms",
                                    "commit.retry.max-wait-ms",
                                    "commit.manifest.target-size-bytes",
                                    "commit.manifest.min-count-to-merge",
                                    "history.expire.max-snapshot-age-ms",
                                    "history.expire.min-snapshots-to-keep",
                                    "history.expire.max-ref-age-ms"};
constexpr const char* kFlags[] = {"write.metadata.delete-after-commit.enabled", "commit.manifest-merge.enabled"};
constexpr const char* kColumnPrefix = "write.metadata.metrics.column.";

Status ReadNumber(const Properties& properties, const char* key, int64_t least, int64_t& out) {
  auto found = properties.find(key);
  if (found == properties.end()) return Ok();
  int64_t value = 0;
  if (!ParseNumber(found->second, value) || value < least) {
    return Invalid(Str("table property ", key, "='", found->second, "' must be a number of at least ", least));
  }
  out = value;
  return Ok();
}

Status ReadCodec(const Properties& properties, WriteOptions& out) {
  if (auto found = properties.find("write.parquet.compression-codec"); found != properties.end()) {
    std::string codec = Lower(found->second);
    if (codec == "none") codec = "uncompressed";
    if (codec == "lz4_raw") codec = "lz4";
    if (std::find(std::begin(kCodecs), std::end(kCodecs), codec) == std::end(kCodecs)) {
      return Invalid(Str("table property write.parquet.compression-codec='", found->second, "' is unknown"),
                     "use zstd, snappy, gzip, lz4, brotli or uncompressed");
    }
    out.codec = codec;
    if (codec != "zstd") out.codec_level = 0;
  }
  int64_t level = out.codec_level;
  TRY(ReadNumber(properties, "write.parquet.compression-level", 1, level));
  out.codec_level = static_cast<int>(std::min<int64_t>(level, 22));
  return Ok();
}

Status ReadMetrics(const Properties& properties, const Schema& schema, WriteOptions& out) {
  auto parse = [](const std::string& key, const std::string& text, MetricsMode& mode) -> Status {
    auto parsed = ParseMetricsMode(text);
    if (!parsed.ok()) return std::move(parsed).error().With(Str("table property ", key));
    mode = *parsed;
    return Ok();
  };
  if (auto found = properties.find("write.metadata.metrics.default"); found != properties.end()) {
    TRY(parse(found->first, found->second, out.metrics));
  } else {
    int64_t most = 100;
    TRY(ReadNumber(properties, "write.metadata.metrics.max-inferred-column-defaults", 0, most));
    for (size_t i = static_cast<size_t>(most); i < schema.fields.size(); ++i) {
      out.column_metrics[schema.fields[i].id] = MetricsMode{MetricsKind::kNone, 0};
    }
  }
  for (const Field& field : schema.fields) {
    auto found = properties.find(kColumnPrefix + field.name);
    if (found != properties.end()) TRY(parse(found->first, found->second, out.column_metrics[field.id]));
  }
  return Ok();
}

}  // namespace

Status CheckProperty(const std::string& key, const std::string& value) {
  int64_t ignored = 0;
  for (const char* number : kNumbers) {
    if (key == number) return ReadNumber({{key, value}}, number, 0, ignored);
  }
  for (const char* flag : kFlags) {
    if (key != flag || EqualsIgnoreCase(value, "true") || EqualsIgnoreCase(value, "false")) continue;
    return Invalid(Str("table property ", key, "='", value, "' must be true or false"));
  }
  return Ok();
}

Result<WriteOptions> WriteOptions::FromProperties(const Properties& properties, const Schema& schema) {
  WriteOptions out;
  auto format = properties.find("write.format.default");
  if (format != properties.end() && Lower(format->second) != "parquet") {
    return Unsupported(Str("table property write.format.default='", format->second, "': only parquet can be written"),
                       "set write.format.default to parquet");
  }
  TRY(ReadCodec(properties, out));
  TRY(ReadNumber(properties, "write.parquet.row-group-size-bytes", 1, out.row_group_bytes));
  TRY(ReadNumber(properties, "write.parquet.page-size-bytes", 1, out.page_bytes));
  TRY(ReadNumber(properties, "write.parquet.dict-size-bytes", 1, out.dictionary_bytes));
  TRY(ReadMetrics(properties, schema, out));
  return out;
}

}  // namespace sluice::iceberg
