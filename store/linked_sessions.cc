// SPDX-License-Identifier: Apache-2.0
#include "store/linked_sessions.h"

#include <algorithm>

#include "base/sip_hash.h"

namespace freshet::store {

// Under a key that nobody knows: a pair with the hash of another's link would keep that link from being written, and
// erasing the other user would not find the session.
std::uint64_t LinkedSessions::hash(std::string_view user, std::string_view session) {
  static const SipKey key = random_sip_key();
  return std::max<std::uint64_t>(1, sip_hash(key, sip_hash(key, 0, user), session));
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
