// SPDX-License-Identifier: Apache-2.0
// Columns of data files beside the table's own, and the ids of nested ones (SpecialFields of Paimon's Java code).
#pragma once

namespace sluice::paimon {

inline constexpr int kSequenceId = 2147483646;
inline constexpr int kKindId = 2147483645;
inline constexpr const char* kSequenceName = "_SEQUENCE_NUMBER";
inline constexpr const char* kKindName = "_VALUE_KIND";
inline constexpr int kKeyIds = 1073741823;  // added to the id of a key's column
inline constexpr const char* kKeyPrefix = "_KEY_";
inline constexpr int kElementIds = 536870911;  // and 1024 times the list's id, and its depth
constexpr int ElementId(int list_id) { return kElementIds + 1024 * list_id + 1; }  // of a list of no lists

}  // namespace sluice::paimon
