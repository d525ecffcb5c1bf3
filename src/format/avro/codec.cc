// SPDX-License-Identifier: Apache-2.0
#include "format/avro/codec.h"

#include <arrow/util/compression.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "base/text.h"
#include "format/avro/value.h"

namespace sluice {
namespace {

constexpr size_t kInflatedMax = size_t{1} << 30;  // bytes of one block
constexpr size_t kHeaderEntriesMax = 1000;
constexpr size_t kCrcBytes = 4;

Result<std::unique_ptr<arrow::util::Codec>> Snappy() {
  auto codec = arrow::util::Codec::Create(arrow::Compression::SNAPPY);
  if (!codec.ok()) return Unsupported(Str("snappy: ", codec.status().message()));
  return std::move(codec).ValueUnsafe();
}

// Raw deflate (no zlib header), as Avro wants it.
Result<std::string> Inflate(std::string_view bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK) return Unavailable("zlib: no memory");
  std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  while (true) {
    size_t at = out.size();
    if (at > kInflatedMax) return Corrupt("avro: a block inflates to more than 1 GB");
    out.resize(std::max<size_t>(at * 2, std::max<size_t>(4096, bytes.size() * 4)));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + at);
    stream.avail_out = static_cast<uInt>(out.size() - at);
    int result = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    // PyIceberg cuts one byte too few of zlib's 4-byte checksum off its blocks.
    if (result == Z_STREAM_END && stream.avail_in > 4) return Corrupt("avro: bytes left after a deflate block");
    if (result == Z_STREAM_END) return out;
    if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0))
      return Corrupt("avro: damaged deflate block");
  }
}

Result<std::string> Unzstd(std::string_view bytes) {
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (context == nullptr) return Unavailable("zstd: no memory");
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::string out;
  size_t left = 1;
  while (left != 0) {
    size_t at = out.size();
    if (at > kInflatedMax) return Corrupt("avro: a block inflates to more than 1 GB");
    out.resize(at + ZSTD_DStreamOutSize());
    ZSTD_outBuffer buffer{out.data() + at, out.size() - at, 0};
    size_t before = in.pos;
    left = ZSTD_decompressStream(context.get(), &buffer, &in);
    out.resize(at + buffer.pos);
    if (ZSTD_isError(left)) return Corrupt(Str("avro: damaged zstandard block: ", ZSTD_getErrorName(left)));
    if (left != 0 && in.pos == before && buffer.pos == 0) return Corrupt("avro: zstandard block cut off");
  }
  return out;
}

std::string Deflate(std::string_view bytes) {
  z_stream stream{};
  // Level 6 on 10,000 manifest entries costs a few ms; Java's default is 9.
  CHECK(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(std::string_view bytes, int level) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), level);
  CHECK(!ZSTD_isError(size));
  out.resize(size);
  return out;
}

uint32_t Crc(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

// Behind the block stands the CRC-32 of what it holds, big-endian.
Result<std::string> Unsnap(std::string_view bytes) {
  if (bytes.size() < kCrcBytes) return Corrupt("avro: snappy block cut off");
  const std::string_view block = bytes.substr(0, bytes.size() - kCrcBytes);
  uint64_t size = 0;  // before the block, in base 128
  for (size_t i = 0; i < block.size() && i < 5; ++i) {
    size |= static_cast<uint64_t>(block[i] & 0x7F) << (7 * i);
    if ((block[i] & 0x80) == 0) break;
  }
  if (size > kInflatedMax) return Corrupt("avro: a block inflates to more than 1 GB");
  TRY_SET(const auto codec, Snappy());
  std::string out(size, '\0');
  auto read = codec->Decompress(static_cast<int64_t>(block.size()), reinterpret_cast<const uint8_t*>(block.data()),
                                static_cast<int64_t>(out.size()), reinterpret_cast<uint8_t*>(out.data()));
  if (!read.ok() || *read != static_cast<int64_t>(size)) return Corrupt("avro: damaged snappy block");
  uint32_t crc = 0;
  for (char c : bytes.substr(block.size())) crc = crc << 8 | static_cast<uint8_t>(c);
  if (crc != Crc(out)) return Corrupt("avro: wrong checksum of a snappy block");
  return out;
}

Result<std::string> Snap(std::string_view bytes) {
  TRY_SET(const auto codec, Snappy());
  const auto* in = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto length = static_cast<int64_t>(bytes.size());
  std::string out(static_cast<size_t>(codec->MaxCompressedLen(length, in)), '\0');
  auto size = codec->Compress(length, in, static_cast<int64_t>(out.size()), reinterpret_cast<uint8_t*>(out.data()));
  if (!size.ok()) return Unavailable(Str("snappy: ", size.status().message()));
  out.resize(static_cast<size_t>(*size));
  const uint32_t crc = Crc(bytes);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(crc >> shift);
  return out;
}

}  // namespace

Status ReadAvroHeader(ByteReader& reader, std::map<std::string, std::string>& header) {
  if (reader.Bytes(4) != kAvroMagic) return Corrupt("it does not begin with Avro's magic");
  while (true) {
    int64_t count = ReadAvroLong(reader);
    if (count < 0) {
      if (count == INT64_MIN) return Corrupt("avro: bad header");
      count = -count;
      (void)ReadAvroLong(reader);
    }
    if (count == 0) break;
    for (int64_t i = 0; i < count; ++i) {
      std::string_view pair[2];
      for (auto& text : pair) {
        int64_t size = ReadAvroLong(reader);
        if (size < 0) return Corrupt("avro: bad header");
        text = reader.Bytes(static_cast<size_t>(size));
      }
      if (!reader.ok() || header.size() > kHeaderEntriesMax) return Corrupt("avro: header cut off");
      header[std::string(pair[0])] = pair[1];
    }
  }
  if (!reader.ok()) return Corrupt("avro: header cut off");
  return Ok();
}

Result<std::string> UncompressAvro(std::string_view payload, const std::string& codec) {
  if (codec.empty() || codec == "null") return std::string(payload);
  if (codec == "deflate") return Inflate(payload);
  if (codec == "zstandard") return Unzstd(payload);
  if (codec == "snappy") return Unsnap(payload);
  return Unsupported(Str("avro codec \"", codec, "\" is not supported"),
                     "write the table with write.avro.compression-codec = gzip, zstd or uncompressed");
}

Result<std::string> CompressAvro(std::string_view bytes, const std::string& codec, int level) {
  if (codec == "null") return std::string(bytes);
  if (codec == "deflate") return Deflate(bytes);
  if (codec == "zstandard") return Zstd(bytes, level);
  if (codec == "snappy") return Snap(bytes);
  return Unsupported(Str("avro codec \"", codec, "\" is not supported"));
}

}  // namespace sluice
