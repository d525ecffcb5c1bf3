// SPDX-License-Identifier: Apache-2.0
#include "cli/registry.h"

#include "base/text.h"
#include "connector/blackhole/sink.h"
#include "connector/iceberg/sink.h"
#include "connector/mysql/source.h"
#include "connector/paimon/sink.h"
#include "connector/paimon/source.h"
#include "connector/values/sink.h"
#include "io/routing_env.h"
#include "pipeline/shaped_source.h"

namespace sluice {
namespace {

Error UnknownType(std::string_view what, const ConnectorSpec& spec, const std::vector<std::string>& known) {
  std::string nearest = Nearest(spec.type, known);
  return Invalid(Str(spec.place.ToString(), ": ", what, " type `", spec.type, "` is not supported"),
                 nearest.empty() ? Str("supported are: ", Join(known, ", ")) : Str("did you mean `", nearest, "`?"));
}

}  // namespace

Result<std::unique_ptr<Source>> MakeSource(const PipelineSpec& spec, std::vector<std::string>& warnings) {
  if (spec.source.type == "mysql" || spec.source.type == "mariadb") {
    TRY_SET(mysql::SourceConfig config, mysql::MakeSourceConfig(spec, warnings));
    std::unique_ptr<Source> source = std::make_unique<mysql::MysqlSource>(std::move(config), PosixEnv());
    if (!spec.shape) return source;
    TRY_SET(TableShaper shaper, TableShaper::Make(*spec.shape, [] { return PosixEnv().NowMs(); }));
    return std::unique_ptr<Source>(std::make_unique<ShapedSource>(std::move(source), std::move(shaper)));
  }
  if (spec.source.type == "paimon") return MakePaimonSource(LakeEnv(), spec, warnings);
  return UnknownType("source", spec.source, {"mysql", "mariadb", "paimon"});
}

Result<std::unique_ptr<Sink>> MakeSink(Env& env, const PipelineSpec& spec, std::vector<std::string>& warnings) {
  if (spec.sink.type == "iceberg") return MakeIcebergSink(env, spec, warnings);
  if (spec.sink.type == "paimon") return MakePaimonSink(env, spec, warnings);
  if (spec.sink.type == "values" || spec.sink.type == "print") return MakeValuesSink(spec, warnings);
  if (spec.sink.type == "blackhole") return MakeBlackholeSink(spec, warnings);
  return UnknownType("sink", spec.sink, {"iceberg", "paimon", "values", "print", "blackhole"});
}

Status CheckOptions(const PipelineSpec& spec, std::vector<std::string>& warnings) {
  TRY_SET(auto source, MakeSource(spec, warnings));
  TRY_SET(auto sink, MakeSink(LakeEnv(), spec, warnings));
  return Ok();
}

}  // namespace sluice
