// SPDX-License-Identifier: Apache-2.0
// The client of connector/mysql as the sessions of JDBC catalogs.
#pragma once

namespace sluice {

// Once, before a catalog is opened.
void UseSqlSessions();

}  // namespace sluice
