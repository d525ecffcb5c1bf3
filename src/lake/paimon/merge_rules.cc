// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/merge_rules.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "lake/paimon/nested_merge.h"
#include "row/nested_type.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kFields = "fields.";
constexpr std::string_view kGroup = ".sequence-group";
constexpr std::string_view kFunction = ".aggregate-function";
constexpr const char* kDefaultFunction = "fields.default-aggregate-function";
constexpr const char* kRemoveOnGroup = "partial-update.remove-record-on-sequence-group";
constexpr const char* kRemoveOnDelete[] = {"partial-update.remove-record-on-delete",
                                           "aggregation.remove-record-on-delete"};

struct NamedFunction {
  std::string_view name;
  AggregateFunction function;
};
constexpr NamedFunction kFunctions[] = {
    {"last_value", AggregateFunction::kLastValue},
    {"last_non_null_value", AggregateFunction::kLastNonNullValue},
    {"first_value", AggregateFunction::kFirstValue},
    {"first_non_null_value", AggregateFunction::kFirstNonNullValue},
    {"first_not_null_value", AggregateFunction::kFirstNonNullValue},  // its former name
    {"sum", AggregateFunction::kSum},
    {"product", AggregateFunction::kProduct},
    {"max", AggregateFunction::kMax},
    {"min", AggregateFunction::kMin},
    {"listagg", AggregateFunction::kListagg},
    {"bool_and", AggregateFunction::kBoolAnd},
    {"bool_or", AggregateFunction::kBoolOr},
    {"collect", AggregateFunction::kCollect},
    {"rbm32", AggregateFunction::kRbm32},
    {"rbm64", AggregateFunction::kRbm64},
    {"hll_sketch", AggregateFunction::kHllSketch},
    {"theta_sketch", AggregateFunction::kThetaSketch},
    {"merge_map", AggregateFunction::kMergeMap},
    {"merge_map_with_keytime", AggregateFunction::kMergeMapWithKeyTime},
    {"nested_update", AggregateFunction::kNestedUpdate},
    {"nested_partial_update", AggregateFunction::kNestedPartialUpdate},
    {"primary-key", AggregateFunction::kPrimaryKey},
};
struct NamedEngine {
  std::string_view name;
  MergeEngine engine;
};
constexpr NamedEngine kEngines[] = {{"deduplicate", MergeEngine::kDeduplicate},
                                    {"partial-update", MergeEngine::kPartialUpdate},
                                    {"aggregation", MergeEngine::kAggregation},
                                    {"first-row", MergeEngine::kFirstRow}};

Result<MergeEngine> EngineOf(const std::string& text) {
  for (const NamedEngine& known : kEngines) {
    if (EqualsIgnoreCase(Trim(text), known.name)) return known.engine;
  }
  return Unsupported(Str("table option merge-engine='", text, "' is not known"),
                     "use deduplicate, partial-update, aggregation or first-row");
}

// Of options that may be wrong.
MergeEngine EngineOf(const Options& options) {
  const auto named = options.find("merge-engine");
  const auto engine = EngineOf(named == options.end() ? "deduplicate" : named->second);
  return engine.ok() ? *engine : MergeEngine::kDeduplicate;
}

Result<AggregateFunction> FunctionOf(const std::string& option, const std::string& name) {
  for (const NamedFunction& known : kFunctions) {
    if (known.name == name) return known.function;
  }
  return Unsupported(Str("table option ", option, "='", name, "' is not known"),
                     "use sum, product, max, min, last_value, last_non_null_value, first_value, "
                     "first_non_null_value, listagg, bool_and, bool_or, collect, rbm32, rbm64, hll_sketch, "
                     "theta_sketch, merge_map, merge_map_with_keytime, nested_update or nested_partial_update");
}

bool IsTrue(const Schema& schema, const std::string& key) { return Lower(Trim(schema.Option(key, ""))) == "true"; }

std::vector<std::string> Names(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string& name : Split(text, ',')) {
    if (!Trim(name).empty()) out.emplace_back(Trim(name));
  }
  return out;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Error Conflicting(const std::string& a, const std::string& b) {
  return Invalid(Str("table options ", a, " and ", b, " contradict each other"), "leave one of them out");
}

bool HasFunction(const DataType& type, AggregateFunction function) {
  const bool number = type.kind >= TypeKind::kTinyInt && type.kind <= TypeKind::kDecimal;
  switch (function) {
    case AggregateFunction::kSum:
    case AggregateFunction::kProduct: return number;
    case AggregateFunction::kMax:
    case AggregateFunction::kMin: return type.kind != TypeKind::kArray;
    case AggregateFunction::kListagg: return type.kind == TypeKind::kString;
    case AggregateFunction::kBoolAnd:
    case AggregateFunction::kBoolOr: return type.kind == TypeKind::kBoolean;
    case AggregateFunction::kCollect:
      return type.kind == TypeKind::kArray && NestedOf(type).kind == NestedKind::kArray;
    case AggregateFunction::kHllSketch:
    case AggregateFunction::kThetaSketch:
    case AggregateFunction::kRbm32:
    case AggregateFunction::kRbm64: return type.kind == TypeKind::kVarBinary || type.kind == TypeKind::kBytes;
    default: return true;
  }
}

// For a column of a type that the function does not take.
std::string HintOf(AggregateFunction function) {
  switch (function) {
    case AggregateFunction::kListagg: return "listagg takes STRING columns only";
    case AggregateFunction::kCollect: return "collect takes ARRAY columns only";
    case AggregateFunction::kHllSketch:
    case AggregateFunction::kThetaSketch:
    case AggregateFunction::kRbm32:
    case AggregateFunction::kRbm64:
      return "rbm32, rbm64, hll_sketch and theta_sketch take VARBINARY and BYTES columns only";
    default: return "use another function for this column";
  }
}

class RulesReader {
 public:
  explicit RulesReader(const Schema& schema) : schema_(schema) {}

  Result<MergeRules> Read() {
    TRY_SET(out_.engine, EngineOf(schema_.Option("merge-engine", "deduplicate")));
    for (const char* key : {"partial-update.ignore-delete", "deduplicate.ignore-delete", "first-row.ignore-delete"}) {
      out_.ignore_delete |= IsTrue(schema_, key);
    }
    if (!schema_.Option("ignore-delete", "").empty()) out_.ignore_delete = IsTrue(schema_, "ignore-delete");
    out_.ignore_update_before = IsTrue(schema_, "ignore-update-before");
    sequence_ = Names(schema_.Option("sequence.field", ""));
    for (const std::string& name : sequence_) {
      if (!schema_.options.contains(Str(kFields, name, kFunction))) continue;
      return Invalid(Str("column ", name, " is a sequence.field and has an aggregate function"),
                     Str("leave ", kFields, name, kFunction, " out"));
    }
    switch (out_.engine) {
      case MergeEngine::kFirstRow: TRY(ReadFirstRow()); break;
      case MergeEngine::kPartialUpdate: TRY(ReadPartialUpdate()); break;
      case MergeEngine::kAggregation: TRY(ReadAggregation()); break;
      case MergeEngine::kDeduplicate: break;
    }
    // As Flink's sink does: only an aggregation can take an old value back.
    const bool changelog = EqualsIgnoreCase(Trim(schema_.Option("changelog-producer", "none")), "input");
    const bool parts = out_.engine == MergeEngine::kPartialUpdate && !out_.needs_old_rows();
    if (!changelog && (parts || out_.engine == MergeEngine::kFirstRow)) out_.ignore_update_before = true;
    return std::move(out_);
  }

 private:
  Status ReadFirstRow() const {
    if (!sequence_.empty()) {
      return Invalid("table option sequence.field has no meaning with merge-engine first-row",
                     "leave it out, or use merge-engine deduplicate");
    }
    const std::string producer = Lower(Trim(schema_.Option("changelog-producer", "none")));
    if (producer == "none" || producer == "lookup") return Ok();
    return Invalid(Str("merge-engine first-row cannot have changelog-producer ", producer), "use none or lookup");
  }

  Status ReadAggregation() {
    out_.remove_on_delete = IsTrue(schema_, kRemoveOnDelete[1]);
    for (const Field& field : schema_.fields) {
      TRY_SET(Aggregate how, AggregateOf(field.name));
      if (Contains(sequence_, field.name)) {
        how.function = AggregateFunction::kLastValue;
        how.name = "last_value";
      }
      out_.aggregates.emplace(field.name, std::move(how));
    }
    return Ok();
  }

  Status ReadPartialUpdate() {
    out_.remove_on_delete = IsTrue(schema_, kRemoveOnDelete[0]);
    for (const auto& [key, value] : schema_.options) {
      const bool longer = key.size() > kFields.size() + kGroup.size();
      if (longer && key.starts_with(kFields) && key.ends_with(kGroup)) TRY(AddGroup(key, value));
    }
    const std::vector<std::string> removing = Names(schema_.Option(kRemoveOnGroup, ""));
    for (const std::string& name : removing) {
      if (order_.contains(name)) continue;
      return Invalid(Str("table option ", kRemoveOnGroup, " names ", name, ", which orders no sequence group"),
                     "name columns that stand before .sequence-group in another option");
    }
    for (SequenceGroup& group : out_.groups) {
      for (const std::string& name : group.order) group.removes |= Contains(removing, name);
    }
    if (out_.ignore_delete && out_.remove_on_delete) return Conflicting("ignore-delete", kRemoveOnDelete[0]);
    if (out_.ignore_delete && !removing.empty()) return Conflicting("ignore-delete", kRemoveOnGroup);
    if (out_.remove_on_delete && !out_.groups.empty()) {
      return Conflicting("fields.*.sequence-group", kRemoveOnDelete[0]);
    }
    for (const Field& field : schema_.fields) {
      if (order_.contains(field.name)) continue;
      const bool key = Contains(schema_.primary_keys, field.name);
      if (!key && !FunctionOption(field.name)) continue;
      TRY_SET(Aggregate how, AggregateOf(field.name));
      if (!key && how.function != AggregateFunction::kLastNonNullValue && !out_.group_of.contains(field.name)) {
        return Invalid(Str("column ", field.name, ": the aggregate function ", how.name,
                           " needs a sequence group with merge-engine partial-update"),
                       Str("set fields.<column>.sequence-group: ", field.name, ", or use merge-engine aggregation"));
      }
      out_.aggregates.emplace(field.name, std::move(how));
    }
    return Ok();
  }

  Status AddGroup(const std::string& key, const std::string& value) {
    SequenceGroup group;
    group.order = Names(std::string_view(key).substr(kFields.size(), key.size() - kFields.size() - kGroup.size()));
    const std::vector<std::string> members = Names(value);
    for (const std::vector<std::string>* names : {&std::as_const(group.order), &members}) {
      for (const std::string& name : *names) {
        if (schema_.Find(name) == nullptr) {
          return Invalid(Str("table option ", key, " names ", name, ", which is no column"));
        }
        if (!Contains(schema_.primary_keys, name)) continue;
        return Invalid(Str("table option ", key, " names ", name, ", which is part of the primary key"),
                       "leave it out of the sequence group");
      }
    }
    for (const std::string& name : members) {
      if (out_.group_of.emplace(name, out_.groups.size()).second) continue;
      return Invalid(Str("table option ", key, " names ", name, ", which is in another sequence group"));
    }
    for (const std::string& name : group.order) {
      out_.group_of[name] = out_.groups.size();
      order_.insert(name);
    }
    out_.groups.push_back(std::move(group));
    return Ok();
  }

  std::optional<std::string> FunctionOption(const std::string& column) const {
    for (const std::string& key : {Str(kFields, column, kFunction), std::string(kDefaultFunction)}) {
      if (schema_.options.contains(key)) return key;
    }
    return {};
  }

  Result<Aggregate> AggregateOf(const std::string& column) const {
    Aggregate out;
    const std::string prefix = Str(kFields, column);
    if (Contains(schema_.primary_keys, column)) {
      out.function = AggregateFunction::kPrimaryKey;
      out.name = "primary-key";
    } else if (const auto option = FunctionOption(column)) {
      out.name = Trim(schema_.Option(*option, ""));
      TRY_SET(out.function, FunctionOf(*option, out.name));
    }
    out.ignore_retract = IsTrue(schema_, prefix + ".ignore-retract");
    if (out.ignore_retract && IsTrue(schema_, kRemoveOnDelete[1])) {
      return Conflicting(prefix + ".ignore-retract", kRemoveOnDelete[1]);
    }
    out.distinct = IsTrue(schema_, prefix + ".distinct");
    out.delimiter = schema_.Option(prefix + ".list-agg-delimiter", ",");
    TRY_SET(out.nested, NestedOf(prefix));
    return out;
  }

  Result<NestedRules> NestedOf(const std::string& prefix) const {
    NestedRules out;
    out.key = Names(schema_.Option(prefix + ".nested-key", ""));
    out.sequence = Names(schema_.Option(prefix + ".nested-sequence-field", ""));
    out.time = Trim(schema_.Option(prefix + ".ts-field", ""));
    const std::string limit = schema_.Option(prefix + ".count-limit", "");
    if (!limit.empty() && (!ParseNumber(Trim(limit), out.count_limit) || out.count_limit < 0)) {
      return Invalid(Str("table option ", prefix, ".count-limit='", limit, "' is no number of rows"));
    }
    const std::string null_key = Lower(Trim(schema_.Option(prefix + ".nested-key-null-strategy", "")));
    out.has_null_key = !null_key.empty();
    if (null_key == "ignore") out.null_key = NestedKeyNull::kIgnore;
    if (null_key == "error") out.null_key = NestedKeyNull::kError;
    if (null_key.empty() || null_key == "merge" || out.null_key != NestedKeyNull::kMerge) return out;
    return Invalid(Str("table option ", prefix, ".nested-key-null-strategy='", null_key, "' is not known"),
                   "use merge, ignore or error");
  }

  const Schema& schema_;
  std::vector<std::string> sequence_;
  std::set<std::string> order_;  // columns that order a group
  MergeRules out_;
};

}  // namespace

bool Aggregate::CanRetract() const {
  switch (function) {
    case AggregateFunction::kPrimaryKey:
    case AggregateFunction::kLastValue:
    case AggregateFunction::kLastNonNullValue:
    case AggregateFunction::kSum:
    case AggregateFunction::kProduct:
    case AggregateFunction::kMergeMap:
    case AggregateFunction::kNestedUpdate:
    case AggregateFunction::kCollect: return true;
    default: return ignore_retract;
  }
}

Result<MergeRules> MergeRules::Of(const Schema& schema) {
  if (schema.primary_keys.empty()) return MergeRules();
  return RulesReader(schema).Read();
}

Status MergeRules::CheckWritable(const Schema& schema) const {
  for (const auto& [name, how] : aggregates) {
    const Field* field = schema.Find(name);
    if (field == nullptr || !field->supported) continue;
    if (NestedMerge::Has(how.function)) {
      auto made = NestedMerge::Make(how, field->type);
      if (!made.ok()) return std::move(made).error().With(Str("column ", name));
    }
    if (HasFunction(field->type, how.function)) continue;
    return Invalid(Str("column ", name, " is ", field->type.ToString(), ", which the aggregate function ", how.name,
                       " does not take"),
                   HintOf(how.function));
  }
  return Ok();
}

Status MergeRules::CheckTakes(RowKind kind) const {
  const bool update = kind == RowKind::kUpdateBefore;
  if (engine == MergeEngine::kDeduplicate || (!update && kind != RowKind::kDelete)) return Ok();
  if (ignore_delete || (update && ignore_update_before)) return Ok();  // is not written
  const std::string what = Str("a row of kind ", RowKindName(kind), " came, ");
  if (engine == MergeEngine::kFirstRow) {
    return Invalid(what + "and merge-engine first-row cannot take it",
                   "set the table option ignore-delete: true to leave deletes and old rows of updates out");
  }
  if (engine == MergeEngine::kPartialUpdate && groups.empty()) {
    if (remove_on_delete) return Ok();
    return Invalid(what + "and merge-engine partial-update cannot take it",
                   "set the table option ignore-delete: true to leave deletes out, or "
                   "partial-update.remove-record-on-delete: true to remove the row, or sequence groups, with "
                   "partial-update.remove-record-on-sequence-group where the row must go");
  }
  if (engine == MergeEngine::kAggregation && remove_on_delete && !update) return Ok();
  for (const auto& [name, how] : aggregates) {
    if (how.CanRetract() || (engine == MergeEngine::kPartialUpdate && !group_of.contains(name))) continue;
    return Invalid(Str(what, "and the aggregate function ", how.name, " of column ", name,
                       " cannot take a value back"),
                   Str("set the table option ", kFields, name, ".ignore-retract: true",
                       engine == MergeEngine::kAggregation ? ", or ignore-delete: true" : ""));
  }
  return Ok();
}

bool MergeRules::needs_old_rows() const {
  if (ignore_delete || ignore_update_before) return false;
  if (engine == MergeEngine::kAggregation) return true;
  if (engine != MergeEngine::kPartialUpdate) return false;
  return std::any_of(aggregates.begin(), aggregates.end(), [](const auto& column) {
    return column.second.function != AggregateFunction::kPrimaryKey &&
           column.second.function != AggregateFunction::kLastNonNullValue;
  });
}

std::vector<std::string> MergeRules::AlsoNeeded(const std::vector<std::string>& wanted) const {
  std::set<size_t> needed;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].removes) needed.insert(i);
  }
  for (const std::string& name : wanted) {
    if (auto group = group_of.find(name); group != group_of.end()) needed.insert(group->second);
  }
  std::vector<std::string> out;
  for (size_t group : needed) {
    for (const std::string& name : groups[group].order) {
      if (!Contains(wanted, name) && !Contains(out, name)) out.push_back(name);
    }
  }
  return out;
}

bool MayNeedOldRows(const Options& options) {
  const MergeEngine engine = EngineOf(options);
  if (engine != MergeEngine::kPartialUpdate) return engine == MergeEngine::kAggregation;
  return std::any_of(options.begin(), options.end(), [](const auto& option) {
    return option.first == kDefaultFunction || (option.first.starts_with(kFields) && option.first.ends_with(kFunction));
  });
}

bool IsNamedByMerging(const Options& options, const std::string& column) {
  const MergeEngine engine = EngineOf(options);
  if (engine != MergeEngine::kPartialUpdate && engine != MergeEngine::kAggregation) return false;
  return std::any_of(options.begin(), options.end(), [&](const auto& option) {
    const auto& [key, value] = option;
    if (!key.starts_with(kFields)) return false;
    const std::string_view rest = std::string_view(key).substr(kFields.size());
    const bool group = rest.ends_with(kGroup);
    const auto names = Names(rest.substr(0, group ? rest.size() - kGroup.size() : rest.rfind('.')));
    return Contains(names, column) || (group && Contains(Names(value), column));
  });
}

Status CheckMergeOption(const std::string& key, const std::string& value) {
  if (key == "merge-engine") {
    auto engine = EngineOf(value);
    if (!engine.ok()) return std::move(engine).error();
  }
  const bool flag = key.ends_with(".ignore-retract") || key.ends_with(".distinct");
  const std::string lower = Lower(Trim(value));
  if (key.starts_with(kFields) && flag && lower != "true" && lower != "false") {
    return Invalid(Str("table option ", key, "='", value, "' must be true or false"));
  }
  if (key != kDefaultFunction && !(key.starts_with(kFields) && key.ends_with(kFunction))) return Ok();
  auto function = FunctionOf(key, std::string(Trim(value)));
  return function.ok() ? Ok() : Status(std::move(function).error());
}

}  // namespace sluice::paimon
