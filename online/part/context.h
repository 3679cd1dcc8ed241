#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace freshet::online {

/// Dense number of an item in the Vocabulary. Recycled when the item expires.
using ItemIndex = std::uint32_t;
inline constexpr ItemIndex kNoItem = UINT32_MAX;

struct Visit {
  ItemIndex item = kNoItem;
  Timestamp time{};
};

/// What a list is made for: the current session, oldest first (repeats of the same item in a row collapsed, at most
/// Options::max_session_items), and the moment (event time).
struct Context {
  std::vector<Visit> session;
  Timestamp now{};
  std::uint64_t session_key = 0;  ///< owner_key of whose session it is; 0: nobody's (stateless)
  std::uint64_t user_key = 0;     ///< owner_key of the user; 0 if anonymous

  ItemIndex last_item() const { return session.empty() ? kNoItem : session.back().item; }
};

/// What the learner learns from: `item` came after the session in a Context.
struct Interaction {
  ItemIndex item = kNoItem;
  float weight = 1.0F;  ///< of its event type, > 0
  Timestamp time{};
  bool opens_session = false;     ///< first of its session: there is nothing to predict it from
  std::uint64_t session_key = 0;  ///< the same for all events of one session id or user (hash of the Owner)
  std::uint64_t user_key = 0;     ///< the same for all events of one user; 0 if anonymous
  std::string_view user{};        ///< their id, valid during the call; empty if anonymous
};

}  // namespace freshet::online
