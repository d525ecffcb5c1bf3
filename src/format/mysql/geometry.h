// SPDX-License-Identifier: Apache-2.0
// Geometry values of MariaDB and MySQL as the JSON text of Flink CDC. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace sluice::mysql {

// `value`: 4 bytes SRID, then WKB, as stored, logged and sent. Appends {"srid":0,"type":"Point","coordinates":[1,1]} to
// `out`; false (and `out` unspecified) if it is not well-formed 2-D simple-feature geometry.
bool GeometryToJson(std::string_view value, std::string& out);

}  // namespace sluice::mysql
