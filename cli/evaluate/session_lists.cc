// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluate/session_lists.h"

#include <algorithm>

namespace freshet::cli {
namespace {

std::string key_of(const Event& event) { return event.session.empty() ? "u" + event.user : "s" + event.session; }

}  // namespace

bool SessionLists::is_action(const std::string& type) const {
  const auto& actions = options_.blender.actions;
  return options_.weight_of(type) > 0 || std::ranges::find(actions, type) != actions.end();
}

void SessionLists::scored(const Event& event, const Ranks& ranks) {
  lists_.insert_or_assign(key_of(event), List{event.item, event.time, ranks, {options_.type_of(event.type)}});
}

const SessionLists::Ranks* SessionLists::of_unscored(const Event& event) {
  const auto found = lists_.find(key_of(event));
  if (found == lists_.end()) return nullptr;
  List& list = found->second;
  const std::string& type = options_.type_of(event.type);
  const bool over = options_.session_gap.count() > 0 && event.time - list.time > options_.session_gap;
  if (over || event.item != list.item) {
    if (over || options_.weight_of(event) > 0) lists_.erase(found);  // the session has gone on, by no list
    return nullptr;
  }
  return is_action(type) && list.types.insert(type).second ? &list.ranks : nullptr;
}

}  // namespace freshet::cli
