#include "online/vocabulary.h"

#include <functional>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "online/lru.h"

namespace freshet::online {
namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

constexpr std::int64_t kUnused = INT64_MIN;

}  // namespace

struct Vocabulary::Impl {
  struct Entry {
    std::string name;
    std::int64_t first_seen_ms = kUnused;
  };

  std::size_t max_items;
  mutable std::shared_mutex mutex;
  // guarded by mutex
  std::vector<Entry> entries;
  std::unordered_map<std::string, ItemIndex, TextHash, std::equal_to<>> numbers;
  // learner thread only
  LruOrder by_sighting;
  std::size_t name_bytes = 0;

  void assign(ItemIndex item, std::string_view name, std::int64_t time_ms) {
    entries[item].name = name;
    entries[item].first_seen_ms = time_ms;
    numbers.emplace(entries[item].name, item);
    name_bytes += name.size();
  }
};

Vocabulary::Vocabulary(std::size_t max_items) : impl_(std::make_unique<Impl>()) { impl_->max_items = max_items; }
Vocabulary::~Vocabulary() = default;

Vocabulary::Observed Vocabulary::observe(std::string_view name, Timestamp time) {
  // Only this thread writes, so looking up needs no lock; the lock keeps readers out of a change.
  const auto known = impl_->numbers.find(name);
  if (known != impl_->numbers.end()) {
    impl_->by_sighting.touch(known->second);
    return {known->second, false, false};
  }
  std::unique_lock lock(impl_->mutex);
  Observed observed{kNoItem, true, false};
  if (impl_->entries.size() < impl_->max_items) {
    observed.item = static_cast<ItemIndex>(impl_->entries.size());
    impl_->entries.emplace_back();
  } else {
    observed.item = impl_->by_sighting.oldest();
    observed.recycled = true;
    impl_->name_bytes -= impl_->entries[observed.item].name.size();
    impl_->numbers.erase(impl_->entries[observed.item].name);
  }
  impl_->assign(observed.item, name, to_ms(time));
  impl_->by_sighting.touch(observed.item);
  return observed;
}

ItemIndex Vocabulary::find(std::string_view name) const {
  std::shared_lock lock(impl_->mutex);
  const auto known = impl_->numbers.find(name);
  return known == impl_->numbers.end() ? kNoItem : known->second;
}

std::string Vocabulary::name(ItemIndex item) const {
  std::shared_lock lock(impl_->mutex);
  return item < impl_->entries.size() ? impl_->entries[item].name : std::string();
}

Timestamp Vocabulary::first_seen(ItemIndex item) const {
  std::shared_lock lock(impl_->mutex);
  return timestamp_from_ms(item < impl_->entries.size() ? impl_->entries[item].first_seen_ms : 0);
}

std::size_t Vocabulary::size() const {
  std::shared_lock lock(impl_->mutex);
  return impl_->entries.size();
}

std::size_t Vocabulary::memory_bytes() const {
  std::shared_lock lock(impl_->mutex);
  return impl_->entries.capacity() * sizeof(Impl::Entry) + impl_->numbers.size() * 72 + 2 * impl_->name_bytes;
}

/// Oldest sighting first, so that load() restores the order of recycling.
void Vocabulary::save(ByteWriter& out) const {
  out.varint(impl_->entries.size());
  const LruOrder& order = impl_->by_sighting;
  for (ItemIndex item = order.oldest(); item != LruOrder::kNone; item = order.after(item)) {
    out.fixed(item);
    out.fixed(impl_->entries[item].first_seen_ms);
    out.string(impl_->entries[item].name);
  }
}

Result<void> Vocabulary::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "vocabulary: damaged"};
  const std::uint64_t size = in.varint();
  if (size > impl_->max_items) return Error{Errc::invalid, "vocabulary: more items than online.max_items allows"};
  if (size > in.remaining()) return corrupt;
  std::unique_lock lock(impl_->mutex);
  impl_->entries.assign(size, {});
  impl_->numbers.clear();
  std::vector<ItemIndex> order;
  impl_->name_bytes = 0;
  for (std::uint64_t i = 0; i < size; ++i) {
    const auto item = in.fixed<ItemIndex>();
    const auto first_seen = in.fixed<std::int64_t>();
    const std::string_view name = in.string();
    if (!in.ok() || item >= size || name.empty() || impl_->entries[item].first_seen_ms != kUnused ||
        impl_->numbers.contains(name)) {
      return corrupt;
    }
    impl_->assign(item, name, first_seen);
    order.push_back(item);
  }
  impl_->by_sighting.restore(order);
  return {};
}

}  // namespace freshet::online
