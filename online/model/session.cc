// SPDX-License-Identifier: Apache-2.0
#include "online/model/session.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "base/saved_time.h"
#include "online/containers/item_counts.h"
#include "online/containers/lru.h"

namespace freshet::online {

namespace {

/// The items of a session, collected from the newest on.
class Collected {
 public:
  explicit Collected(std::size_t most) : most_(most) {}

  /// False if there is no room.
  bool add(ItemIndex item, Timestamp time) {
    if (!visits_.empty() && visits_.back().item == item) {
      visits_.back().time = time;  // repeats count once, at the time of the first
      return true;
    }
    if (visits_.size() == most_) return false;
    visits_.push_back({item, time});
    return true;
  }

  /// What has been added is the user's.
  void keep() {
    kept_ = visits_.size();
    if (kept_ > 0) last_kept_ = visits_.back();
  }
  /// What has been added since keep() is another's.
  void drop() {
    visits_.resize(kept_);
    if (kept_ > 0) visits_.back() = last_kept_;
  }

  std::vector<Visit> oldest_first() {
    std::ranges::reverse(visits_);
    return std::move(visits_);
  }

 private:
  const std::size_t most_;
  std::vector<Visit> visits_;
  std::size_t kept_ = 0;
  Visit last_kept_;
};

}  // namespace

const Event* newest_learned(std::span<const Event> newest_first, const Options& options) {
  const auto learned =
      std::ranges::find_if(newest_first, [&](const Event& event) { return options.weight_of(event) > 0; });
  return learned == newest_first.end() ? nullptr : &*learned;
}

HistorySession session_from_history(std::span<const Event> newest_first, Timestamp now, const Options& options,
                                    const IdHash& ids, const std::function<ItemIndex(std::string_view)>& find) {
  HistorySession found;
  Context& context = found.context;
  context.now = now;
  const Event* const newest = newest_learned(newest_first, options);
  if (newest == nullptr) return found;
  context.session_key =
      newest->session.empty() ? ids.user(newest->user) : ids.owner(Owner::Kind::session, newest->session);
  const std::chrono::milliseconds gap = options.session_gap;
  Collected collected(options.max_session_items);
  Timestamp later = now;  // of the next later event of the session
  bool over = false;      // earlier events are of the session before a pause: only its user goes on
  bool whose = false;     // the oldest event that was collected tells whose it is
  for (const Event& event : newest_first) {
    if (options.weight_of(event) <= 0 || event.session != newest->session) continue;
    const auto pause = later - event.time;
    later = event.time;
    over |= gap.count() > 0 && pause > gap;
    found.whole = over && (whose || pause > gap + SessionTracker::kSlack);
    if (found.whole) break;
    const OwnerKey user = ids.user(event.user);
    if (user != kNobody && context.user_key != kNobody && user != context.user_key) {
      collected.drop();  // events between two users are of the first
      found.whole = true;
      break;
    }
    const ItemIndex item = over ? kNoItem : find(event.item);
    const bool has_room = item == kNoItem || collected.add(item, event.time);
    if (user != kNobody) {
      context.user_key = user;
      collected.keep();
    }
    whose = user != kNobody || (over && whose);
    over |= !has_room;
  }
  context.session = collected.oldest_first();
  return found;
}

struct SessionTracker::Impl {
  using Slot = std::uint32_t;

  struct Open {
    Context context;   // session_key kNobody: a free slot
    Timestamp last{};  // newest event, repeats included
  };

  explicit Impl(const Options& options)
      : gap(options.session_gap),
        max_items(options.max_session_items),
        max_open(options.max_open_sessions),
        vocabulary_size(options.max_items) {}

  bool paused_longer_than(std::chrono::milliseconds pause, const Open& open, Timestamp time) const {
    return gap.count() > 0 && time - open.last > pause;
  }

  void clear(Open& open) {
    for (const Visit& visit : open.context.session) held.remove(visit.item);
    open.context.session.clear();
  }

  void close(Slot slot) {
    Open& open = slots[slot];
    clear(open);
    by_key.erase(open.context.session_key);
    activity.remove(slot);
    open.context.session_key = kNobody;
    open.context.user_key = kNobody;
    free.push_back(slot);
  }

  Slot open(OwnerKey key, Timestamp time) {
    if (by_key.size() >= max_open) close(activity.oldest());
    if (free.empty()) {
      free.push_back(static_cast<Slot>(slots.size()));
      slots.emplace_back();
    }
    const Slot slot = free.back();
    free.pop_back();
    slots[slot].context.session_key = key;
    slots[slot].last = time;
    by_key.emplace(key, slot);
    activity.touch(slot);
    return slot;
  }

  const std::chrono::milliseconds gap;
  const std::size_t max_items;
  const std::size_t max_open;
  const std::size_t vocabulary_size;
  std::vector<Open> slots;
  std::vector<Slot> free;
  std::unordered_map<OwnerKey, Slot> by_key;
  LruOrder activity;  // of the slots in use
  ItemCounts held;    // an item's visits in open sessions
  Timestamp stream_time{};
};

SessionTracker::SessionTracker(const Options& options) : impl_(std::make_unique<Impl>(options)) {
  FRESHET_CHECK(options.max_open_sessions > 0 && options.max_session_items > 0);
}
SessionTracker::~SessionTracker() = default;

const Context& SessionTracker::before(OwnerKey session_key, OwnerKey user_key, Timestamp time) {
  Impl& m = *impl_;
  m.stream_time = std::max(m.stream_time, time);
  for (Impl::Slot oldest = m.activity.oldest();
       oldest != LruOrder::kNone && m.paused_longer_than(m.gap + kSlack, m.slots[oldest], m.stream_time);
       oldest = m.activity.oldest()) {
    m.close(oldest);
  }
  const auto known = m.by_key.find(session_key);
  const Impl::Slot slot = known != m.by_key.end() ? known->second : m.open(session_key, time);
  Impl::Open& open = m.slots[slot];
  m.activity.touch(slot);
  const bool of_another = user_key != kNobody && open.context.user_key != kNobody && user_key != open.context.user_key;
  if (of_another || m.paused_longer_than(m.gap, open, time)) m.clear(open);
  open.context.now = time;
  if (user_key != kNobody) open.context.user_key = user_key;
  return open.context;
}

void SessionTracker::append(const Interaction& event) {
  Impl& m = *impl_;
  Impl::Open& open = m.slots[m.by_key.at(event.session_key)];
  open.last = std::max(open.last, event.time);
  auto& session = open.context.session;
  if (open.context.last_item() == event.item) return;
  if (session.size() == m.max_items) {
    m.held.remove(session.front().item);
    session.erase(session.begin());
  }
  session.push_back({event.item, event.time});
  m.held.add(event.item);
}

void SessionTracker::erase(OwnerKey key) {
  Impl& m = *impl_;
  for (Impl::Slot slot = 0; slot < m.slots.size(); ++slot) {
    const Impl::Open& open = m.slots[slot];
    if (open.context.session_key != kNobody && (open.context.session_key == key || open.context.user_key == key))
      m.close(slot);
  }
}

void SessionTracker::forget_item(ItemIndex item) {
  Impl& m = *impl_;
  if (m.held.of(item) == 0) return;
  for (Impl::Open& open : m.slots) {
    std::erase_if(open.context.session, [item](const Visit& visit) { return visit.item == item; });
  }
  m.held.clear(item);
}

std::size_t SessionTracker::size() const { return impl_->by_key.size(); }

std::size_t SessionTracker::memory_bytes() const {
  std::size_t bytes = impl_->slots.capacity() * sizeof(Impl::Open) + impl_->activity.memory_bytes() +
                      impl_->by_key.size() * 40 + impl_->held.memory_bytes();
  for (const Impl::Open& open : impl_->slots) bytes += open.context.session.capacity() * sizeof(Visit);
  return bytes;
}

void SessionTracker::save(ByteWriter& out) const {
  const Impl& m = *impl_;
  out.fixed(to_ms(m.stream_time));
  out.varint(m.by_key.size());
  for (Impl::Slot slot = m.activity.oldest(); slot != LruOrder::kNone; slot = m.activity.after(slot)) {
    const Impl::Open& open = m.slots[slot];
    out.fixed(open.context.session_key);
    out.fixed(open.context.user_key);
    out.fixed(to_ms(open.last));
    out.varint(open.context.session.size());
    for (const Visit& visit : open.context.session) {
      out.fixed(visit.item);
      out.fixed(to_ms(visit.time));
    }
  }
}

Result<void> SessionTracker::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "open sessions: not a saved state"};
  Impl& m = *impl_;
  m.stream_time = timestamp_from_ms(read_time_ms(in));
  const std::uint64_t count = in.varint();
  for (std::uint64_t s = 0; s < count; ++s) {
    const auto key = in.fixed<OwnerKey>();
    const auto user_key = in.fixed<OwnerKey>();
    const Timestamp last = timestamp_from_ms(read_time_ms(in));
    const std::uint64_t visits = in.varint();
    if (!in.ok() || key == kNobody || m.by_key.contains(key) || visits > in.remaining()) return corrupt;
    Impl::Open& open = m.slots[m.open(key, last)];
    open.context.user_key = user_key;
    for (std::uint64_t v = 0; v < visits; ++v) {
      const auto item = in.fixed<ItemIndex>();
      const auto time = read_time_ms(in);
      if (item >= m.vocabulary_size) return corrupt;
      if (visits - v > m.max_items) continue;  // max_session_items was larger at save(): keep the newest
      open.context.session.push_back({item, timestamp_from_ms(time)});
      m.held.add(item);
    }
  }
  return in.ok() ? Result<void>{} : corrupt;
}

}  // namespace freshet::online
