// SPDX-License-Identifier: Apache-2.0
#include "format/avro/blocks.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "format/avro/codec.h"

namespace sluice {
namespace {

constexpr int64_t kAheadBytes = 256 << 10;
constexpr int64_t kHeadBytesMax = 64 << 20;
constexpr int64_t kCountBytesMax = 20;  // of a block's two numbers

}  // namespace

Result<AvroBlockReader> AvroBlockReader::Open(Read read, int64_t file_bytes) {
  AvroBlockReader reader(std::move(read), file_bytes);
  TRY(reader.ReadHead());
  return reader;
}

// So that ahead_ has at least so many bytes, or all there are.
Status AvroBlockReader::Fill(int64_t bytes) {
  const auto have = static_cast<int64_t>(ahead_.size());
  const int64_t end = std::min(file_bytes_, at_ + std::max(bytes, kAheadBytes));
  if (have >= bytes || at_ + have >= end) return Ok();
  TRY_SET(const std::string more, read_(at_ + have, end - at_ - have));
  ahead_ += more;
  return Ok();
}

Status AvroBlockReader::ReadHead() {
  for (int64_t bytes = kAheadBytes;; bytes *= 4) {
    TRY(Fill(bytes));
    ByteReader reader(ahead_);
    std::map<std::string, std::string> header;
    Status read = ReadAvroHeader(reader, header);
    sync_ = reader.Bytes(kAvroSyncBytes);
    if (read.ok() && reader.ok()) {
      TRY_SET(schema_, ParseAvroSchema(header["avro.schema"]));
      codec_ = header["avro.codec"];
      const size_t used = ahead_.size() - reader.remaining();
      ahead_.erase(0, used);
      at_ += static_cast<int64_t>(used);
      return Ok();
    }
    const bool all = static_cast<int64_t>(ahead_.size()) >= file_bytes_ || bytes >= kHeadBytesMax;
    if (!all && ahead_.starts_with(kAvroMagic)) continue;
    TRY(std::move(read));
    return Corrupt("avro: header cut off");
  }
}

Result<bool> AvroBlockReader::Next(AvroBlock& out) {
  if (at_ >= file_bytes_) return false;
  TRY(Fill(kCountBytesMax));
  ByteReader numbers(ahead_);
  const int64_t records = ReadAvroLong(numbers), size = ReadAvroLong(numbers);
  const auto head = static_cast<int64_t>(ahead_.size() - numbers.remaining());
  const int64_t left = file_bytes_ - at_ - head - static_cast<int64_t>(kAvroSyncBytes);
  if (!numbers.ok() || records < 0 || size < 0 || size > left) return Corrupt("avro: block cut off");
  const int64_t whole = head + size + static_cast<int64_t>(kAvroSyncBytes);
  TRY(Fill(whole));
  if (static_cast<int64_t>(ahead_.size()) < whole) return Corrupt("avro: block cut off");
  const std::string_view block(ahead_.data() + head, static_cast<size_t>(size));
  if (std::string_view(ahead_).substr(static_cast<size_t>(head + size), kAvroSyncBytes) != sync_) {
    return Corrupt("avro: wrong sync marker after a block");
  }
  out.records = records;
  TRY_SET(out.bytes, UncompressAvro(block, codec_));
  ahead_.erase(0, static_cast<size_t>(whole));
  at_ += whole;
  return true;
}

bool IsAvroCodec(std::string_view codec) {
  return codec == "zstandard" || codec == "deflate" || codec == "snappy" || codec == "null";
}

AvroBlockWriter::AvroBlockWriter(std::string_view schema_json, std::string codec, int level, uint64_t sync_a,
                                 uint64_t sync_b)
    : schema_(schema_json), codec_(std::move(codec)), level_(level) {
  AppendLe(sync_, sync_a);
  AppendLe(sync_, sync_b);
}

std::string AvroBlockWriter::Head() const {
  std::string out(kAvroMagic);
  AppendAvroLong(out, 2);
  AppendAvroBytes(out, "avro.schema");
  AppendAvroBytes(out, schema_);
  AppendAvroBytes(out, "avro.codec");
  AppendAvroBytes(out, codec_);
  AppendAvroLong(out, 0);
  return out + sync_;
}

Result<std::string> AvroBlockWriter::Block(int64_t records, std::string_view bytes) const {
  TRY_SET(const std::string compressed, CompressAvro(bytes, codec_, level_));
  std::string out;
  AppendAvroLong(out, records);
  AppendAvroBytes(out, compressed);
  return out + sync_;
}

}  // namespace sluice
