#include "store/linked_sessions.h"

#include <algorithm>

#include "base/random.h"

namespace freshet::store {

std::uint64_t LinkedSessions::hash(std::string_view user, std::string_view session) {
  return std::max<std::uint64_t>(1, stable_hash(session, stable_hash(user)));
}

bool LinkedSessions::wants(std::string_view user, std::string_view session, Timestamp time) const {
  const std::uint64_t pair = hash(user, session);
  const Slot& slot = slots_[pair % slots_.size()];
  return slot.pair != pair || time > slot.time + kLinkSlack;
}

void LinkedSessions::add(std::string_view user, std::string_view session, Timestamp time) {
  const std::uint64_t pair = hash(user, session);
  slots_[pair % slots_.size()] = {pair, time};
}

void LinkedSessions::clear() { std::ranges::fill(slots_, Slot{}); }

}  // namespace freshet::store
