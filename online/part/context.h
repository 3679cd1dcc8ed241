// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace freshet::online {

/// Number of an item in the Vocabulary: 0, 1, 2, ... When the vocabulary is full, a new item takes over the number of
/// one that is forgotten.
using ItemIndex = std::uint32_t;
inline constexpr ItemIndex kNoItem = UINT32_MAX;

/// Hash of a user's or session's id: IdHash::owner(). kNobody: not known, or anonymous.
enum class OwnerKey : std::uint64_t {};
inline constexpr OwnerKey kNobody{};

/// One step of a session: an item, and the event time.
struct Visit {
  ItemIndex item = kNoItem;
  Timestamp time{};
};

/// What a list is computed from: the current session, oldest first (repeats of an item in a row collapsed, at most
/// Options::max_session_items), the current event time, and the owner.
struct Context {
  std::vector<Visit> session;
  Timestamp now{};
  OwnerKey session_key = kNobody;  ///< of the session id, or of the user if there is none
  OwnerKey user_key = kNobody;

  ItemIndex last_item() const { return session.empty() ? kNoItem : session.back().item; }
};

/// One event that parts learn from: `item` came after the session in a Context.
struct Interaction {
  ItemIndex item = kNoItem;
  float weight = 1.0F;  ///< learning weight of the event type, > 0
  Timestamp time{};
  bool opens_session = false;      ///< first event of its session: nothing to predict it from
  OwnerKey session_key = kNobody;  ///< of the session id, or of the user if there is none
  OwnerKey user_key = kNobody;
  std::string_view user{};  ///< the user's id, valid during the call; empty if anonymous
};

}  // namespace freshet::online
