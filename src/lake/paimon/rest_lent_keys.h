// SPDX-License-Identifier: Apache-2.0
// Keys of the storage that a REST catalog lends for one table each (`data-token.enabled`): asked for anew an hour
// before they end, or at half of a shorter life. As in Java they go before the catalog's own options s3.*.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "io/s3_config.h"
#include "lake/paimon/rest_api.h"
#include "row/table_id.h"

namespace sluice::paimon {

// Thread safe. Borrows the Env.
class LentKeys {
 public:
  explicit LentKeys(Env& env) : env_(env) {}

  // From now on those that this server lends for this table.
  void Use(std::shared_ptr<RestApi> api, const TableId& id);
  // Those that hold now; `refused`: other ones than the last. kUnavailable: there may be some later.
  Result<S3Config> Now(bool refused);

 private:
  Status Ask();

  Env& env_;
  std::mutex mutex_;  // of all that follows
  std::shared_ptr<RestApi> api_;
  TableId id_;
  bool known_ = false;
  S3Config config_;
  int64_t ends_ms_ = 0, renew_ms_ = 0;
};

// From now on LakeEnv() takes lent keys for what lies in this folder in S3. The first ones are asked for at once.
Status LendKeysFor(const std::string& folder, const std::shared_ptr<RestApi>& api, const TableId& id);

// `lent`: the map of an answer; its names of S3 are Java's and PyPaimon's. kInvalid shows no value of it.
Result<S3Config> ConfigOfLent(const Options& catalog, const Options& lent);

}  // namespace sluice::paimon
