// SPDX-License-Identifier: Apache-2.0
#include "format/mysql/geometry.h"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/bytes.h"

namespace sluice::mysql {

namespace {

constexpr int kDepthMax = 32;

enum Shape : uint32_t {
  kPoint = 1, kLineString = 2, kPolygon = 3, kMultiPoint = 4, kMultiLineString = 5, kMultiPolygon = 6, kCollection = 7,
};
constexpr const char* kNames[] = {"",           "Point",           "LineString",   "Polygon",
                                  "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"};

class Writer {
 public:
  Writer(std::string_view wkb, std::string& out) : in_(wkb), out_(out) {}

  bool Object(const char* srid, int depth) {
    const uint32_t shape = Head();
    if (shape < kPoint || shape > kCollection || depth > kDepthMax) return false;
    out_ += '{';
    out_ += srid;
    out_ += "\"type\":\"";
    out_ += kNames[shape];
    out_ += shape == kCollection ? "\",\"geometries\":" : "\",\"coordinates\":";
    if (shape == kCollection) {
      List([&] { return Object("", depth + 1); });
    } else {
      Coordinates(shape);
    }
    out_ += '}';
    return good_ && in_.ok();
  }
  bool AtEnd() const { return in_.remaining() == 0; }

 private:
  uint32_t Head() {
    if (in_.U8() != 1) good_ = false;  // the servers store little-endian only
    return in_.U32();
  }
  void Number() {
    const auto bits = in_.U64();
    double value;
    static_assert(sizeof value == sizeof bits);
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) good_ = false;
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    out_.append(text, static_cast<size_t>(end - text));
  }
  bool Position() {
    out_ += '[';
    Number();
    out_ += ',';
    Number();
    out_ += ']';
    return in_.ok();
  }
  template <typename Item>
  bool List(Item item) {
    const uint32_t count = in_.U32();
    out_ += '[';
    for (uint32_t i = 0; i < count && good_ && in_.ok(); ++i) {
      if (i > 0) out_ += ',';
      if (!item()) good_ = false;
    }
    out_ += ']';
    return good_ && in_.ok();
  }
  // Members of a multi-geometry have heads of their own.
  bool Member(Shape shape) { return Head() == shape && Coordinates(shape); }
  bool Coordinates(uint32_t shape) {
    auto position = [this] { return Position(); };
    switch (shape) {
      case kPoint: return Position();
      case kLineString: return List(position);
      case kPolygon: return List([&] { return List(position); });
      default: return List([&] { return Member(static_cast<Shape>(shape - 3)); });
    }
  }

  ByteReader in_;
  std::string& out_;
  bool good_ = true;
};

}  // namespace

bool GeometryToJson(std::string_view value, std::string& out) {
  if (value.size() < 9) return false;
  char srid[32] = "\"srid\":";
  const auto end = std::to_chars(srid + 7, srid + sizeof srid - 2, LoadLe<uint32_t>(value.data())).ptr;
  end[0] = ',';
  end[1] = '\0';
  Writer writer(value.substr(4), out);
  return writer.Object(srid, 0) && writer.AtEnd();
}

}  // namespace sluice::mysql
