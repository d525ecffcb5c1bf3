// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/file_conditions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/text.h"
#include "lake/paimon/bitmap_index.h"
#include "lake/paimon/bloom_filter.h"
#include "lake/paimon/file_format.h"
#include "lake/paimon/index_value.h"
#include "lake/paimon/value_stats.h"

namespace sluice::paimon {
namespace {

using Op = ColumnCondition::Op;

bool IsRange(Op op) { return op == Op::kAtMost || op == Op::kAtLeast; }

// Whether a file's value and what is read of it are the same.
bool ReadsAsWritten(const DataType& written, const DataType& read, const std::string& path) {
  if (written.kind == TypeKind::kChar && FormatOfFile(path) == FileFormat::kOrc) return false;  // without blanks
  if (written.SameIgnoringNull(read)) return true;
  if (written.kind != TypeKind::kVarChar) return false;
  return read.kind == TypeKind::kString || (read.kind == TypeKind::kVarChar && read.length >= written.length);
}

// Whether a cell of the type can be it. Of what cannot be, the index would take another value for it.
bool CanBe(const DataType& type, int64_t cell) {
  if (IsIndexedByMilliseconds(type)) return cell % 1000 == 0;
  int bits = 64;
  switch (type.kind) {
    case TypeKind::kTinyInt: bits = 8; break;
    case TypeKind::kSmallInt: bits = 16; break;
    case TypeKind::kInt:
    case TypeKind::kDate: bits = 32; break;
    default: break;
  }
  const int64_t most = INT64_MAX >> (64 - bits);
  return cell >= -most - 1 && cell <= most;
}

bool CanBe(const DataType& type, double number) {
  if (type.kind != TypeKind::kFloat || !std::isfinite(number)) return true;
  if (std::abs(number) > std::numeric_limits<float>::max()) return false;
  return static_cast<double>(static_cast<float>(number)) == number;
}

// The values of an index that equal the condition's. `numbers` or `bytes` has some, unless no cell can be it.
struct Wanted {
  std::vector<int64_t> numbers;
  std::optional<std::string> bytes;
};

Wanted WantedOf(const ColumnCondition& condition, const DataType& type) {
  Wanted out;
  if (const auto* bytes = std::get_if<std::string>(&condition.value)) out.bytes = *bytes;
  if (const auto* cell = std::get_if<int64_t>(&condition.value); cell != nullptr && CanBe(type, *cell)) {
    out.numbers = {IndexNumber(type, *cell)};
  }
  if (const auto* real = std::get_if<double>(&condition.value); real != nullptr && CanBe(type, *real)) {
    for (const double value : *real == 0 ? std::vector<double>{0.0, -0.0} : std::vector<double>{*real}) {
      const bool single = type.kind == TypeKind::kFloat;
      out.numbers.push_back(single ? IndexNumber(static_cast<float>(value)) : IndexNumber(value));
    }
  }
  return out;
}

bool BloomMayHold(const BloomFilter& filter, const Wanted& wanted) {
  if (wanted.bytes) return filter.MayHold(BloomHash(*wanted.bytes));
  return std::any_of(wanted.numbers.begin(), wanted.numbers.end(),
                     [&](int64_t number) { return filter.MayHold(BloomHash(number)); });
}

// Nothing: the index is not well formed.
std::optional<bool> BitmapMayHold(const BitmapIndexView& index, const DataType& type, Op op, const Wanted& wanted) {
  if (op == Op::kIsNull) return index.has_null();
  if (op == Op::kIsNotNull) return index.values() > 0;
  std::vector<std::string> values;
  if (wanted.bytes) values.push_back(*wanted.bytes);
  for (int64_t number : wanted.numbers) values.push_back(BitmapValue(type, number));
  const auto count = index.Count(values);
  if (!count) return std::nullopt;
  return op == Op::kEqual ? *count > 0 : *count < index.values();
}

// Nothing: there is none.
Result<std::optional<FileIndex>> IndexOf(Env& env, const LiveFile& file) {
  if (file.meta.embedded_index) {
    TRY_SET(auto index, FileIndex::Of(*file.meta.embedded_index, Str("of ", file.path, " in its manifest")));
    return std::optional(std::move(index));
  }
  for (const std::string& name : file.meta.extra_files) {
    if (!name.ends_with(kIndexSuffix)) continue;
    TRY_SET(auto index, FileIndex::Open(env, Str(FolderOf(file.path), "/", name)));
    return std::optional(std::move(index));
  }
  return std::optional<FileIndex>();
}

}  // namespace

FileConditions::FileConditions(const std::vector<ColumnCondition>& conditions, const std::vector<FileColumn>& columns,
                               bool indexes)
    : indexes_(indexes) {
  for (const ColumnCondition& condition : conditions) {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const FileColumn& column) {
      return column.name == condition.column;
    });
    if (found != columns.end()) asked_.push_back({*found, condition});
  }
}

Result<bool> FileConditions::MayHold(FileIndex& index, const Asked& asked, const Field& written) {
  const Wanted wanted = WantedOf(asked.condition, written.type);
  const Op op = asked.condition.op;
  const auto broken = [&](const char* type) {
    return Corrupt(Str("file index ", index.name(), ": the ", type, " of column ", written.name, " is not well formed"),
                   "set file-index.read.enabled=false on the table to read without");
  };
  if ((op == Op::kEqual || op == Op::kNotEqual) && !wanted.bytes && wanted.numbers.empty()) return true;
  if (op == Op::kEqual && BloomFilter::CanHold(written.type)) {
    TRY_SET(auto bytes, index.Read(written.name, kBloomFilterIndex));
    if (bytes) {
      const auto filter = BloomFilter::Parse(*std::move(bytes));
      if (!filter) return broken(kBloomFilterIndex);
      if (!BloomMayHold(*filter, wanted)) return false;
    }
  }
  if (!BitmapIndexBuilder::CanHold(written.type)) return true;
  TRY_SET(const auto bytes, index.Read(written.name, kBitmapIndex));
  if (!bytes) return true;
  const auto bitmap = BitmapIndexView::Parse(written.type, *bytes);
  const auto may = bitmap ? BitmapMayHold(*bitmap, written.type, op, wanted) : std::nullopt;
  if (!may) return broken(kBitmapIndex);
  return *may;
}

Result<bool> FileConditions::MayHold(Env& env, const LiveFile& file, const std::vector<const Asked*>& asked,
                                     const Schema& written) {
  TRY_SET(auto index, IndexOf(env, file));
  if (!index) return true;
  for (const Asked* each : asked) {
    TRY_SET(const bool may, MayHold(*index, *each, *written.FindId(each->column.id)));
    if (!may) return false;
  }
  return true;
}

std::vector<const FileConditions::Asked*> FileConditions::AskedOf(const LiveFile& file, const Schema& written) const {
  std::vector<const Asked*> out;
  for (const Asked& asked : asked_) {
    const Field* field = written.FindId(asked.column.id);
    if (field == nullptr || !field->supported || !ReadsAsWritten(field->type, asked.column.type, file.path)) continue;
    out.push_back(&asked);
  }
  return out;
}

std::vector<ColumnCondition> FileConditions::Of(const LiveFile& file, const Schema& written) const {
  std::vector<ColumnCondition> out;
  for (const Asked* asked : AskedOf(file, written)) out.push_back(asked->condition);
  return out;
}

Result<bool> FileConditions::MayHold(Env& env, const LiveFile& file, const Schema& written) const {
  std::vector<const Asked*> told = AskedOf(file, written);
  if (told.empty()) return true;
  const auto stats = ReadValueStats(written, file.meta);  // those that are not well formed tell nothing
  for (const Asked* asked : told) {
    const auto* bounds = stats.ok() && stats->contains(asked->column.id) ? &stats->at(asked->column.id) : nullptr;
    if (bounds != nullptr && !bounds->MayHold(asked->condition)) return false;
  }
  if (!indexes_) return true;
  std::erase_if(told, [](const Asked* asked) { return IsRange(asked->condition.op); });
  return told.empty() ? Result<bool>(true) : MayHold(env, file, told, written);
}

}  // namespace sluice::paimon
