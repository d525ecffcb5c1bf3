// SPDX-License-Identifier: Apache-2.0
// ALTER TABLE as the server does it.
#include "format/mysql/table_alter.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::mysql {
namespace {

struct Item {
  MysqlColumn column;
  int origin = -1;
  bool moved = false;
  const ColumnDefinition* definition = nullptr;
};

class Alter {
 public:
  Alter(const MysqlTable& before, const CharsetChoice& database, const SqlContext& context,
        const DefaultCollations& collations)
      : before_(before), database_(database), context_(context), collations_(collations) {
    out_.table = before;
    out_.table.columns.clear();
  }

  Result<AlteredTable> Run(const std::vector<AlterOperation>& operations) {
    for (const AlterOperation& operation : operations) {
      std::visit([&](const auto& op) { Options(op); }, operation);
    }
    for (const AlterOperation& operation : operations) {
      if (auto* drop = std::get_if<DropColumn>(&operation)) TRY(Drop(*drop));
    }
    for (size_t i = 0; i < before_.columns.size(); ++i) Keep(static_cast<int>(i), operations);
    for (const AlterOperation& operation : operations) {
      if (auto* add = std::get_if<AddColumn>(&operation)) TRY(Add(*add));
      if (auto* change = std::get_if<ChangeColumn>(&operation)) TRY(Change(*change));
      if (auto* rename = std::get_if<RenameColumn>(&operation)) TRY(CheckColumn(rename->from, rename->if_exists));
    }
    for (const AlterOperation& operation : operations) {
      if (auto* value = std::get_if<SetColumnDefault>(&operation)) TRY(SetDefault(*value));
    }
    TRY(Key(operations));
    TRY(CheckNames());
    for (Item& item : items_) {
      out_.origins.push_back(item.origin);
      out_.moved.push_back(item.moved);
      out_.defined.push_back(item.definition);
      out_.table.columns.push_back(std::move(item.column));
    }
    return std::move(out_);
  }

 private:
  // What holds for the whole statement.
  template <typename T>
  void Options(const T&) {}
  void Options(const TableOptions& options) {
    if (options.comment) out_.table.comment = *options.comment;
    if (!options.charset && !options.collation) return;
    SetCharset(ResolveCharset(options.charset.value_or(""), options.collation.value_or(""), database_, collations_));
    default_charset_ = true;
  }
  void Options(const ConvertCharset& convert) {
    convert_ = ResolveCharset(convert.charset, convert.collation, database_, collations_);
    if (!default_charset_) SetCharset(*convert_);  // DEFAULT CHARSET beside it wins for the table
  }
  void Options(const RenameTo& rename) { out_.rename_to = rename.to; }

  void SetCharset(const CharsetChoice& choice) {
    out_.table.charset = choice.charset;
    out_.table.collation = choice.collation;
  }
  CharsetChoice TableCharset() const { return {out_.table.charset, out_.table.collation}; }

  Error NoColumn(const std::string& name) const {
    return Invalid(Str("`", before_.database, "`.`", before_.name, "` has no column `", name,
                       "` as far as is known, but the log alters it"),
                   "the known definition does not belong to this place of the log; start with a fresh snapshot");
  }
  Status CheckColumn(const std::string& name, bool if_exists) const {
    return if_exists || before_.Find(name) >= 0 ? Ok() : Status(NoColumn(name));
  }
  // By the new name of a column that the statement defines, else by the old name.
  Status SetDefault(const SetColumnDefault& change) {
    int old = before_.Find(change.name);
    auto named = [&](const Item& item) {
      return item.definition != nullptr ? EqualsIgnoreCase(item.column.name, change.name)
                                        : item.origin >= 0 && item.origin == old;
    };
    auto found = std::find_if(items_.begin(), items_.end(), named);
    if (found == items_.end()) return CheckColumn(change.name, change.if_exists);
    if (found->column.virtual_generated) return Ok();  // taken by the server, without effect
    found->column.default_value = CanonicalDefault(found->column, change.value);
    return Ok();
  }
  Status Drop(const DropColumn& drop) {
    if (int at = before_.Find(drop.name); at >= 0)
      dropped_.push_back(at);
    else if (!drop.if_exists)
      return NoColumn(drop.name);
    return Ok();
  }

  MysqlColumn Resolve(const ColumnDefinition& definition) const {
    MysqlColumn column = ResolveColumn(definition, TableCharset(), context_, collations_);
    if (convert_ && IsTextType(column.type) && column.charset != "binary") {  // beats what is said of single columns
      column.charset = convert_->charset;
      column.collation = convert_->collation;
    }
    return column;
  }

  // One column of the table before: dropped, changed in place, to be moved, or kept.
  void Keep(int index, const std::vector<AlterOperation>& operations) {
    if (std::find(dropped_.begin(), dropped_.end(), index) != dropped_.end()) return;
    Item item{before_.columns[static_cast<size_t>(index)], index};
    const std::string name = item.column.name;
    if (convert_) ConvertColumn(item.column, *convert_);
    for (const AlterOperation& operation : operations) {
      if (auto* change = std::get_if<ChangeColumn>(&operation); change && EqualsIgnoreCase(change->old_name, name)) {
        item.column = Resolve(change->column);
        item.definition = &change->column;
      }
      if (auto* rename = std::get_if<RenameColumn>(&operation); rename && EqualsIgnoreCase(rename->from, name)) {
        item.column.name = rename->to;
      }
      if (auto* visible = std::get_if<SetColumnVisible>(&operation); visible && EqualsIgnoreCase(visible->name, name)) {
        item.column.invisible = !visible->visible;
      }
    }
    items_.push_back(std::move(item));
  }

  int FindItem(std::string_view name) const {
    for (size_t i = 0; i < items_.size(); ++i) {
      if (EqualsIgnoreCase(items_[i].column.name, name)) return static_cast<int>(i);
    }
    return -1;
  }

  Status Put(Item item, DdlPlace place, const std::string& after) {
    size_t at = items_.size();
    if (place == DdlPlace::kFirst) at = 0;
    if (place == DdlPlace::kAfter) {
      int found = FindItem(after);
      if (found < 0) return NoColumn(after);
      at = static_cast<size_t>(found) + 1;
    }
    items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(at), std::move(item));
    return Ok();
  }

  Status Add(const AddColumn& add) {
    int old = before_.Find(add.column.name);
    bool there = old >= 0 && std::find(dropped_.begin(), dropped_.end(), old) == dropped_.end();
    if (add.if_not_exists && (there || old >= 0 || FindItem(add.column.name) >= 0)) return Ok();
    return Put({Resolve(add.column), -1, false, &add.column}, add.place, add.after);
  }

  Status Change(const ChangeColumn& change) {
    int old = before_.Find(change.old_name);
    auto found = std::find_if(items_.begin(), items_.end(), [&](const Item& item) {
      return item.origin == old && (old >= 0 || EqualsIgnoreCase(item.column.name, change.old_name));
    });
    if (found == items_.end()) return change.if_exists ? Ok() : Status(NoColumn(change.old_name));
    if (old >= 0 && change.place == DdlPlace::kNone) return Ok();  // Keep did it
    items_.erase(found);  // MODIFY of a column that this statement adds puts it last
    return Put({Resolve(change.column), old, old >= 0, &change.column}, change.place, change.after);
  }

  Status Key(const std::vector<AlterOperation>& operations) {
    std::vector<std::string>& key = out_.table.primary_key;
    std::vector<std::string> kept;
    for (const std::string& name : key) {
      int old = before_.Find(name);
      for (const Item& item : items_) {
        if (item.origin == old) kept.push_back(item.column.name);
      }
    }
    bool had_key = !key.empty();
    key = std::move(kept);
    for (const AlterOperation& operation : operations) {
      if (std::get_if<DropPrimaryKey>(&operation)) key.clear(), had_key = false;
    }
    for (const AlterOperation& operation : operations) {
      const ColumnDefinition* column = nullptr;
      if (auto* add = std::get_if<AddColumn>(&operation)) column = &add->column;
      if (auto* change = std::get_if<ChangeColumn>(&operation)) column = &change->column;
      if (column != nullptr && column->primary_key) key = {column->name};
      if (auto* add = std::get_if<AddPrimaryKey>(&operation); add && !(add->if_not_exists && had_key))
        key = add->columns;
      if (auto* period = std::get_if<PeriodFor>(&operation)) {
        for (const std::string& name : {period->start, period->end}) {
          if (int at = FindItem(name); at >= 0) items_[static_cast<size_t>(at)].column.nullable = false;
        }
      }
    }
    for (std::string& name : key) {
      int at = FindItem(name);
      if (at < 0) return NoColumn(name);
      MysqlColumn& column = items_[static_cast<size_t>(at)].column;
      name = column.name;
      column.nullable = false;
    }
    return Ok();
  }

  Status CheckNames() const {
    std::vector<std::string> names;
    for (const Item& item : items_) names.push_back(Lower(item.column.name));
    std::sort(names.begin(), names.end());
    auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return Ok();
    return Invalid(Str("`", before_.database, "`.`", before_.name, "` would have two columns `", *twice, "`"),
                   "the known definition does not belong to this place of the log; start with a fresh snapshot");
  }

  const MysqlTable& before_;
  CharsetChoice database_;
  const SqlContext& context_;
  const DefaultCollations& collations_;
  AlteredTable out_;
  std::optional<CharsetChoice> convert_;
  bool default_charset_ = false;
  std::vector<int> dropped_;
  std::vector<Item> items_;
};

}  // namespace

Result<AlteredTable> AlterMysqlTable(const MysqlTable& before, const std::vector<AlterOperation>& operations,
                                     const CharsetChoice& database, const SqlContext& context,
                                     const DefaultCollations& collations) {
  return Alter(before, database, context, collations).Run(operations);
}

}  // namespace sluice::mysql
