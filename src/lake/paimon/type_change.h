// SPDX-License-Identifier: Apache-2.0
// What an ALTER of the source's column does to the type of a Paimon column. Paimon's readers cast the values of old
// files (lake/stored_cast.h), so a type is taken only if they make of them what the server made. Pure functions; any
// thread.
#pragma once

#include "lake/paimon/schema.h"
#include "row/type.h"

namespace sluice::paimon {

// Whether files with values of `from` can be read as `to`: the same, or wider. NOT NULL aside.
bool CanWiden(const DataType& from, const DataType& to);
// Whether a column of type `column` holds all of `values`. A TIME holds milliseconds whatever its precision.
bool Holds(const DataType& column, const DataType& values);
// Whether the cast of Paimon's readers gives what MariaDB makes of its values, where all of them fit.
bool ConvertsAlike(const DataType& from, const DataType& to);

enum class TypeStep : uint8_t {
  kStays,     // the column holds all values of the type
  kWidens,    // every value stays what it is
  kConverts,  // old values are converted when they are read
  kRefused,
};

// From the type of a column to `wanted`, which is made one that Paimon's readers can have: CHAR, which they fill up
// with blanks, becomes VARCHAR, and what a cast may leave NULL nullable. `any_text`: whatever Paimon can show as a text
// becomes one, in Java's form of it.
TypeStep StepTo(const DataType& column, DataType& wanted, bool any_text);

// Such a column may convert its old values: nothing orders, hashes or merges rows by them. kUnsupported names the
// option that does, or that forbids it.
Status CheckConverts(const Schema& before, const Schema& after, const Field& field);

}  // namespace sluice::paimon
