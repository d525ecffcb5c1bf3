// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_catalog.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/failpoint.h"
#include "base/text.h"
#include "io/s3_config.h"
#include "lake/paimon/rest_api.h"
#include "lake/paimon/rest_committer.h"
#include "lake/paimon/rest_lent_keys.h"
#include "lake/paimon/rest_messages.h"
#include "lake/paimon/table.h"
#include "lake/paimon/warehouse.h"

namespace sluice::paimon {
namespace {

class RestCatalog final : public Catalog {
 public:
  RestCatalog(Env& env, std::shared_ptr<RestApi> api) : env_(env), api_(std::move(api)) {}

  const std::string& folder() const override { return folder_; }
  Status CheckAnswers() override { return api_->Configure(); }
  Result<std::vector<TableId>> List() override;
  Result<bool> Exists(const TableId& id) override;
  Status Create(const TableId& id, const Schema& schema) override;

 protected:
  Result<std::string> FolderOfTable(const TableId& id) override;
  std::shared_ptr<TableCommitter> MakeCommitter(const TableId& id) override {
    return std::make_shared<RestCommitter>(api_, id, known_.at(id));
  }

 private:
  Result<std::optional<RestTable>> Find(const TableId& id);
  Status MakeDatabase(const std::string& name);
  Status LendKeys(const std::string& folder, const TableId& id, const RestTable& table);

  Env& env_;
  const std::string folder_;  // empty: its server knows where tables are
  const std::shared_ptr<RestApi> api_;
  std::map<TableId, RestTable> known_;  // tables that were found
};

Error OfTable(Error error, const TableId& id) { return std::move(error).With(Str("table ", id.ToString())); }

Result<bool> HasSchema(Env& env, const std::string& folder) {
  const auto names = env.List(folder + "/schema");
  if (!names.ok() && names.error().code != ErrorCode::kNotFound) return names.error();
  return names.ok() && std::any_of(names->begin(), names->end(),
                                   [](const std::string& name) { return name.starts_with("schema-"); });
}

// Nothing if the catalog has no such table. Java's server does without a resource type, too.
Result<std::optional<RestTable>> RestCatalog::Find(const TableId& id) {
  TRY_SET(const RestReply reply, api_->Send("GET", RestTablePath(id.schema, id.table)));
  if (reply.status == 404) return std::optional<RestTable>();
  if (!reply.ok()) return OfTable(api_->Refused("its entry", reply), id);
  auto table = ParseRestTable(reply.body);
  if (!table.ok()) return OfTable(std::move(table).error().With(Str("REST catalog ", api_->uri())), id);
  if (table->type != "table") {
    return Unsupported(Str("table ", id.ToString(), ": the REST catalog has a ", table->type, " of that name, which is "
                           "none of Paimon's tables of rows"),
                       "give the table another name with a route, or drop that one");
  }
  if (table->location.empty()) return Corrupt(Str("table ", id.ToString(), " has no path in the REST catalog"));
  return std::optional(*std::move(table));
}

Result<std::string> RestCatalog::FolderOfTable(const TableId& id) {
  if (!known_.contains(id)) {
    TRY_SET(auto table, Find(id));
    if (!table) {
      return NotFound(Str("the REST catalog ", api_->uri(), " has no table ", id.ToString()),
                      "tables are named database.table");
    }
    known_[id] = *std::move(table);
  }
  auto folder = FolderOfLocation(known_[id].location);
  if (!folder.ok()) return OfTable(std::move(folder).error(), id);
  TRY(LendKeys(*folder, id, known_[id]));
  return folder;
}

// As in Java not for external tables, whose storage the catalog does not have.
Status RestCatalog::LendKeys(const std::string& folder, const TableId& id, const RestTable& table) {
  if (!IsS3Path(folder) || table.external || !api_->LendsKeys()) return Ok();
  return LendKeysFor(folder, api_, id);
}

Result<std::vector<TableId>> RestCatalog::List() {
  std::vector<std::string> databases;
  TRY(api_->Pages("databases", [&](const std::string& body) -> Result<std::string> {
    TRY_SET(const RestNames page, ParseRestDatabases(body));
    databases.insert(databases.end(), page.names.begin(), page.names.end());
    return page.next;
  }));
  std::vector<TableId> out;
  for (const std::string& database : databases) {
    Status listed = api_->Pages(RestDatabasePath(database, "/table-details"),
                                [&](const std::string& body) -> Result<std::string> {
      TRY_SET(const RestTables page, ParseRestTables(body));
      for (const RestTable& table : page.tables) {
        const auto folder = FolderOfLocation(table.location);
        if (table.type != "table" || !folder.ok()) continue;
        const Status lent = LendKeys(*folder, {database, table.name}, table);
        if (!lent.ok() && lent.error().code == ErrorCode::kUnavailable) return lent.error();
        const auto there = lent.ok() ? HasSchema(env_, *folder) : Result<bool>(false);
        if (!there.ok() || !*there) continue;  // where we do not come
        known_[{database, table.name}] = table;
        out.push_back({database, table.name});
      }
      return page.next;
    });
    const bool dropped = !listed.ok() && listed.error().code == ErrorCode::kNotFound;  // meanwhile
    if (!listed.ok() && !dropped) return std::move(listed).error();
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<bool> RestCatalog::Exists(const TableId& id) {
  known_.erase(id);  // it may have been made again elsewhere
  TRY_SET(auto table, Find(id));
  if (!table) return false;
  const std::string location = table->location;
  known_[id] = *std::move(table);
  TRY_SET(const std::string folder, FolderOfTable(id));
  const auto there = HasSchema(env_, folder);
  if (!there.ok()) return OfTable(there.error(), id);
  if (*there) return true;
  return Invalid(Str("table ", id.ToString(), " is in the REST catalog, but its files are not at ", location),
                 "sluice must see the same files as the server does: by the same path, or in the same S3");
}

Status RestCatalog::MakeDatabase(const std::string& name) {
  TRY_SET(const RestReply found, api_->Send("GET", RestDatabasePath(name)));
  if (found.ok()) return Ok();
  if (found.status != 404) return api_->Refused(Str("database ", name), found);
  TRY_SET(const RestReply made, api_->Send("POST", "databases", CreateDatabaseBody(name)));
  if (made.ok() || made.status == 409) return Ok();  // another was faster
  return api_->Refused(Str("database ", name, " cannot be made"), made);
}

Status RestCatalog::Create(const TableId& id, const Schema& schema) {
  TRY(MakeDatabase(id.schema));
  PassFailpoint("catalog.after_database");
  TRY_SET(const RestReply reply,
          api_->Send("POST", RestDatabasePath(id.schema, "/tables"), CreateTableBody(id, schema)));
  if (reply.status == 409) return Conflict(Str("table ", id.ToString(), " is there"));
  if (!reply.ok()) return OfTable(api_->Refused("it cannot be made", reply), id);
  PassFailpoint("catalog.after_entry");
  TRY_SET(const bool there, Exists(id));
  if (there) return Ok();
  return Unavailable(Str("table ", id.ToString(), " was made in the REST catalog ", api_->uri(), ", and is not in it"));
}

Result<std::unique_ptr<Catalog>> MakeRestCatalog(Env& env, const Options& options) {
  TRY_SET(auto api, RestApi::Make(env, MakeCurlTransport({}), options));
  return std::unique_ptr<Catalog>(new RestCatalog(env, std::move(api)));
}

}  // namespace

CatalogKind RestCatalogKind() {
  CatalogKind kind{.metastore = "rest", .keys = {}, .make = MakeRestCatalog, .places_tables = true};
  kind.keys = {
      {"uri", "address of the catalog's server"},
      {"token.provider", "how a REST catalog knows who asks: bear, by token; dlf, by signatures"},
      {"token", "what a REST catalog knows the asker by", /*secret=*/true},
      {"header.*", "headers of requests to a REST catalog", /*secret=*/true},
      {"prefix", "of the paths of a REST catalog; as a rule the server tells it"},
      {"data-token.enabled", "whether a REST catalog lends keys of the storage, by table; the server tells it"},
      {"dlf.region", "of the signatures, by default that in uri"},
      {"dlf.access-key-id", "of the keys that requests are signed with", /*secret=*/true},
      {"dlf.access-key-secret", "of the keys that requests are signed with", /*secret=*/true},
      {"dlf.security-token", "of the keys that requests are signed with, if they are temporary", /*secret=*/true},
      {"dlf.token-path", "file that has those keys as JSON, and may be written anew"},
      {"dlf.token-loader", "where those keys come from: local_file, of dlf.token-path; ecs, of the machine's role"},
      {"dlf.token-ecs-role-name", "the machine's role, by default the one that it has"},
      {"dlf.token-ecs-metadata-url", "where the machine's role is asked for"},
      {"dlf.signing-algorithm", "default, or openapi, which an address with dlfnext has by itself"},
      {"dlf.oss-endpoint", "of tables in OSS, which are not read here"},
  };
  return kind;
}

}  // namespace sluice::paimon
