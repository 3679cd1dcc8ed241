// SPDX-License-Identifier: Apache-2.0
#include "cli/served/served_join.h"

#include <tuple>
#include <utility>

#include "serve/routing/json.h"

namespace freshet::cli {

bool ListMatch::is_better_than(const ListMatch& other) const {
  return std::tie(named, time, position) > std::tie(other.named, other.time, other.position);
}

ListsOfOwner::ListsOfOwner(std::vector<store::StoredList> lists) : lists_(std::move(lists)) {
  for (std::size_t list = 0; list < lists_.size(); ++list) {
    const auto& entries = lists_[list].list.entries;
    for (std::size_t entry = 0; entry < entries.size(); ++entry) of_item_[entries[entry].item].push_back({list, entry});
  }
}

ListMatch ListsOfOwner::match_at(const Place& place, bool named) const {
  const store::StoredList& list = lists_[place.list];
  return {named, list.time, list.position, place.list, place.entry};
}

std::optional<ListMatch> ListsOfOwner::match(const Event& event, std::chrono::milliseconds window) const {
  const auto found = of_item_.find(event.item);
  if (found == of_item_.end()) return std::nullopt;
  std::optional<ListMatch> best;
  for (const Place& place : found->second) {
    const store::StoredList& list = lists_[place.list];
    const bool named = !event.request.empty() && event.request == list.list.request;
    if (!named && (list.time > event.time || event.time - list.time > window)) continue;
    if (const ListMatch match = match_at(place, named); !best || match.is_better_than(*best)) best = match;
  }
  return best;
}

Actions no_actions(const ListsOfOwner& lists) {
  Actions actions;
  for (const store::StoredList& list : lists.lists()) actions.emplace_back(list.list.entries.size());
  return actions;
}

std::string served_line(const Owner& owner, const store::StoredList& stored,
                        const std::vector<std::map<std::string, std::size_t>>& actions) {
  const ServedList& list = stored.list;
  std::string line;
  serve::JsonWriter out(line);
  out.open('{').name("list").text(list.request).name("time").number(to_ms(stored.time));
  out.name("placement").text(list.placement);
  if (!list.arm.empty()) out.name("arm").text(list.arm);
  if (!list.page_of.empty()) out.name("page_of").text(list.page_of);
  out.name("policy").text(list.policy).name("snapshot").number(list.model).name("owner").text(owner.id);
  out.name("items").open('[');
  for (std::size_t i = 0; i < list.entries.size(); ++i) {
    const auto& entry = list.entries[i];
    out.open('{').name("item").text(entry.item).name("position").number(std::uint64_t{i + 1});
    out.name("score").number(entry.score).name("propensity").number(entry.propensity);
    if (entry.propensity != 1) out.name("explored").raw("true");
    if (!actions[i].empty()) {
      out.name("actions").open('{');
      for (const auto& [type, count] : actions[i]) out.name(type).number(std::uint64_t{count});
      out.close('}');
    }
    out.close('}');
  }
  out.close(']').close('}');
  return line;
}

}  // namespace freshet::cli
