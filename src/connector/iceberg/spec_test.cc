// SPDX-License-Identifier: Apache-2.0
// Every key that Flink CDC's iceberg sink knows is known here, with a reason where it does nothing.
#include "connector/iceberg/spec.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

Result<Options> Check(std::string key, std::string text, std::vector<std::string>& warnings) {
  std::map<std::string, Options::Value> given = {{"catalog.properties.warehouse", {"/w", {}}}};
  given[std::move(key)] = {std::move(text), {}};
  return Options::Check("sink \"iceberg\"", IcebergSinkOptions(), given, {}, warnings);
}

TEST(IcebergSinkOptions, Implemented) {
  std::vector<std::string> warnings;
  for (auto [key, text] :
       std::vector<std::pair<std::string, std::string>>{{"catalog.properties.type", "hadoop"},
                                                        {"partition.key", "a.b:year(ts)"},
                                                        {"job.id.prefix", "x"},
                                                        {"table.properties.write.parquet.compression-codec", "zstd"}}) {
    EXPECT_TRUE(Check(key, text, warnings).ok()) << key;
  }
  EXPECT_TRUE(warnings.empty());
}

TEST(IcebergSinkOptions, IgnoredAndRefused) {
  for (const char* key :
       {"sink.compaction.enabled", "catalog.properties.cache-enabled", "catalog.properties.any", "hadoop.conf.fs.x"}) {
    std::vector<std::string> warnings;
    EXPECT_TRUE(Check(key, "true", warnings).ok()) << key;
    EXPECT_EQ(warnings.size(), 1u) << key;
  }
  for (const char* key :
       {"catalog.properties.catalog-impl", "catalog.properties.io-impl", "catalog.properties.uri",
        "catalog.properties.glue.id", "catalog.properties.client.region", "catalog.properties.s3.endpoint"}) {
    std::vector<std::string> warnings;
    auto options = Check(key, "x", warnings);
    ASSERT_FALSE(options.ok()) << key;
    EXPECT_EQ(options.error().code, ErrorCode::kUnsupported);
  }
  for (const OptionSpec& spec : IcebergSinkOptions()) {
    EXPECT_FALSE(spec.status == OptionStatus::kImplemented ? spec.description.empty() : spec.reason.empty())
        << spec.key;
  }
}

}  // namespace
}  // namespace sluice
