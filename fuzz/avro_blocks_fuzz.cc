// SPDX-License-Identifier: Apache-2.0
// Avro data files, a block at a time.
#include <algorithm>
#include <cstdint>
#include <string>

#include "format/avro/blocks.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto read = [&](int64_t offset, int64_t count) -> sluice::Result<std::string> {
    return bytes.substr(std::min(size, static_cast<size_t>(offset)), static_cast<size_t>(count));
  };
  auto blocks = sluice::AvroBlockReader::Open(read, static_cast<int64_t>(size));
  if (!blocks.ok()) return 0;
  sluice::AvroBlock block;
  while (true) {
    const auto more = blocks->Next(block);
    if (!more.ok() || !*more) return 0;
    sluice::ByteReader reader(block.bytes);
    int64_t budget = 10'000;
    for (int64_t i = 0; i < block.records && reader.remaining() > 0; ++i) {
      if (!sluice::SkipAvro(reader, *blocks->schema(), budget).ok()) break;
    }
  }
}
