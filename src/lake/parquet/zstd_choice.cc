// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/zstd_choice.h"

#include <arrow/array.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace sluice {
namespace {

constexpr size_t kSampleBytes = 64 << 10;  // fewer tell nothing
constexpr int kHastyLevel = -10;           // steps over ten bytes where level 1 steps over two
constexpr int kWindowLog = 101;            // ZSTD_c_windowLog
constexpr int kBlockLog = 17;              // a block of 128 KiB: less memory to set up for each page
constexpr int kLiteralMode = 1002;         // zstd's ZSTD_c_literalCompressionMode; negative levels have it off
constexpr int kHuffman = 1;

// Values as a PLAIN page has them, about kSampleBytes or all.
std::string SampleOf(const arrow::BinaryArray& column, const uint32_t* rows, int64_t count) {
  std::string sample;
  for (int64_t i = 0; i < count && sample.size() < kSampleBytes; ++i) {
    const int64_t row = rows ? rows[i] : i;
    if (column.IsNull(row)) continue;
    const auto value = column.GetView(row).substr(0, kSampleBytes);
    AppendLe(sample, static_cast<uint32_t>(value.size()));
    sample.append(value);
  }
  return sample;
}

std::optional<int64_t> SizeBy(const arrow::util::CodecOptions& options, const std::string& sample) {
  auto codec = arrow::util::Codec::Create(arrow::Compression::ZSTD, options);
  if (!codec.ok()) return {};
  const auto* bytes = reinterpret_cast<const uint8_t*>(sample.data());
  const auto size = static_cast<int64_t>(sample.size());
  std::string out(static_cast<size_t>((*codec)->MaxCompressedLen(size, bytes)), '\0');
  const auto written = (*codec)->Compress(size, bytes, static_cast<int64_t>(out.size()),
                                          reinterpret_cast<uint8_t*>(out.data()));
  if (!written.ok()) return {};
  return *written;
}

}  // namespace

bool SearchPays(const arrow::Array& column, const uint32_t* rows, int64_t count) {
  if (column.type_id() != arrow::Type::STRING && column.type_id() != arrow::Type::BINARY) return true;
  const std::string sample = SampleOf(static_cast<const arrow::BinaryArray&>(column), rows, count);
  if (sample.size() < kSampleBytes) return true;
  const auto with = SizeBy(arrow::util::CodecOptions(1), sample);
  const auto without = SizeBy(*WithoutSearch(), sample);
  return !with || !without || *without * 20 > *with * 21;
}

std::shared_ptr<arrow::util::CodecOptions> WithoutSearch() {
  auto options = std::make_shared<arrow::util::ZstdCodecOptions>();
  options->compression_level = kHastyLevel;
  options->compression_context_params = {{kWindowLog, kBlockLog}, {kLiteralMode, kHuffman}};
  return options;
}

}  // namespace sluice
