// SPDX-License-Identifier: Apache-2.0
// FileFormat: of a table's data files; the end of a file's name tells it. Values and functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::paimon {

enum class FileFormat : uint8_t { kParquet, kOrc, kAvro };

constexpr std::string_view NameOf(FileFormat format) {
  return format == FileFormat::kOrc ? "orc" : format == FileFormat::kAvro ? "avro" : "parquet";
}

// "orc", in lower case.
constexpr std::optional<FileFormat> FormatByName(std::string_view name) {
  for (FileFormat format : {FileFormat::kParquet, FileFormat::kOrc, FileFormat::kAvro}) {
    if (name == NameOf(format)) return format;
  }
  return {};
}

constexpr std::optional<FileFormat> FormatOfFile(std::string_view file) {
  const size_t dot = file.rfind('.');
  return dot == std::string_view::npos ? std::nullopt : FormatByName(file.substr(dot + 1));
}

}  // namespace sluice::paimon
