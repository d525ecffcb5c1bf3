// SPDX-License-Identifier: Apache-2.0
// Data files of rows in Avro's container format, a block at a time: AvroBlockReader and AvroBlockWriter. For metadata,
// which is small and sealed, there is container.h. One owner each.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "format/avro/value.h"

namespace sluice {

struct AvroBlock {
  int64_t records = 0;
  std::string bytes;  // uncompressed
};

class AvroBlockReader {
 public:
  // `read`: bytes of the file from an offset; fewer only at its end. kCorrupt, kUnsupported.
  using Read = std::function<Result<std::string>(int64_t offset, int64_t count)>;
  static Result<AvroBlockReader> Open(Read read, int64_t file_bytes);

  const AvroTypePtr& schema() const { return schema_; }
  // False at the end.
  Result<bool> Next(AvroBlock& out);

 private:
  AvroBlockReader(Read read, int64_t file_bytes) : read_(std::move(read)), file_bytes_(file_bytes) {}
  Status ReadHead();
  Status Fill(int64_t bytes);

  Read read_;
  int64_t file_bytes_;
  AvroTypePtr schema_;
  std::string codec_, sync_;
  std::string ahead_;      // bytes that were read, from at_ on
  int64_t at_ = 0;         // in the file
};

// "zstandard", "deflate", "snappy", "null".
bool IsAvroCodec(std::string_view codec);

class AvroBlockWriter {
 public:
  // `level`: of zstandard. `sync_a`, `sync_b`: random.
  AvroBlockWriter(std::string_view schema_json, std::string codec, int level, uint64_t sync_a, uint64_t sync_b);

  // What the file begins with.
  std::string Head() const;
  Result<std::string> Block(int64_t records, std::string_view bytes) const;

 private:
  const std::string schema_, codec_;
  const int level_;
  std::string sync_;
};

}  // namespace sluice
