// SPDX-License-Identifier: Apache-2.0
#include "store/journal.h"

#include <rocksdb/convenience.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>

#include "base/bytes.h"
#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "store/rocks.h"

namespace freshet::store {

namespace {

/// See Journal::read.
Result<std::vector<JournalRecord>> read_records(const Database::Impl& db, std::int64_t offset, std::size_t max_records,
                                                std::size_t max_bytes) {
  std::vector<JournalRecord> records;
  const std::int64_t stop = db.journal_end;
  const std::string upper = encode_offset(stop);
  const rocksdb::Slice upper_bound(upper);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  options.fill_cache = false;  // records are read once or twice, in order; the cache is for histories
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(options, db.family(Family::journal)));
  std::size_t bytes = 0;
  for (it->Seek(encode_offset(std::max<std::int64_t>(offset, 0)));
       it->Valid() && records.size() < max_records && bytes < max_bytes; it->Next()) {
    const auto at = decode_offset(to_view(it->key()));
    auto record = at ? decode_journal_value(to_view(it->value()), *at) : std::nullopt;
    if (!record) return Error{Errc::corrupt, "a journal record cannot be decoded"};
    bytes += it->value().size();
    records.push_back(*std::move(record));
  }
  if (!it->status().ok()) return to_error(it->status());
  return records;
}

/// The offset of the first record in [first, end) that did not arrive before `arrived_before`. Arrival grows with the
/// offset, except for corrections of the clock, so bisection finds it.
Result<std::int64_t> first_arrived_since(const Database::Impl& db, std::int64_t first, std::int64_t end,
                                         Timestamp arrived_before) {
  while (first < end) {
    const std::int64_t middle = first + (end - first) / 2;
    const auto record = read_records(db, middle, 1, 1);
    if (!record) return record.error();
    const bool old_enough = !record->empty() && record->front().arrival < arrived_before;
    old_enough ? first = middle + 1 : end = middle;
  }
  return first;
}

/// Beside the records, in another file: if the last of them cannot be read, their offsets are not assigned again.
void put_end(const Database::Impl& db, rocksdb::WriteBatch& batch, std::int64_t end) {
  std::string bytes;
  ByteWriter(bytes).fixed(end);
  batch.Put(db.family(Family::meta), to_slice(kJournalEndKey), bytes);
}

}  // namespace

void put_journal_end(const Database::Impl& db, rocksdb::WriteBatch& batch, std::int64_t end) {
  const JournalRecord last{end - 1, SystemClock().now(), "", "", true};
  batch.Put(db.family(Family::journal), encode_offset(last.offset), encode_journal_value(last));
  put_end(db, batch, end);
}

void put_journal_size(const Database::Impl& db, rocksdb::WriteBatch& batch, const JournalMark& end,
                      std::span<const JournalMark> marks) {
  std::string size;
  ByteWriter out(size);
  out.fixed(end.offset);
  out.fixed(end.bytes);
  batch.Put(db.family(Family::meta), to_slice(kJournalSizeKey), size);
  for (const JournalMark& mark : marks) {
    std::string value;
    ByteWriter(value).fixed(mark.bytes);
    batch.Put(db.family(Family::meta), journal_mark_key(mark.offset), value);
  }
}

Journal::Journal(Database& database) : database_(database) {}

Result<std::int64_t> Journal::append(std::span<const JournalRecord> records) {
  Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  const std::int64_t first = db.journal_end;
  rocksdb::WriteBatch batch;
  std::int64_t offset = first;
  JournalGrowth growth = db.journal_size.growth();
  for (const JournalRecord& record : records) {
    const std::string key = encode_offset(offset), value = encode_journal_value(record);
    growth.add(offset++, static_cast<std::int64_t>(key.size() + value.size()));
    batch.Put(db.family(Family::journal), key, value);
  }
  put_end(db, batch, offset);
  put_journal_size(db, batch, {offset, growth.end_bytes()}, growth.marks());
  // All families share the write-ahead log: this fsync makes all earlier history commits durable too.
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const auto status = db.db->Write(durable, &batch);
  if (!status.ok()) return to_write_error(status);
  db.journal_size.grow(growth);
  db.journal_end = offset;  // from here on readers see the records, all at once
  return first;
}

Result<std::vector<JournalRecord>> Journal::read(std::int64_t offset, std::size_t max_records,
                                                 std::size_t max_bytes) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  return read_records(db, offset, max_records, max_bytes);
}

std::string Journal::problem() const { return database_.problem(); }
std::int64_t Journal::begin() const { return database_.impl().journal_begin; }
std::int64_t Journal::end() const { return database_.impl().journal_end; }

std::int64_t Journal::bytes() const {
  const std::int64_t first = begin();
  return first == end() ? 0 : database_.impl().journal_size.bytes(first);
}

Result<void> Journal::erase(std::int64_t offset, const std::function<bool(const JournalRecord&)>& selected) {
  constexpr std::size_t kRecords = 1000, kBytes = std::size_t{4} << 20;  // bounds how long trim() waits
  Database::Impl& db = database_.impl();
  offset = std::min(offset, end());
  for (std::int64_t at = begin(); at < offset;) {
    const std::lock_guard alone(shrinking_);
    const std::shared_lock using_it(db.in_use);
    const auto records = read_records(db, at, kRecords, kBytes);
    if (!records) return records.error();
    rocksdb::WriteBatch batch;
    for (const JournalRecord& record : *records) {
      at = record.offset + 1;
      if (record.offset >= offset || record.erased || !selected(record)) continue;
      batch.Put(db.family(Family::journal), encode_offset(record.offset),
                encode_journal_value({record.offset, record.arrival, "", "", true}));
    }
    if (records->empty()) break;
    const auto status = db.db->Write(rocksdb::WriteOptions{}, &batch);
    if (!status.ok()) return to_write_error(status);
  }
  return {};
}

Result<void> Journal::trim(std::int64_t offset, Timestamp arrived_before, std::int64_t most_bytes) {
  const std::lock_guard alone(shrinking_);
  Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  const std::int64_t first = db.journal_begin;
  offset = std::min(offset, end());
  if (offset <= first) return {};

  const auto kept = first_arrived_since(db, first, offset, arrived_before);
  if (!kept) return kept.error();
  std::int64_t low = *kept;
  if (db.journal_size.bytes(low) > most_bytes) {
    low = std::max(low, std::min(offset, db.journal_size.first_with_at_most(most_bytes)));
  }
  if (low <= first) return {};

  rocksdb::WriteBatch batch;
  for (const JournalMark& mark : db.journal_size.marks_before(low)) {
    batch.Delete(db.family(Family::meta), journal_mark_key(mark.offset));
  }
  put_end(db, batch, end());  // a directory of an earlier release has none
  batch.DeleteRange(db.family(Family::journal), encode_offset(first), encode_offset(low));
  // The files go at once: what the readers have committed without a sync must not be lost after that.
  rocksdb::WriteOptions durable;
  durable.sync = true;
  auto status = db.db->Write(durable, &batch);
  if (!status.ok()) return to_write_error(status);
  db.journal_begin = low;
  db.journal_size.begin_at(low);

  // Deletes files with nothing but trimmed records now, not at the next compaction.
  const std::string from = encode_offset(0), to = encode_offset(low - 1);
  const rocksdb::Slice begin_slice(from), end_slice(to);
  status = rocksdb::DeleteFilesInRange(db.db.get(), db.family(Family::journal), &begin_slice, &end_slice);
  if (!status.ok()) return to_error(status);
  return {};
}

}  // namespace freshet::store
