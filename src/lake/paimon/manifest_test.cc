// SPDX-License-Identifier: Apache-2.0
// Manifests, their lists, index manifests and changes, written and read back; and those that Paimon's Java code wrote.
#include "lake/paimon/manifest.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "base/test_data_test_util.h"
#include "base/text.h"
#include "io/folder_test_util.h"
#include "lake/paimon/table_change.h"

namespace sluice::paimon {
namespace {

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  DataFileMeta File() {
    DataFileMeta file;
    file.name = Bytes();
    file.size = Number();
    file.row_count = Number();
    file.min_key = Bytes();
    file.max_key = Bytes();
    file.key_stats = Stats();
    file.value_stats = Stats();
    file.min_sequence = Number();
    file.max_sequence = Number();
    file.schema_id = Number();
    file.level = Small();
    file.extra_files = Texts();
    if (Often()) file.creation_ms = Number();
    if (Often()) file.delete_row_count = Number();
    if (Often()) file.embedded_index = Bytes();
    if (Often()) file.source = random_() % 2 == 0 ? FileSource::kAppend : FileSource::kCompact;
    if (Often()) file.value_stats_columns = Texts();
    if (Often()) file.external_path = Bytes();
    if (Often()) file.first_row_id = Number();
    if (Often()) file.write_columns = Texts();
    return file;
  }
  ManifestEntry Entry() {
    return {random_() % 2 == 0 ? EntryKind::kAdd : EntryKind::kDelete, Bytes(), Small(), Small(), File()};
  }
  ManifestFile Manifest(bool any_bound = false) {
    ManifestFile file;
    file.name = any_bound ? Bytes() : Str("manifest-", random_());
    file.size = Number();
    file.added_files = Number();
    file.deleted_files = Number();
    file.partition_stats = Stats();
    file.schema_id = Number();
    for (auto* bound : {&file.min_bucket, &file.max_bucket, &file.min_level, &file.max_level}) {
      if (Often()) *bound = Small();
    }
    for (auto* bound : {&file.min_row_id, &file.max_row_id}) {
      if (Often()) *bound = Number();
    }
    return file;
  }
  IndexEntry Index(bool deletions) {
    IndexEntry entry{Bytes(), Small(), deletions ? "DELETION_VECTORS" : "HASH", Str("index-", random_()), Number(),
                     Number(), {}};
    for (uint64_t i = deletions ? random_() % 4 : 0; i > 0; --i) {
      entry.deletions.push_back({Bytes(), Small(), Small(), {}});
      if (Often()) entry.deletions.back().cardinality = Number();
    }
    return entry;
  }
  uint64_t operator()() { return random_(); }

 private:
  bool Often() { return random_() % 3 != 0; }
  int64_t Number() { return static_cast<int64_t>(random_()) >> random_() % 64; }
  int Small() { return static_cast<int>(random_()); }
  std::string Bytes() {
    std::string out(random_() % 20, '\0');
    for (char& c : out) c = static_cast<char>(random_());
    return out;
  }
  std::vector<std::string> Texts() {
    std::vector<std::string> out(random_() % 3);
    for (std::string& text : out) text = Bytes();
    return out;
  }
  SimpleStats Stats() {
    SimpleStats stats{Bytes(), Bytes(), {}};
    for (uint64_t i = random_() % 4; i > 0; --i) {
      stats.null_counts.push_back(Often() ? std::optional(Number()) : std::nullopt);
    }
    return stats;
  }
  std::mt19937_64 random_;
};

template <typename Item, typename Make>
std::vector<Item> Some(Maker& maker, Make make) {
  std::vector<Item> items;
  for (uint64_t i = maker() % 5; i > 0; --i) items.push_back(make());
  return items;
}

TEST(PaimonManifest, OfAnyEntriesIsReadAsItWasWritten) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Maker maker(seed);
    const auto entries = Some<ManifestEntry>(maker, [&] { return maker.Entry(); });
    const auto read = DecodeManifest(EncodeManifest(entries, maker(), maker()), "m");
    ASSERT_OK(read);
    ASSERT_EQ(*read, entries) << seed;
    const auto manifests = Some<ManifestFile>(maker, [&] { return maker.Manifest(true); });
    const auto list = DecodeManifestList(EncodeManifestList(manifests, maker(), maker()), "l");
    ASSERT_OK(list);
    ASSERT_EQ(*list, manifests) << seed;
    const auto indexes = Some<IndexEntry>(maker, [&] { return maker.Index(maker() % 2 == 0); });
    const auto index = DecodeIndexManifest(EncodeIndexManifest(indexes, maker(), maker()), "i");
    ASSERT_OK(index);
    ASSERT_EQ(*index, indexes) << seed;
  }
}

TEST(PaimonManifest, OfManyEntriesIsReadAsItWasWritten) {
  Maker maker(1);
  std::vector<ManifestEntry> entries;
  for (int i = 0; i < 5000; ++i) entries.push_back(maker.Entry());
  const auto read = DecodeManifest(EncodeManifest(entries, 1, 2), "m");
  ASSERT_OK(read);
  EXPECT_EQ(*read, entries);
}

TEST(PaimonManifest, ThatIsCutOffIsRefusedByName) {
  Maker maker(3);
  const std::string bytes = EncodeManifest({maker.Entry(), maker.Entry()}, 1, 2);
  for (size_t end = 0; end < bytes.size(); end += 13) {
    const auto read = DecodeManifest(bytes.substr(0, end), "manifest-x");
    ASSERT_FALSE(read.ok()) << end;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(read.error().message.find("manifest-x"), std::string::npos);
  }
}

ManifestEntry Named(EntryKind kind, const std::string& name, int level = 0, int bucket = 0) {
  ManifestEntry entry{kind, "p", bucket, 1, {}};
  entry.file.name = name;
  entry.file.level = level;
  return entry;
}

std::string Merged(const std::vector<ManifestEntry>& entries) {
  std::string out;
  for (const ManifestEntry& e : MergeEntries(entries)) {
    out += Str(e.kind == EntryKind::kAdd ? "+" : "-", e.file.name, e.file.level, " ");
  }
  return out;
}

TEST(PaimonManifest, EntriesThatComeAndGoAreNothing) {
  const auto add = EntryKind::kAdd, gone = EntryKind::kDelete;
  EXPECT_EQ(Merged({}), "");
  EXPECT_EQ(Merged({Named(add, "a"), Named(add, "b"), Named(gone, "a")}), "+b0 ");
  EXPECT_EQ(Merged({Named(gone, "a"), Named(add, "b")}), "-a0 +b0 ");          // came before
  EXPECT_EQ(Merged({Named(add, "a"), Named(gone, "a"), Named(add, "a", 5)}), "+a5 ");  // another level
  EXPECT_EQ(Merged({Named(gone, "a"), Named(add, "a", 5)}), "-a0 +a5 ");
  EXPECT_EQ(Merged({Named(add, "a", 0, 1), Named(gone, "a", 0, 2)}), "+a0 -a0 ");  // another bucket
}

// Java tells a file with another file index apart: that the one goes is to be kept, also behind which the other comes.
TEST(PaimonManifest, AFileThatGetsAnotherIndex) {
  const auto add = EntryKind::kAdd, gone = EntryKind::kDelete;
  ManifestEntry indexed = Named(add, "a"), indexed_goes = Named(gone, "a");
  indexed.file.extra_files = indexed_goes.file.extra_files = {"a.index"};
  EXPECT_EQ(Merged({Named(add, "a"), Named(gone, "a"), indexed}), "+a0 ");
  EXPECT_EQ(Merged({Named(gone, "a"), indexed}), "-a0 +a0 ");
  EXPECT_EQ(Merged({Named(gone, "a"), indexed, indexed_goes}), "-a0 ");
  EXPECT_EQ(Merged({Named(gone, "a"), Named(add, "a")}), "+a0 ");
}

std::string Taken(const std::string& change) {
  const auto read = TableChange::Parse(change);
  return read.ok() ? read->ToJson() : read.error().ToString();
}

TEST(PaimonTableChange, IsReadAsItWasWritten) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Maker maker(seed);
    TableChange change;
    if (maker() % 2 == 0) change.schemas = {"{\"id\": 1,\n \"ü\\u0000\": []}", ""};
    change.truncate = maker() % 2 == 0;
    change.rewrites = maker() % 2 == 0;
    for (ChangedFiles* files : {&change.added, &change.changelog, &change.compacted}) {
      files->rows = static_cast<int64_t>(maker());
      files->manifests = Some<ManifestFile>(maker, [&] { return maker.Manifest(); });
    }
    change.indexes = Some<IndexEntry>(maker, [&] { return maker.Index(false); });
    change.properties = {{"a", "{\"x\":\"\\\"\"}"}, {"", "\n"}};
    if (maker() % 2 == 0) change.watermark = static_cast<int64_t>(maker());
    const std::string text = change.ToJson();
    EXPECT_EQ(text.find('\n'), std::string::npos);
    const auto read = TableChange::Parse(text);
    ASSERT_OK(read);
    EXPECT_EQ(read->ToJson(), text);
    EXPECT_EQ(read->schemas, change.schemas);
    EXPECT_EQ(read->truncate, change.truncate);
    EXPECT_EQ(read->rewrites, change.rewrites);
    EXPECT_EQ(read->added.manifests, change.added.manifests);
    EXPECT_EQ(read->compacted.rows, change.compacted.rows);
    EXPECT_EQ(read->indexes, change.indexes);
    EXPECT_EQ(read->properties, change.properties);
    EXPECT_EQ(read->watermark, change.watermark);
    for (size_t end = 0; end + 1 < text.size(); end += 1 + text.size() / 50) {
      EXPECT_FALSE(TableChange::Parse(text.substr(0, end)).ok());
    }
  }
}

TEST(PaimonTableChange, OfAnotherShapeIsRefused) {
  EXPECT_NE(Taken("[]").find("truncate"), std::string::npos);
  EXPECT_NE(Taken(R"({"truncate":1})").find("truncate"), std::string::npos);
  EXPECT_NE(Taken(R"({"truncate":true,"rewrites":false,"schemas":[1]})").find("schemas"), std::string::npos);
  EXPECT_NE(Taken(R"({"truncate":true,"rewrites":false,"added":{"manifests":[]}})").find("rows"), std::string::npos);
  EXPECT_NE(Taken(R"({"truncate":true,"rewrites":false,"added":[]})").find("rows"), std::string::npos);
  EXPECT_NE(Taken(R"({"truncate":true,"rewrites":false,"indexes":[{"partition":"0g"}]})").find("hexadecimal"),
            std::string::npos);
  EXPECT_NE(Taken(R"({"truncate":true,"rewrites":false,"indexes":[1]})").find("partition"), std::string::npos);
}

// Each manifest, list and index manifest of the golden tables.
TEST(PaimonManifest, OfJavaIsWrittenAgainWithAllItSays) {
  TestFolder folder;
  const std::string archive = TestData("paimon/golden.tar.xz");
  const std::string command = Str("tar -xJf ", archive, " -C ", folder.path().string());
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  int manifests = 0, lists = 0, indexes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path())) {
    const std::string path = file.path().string(), name = file.path().filename().string();
    if (!file.is_regular_file() || path.find("/manifest/") == std::string::npos || name.starts_with(".")) continue;
    const std::string bytes = *PosixEnv().ReadFile(path);
    if (name.starts_with("manifest-list-")) {
      const auto read = DecodeManifestList(bytes, name);
      ASSERT_OK(read);
      const auto again = DecodeManifestList(EncodeManifestList(*read, 1, 2), name);
      ASSERT_OK(again);
      ASSERT_EQ(*again, *read) << path;
      lists += !read->empty();
    } else if (name.starts_with("index-manifest-")) {
      const auto read = DecodeIndexManifest(bytes, name);
      ASSERT_OK(read);
      const auto again = DecodeIndexManifest(EncodeIndexManifest(*read, 1, 2), name);
      ASSERT_OK(again);
      ASSERT_EQ(*again, *read) << path;
      indexes += !read->empty();
    } else {
      const auto read = DecodeManifest(bytes, name);
      ASSERT_OK(read);
      const auto again = DecodeManifest(EncodeManifest(*read, 1, 2), name);
      ASSERT_OK(again);
      ASSERT_EQ(*again, *read) << path;
      manifests += !read->empty();
    }
  }
  EXPECT_GT(manifests, 100);
  EXPECT_GT(lists, 100);
  EXPECT_GT(indexes, 5);
}

}  // namespace
}  // namespace sluice::paimon
