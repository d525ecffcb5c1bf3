// SPDX-License-Identifier: Apache-2.0
#include "io/routing_env.h"

#include <mutex>
#include <utility>

#include "io/s3_env.h"

namespace sluice {

RoutingEnv::RoutingEnv(Env& local)
    : local_(local), unmounted_(MakeS3Env(local, {"https://s3.amazonaws.com", "us-east-1", false, {}}, nullptr)) {}

RoutingEnv::~RoutingEnv() = default;

void RoutingEnv::Mount(const std::string& path, std::unique_ptr<Env> env) {
  std::lock_guard lock(mutex_);
  std::unique_ptr<Env>& mounted = mounts_[path];
  if (mounted != nullptr) former_.push_back(std::move(mounted));
  mounted = std::move(env);
}

Env& RoutingEnv::At(const std::string& path) const {
  if (!IsS3Path(path)) return local_;
  std::shared_lock lock(mutex_);
  for (auto mount = mounts_.rbegin(); mount != mounts_.rend(); ++mount) {  // longer paths come last
    const std::string& folder = mount->first;
    if (path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/')) return *mount->second;
  }
  return *unmounted_;
}

UploadStore* RoutingEnv::UploadsAt(const std::string& path) const { return dynamic_cast<UploadStore*>(&At(path)); }

RoutingEnv& LakeEnv() {
  // Not destroyed: at the end of the process libcrypto is gone before, and open connections need it to be closed.
  static RoutingEnv& env = *new RoutingEnv(PosixEnv());
  return env;
}

}  // namespace sluice
