// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "online/model/session.h"
#include "serve/recommend/list.h"
#include "serve/services.h"

namespace freshet::serve {

/// Which session is an owner in, and what have they seen? From the stored events and those without consent.
/// Threads: all methods may be called concurrently.
/// Errors:  unavailable or corrupt if the histories cannot be read.
class Sessions {
 public:
  explicit Sessions(const Services& services) : services_(services) {}

  /// See Recommender::context_of(), for a user or session.
  Result<online::Context> current(const Owner& owner) const;

  /// See Recommender::context_of(), for a session of events.
  online::Context given(std::vector<Event> session) const;

  /// See Recommender::context_of(), for items.
  online::Context of_items(const std::vector<std::string>& items) const;

  /// See Recommender::visit_events().
  Result<void> visit_events(const Owner& owner, const std::function<void(const Event&)>& visit) const;

 private:
  struct SessionEvents {
    std::vector<Event> newest_first;
    bool more = false;  // older ones have not been read
  };

  Result<std::vector<Event>> events_of(const Owner& owner, std::size_t limit) const;
  std::size_t most_events() const;
  std::string_view session_named_by(std::span<const Event> newest_first) const;
  Result<SessionEvents> events_of_session(const Owner& owner, std::size_t limit) const;
  void drop_later_users(std::string_view user, std::vector<Event>& newest_first) const;
  online::HistorySession session_of(std::span<const Event> events, const online::IdHash& ids) const;

  const Services& services_;
};

}  // namespace freshet::serve
