// SPDX-License-Identifier: Apache-2.0
// An Env of objects in S3: paths are s3://bucket/key. Clock, waits and randomness are another Env's. Thread safe.
//
// A file is a PUT when it is closed, or a multipart upload of parts of 8 MiB: nothing is seen of it before, and it is
// durable then. Folders are what keys begin with: they need not be made, and one without files is not there. PutNew is
// a PUT with If-None-Match: *; before the first in a bucket a file that is removed again tells whether the server heeds
// that. There are no locks, links and renames.
#pragma once

#include <memory>

#include "io/env.h"
#include "io/http.h"
#include "io/s3_config.h"

namespace sluice {

std::unique_ptr<Env> MakeS3Env(Env& clock, S3Config config, std::unique_ptr<HttpTransport> transport);

}  // namespace sluice
