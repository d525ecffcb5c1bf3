// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_lent_keys.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "io/routing_env.h"
#include "io/s3_env.h"
#include "lake/paimon/dlf_keys.h"
#include "lake/paimon/rest_messages.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kPutOffMs = 30'000;  // until they are asked for again, if that failed and the old ones still hold

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : std::string(Trim(value));
}

// PyPaimon's names as Java's; empty: none of S3.
std::string JavaName(const std::string& key) {
  static constexpr std::string_view kTheirs = "fs.s3.";
  if (!key.starts_with(kTheirs)) return IsS3Option(key) ? key : "";
  const std::string name = key.substr(kTheirs.size());
  if (name == "accessKeyId") return "s3.access-key";
  if (name == "accessKeySecret") return "s3.secret-key";
  if (name == "securityToken") return "s3.session.token";
  return "s3." + name;
}

}  // namespace

Result<S3Config> ConfigOfLent(const Options& catalog, const Options& lent) {
  Options merged;
  std::vector<std::string> names;
  for (const bool theirs : {false, true}) {  // Java's names go before PyPaimon's
    for (const auto& [key, value] : lent) {
      const std::string java = JavaName(key), name = S3OptionName(java);
      // Who gives keys as keys means Java's providers of such.
      if (name.empty() || (java != key) != theirs || name == "aws.credentials.provider") continue;
      if (java != key && std::find(names.begin(), names.end(), name) != names.end()) continue;
      merged[java] = value;
      names.push_back(name);
    }
  }
  const bool keys = std::find(names.begin(), names.end(), "access.key") != names.end();
  for (const auto& [key, value] : catalog) {
    const std::string name = S3OptionName(key);
    const bool own = std::find(names.begin(), names.end(), name) != names.end() ||
                     (keys && (name == "secret.key" || name == "session.token"));
    if (!name.empty() && !own) merged[key] = value;
  }
  std::vector<std::string> idle;
  return MakeS3Config(merged, Variable, idle);
}

void LentKeys::Use(std::shared_ptr<RestApi> api, const TableId& id) {
  std::lock_guard lock(mutex_);
  if (api_ == api && id_ == id) return;
  api_ = std::move(api);
  id_ = id;
  known_ = false;
}

Status LentKeys::Ask() {
  const int64_t now_ms = env_.NowMs();
  const std::string what = Str("keys of the storage that are lent for table ", id_.ToString());
  TRY_SET(const RestReply reply, api_->Send("GET", RestTablePath(id_.schema, id_.table, "/token")));
  if (!reply.ok()) return api_->Refused(what, reply);
  auto lent = ParseLentKeys(reply.body);
  auto config = lent.ok() ? ConfigOfLent(api_->options(), lent->options) : std::move(lent).error();
  if (!config.ok()) {
    Error error = std::move(config).error().With(Str("REST catalog ", api_->uri(), ": ", what));
    if (error.hint.empty()) error.hint = "the server must lend s3.access-key, s3.secret-key and s3.session.token";
    return error;
  }
  config_ = *std::move(config);
  ends_ms_ = lent->ends_ms;
  renew_ms_ = RenewalMs(now_ms, ends_ms_);
  known_ = true;
  LogDebug(Str(what, " end in ", (ends_ms_ - now_ms) / 1000, " s"));
  return Ok();
}

Result<S3Config> LentKeys::Now(bool refused) {
  std::lock_guard lock(mutex_);
  const int64_t now_ms = env_.NowMs();
  if (known_ && !refused && now_ms < renew_ms_) return config_;
  Status asked = Ask();
  if (asked.ok()) return config_;
  if (!known_ || refused || now_ms >= ends_ms_) return std::move(asked).error();
  renew_ms_ = std::min(ends_ms_, now_ms + kPutOffMs);
  return config_;
}

Status LendKeysFor(const std::string& folder, const std::shared_ptr<RestApi>& api, const TableId& id) {
  // Not destroyed, as LakeEnv(); one for each table that this process has ever opened.
  static auto& of_folders = *new std::map<std::string, std::shared_ptr<LentKeys>>();
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  const auto found = of_folders.find(folder);
  const auto keys = found == of_folders.end() ? std::make_shared<LentKeys>(LakeEnv()) : found->second;
  keys->Use(api, id);
  TRY_SET(S3Config config, keys->Now(/*refused=*/false));
  if (!of_folders.emplace(folder, keys).second) return Ok();
  config.lent = [keys](bool refused) { return keys->Now(refused); };
  LakeEnv().Mount(folder, MakeS3Env(PosixEnv(), std::move(config), MakeCurlTransport(Variable("AWS_CA_BUNDLE"))));
  return Ok();
}

}  // namespace sluice::paimon
