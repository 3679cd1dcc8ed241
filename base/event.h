#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace freshet {

/// What a log record asks for.
enum class EventKind : unsigned char {
  interaction,  ///< somebody did something with an item
  erase,        ///< forget this user or session: history rows and whatever the learner still holds
};

/// One decoded, validated record of the event log (docs/event_format.md).
/// Invariants after decoding: user or session is not empty; item is not empty for an interaction;
/// every id is valid UTF-8 and at most kMaxIdBytes long; value is finite.
struct Event {
  EventKind kind = EventKind::interaction;
  std::string id;       ///< dedupe key; empty: never deduplicated
  std::string user;     ///< may be empty (anonymous session)
  std::string session;  ///< may be empty (the user's events are cut into sessions by time)
  std::string item;
  std::string type = "view";
  Timestamp time{};     ///< event time
  float value = 1.0F;   ///< rating, quantity, price, dwell seconds, ... as the producer means it
  std::string request;  ///< id of the recommendation list that led here; may be empty
  std::string props;    ///< the producer's "props" object as JSON text; may be empty
  bool consent = true;  ///< false: used for the answer, neither stored nor learned

  bool operator==(const Event&) const = default;
};

inline constexpr std::size_t kMaxIdBytes = 512;      ///< id, user, session, item, type, request
inline constexpr std::size_t kMaxPropsBytes = 8192;  ///< "props" as JSON text

/// Whose history it is. A user and an anonymous session of the same name are different owners.
struct Owner {
  enum class Kind : unsigned char { user, session };
  Kind kind = Kind::user;
  std::string id;

  auto operator<=>(const Owner&) const = default;
};

/// The record key that keeps one owner's events in one partition, in order: the user, else the session.
inline std::string_view partition_key(const Event& event) {
  return event.user.empty() ? std::string_view(event.session) : std::string_view(event.user);
}

/// One catalogue entry.
struct Item {
  std::string item;
  std::string title;
  std::string text;
  std::vector<std::string> categories;
  double price = 0.0;
  bool available = true;   ///< false: never recommended, still learned from
  Timestamp time{};        ///< when it was published; the epoch if unknown
  std::string attributes;  ///< the producer's "attributes" object as JSON text; may be empty

  bool operator==(const Item&) const = default;
};

}  // namespace freshet
