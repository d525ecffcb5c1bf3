// SPDX-License-Identifier: Apache-2.0
// The loops hold what they need in locals: a byte that is written could otherwise be any field of the column.
#include "format/mysql/column_decode.h"

#include <algorithm>
#include <type_traits>

#include "format/mysql/cell_decode.h"

namespace sluice::mysql {

namespace {

// Calls decode(cell, row) for each row that is not NULL.
template <typename Decode>
inline void EachCell(ColumnCells cells, BatchBuilder& out, ColumnData& column, Decode decode) {
  if (!cells.nullable) {
    for (int64_t i = 0; i < cells.count; ++i) decode(cells.at[i] + cells.offset, cells.row + i);
    return;
  }
  for (int64_t i = 0; i < cells.count; ++i) {
    if (cells.at[i] == nullptr) {
      out.SetNull(column, cells.row + i);
    } else {
      decode(cells.at[i] + cells.offset, cells.row + i);
    }
  }
}

// Values that are converted without a look at the row: `load(cell)` gives what is stored.
template <typename Load>
inline void Values(const ColumnCells& cells, BatchBuilder& out, ColumnData& column, Load load) {
  EachCell(cells, out, column, [load, to = column.values](const uint8_t* at, int64_t row) {
    const auto value = load(at);
    std::memcpy(to + row * static_cast<int64_t>(sizeof value), &value, sizeof value);
  });
}

template <typename From, typename To>
inline void Numbers(const ColumnCells& cells, BatchBuilder& out, ColumnData& column) {
  Values(cells, out, column, [](const uint8_t* at) { return static_cast<To>(LoadLe<From>(at)); });
}

void Decimals(const CellOp& op, const ColumnCells& cells, BatchBuilder& out, ColumnData& column) {
  const ShortDecimal layout = op.decimal;
  if (!layout.fits()) {
    return Values(cells, out, column, [&op](const uint8_t* at) { return UnpackDecimal(at, op.precision, op.scale); });
  }
  Values(cells, out, column, [layout, end = cells.end](const uint8_t* at) {
    uint64_t word = 0;
    if (end - at >= 8) {
      std::memcpy(&word, at, 8);
    } else {
      std::memcpy(&word, at, layout.bytes());
    }
    return static_cast<__int128>(layout.Unpack(word));
  });
}

void Dates(const ColumnCells& cells, BatchBuilder& out, ColumnData& column) {
  EachCell(cells, out, column, [&out, &column, to = column.values](const uint8_t* at, int64_t row) {
    const uint32_t packed = LoadUint24(at);
    const int32_t days = DaysFromPackedDate(packed);
    if (__builtin_expect(days == kNoDate, 0)) {
      return SetMissing(out, column, row, CellError::kZeroDateInKey, column.replaced.zero_dates);
    }
    std::memcpy(to + row * 4, &days, sizeof days);
  });
}

// Not ASCII.
void SetOtherText(const CellOp& op, BatchBuilder& out, ColumnData& column, int64_t row, std::string_view text) {
  const bool valid = op.charset->form == Charset::Form::kUtf8 &&
                     IsValidUtf8(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  if (valid) return out.SetBytes(column, row, text.data(), text.size());
  SetConverted(out, column, row, *op.charset, text);
}

// Text of which ASCII is taken as it is, and bytes.
template <typename Length>
inline void CopyTexts(const CellOp& op, const ColumnCells& cells, BatchBuilder& out, ColumnData& column) {
  constexpr auto kShort = static_cast<int64_t>(kShortText);
  const bool any = op.charset == nullptr;  // bytes
  const uint32_t length_bytes = op.length_bytes;
  uint8_t *data = column.data, *offsets = column.values + (cells.row + 1) * 4;
  int64_t used = column.data_size, room = column.data_capacity;
  const auto call = [&](auto append) {  // gives the column back for a while
    column.data_size = used;
    append();
    data = column.data;
    used = column.data_size;
    room = column.data_capacity;
  };
  if (data == nullptr) {  // also for texts that are all empty
    call([&] { out.ReserveBytes(column, 1); });
    if (out.failure() != CellError::kNone) return;
  }
  for (int64_t i = 0; i < cells.count; ++i) {
    const uint8_t* at = cells.at[i];
    if (cells.nullable && at == nullptr) {
      call([&] { out.SetNull(column, cells.row + i); });
      continue;
    }
    at += cells.offset;
    int64_t size;
    if constexpr (std::is_void_v<Length>) {
      size = op.length_bytes == 0 ? op.width : LoadLength(at, op.length_bytes);
    } else {
      size = LoadLe<Length>(at);
    }
    at += length_bytes;
    if (__builtin_expect(size > room - used, 0)) {
      call([&] { out.ReserveBytes(column, size); });
      if (out.failure() != CellError::kNone) return;
    }
    const bool is_short = (size <= kShort) & (cells.end - at >= kShort) & (room - used >= kShort);  // one branch
    const bool ascii = is_short ? CopyShortIfAscii(data + used, at, static_cast<size_t>(size))
                                : CopyIfAscii(data + used, at, static_cast<size_t>(size));
    if (__builtin_expect(!ascii && !any, 0)) {
      const std::string_view text(reinterpret_cast<const char*>(at), static_cast<size_t>(size));
      call([&] { SetOtherText(op, out, column, cells.row + i, text); });
      continue;
    }
    used += size;
    const auto offset = static_cast<int32_t>(used);
    std::memcpy(offsets + i * 4, &offset, sizeof offset);
  }
  column.data_size = used;
}

void Texts(const CellOp& op, const ColumnCells& cells, BatchBuilder& out, ColumnData& column) {
  if (op.length_bytes == 1) return CopyTexts<uint8_t>(op, cells, out, column);
  if (op.length_bytes == 2) return CopyTexts<uint16_t>(op, cells, out, column);
  CopyTexts<void>(op, cells, out, column);
}

// By the rule of one cell.
void Others(const CellOp& op, const ColumnCells& cells, BatchBuilder& out, ColumnData& column) {
  EachCell(cells, out, column, [&](const uint8_t* at, int64_t row) {
    const uint32_t size = op.length_bytes == 0 ? op.width : LoadLength(at, op.length_bytes);
    DecodeValue(op, at + op.length_bytes, size, out, column, row);
  });
}

}  // namespace

void DecodeColumn(const CellOp& op, const ColumnCells& cells, BatchBuilder& out, ColumnData& column) {
  switch (op.kind) {
    case CellKind::kInt8: return Numbers<int8_t, int32_t>(cells, out, column);
    case CellKind::kUint8: return Numbers<uint8_t, int32_t>(cells, out, column);
    case CellKind::kInt16: return Numbers<int16_t, int32_t>(cells, out, column);
    case CellKind::kUint16: return Numbers<uint16_t, int32_t>(cells, out, column);
    case CellKind::kInt24: return Values(cells, out, column, LoadInt24);
    case CellKind::kUint24:
      return Values(cells, out, column, [](const uint8_t* at) { return static_cast<int32_t>(LoadUint24(at)); });
    case CellKind::kInt32: return Numbers<int32_t, int32_t>(cells, out, column);
    case CellKind::kUint32: return Numbers<uint32_t, int64_t>(cells, out, column);
    case CellKind::kInt64: return Numbers<int64_t, int64_t>(cells, out, column);
    case CellKind::kUint64: return Numbers<uint64_t, __int128>(cells, out, column);
    case CellKind::kFloat: return Numbers<float, float>(cells, out, column);
    case CellKind::kFloatAsDouble: return Numbers<float, double>(cells, out, column);
    case CellKind::kDouble: return Numbers<double, double>(cells, out, column);
    case CellKind::kDecimal: return Decimals(op, cells, out, column);
    case CellKind::kDate: return Dates(cells, out, column);
    case CellKind::kDatetime2:
      return EachCell(cells, out, column, [&](const uint8_t* at, int64_t row) {
        SetDatetime(out, column, row, UnpackDatetime2(at, op.precision));
      });
    case CellKind::kTimestamp2:
      return EachCell(cells, out, column, [&](const uint8_t* at, int64_t row) {
        SetTimestamp(out, column, row, LoadBe(at, 4), LoadFraction(at + 4, op.precision));
      });
    case CellKind::kBit:
    case CellKind::kBytes:
    case CellKind::kUtf8: return Texts(op, cells, out, column);
    case CellKind::kText:
      if (op.charset->form == Charset::Form::kSingleByte && op.charset->ascii_superset) {
        return Texts(op, cells, out, column);
      }
      return Others(op, cells, out, column);
    default: return Others(op, cells, out, column);
  }
}

}  // namespace sluice::mysql
