// SPDX-License-Identifier: Apache-2.0
// How a data file of a Paimon table is read: its columns under the names and the types of its time. A function; any
// thread.
#pragma once

#include <vector>

#include "lake/paimon/schema.h"
#include "lake/parquet/data_reader.h"
#include "lake/parquet/file_column.h"

namespace sluice::paimon {

// AsWritten's columns of a file with the schema `written`; `options` get the types that CastStored makes others of.
std::vector<FileColumn> ColumnsOfFile(std::vector<FileColumn> columns, const Schema& written, ReadOptions& options);

}  // namespace sluice::paimon
