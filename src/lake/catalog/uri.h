// SPDX-License-Identifier: Apache-2.0
// Names of files in Iceberg metadata, which are URIs, and the paths by which an Env knows them. Pure; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice {

// The path of what `uri` names: of a local file as LocalPath gives it, s3://bucket/key for s3:// and s3a://. The rest
// is kUnsupported.
Result<std::string> PathOfUri(const std::string& uri);

// "file:///a/b" for /a/b; s3:// stays.
std::string UriOfPath(const std::string& path);

}  // namespace sluice
