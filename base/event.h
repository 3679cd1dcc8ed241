// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/item.h"
#include "base/served_list.h"

namespace freshet {

/// The kinds of log records.
enum class EventKind : unsigned char {
  interaction,  ///< a user or session did something with an item
  erase,        ///< forget everything that this user or session did before: history rows, and what the learner holds
  item,         ///< the catalogue entry of an item changes: Event::change
  served,       ///< a user or session was shown a list: Event::served
};

/// One decoded, validated record of the event log (docs/event_format.md).
/// Invariants after decoding: user or session is not empty, except for an item, and just one of them for a list; item is not
/// empty, except for an erasure and a list; every id is valid UTF-8 and at most kMaxIdBytes long; value is finite.
struct Event {
  EventKind kind = EventKind::interaction;
  std::string id;       ///< dedupe key; empty: never deduplicated
  std::string user;     ///< may be empty (anonymous session)
  std::string session;  ///< may be empty (the user's events are split into sessions by time)
  std::string item;
  std::string type = "view";
  Timestamp time{};     ///< event time
  float value = 1.0F;   ///< rating, quantity, price, dwell seconds, ...: the producer defines it
  std::string request;  ///< id of the recommendation list that led to the event; may be empty
  std::string props;    ///< the producer's "props" object as JSON text; may be empty
  bool consent = true;  ///< false: used for the owner's next lists only, neither stored nor learned
  /// Who sent it over HTTP, "KEY/CLIENT": the name of the API key, empty without keys, and a name for the client's address
  /// (serve/http/client_name.h). Empty: not known.
  std::string sender = {};
  /// Of an erase record: it covers only what is before it in its own partition, and every partition has one.
  bool partition_only = false;
  SharedItemChange change = {};  ///< of an item record; null for others
  SharedServedList served = {};  ///< of a record of a list; null for others

  bool operator==(const Event&) const = default;
};

inline constexpr std::size_t kMaxIdBytes = 512;  ///< id, user, session, item, type, request
inline constexpr std::size_t kMaxSenderBytes = 128;
inline constexpr std::size_t kMaxPropsBytes = 8192;  ///< "props" as JSON text

/// The owner of a history: a user or a session. A user and a session of the same name are different owners.
struct Owner {
  enum class Kind : unsigned char { user, session };
  Kind kind = Kind::user;
  std::string id;

  auto operator<=>(const Owner&) const = default;
};

/// The user and the session of an event. One of them may have an empty id: it is then none.
inline std::array<Owner, 2> owners_of(const Event& event) {
  return {Owner{Owner::Kind::user, event.user}, Owner{Owner::Kind::session, event.session}};
}

/// The key of an event's log record: the user, or the session if there is no user. It keeps an owner's events in one
/// partition, in order.
inline std::string_view partition_key(const Event& event) {
  return event.user.empty() ? std::string_view(event.session) : std::string_view(event.user);
}

/// The name of the API key in Event::sender.
inline std::string_view key_of_sender(std::string_view sender) { return sender.substr(0, sender.find('/')); }

/// What Event::id is compared by: ids of different API keys are different, so that nobody can claim the ids of another.
/// Empty: never deduplicated.
inline std::string dedupe_key(const Event& event) {
  const std::string_view key = key_of_sender(event.sender);
  if (event.id.empty() || key.empty()) return event.id;
  return std::string(key).append("\xFF").append(event.id);  // no id has this byte, which is not UTF-8
}

}  // namespace freshet
