// SPDX-License-Identifier: Apache-2.0
// VARIANT: a value of any type with the names of its fields, in Parquet's encoding of variants (VariantEncoding.md of
// parquet-format, version 1). Here it is a ROW of two BYTES, `value` and `metadata`, whose numbers and Arrow fields
// tell it from others: it is read, compacted and merged as such. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "row/type.h"

namespace arrow {
class DataType;
}

namespace sluice {

inline constexpr int kVariantValue = -2, kVariantMetadata = -3;  // NestedPart::id; in files 0 and 1

inline constexpr const char* kVariantMark = "sluice.variant";  // in the metadata of the first field of the struct

DataType VariantType(bool nullable);
bool IsVariant(const DataType& type);
bool HasVariant(const DataType& type);  // is one, or has a part that is one
// Of the arrays of such columns, which are structs.
bool IsVariant(const arrow::DataType& type);

// Appends the value as JSON: as Paimon's Java code shows it, but times with zone are UTC. False, and nothing appended,
// if the bytes are no variant.
bool AppendVariant(std::string_view value, std::string_view metadata, std::string& out);

}  // namespace sluice
