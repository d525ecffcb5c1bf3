// SPDX-License-Identifier: Apache-2.0
// What the readers of Parquet files share. Functions; any thread. Parquet's exceptions may leave them.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "lake/parquet/file_column.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace parquet {
class FileMetaData;
class ReaderProperties;
namespace arrow {
class FileReader;
}
}  // namespace parquet

namespace sluice {

// `footer`: of the source; null: it is read. `nanos`: INT96 is read as nanoseconds, else as microseconds.
Result<std::unique_ptr<parquet::arrow::FileReader>> OpenArrowReader(
    std::shared_ptr<arrow::io::RandomAccessFile> source, const parquet::ReaderProperties& properties,
    std::shared_ptr<parquet::FileMetaData> footer, bool nanos);

// kUnsupported if a leaf among these is INT96 and has a time in that row group that nanoseconds do not reach: Arrow's
// reader would give another one. Reads the leaf; throws what Parquet throws.
Status CheckNanos(parquet::arrow::FileReader& reader, int group, const std::vector<int>& leaves);

// The file's top-level column of each wanted one, -1 where it has none.
std::vector<int> TopColumnsOf(const parquet::FileMetaData& footer, const std::vector<FileColumn>& wanted);
// The leaves of that top-level column.
std::vector<int> LeavesOf(const parquet::FileMetaData& footer, int column);
// The only leaf of a column without parts; -1 if it is another, or not in the file.
int FlatLeafOf(const parquet::FileMetaData& footer, const FileColumn& column);

}  // namespace sluice
