// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/file_index.h"

#include <utility>

#include "base/text.h"
#include "lake/paimon/java_bytes.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kMagic = 1493475289347502;
constexpr int32_t kVersion = 1;
constexpr int32_t kEmpty = -1;  // in place of a start: no row has a value (of a map's key)
constexpr int64_t kFixedBytes = 16;  // magic, version, length of the head

Error Bad(const std::string& name, std::string_view what) {
  return Corrupt(Str("file index ", name, " ", what), "set file-index.read.enabled=false on the table to read without");
}

}  // namespace

std::optional<std::string> EncodeFileIndex(const std::vector<ColumnIndexes>& columns) {
  size_t head = kFixedBytes + 8, body = 0;
  for (const auto& [column, indexes] : columns) {
    head += 2 + column.size() + 4;
    for (const auto& [type, bytes] : indexes) {
      head += 2 + type.size() + 8;
      body += bytes.size();
    }
  }
  if (head + body > INT32_MAX) return std::nullopt;
  std::string out;
  out.reserve(head + body);
  AppendBe(out, kMagic);
  AppendBe(out, kVersion);
  AppendBe(out, static_cast<int32_t>(head));
  AppendBe(out, static_cast<int32_t>(columns.size()));
  size_t start = head;
  for (const auto& [column, indexes] : columns) {
    AppendShortText(out, column);
    AppendBe(out, static_cast<int32_t>(indexes.size()));
    for (const auto& [type, bytes] : indexes) {
      AppendShortText(out, type);
      AppendBe(out, static_cast<int32_t>(start));
      AppendBe(out, static_cast<int32_t>(bytes.size()));
      start += bytes.size();
    }
  }
  AppendBe(out, int32_t{0});  // what later versions add to the head
  for (const auto& [column, indexes] : columns) {
    for (const auto& [type, bytes] : indexes) out += bytes;
  }
  return out;
}

Result<FileIndex> FileIndex::Of(std::string bytes, std::string name) {
  FileIndex out(std::move(name));
  out.bytes_ = std::move(bytes);
  out.size_ = static_cast<int64_t>(out.bytes_.size());
  TRY(out.ReadHead());
  return out;
}

Result<FileIndex> FileIndex::Open(Env& env, const std::string& path) {
  FileIndex out(path);
  TRY_SET(out.file_, env.OpenFile(path));
  out.size_ = out.file_->size();
  TRY(out.ReadHead());
  return out;
}

Result<std::string> FileIndex::Bytes(int64_t offset, int64_t count) {
  if (offset < 0 || count < 0 || offset > size_ || count > size_ - offset) return Bad(name_, "ends too early");
  if (file_ == nullptr) return bytes_.substr(static_cast<size_t>(offset), static_cast<size_t>(count));
  std::string out(static_cast<size_t>(count), '\0');
  TRY_SET(const int64_t read, file_->ReadAt(offset, count, out.data()));
  if (read < count) return Bad(name_, "ends too early");
  return out;
}

Status FileIndex::ReadHead() {
  TRY_SET(const std::string fixed, Bytes(0, kFixedBytes));
  if (static_cast<int64_t>(LoadBe(fixed.data(), 8)) != kMagic) return Bad(name_, "is none: it begins otherwise");
  ByteReader numbers(std::string_view(fixed).substr(8));
  const int32_t version = TakeBe32(numbers), length = TakeBe32(numbers);
  if (version != kVersion) {
    return Unsupported(Str("file index ", name_, " is of version ", version),
                       "set file-index.read.enabled=false on the table to read without");
  }
  TRY_SET(const std::string head, Bytes(kFixedBytes, length - kFixedBytes));
  ByteReader in(head);
  const int32_t columns = TakeBe32(in);
  for (int32_t i = 0; i < columns && in.ok(); ++i) {
    const std::string column(TakeShortText(in));
    const int32_t indexes = TakeBe32(in);
    for (int32_t k = 0; k < indexes && in.ok(); ++k) {
      const std::string type(TakeShortText(in));
      Range range;
      range.start = TakeBe32(in);
      range.length = TakeBe32(in);
      if (range.start != kEmpty) ranges_[{column, type}] = range;
    }
  }
  return in.ok() ? Ok() : Status(Bad(name_, "has a head that is not well formed"));
}

Result<std::optional<std::string>> FileIndex::Read(const std::string& column, const std::string& type) {
  const auto found = ranges_.find({column, type});
  if (found == ranges_.end()) return std::optional<std::string>();
  TRY_SET(std::string bytes, Bytes(found->second.start, found->second.length));
  return std::optional(std::move(bytes));
}

}  // namespace sluice::paimon
