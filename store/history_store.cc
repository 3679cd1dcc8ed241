// SPDX-License-Identifier: Apache-2.0
#include "store/history_store.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "store/dead_letters.h"
#include "store/erase_history.h"
#include "store/history_commit.h"
#include "store/history_rows.h"
#include "store/recent_histories.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

/// The newest `limit` rows of `owner` of any age: a row that is too old now may not be after the clock is corrected.
Result<HistoryRows> read_rows(const Database::Impl& db, const Owner& owner, std::size_t limit) {
  HistoryRows read;
  const auto rows = history_rows(db, owner);
  for (; rows->Valid() && read.size() < limit; rows->Next()) {
    const std::string_view key = to_view(rows->key());
    read.append({key.substr(key.size() - kHistorySuffixBytes), to_view(rows->value())});
  }
  if (!rows->status().ok()) return to_error(rows->status());
  return read;
}

}  // namespace

HistoryStore::HistoryStore(Database& database) : database_(database) {}

Result<CommitCounts> HistoryStore::commit(const EventBatch& batch, bool keep_rejected) {
  Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  const std::lock_guard writes(db.history_writes);  // an erasure in between would miss these rows
  HistoryCommit commit(db, batch);
  if (const auto built = commit.build(keep_rejected); !built) return built.error();
  const auto status = write_histories(db, rocksdb::WriteOptions{}, commit.batch());
  if (!status.ok()) return to_write_error(status);
  commit.finish();
  if (keep_rejected) trim_dead_letters(db, batch.rejected.size());
  return commit.counts();
}

Result<std::vector<Event>> HistoryStore::recent(const Owner& owner, std::size_t limit) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  limit = std::min(limit, db.options.max_events_per_owner);
  const Timestamp oldest = oldest_kept();
  const std::string name = encode_owner(owner);
  auto [rows, version] = db.recent_histories->find(name, limit);
  if (!rows) {
    auto read = read_rows(db, owner, limit);
    if (!read) return read.error();
    rows = *std::move(read);
    db.recent_histories->insert(name, limit, *rows, version);
  }

  std::vector<Event> events;
  events.reserve(std::min(limit, rows->size()));
  for (std::string_view rest = rows->bytes(); !rest.empty() && events.size() < limit;) {
    const HistoryRow row = HistoryRows::take(rest);
    const Timestamp time = time_of_history_suffix(row.suffix);
    if (time < oldest) break;
    auto event = decode_event_value(row.value, time);
    if (!event) return Error{Errc::corrupt, "a history row cannot be decoded"};
    events.push_back(*std::move(event));
  }
  return events;
}

Result<HistoryPage> HistoryStore::page(const Owner& owner, std::size_t limit,
                                       const std::optional<HistoryCursor>& after) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  const auto rows = history_rows(db, owner);
  if (after) {
    const std::string last = encode_history_key({owner, after->time, after->position});
    rows->Seek(last);
    if (rows->Valid() && to_view(rows->key()) == last) rows->Next();
  }
  HistoryPage page;
  HistoryCursor last;
  for (; rows->Valid() && page.events.size() < limit; rows->Next()) {
    const auto key = decode_history_key(to_view(rows->key()));
    auto event = key ? decode_event_value(to_view(rows->value()), key->time) : std::nullopt;
    if (!event) return Error{Errc::corrupt, "a history row cannot be decoded"};
    last = {key->time, key->position};
    page.events.push_back(*std::move(event));
  }
  if (!rows->status().ok()) return to_error(rows->status());
  if (rows->Valid() && !page.events.empty()) page.next = last;
  return page;
}

Result<std::size_t> HistoryStore::count(const Owner& owner) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  const Timestamp oldest = oldest_kept();
  std::size_t count = 0;
  const auto rows = history_rows(db, owner);
  for (; rows->Valid() && count < db.options.max_events_per_owner; rows->Next(), ++count) {
    const auto key = decode_history_key(to_view(rows->key()));
    if (!key) return Error{Errc::corrupt, "a history row cannot be decoded"};
    if (key->time < oldest) break;
  }
  if (!rows->status().ok()) return to_error(rows->status());
  return count;
}

Result<void> HistoryStore::erase(const Owner& owner, const Positions& before) {
  Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  const std::lock_guard writes(db.history_writes);
  const auto committed = stored_positions(db);
  if (!committed) return committed.error();
  rocksdb::WriteBatch batch;
  const auto erasure = erase_history(db, batch, owner, {before, /*elsewhere=*/true, *committed}, /*keeps_own=*/false);
  if (!erasure) return erasure.error();
  put_erasure(db, batch, *erasure);
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const auto status = write_histories(db, durable, batch);
  if (!status.ok()) return to_write_error(status);
  db.linked.clear();
  db.erased.put(erasure->owner, erasure->before);
  return {};
}

bool HistoryStore::is_erased(const Owner& owner, const Position& position) const {
  return database_.impl().erased.covers(owner, position);
}

Result<Positions> HistoryStore::positions() const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  return stored_positions(db);
}

Result<Positions> stored_positions(const Database::Impl& db) {
  Positions positions;
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(rocksdb::ReadOptions{}, db.family(Family::positions)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    ByteReader key(to_view(it->key())), value(to_view(it->value()));
    const auto partition = key.fixed<std::int32_t>();
    const auto offset = value.fixed<std::int64_t>();
    if (!key.ok() || !key.at_end() || !value.ok() || !value.at_end()) {
      return Error{Errc::corrupt, "a log position cannot be decoded"};
    }
    positions[partition] = offset;
  }
  if (!it->status().ok()) return to_error(it->status());
  return positions;
}

Timestamp HistoryStore::stream_time() const { return database_.impl().stream_time->newest(); }

Timestamp HistoryStore::oldest_kept() const {
  const Database::Impl& db = database_.impl();
  return store::oldest_kept(db.options.max_event_age, db.stream_time->judged());
}

std::string HistoryStore::time_problem() const { return database_.impl().stream_time->problem(); }

Result<void> HistoryStore::scan(const std::function<bool(const Owner&, const PositionedEvent&)>& visit) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> rows(db.db->NewIterator(options, db.family(Family::history)));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    const auto key = decode_history_key(to_view(rows->key()));
    auto event = key ? decode_event_value(to_view(rows->value()), key->time) : std::nullopt;
    if (!event) return Error{Errc::corrupt, "a history row cannot be decoded"};
    if (!visit(key->owner, {key->position, *std::move(event), {}})) break;
  }
  if (!rows->status().ok()) return to_error(rows->status());
  return {};
}

}  // namespace freshet::store
