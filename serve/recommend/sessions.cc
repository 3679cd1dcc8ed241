// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/sessions.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace freshet::serve {
namespace {

constexpr std::size_t kNewest = 16;     // events that are read first: most sessions are within them
constexpr std::size_t kMoreEvents = 8;  // times max_session_items: most_events()

/// Merges `transient` into `events`; both are newest first.
void add_transient(std::vector<Event> transient, std::vector<Event>& events) {
  if (transient.empty()) return;
  const auto stored = static_cast<std::ptrdiff_t>(events.size());
  std::ranges::move(transient, std::back_inserter(events));
  std::ranges::inplace_merge(events, events.begin() + stored, std::ranges::greater{}, &Event::time);
}

}  // namespace

/// Stored events and those without consent, newest first, at most `limit`. All there are if they are fewer.
Result<std::vector<Event>> Sessions::events_of(const Owner& owner, std::size_t limit) const {
  auto events = services_.histories.recent(owner, limit);
  if (!events) return events;
  add_transient(services_.transient.recent(owner, limit), *events);
  // Both may have more events. Between those that are older than the newest `limit`, some may be missing.
  if (events->size() > limit) events->resize(limit);
  return events;
}

/// Most events that are read for a session.
std::size_t Sessions::most_events() const { return kMoreEvents * services_.online.max_session_items; }

/// The session that the newest of these events names; empty if there is none.
std::string_view Sessions::session_named_by(std::span<const Event> newest_first) const {
  const Event* const newest = online::newest_learned(newest_first, services_.online);
  return newest == nullptr ? std::string_view() : newest->session;
}

/// Of the events of a session id, drops those after the user's session: from where another user came. A front end that
/// sends the same id for everybody must not show a user what others have looked at. None are left if none is the
/// user's.
void Sessions::drop_later_users(std::string_view user, std::vector<Event>& newest_first) const {
  auto last_of_another = newest_first.begin();  // one past it
  for (auto event = newest_first.begin(); event != newest_first.end(); ++event) {
    if (event->user.empty() || services_.online.weight_of(*event) <= 0) continue;
    if (event->user == user) {
      newest_first.erase(newest_first.begin(), last_of_another);
      return;
    }
    last_of_another = event + 1;
  }
  newest_first.clear();
}

/// The events of the session that the owner is in; looks at `limit`. That is not the user's history alone: it has
/// events from before they logged in, and they may have others at the same time.
Result<Sessions::SessionEvents> Sessions::events_of_session(const Owner& owner, std::size_t limit) const {
  const auto read = [&](const Owner& of, std::size_t most) -> Result<SessionEvents> {
    auto events = events_of(of, most);
    if (!events) return events.error();
    const bool more = events->size() == most;
    return SessionEvents{std::move(*events), more};
  };
  if (owner.kind == Owner::Kind::session) return read(owner, limit);
  std::size_t looked_at = std::min(kNewest, limit);  // usually the newest event names the session
  auto own = read(owner, looked_at);
  if (own && own->more && online::newest_learned(own->newest_first, services_.online) == nullptr) {
    own = read(owner, looked_at = limit);
  }
  if (!own) return own;
  if (const std::string_view name = session_named_by(own->newest_first); !name.empty()) {
    auto session = read({Owner::Kind::session, std::string(name)}, limit);
    if (!session) return session;
    drop_later_users(owner.id, session->newest_first);
    if (!session->newest_first.empty()) return session;
    if (session->more && limit < most_events()) return session;  // more of it tells more
    // The session is erased, or others do so much in it that the user's own events have to do.
  }
  return !own->more || looked_at == limit ? std::move(own) : read(owner, limit);
}

/// The session that `events` end with. If it is over, it is taken as it was at its last event.
online::HistorySession Sessions::session_of(std::span<const Event> events, const online::IdHash& ids) const {
  const auto find = [&](std::string_view item) { return services_.vocabulary.find(item); };
  // Event time, not wall clock: a replayed log behaves as it did originally. Events without consent do not advance
  // stream time, so the newest of them may be later than it.
  Timestamp now = services_.histories.stream_time();
  if (!events.empty()) now = std::max(now, events.front().time);
  auto session = online::session_from_history(events, now, services_.online, ids, find);
  const Event* const newest = online::newest_learned(events, services_.online);
  if (session.context.session.empty() && newest != nullptr) {
    session = online::session_from_history(events, newest->time, services_.online, ids, find);
    session.context.now = now;
  }
  return session;
}

Result<online::Context> Sessions::current(const Owner& owner) const {
  const online::IdHash ids = services_.snapshot()->ids;
  online::HistorySession session;
  // All but a few sessions are within as many events as a session has items; with impressions between them it takes
  // more.
  for (const std::size_t limit : {kNewest, std::max(kNewest, services_.online.max_session_items), most_events()}) {
    const auto events = events_of_session(owner, limit);
    if (!events) return events.error();
    session = session_of(events->newest_first, ids);
    if (session.whole || !events->more) break;
  }
  online::Context& context = session.context;
  const online::OwnerKey key = ids.owner(owner.kind, owner.id);
  if (owner.kind == Owner::Kind::user) context.user_key = key;
  if (owner.kind == Owner::Kind::session || context.session_key == online::kNobody) context.session_key = key;
  return std::move(context);
}

online::Context Sessions::given(std::vector<Event> session) const {
  for (Event& event : session) {
    event.user.clear();
    event.session.clear();
  }
  std::ranges::reverse(session);
  std::ranges::stable_sort(session, std::ranges::greater{}, &Event::time);
  return session_of(session, services_.snapshot()->ids).context;
}

online::Context Sessions::of_items(const std::vector<std::string>& items) const {
  online::Context context;
  context.now = services_.histories.stream_time();
  for (const std::string& name : items) {
    const online::ItemIndex item = services_.vocabulary.find(name);
    if (item != online::kNoItem && item != context.last_item()) context.session.push_back({item, context.now});
  }
  const std::size_t most = services_.online.max_session_items;
  if (context.session.size() > most) {
    context.session.erase(context.session.begin(), context.session.end() - static_cast<std::ptrdiff_t>(most));
  }
  return context;
}

Result<void> Sessions::visit_events(const Owner& owner, const std::function<void(const Event&)>& visit) const {
  const auto own = events_of(owner, kMaxSeenEvents);
  if (!own) return own.error();
  for (const Event& event : *own) visit(event);
  const std::string_view name = owner.kind == Owner::Kind::user ? session_named_by(*own) : "";
  if (name.empty()) return {};
  auto session = events_of({Owner::Kind::session, std::string(name)}, kMaxSeenEvents);
  if (!session) return session.error();
  drop_later_users(owner.id, *session);
  const auto anonymous = [](const Event& event) { return event.user.empty(); };
  auto end = std::ranges::find_if_not(*session,
                                      [&](const Event& event) { return anonymous(event) || event.user == owner.id; });
  // Events between two users are of the first.
  if (end != session->end()) end = std::find_if_not(std::make_reverse_iterator(end), session->rend(), anonymous).base();
  std::for_each(session->begin(), end, visit);
  return {};
}

}  // namespace freshet::serve
