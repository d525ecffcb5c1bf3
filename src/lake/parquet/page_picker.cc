// SPDX-License-Identifier: Apache-2.0
// The pages are put one after another into a buffer with a footer of its own: a Parquet file of one row group, which
// Arrow reads as any other. Columns whose pages end at the same rows share one.
#include "lake/parquet/page_picker.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>
#include <zstd.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "lake/parquet/block_pool.h"
#include "lake/parquet/file_streams.h"
#include "lake/parquet/parquet_open.h"
#include "lake/parquet/promote.h"
#include "row/arrow_status.h"

namespace sluice {
namespace {

constexpr int64_t kPageRowsMost = 256 << 10;  // decoded for one batch
constexpr int64_t kGapBytes = 16 << 10;       // between two pages: reading them is cheaper than a read more
constexpr int64_t kReadBytes = 1 << 20;       // at once, if it is not one page

// One context for all pages: Arrow makes one for each, which costs more than a small page.
class PageDecompressor {
 public:
  PageDecompressor() : context_(ZSTD_createDCtx()) {}
  ~PageDecompressor() { ZSTD_freeDCtx(context_); }
  PageDecompressor(const PageDecompressor&) = delete;
  PageDecompressor& operator=(const PageDecompressor&) = delete;

  // Appends the page, whose data are zstd, with plain data; false if it has another form. A header begins with its
  // type and the sizes of its data, plain and compressed (Thrift's compact protocol).
  bool Append(std::string_view page, int64_t plain_most, std::string& out) {
    int64_t fields[3];
    size_t at = 0;
    for (int64_t& field : fields) {
      if (at >= page.size() || page[at++] != kNextInt || !ReadInt(page, at, field)) return false;
    }
    const auto [type, plain, packed] = fields;
    if (type != kDataPage && type != kDictionaryPage) return false;  // of others some bytes are not compressed
    if (plain < 0 || plain > plain_most || packed < 0 || packed > static_cast<int64_t>(page.size() - at)) return false;
    for (int64_t field : {type, plain, plain}) {
      out += kNextInt;
      AppendInt(field, out);
    }
    const size_t header = page.size() - static_cast<size_t>(packed);
    out.append(page.substr(at, header - at));
    const size_t data = out.size();
    out.resize(data + static_cast<size_t>(plain));
    const auto size = static_cast<size_t>(plain);
    return ZSTD_decompressDCtx(context_, out.data() + data, size, page.data() + header, page.size() - header) == size;
  }

 private:
  static constexpr char kNextInt = 0x15;  // a field of 32 bits, whose number is the next one
  static constexpr int64_t kDataPage = 0, kDictionaryPage = 2;

  static bool ReadInt(std::string_view page, size_t& at, int64_t& out) {
    uint64_t bits = 0;
    for (int shift = 0; at < page.size() && shift < 35; shift += 7) {
      const auto byte = static_cast<uint8_t>(page[at++]);
      bits |= uint64_t{byte & 0x7Fu} << shift;
      if (byte >= 0x80) continue;
      out = static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
      return true;
    }
    return false;
  }
  static void AppendInt(int64_t value, std::string& out) {  // not negative
    for (auto bits = static_cast<uint64_t>(value) << 1;; bits >>= 7) {
      out += static_cast<char>((bits & 0x7F) | (bits >= 0x80 ? 0x80 : 0));
      if (bits < 0x80) return;
    }
  }

  ZSTD_DCtx* const context_;
};

// A buffer with the pages of several columns.
class PageFile {
 public:
  PageFile(EnvInputFile& source, const parquet::FileMetaData& footer, const parquet::RowGroupMetaData& group)
      : source_(source), footer_(footer), group_(group), bytes_("PAR1") {}

  // The next leaf; no pages: it is not read.
  Status AddLeaf(int leaf, const std::vector<FilePage>& all, const std::vector<size_t>& pages, int64_t rows) {
    const auto meta = group_.ColumnChunk(leaf);
    Leaf& out = leaves_.emplace_back();
    out.codec = meta->compression();
    if (pages.empty()) return Ok();
    // Of a column with parts nobody knows how many values its pages have: Parquet stops at the end of the bytes.
    const bool flat = footer_.schema()->Column(leaf)->max_repetition_level() == 0;
    out.values = flat ? rows : meta->num_values();
    plain_most_ = meta->total_uncompressed_size();
    const size_t begin = bytes_.size();
    unpacks_ = out.codec == parquet::Compression::ZSTD;
    TRY(AddPages(*meta, all, pages, out));
    if (unpacks_) out.codec = parquet::Compression::UNCOMPRESSED;
    if (unpacks_ || out.codec != parquet::Compression::ZSTD) return Ok();
    bytes_.resize(begin);  // they cannot be unpacked here
    return AddPages(*meta, all, pages, out);
  }

  Result<std::unique_ptr<parquet::arrow::FileReader>> Finish(int64_t rows, bool nanos) {
    parquet::WriterProperties::Builder properties;
    for (int leaf = 0; leaf < footer_.num_columns(); ++leaf) {
      properties.compression(footer_.schema()->Column(leaf)->path(), leaves_[static_cast<size_t>(leaf)].codec);
    }
    const auto builder = parquet::FileMetaDataBuilder::Make(footer_.schema(), properties.build());
    auto* group = builder->AppendRowGroup();
    group->set_num_rows(rows);
    for (const Leaf& leaf : leaves_) {
      const bool encoded = leaf.begin < leaf.data;
      group->NextColumnChunk()->Finish(leaf.values, encoded ? leaf.begin : 0, -1, leaf.data, leaf.size, leaf.size,
                                       encoded, false, {}, {});
    }
    group->Finish(static_cast<int64_t>(bytes_.size()));
    std::shared_ptr<parquet::FileMetaData> footer = builder->Finish(footer_.key_value_metadata());
    auto buffer = arrow::Buffer::FromString(std::move(bytes_));
    return OpenArrowReader(std::make_shared<arrow::io::BufferReader>(std::move(buffer)),
                           parquet::ReaderProperties(&BlockPool::Instance()), std::move(footer), nanos);
  }

 private:
  struct Leaf {
    parquet::Compression::type codec = parquet::Compression::UNCOMPRESSED;
    int64_t values = 0;
    int64_t begin = 4, data = 4;  // of the dictionary's page and of the others
    int64_t size = 0;
  };

  Status AddPages(const parquet::ColumnChunkMetaData& meta, const std::vector<FilePage>& all,
                  const std::vector<size_t>& pages, Leaf& out) {
    out.begin = static_cast<int64_t>(bytes_.size());
    const int64_t dictionary = meta.dictionary_page_offset();
    if (meta.has_dictionary_page() && dictionary > 0 && dictionary < all[0].offset) {
      TRY(Read(dictionary, all[0].offset - dictionary));
      AddPage(read_);
    }
    out.data = static_cast<int64_t>(bytes_.size());
    TRY(CopyPages(all, pages));
    out.size = static_cast<int64_t>(bytes_.size()) - out.begin;
    return Ok();
  }

  void AddPage(std::string_view page) {
    if (unpacks_) unpacks_ = decompressor_.Append(page, plain_most_, bytes_);
    else bytes_ += page;
  }

  // Pages that are near each other come with one read.
  Status CopyPages(const std::vector<FilePage>& all, const std::vector<size_t>& pages) {
    for (size_t i = 0; i < pages.size();) {
      const int64_t begin = all[pages[i]].offset;
      size_t next = i;
      int64_t end = begin;
      for (; next < pages.size(); ++next) {
        const FilePage& page = all[pages[next]];
        const int64_t grown = page.offset + page.bytes;
        if (next > i && (page.offset - end > kGapBytes || grown - begin > kReadBytes)) break;
        end = grown;
      }
      TRY(Read(begin, end - begin));
      for (; i < next; ++i) {
        const FilePage& page = all[pages[i]];
        const auto at = static_cast<size_t>(page.offset - begin);
        AddPage(std::string_view(read_).substr(at, static_cast<size_t>(page.bytes)));
      }
    }
    return Ok();
  }

  Status Read(int64_t offset, int64_t count) {
    read_.resize(static_cast<size_t>(count));
    ARROW_TRY_SET(const int64_t read, source_.ReadAt(offset, count, read_.data()));
    return read == count ? Ok() : Status(Corrupt(Str("it ends within the page at ", offset)));
  }

  EnvInputFile& source_;
  const parquet::FileMetaData& footer_;
  const parquet::RowGroupMetaData& group_;
  std::vector<Leaf> leaves_;
  PageDecompressor decompressor_;
  bool unpacks_ = false;  // the pages of this leaf
  int64_t plain_most_ = 0;
  std::string bytes_, read_;
};

// The numbers of the chosen rows among those that are covered.
Result<std::shared_ptr<arrow::Array>> PlacesIn(const std::vector<RowSpan>& covered, const std::vector<RowSpan>& spans) {
  arrow::Int64Builder places;
  int64_t before = 0;  // rows covered
  size_t at = 0;
  for (const RowSpan& span : spans) {
    while (span.first >= covered[at].first + covered[at].count) before += covered[at++].count;
    for (int64_t i = 0; i < span.count; ++i) ARROW_TRY(places.Append(before + span.first - covered[at].first + i));
  }
  ARROW_TRY_SET(auto out, places.Finish());
  return out;
}

}  // namespace

PagePicker::PagePicker(FileSourcePtr source, std::shared_ptr<const ChosenRows> chosen, const std::vector<int>& columns,
                       const DecodeLimits& limits, bool nanos)
    : source_(std::move(source)), chosen_(std::move(chosen)), limits_(limits), nanos_(nanos) {
  for (int node : columns) columns_.push_back({node, LeavesOf(*chosen_->index->footer(), node)});
}

void PagePicker::EnterGroup(int group) {
  if (group_ >= 0) group_first_ += group_rows_;
  group_ = group;
  group_rows_ = chosen_->index->footer()->RowGroup(group)->num_rows();
}

// Of the pages of one batch.
int64_t PagePicker::RowsMost() const {
  const auto group = chosen_->index->footer()->RowGroup(group_);
  int64_t bytes = 0;
  for (const Column& column : columns_) {
    for (int leaf : column.leaves) bytes += group->ColumnChunk(leaf)->total_uncompressed_size();
  }
  const int64_t row_bytes = std::max<int64_t>(1, bytes / std::max<int64_t>(1, group->num_rows()));
  return std::clamp<int64_t>(limits_.batch_bytes / row_bytes, 1, kPageRowsMost);
}

// The next rows, of one row group and relative to it. They end before a page that would be too much.
std::vector<RowSpan> PagePicker::TakeSpans() {
  std::vector<RowSpan> out;
  const auto& spans = chosen_->spans;
  if (span_ == spans.size()) return out;
  while (group_ < 0 || spans[span_].first + done_ >= group_first_ + group_rows_) EnterGroup(group_ + 1);
  const auto& pages = chosen_->index->PagesOf(group_, columns_[0].leaves[0]);
  const auto first_row = [](int64_t row, const FilePage& page) { return row < page.first_row; };
  int64_t rows = 0, page_end = 0, page_rows = 0;
  const int64_t most = RowsMost();
  while (span_ < spans.size() && rows < limits_.batch_rows) {
    const int64_t first = spans[span_].first + done_ - group_first_;
    if (first >= group_rows_) break;
    if (first >= page_end) {
      const auto next = std::upper_bound(pages.begin(), pages.end(), first, first_row);
      page_end = next == pages.end() ? group_rows_ : next->first_row;
      const int64_t of_page = page_end - (next - 1)->first_row;
      if (rows > 0 && page_rows + of_page > most) break;
      page_rows += of_page;
    }
    const int64_t count = std::min({spans[span_].count - done_, page_end - first, limits_.batch_rows - rows});
    out.push_back({first, count});
    rows += count;
    done_ += count;
    if (done_ == spans[span_].count) {
      ++span_;
      done_ = 0;
    }
  }
  return out;
}

PagePicker::Pages PagePicker::PagesFor(int leaf, const std::vector<RowSpan>& spans) const {
  const auto& pages = chosen_->index->PagesOf(group_, leaf);
  Pages out;
  size_t at = 0;
  for (const RowSpan& span : spans) {
    while (at + 1 < pages.size() && pages[at + 1].first_row <= span.first) ++at;
    for (; at < pages.size() && pages[at].first_row < span.first + span.count; ++at) {
      if (out.empty() || out.back() != at) out.push_back(at);
    }
    at = out.back();
  }
  return out;
}

PagePicker::Covered PagePicker::RowsOf(int leaf, const Pages& pages) const {
  const auto& all = chosen_->index->PagesOf(group_, leaf);
  Covered out;
  for (size_t page : pages) {
    const int64_t first = all[page].first_row;
    const int64_t end = page + 1 < all.size() ? all[page + 1].first_row : group_rows_;
    if (!out.empty() && out.back().first + out.back().count == first) {
      out.back().count += end - first;
    } else {
      out.push_back({first, end - first});
    }
  }
  return out;
}

// Leaves of one column whose pages end at different rows are read as a whole.
std::pair<PagePicker::Covered, std::vector<PagePicker::LeafPages>> PagePicker::PagesOfColumn(
    const Column& column, const std::vector<RowSpan>& spans) const {
  std::vector<LeafPages> leaves;
  Covered covered;
  bool same = true;
  for (int leaf : column.leaves) {
    Pages pages = PagesFor(leaf, spans);
    Covered rows = RowsOf(leaf, pages);
    if (leaves.empty()) covered = std::move(rows);
    else same &= rows == covered;
    leaves.push_back({leaf, std::move(pages)});
  }
  if (same) return {std::move(covered), std::move(leaves)};
  for (LeafPages& leaf : leaves) {
    leaf.pages.resize(chosen_->index->PagesOf(group_, leaf.leaf).size());
    for (size_t i = 0; i < leaf.pages.size(); ++i) leaf.pages[i] = i;
  }
  return {{{0, group_rows_}}, std::move(leaves)};
}

Result<std::shared_ptr<arrow::RecordBatch>> PagePicker::Read(const std::vector<LeafPages>& leaves, int64_t rows) {
  const parquet::FileMetaData& footer = *chosen_->index->footer();
  const auto group = footer.RowGroup(group_);
  PageFile file(*source_, footer, *group);
  const Pages none;
  std::vector<int> read;
  for (int leaf = 0; leaf < footer.num_columns(); ++leaf) {
    const auto found = std::find_if(leaves.begin(), leaves.end(), [&](const auto& of) { return of.leaf == leaf; });
    if (found != leaves.end()) read.push_back(leaf);
    const Pages& pages = found == leaves.end() ? none : found->pages;
    TRY(file.AddLeaf(leaf, chosen_->index->PagesOf(group_, leaf), pages, rows));
  }
  TRY_SET(const auto reader, file.Finish(rows, nanos_));
  if (nanos_) TRY(CheckNanos(*reader, 0, read));
  reader->set_batch_size(rows);
  auto batches = reader->GetRecordBatchReader({0}, read);
  if (!batches.ok()) return FromFileFormat(batches.status());
  auto table = (*batches)->ToTable();
  if (!table.ok()) return FromFileFormat(table.status());
  if ((*table)->num_rows() != rows) {
    return Corrupt(Str("pages of row group ", group_, " have ", (*table)->num_rows(), " rows instead of ", rows));
  }
  ARROW_TRY_SET(auto batch, (*table)->CombineChunksToBatch());
  return batch;
}

Status PagePicker::Next(std::vector<std::shared_ptr<arrow::Array>>& columns, std::vector<int64_t>& positions) {
  columns.assign(columns_.size(), nullptr);
  positions.clear();
  const std::vector<RowSpan> spans = TakeSpans();
  for (const RowSpan& span : spans) {
    for (int64_t i = 0; i < span.count; ++i) positions.push_back(group_first_ + span.first + i);
  }
  if (spans.empty()) return Ok();
  struct Group {
    std::vector<LeafPages> leaves;
    std::vector<size_t> columns;
  };
  std::map<Covered, Group> groups;
  for (size_t i = 0; i < columns_.size(); ++i) {
    auto [covered, leaves] = PagesOfColumn(columns_[i], spans);
    Group& group = groups[std::move(covered)];
    group.leaves.insert(group.leaves.end(), leaves.begin(), leaves.end());
    group.columns.push_back(i);
  }
  const auto options = arrow::compute::TakeOptions::NoBoundsCheck();
  for (const auto& [covered, group] : groups) {
    int64_t rows = 0;
    for (const RowSpan& span : covered) rows += span.count;
    TRY_SET(const auto batch, Read(group.leaves, rows));
    TRY_SET(const auto places, PlacesIn(covered, spans));
    for (size_t i = 0; i < group.columns.size(); ++i) {
      const auto column = batch->column(static_cast<int>(i));
      ARROW_TRY_SET(columns[group.columns[i]], arrow::compute::Take(*column, *places, options));
    }
  }
  return Ok();
}

}  // namespace sluice
