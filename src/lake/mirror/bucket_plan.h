// SPDX-License-Identifier: Apache-2.0
// BucketPlans: what of an Iceberg table must change so that it shows what a Paimon snapshot shows, bucket after bucket.
// Lives for one commit; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lake/iceberg/table.h"
#include "lake/mirror/iceberg_form.h"
#include "lake/mirror/name_mapping.h"
#include "lake/paimon/deletion_index.h"
#include "lake/paimon/merge_reader.h"
#include "lake/paimon/row_file.h"
#include "lake/paimon/table_options.h"

namespace sluice::mirror {

class BucketPlans {
 public:
  // `folder`: where files that only Iceberg readers need go. `names` gets those of added files. All are borrowed.
  BucketPlans(Env& env, paimon::Table& table, const paimon::Schema& schema, const paimon::TableOptions& options,
              const DataFileForm& form, std::string folder, NameMapping& names)
      : env_(env),
        table_(table),
        schema_(schema),
        options_(options),
        form_(form),
        folder_(std::move(folder)),
        names_(names) {}

  // What the files of `shown` lack of those of `live`. Files that were written for a plan that fails are removed.
  Status Run(std::vector<paimon::LiveFile> live, const std::vector<iceberg::LiveFile>& shown,
             iceberg::TableChange& change);

 private:
  struct Bucket {
    std::vector<paimon::LiveFile> live;
    std::map<std::string, const iceberg::LiveFile*> shown;  // by URI
    std::vector<const iceberg::LiveFile*> made;             // that only Iceberg readers see
  };
  Status Gather(std::vector<paimon::LiveFile> live, const std::vector<iceberg::LiveFile>& shown);
  bool IsShown(const Bucket& bucket) const;
  Status Add(uint64_t id, const Bucket& bucket, iceberg::TableChange& change);
  Status Delete(const iceberg::DataFile& file, const DeleteSet& rows, iceberg::TableChange& change);
  void Drop(const iceberg::LiveFile& file, iceberg::TableChange& change);

  Env& env_;
  paimon::Table& table_;
  const paimon::Schema& schema_;
  const paimon::TableOptions& options_;
  const DataFileForm& form_;
  const std::string folder_;
  NameMapping& names_;
  std::optional<paimon::MergeOrder> order_;  // of a table with a key
  std::shared_ptr<const paimon::RowLayout> made_layout_;
  std::map<uint64_t, Bucket> buckets_;       // by the hash of their folders
  std::set<std::string> dropped_;            // delete files
  std::vector<std::string> written_;
};

}  // namespace sluice::mirror
