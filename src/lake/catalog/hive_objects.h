// SPDX-License-Identifier: Apache-2.0
// Tables and databases of a Hive metastore as Thrift values: the field ids of hive_metastore.thrift, and what catalogs
// of Paimon and of Iceberg make alike. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "io/thrift.h"
#include "row/table_id.h"
#include "row/type.h"

namespace sluice::hive {

namespace database_field {
constexpr int16_t kName = 1, kLocation = 3, kParameters = 4, kOwner = 6, kOwnerType = 7;
}
namespace table_field {
constexpr int16_t kName = 1, kDatabase = 2, kOwner = 3, kCreateTime = 4, kAccessTime = 5, kRetention = 6, kStorage = 7,
                  kPartitionKeys = 8, kParameters = 9, kType = 12;
}
namespace storage_field {  // StorageDescriptor
constexpr int16_t kColumns = 1, kLocation = 2, kInputFormat = 3, kOutputFormat = 4, kCompressed = 5, kBuckets = 6,
                  kSerde = 7;
}
namespace serde_field {
constexpr int16_t kLibrary = 2, kParameters = 3;
}

struct Column {
  std::string name;
  std::string type;  // as Hive writes it: "decimal(10,2)"
  std::string comment;

  bool operator==(const Column&) const = default;
};

// How data of a table are read by Hive itself.
struct Formats {
  std::string input, output, serde;
};

// "varchar(20)"; the type whose values hold the type's.
std::string TypeOf(const DataType& type);

ThriftValue ColumnsOf(const std::vector<Column>& columns);
std::vector<Column> ColumnsIn(const ThriftValue& table);
// The storage of a table, to be read or changed; an empty one is made if it has none.
ThriftValue& StorageOf(ThriftValue& table);
std::string StorageText(const ThriftValue& table, int16_t id);
void SetFormats(ThriftValue& table, const Formats& formats);

// A table without parameters, columns and formats. `external`: a drop keeps its files.
ThriftValue NewTable(const TableId& id, const std::string& owner, int64_t now_ms, bool external);
ThriftValue NewDatabase(const std::string& name, const std::string& location, const std::string& owner);

// "file:/a/b" of a path of this machine, as Hadoop writes it; another URI as it is. Without slashes at its end.
std::string HadoopPath(std::string_view location);

// Hadoop's configuration files: name and value of each property. kNotFound, kCorrupt naming the file.
Result<TextMap> ReadConfiguration(Env& env, const std::string& path);

// Where a metastore is and whether it can be spoken to: `uri`, else hive.metastore.uris of hive-site.xml in
// `configuration_folder`, else of that in HIVE_CONF_DIR. `key`: the name of the option for `uri`, for messages.
Result<std::string> FindUris(Env& env, const std::string& uri, const std::string& configuration_folder,
                             std::string_view key);

}  // namespace sluice::hive
