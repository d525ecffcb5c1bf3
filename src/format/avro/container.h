// SPDX-License-Identifier: Apache-2.0
// Avro object container files: header, blocks, codecs null, deflate and zstandard (read), deflate (write).
// In memory: metadata files are small. Ours are sealed (base/crc32.h) by the header entry "sluice.crc32", which other
// readers pass over: a flipped bit may well give a valid file, of other values. Own code because Iceberg needs field
// ids in schemas and headers (docs/adr).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "format/avro/value.h"

namespace sluice {

struct AvroFile {
  std::map<std::string, std::string> header;  // without avro.schema and avro.codec
  AvroTypePtr schema;
};

// Decodes a whole file, calling `take` for each record. kCorrupt names `name`: also if its seal is broken.
Result<AvroFile> ReadAvroFile(std::string_view bytes, std::string_view name,
                              const std::function<Status(const AvroFile&, const AvroValue&)>& take);

// Builds a file from encoded records. One owner.
class AvroFileWriter {
 public:
  // `sync`: 16 random bytes, made of two random numbers.
  AvroFileWriter(std::string_view schema_json, std::map<std::string, std::string> header, uint64_t sync_a,
                 uint64_t sync_b);
  // One encoded record.
  void Append(std::string_view record);
  int64_t records() const { return records_; }
  // The whole file, sealed; the writer is used up.
  std::string Finish();

 private:
  void FlushBlock();

  std::string out_;
  size_t seal_at_ = 0;
  std::string sync_;
  std::string block_;
  int64_t block_records_ = 0;
  int64_t records_ = 0;
};

}  // namespace sluice
