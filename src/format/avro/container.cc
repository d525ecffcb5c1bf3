// SPDX-License-Identifier: Apache-2.0
#include "format/avro/container.h"

#include <algorithm>
#include <array>
#include <memory>

#include "base/check.h"
#include "base/crc32.h"
#include "base/text.h"
#include "format/avro/codec.h"

namespace sluice {
namespace {

constexpr std::string_view kSealKey = "sluice.crc32";
constexpr size_t kBlockBytes = 64 * 1024;  // a block is closed above this

// Files of other writers have no seal.
Status CheckSeal(std::string_view bytes, const AvroFile& file) {
  if (!file.header.contains(std::string(kSealKey))) return Ok();
  std::string entry;  // with its lengths, control characters, it is nowhere in the header's JSON
  AppendAvroBytes(entry, kSealKey);
  AppendAvroLong(entry, static_cast<int64_t>(kNoSeal.size()));
  const size_t found = bytes.find(entry);
  return sluice::CheckSeal(bytes, found == std::string_view::npos ? bytes.size() : found + entry.size());
}

Status ReadBlocks(ByteReader& reader, const AvroFile& file, const std::string& codec, std::string_view sync,
                  const std::function<Status(const AvroFile&, const AvroValue&)>& take) {
  while (reader.remaining() > 0) {
    int64_t count = ReadAvroLong(reader);
    int64_t size = ReadAvroLong(reader);
    if (!reader.ok() || count < 0 || size < 0 || static_cast<uint64_t>(size) > reader.remaining()) {
      return Corrupt("avro: block cut off");
    }
    TRY_SET(std::string block, UncompressAvro(reader.Bytes(static_cast<size_t>(size)), codec));
    if (reader.Bytes(16) != sync) return Corrupt("avro: wrong sync marker after a block");
    ByteReader records(block);
    // A value takes a byte at least, save null, empty records and fixed[0]: those cannot be many in our formats.
    int64_t budget = static_cast<int64_t>(block.size()) * 2 + 1000;
    for (int64_t i = 0; i < count; ++i) {
      AvroValue value;
      TRY(DecodeAvro(records, *file.schema, budget, value));
      TRY(take(file, value));
    }
    if (records.remaining() != 0) return Corrupt("avro: bytes left after a block's records");
  }
  return Ok();
}

// The files of a table have few schemas, and parsing one takes longer than reading a small file.
Result<AvroTypePtr> SchemaOf(std::string text) {
  struct Known {
    std::string text;
    AvroTypePtr type;
  };
  thread_local std::array<Known, 4> known;  // the latest first
  auto found =
      std::find_if(known.begin(), known.end(), [&](const Known& item) { return item.type && item.text == text; });
  if (found == known.end()) {
    TRY_SET(AvroTypePtr type, ParseAvroSchema(text));
    found = known.end() - 1;
    *found = {std::move(text), std::move(type)};
  }
  std::rotate(known.begin(), found, found + 1);
  return known[0].type;
}

}  // namespace

Result<AvroFile> ReadAvroFile(std::string_view bytes, std::string_view name,
                              const std::function<Status(const AvroFile&, const AvroValue&)>& take) {
  AvroFile file;
  auto read = [&]() -> Status {
    ByteReader reader(bytes);
    TRY(ReadAvroHeader(reader, file.header));
    std::string_view sync = reader.Bytes(16);
    if (!reader.ok()) return Corrupt("avro: header cut off");
    TRY(CheckSeal(bytes, file));
    TRY_SET(file.schema, SchemaOf(std::move(file.header["avro.schema"])));
    std::string codec = file.header["avro.codec"];
    file.header.erase("avro.schema");
    file.header.erase("avro.codec");
    return ReadBlocks(reader, file, codec, sync, take);
  };
  Status status = read();
  if (!status.ok()) return std::move(status).error().With(name);
  return file;
}

AvroFileWriter::AvroFileWriter(std::string_view schema_json, std::map<std::string, std::string> header, uint64_t sync_a,
                               uint64_t sync_b) {
  header["avro.schema"] = schema_json;
  header["avro.codec"] = "deflate";
  header[std::string(kSealKey)] = kNoSeal;
  out_ = kAvroMagic;
  AppendAvroLong(out_, static_cast<int64_t>(header.size()));
  for (const auto& [key, value] : header) {
    AppendAvroBytes(out_, key);
    AppendAvroBytes(out_, value);
    if (key == kSealKey) seal_at_ = out_.size() - kNoSeal.size();
  }
  AppendAvroLong(out_, 0);
  AppendLe(sync_, sync_a);
  AppendLe(sync_, sync_b);
  out_ += sync_;
}

void AvroFileWriter::Append(std::string_view record) {
  block_ += record;
  ++block_records_;
  ++records_;
  if (block_.size() >= kBlockBytes) FlushBlock();
}

void AvroFileWriter::FlushBlock() {
  if (block_records_ == 0) return;
  AppendAvroLong(out_, block_records_);
  AppendAvroBytes(out_, *CompressAvro(block_, "deflate", 0));  // it cannot fail
  out_ += sync_;
  block_.clear();
  block_records_ = 0;
}

std::string AvroFileWriter::Finish() {
  FlushBlock();
  Seal(out_, seal_at_);
  return std::move(out_);
}

}  // namespace sluice
