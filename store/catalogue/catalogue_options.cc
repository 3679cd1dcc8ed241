// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/catalogue_options.h"

#include <cmath>

namespace freshet::store {
namespace {

constexpr double kMaxDimension = 4096;

OptionProblems judge_vectors(const std::map<std::string, double>& vectors) {
  OptionProblems problems;
  for (const auto& [name, dimension] : vectors) {
    if (dimension != std::floor(dimension) || dimension < 1 || dimension > kMaxDimension) {
      problems.push_back({name, "must be a whole number from 1 to 4096"});
    }
  }
  return problems;
}

}  // namespace

std::vector<Option<CatalogueOptions>> CatalogueOptions::describe() {
  using option::kMillion;
  return {
      option::flag("strict", &CatalogueOptions::strict,
                   "Recommend only items of the catalogue. Otherwise items of events are recommended too, unless they "
                   "are removed; a removed one comes back with its next event."),
      option::verbatim<CatalogueOptions, std::map<std::string, double>>(
          "vectors", &CatalogueOptions::vectors, "table of integers",
          "Vectors that items may have, by name, with the dimension of each: {image = 512}. Others are refused.",
          judge_vectors),
      option::integer("max_items", &CatalogueOptions::max_items, {1, 100 * kMillion},
                      "Items in the catalogue, and removed items that are remembered. Beyond it, new ones are left out "
                      "and counted (freshet_ingest_item_changes_total)."),
  };
}

}  // namespace freshet::store
