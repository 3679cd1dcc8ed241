#include "serve/recommend/sessions.h"

#include <algorithm>
#include <utility>

namespace freshet::serve {
namespace {

constexpr std::size_t kNewest = 16;     // events of a user in which the current session is looked for first
constexpr std::size_t kMoreEvents = 8;  // times max_session_items: most events read for a session

/// Merges `transient` into `events`; both are newest first.
void add_transient(std::vector<Event> transient, std::vector<Event>& events) {
  if (transient.empty()) return;
  const auto stored = static_cast<std::ptrdiff_t>(events.size());
  std::ranges::move(transient, std::back_inserter(events));
  std::ranges::inplace_merge(events, events.begin() + stored, std::ranges::greater{}, &Event::time);
}

}  // namespace

/// Stored events and those without consent, newest first, at most `limit` of each.
Result<std::vector<Event>> Sessions::events_of(const Owner& owner, std::size_t limit) const {
  auto events = services_.histories.recent(owner, limit);
  if (events) add_transient(services_.transient.recent(owner, limit), *events);
  return events;
}

/// The events of the session that the owner is in, newest first. That is not the user's history alone: it has events
/// from before they logged in, and they may have others at the same time.
Result<std::vector<Event>> Sessions::events_of_session(const Owner& owner, std::size_t limit) const {
  if (owner.kind == Owner::Kind::session) return events_of(owner, limit);
  for (const std::size_t looked_at : {kNewest, limit}) {  // usually the newest event names the session
    const auto newest_first = events_of(owner, looked_at);
    if (!newest_first) return newest_first.error();
    const Event* const newest = online::newest_learned(*newest_first, services_.online);
    if (newest == nullptr || newest->session.empty()) continue;
    auto session = events_of({Owner::Kind::session, newest->session}, limit);
    if (!session || online::newest_learned(*session, services_.online) != nullptr) return session;
    break;  // the session is erased
  }
  return events_of(owner, limit);
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
  // Most sessions are within as many events as a session has items; with impressions between them it takes more.
  const std::size_t most = services_.online.max_session_items;
  for (const std::size_t limit : {most, kMoreEvents * most}) {
    const auto events = events_of_session(owner, limit);
    if (!events) return events.error();
    session = session_of(*events, ids);
    if (session.whole || events->size() < limit) break;
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

Result<SeenItems> Sessions::seen_by(const Owner& owner) const {
  SeenItems seen;
  const auto own = events_of(owner, kMaxSeenEvents);
  if (!own) return own.error();
  const auto session = events_of_session(owner, kMaxSeenEvents);
  if (!session) return session.error();
  for (const auto* events : {&*own, &*session}) {
    for (const Event& event : *events) seen.insert(event.item);
  }
  return seen;
}

}  // namespace freshet::serve
