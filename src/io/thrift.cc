// SPDX-License-Identifier: Apache-2.0
#include "io/thrift.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"

namespace sluice {
namespace {

constexpr int64_t kBytesMax = 64 << 20;
constexpr int64_t kValuesMax = 1'000'000;  // an element of a list can be one byte long, and is 150 in memory
constexpr int kDepthMax = 32;
constexpr uint32_t kVersion = 0x80010000;
constexpr size_t kPiece = 64 << 10;  // a length is believed so far ahead

bool IsType(uint8_t type) {
  return type == 2 || type == 3 || type == 4 || type == 6 || type == 8 || (type >= 10 && type <= 15);
}

size_t WidthOf(ThriftType type) {
  switch (type) {
    case ThriftType::kBool:
    case ThriftType::kByte: return 1;
    case ThriftType::kI16: return 2;
    case ThriftType::kI32: return 4;
    case ThriftType::kI64:
    case ThriftType::kDouble: return 8;
    default: return 0;
  }
}

void AppendBe(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
}

void AppendText(std::string& out, std::string_view text) {
  AppendBe(out, text.size(), 4);
  out += text;
}

void Append(std::string& out, const ThriftValue& value) {
  const auto type = [&](ThriftType t) { out += static_cast<char>(t); };
  switch (value.type) {
    case ThriftType::kString: return AppendText(out, value.text);
    case ThriftType::kStruct:
      for (size_t i = 0; i < value.items.size(); ++i) {
        type(value.items[i].type);
        AppendBe(out, static_cast<uint16_t>(value.ids[i]), 2);
        Append(out, value.items[i]);
      }
      return type(ThriftType::kStop);
    case ThriftType::kMap:
      type(value.key);
      type(value.element);
      AppendBe(out, value.items.size() / 2, 4);
      break;
    case ThriftType::kSet:
    case ThriftType::kList:
      type(value.element);
      AppendBe(out, value.items.size(), 4);
      break;
    default: return AppendBe(out, static_cast<uint64_t>(value.number), WidthOf(value.type));
  }
  for (const ThriftValue& item : value.items) Append(out, item);
}

class Reader {
 public:
  explicit Reader(ByteStream& stream) : stream_(stream) {}

  Result<ThriftMessage> Message() {
    ThriftMessage out;
    TRY_SET(const uint64_t head, Number(4));
    if ((head & 0xFFFF0000) != kVersion) {
      return Corrupt(Str("the answer begins with ", Hex(std::string_view(last_, 4)), ", which is no strict message"));
    }
    const auto kind = static_cast<uint8_t>(head);
    if (kind < 1 || kind > 3) return Corrupt(Str("a message of kind ", int{kind}));
    out.kind = static_cast<ThriftKind>(kind);
    TRY_SET(out.name, Text());
    TRY_SET(const uint64_t sequence, Number(4));
    out.sequence = static_cast<int32_t>(static_cast<uint32_t>(sequence));
    TRY(Value(out.body, 0));
    if (at_ != end_) return Corrupt("the answer goes on after its end");
    return out;
  }

 private:
  Status Bytes(char* out, size_t count) {
    budget_ -= static_cast<int64_t>(count);
    if (budget_ < 0) return Corrupt(Str("the answer is larger than ", kBytesMax >> 20, " MiB"));
    while (count > 0) {
      if (at_ == end_) {
        TRY_SET(end_, stream_.Receive(buffer_, sizeof buffer_));
        at_ = 0;
        if (end_ == 0) return Unavailable(received_ ? "the answer ends in the middle" : "the connection was closed");
        received_ = true;
      }
      const size_t part = std::min(count, end_ - at_);
      std::copy_n(buffer_ + at_, part, out);
      at_ += part;
      out += part;
      count -= part;
    }
    return Ok();
  }

  Result<uint64_t> Number(size_t bytes) {
    TRY(Bytes(last_, bytes));
    return LoadBe(last_, bytes);
  }

  Result<ThriftType> Type() {
    TRY_SET(const uint64_t type, Number(1));
    if (type != 0 && !IsType(static_cast<uint8_t>(type))) return Corrupt(Str("a value of type ", type));
    return static_cast<ThriftType>(type);
  }

  // A length or a count, as far as what is left may hold it: each element has a byte at least.
  Result<size_t> Count() {
    TRY_SET(const uint64_t count, Number(4));
    if (static_cast<int64_t>(count) > budget_) return Corrupt(Str("a length of ", count, " in an answer"));
    return static_cast<size_t>(count);
  }

  Result<std::string> Text() {
    TRY_SET(size_t left, Count());
    std::string out;
    while (left > 0) {
      const size_t piece = std::min(left, kPiece), before = out.size();
      out.resize(before + piece);
      TRY(Bytes(out.data() + before, piece));
      left -= piece;
    }
    return out;
  }

  Status Struct(ThriftValue& out, int depth) {
    while (true) {
      TRY_SET(const ThriftType type, Type());
      if (type == ThriftType::kStop) return Ok();
      TRY_SET(const uint64_t id, Number(2));
      out.ids.push_back(static_cast<int16_t>(static_cast<uint16_t>(id)));
      TRY(Value(out.items.emplace_back(ThriftValue{.type = type}), depth + 1));
    }
  }

  Status Elements(ThriftValue& out, int depth) {
    const bool map = out.type == ThriftType::kMap;
    if (map) {
      TRY_SET(out.key, Type());
    }
    TRY_SET(out.element, Type());
    TRY_SET(const size_t count, Count());
    // An empty container may have no type.
    if (count > 0 && (out.element == ThriftType::kStop || (map && out.key == ThriftType::kStop))) {
      return Corrupt("elements without a type");
    }
    for (size_t i = 0; i < count; ++i) {
      if (map) TRY(Value(out.items.emplace_back(ThriftValue{.type = out.key}), depth + 1));
      TRY(Value(out.items.emplace_back(ThriftValue{.type = out.element}), depth + 1));
    }
    return Ok();
  }

  Status Value(ThriftValue& out, int depth) {
    if (depth > kDepthMax) return Corrupt(Str("values nested deeper than ", kDepthMax));
    if (++values_ > kValuesMax) return Corrupt(Str("an answer of more than ", kValuesMax, " values"));
    if (out.type == ThriftType::kStruct) return Struct(out, depth);
    if (out.type == ThriftType::kString) {
      TRY_SET(out.text, Text());
      return Ok();
    }
    const size_t width = WidthOf(out.type);
    if (width == 0) return Elements(out, depth);
    TRY_SET(const uint64_t raw, Number(width));
    const int unused = static_cast<int>(64 - 8 * width);
    out.number = static_cast<int64_t>(raw << unused) >> unused;  // with its sign
    return Ok();
  }

  ByteStream& stream_;
  char buffer_[16 << 10];
  size_t at_ = 0, end_ = 0;
  bool received_ = false;
  char last_[8] = {};
  int64_t budget_ = kBytesMax;
  int64_t values_ = 0;
};

}  // namespace

ThriftValue ThriftValue::Text(std::string_view text) {
  return {.type = ThriftType::kString, .text = std::string(text)};
}

ThriftValue ThriftValue::Number(ThriftType type, int64_t number) { return {.type = type, .number = number}; }

ThriftValue ThriftValue::List(ThriftType element, std::vector<ThriftValue> items) {
  return {.type = ThriftType::kList, .element = element, .items = std::move(items)};
}

ThriftValue ThriftValue::Texts(const std::vector<std::string>& texts) {
  ThriftValue out = List(ThriftType::kString, {});
  for (const std::string& text : texts) out.items.push_back(Text(text));
  return out;
}

ThriftValue ThriftValue::Map(const TextMap& map) {
  ThriftValue out{.type = ThriftType::kMap, .key = ThriftType::kString, .element = ThriftType::kString};
  for (const auto& [key, value] : map) {
    out.items.push_back(Text(key));
    out.items.push_back(Text(value));
  }
  return out;
}

const ThriftValue* ThriftValue::Find(int16_t id) const {
  const auto found = std::find(ids.begin(), ids.end(), id);
  return found == ids.end() ? nullptr : &items[static_cast<size_t>(found - ids.begin())];
}

ThriftValue& ThriftValue::Set(int16_t id, ThriftValue value) {
  const auto found = std::find(ids.begin(), ids.end(), id);
  if (found != ids.end()) return items[static_cast<size_t>(found - ids.begin())] = std::move(value);
  ids.push_back(id);
  return items.emplace_back(std::move(value));
}

void ThriftValue::Remove(int16_t id) {
  const auto found = std::find(ids.begin(), ids.end(), id);
  if (found == ids.end()) return;
  items.erase(items.begin() + (found - ids.begin()));
  ids.erase(found);
}

std::string ThriftValue::TextAt(int16_t id) const {
  const ThriftValue* field = Find(id);
  return field == nullptr ? std::string() : field->text;
}

int64_t ThriftValue::NumberAt(int16_t id, int64_t otherwise) const {
  const ThriftValue* field = Find(id);
  return field == nullptr || WidthOf(field->type) == 0 ? otherwise : field->number;
}

TextMap ThriftValue::MapAt(int16_t id) const {
  TextMap out;
  const ThriftValue* field = Find(id);
  if (field == nullptr || field->type != ThriftType::kMap) return out;
  for (size_t i = 0; i + 1 < field->items.size(); i += 2) out[field->items[i].text] = field->items[i + 1].text;
  return out;
}

std::vector<std::string> ThriftValue::TextsAt(int16_t id) const {
  std::vector<std::string> out;
  const ThriftValue* field = Find(id);
  if (field == nullptr || field->type != ThriftType::kList) return out;
  for (const ThriftValue& item : field->items) out.push_back(item.text);
  return out;
}

std::string EncodeThrift(const ThriftMessage& message) {
  std::string out;
  AppendBe(out, kVersion | static_cast<uint8_t>(message.kind), 4);
  AppendText(out, message.name);
  AppendBe(out, static_cast<uint32_t>(message.sequence), 4);
  Append(out, message.body);
  return out;
}

Result<ThriftMessage> ReadThrift(ByteStream& stream) { return Reader(stream).Message(); }

}  // namespace sluice
