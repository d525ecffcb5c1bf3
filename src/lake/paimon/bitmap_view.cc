// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/bitmap_view.h"

#include <utility>
#include <vector>

#include "base/bytes.h"
#include "lake/paimon/indexed_values.h"
#include "lake/paimon/java_bytes.h"

namespace sluice::paimon {

std::optional<BitmapView> BitmapView::Parse(const DataType& type, std::string_view bytes, int64_t rows) {
  BitmapView out;
  ByteReader in(bytes);
  out.type_ = type;
  out.version_ = in.U8();
  out.rows_ = TakeBe32(in);
  out.values_ = TakeBe32(in);
  if (const uint8_t has_null = in.U8(); has_null != 0) {
    Place null;
    null.offset = TakeBe32(in);
    if (out.version_ == 2) null.length = TakeBe32(in);
    out.null_ = null;
    if (has_null != 1) return std::nullopt;
  }
  if (!in.ok() || (out.version_ != 1 && out.version_ != 2) || out.rows_ != rows) return std::nullopt;
  if (out.values_ < 0 || out.values_ > rows) return std::nullopt;
  out.rest_ = bytes.substr(bytes.size() - in.remaining());
  return out;
}

template <typename Visit>
bool BitmapView::VisitValues(Visit&& visit, std::string_view& body) const {
  ByteReader in(rest_);
  const auto take_value = [&] {
    const size_t width = IndexedWidth(type_);
    return in.Bytes(width == 0 ? static_cast<uint32_t>(TakeBe32(in)) : width);
  };
  const auto take_entries = [&](int64_t count) {
    for (int64_t i = 0; i < count && in.ok(); ++i) {
      const std::string_view value = take_value();
      Place place{TakeBe32(in), 0};
      if (version_ == 2) place.length = TakeBe32(in);
      if (in.ok()) visit(value, place);
    }
  };
  int64_t left = version_ == 1 ? 0 : values_;
  if (version_ == 1) {
    take_entries(values_);
  } else {
    const int32_t blocks = TakeBe32(in);
    for (int32_t i = 0; i < blocks && in.ok(); ++i) {
      take_value();
      in.Skip(4);
    }
    in.Skip(4);
    for (int32_t i = 0; i < blocks && in.ok(); ++i) {
      const int32_t entries = TakeBe32(in);
      if (entries < 0 || entries > left) return false;
      left -= entries;
      take_entries(entries);
    }
  }
  body = rest_.substr(rest_.size() - in.remaining());
  return in.ok() && left == 0;
}

bool BitmapView::Add(const Place& place, std::string_view body, RowBits& rows) const {
  if (place.offset < 0) {
    const int64_t row = -1 - int64_t{place.offset};
    if (row >= rows_) return false;
    rows.Add(row);
    return true;
  }
  const auto offset = static_cast<size_t>(place.offset);
  if (offset > body.size()) return false;
  ByteReader in(body.substr(offset));
  const size_t before = in.remaining();
  if (!rows.AddRoaring(in)) return false;
  return version_ == 1 || before - in.remaining() == static_cast<size_t>(place.length);
}

std::optional<RowBits> BitmapView::NullRows() const {
  RowBits out(rows_);
  std::string_view body;
  if (!VisitValues([](std::string_view, const Place&) {}, body)) return std::nullopt;
  if (null_ && !Add(*null_, body, out)) return std::nullopt;
  return out;
}

std::optional<RowBits> BitmapView::RowsOf(const std::function<bool(std::string_view)>& takes) const {
  RowBits out(rows_);
  std::string_view body;
  std::vector<Place> places;
  const bool whole = VisitValues(
      [&](std::string_view value, const Place& place) {
        if (takes(value)) places.push_back(place);
      },
      body);
  if (!whole) return std::nullopt;
  for (const Place& place : places) {
    if (!Add(place, body, out)) return std::nullopt;
  }
  return out;
}

}  // namespace sluice::paimon
