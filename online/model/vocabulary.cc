// SPDX-License-Identifier: Apache-2.0
#include "online/model/vocabulary.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <set>

#include "base/saved_time.h"
#include "base/sip_hash.h"
#include "online/containers/chunked_array.h"
#include "online/containers/striped_mutex.h"
#include "online/model/eviction_order.h"

namespace freshet::online {
namespace {

Error not_a_saved_state() { return {Errc::corrupt, "vocabulary: not a saved state"}; }

}  // namespace

struct Vocabulary::Impl {
  static constexpr std::size_t kShards = 64;

  struct Entry {
    std::string name;  // empty: not in use
    std::int64_t first_seen_ms = 0;
  };
  // Keys are views of entries' names, which do not change while they are keys.
  struct Shard {
    mutable std::mutex mutex;
    boost::unordered_flat_map<std::string_view, ItemIndex, TextHash> numbers;  // guarded by mutex
  };

  Impl(std::size_t the_max_items, std::size_t the_max_name_bytes, const SenderLimit* limit)
      : max_items(the_max_items),
        max_name_bytes(the_max_name_bytes),
        entries(the_max_items),
        order(the_max_items, the_max_name_bytes, limit) {}

  Shard& shard_of(std::string_view name) { return shards[TextHash{}(name) % kShards]; }

  void assign(ItemIndex item, std::string_view name, std::int64_t time_ms) {
    Entry& entry = entries.at(item);
    {
      const std::lock_guard lock(entry_locks.of(item));
      entry.name = name;
      entry.first_seen_ms = time_ms;
    }
    name_bytes += name.size();
    ++items;
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    shard.numbers.emplace(entry.name, item);
  }

  /// The number is free then.
  void forget(ItemIndex item) {
    Entry& entry = entries.at(item);
    {
      Shard& shard = shard_of(entry.name);
      const std::lock_guard lock(shard.mutex);
      shard.numbers.erase(entry.name);
    }
    name_bytes -= entry.name.size();
    --items;
    order.remove(item, entry.name.size());
    {
      const std::lock_guard lock(entry_locks.of(item));
      entry = {};
    }
    free.insert(item);
  }

  /// Forgets what must go so that there is room for `name`; not more than kMostForgotten.
  void make_room_for(std::string_view name, bool for_an_event, std::vector<ItemIndex>& forgotten) {
    while (!has_room_for(name) && forgotten.size() < kMostForgotten) {
      const ItemIndex next = order.next(for_an_event);
      if (next == kNoItem) return;
      forgotten.push_back(next);
      forget(next);
    }
  }

  /// REQUIRES: there is a number for it
  ItemIndex add(std::string_view name, Timestamp time) {
    const bool recycles = !free.empty();
    const ItemIndex item = recycles ? *free.begin() : static_cast<ItemIndex>(end.load());
    assign(item, name, to_ms(time));
    if (recycles) {
      free.erase(item);
      ++recycled;
    } else {
      ++end;
    }
    return item;
  }

  bool knows(std::string_view name) {
    return shard_of(name).numbers.contains(name);
  }  // for the learner, the only writer

  void save(const std::vector<ItemIndex>& items, ByteWriter& out) const;
  Result<void> load(ByteReader& in, std::vector<ItemIndex>& items);

  bool has_room_for(std::string_view name) const {
    const bool has_number = !free.empty() || end.load() < max_items;
    return has_number && name_bytes + name.size() <= max_name_bytes;
  }

  const std::size_t max_items;
  const std::size_t max_name_bytes;
  std::array<Shard, kShards> shards;
  StripedMutex entry_locks;
  ChunkedArray<Entry> entries;  // entry i: guarded by entry_locks.of(i); the learner, the only writer, reads unlocked
  std::atomic<std::size_t> items{0};
  std::atomic<std::size_t> end{0};  // all numbers in use are below it
  std::atomic<std::uint64_t> recycled{0};

  // learner thread only
  EvictionOrder order;
  std::set<ItemIndex> free;  // below `end`; the least is used first, which a checkpoint need not tell
  std::size_t name_bytes = 0;
};

Vocabulary::Vocabulary(std::size_t max_items, std::size_t max_name_bytes, const SenderLimit* limit)
    : impl_(std::make_unique<Impl>(max_items, max_name_bytes, limit)) {}
Vocabulary::~Vocabulary() = default;

bool Vocabulary::admits(std::string_view name, const SenderId& sender) const {
  return impl_->order.has_room(sender, name.size()) || find(name) != kNoItem;
}

Vocabulary::Observed Vocabulary::observe(std::string_view name, Timestamp time, const SenderId& sender) {
  Impl& m = *impl_;
  Observed observed{.item = find(name), .is_new = false, .forgotten = {}};
  if (observed.item == kNoItem) {
    observed.is_new = true;
    m.make_room_for(name, true, observed.forgotten);
    observed.item = m.add(name, time);
  }
  m.order.see(observed.item, name.size(), sender);
  return observed;
}

Vocabulary::Observed Vocabulary::list(std::string_view name, Timestamp time) {
  Impl& m = *impl_;
  Observed observed{.item = find(name), .is_new = false, .forgotten = {}};
  if (observed.item != kNoItem) return observed;
  m.make_room_for(name, false, observed.forgotten);
  if (!m.has_room_for(name)) return observed;
  observed.is_new = true;
  observed.item = m.add(name, time);
  m.order.list(observed.item);
  return observed;
}

ItemIndex Vocabulary::unlist(std::string_view name) {
  const ItemIndex item = find(name);
  if (item == kNoItem || !impl_->order.is_listed(item)) return kNoItem;
  impl_->forget(item);
  return item;
}

ItemIndex Vocabulary::find(std::string_view name) const {
  const Impl::Shard& shard = impl_->shard_of(name);
  const std::lock_guard lock(shard.mutex);
  const auto known = shard.numbers.find(name);
  return known == shard.numbers.end() ? kNoItem : known->second;
}

std::string Vocabulary::name(ItemIndex item) const {
  const Impl::Entry* entry = impl_->entries.find(item);
  if (entry == nullptr) return {};
  const std::lock_guard lock(impl_->entry_locks.of(item));
  return entry->name;
}

void Vocabulary::prefetch(ItemIndex item) const {
  __builtin_prefetch(impl_->entries.find(item));
  __builtin_prefetch(&impl_->entry_locks.of(item), /*write=*/1);
}

Timestamp Vocabulary::first_seen(ItemIndex item) const {
  const Impl::Entry* entry = impl_->entries.find(item);
  if (entry == nullptr) return {};
  const std::lock_guard lock(impl_->entry_locks.of(item));
  return timestamp_from_ms(entry->first_seen_ms);
}

std::uint64_t Vocabulary::recycled() const { return impl_->recycled.load(); }
std::size_t Vocabulary::size() const { return impl_->items.load(); }
std::size_t Vocabulary::end() const { return impl_->end.load(); }

std::size_t Vocabulary::memory_bytes() const {
  constexpr std::size_t kFreeNode = 40;
  return impl_->entries.memory_bytes() + impl_->order.memory_bytes() + impl_->items.load() * 48 + impl_->name_bytes +
         impl_->free.size() * kFreeNode;
}

void Vocabulary::save(ByteWriter& out) const { impl_->save(impl_->order.seen(), out); }

Result<void> Vocabulary::load(ByteReader& in) {
  std::vector<ItemIndex> seen;
  if (auto loaded = impl_->load(in, seen); !loaded) return loaded;
  for (const ItemIndex item : seen) impl_->order.see(item, impl_->entries.at(item).name.size(), {});
  return {};
}

void Vocabulary::save_order(ByteWriter& out) const {
  impl_->order.save_holders(out);
  impl_->save(impl_->order.listed(), out);
}

Result<void> Vocabulary::load_order(ByteReader& in) {
  const std::vector<ItemIndex> seen = impl_->order.seen();
  std::vector<std::size_t> bytes;
  for (const ItemIndex item : seen) bytes.push_back(impl_->entries.at(item).name.size());
  if (!impl_->order.load_holders(in, seen, bytes)) return not_a_saved_state();
  std::vector<ItemIndex> listed;
  if (auto loaded = impl_->load(in, listed); !loaded) return loaded;
  for (const ItemIndex item : listed) impl_->order.list(item);
  return {};
}

void Vocabulary::Impl::save(const std::vector<ItemIndex>& saved, ByteWriter& out) const {
  out.varint(saved.size());
  for (const ItemIndex item : saved) {
    const Entry* entry = entries.find(item);
    out.fixed(item);
    out.fixed(entry->first_seen_ms);
    out.string(entry->name);
  }
}

Result<void> Vocabulary::Impl::load(ByteReader& in, std::vector<ItemIndex>& loaded) {
  const Error corrupt = not_a_saved_state();
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > max_items || count > in.remaining()) return corrupt;
  std::size_t past = end.load();
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto item = in.fixed<ItemIndex>();
    const auto first_seen_ms = read_time_ms(in);
    const std::string_view name = in.string();
    if (!in.ok() || item >= max_items || name.empty() || knows(name) || !entries.at(item).name.empty()) return corrupt;
    assign(item, name, first_seen_ms);
    loaded.push_back(item);
    past = std::max(past, item + std::size_t{1});
  }
  free.clear();
  for (ItemIndex item = 0; item < past; ++item) {
    if (entries.at(item).name.empty()) free.insert(free.end(), item);
  }
  end.store(past);
  return {};
}

}  // namespace freshet::online
