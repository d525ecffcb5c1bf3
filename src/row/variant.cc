// SPDX-License-Identifier: Apache-2.0
#include "row/variant.h"

#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/bytes.h"
#include "base/text.h"
#include "row/format_value.h"
#include "row/nested_type.h"
#include "row/variant_format.h"

namespace sluice {
namespace {

constexpr int kDepthMax = 200;  // of values in values
constexpr uint64_t kVersion = 1;

using Basic = VariantBasic;
using Primitive = VariantPrimitive;

std::string Base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t word = 0;
    for (size_t j = 0; j < 3; ++j) {
      word = word << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0);
    }
    for (size_t j = 0; j < 4; ++j) {
      out += i + j > bytes.size() ? '=' : kDigits[word >> (18 - 6 * j) & 63];
    }
  }
  return out;
}

// One value after another; `ok` is false once something lies outside of the bytes.
class Printer {
 public:
  Printer(std::string_view metadata, std::string& out) : metadata_(metadata), out_(out) {
    const auto header = Number(metadata_, 0, 1);
    ok_ &= (header & 15) == kVersion;
    width_ = (header >> 6 & 3) + 1;
    names_ = Number(metadata_, 1, width_);
  }
  bool ok() const { return ok_; }

  void Print(std::string_view value, int depth) {
    if (depth == 0) left_ = value.size();
    ok_ = ok_ && left_-- > 0;  // each value has a byte of its own
    const uint64_t header = Number(value, 0, 1), more = header >> 2;
    ok_ = ok_ && depth < kDepthMax;
    if (!ok_) return;
    switch (static_cast<Basic>(header & 3)) {
      case Basic::kPrimitive: return Scalar(static_cast<Primitive>(more), value);
      case Basic::kShortText: return Quoted(Part(value, 1, more));
      case Basic::kObject: return Parts(value, depth, (more & 3) + 1, (more >> 2 & 3) + 1, (more >> 4 & 1) != 0);
      case Basic::kArray: return Parts(value, depth, (more & 3) + 1, 0, (more >> 2 & 1) != 0);
    }
  }

 private:
  std::string_view Part(std::string_view bytes, uint64_t at, uint64_t count) {
    ok_ &= at <= bytes.size() && count <= bytes.size() - at;
    return ok_ ? bytes.substr(at, count) : std::string_view();
  }
  // Little-endian, without sign.
  uint64_t Number(std::string_view bytes, uint64_t at, uint64_t width) {
    uint64_t out = 0;
    const std::string_view part = Part(bytes, at, width);
    for (size_t i = part.size(); i-- > 0;) out = out << 8 | static_cast<unsigned char>(part[i]);
    return out;
  }
  int64_t Signed(std::string_view value, uint64_t at, uint64_t width) {
    const auto shift = static_cast<int>(64 - 8 * width);
    return static_cast<int64_t>(Number(value, at, width) << shift) >> shift;
  }

  void Quoted(std::string_view text) {
    out_ += '"';
    out_ += JsonEscape(text);
    out_ += '"';
  }

  void Name(uint64_t number) {
    ok_ &= number < names_;
    if (!ok_) return;
    const uint64_t offsets = 1 + width_, begin = Number(metadata_, offsets + number * width_, width_);
    const uint64_t end = Number(metadata_, offsets + (number + 1) * width_, width_);
    ok_ &= begin <= end;
    if (ok_) Quoted(Part(metadata_, offsets + (names_ + 1) * width_ + begin, end - begin));
  }

  // An object has the numbers of its names, of so many bytes each, then as an array the places of its values.
  void Parts(std::string_view value, int depth, uint64_t offset_width, uint64_t name_width, bool large) {
    const uint64_t count_width = large ? 4 : 1, count = Number(value, 1, count_width);
    const uint64_t names = 1 + count_width, offsets = names + count * name_width;
    const uint64_t data = offsets + (count + 1) * offset_width;
    ok_ &= data <= value.size();
    out_ += name_width > 0 ? '{' : '[';
    for (uint64_t i = 0; ok_ && i < count; ++i) {
      if (i > 0) out_ += ',';
      if (name_width > 0) {
        Name(Number(value, names + i * name_width, name_width));
        out_ += ':';
      }
      const uint64_t at = data + Number(value, offsets + i * offset_width, offset_width);
      ok_ &= at < value.size();
      if (ok_) Print(value.substr(at), depth + 1);
    }
    out_ += name_width > 0 ? '}' : ']';
  }

  template <typename Real>
  void Number(Real real) {
    if (!std::isfinite(real)) return Quoted(std::isnan(real) ? "NaN" : real > 0 ? "Infinity" : "-Infinity");
    char buffer[40];
    out_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, real).ptr);
  }

  void Decimal(std::string_view value, uint64_t width) {
    const uint64_t scale = Number(value, 1, 1);
    arrow::Decimal128 number(width < 16 ? Signed(value, 2, width) : 0);
    if (width == 16) number = arrow::Decimal128(Signed(value, 10, 8), Number(value, 2, 8));
    ok_ &= scale <= 38;
    if (!ok_) return;
    std::string digits = number.ToIntegerString();
    const size_t sign = digits[0] == '-' ? 1 : 0;
    if (digits.size() - sign <= scale) digits.insert(sign, scale + 1 - (digits.size() - sign), '0');
    if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
    out_ += digits;
  }

  // `zoned`: with +00:00, as Java does in UTC.
  void Timestamp(int64_t micros, int64_t nanos, bool zoned) {
    std::string text;
    AppendTimestamp(micros, /*zoned=*/false, text);
    text[text.find('T')] = ' ';
    if (nanos != 0) {
      if (text.find('.') == std::string::npos) text += '.';
      text.append(text.find('.') + 7 - text.size(), '0');
      text += Str(1000 + nanos).substr(1);
    }
    Quoted(zoned ? text + "+00:00" : text);
  }

  void Nanoseconds(int64_t nanos, bool zoned) {
    const int64_t rest = nanos % 1000 + (nanos % 1000 < 0 ? 1000 : 0);
    Timestamp(nanos / 1000 - (nanos % 1000 < 0 ? 1 : 0), rest, zoned);
  }

  void Time(int64_t micros) {
    std::string text;
    AppendTime(micros, text);
    Quoted(text);
  }

  void Date(int64_t days) {
    std::string text;
    AppendDate(days, text);
    Quoted(text);
  }

  void Uuid(std::string_view bytes) {
    std::string text;
    AppendHex(bytes.data(), bytes.size(), text);
    for (size_t at : {20, 16, 12, 8}) {
      if (ok_) text.insert(at, 1, '-');
    }
    Quoted(text);
  }

  void Scalar(Primitive type, std::string_view value) {
    switch (type) {
      case Primitive::kNull: out_ += "null"; return;
      case Primitive::kTrue: out_ += "true"; return;
      case Primitive::kFalse: out_ += "false"; return;
      case Primitive::kInt8: out_ += Str(Signed(value, 1, 1)); return;
      case Primitive::kInt16: out_ += Str(Signed(value, 1, 2)); return;
      case Primitive::kInt32: out_ += Str(Signed(value, 1, 4)); return;
      case Primitive::kInt64: out_ += Str(Signed(value, 1, 8)); return;
      case Primitive::kDouble: return Number(std::bit_cast<double>(Number(value, 1, 8)));
      case Primitive::kFloat: return Number(std::bit_cast<float>(static_cast<uint32_t>(Number(value, 1, 4))));
      case Primitive::kDecimal4: return Decimal(value, 4);
      case Primitive::kDecimal8: return Decimal(value, 8);
      case Primitive::kDecimal16: return Decimal(value, 16);
      case Primitive::kDate: return Date(Signed(value, 1, 4));
      case Primitive::kTimestamp: return Timestamp(Signed(value, 1, 8), 0, true);
      case Primitive::kTimestampNtz: return Timestamp(Signed(value, 1, 8), 0, false);
      case Primitive::kTimestampNanos: return Nanoseconds(Signed(value, 1, 8), true);
      case Primitive::kTimestampNtzNanos: return Nanoseconds(Signed(value, 1, 8), false);
      case Primitive::kTime: return Time(Signed(value, 1, 8));
      case Primitive::kBinary: return Quoted(Base64(Part(value, 5, Number(value, 1, 4))));
      case Primitive::kText: return Quoted(Part(value, 5, Number(value, 1, 4)));
      case Primitive::kUuid: return Uuid(Part(value, 1, kVariantUuidBytes));
    }
    ok_ = false;
  }

  const std::string_view metadata_;
  std::string& out_;
  bool ok_ = true;
  uint64_t width_ = 1;  // of a number in the metadata
  uint64_t names_ = 0;
  uint64_t left_ = 0;  // values
};

}  // namespace

DataType VariantType(bool nullable) {
  const DataType bytes{.kind = TypeKind::kBytes, .nullable = false};
  return MakeNested(NestedKind::kRow, {{"value", bytes, kVariantValue}, {"metadata", bytes, kVariantMetadata}},
                    nullable);
}

bool IsVariant(const DataType& type) { return IsNested(type) && NestedOf(type).parts[0].id == kVariantValue; }

bool HasVariant(const DataType& type) {
  if (!IsNested(type) || IsVariant(type)) return IsNested(type);
  const auto& parts = NestedOf(type).parts;
  return std::any_of(parts.begin(), parts.end(), [](const NestedPart& part) { return HasVariant(part.type); });
}

bool IsVariant(const arrow::DataType& type) {
  if (type.id() != arrow::Type::STRUCT || type.num_fields() != 2) return false;
  const auto& metadata = type.field(0)->metadata();
  return metadata != nullptr && metadata->Contains(kVariantMark);
}

bool AppendVariant(std::string_view value, std::string_view metadata, std::string& out) {
  const size_t before = out.size();
  Printer printer(metadata, out);
  printer.Print(value, 0);
  if (!printer.ok()) out.resize(before);
  return printer.ok();
}

}  // namespace sluice
