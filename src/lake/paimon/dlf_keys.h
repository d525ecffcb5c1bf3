// SPDX-License-Identifier: Apache-2.0
// DlfKeySource: the keys that requests to DLF are signed with: those of the options, of a file that others write anew,
// or of the machine's role. Asked for again an hour before they end. Nothing of them is in an error. Borrows the Env;
// one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "io/http.h"
#include "lake/paimon/dlf_sign.h"
#include "lake/paimon/schema.h"

namespace sluice::paimon {

// When keys that end are to be asked for again: an hour before, as in Java. Java asks at each use for those that have
// less; here at half of what they have.
int64_t RenewalMs(int64_t now_ms, int64_t ends_ms);

class DlfKeySource {
 public:
  // Of options dlf.*, in Java's order: token-loader, token-path, access-key-id with access-key-secret. Reads nothing.
  static Result<DlfKeySource> Make(Env& env, std::shared_ptr<HttpTransport> transport, const Options& options);

  // Those that hold now. kUnavailable: there may be some later.
  Result<DlfKeys> Now();
  // The last ones; empty before the first.
  const std::optional<DlfKeys>& last() const { return keys_; }

 private:
  using Load = std::function<Result<DlfKeys>(int tries)>;
  DlfKeySource(Env& env, Load load) : env_(&env), load_(std::move(load)) {}

  Env* env_;
  Load load_;
  std::optional<DlfKeys> keys_;
  int64_t renew_ms_ = 0;
};

// {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration": "2026-01-02T03:04:05Z"}, the last two of which may
// be absent. The error shows nothing of it.
Result<DlfKeys> ParseDlfKeys(const std::string& text);

}  // namespace sluice::paimon
