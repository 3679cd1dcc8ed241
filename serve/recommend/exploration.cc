// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/exploration.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "serve/recommend/content_share.h"

namespace freshet::serve {
namespace {

/// The column of a feature of the part.
std::size_t column_of(online::Scorers scorers, const online::PartPlace& place, std::string_view feature) {
  const auto features = scorers[place.part]->features();
  const auto found = std::ranges::find(features, feature);
  FRESHET_CHECK(found != features.end());
  return place.columns.first + static_cast<std::size_t>(found - features.begin());
}

/// The rows of the part's candidates that have had few clicks, the most fitting first.
std::vector<std::size_t> rows_to_explore(online::Scorers scorers, const online::PartPlace& content,
                                         const online::Ranking& ranking) {
  const std::size_t stride = ranking.features.size() / std::max<std::size_t>(1, ranking.items.size());
  const auto feature = [&](std::size_t row, std::size_t column) { return ranking.features[row * stride + column]; };
  const float few = std::log2(1 + Exploration::kFewClicks);  // as the feature has them
  const std::size_t known = column_of(scorers, content, "known"), clicks = column_of(scorers, content, "log_clicks");
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < ranking.items.size(); ++row) {
    const bool proposed = (ranking.sources[row] >> content.part & 1U) != 0 && feature(row, known) > 0;
    if (proposed && feature(row, clicks) < few) rows.push_back(row);
  }
  std::ranges::stable_sort(rows, std::ranges::greater(),
                           [&](std::size_t row) { return feature(row, content.columns.first); });
  return rows;
}

}  // namespace

Exploration::Exploration(ExplorationOptions options, Metrics& metrics)
    : options_(std::move(options)),
      explored_(metrics.counter("freshet_serve_explored_items_total",
                                "Items in lists that are there by chance (serve.explore_share).")),
      without_(metrics.counter("freshet_serve_unexplored_lists_total",
                               "Lists that were to have an item by chance, for which there was none: content proposed "
                               "none with few clicks that they may have.")) {}

void Exploration::explore(std::uint64_t seed, online::Scorers scorers, const online::Ranking& ranking,
                          const std::function<std::string(std::size_t row)>& name_if_kept,
                          std::vector<std::size_t>& rows, List& list) const {
  if (rows.size() < kFirstPlace) return;
  const auto content = ContentShare::find(scorers);
  Random random(seed);
  if (!content || random.uniform() >= options_.share) return;
  std::vector<std::pair<std::size_t, std::string>> choice;
  for (const std::size_t row : rows_to_explore(scorers, *content, ranking)) {
    if (std::ranges::find(rows, row) != rows.end()) continue;
    if (std::string name = name_if_kept(row); !name.empty()) choice.emplace_back(row, std::move(name));
  }
  if (choice.empty()) return without_.Increment();
  choice.resize((choice.size() + 3) / 4);
  auto& [row, name] = choice[random.below(choice.size())];
  const auto place = static_cast<std::ptrdiff_t>(kFirstPlace - 1 + random.below(rows.size() - (kFirstPlace - 1)));
  rows.pop_back();
  rows.insert(rows.begin() + place, row);
  list.items.pop_back();
  list.items.insert(list.items.begin() + place, {.item = std::move(name),
                                                 .score = ranking.scores[row],
                                                 .parts = {},
                                                 .propensity = options_.share / static_cast<double>(choice.size())});
  explored_.Increment();
}

}  // namespace freshet::serve
