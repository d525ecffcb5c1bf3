// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_choice.h"

#include <parquet/metadata.h>

#include "lake/paimon/file_format.h"
#include "lake/parquet/page_index.h"

namespace sluice::paimon {
namespace {

// Whether at most half of the bytes are in pages, or without them in row groups, that have some of the rows.
bool LeavesMostOut(const PageIndex& index, const RowBits& rows) {
  const parquet::FileMetaData& footer = *index.footer();
  int64_t all = 0, chosen = 0;
  int64_t first = 0;  // of the row group
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const auto meta = footer.RowGroup(group);
    const int64_t count = meta->num_rows();
    if (!index.complete()) {
      all += meta->total_byte_size();
      if (rows.AnyIn(first, count)) chosen += meta->total_byte_size();
    }
    for (int leaf = 0; index.complete() && leaf < meta->num_columns(); ++leaf) {
      const auto& pages = index.PagesOf(group, leaf);
      for (size_t i = 0; i < pages.size(); ++i) {
        const int64_t end = i + 1 < pages.size() ? pages[i + 1].first_row : count;
        all += pages[i].bytes;
        if (rows.AnyIn(first + pages[i].first_row, end - pages[i].first_row)) chosen += pages[i].bytes;
      }
    }
    first += count;
  }
  return chosen <= all / 2;
}

}  // namespace

Result<std::shared_ptr<const ChosenRows>> ChoosePages(Env& env, const std::string& path, const RowBits& rows) {
  const std::shared_ptr<const ChosenRows> whole;
  if (FormatOfFile(path) != FileFormat::kParquet || rows.count() > rows.rows() / 2) return whole;
  auto read = PageIndex::Read(env, path, {});
  if (!read.ok() && read.error().code == ErrorCode::kNotFound) return whole;  // whose reader says what to do
  TRY_SET(const auto index, std::move(read));
  if (index->footer()->num_rows() != rows.rows() || !LeavesMostOut(*index, rows)) return whole;
  auto out = std::make_shared<ChosenRows>(ChosenRows{index, {}});
  rows.ForEachSpan([&](int64_t first, int64_t count) { out->spans.push_back({first, count}); });
  return std::shared_ptr<const ChosenRows>(std::move(out));
}

}  // namespace sluice::paimon
