// SPDX-License-Identifier: Apache-2.0
#include "frontend/paimon_action/sync_action.h"

#include <algorithm>

#include "base/text.h"
#include "expr/time_zone.h"
#include "frontend/paimon_action/computed_columns.h"
#include "frontend/paimon_action/sync_arguments.h"
#include "frontend/yaml/schema_change_tags.h"
#include "frontend/yaml/settings.h"
#include "frontend/yaml/values.h"
#include "lake/paimon/catalog.h"
#include "lake/paimon/warehouse.h"
#include "pipeline/regex.h"
#include "pipeline/router.h"

namespace sluice {
namespace {

constexpr const char* kMysqlConf = "--mysql_conf";
constexpr const char* kAllNames = ".*";

Status CheckRegex(const std::string& what, const std::string& expression) {
  auto compiled = Regex::Compile(expression, /*ignore_case=*/false);
  if (compiled.ok()) return Ok();
  return Invalid(Str(what, " ", expression, ": ", compiled.error().message), "it is a regular expression of Java");
}

// As the text of a route's sink table, where $ and \ mean something.
std::string Literal(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '$' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// As a part of a regular expression of a route, where '.' separates.
std::string LiteralName(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == '.') {
      out += "[.]";
    } else {
      const bool plain = c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (static_cast<uint8_t>(c) & 0x80) != 0;
      if (!plain) out += '\\';
      out += c;
    }
  }
  return out;
}

class SpecMaker {
 public:
  SpecMaker(const ActionWords& words, SyncArguments arguments) : words_(words), arguments_(std::move(arguments)) {}

  Result<PipelineSpec> Make() {
    spec_.shape.emplace();
    spec_.file = Str("paimon ", arguments_.action());
    Status status = [&]() -> Status {
      TRY(Sink());
      TRY(Source());
      TRY(Shape());
      TRY(Routes());
      return Settings();
    }();
    if (status.ok()) return std::move(spec_);
    return Redacted(std::move(status).error());
  }

 private:
  Error Redacted(Error error) const {
    for (const std::string& secret : spec_.secrets) {
      if (secret.size() < 3) continue;  // cannot be told from ordinary text
      for (std::string* text : {&error.message, &error.hint}) {
        for (size_t at = 0; (at = text->find(secret, at)) != std::string::npos; at += 3) {
          text->replace(at, secret.size(), "***");
        }
      }
    }
    return error;
  }

  Status Set(ConnectorSpec& connector, const std::string& key, const std::string& text, const char* argument) {
    TRY_SET(Options::Value value, ResolveValue(key, text, {argument, 0, 0}, spec_.secrets));
    connector.options[key] = std::move(value);
    return Ok();
  }

  Status Sink() {
    ConnectorSpec& sink = spec_.sink;
    sink.type = "paimon";
    sink.place = {arguments_.action(), 0, 0};
    TRY_SET(const auto catalog, arguments_.Pairs("catalog_conf"));
    for (const auto& [key, text] : catalog) TRY(Set(sink, "catalog.properties." + key, text, "--catalog_conf"));
    const auto warehouse = arguments_.Text("warehouse");
    if (warehouse && !sink.options.contains("catalog.properties.warehouse")) {
      TRY(Set(sink, "catalog.properties.warehouse", *warehouse, "--warehouse"));
    }
    if (!sink.options.contains("catalog.properties.warehouse")) {
      return Invalid(Str(arguments_.action(), " lacks the argument --warehouse"), "name the folder of the warehouse");
    }
    TRY_SET(const auto table, arguments_.Pairs("table_conf"));
    for (const auto& [key, text] : table) TRY(Set(sink, "table.properties." + key, text, "--table_conf"));
    const std::string database = *arguments_.Text("database");
    const std::vector<std::string> keys = arguments_.Names("partition_keys");
    spec_.shape->partition_keys = keys;
    if (arguments_.of_table()) {
      if (keys.empty()) return Ok();
      return Set(sink, "partition.key", Str(database, ".", *arguments_.Text("table"), ":", Join(keys, ",")),
                 "--partition_keys");
    }
    TRY_SET(const auto several, arguments_.Pairs("multiple_table_partition_keys"));
    std::vector<std::string> entries;
    for (const auto& [name, columns] : several) entries.push_back(Str(database, ".", name, ":", columns));
    return entries.empty() ? Ok() : Set(sink, "partition.key", Join(entries, ";"), "--multiple_table_partition_keys");
  }

  Status Source() {
    spec_.source.type = "mysql";
    spec_.source.place = {kMysqlConf, 0, 0};
    TRY_SET(const auto pairs, arguments_.Pairs("mysql_conf"));
    std::map<std::string, std::string> conf;
    for (const auto& [key, text] : pairs) conf[key] = text;  // the last one counts, as in Paimon
    TRY(Selectors(conf));
    TRY(Conversions(conf));
    for (const auto& [key, text] : conf) TRY(Set(spec_.source, key, text, kMysqlConf));
    return Ok();
  }

  // database-name, table-name, including and excluding -> `tables` and `tables.exclude`.
  Status Selectors(std::map<std::string, std::string>& conf) {
    for (const char* key : {"tables", "tables.exclude"}) {
      if (conf.contains(key)) {
        return Invalid(Str(kMysqlConf, " has no ", key), "name the tables with database-name and table-name");
      }
    }
    const bool of_table = arguments_.of_table();
    std::vector<const char*> needed = {"hostname", "username", "password", "database-name"};
    if (of_table) needed.push_back("table-name");
    for (const char* key : needed) {
      if (!conf.contains(key)) {
        return Invalid(Str(arguments_.action(), ": ", kMysqlConf, " lacks ", key),
                       Str("write --mysql_conf ", key, "=…"));
      }
    }
    if (!of_table && conf.contains("table-name")) {
      return Invalid("mysql_sync_database: --mysql_conf cannot have table-name",
                     "write --including_tables, or use mysql_sync_table to merge tables into one");
    }
    const std::string databases = conf["database-name"];
    const std::string tables = of_table ? conf["table-name"] : arguments_.Text("including_tables").value_or(kAllNames);
    TRY(CheckRegex("--mysql_conf database-name", databases));
    TRY(CheckRegex(of_table ? "--mysql_conf table-name" : "--including_tables", tables));
    conf.erase("database-name");
    conf.erase("table-name");
    conf["tables"] = Str(ToSelector(databases), ".", ToSelector(tables));
    return Exclusions(databases, conf);
  }

  Status Exclusions(const std::string& databases, std::map<std::string, std::string>& conf) {
    std::vector<std::string> out;
    if (const auto text = arguments_.Text("excluding_tables")) {
      TRY(CheckRegex("--excluding_tables", *text));
      out.push_back(Str(ToSelector(databases), ".", ToSelector(*text)));
    }
    if (const auto text = arguments_.Text("excluding_dbs")) {
      TRY(CheckRegex("--excluding_dbs", *text));
      out.push_back(Str(ToSelector(*text), ".", ToSelector(kAllNames)));
    }
    if (const auto text = arguments_.Text("including_dbs")) {
      TRY(CheckRegex("--including_dbs", *text));
      out.push_back(Str(ToSelector(Str("(?!(?:", *text, ")$).*")), ".", ToSelector(kAllNames)));
    }
    if (!out.empty()) conf["tables.exclude"] = Join(out, ",");
    return Ok();
  }

  // What Paimon takes out of the source's configuration for itself.
  Status Conversions(std::map<std::string, std::string>& conf) {
    TableShape& shape = *spec_.shape;
    TRY_SET(shape.types, ParseTypeRules(arguments_.Names("type_mapping")));
    auto take = [&](const char* key) {
      auto found = conf.find(key);
      std::string text = found == conf.end() ? "" : found->second;
      if (found != conf.end()) conf.erase(found);
      return text;
    };
    shape.time_zone = take("server-time-zone");
    auto zone = TimeZone::Find(shape.time_zone);
    if (!zone.ok()) return std::move(zone).error().With("--mysql_conf server-time-zone");
    take("debezium.include.schema.comments");
    take("jdbc.properties.useInformationSchema");
    conf["include-comments.enabled"] = "true";
    const std::string bit = Lower(take("jdbc.properties.tinyInt1isBit"));
    if (bit == "true" && shape.Has(TypeRule::kTinyint1NotBool)) {
      return Invalid("--type_mapping tinyint1-not-bool contradicts --mysql_conf jdbc.properties.tinyInt1isBit=true",
                     "keep one of them");
    }
    if (bit == "false" || shape.Has(TypeRule::kToString)) shape.types.insert(TypeRule::kTinyint1NotBool);
    if (shape.Has(TypeRule::kTinyint1NotBool)) conf["treat-tinyint1-as-boolean.enabled"] = "false";
    return NewTables(conf);
  }

  Status NewTables(std::map<std::string, std::string>& conf) {
    conf.emplace("scan.newly-added-table.enabled", "true");
    if (arguments_.of_table()) return Ok();
    const std::string mode = Lower(arguments_.Text("mode").value_or("divided"));
    if (mode != "divided" && mode != "combined") {
      return Invalid(Str("--mode ", mode, " is neither divided nor combined"), "write --mode combined");
    }
    if (mode == "divided") conf["scan.binlog.newly-added-table.enabled"] = "false";
    return Ok();
  }

  Status Shape() {
    TableShape& shape = *spec_.shape;
    shape.strict = arguments_.of_table();
    shape.skip_unkeyed = !arguments_.of_table();
    shape.primary_keys = arguments_.Names("primary_keys");
    TRY_SET(shape.keys_of_source, arguments_.Flag("sync_primary_keys_from_source_schema", true));
    TRY_SET(shape.computed, ParseComputedColumns(arguments_.All("computed_column")));
    shape.metadata = arguments_.Names("metadata_column");
    TRY(CheckMetadataColumns(shape.metadata));
    TRY_SET(shape.ignore_incompatible, arguments_.Flag("ignore_incompatible", false));
    for (const char* key : {"eager_init", "force_start_flink_job"}) {
      if (arguments_.Text(key)) spec_.warnings.push_back(Str("--", key, " has no effect: there is no Flink job"));
    }
    return Ok();
  }

  void Route(const std::string& source, const std::string& sink) {
    spec_.routes.push_back({source, sink, "", "", {arguments_.action(), 0, 0}});
  }

  // The first rule that matches counts: --table_mapping, then those of one database, then all.
  Status Routes() {
    const std::string database = Literal(*arguments_.Text("database")) + ".";
    if (arguments_.of_table()) {
      Route("\\.*.\\.*", database + Literal(*arguments_.Text("table")));
      return Ok();
    }
    TRY_SET(const bool merge, arguments_.Flag("merge_shards", true));
    TRY_SET(const auto mapping, arguments_.Pairs("table_mapping"));
    TRY_SET(const auto prefixes, arguments_.Pairs("table_prefix_db"));
    TRY_SET(const auto suffixes, arguments_.Pairs("table_suffix_db"));
    const std::string prefix = arguments_.Text("table_prefix").value_or("");
    const std::string suffix = arguments_.Text("table_suffix").value_or("");
    for (const auto& [from, to] : mapping) {
      const size_t at = merge ? std::string::npos : from.find('_');
      if (at != std::string::npos) {  // of "database_table"
        return Unsupported("--table_mapping together with --merge_shards false is not supported yet", "leave one out");
      }
      Route(Str("[^.]*.(?i:", LiteralName(from), ")"), database + Literal(to));
    }
    const std::string name = merge ? "${table}" : "${database}_${table}";
    auto of_database = [&](const auto& pairs, const std::string& wanted, const std::string& otherwise) {
      for (const auto& [key, value] : pairs) {
        if (EqualsIgnoreCase(key, wanted)) return value;
      }
      return otherwise;
    };
    std::vector<std::string> named;
    for (const auto* pairs : {&prefixes, &suffixes}) {
      for (const auto& [key, value] : *pairs) named.push_back(key);
    }
    for (const std::string& source : named) {
      Route(Str("(?<database>(?i:", LiteralName(source), ")).(?<table>\\.*)"),
            Str(database, Literal(of_database(prefixes, source, prefix)), name,
                Literal(of_database(suffixes, source, suffix))));
    }
    Route("(?<database>[^.]*).(?<table>\\.*)", Str(database, Literal(prefix), name, Literal(suffix)));
    return Ok();
  }

  Status Settings() {
    const bool named = std::any_of(words_.defines.begin(), words_.defines.end(),
                                   [](const auto& define) { return define.first == "pipeline.name"; });
    std::map<std::string, Options::Value> block;
    const std::string database = *arguments_.Text("database");
    const std::string name = arguments_.of_table()
                                 ? Str("MySQL-Paimon Table Sync: ", database, ".", *arguments_.Text("table"))
                                 : Str("MySQL-Paimon Database Sync: ", database);
    if (!named) block["name"].text = name;
    TRY(ApplySettings(block, {arguments_.action(), 0, 0}, words_.defines, spec_));
    spec_.behavior = SchemaChangeBehavior::kMerge;
    spec_.route_mode = RouteMode::kFirstMatch;
    TRY_SET(spec_.sink_changes, ExpandSchemaChangeTags({}, std::nullopt, SchemaChangeBehavior::kEvolve));
    spec_.warnings.insert(spec_.warnings.begin(), words_.notes.begin(), words_.notes.end());
    TRY(Router::Make(spec_.routes, spec_.route_mode));
    return Ok();
  }

  const ActionWords& words_;
  SyncArguments arguments_;
  PipelineSpec spec_;
};

}  // namespace

std::string ToSelector(std::string_view expression) {
  std::string out = "(?-i:";
  bool in_class = false;
  for (size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\' && i + 1 < expression.size()) {
      const char escaped = expression[++i];
      if (escaped == '.') {
        out += in_class ? "\\." : "[\\.]";
      } else if (escaped == ',') {
        out += "\\,";
      } else {
        out += c;
        out += escaped;
      }
    } else if (c == '.' || c == ',') {
      out += '\\';
      out += c;
    } else {
      if (c == '[') in_class = true;
      if (c == ']') in_class = false;
      out += c;
    }
  }
  return out + ")";
}

const std::vector<std::string>& MissingSyncActions() {
  static const std::vector<std::string> kNames = {
      "kafka_sync_table",   "kafka_sync_database",   "pulsar_sync_table",  "pulsar_sync_database",
      "mongodb_sync_table", "mongodb_sync_database", "postgres_sync_table"};
  return kNames;
}

Error MissingSource(const std::string& action) {
  const std::string source = action.substr(0, action.find('_'));
  const std::string name = source == "kafka"    ? "Kafka"
                           : source == "pulsar"  ? "Pulsar"
                           : source == "mongodb" ? "MongoDB"
                                                 : "PostgreSQL";
  return Unsupported(Str("action ", action, ": the source ", name, " is not there yet"),
                     "run it with Flink; mysql_sync_table and mysql_sync_database run here");
}

Result<PipelineSpec> MakeSyncSpec(const ActionWords& words) {
  TRY_SET(SyncArguments arguments, SyncArguments::Make(words));
  return SpecMaker(words, std::move(arguments)).Make();
}

Result<std::string> DefaultStateFolder(const ActionWords& words, const PipelineSpec& spec) {
  const auto metastore = spec.sink.options.find("catalog.properties.metastore");
  if (metastore != spec.sink.options.end() && paimon::HasNamedWarehouse({{"metastore", metastore->second.text}})) {
    return Invalid("the warehouse of a REST catalog is no folder that the state could lie in",
                   "choose the state directory with --state");
  }
  TRY_SET(std::string folder, paimon::FolderOfLocation(spec.sink.options.at("catalog.properties.warehouse").text));
  if (!folder.starts_with('/')) {
    return Invalid(Str("warehouse ", folder, " is not on a local disk, where the state belongs"),
                   "choose the state directory with --state");
  }
  TRY_SET(const SyncArguments arguments, SyncArguments::Make(words));
  std::string name = *arguments.Text("database");
  if (arguments.of_table()) name += "." + *arguments.Text("table");
  if (name.find('/') != std::string::npos) {
    return Invalid(Str("\"", name, "\" cannot be the name of a folder"), "choose the state directory with --state");
  }
  return Str(folder, "/.sluice/", name);
}

std::string SyncActionHelp(const std::string& action) {
  std::string out = Str("sluice paimon ", action, " --key value …\n\n");
  for (const ArgumentSpec& spec : SyncArgumentSpecs()) {
    if (!(action == "mysql_sync_table" ? spec.table : spec.database)) continue;
    const bool many = spec.kind == ArgumentKind::kPairs || spec.kind == ArgumentKind::kList;
    out += Str("  --", spec.key, many ? " …" : "", "\n      ", spec.what, "\n");
  }
  out += "\nsluice's own: --state DIR (default: .sluice/<database>[.<table>] in the warehouse), --until caught-up,\n"
         "--summary FILE, --log-format, --log-level, --check, --verify (compares source and tables; --wait 30s), "
         "-D key=value\n";
  return out;
}

}  // namespace sluice
