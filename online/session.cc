#include "online/session.h"

#include <algorithm>
#include <list>
#include <unordered_map>
#include <vector>

#include "online/random.h"

namespace freshet::online {

std::uint64_t owner_key(Owner::Kind kind, std::string_view id) {
  // FNV-1a: stable over runs and machines, since checkpoints hold these keys.
  std::uint64_t hash = 0xCBF29CE484222325ULL + static_cast<std::uint64_t>(kind);
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  hash = mix(hash);
  return hash == 0 ? 1 : hash;
}

Context session_from_history(std::span<const Event> newest_first, Timestamp now, const Options& options,
                             const std::function<ItemIndex(std::string_view)>& find) {
  const bool cut = options.session_gap.count() > 0;
  Context context;
  context.now = now;
  Timestamp later = now;
  const std::string* session = nullptr;
  for (const Event& event : newest_first) {
    if (context.session.size() >= options.max_session_items) break;
    const auto weight = options.type_weights.find(event.type);
    if (weight == options.type_weights.end() || weight->second <= 0) continue;
    if (cut && later - event.time > options.session_gap) break;
    if (session != nullptr && event.session != *session) break;
    session = &event.session;
    later = event.time;
    const ItemIndex item = find(event.item);
    if (item == kNoItem) continue;
    // The earlier of two repeats is the one that the learner keeps, so the later one gives way.
    if (!context.session.empty() && context.session.back().item == item) context.session.pop_back();
    context.session.push_back({item, event.time});
  }
  std::ranges::reverse(context.session);
  return context;
}

struct SessionTracker::Impl {
  struct Open {
    std::uint64_t key = 0;
    Context context;
    Timestamp last{};  // of any event, repeats included
  };

  std::chrono::seconds gap;
  std::size_t max_items;
  std::size_t max_open;
  std::list<Open> by_activity;  // least recently active first
  std::unordered_map<std::uint64_t, std::list<Open>::iterator> by_key;
};

SessionTracker::SessionTracker(const Options& options) : impl_(std::make_unique<Impl>()) {
  impl_->gap = options.session_gap;
  impl_->max_items = options.max_session_items;
  impl_->max_open = options.max_open_sessions;
}

SessionTracker::~SessionTracker() = default;

const Context& SessionTracker::before(std::uint64_t session_key, Timestamp time) {
  const auto known = impl_->by_key.find(session_key);
  if (known == impl_->by_key.end()) {
    if (impl_->by_activity.size() >= impl_->max_open) {
      impl_->by_key.erase(impl_->by_activity.front().key);
      impl_->by_activity.pop_front();
    }
    impl_->by_activity.push_back({session_key, {}, time});
    impl_->by_key.emplace(session_key, std::prev(impl_->by_activity.end()));
  } else {
    impl_->by_activity.splice(impl_->by_activity.end(), impl_->by_activity, known->second);
    Impl::Open& open = *known->second;
    if (impl_->gap.count() > 0 && time - open.last > impl_->gap) open.context.session.clear();
    open.last = std::max(open.last, time);
  }
  Context& context = impl_->by_activity.back().context;
  context.now = time;
  context.session_key = session_key;
  return context;
}

void SessionTracker::append(std::uint64_t session_key, Visit visit) {
  auto& session = impl_->by_key.at(session_key)->context.session;
  if (session.size() >= impl_->max_items) session.erase(session.begin());
  session.push_back(visit);
}

void SessionTracker::erase(std::uint64_t session_key) {
  const auto known = impl_->by_key.find(session_key);
  if (known == impl_->by_key.end()) return;
  impl_->by_activity.erase(known->second);
  impl_->by_key.erase(known);
}

void SessionTracker::forget_item(ItemIndex item) {
  for (Impl::Open& open : impl_->by_activity) {
    std::erase_if(open.context.session, [&](const Visit& visit) { return visit.item == item; });
  }
}

std::size_t SessionTracker::size() const { return impl_->by_activity.size(); }

std::size_t SessionTracker::memory_bytes() const {
  std::size_t bytes = impl_->by_key.size() * (sizeof(Impl::Open) + 64);
  for (const Impl::Open& open : impl_->by_activity) bytes += open.context.session.capacity() * sizeof(Visit);
  return bytes;
}

void SessionTracker::save(ByteWriter& out) const {
  out.varint(impl_->by_activity.size());
  for (const Impl::Open& open : impl_->by_activity) {
    out.fixed(open.key);
    out.fixed(to_ms(open.last));
    out.varint(open.context.session.size());
    for (const Visit& visit : open.context.session) {
      out.fixed(visit.item);
      out.fixed(to_ms(visit.time));
    }
  }
}

Result<void> SessionTracker::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "open sessions: damaged"};
  impl_->by_activity.clear();
  impl_->by_key.clear();
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    Impl::Open open;
    open.key = in.fixed<std::uint64_t>();
    open.last = timestamp_from_ms(in.fixed<std::int64_t>());
    for (std::uint64_t visits = in.varint(); visits > 0 && in.ok(); --visits) {
      const auto item = in.fixed<ItemIndex>();
      open.context.session.push_back({item, timestamp_from_ms(in.fixed<std::int64_t>())});
    }
    impl_->by_activity.push_back(std::move(open));
    if (!impl_->by_key.emplace(impl_->by_activity.back().key, std::prev(impl_->by_activity.end())).second) {
      return corrupt;
    }
  }
  if (!in.ok()) return corrupt;
  return {};
}

}  // namespace freshet::online
