// SPDX-License-Identifier: Apache-2.0
// A JDBC catalog's session with a file of SQLite (docs/adr/0027), which is made if it is not there, as in Java.
#pragma once

#include <memory>

#include "lake/paimon/sql_session.h"

namespace sluice::paimon {

Result<std::unique_ptr<SqlSession>> OpenSqliteSession(const SqlAddress& address);

}  // namespace sluice::paimon
