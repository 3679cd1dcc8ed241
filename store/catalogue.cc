#include "store/catalogue.h"

#include <atomic>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>

#include "base/sip_hash.h"
#include "store/codec/value_codec.h"
#include "store/open_database.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

using ItemMap = std::unordered_map<std::string, std::shared_ptr<const Item>, TextHash, std::equal_to<>>;

struct Newer {
  bool operator()(const Item* a, const Item* b) const {
    return a->time != b->time ? a->time > b->time : a->item < b->item;
  }
};

/// Approximate memory of an item.
std::uint64_t bytes_of(const Item& item) {
  std::uint64_t bytes = sizeof(Item) + 2 * item.item.capacity() + item.title.capacity() + item.text.capacity() +
                        item.attributes.capacity() * sizeof(Attribute) + 112;
  for (const std::string& category : item.categories) bytes += sizeof(std::string) + category.capacity();
  return bytes;
}

rocksdb::WriteOptions durable() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

}  // namespace

struct Catalogue::Impl {
  Database& database;
  std::mutex writer;  // one write at a time, so that memory and disk change in the same order
  mutable std::shared_mutex mutex;
  ItemMap items;                           // guarded by mutex
  std::set<const Item*, Newer> available;  // of `items`; guarded by mutex
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::size_t> unavailable{0};  // items; while there are none, is_available() needs no lookup
  std::atomic<std::uint64_t> releases{0};

  /// REQUIRES: `writer` is held.
  Result<std::size_t> put(std::span<const Item> changed) {
    const Database::Impl& db = database.impl();
    const std::shared_lock using_it(db.in_use);
    rocksdb::WriteBatch batch;
    for (const Item& item : changed) batch.Put(db.family(Family::items), to_slice(item.item), encode_item(item));
    const auto status = db.db->Write(durable(), &batch);
    if (!status.ok()) return to_write_error(status);
    const std::unique_lock lock(mutex);
    const std::size_t before = items.size();
    for (const Item& item : changed) insert(std::make_shared<const Item>(item));
    return items.size() - before;
  }

  void insert(std::shared_ptr<const Item> item) {
    auto& slot = items[item->item];
    const bool released = slot && !slot->available && item->available;
    if (slot) discount(*slot);
    bytes += bytes_of(*item);
    if (item->available) {
      available.insert(item.get());
    } else {
      ++unavailable;
    }
    slot = std::move(item);
    if (released) ++releases;
  }

  void discount(const Item& item) {
    bytes -= bytes_of(item);
    if (item.available) {
      available.erase(&item);
    } else {
      --unavailable;
    }
  }
};

Catalogue::Catalogue(Database& database) : impl_(std::make_unique<Impl>(database)) {
  const Database::Impl& db = database.impl();
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(rocksdb::ReadOptions{}, db.family(Family::items)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    auto item = decode_item(to_view(it->value()));
    if (!item) refuse(db, "item \"" + it->key().ToString() + "\"", {Errc::corrupt, "it cannot be decoded"});
    impl_->insert(std::make_shared<const Item>(*std::move(item)));
  }
  if (!it->status().ok()) refuse(db, "the catalogue", to_error(it->status()));
}

Catalogue::~Catalogue() = default;

Result<std::size_t> Catalogue::put(std::span<const Item> items) {
  const std::lock_guard writing(impl_->writer);
  return impl_->put(items);
}

Result<Item> Catalogue::update(std::string_view item, const std::function<Result<Item>(const Item&)>& change) {
  const std::lock_guard writing(impl_->writer);
  const auto known = find(item);
  if (!known) return Error{Errc::not_found, "no such item"};
  auto changed = change(*known);
  if (!changed) return changed;
  FRESHET_CHECK(changed->item == item);
  if (auto put = impl_->put({&*changed, 1}); !put) return put.error();
  return changed;
}

Result<void> Catalogue::erase(std::string_view item) {
  const Database::Impl& db = impl_->database.impl();
  std::lock_guard writing(impl_->writer);
  if (!find(item)) return Error{Errc::not_found, "no such item"};
  const std::shared_lock using_it(db.in_use);
  const auto status = db.db->Delete(durable(), db.family(Family::items), to_slice(item));
  if (!status.ok()) return to_write_error(status);
  std::unique_lock lock(impl_->mutex);
  const auto found = impl_->items.find(item);
  const auto erased = found->second;
  impl_->discount(*erased);
  impl_->items.erase(found);
  if (!erased->available) ++impl_->releases;
  return {};
}

std::shared_ptr<const Item> Catalogue::find(std::string_view item) const {
  std::shared_lock lock(impl_->mutex);
  const auto found = impl_->items.find(item);
  return found == impl_->items.end() ? nullptr : found->second;
}

bool Catalogue::is_available(std::string_view item) const {
  if (impl_->unavailable == 0) return true;
  std::shared_lock lock(impl_->mutex);
  const auto found = impl_->items.find(item);
  return found == impl_->items.end() || found->second->available;
}

std::uint64_t Catalogue::releases() const { return impl_->releases; }

std::vector<std::shared_ptr<const Item>> Catalogue::newest_available(std::size_t count, const Item* after) const {
  std::vector<std::shared_ptr<const Item>> newest;
  const std::shared_lock lock(impl_->mutex);
  auto at = after == nullptr ? impl_->available.begin() : impl_->available.upper_bound(after);
  for (; at != impl_->available.end() && newest.size() < count; ++at) newest.push_back(impl_->items.at((*at)->item));
  return newest;
}

std::size_t Catalogue::size() const {
  std::shared_lock lock(impl_->mutex);
  return impl_->items.size();
}

std::uint64_t Catalogue::memory_bytes() const { return impl_->bytes; }

}  // namespace freshet::store
