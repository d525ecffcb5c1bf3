// SPDX-License-Identifier: Apache-2.0
// NestedType: the parts of an ARRAY, MAP, MULTISET or ROW. A DataType names one by a number in a table of the process,
// so that it stays a small value and equal types are equal numbers. Immutable; any thread. Pipelines have no such
// columns but ARRAY<STRING> and ARRAY<FLOAT>: they are read, compacted and merged in tables of others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "row/type.h"

namespace sluice {

enum class NestedKind : uint8_t { kArray, kMap, kMultiset, kRow };

struct NestedPart {
  std::string name;  // of a ROW's field
  DataType type;
  int id = -1;  // of a ROW's field
};

struct NestedType {
  NestedKind kind = NestedKind::kArray;
  std::vector<NestedPart> parts;  // ARRAY: the element; MAP: key, value; MULTISET: element, count; ROW: the fields
  // ARRAY list<item>, MAP and MULTISET map<key, value>, ROW struct, whose fields have Parquet's field ids as metadata.
  std::shared_ptr<arrow::DataType> arrow;
};

// A type with all its kind but ARRAY<STRING> and ARRAY<FLOAT>, whose `length` is its number.
inline bool IsNested(const DataType& type) {
  return type.kind == TypeKind::kArray && type.element == TypeKind::kArray;
}

// The type of these parts; a MULTISET is given its element alone. Keys of maps are never NULL.
DataType MakeNested(NestedKind kind, std::vector<NestedPart> parts, bool nullable);

// Of a type of kind kArray, ARRAY<STRING> and ARRAY<FLOAT> too. Lives as long as the process.
const NestedType& NestedOf(const DataType& type);

// How many columns without parts it has.
int LeavesOf(const DataType& type);

// "MAP<STRING NOT NULL, INT>", "ROW<a INT, b STRING>"
std::string NestedText(const NestedType& type);

}  // namespace sluice
