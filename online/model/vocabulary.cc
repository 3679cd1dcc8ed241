#include "online/model/vocabulary.h"

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>

#include "base/saved_time.h"
#include "base/sip_hash.h"
#include "online/containers/chunked_array.h"
#include "online/containers/lru.h"
#include "online/containers/striped_mutex.h"

namespace freshet::online {

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

  explicit Impl(std::size_t the_max_items) : max_items(the_max_items), entries(the_max_items) {}

  Shard& shard_of(std::string_view name) { return shards[TextHash{}(name) % kShards]; }

  void assign(ItemIndex item, std::string_view name, std::int64_t time_ms) {
    Entry& entry = entries.at(item);
    {
      const std::lock_guard lock(entry_locks.of(item));
      entry.name = name;
      entry.first_seen_ms = time_ms;
    }
    name_bytes += name.size();
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    shard.numbers.emplace(entry.name, item);
  }

  void release(ItemIndex item) {
    const std::string& name = entries.at(item).name;
    name_bytes -= name.size();
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    shard.numbers.erase(name);
  }

  const std::size_t max_items;
  std::array<Shard, kShards> shards;
  StripedMutex entry_locks;
  ChunkedArray<Entry> entries;  // entry i: guarded by entry_locks.of(i); the learner, the only writer, reads unlocked
  std::atomic<std::size_t> size{0};
  std::atomic<std::uint64_t> recycled{0};

  // learner thread only
  LruOrder sightings;
  std::size_t name_bytes = 0;
};

Vocabulary::Vocabulary(std::size_t max_items) : impl_(std::make_unique<Impl>(max_items)) {}
Vocabulary::~Vocabulary() = default;

Vocabulary::Observed Vocabulary::observe(std::string_view name, Timestamp time) {
  Impl& m = *impl_;
  Observed observed{find(name), false, false};
  if (observed.item != kNoItem) {
    m.sightings.touch(observed.item);
    return observed;
  }
  observed.is_new = true;
  const std::size_t size = m.size.load();
  if (size < m.max_items) {
    observed.item = static_cast<ItemIndex>(size);
  } else {
    observed.item = m.sightings.oldest();
    observed.recycled = true;
    m.release(observed.item);
  }
  m.assign(observed.item, name, to_ms(time));
  m.sightings.touch(observed.item);
  if (observed.recycled) {
    ++m.recycled;
  } else {
    m.size.store(size + 1);
  }
  return observed;
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
std::size_t Vocabulary::size() const { return impl_->size.load(); }

std::size_t Vocabulary::memory_bytes() const {
  return impl_->entries.memory_bytes() + impl_->sightings.memory_bytes() + impl_->size.load() * 48 + impl_->name_bytes;
}

/// Least recently seen first, so that load() restores the order in which numbers are recycled.
void Vocabulary::save(ByteWriter& out) const {
  out.varint(impl_->size.load());
  for (ItemIndex item = impl_->sightings.oldest(); item != kNoItem; item = impl_->sightings.after(item)) {
    const Impl::Entry* entry = impl_->entries.find(item);
    out.fixed(item);
    out.fixed(entry->first_seen_ms);
    out.string(entry->name);
  }
}

Result<void> Vocabulary::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "vocabulary: not a saved state"};
  Impl& m = *impl_;
  const std::uint64_t size = in.varint();
  if (!in.ok() || size > m.max_items || size > in.remaining()) return corrupt;
  for (std::uint64_t i = 0; i < size; ++i) {
    const auto item = in.fixed<ItemIndex>();
    const auto first_seen_ms = read_time_ms(in);
    const std::string_view name = in.string();
    if (!in.ok() || item >= size || name.empty() || find(name) != kNoItem || !m.entries.at(item).name.empty()) {
      return corrupt;
    }
    m.assign(item, name, first_seen_ms);
    m.sightings.touch(item);
  }
  m.size.store(size);
  return {};
}

}  // namespace freshet::online
