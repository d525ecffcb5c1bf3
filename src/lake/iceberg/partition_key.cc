// SPDX-License-Identifier: Apache-2.0
// Flink CDC's `partition.key`, of transform.h:
//   key   = table ":" terms { ";" table ":" terms }
//   terms = term { "," term }
//   term  = column | transform "(" column ")"
#include <set>

#include "base/text.h"
#include "lake/iceberg/transform.h"

namespace sluice::iceberg {
namespace {

constexpr int kFirstPartitionId = 1000;

Result<PartitionTerm> ParseTerm(std::string_view text) {
  PartitionTerm out;
  size_t open = text.find('(');
  if (open == std::string_view::npos) {
    out.column = std::string(text);
  } else if (text.back() != ')') {
    return Invalid(Str("partition.key: '", text, "' lacks a closing parenthesis"));
  } else {
    TRY_SET(out.transform, ParseTransform(Lower(Trim(text.substr(0, open)))));
    out.column = std::string(Trim(text.substr(open + 1, text.size() - open - 2)));
    if (out.transform.kind == TransformKind::kVoid) {
      return Invalid("partition.key: transform void is not accepted", "leave the term out");
    }
  }
  if (out.column.empty()) return Invalid(Str("partition.key: '", text, "' names no column"));
  return out;
}

const char* NameSuffix(TransformKind kind) {
  switch (kind) {
    case TransformKind::kYear: return "_year";
    case TransformKind::kMonth: return "_month";
    case TransformKind::kDay: return "_day";
    case TransformKind::kHour: return "_hour";
    case TransformKind::kBucket: return "_bucket";
    case TransformKind::kTruncate: return "_trunc";
    case TransformKind::kVoid: return "_null";
    case TransformKind::kIdentity: break;
  }
  return "";
}

}  // namespace

Result<std::vector<TablePartitioning>> ParsePartitionKey(std::string_view text) {
  std::vector<TablePartitioning> out;
  for (const std::string& part : Split(text, ';')) {
    std::string_view entry = Trim(part);
    if (entry.empty()) continue;
    size_t colon = entry.find(':');
    TablePartitioning table;
    table.table = std::string(Trim(entry.substr(0, colon)));
    if (colon == std::string_view::npos || table.table.empty()) {
      return Invalid(Str("partition.key: '", entry, "' is not table:columns"),
                     "write db.table:column,bucket[16](id);db.table2:year(ts)");
    }
    for (const std::string& term : Split(entry.substr(colon + 1), ',')) {
      if (Trim(term).empty()) return Invalid(Str("partition.key: '", entry, "' has an empty term"));
      TRY_SET(PartitionTerm parsed, ParseTerm(Trim(term)));
      table.terms.push_back(std::move(parsed));
    }
    for (const TablePartitioning& other : out) {
      if (other.table == table.table) return Invalid(Str("partition.key: table ", table.table, " stands twice"));
    }
    out.push_back(std::move(table));
  }
  return out;
}

Result<PartitionSpec> ToPartitionSpec(const std::vector<PartitionTerm>& terms, const Schema& schema, int spec_id) {
  PartitionSpec out;
  out.spec_id = spec_id;
  std::set<std::string> names;
  for (const PartitionTerm& term : terms) {
    const Field* source = schema.Find(term.column);
    if (source == nullptr) {
      std::vector<std::string> columns;
      for (const Field& field : schema.fields) columns.push_back(field.name);
      std::string near = Nearest(term.column, columns);
      return Invalid(Str("partition column ", term.column, " is not in the table"),
                     near.empty() ? "" : Str("did you mean ", near, "?"));
    }
    TRY(term.transform.Check(source->iceberg_type, source->name));
    PartitionField field;
    field.source_id = source->id;
    field.field_id = kFirstPartitionId + static_cast<int>(out.fields.size());
    field.name = term.column + NameSuffix(term.transform.kind);
    field.transform = term.transform.ToString();
    bool taken = term.transform.kind != TransformKind::kIdentity && schema.Find(field.name) != nullptr;
    if (taken || !names.insert(field.name).second) {
      return Invalid(Str("partition field ", field.name, " has the name of another column or partition field"));
    }
    out.fields.push_back(std::move(field));
  }
  return out;
}

}  // namespace sluice::iceberg
