// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/rest_publisher.h"

#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "lake/catalog/rest_updates.h"
#include "lake/json.h"

namespace sluice::mirror {
namespace {

constexpr size_t kRememberedMax = 1 << 20;  // bytes of a table's metadata; a larger one is asked for each time

std::string NamespacePath(const std::string& name) { return "namespaces/" + RestSegment(name); }

// Of an answer that none of the ways of the specification leads to.
Error Odd(const RestClient& client, const std::string& what, int status) {
  return Unavailable(Str("Iceberg REST catalog ", client.uri(), ": ", what, ": HTTP status ", status,
                         " is no answer to that"),
                     "see the server's log");
}

}  // namespace

RestPublisher::RestPublisher(std::unique_ptr<RestClient> client, const std::vector<TableId>& names)
    : client_(std::move(client)) {
  for (const TableId& name : names) {
    targets_.push_back({name, Str(NamespacePath(name.schema), "/tables/", RestSegment(name.table)), {}});
  }
}

Status RestPublisher::Publish(const iceberg::TableMetadata& metadata, const std::string& file) {
  if (file == published_) return Ok();
  const std::string wanted = metadata.ToJson();
  for (Target& target : targets_) {
    Status done = PublishTo(target, wanted, file);
    if (!done.ok() || target.there.size() > kRememberedMax) target.there.clear();
    if (done.ok()) continue;  // else it is not known what the server has done
    return std::move(done).error().With(Str("table ", target.name.ToString(), " of the REST catalog"));
  }
  published_ = file;
  return Ok();
}

Status RestPublisher::PublishTo(Target& target, const std::string& wanted, const std::string& file) {
  if (target.there.empty()) {
    bool found = false;
    TRY(Load(target, found));
    if (!found) return Register(target, file);
  }
  TRY_SET(const std::optional<std::string> request, RestUpdates(target.name, target.there, wanted));
  if (!request) {
    TRY(CheckOurs(target, wanted));
    LogWarn(Str("table ", target.name.ToString(), " of Iceberg REST catalog ", client_->uri(),
                " is not what was told to it; it is registered anew"));
    TRY(Drop(target));
    return Register(target, file);
  }
  if (request->empty()) return Ok();
  TRY_SET(const RestAnswer answer, client_->Send("POST", target.path, *request));
  if (answer.status == 200) return Adopt(target, answer.body);
  if (answer.status == 404 || answer.status == 409) {
    return Conflict(Str("another writer has changed the table in Iceberg REST catalog ", client_->uri()),
                    "let nothing else write to it: the job makes it what the Paimon table is");
  }
  return Odd(*client_, "commit", answer.status);
}

// A table of the same name in another place is somebody else's.
Status RestPublisher::CheckOurs(const Target& target, const std::string& wanted) const {
  TRY_SET(const Json there, ParseJson(target.there));
  TRY_SET(const Json own, ParseJson(wanted));
  TRY_SET(const std::string location, TextMember(there, "location"));
  TRY_SET(const std::string own_location, TextMember(own, "location"));
  if (location == own_location) return Ok();
  return Invalid(Str("Iceberg REST catalog ", client_->uri(), " has a table of this name, in ", location, ", not in ",
                     own_location),
                 "drop it there, or set metadata.iceberg.database or .table to a name that is free");
}

Status RestPublisher::Load(Target& target, bool& found) {
  TRY_SET(const RestAnswer answer, client_->Send("GET", target.path, {}, {{"snapshots", "all"}}));
  found = answer.status == 200;
  if (found) return Adopt(target, answer.body);
  return answer.status == 404 ? Ok() : Status(Odd(*client_, "load", answer.status));
}

Status RestPublisher::Register(Target& target, const std::string& file) {
  const std::string body = DumpJson(Json{{"name", target.name.table}, {"metadata-location", file}});
  const std::string path = NamespacePath(target.name.schema) + "/register";
  TRY_SET(RestAnswer answer, client_->Send("POST", path, body));
  if (answer.status == 404) {
    TRY(MakeNamespace(target.name.schema));
    TRY_SET(answer, client_->Send("POST", path, body));
  }
  if (answer.status == 200) return Adopt(target, answer.body);
  if (answer.status == 409) {
    return Conflict(Str("another writer has made the table in Iceberg REST catalog ", client_->uri()),
                    "set metadata.iceberg.database or .table to a name that is free");
  }
  return Invalid(Str("Iceberg REST catalog ", client_->uri(), " cannot register tables (HTTP status ", answer.status,
                     ")"),
                 "it must have the endpoint namespaces/<namespace>/register and read the folder of the metadata");
}

Status RestPublisher::MakeNamespace(const std::string& name) {
  const Json body = {{"namespace", Json::array({name})}, {"properties", Json::object()}};
  TRY_SET(const RestAnswer answer, client_->Send("POST", "namespaces", DumpJson(body)));
  const bool made = answer.status == 200 || answer.status == 409;  // or another writer was faster
  return made ? Ok() : Status(Odd(*client_, "namespace " + name, answer.status));
}

Status RestPublisher::Drop(Target& target) {
  target.there.clear();
  published_.clear();
  TRY_SET(const RestAnswer answer, client_->Send("DELETE", target.path, {}, {{"purgeRequested", "false"}}));
  return answer.status == 409 ? Status(Odd(*client_, "drop", answer.status)) : Ok();
}

Status RestPublisher::Withdraw() {
  for (Target& target : targets_) TRY(Drop(target));
  return Ok();
}

// Of a LoadTableResult or CommitTableResponse.
Status RestPublisher::Adopt(Target& target, const std::string& answer) const {
  const auto json = ParseJson(answer);
  const Json* metadata = json.ok() && json->is_object() ? FindMember(*json, "metadata") : nullptr;
  if (metadata == nullptr || !metadata->is_object() || !TextMember(*metadata, "table-uuid").ok()) {
    return Unavailable(Str("Iceberg REST catalog ", client_->uri(), " answers with no table metadata"),
                       "is metadata.iceberg.rest.uri that of the catalog, and no other server between?");
  }
  target.there = DumpJson(*metadata);
  return Ok();
}

}  // namespace sluice::mirror
