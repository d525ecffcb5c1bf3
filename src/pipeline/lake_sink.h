// SPDX-License-Identifier: Apache-2.0
// What the sinks of all lakes do alike, beside SinkTables: the check of a warehouse, the end of an epoch that was cut
// off, entries of `partition.key` that are for no table. Functions; the job's thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "pipeline/stored_epochs.h"

namespace sluice {

// Makes a file in `folder`, which is made too, and removes it: rights, a read-only mount and a full disk show now, not
// after an hour of reading. kInvalid, but for a full disk and an object store, whose errors have the code of their own.
// `warehouse`: the folder as the pipeline has it, for the error.
Status CheckWarehouse(Env& env, const std::string& folder, const std::string& warehouse);

// The prepared commits (Sink::Commit) of the newest epoch, from its file; empty if all its tables have it. kCorrupt: it
// is only in some of them, and the file is gone.
Result<std::string> CommitsToComplete(Env& env, const StoredEpochs& stored);

// A sentence for each of the tables `named` in partition.key that is not among `tables` (schema.table): a misspelt one
// would be made without partitions, and without a word.
std::vector<std::string> IdlePartitions(const std::vector<std::string>& named, const std::set<std::string>& tables);

}  // namespace sluice
