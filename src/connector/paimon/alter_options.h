// SPDX-License-Identifier: Apache-2.0
// The options of a table that is there follow the --table_conf of Paimon's sync actions, by the rules of Java's
// SynchronizationActionBase and SchemaManager: `bucket` and those that can never change stay, which is told; what would
// make the table wrong is an error; the others become a new version of its schema. Free functions; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table.h"

namespace sluice {

// The schema with the options, under its own id; the same if none changes. kInvalid, kUnsupported name the option.
Result<paimon::Schema> WithOptions(const std::string& table, const paimon::Schema& schema,
                                   const paimon::Options& options);
// Tells which of the options a table that stays as it is has otherwise.
void TellKeptOptions(const std::string& table, const paimon::Schema& schema, const paimon::Options& options);
// Makes that the newest schema of the table, durably. kConflict if another writer changes it.
Status AlterOptions(Env& env, const std::string& name, paimon::Table& table, const paimon::Options& options);

}  // namespace sluice
