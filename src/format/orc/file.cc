// SPDX-License-Identifier: Apache-2.0
#include "format/orc/file.h"

#include <arrow/util/compression.h>
#include <zstd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"

namespace sluice {
namespace {

constexpr int kCharKind = 17;  // of a type
constexpr int kZstdKind = 5;   // of compression
constexpr int64_t kTailBytes = 16 << 10;
constexpr int64_t kBlockBytesMax = 64 << 20;
constexpr size_t kStreamBytesMax = size_t{1} << 31;

// Protocol buffers, as far as ORC's metadata needs them.
class Message {
 public:
  explicit Message(std::string_view message) : reader_(message) {}

  // The next field; false at the end.
  bool Next() {
    if (!reader_.ok() || reader_.remaining() == 0) return false;
    const uint64_t key = Varint();
    field = key >> 3;
    number = 0;
    bytes = {};
    switch (key & 7) {
      case 0: number = Varint(); break;
      case 1: number = reader_.U64(); break;
      case 2: bytes = reader_.Bytes(Varint()); break;
      case 5: number = reader_.U32(); break;
      default: (void)reader_.Bytes(reader_.remaining() + 1);  // clears ok()
    }
    return reader_.ok();
  }
  bool ok() const { return reader_.ok(); }

  uint64_t field = 0;
  uint64_t number = 0;     // of a number
  std::string_view bytes;  // of anything else

 private:
  uint64_t Varint() {
    uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = reader_.U8();
      bits |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return bits;
    }
    (void)reader_.Bytes(reader_.remaining() + 1);
    return 0;
  }

  ByteReader reader_;
};

Error Damaged(std::string_view part) { return Corrupt(Str("orc: the ", part, " is damaged")); }

// A repeated number, packed or not.
void AppendNumbers(const Message& message, std::vector<int>& out) {
  if (message.bytes.empty()) {
    out.push_back(static_cast<int>(message.number));
    return;
  }
  uint64_t bits = 0;
  int shift = 0;
  for (const char c : message.bytes) {
    bits |= static_cast<uint64_t>(c & 0x7F) << (shift & 63);
    shift += 7;
    if ((c & 0x80) != 0) continue;
    out.push_back(static_cast<int>(bits));
    bits = 0;
    shift = 0;
  }
}

Status ParseStripe(std::string_view bytes, OrcStripe& out) {
  Message message(bytes);
  while (message.Next()) {
    const auto number = static_cast<int64_t>(message.number);
    switch (message.field) {
      case 1: out.offset = number; break;
      case 2: out.index_bytes = number; break;
      case 3: out.data_bytes = number; break;
      case 4: out.footer_bytes = number; break;
      case 5: out.rows = number; break;
      default: break;
    }
  }
  for (int64_t number : {out.offset, out.index_bytes, out.data_bytes, out.footer_bytes, out.rows}) {
    if (number < 0 || number > (int64_t{1} << 48)) return Damaged("footer");
  }
  return message.ok() ? Ok() : Status(Damaged("footer"));
}

// Numbers of ORC's CompressionKind; GZIP with deflate's raw bytes is its ZLIB. Arrow's ZSTD wants to know the size.
arrow::Result<std::unique_ptr<arrow::util::Codec>> CodecOf(int compression) {
  switch (compression) {
    case 1: {
      arrow::util::GZipCodecOptions options;
      options.gzip_format = arrow::util::GZipFormat::DEFLATE;
      return arrow::util::Codec::Create(arrow::Compression::GZIP, options);
    }
    case 2: return arrow::util::Codec::Create(arrow::Compression::SNAPPY);
    case 4: return arrow::util::Codec::Create(arrow::Compression::LZ4);
    case 6: return arrow::util::Codec::Create(arrow::Compression::BROTLI);
    default: return arrow::Status::NotImplemented("orc: compression ", compression, " is not read");
  }
}

}  // namespace

Result<OrcFile> OrcFile::Open(Read read, int64_t file_bytes) {
  OrcFile file;
  file.read_ = std::move(read);
  const int64_t tail_bytes = std::min(file_bytes, kTailBytes);
  if (tail_bytes < 4) return Damaged("end");
  TRY_SET(std::string tail, file.read_(file_bytes - tail_bytes, tail_bytes));
  const auto script_bytes = static_cast<int64_t>(static_cast<uint8_t>(tail.back()));
  if (script_bytes + 1 > tail_bytes) return Damaged("end");
  Message script(std::string_view(tail).substr(static_cast<size_t>(tail_bytes - 1 - script_bytes),
                                               static_cast<size_t>(script_bytes)));
  int64_t footer_bytes = 0;
  while (script.Next()) {
    if (script.field == 1) footer_bytes = static_cast<int64_t>(script.number);
    if (script.field == 2) file.compression_ = static_cast<int>(script.number);
    if (script.field == 3) file.block_bytes_ = static_cast<int64_t>(script.number);
  }
  const int64_t footer_at = file_bytes - 1 - script_bytes - footer_bytes;
  if (!script.ok() || footer_bytes <= 0 || footer_at < 0) return Damaged("end");
  if (file.block_bytes_ < 0 || file.block_bytes_ > kBlockBytesMax) return Damaged("end");
  TRY_SET(const std::string stored, file.read_(footer_at, footer_bytes));
  TRY_SET(const std::string footer, file.Uncompress(stored));
  TRY(file.ParseFooter(footer));
  return file;
}

Status OrcFile::ParseFooter(std::string_view footer) {
  Message message(footer);
  while (message.Next()) {
    if (message.field == 3) TRY(ParseStripe(message.bytes, stripes_.emplace_back()));
    if (message.field != 4) continue;
    const bool root = kinds_.empty();
    kinds_.push_back(0);
    parts_.emplace_back();
    Message type(message.bytes);
    while (type.Next()) {
      if (type.field == 1) kinds_.back() = static_cast<int>(type.number);
      if (type.field == 2) AppendNumbers(type, parts_.back());
    }
    if (root) columns_ = parts_.back();
    if (!type.ok()) return Damaged("footer");
  }
  return message.ok() ? Ok() : Status(Damaged("footer"));
}

std::vector<int> OrcFile::PartsOf(int column) const {
  const auto place = static_cast<size_t>(column);
  return column >= 0 && place < parts_.size() ? parts_[place] : std::vector<int>();
}

bool OrcFile::IsChar(size_t place) const {
  const auto id = place < columns_.size() ? static_cast<size_t>(columns_[place]) : kinds_.size();
  return id < kinds_.size() && kinds_[id] == kCharKind;
}

Result<OrcStripeStreams> OrcFile::Streams(const OrcStripe& stripe) const {
  TRY_SET(const std::string stored,
          read_(stripe.offset + stripe.index_bytes + stripe.data_bytes, stripe.footer_bytes));
  TRY_SET(const std::string footer, Uncompress(stored));
  OrcStripeStreams out;
  int64_t at = stripe.offset;
  Message message(footer);
  while (message.Next()) {
    if (message.field == 3) out.writer_timezone = message.bytes;
    if (message.field == 2) {
      Message encoding(message.bytes);
      int kind = 0;
      while (encoding.Next()) {
        if (encoding.field == 1) kind = static_cast<int>(encoding.number);
      }
      out.encodings.push_back(kind);
    }
    if (message.field != 1) continue;
    OrcStripeStreams::Place place;
    place.offset = at;
    Message stream(message.bytes);
    while (stream.Next()) {
      if (stream.field == 1) place.stream = static_cast<OrcStream>(stream.number);
      if (stream.field == 2) place.column = static_cast<int>(stream.number);
      if (stream.field == 3) place.bytes = static_cast<int64_t>(stream.number);
    }
    if (place.bytes < 0 || place.bytes > (int64_t{1} << 40)) return Damaged("footer of a stripe");
    at += place.bytes;
    out.places.push_back(place);
  }
  return message.ok() ? Result<OrcStripeStreams>(std::move(out)) : Damaged("footer of a stripe");
}

Result<std::string> OrcFile::Bytes(const OrcStripeStreams& streams, int column, OrcStream stream) const {
  for (const auto& place : streams.places) {
    if (place.column != column || place.stream != stream) continue;
    TRY_SET(const std::string stored, read_(place.offset, place.bytes));
    return Uncompress(stored);
  }
  return std::string();
}

// A stream is a row of blocks, each behind three bytes: its length, and whether it is stored as it is.
Result<std::string> OrcFile::Uncompress(std::string_view bytes) const {
  if (compression_ == 0) return std::string(bytes);
  std::unique_ptr<arrow::util::Codec> codec;
  if (compression_ != kZstdKind) {
    auto made = CodecOf(compression_);
    if (!made.ok()) return Unsupported(made.status().message());
    codec = std::move(made).ValueUnsafe();
  }
  std::string out;
  ByteReader reader(bytes);
  while (reader.remaining() > 0) {
    const uint32_t header = reader.U24();
    const std::string_view block = reader.Bytes(header >> 1);
    if (!reader.ok() || out.size() > kStreamBytesMax) return Damaged("length of a block");
    if ((header & 1) != 0) {
      out += block;
      continue;
    }
    const size_t at = out.size();
    const auto room = static_cast<size_t>(block_bytes_);
    out.resize(at + room);
    if (codec == nullptr) {
      const size_t size = ZSTD_decompress(out.data() + at, room, block.data(), block.size());
      if (ZSTD_isError(size)) return Corrupt(Str("orc: a block is damaged: ", ZSTD_getErrorName(size)));
      out.resize(at + size);
      continue;
    }
    auto size = codec->Decompress(static_cast<int64_t>(block.size()), reinterpret_cast<const uint8_t*>(block.data()),
                                  block_bytes_, reinterpret_cast<uint8_t*>(out.data() + at));
    if (!size.ok()) return Corrupt(Str("orc: a block is damaged: ", size.status().message()));
    out.resize(at + static_cast<size_t>(*size));
  }
  return out;
}

}  // namespace sluice
