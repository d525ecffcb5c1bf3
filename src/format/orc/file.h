// SPDX-License-Identifier: Apache-2.0
// OrcFile: where the streams of an ORC file's columns are, and their bytes (ORC Specification v1). For what Arrow's
// reader does not give; values are in rle.h. One owner.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

enum class OrcStream : uint8_t { kPresent = 0, kData = 1, kSecondary = 5 };

struct OrcStripe {
  int64_t offset = 0, index_bytes = 0, data_bytes = 0, footer_bytes = 0, rows = 0;
};

struct OrcStripeStreams {
  struct Place {
    OrcStream stream = OrcStream::kPresent;
    int column = 0;
    int64_t offset = 0, bytes = 0;
  };
  std::vector<Place> places;
  std::vector<int> encodings;   // of each column
  std::string writer_timezone;  // IANA's name; may be empty
};

class OrcFile {
 public:
  // `read`: bytes of the file from an offset; fewer are an error. kCorrupt, kUnsupported.
  using Read = std::function<Result<std::string>(int64_t offset, int64_t count)>;
  static Result<OrcFile> Open(Read read, int64_t file_bytes);

  const std::vector<OrcStripe>& stripes() const { return stripes_; }
  // Of the row's columns in their order, the numbers that streams know them by.
  const std::vector<int>& columns() const { return columns_; }
  // Of a LIST, MAP or STRUCT of that number, the numbers of its parts.
  std::vector<int> PartsOf(int column) const;
  // Whether the row's column at this place is a CHAR(n).
  bool IsChar(size_t place) const;

  Result<OrcStripeStreams> Streams(const OrcStripe& stripe) const;
  // A column's stream, uncompressed; empty if there is none.
  Result<std::string> Bytes(const OrcStripeStreams& streams, int column, OrcStream stream) const;

 private:
  Status ParseFooter(std::string_view footer);
  Result<std::string> Uncompress(std::string_view bytes) const;

  Read read_;
  int compression_ = 0;
  int64_t block_bytes_ = 256 << 10;
  std::vector<OrcStripe> stripes_;
  std::vector<int> columns_;
  std::vector<int> kinds_;  // of types, by their number
  std::vector<std::vector<int>> parts_;  // likewise
};

}  // namespace sluice
