// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "online/part/context.h"
#include "online/part/values.h"
#include "serve/recommend/item_selection.h"

namespace freshet::serve {

using SeenItems = std::set<std::string, std::less<>>;

/// How many of an owner's newest events `exclude_seen` and `exclude_types` look at.
inline constexpr std::size_t kMaxSeenEvents = 10'000;

/// What a list is asked for.
struct ListRequest {
  online::Context context;
  std::size_t k = 20;                          ///< most items in the list
  std::set<std::string, std::less<>> exclude;  ///< items never recommended
  bool exclude_seen = false;                   ///< leave out the items of the session, and `seen`
  SeenItems seen;                              ///< other items that the owner has seen
  SeenItems of_types;                          ///< items of the owner's events of excluded types (ExcludedTypes)
  SeenItems served;                            ///< items that the owner was served lately (`exclude_served`)
  std::shared_ptr<const ItemSelection> only;   ///< the items that the list is limited to; null: all
  bool explain = false;                        ///< name, per item, the parts that proposed it
  bool explores = false;                       ///< may have an item by chance (Exploration)
  std::optional<std::uint64_t> seed = {};      ///< decides what is there by chance; nullopt: each list is different
  std::optional<double> content = {};          ///< share of the part content in the order, 0 to 1; nullopt: as learned
  std::optional<online::Values> values = {};   ///< what actions are worth; nullopt: as configured
};

/// The answer: items best first, and what they are based on.
struct List {
  struct Entry {
    std::string item;
    float score = 0;
    std::vector<std::pair<std::string, float>> parts;  ///< with explain: the parts that proposed it, with their scores
    std::optional<double> propensity = {};             ///< of an item that is there by chance: how likely it was
  };
  std::string id;  ///< random; clients name it in the events that the list leads to
  std::vector<Entry> items;
  std::vector<std::string> parts;       ///< parts that proposed an item of the list, in the order of the model
  std::vector<std::string> notes = {};  ///< of an empty list: attributes in the filter that no item has
  std::string source;  ///< "blend", "value", either with "+content", or the only part that orders the list
  std::uint64_t model_version = 0;
  std::int64_t model_age_ms = 0;
};

}  // namespace freshet::serve
