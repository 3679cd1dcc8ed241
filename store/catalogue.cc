// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue.h"

#include <mutex>
#include <utility>

#include "base/check.h"
#include "store/catalogue_commit.h"
#include "store/codec/value_codec.h"
#include "store/open_database.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

constexpr std::int32_t kNotInTheLog = -1;  // a partition

Result<Item> decoded(const rocksdb::Slice& row) {
  auto item = decode_item(to_view(row));
  if (!item) return Error{Errc::corrupt, "an item of the catalogue cannot be decoded"};
  return *std::move(item);
}

}  // namespace

Catalogue::Catalogue(Database& database, const CatalogueOptions& options, CatalogueListener* listener)
    : database_(database), index_(options, listener) {
  load();
  FRESHET_CHECK(std::exchange(database.impl().catalogue, &index_) == nullptr);
}

Catalogue::~Catalogue() { database_.impl().catalogue = nullptr; }

void Catalogue::load() {
  const Database::Impl& db = database_.impl();
  const Timestamp oldest = oldest_kept(db.options.max_event_age, db.stream_time->judged());
  rocksdb::ReadOptions once;
  once.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(once, db.family(Family::items)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const std::string_view name = to_view(it->key());
    if (const auto removal = decode_removal(to_view(it->value()))) {
      if (removal->arrival >= oldest) index_.load({name, nullptr, removal});
      continue;
    }
    const auto item = decoded(it->value());
    if (!item) refuse(db, "item \"" + std::string(name) + "\"", item.error());
    index_.load({name, &*item, {}});
  }
  if (!it->status().ok()) refuse(db, "the catalogue", to_error(it->status()));
  auto positions = stored_positions(db);
  if (!positions) refuse(db, "the log positions", positions.error());
  index_.load_positions(*std::move(positions));
}

Result<std::optional<Item>> Catalogue::find(std::string_view item) const {
  const Database::Impl& db = database_.impl();
  // A list asks this while it holds read_lock(), for which a commit may wait that holds `in_use`: to wait for whoever
  // waits for that commit would be for ever.
  const auto using_it = db.in_use.lock_again();
  rocksdb::PinnableSlice row;
  const auto status = db.db->Get(rocksdb::ReadOptions{}, db.family(Family::items), to_slice(item), &row);
  if (status.IsNotFound() || (status.ok() && is_removal(to_view(row)))) return std::optional<Item>();
  if (!status.ok()) return to_error(status);
  auto found = decoded(row);
  if (!found) return found.error();
  return std::optional(*std::move(found));
}

template <typename Wanted>
Result<std::vector<Item>> Catalogue::read_page(std::string_view after, std::size_t limit, Wanted wanted) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock using_it(db.in_use);
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(rocksdb::ReadOptions{}, db.family(Family::items)));
  it->Seek(to_slice(after));
  if (it->Valid() && to_view(it->key()) == after) it->Next();
  std::vector<Item> items;
  for (; it->Valid() && items.size() < limit; it->Next()) {
    if (!wanted(to_view(it->value()))) continue;
    auto item = decoded(it->value());
    if (!item) return item.error();
    items.push_back(*std::move(item));
  }
  if (!it->status().ok()) return to_error(it->status());
  return items;
}

Result<std::vector<Item>> Catalogue::page(std::string_view after, std::size_t limit) const {
  return read_page(after, limit, [](std::string_view row) { return !is_removal(row); });
}

Result<std::vector<Item>> Catalogue::legacy_items(std::string_view after, std::size_t limit) const {
  return read_page(after, limit, is_legacy_item);
}

bool Catalogue::is_available(std::string_view item) const {
  if (excludes_nothing()) return true;
  const CatalogueRow row = row_of(item);
  return row == kNoRow ? !options().strict : is_available(row);
}

Result<ItemCounts> Catalogue::apply(std::span<const ItemChange> changes, Timestamp arrival) {
  EventBatch batch;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    PositionedEvent& record = batch.events.emplace_back();
    record.position = {kNotInTheLog, static_cast<std::int64_t>(i)};
    record.arrival = arrival;
    record.event.kind = EventKind::item;
    record.event.item = changes[i].item.item;
    record.event.change = SharedItemChange(changes[i]);
  }
  Database::Impl& db = database_.impl();
  const std::shared_lock using_it(db.in_use);
  const std::lock_guard writing(db.history_writes);
  CatalogueCommit commit(db, index_, batch);
  if (const auto read = commit.read(); !read) return read.error();
  for (const PositionedEvent& record : batch.events) commit.change(record);
  rocksdb::WriteBatch rows;
  commit.write(rows);
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const auto status = db.db->Write(durable, &rows);
  if (!status.ok()) return to_write_error(status);
  commit.finish();
  return commit.counts();
}

}  // namespace freshet::store
