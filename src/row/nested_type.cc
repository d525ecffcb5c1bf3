// SPDX-License-Identifier: Apache-2.0
#include "row/nested_type.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "row/variant.h"

namespace sluice {
namespace {

constexpr const char* kArrowFieldId = "PARQUET:field_id";

std::shared_ptr<arrow::DataType> ArrowOf(NestedKind kind, const std::vector<NestedPart>& parts) {
  switch (kind) {
    case NestedKind::kArray: return arrow::list(arrow::field("item", parts[0].type.ToArrow()));
    case NestedKind::kMap:
    case NestedKind::kMultiset: return arrow::map(parts[0].type.ToArrow(), parts[1].type.ToArrow());
    case NestedKind::kRow: break;
  }
  arrow::FieldVector fields;
  for (const NestedPart& part : parts) {
    auto id = part.id < 0 ? nullptr : arrow::key_value_metadata({kArrowFieldId}, {Str(part.id)});
    if (part.id == kVariantValue) id = arrow::key_value_metadata({kVariantMark}, {""});
    fields.push_back(arrow::field(part.name, part.type.ToArrow(), true, std::move(id)));
  }
  return arrow::struct_(std::move(fields));
}

// What two types differ by. Names are given with their lengths: they may hold anything.
std::string IdentityOf(const NestedType& type) {
  std::string out(1, static_cast<char>('0' + static_cast<int>(type.kind)));
  for (const NestedPart& part : type.parts) {
    const DataType& t = part.type;
    out += Str('|', part.id, ' ', part.name.size(), ' ', part.name, ' ', static_cast<int>(t.kind), ' ', t.length, ' ',
               int{t.precision}, ' ', int{t.scale}, ' ', static_cast<int>(t.element), ' ', t.nullable ? 1 : 0);
  }
  return out;
}

class Registry {
 public:
  static Registry& Instance() {
    static Registry* const made = new Registry();  // never destroyed: types are used by threads that end late
    return *made;
  }

  int32_t Number(NestedType type) {
    std::string identity = IdentityOf(type);
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = numbers_.emplace(std::move(identity), static_cast<int32_t>(types_.size()));
    if (is_new) types_.push_back(std::move(type));
    return found->second;
  }

  const NestedType& Of(int32_t number) {
    const std::lock_guard lock(mutex_);
    CHECK(number >= 0 && static_cast<size_t>(number) < types_.size());
    return types_[static_cast<size_t>(number)];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int32_t> numbers_;
  std::deque<NestedType> types_;  // as many as the tables' schemas have: never taken away
};

NestedType ListOf(TypeKind element) {
  NestedType list;
  list.parts.push_back({"", DataType{.kind = element}, -1});
  list.arrow = ArrowOf(list.kind, list.parts);
  return list;
}

}  // namespace

DataType MakeNested(NestedKind kind, std::vector<NestedPart> parts, bool nullable) {
  if (kind == NestedKind::kMultiset) {
    parts.push_back({"", DataType{.kind = TypeKind::kInt, .nullable = false}, -1});
  }
  if (kind == NestedKind::kMap || kind == NestedKind::kMultiset) {
    CHECK(parts.size() == 2);
    parts[0].type.nullable = false;
  }
  NestedType made{kind, std::move(parts), nullptr};
  made.arrow = ArrowOf(kind, made.parts);
  DataType type{.kind = TypeKind::kArray, .element = TypeKind::kArray, .nullable = nullable};
  type.length = Registry::Instance().Number(std::move(made));
  return type;
}

const NestedType& NestedOf(const DataType& type) {
  CHECK(type.kind == TypeKind::kArray);
  static const NestedType* const texts = new NestedType(ListOf(TypeKind::kString));
  static const NestedType* const floats = new NestedType(ListOf(TypeKind::kFloat));
  if (IsNested(type)) return Registry::Instance().Of(type.length);
  return type.element == TypeKind::kFloat ? *floats : *texts;
}

int LeavesOf(const DataType& type) {
  if (!IsNested(type)) return 1;
  int count = 0;
  for (const NestedPart& part : NestedOf(type).parts) count += LeavesOf(part.type);
  return count;
}

std::string NestedText(const NestedType& type) {
  if (type.parts[0].id == kVariantValue) return "VARIANT";
  static constexpr const char* kNames[] = {"ARRAY", "MAP", "MULTISET", "ROW"};
  std::string out = Str(kNames[static_cast<size_t>(type.kind)], "<");
  const size_t shown = type.kind == NestedKind::kMultiset ? 1 : type.parts.size();
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0) out += ", ";
    if (type.kind == NestedKind::kRow) out += type.parts[i].name + " ";
    out += type.parts[i].type.ToString();
  }
  return out + ">";
}

}  // namespace sluice
