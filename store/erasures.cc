#include "store/erasures.h"

#include <mutex>
#include <shared_mutex>

#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
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
  return rewrite(db, Family::history, &from, &to);
}

}  // namespace

Result<std::vector<Erasure>> Erasures::pending() const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  std::vector<Erasure> erasures;
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(rocksdb::ReadOptions{}, db.family(Family::meta)));
  for (it->Seek(to_slice(kErasurePrefix)); it->Valid() && it->key().starts_with(to_slice(kErasurePrefix)); it->Next()) {
    auto erasure = decode_erasure(to_view(it->value()));
    if (!erasure) return Error{Errc::corrupt, "an erasure cannot be decoded"};
    if (erasure->position) erasures.push_back(*std::move(erasure));
  }
  if (!it->status().ok()) return to_error(it->status());
  return erasures;
}

Result<void> Erasures::finish(std::span<const Erasure> erasures) {
  const Database::Impl& db = database_.impl();
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
  rocksdb::WriteBatch forget;
  for (const Erasure& erasure : erasures) {
    // It stays if it has changed: the owner was erased again meanwhile, and there is more to rewrite.
    std::string noted;
    const std::string key = erasure_key(erasure.owner);
    if (status.ok()) status = db.db->Get(rocksdb::ReadOptions{}, db.family(Family::meta), key, &noted);
    if (status.ok() && decode_erasure(noted) == erasure) forget.Delete(db.family(Family::meta), key);
  }
  if (status.ok()) status = db.db->Write(rocksdb::WriteOptions{}, &forget);
  if (status.ok()) status = flush();
  if (status.ok()) status = rewrite(db, Family::meta, nullptr, nullptr);
  if (!status.ok()) return to_error(status);
  return {};
}

}  // namespace freshet::store
