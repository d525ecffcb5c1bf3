// SPDX-License-Identifier: Apache-2.0
// The parts of ORC files that our own code reads: tail, stripes, streams, run lengths.
#include <cstdint>
#include <string>

#include "format/orc/file.h"
#include "format/orc/rle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto read = [&](int64_t offset, int64_t count) -> sluice::Result<std::string> {
    const auto at = static_cast<size_t>(offset), length = static_cast<size_t>(count);
    if (offset < 0 || count < 0 || at > size || length > size - at) return sluice::Corrupt("outside");
    return bytes.substr(at, length);
  };
  for (int version : {1, 2}) (void)sluice::DecodeOrcIntegers(bytes, 1000, version == 1, version).ok();
  (void)sluice::DecodeOrcBooleans(bytes, 1000).ok();
  const auto file = sluice::OrcFile::Open(read, static_cast<int64_t>(size));
  if (!file.ok()) return 0;
  for (const auto& stripe : file->stripes()) {
    const auto streams = file->Streams(stripe);
    if (!streams.ok()) continue;
    for (int column : file->columns()) (void)file->Bytes(*streams, column, sluice::OrcStream::kData).ok();
  }
  return 0;
}
