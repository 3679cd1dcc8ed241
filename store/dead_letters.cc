// SPDX-License-Identifier: Apache-2.0
#include "store/dead_letters.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "base/log.h"
#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "store/rocks.h"

namespace freshet::store {

RejectedRecord cut_dead_letter(const RejectedRecord& record) {
  RejectedRecord kept{record.position,
                      record.arrival,
                      record.reason,
                      record.key.substr(0, kMaxDeadLetterBytes),
                      record.value.substr(0, kMaxDeadLetterBytes),
                      {}};
  if (kept.value.size() < record.value.size()) {
    kept.headers.emplace_back("freshet-truncated-from", std::to_string(record.value.size()));
  }
  std::size_t room = kMaxDeadLetterBytes;
  for (const auto& [name, value] : record.headers) {
    constexpr std::size_t kLeast = 16;  // millions of empty headers fit into a record
    const std::size_t bytes = std::max(kLeast, name.size() + value.size());
    if (bytes > room) break;
    room -= bytes;
    kept.headers.emplace_back(name, value);
  }
  return kept;
}

bool has_header(const RejectedRecord& record, std::string_view name) {
  return std::ranges::find(record.headers, name, &RecordHeaders::value_type::first) != record.headers.end();
}

void trim_dead_letters(Database::Impl& db, std::size_t added) {
  constexpr std::size_t kSlack = kMaxDeadLetters / 10;  // reading all of them is rare then
  const std::lock_guard alone(db.dead_letter_trims);
  const std::size_t counted = db.dead_letter_count += added;
  if (counted <= kMaxDeadLetters + kSlack) return;

  std::vector<std::pair<Timestamp, Position>> letters;
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(options, db.family(Family::dead_letters)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const auto position = decode_position(to_view(it->key()));
    if (!position) continue;
    const auto record = decode_rejected(to_view(it->value()), *position);
    letters.emplace_back(record ? record->arrival : Timestamp::min(), *position);
  }
  if (!it->status().ok()) {
    log::warn("the oldest dead letters cannot be deleted", {{"reason", it->status().ToString()}});
    return;
  }

  const std::size_t kept = std::min(letters.size(), kMaxDeadLetters);
  const auto first_kept = letters.end() - static_cast<std::ptrdiff_t>(kept);
  std::ranges::nth_element(letters, first_kept);
  rocksdb::WriteBatch batch;
  for (auto letter = letters.begin(); letter != first_kept; ++letter) {
    batch.Delete(db.family(Family::dead_letters), encode_position(letter->second));
  }
  if (db.db->Write(rocksdb::WriteOptions{}, &batch).ok()) db.dead_letter_count -= counted - kept;
}

Result<void> mark_dead_letters_of_former_log(Database::Impl& db, const std::set<std::int32_t>& partitions) {
  constexpr std::size_t kBatchBytes = std::size_t{4} << 20;
  const std::lock_guard alone(db.dead_letter_reads);  // or one that is erased meanwhile would be put back
  rocksdb::WriteBatch batch;
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(options, db.family(Family::dead_letters)));
  for (const std::int32_t partition : partitions) {
    for (it->Seek(encode_position({partition, 0})); it->Valid(); it->Next()) {
      const auto position = decode_position(to_view(it->key()));
      if (position && position->partition != partition) break;
      auto record = position ? decode_rejected(to_view(it->value()), *position) : std::nullopt;
      if (!record || has_header(*record, kFormerLogHeader)) continue;
      record->headers.emplace_back(kFormerLogHeader, "");
      batch.Put(db.family(Family::dead_letters), it->key(), encode_rejected(*record));
      if (batch.GetDataSize() < kBatchBytes) continue;
      if (const auto status = db.db->Write(rocksdb::WriteOptions{}, &batch); !status.ok())
        return to_write_error(status);
      batch.Clear();
    }
    if (!it->status().ok()) return to_error(it->status());
  }
  const auto status = db.db->Write(rocksdb::WriteOptions{}, &batch);
  if (!status.ok()) return to_write_error(status);
  return {};
}

Result<void> DeadLetters::scan(const std::function<bool(const RejectedRecord&)>& visit) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(rocksdb::ReadOptions{}, db.family(Family::dead_letters)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const auto position = decode_position(to_view(it->key()));
    const auto record = position ? decode_rejected(to_view(it->value()), *position) : std::nullopt;
    if (!record) return Error{Errc::corrupt, "a dead letter cannot be decoded"};
    if (!visit(*record)) break;
  }
  if (!it->status().ok()) return to_error(it->status());
  return {};
}

Result<std::size_t> DeadLetters::count() const {
  std::size_t count = 0;
  const auto scanned = scan([&](const RejectedRecord&) {
    ++count;
    return true;
  });
  if (!scanned) return scanned.error();
  return count;
}

}  // namespace freshet::store
