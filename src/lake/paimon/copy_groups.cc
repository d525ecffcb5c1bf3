// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/copy_groups.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace sluice::paimon {

std::vector<std::vector<size_t>> CopyGroups(const std::vector<CopyPart>& batches) {
  std::vector<std::vector<size_t>> groups;
  if (!std::all_of(batches.begin(), batches.end(), [](const CopyPart& part) { return part.known(); })) {
    groups.emplace_back(batches.size());
    std::iota(groups[0].begin(), groups[0].end(), size_t{0});
    return groups;
  }
  std::map<int64_t, std::vector<size_t>> parts;
  for (size_t i = 0; i < batches.size(); ++i) parts[batches[i].number].push_back(i);
  const CopyPart* before = nullptr;  // the last batch of the part before
  for (const auto& [number, part] : parts) {
    const bool joins = before != nullptr && before->last && before->number + 1 == number && batches[part[0]].first;
    if (!joins) groups.emplace_back();
    groups.back().insert(groups.back().end(), part.begin(), part.end());
    before = &batches[part.back()];
  }
  return groups;
}

}  // namespace sluice::paimon
