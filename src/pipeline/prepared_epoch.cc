// SPDX-License-Identifier: Apache-2.0
#include "pipeline/prepared_epoch.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sluice {

using Json = nlohmann::json;

std::string PreparedEpoch::ToJson() const {
  std::string out = Str("{\"job\":\"", JsonEscape(job), "\",\"epoch\":", epoch, ",\"tables\":[");
  for (size_t i = 0; i < tables.size(); ++i) {
    const PreparedTable& table = tables[i];
    out += Str(i == 0 ? "" : ",", "{\"namespace\":\"", JsonEscape(table.id.schema), "\",\"table\":\"",
               JsonEscape(table.id.table), "\",\"base\":", table.base ? Str(*table.base) : "null",
               ",\"change\":", table.change, "}");
  }
  return out + "]}";
}

Result<PreparedEpoch> PreparedEpoch::Parse(const std::string& text) {
  Error damaged = Corrupt("the prepared commit of an epoch cannot be read",
                          "remove the state directory: the job then resumes from the position in its tables");
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("job") || !json["job"].is_string() || !json.contains("epoch") ||
      !json["epoch"].is_number_integer() || !json.contains("tables") || !json["tables"].is_array()) {
    return damaged;
  }
  PreparedEpoch prepared;
  prepared.job = json["job"].get<std::string>();
  prepared.epoch = json["epoch"].get<int64_t>();
  for (const Json& table : json["tables"]) {
    if (!table.is_object() || !table.contains("namespace") || !table["namespace"].is_string() ||
        !table.contains("table") || !table["table"].is_string() || !table.contains("change")) {
      return damaged;
    }
    PreparedTable out;
    out.id = {table["namespace"].get<std::string>(), table["table"].get<std::string>()};
    if (table.contains("base") && table["base"].is_number_integer()) out.base = table["base"].get<int64_t>();
    out.change = table["change"].dump();
    prepared.tables.push_back(std::move(out));
  }
  return prepared;
}

}  // namespace sluice
