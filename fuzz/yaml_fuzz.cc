// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any bytes as a pipeline file give a spec or an error with a place, never a crash. What is read is also
// routed and shown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "frontend/yaml/parser.h"
#include "pipeline/router.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find("${file:") != std::string_view::npos) return 0;  // no files while fuzzing
  auto spec = sluice::ParsePipelineYaml("f.yaml", text, {});
  if (!spec.ok()) {
    if (!spec.error().message.starts_with("f.yaml:")) std::abort();
    return 0;
  }
  auto router = sluice::Router::Make(spec->routes, spec->route_mode);
  if (!router.ok()) std::abort();  // the parser checked the routes
  if (router->Route({"app_db", "order_1"}).empty()) std::abort();
  return 0;
}
