// SPDX-License-Identifier: Apache-2.0
// The closing words of `sluice run`: on stdout, and as JSON in the file of --summary. Free functions; one thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/env.h"
#include "runtime/job.h"

namespace sluice {

// "caught up after 1.2 s: 40 rows read; …"; with --log-format json a line of the log with the members of the file.
std::string SummaryLine(const JobSummary& summary);
// {"rows_read":40,…}, on one line. `error`: the run failed; "error" has its code, message and hint. No secrets.
std::string SummaryJson(const JobSummary& summary, const Error* error);

// Whether the file of --summary can be written, asked before the work; kInvalid.
Status CheckSummaryFile(Env& env, const std::string& path);
// Replaces the file as a whole; what is no plain file, such as /dev/stderr, is written to.
Status WriteSummaryFile(Env& env, const std::string& path, const std::string& json);

}  // namespace sluice
