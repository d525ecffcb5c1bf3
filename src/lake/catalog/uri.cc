// SPDX-License-Identifier: Apache-2.0
#include "lake/catalog/uri.h"

#include "io/s3_config.h"
#include "lake/catalog/catalog.h"

namespace sluice {

Result<std::string> PathOfUri(const std::string& uri) {
  if (uri.starts_with("s3://") || uri.starts_with("s3a://")) return NormalS3Path(uri);
  return LocalPath(uri);
}

std::string UriOfPath(const std::string& path) { return IsS3Path(path) ? path : "file://" + path; }

}  // namespace sluice
