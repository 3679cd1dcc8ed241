// SPDX-License-Identifier: Apache-2.0
#include "online/parts/session_knn.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/saved_time.h"
#include "online/part/live_part.h"
#include "online/parts/session_knn_query.h"

namespace freshet::online {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

SessionKnnIndex::SessionKnnIndex(const SessionKnnOptions& options, std::size_t max_items)
    : options_(options),
      max_sessions_(static_cast<SessionNumber>(options.max_sessions)),
      max_items_(max_items),
      sessions_(options.max_sessions),
      postings_(max_items),
      occurrences_(max_items),
      user_keys_(options.max_sessions) {
  FRESHET_CHECK(options.max_sessions > 0 && options.max_session_items <= kMaxSessionItems);
}

std::span<const std::string_view> SessionKnnIndex::features() const { return Votes::features(); }

void SessionKnnIndex::ask(const Context& context, std::unique_ptr<Query>& query) const {
  reuse<Votes>(query).ask(*this, context);
}

void SessionKnnIndex::post(ItemIndex item, SessionNumber number) {
  Postings& postings = postings_.at(item);
  const std::lock_guard lock(posting_locks_.of(item));
  if (postings.newest.size() < options_.max_sessions_per_item) {
    postings.newest.push_back(number);
  } else {
    postings.newest[postings.next] = number;
    postings.next = static_cast<std::uint32_t>((postings.next + 1) % postings.newest.size());
  }
}

void SessionKnnIndex::clear(std::size_t slot, const IndexedSession& session, std::span<const ItemIndex> items) {
  for (const ItemIndex item : items) {
    if (item != kNoItem) occurrences_.at(item).fetch_sub(1, kRelaxed);
  }
  const auto newest = newest_of_.find(session.key);
  if (newest != newest_of_.end() && newest->second == session.number) newest_of_.erase(newest);
  indexed_.fetch_sub(1, kRelaxed);
  sessions_.clear(slot);
  user_keys_.at(slot) = kNobody;
}

// Appends the item to changed_, and posts the session under the item if it was not in the session.
void SessionKnnIndex::add_item(ItemIndex item) {
  const std::span items(items_.data(), changed_.count);
  const bool known = std::find(items.begin(), items.end(), item) != items.end();
  if (items.size() == options_.max_session_items) {
    if (items.front() != kNoItem) occurrences_.at(items.front()).fetch_sub(1, kRelaxed);
    std::shift_left(items.begin(), items.end(), 1);
    --changed_.count;
  }
  items_[changed_.count++] = item;
  occurrences_.at(item).fetch_add(1, kRelaxed);
  if (!known) post(item, changed_.number);
}

// Makes changed_ the session that `event` continues.
void SessionKnnIndex::open(const Context& before, const Interaction& event) {
  const auto known = newest_of_.find(event.session_key);
  if (known != newest_of_.end() && sessions_.read(slot_of(known->second), changed_, items_.data()) &&
      changed_.time_ms >= to_ms(before.session.front().time)) {
    return;
  }
  const SessionNumber number = next_number_.load(kRelaxed);
  if (sessions_.read(slot_of(number), changed_, items_.data())) {
    clear(slot_of(number), changed_, {items_.data(), changed_.count});
  }
  changed_.key = event.session_key;
  changed_.number = number;
  changed_.time_ms = to_ms(before.session.back().time);
  changed_.count = 0;
  user_keys_.at(slot_of(number)) = event.user_key;
  newest_of_[event.session_key] = number;
  indexed_.fetch_add(1, kRelaxed);
  next_number_.store(number + 1, kRelaxed);
  for (const Visit& visit : before.session) add_item(visit.item);
}

void SessionKnnIndex::observe(const Context& before, const Interaction& event) {
  if (event.opens_session || before.session.empty()) return;
  open(before, event);
  add_item(event.item);
  changed_.time_ms = std::max(changed_.time_ms, to_ms(event.time));
  sessions_.write(slot_of(changed_.number), changed_, items_.data());
  if (event.user_key != kNobody) user_keys_.at(slot_of(changed_.number)) = event.user_key;
}

void SessionKnnIndex::forget_item(ItemIndex item) {
  if (postings_.find(item) == nullptr) return;
  if (occurrences_.at(item).load(kRelaxed) > 0) {
    sessions_.for_each([&](std::size_t slot, const IndexedSession& session, std::span<ItemIndex> items) {
      if (std::find(items.begin(), items.end(), item) == items.end()) return;
      std::replace(items.begin(), items.end(), item, kNoItem);
      sessions_.write(slot, session, items.data());
    });
    occurrences_.at(item).store(0, kRelaxed);
  }
  {
    Postings& postings = postings_.at(item);
    const std::lock_guard lock(posting_locks_.of(item));
    postings.newest = {};
    postings.next = 0;
  }
}

void SessionKnnIndex::erase(OwnerKey key) {
  std::vector<OwnerKey> cleared;  // session keys, which other sessions may have too
  sessions_.for_each([&](std::size_t slot, const IndexedSession& session, std::span<const ItemIndex> items) {
    if (session.key != key && user_keys_.at(slot) != key) return;
    cleared.push_back(session.key);
    clear(slot, session, items);
  });
  if (cleared.empty()) return;
  std::ranges::sort(cleared);
  find_newest_of_keys([&](OwnerKey one) { return std::ranges::binary_search(cleared, one); });
}

template <typename Wanted>
void SessionKnnIndex::find_newest_of_keys(Wanted wanted) {
  const SessionNumber next = next_number_.load(kRelaxed);
  sessions_.for_each([&](std::size_t, const IndexedSession& session, std::span<const ItemIndex>) {
    if (!wanted(session.key)) return;
    const auto [known, added] = newest_of_.emplace(session.key, session.number);
    if (!added && next - session.number < next - known->second) known->second = session.number;
  });
}

void SessionKnnIndex::save(ByteWriter& out) const {
  out.fixed(next_number_.load(kRelaxed));
  out.varint(indexed_.load(kRelaxed));
  sessions_.for_each([&](std::size_t slot, const IndexedSession& session, std::span<const ItemIndex> items) {
    out.fixed(session.number);
    out.fixed(session.key);
    out.fixed(*user_keys_.find(slot));
    out.fixed(session.time_ms);
    out.array(items);
  });
  std::size_t posted = 0;
  postings_.for_each([&](std::size_t, const Postings& postings) { posted += postings.newest.empty() ? 0 : 1; });
  out.varint(posted);
  postings_.for_each([&](std::size_t item, const Postings& postings) {
    if (postings.newest.empty()) return;
    out.varint(item);
    out.varint(postings.next);
    out.array<SessionNumber>(postings.newest);
  });
}

Result<void> SessionKnnIndex::load(ByteReader& in) {
  const Error corrupt = not_a_saved_state(kSessionKnn.name);
  next_number_.store(in.fixed<SessionNumber>(), kRelaxed);
  const std::uint64_t sessions = in.varint();
  if (!in.ok() || sessions > options_.max_sessions) return corrupt;
  for (std::uint64_t s = 0; s < sessions; ++s) {
    IndexedSession session, other;
    std::array<ItemIndex, kMaxSessionItems> others_items;
    session.number = in.fixed<SessionNumber>();
    session.key = in.fixed<OwnerKey>();
    user_keys_.at(slot_of(session.number)) = in.fixed<OwnerKey>();
    session.time_ms = read_time_ms(in);
    const std::vector<ItemIndex> items = in.array<ItemIndex>();
    const bool valid = in.ok() && session.key != kNobody && items.size() <= options_.max_session_items &&
                       std::all_of(items.begin(), items.end(),
                                   [this](ItemIndex item) { return item == kNoItem || item < max_items_; });
    if (!valid || sessions_.read(slot_of(session.number), other, others_items.data())) return corrupt;
    session.count = static_cast<std::uint32_t>(items.size());
    for (const ItemIndex item : items) {
      if (item != kNoItem) occurrences_.at(item).fetch_add(1, kRelaxed);
    }
    sessions_.write(slot_of(session.number), session, items.data());
  }
  newest_of_.clear();
  find_newest_of_keys([](OwnerKey) { return true; });
  indexed_.store(static_cast<std::uint32_t>(sessions), kRelaxed);
  const std::uint64_t posted = in.varint();
  for (std::uint64_t p = 0; p < posted; ++p) {
    const std::uint64_t item = in.varint();
    const std::uint64_t place = in.varint();
    std::vector<SessionNumber> newest = in.array<SessionNumber>();
    if (!in.ok() || item >= max_items_ || newest.size() > options_.max_sessions_per_item || place >= newest.size()) {
      return corrupt;
    }
    Postings& postings = postings_.at(item);
    postings.newest = std::move(newest);
    postings.next = static_cast<std::uint32_t>(place);
  }
  return in.ok() ? Result<void>{} : corrupt;
}

std::size_t SessionKnnIndex::memory_bytes() const {
  std::size_t bytes = sessions_.memory_bytes() + postings_.memory_bytes() + occurrences_.memory_bytes() +
                      user_keys_.memory_bytes() + newest_of_.size() * 40;
  postings_.for_each([&](std::size_t, const Postings& p) { bytes += p.newest.capacity() * sizeof(SessionNumber); });
  return bytes;
}

std::unique_ptr<Part> make_session_knn(const SessionKnnOptions& options, std::size_t max_items) {
  return std::make_unique<LivePart<SessionKnnIndex>>(std::make_shared<SessionKnnIndex>(options, max_items));
}

std::vector<Option<SessionKnnOptions>> SessionKnnOptions::describe() {
  return {
      option::integer("max_sessions", &SessionKnnOptions::max_sessions, {10, 100 * option::kMillion},
                      "Largest number of sessions in the index. Beyond it the oldest is replaced."),
      option::integer("max_sessions_per_item", &SessionKnnOptions::max_sessions_per_item, {1, 100'000},
                      "Newest sessions kept per item."),
      option::integer("neighbors", &SessionKnnOptions::neighbors, {1, 10'000},
                      "Number of nearest sessions that vote on a list.")
          .formerly("neighbours"),
      option::integer("max_session_items", &SessionKnnOptions::max_session_items,
                      {2, SessionKnnIndex::kMaxSessionItems}, "Newest items kept of an indexed session."),
  };
}

constinit const PartKind kSessionKnn{
    .name = "session_knn",
    .about = "streaming VMIS-kNN over the newest sessions",
    .on_by_default = true,
    .describe = describe_part<SessionKnnOptions>,
    .fingerprint =
        [](const Options& options) {
          const auto& own = options.part<SessionKnnOptions>();
          return " sessions " + std::to_string(own.max_sessions) + " per_item " +
                 std::to_string(own.max_sessions_per_item) + " session_items " + std::to_string(own.max_session_items);
        },
    .make =
        [](PartContext& context) {
          return make_session_knn(context.options.part<SessionKnnOptions>(), context.options.max_items);
        },
};

}  // namespace freshet::online
