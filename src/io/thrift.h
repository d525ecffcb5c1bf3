// SPDX-License-Identifier: Apache-2.0
// Thrift's TBinaryProtocol (strict, unframed), without generated code: a value is a tree that keeps every field it came
// with, known or not, so that what is read can be changed and sent back. Spec: thrift-binary-protocol.md of Apache
// Thrift. Values; a reader is owned by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/byte_stream.h"

namespace sluice {

enum class ThriftType : uint8_t {
  kStop = 0,
  kBool = 2,
  kByte = 3,
  kDouble = 4,
  kI16 = 6,
  kI32 = 8,
  kI64 = 10,
  kString = 11,
  kStruct = 12,
  kMap = 13,
  kSet = 14,
  kList = 15,
};

using TextMap = std::map<std::string, std::string>;

struct ThriftValue {
  ThriftType type = ThriftType::kStruct;
  int64_t number = 0;  // of bool and integers; the bits of a double
  std::string text;
  ThriftType key = ThriftType::kStop;      // of a map
  ThriftType element = ThriftType::kStop;  // of a map's values, of lists and sets
  std::vector<int16_t> ids;                // of a struct: those of `items`
  std::vector<ThriftValue> items;          // fields, elements; of a map key, value, key, value

  static ThriftValue Text(std::string_view text);
  static ThriftValue Number(ThriftType type, int64_t number);
  static ThriftValue List(ThriftType element, std::vector<ThriftValue> items);
  static ThriftValue Texts(const std::vector<std::string>& texts);
  static ThriftValue Map(const TextMap& map);

  const ThriftValue* Find(int16_t id) const;  // a struct's field; null if absent
  ThriftValue& Set(int16_t id, ThriftValue value);  // replaces
  void Remove(int16_t id);
  // Of a field; empty if it is absent or of another type.
  std::string TextAt(int16_t id) const;
  int64_t NumberAt(int16_t id, int64_t otherwise) const;
  TextMap MapAt(int16_t id) const;
  std::vector<std::string> TextsAt(int16_t id) const;

  bool operator==(const ThriftValue&) const = default;
};

enum class ThriftKind : uint8_t { kCall = 1, kReply = 2, kException = 3 };

struct ThriftMessage {
  ThriftKind kind = ThriftKind::kCall;
  std::string name;
  int32_t sequence = 0;
  ThriftValue body;  // a struct
};

std::string EncodeThrift(const ThriftMessage& message);
// Takes one message. Bounds: 64 MiB, 1,000,000 values, 32 levels. kCorrupt for what is no message; kUnavailable
// if the stream ends or breaks.
Result<ThriftMessage> ReadThrift(ByteStream& stream);

}  // namespace sluice
