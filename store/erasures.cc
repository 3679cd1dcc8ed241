// SPDX-License-Identifier: Apache-2.0
#include "store/erasures.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "store/erase_history.h"
#include "store/named_owners.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

/// Rewrites all rows in [from, to] without the deleted ones; null is unbounded.
rocksdb::Status rewrite(const Database::Impl& db, Family family, const rocksdb::Slice* from, const rocksdb::Slice* to) {
  rocksdb::CompactRangeOptions options;
  // Deleted rows stay longest in files of the last level.
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  options.exclusive_manual_compaction = false;
  return db.db->CompactRange(options, db.family(family), from, to);
}

rocksdb::Status rewrite_rows_of(const Database::Impl& db, const Owner& owner) {
  const std::string first = encode_owner(owner), last = end_of_history(owner);
  const rocksdb::Slice from(first), to(last);
  rocksdb::Status status;
  for (const Family family : {Family::history, Family::sessions, Family::served}) {
    if (status.ok()) status = rewrite(db, family, &from, &to);
  }
  return status;
}

/// Deletes the erasures. One stays if it has changed: the owner was erased again meanwhile, and there is more to
/// rewrite.
rocksdb::Status forget(Database::Impl& db, std::span<const Erasure> erasures) {
  const std::lock_guard writes(db.history_writes);
  rocksdb::WriteBatch batch;
  std::vector<Owner> forgotten;
  for (const Erasure& erasure : erasures) {
    std::string noted;
    const std::string key = erasure_key(erasure.owner);
    auto status = db.db->Get(rocksdb::ReadOptions{}, db.family(Family::meta), key, &noted);
    if (!status.ok()) return status;
    if (decode_erasure(noted) != erasure) continue;
    batch.Delete(db.family(Family::meta), key);
    forgotten.push_back(erasure.owner);
  }
  auto status = db.db->Write(rocksdb::WriteOptions{}, &batch);
  if (!status.ok()) return status;
  for (const Owner& owner : forgotten) db.erased.remove(owner);
  return status;
}

}  // namespace

Result<std::vector<Erasure>> Erasures::pending() const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  return unfinished_erasures(db);
}

Result<std::vector<Erasure>> Erasures::committed(std::vector<Erasure> erasures,
                                                 const std::set<std::int32_t>& read) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  const auto positions = stored_positions(db);
  if (!positions) return positions.error();
  std::erase_if(erasures, [&](const Erasure& erasure) {
    Positions wanted = erasure.before;
    std::erase_if(wanted, [&](const auto& own) { return !read.contains(own.first); });
    return erasure.before.empty() || read.empty() || !covers(*positions, wanted);
  });
  return erasures;
}

Result<void> Erasures::erase_dead_letters(std::span<const Erasure> erasures) {
  Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  if (erasures.empty() || db.dead_letter_count == 0) return {};
  const std::lock_guard alone(db.dead_letter_reads);
  const NamedOwners named(erasures);
  rocksdb::WriteBatch batch;
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(options, db.family(Family::dead_letters)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const auto position = decode_position(to_view(it->key()));
    const auto record = position ? decode_rejected(to_view(it->value()), *position) : std::nullopt;
    if (record ? named.in(*record) : named.in(to_view(it->value())))
      batch.Delete(db.family(Family::dead_letters), it->key());
  }
  auto status = it->status();
  if (status.ok()) status = db.db->Write(rocksdb::WriteOptions{}, &batch);
  if (!status.ok()) return to_error(status);
  return {};
}

Result<void> Erasures::finish(std::span<const Erasure> erasures) {
  Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  // Flushing all families together starts a new write-ahead log and deletes the ones before it.
  const auto flush = [&] { return db.db->Flush(rocksdb::FlushOptions{}, {db.handles.begin(), db.handles.end()}); };
  auto status = flush();
  for (const Erasure& erasure : erasures) {
    for (const Owner& owner : erasure.touched) {
      if (status.ok()) status = rewrite_rows_of(db, owner);
    }
  }
  for (const Family family : {Family::journal, Family::dead_letters}) {
    if (status.ok() && !erasures.empty()) status = rewrite(db, family, nullptr, nullptr);
  }
  // The erasures name the owners, so they are deleted last.
  if (status.ok()) status = forget(db, erasures);
  if (status.ok()) status = flush();
  if (status.ok()) status = rewrite(db, Family::meta, nullptr, nullptr);
  if (!status.ok()) return to_error(status);
  return {};
}

}  // namespace freshet::store
