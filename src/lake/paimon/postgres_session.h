// SPDX-License-Identifier: Apache-2.0
// A JDBC catalog's session with PostgreSQL, by libpq (docs/adr/0027). Every wait has a deadline.
#pragma once

#include <memory>

#include "lake/paimon/sql_session.h"

namespace sluice::paimon {

// kUnavailable: the server is away, or not ready. kInvalid: it refuses the user, the database or TLS.
Result<std::unique_ptr<SqlSession>> OpenPostgresSession(const SqlAddress& address);

}  // namespace sluice::paimon
