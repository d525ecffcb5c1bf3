// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/row_digest.h"

#include <arrow/record_batch.h>

#include "base/text.h"
#include "row/change_batch.h"
#include "row/format_value.h"

namespace sluice {
namespace {

constexpr size_t kExamplesMost = 10;
constexpr size_t kKeysKept = 2'000'000;  // beyond that a missing row is told by its hash only

// FNV-1a over the text, then a mix: sums of it must not cancel.
uint64_t Hash(const std::string& text) {
  uint64_t hash = 14695981039346656037ULL;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash ^= hash >> 32;
  hash *= 0xD6E8FEB86659FD93ULL;
  return hash ^ hash >> 32;
}

}  // namespace

template <typename Visit>
void RowDigests::ForEach(const arrow::RecordBatch& rows, Visit&& visit) {
  std::vector<std::shared_ptr<arrow::Array>> key_arrays;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const std::string& name : key_) key_arrays.push_back(rows.GetColumnByName(name));
  for (const std::string& name : columns_) arrays.push_back(rows.GetColumnByName(name));
  std::string key;
  std::string text;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    key.clear();
    text.clear();
    for (size_t i = 0; i < key_arrays.size(); ++i) {
      key += Str(i > 0 ? ", " : "", key_[i], "=");
      if (!AppendText(*key_arrays[i], row, key)) key += "NULL";
    }
    for (const auto& array : arrays) {
      size_t before = text.size();
      bool present = AppendText(*array, row, text);
      text += present ? '\x01' : '\x02';
      text += Str(text.size() - before);  // so that values cannot run into each other
    }
    uint64_t hash = Hash(text);
    visit(row, key_.empty() ? text : key, key_.empty() ? hash : Hash(key), hash);
  }
}

void RowDigests::Differ(const std::string& key, const char* how) {
  ++differences_;
  if (examples_.size() < kExamplesMost) examples_.push_back(Str(key.substr(0, 200), ": ", how));
}

// One more row.
void RowDigests::Put(const std::string& key, uint64_t key_hash, uint64_t hash) {
  ++left_rows_;
  left_sum_ += hash;
  Row& row = left_.try_emplace(key_hash, Row{.hash = hash}).first->second;
  ++row.count;
  if (left_.size() <= kKeysKept && row.key.empty()) row.key = key;
}

void RowDigests::Take(uint64_t key_hash) {
  auto found = left_.find(key_hash);
  if (found == left_.end()) return;
  --left_rows_;
  left_sum_ -= found->second.hash;
  if (--found->second.count == 0) left_.erase(found);
}

void RowDigests::AddLeft(const arrow::RecordBatch& rows) {
  ForEach(rows, [&](int64_t, const std::string& key, uint64_t key_hash, uint64_t hash) { Put(key, key_hash, hash); });
}

void RowDigests::ChangeLeft(const ChangeBatch& changes) {
  ForEach(*changes.rows, [&](int64_t row, const std::string& key, uint64_t key_hash, uint64_t hash) {
    const RowKind kind = changes.kind(row);
    const bool goes = kind == RowKind::kDelete || kind == RowKind::kUpdateBefore;
    if (goes || !key_.empty()) Take(key_hash);  // a row comes in place of the one with its key
    if (!goes) Put(key, key_hash, hash);
  });
}

void RowDigests::BeginRight() {
  for (auto& [hash, row] : left_) row.named = 0;
  right_rows_ = 0;
  right_sum_ = 0;
  differences_ = 0;
  examples_.clear();
}

void RowDigests::AddRight(const arrow::RecordBatch& rows) {
  ForEach(rows, [&](int64_t, const std::string& key, uint64_t key_hash, uint64_t hash) {
    ++right_rows_;
    right_sum_ += hash;
    auto found = left_.find(key_hash);
    if (found == left_.end() || found->second.named == found->second.count) {
      return Differ(key, "only in the sink (or there twice)");
    }
    if (found->second.hash != hash) Differ(key, "differs");
    ++found->second.named;
  });
}

void RowDigests::Finish() {
  for (const auto& [hash, row] : left_) {
    for (uint32_t i = row.named; i < row.count; ++i) {
      Differ(row.key.empty() ? Str("row with key hash ", hash) : row.key, "only in the source");
    }
  }
}

}  // namespace sluice
