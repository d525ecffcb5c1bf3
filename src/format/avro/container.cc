// SPDX-License-Identifier: Apache-2.0
#include "format/avro/container.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/check.h"
#include "base/crc32.h"
#include "base/text.h"

namespace sluice {
namespace {

constexpr std::string_view kSealKey = "sluice.crc32";

constexpr std::string_view kMagic("Obj\x01", 4);
constexpr size_t kBlockBytes = 64 * 1024;              // a block is closed above this
constexpr size_t kInflatedMax = size_t{1} << 30;       // bytes of one block
constexpr size_t kHeaderEntriesMax = 1000;

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

Status ReadHeader(ByteReader& reader, std::map<std::string, std::string>& header) {
  if (reader.Bytes(4) != kMagic) return Corrupt("it does not begin with Avro's magic");
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

Result<std::string> Uncompress(std::string_view payload, const std::string& codec) {
  if (codec.empty() || codec == "null") return std::string(payload);
  if (codec == "deflate") return Inflate(payload);
  if (codec == "zstandard") return Unzstd(payload);
  return Unsupported(Str("avro codec \"", codec, "\" is not supported"),
                     "write the table with write.avro.compression-codec = gzip, zstd or uncompressed");
}

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
    TRY_SET(std::string block, Uncompress(reader.Bytes(static_cast<size_t>(size)), codec));
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
    TRY(ReadHeader(reader, file.header));
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
  out_ = kMagic;
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
  AppendAvroBytes(out_, Deflate(block_));
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
